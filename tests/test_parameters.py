"""Parameters: read from the notebooks, converted to the type of their default, checked against the study."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.data.study import Study
from compendium.errors import InputError
from compendium.parameters import (
    NotebookSourceError,
    Parameter,
    _convert,
    all_declared,
    check,
    declared,
    for_stage,
    options,
    parse,
    read_file,
    write_file,
)
from compendium.stages import stage


def notebook(folder: Path, source: str | list[str], tags: tuple[str, ...] = ("parameters",)) -> Path:
    cell = {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source}
    path = folder / "x.ipynb"
    path.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    return path


def test_published_values() -> None:
    assert {name: p.default for name, p in all_declared().items()} == {
        "study": "",
        "out": "",
        "search_terms": "all",
        "search_platform": "",
        "flow_counts": "printed",
        "screening_criteria": "all",
        "woe_rule": "printed",
        "woe_threshold": "published",
        "term_families": "all",
        "policy_years": "all",
        "interview_levels": "all",
        "interview_themes": "all",
        "interviewees": "all",
        "finding": "",
        "claim": "",
    }
    assert all(p.help for p in all_declared().values())


def test_declared_takes_value_and_comment(tmp_path: Path) -> None:
    path = notebook(tmp_path, ["n = 3  # how many\n", "x = 0.5\n", "on = True  # whether"])
    assert declared(path) == [
        Parameter("n", 3, "how many"),
        Parameter("x", 0.5, ""),
        Parameter("on", True, "whether"),
    ]


@pytest.mark.parametrize("source", ["n = [1]", "import os", "n = 1 + 1", "n += 1", "print(1)"])
def test_parameters_cell_holds_plain_values_only(tmp_path: Path, source: str) -> None:
    with pytest.raises(NotebookSourceError, match="may hold only NAME = plain value"):
        declared(notebook(tmp_path, source))


def test_notebook_without_the_cell_has_no_parameters(tmp_path: Path) -> None:
    assert declared(notebook(tmp_path, "n = 1", tags=())) == []


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"cells": 3}', "no json"])
def test_file_that_is_no_notebook(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(NotebookSourceError, match=r"x\.ipynb is not a notebook"):
        declared(path)


def test_missing_notebook(tmp_path: Path) -> None:
    with pytest.raises(NotebookSourceError):
        declared(tmp_path / "none.ipynb")


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [(3, "4", 4), (0.5, "2", 2.0), (True, "no", False), (False, "TRUE", True), ("a", "3", "3"), ("a", "", "")],
)
def test_value_takes_the_type_of_the_default(default: object, text: str, value: object) -> None:
    problems: list = []
    converted = _convert(Parameter("n", default, ""), text, problems)  # type: ignore[arg-type]
    assert (converted, type(converted), problems) == (value, type(value), [])


@pytest.mark.parametrize(
    ("default", "text", "allowed"),
    [(3, "four", "a whole number"), (3, "4.5", "a whole number"), (0.5, "x", "a number"), (True, "1", "true or false")],
)
def test_value_of_another_type(default: object, text: str, allowed: str) -> None:
    problems: list = []
    assert _convert(Parameter("n", default, ""), text, problems) == default  # type: ignore[arg-type]
    assert [(p.field, p.value, p.allowed) for p in problems] == [("n", text, allowed)]


def test_parse_keeps_what_follows_the_first_equals_sign() -> None:
    assert parse(["woe_rule= a=b "]) == {"woe_rule": "a=b"}


def test_parse_tells_all_faults() -> None:
    with pytest.raises(InputError) as raised:
        parse(["x=1", "woe_rule=worst", "woe_rule=best", "oops"])
    assert [(p.field, p.value) for p in raised.value.problems] == [
        ("parameter", "x"),
        ("woe_rule", "best"),
        ("-p", "oops"),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("woe_threshold", "5"),
        ("woe_threshold", "?"),
        ("woe_threshold", ""),
        ("woe_rule", "mode"),
        ("term_families", "coproduction,codesing"),
        ("term_families", ","),
        ("term_families", ""),
        ("search_terms", "Q99"),
        ("screening_criteria", "C9"),
        ("interview_levels", "global"),
        ("interview_themes", ""),
        ("interviewees", "L99"),
        ("policy_years", "1990"),
        ("policy_years", "2018-2010"),
        ("policy_years", "lately"),
    ],
)
def test_value_that_the_study_does_not_allow(study: Study, name: str, value: str) -> None:
    with pytest.raises(InputError) as raised:
        check(study, {name: value})
    (problem,) = raised.value.problems
    assert problem.field == name
    assert problem.allowed.split(", ")[0] in {"published", "printed", "all"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("woe_threshold", "3"),
        ("woe_threshold", "good"),
        ("woe_rule", "tr"),
        ("term_families", "codesign, cocreation"),
        ("search_terms", "Q01"),
        ("search_platform", "Web of Science"),
        ("flow_counts", "full_text=21, screened=?"),
        ("screening_criteria", "C1,C3"),
        ("policy_years", "2011"),
        ("interviewees", "L01,N06"),
        ("finding", ""),
        ("claim", "K001"),
    ],
)
def test_value_that_the_study_allows(study: Study, name: str, value: str) -> None:
    check(study, {name: value})


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("finding", "F00", "no such finding"),
        ("claim", "X", "no such claim"),
        ("search_platform", "Ovit", "did you mean 'Ovid'?"),
        ("flow_counts", "full_text", "is no count"),
        ("flow_counts", "full_text=-1", "is no count"),
        ("flow_counts", "full_text=1,full_text=2", "given twice"),
        ("flow_counts", "full_texts=1", "did you mean 'full_text'?"),
    ],
)
def test_value_that_names_nothing_says_what_is_near(study: Study, name: str, value: str, reason: str) -> None:
    with pytest.raises(InputError) as raised:
        check(study, {name: value})
    (problem,) = raised.value.problems
    assert problem.field == name
    assert reason in problem.reason


def test_values_that_are_right_alone_and_leave_nothing_together(study: Study) -> None:
    check(study, {"interview_levels": "local"})
    check(study, {"interview_themes": "TN1"})
    with pytest.raises(InputError, match="'interview_themes', value 'TN1': leaves nothing on the level local"):
        check(study, {"interview_levels": "local", "interview_themes": "TN1"})


def test_check_tells_all_faults(study: Study) -> None:
    with pytest.raises(InputError) as raised:
        check(study, {"woe_threshold": "9", "woe_rule": "mode", "term_families": "all"})
    assert [p.field for p in raised.value.problems] == ["woe_threshold", "woe_rule"]


@given(st.dictionaries(st.sampled_from(["woe_rule", "finding", "interviewees"]), st.text().map(str.strip)))
def test_options_are_read_back_by_a_shell(values: dict[str, str]) -> None:
    words = shlex.split(options(values))
    assert words[::2] == ["-p"] * len(values)
    assert parse(words[1::2]) == values


def parameter_file(folder: Path, text: str, name: str = "mine.yml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yml", "woe_threshold: 3\nwoe_rule: median  # another rule\n"),
        ("a.yaml", "{woe_threshold: '3', woe_rule: median}"),
        ("a.JSON", '{"woe_threshold": 3, "woe_rule": "median"}'),
    ],
)
def test_a_parameter_file_reads_as_the_options_do(tmp_path: Path, name: str, text: str) -> None:
    assert read_file(parameter_file(tmp_path, text, name)) == parse(["woe_threshold=3", "woe_rule=median"])


def test_an_empty_parameter_file_sets_nothing(tmp_path: Path) -> None:
    assert read_file(parameter_file(tmp_path, "# nothing yet\n")) == {}


def test_a_parameter_file_tells_all_faults_with_their_rows(tmp_path: Path) -> None:
    text = "woe_rul: median\nwoe_threshold:\n  - 3\nstudy: ../mine\nterm_families: all\nterm_families: codesign\n"
    with pytest.raises(InputError) as raised:
        read_file(parameter_file(tmp_path, text))
    told = [(p.file, p.row, p.field, p.reason) for p in raised.value.problems]
    assert told == [
        ("mine.yml", 1, "parameter", "no such parameter (did you mean 'woe_rule'?)"),
        ("mine.yml", 2, "woe_threshold", "is no single value"),
        ("mine.yml", 4, "study", "names a folder"),
        ("mine.yml", 6, "term_families", "is given twice"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.yml", "- woe_rule\n", "is no mapping"),
        ("a.yml", "woe_rule: [", "cannot be read"),
        ("a.yml", "woe_rule: \x00", "cannot be read"),
        ("a.json", "[]", "cannot be read (no object)"),
        ("a.json", "{", "cannot be read"),
    ],
)
def test_a_file_that_holds_no_parameters(tmp_path: Path, name: str, text: str, reason: str) -> None:
    with pytest.raises(InputError) as raised:
        read_file(parameter_file(tmp_path, text, name))
    (problem,) = raised.value.problems
    assert problem.reason.startswith(reason)
    assert "woe_threshold: 3" in problem.allowed


def test_a_parameter_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_file(tmp_path / "none.yml")
    (tmp_path / "latin.yml").write_bytes(b"woe_rule: \xff")
    with pytest.raises(InputError, match="cannot be read"):
        read_file(tmp_path / "latin.yml")


@given(st.dictionaries(st.sampled_from(["woe_rule", "finding", "interviewees"]), st.text().map(str.strip)))
@pytest.mark.parametrize("name", ["a.yml", "a.json"])
def test_a_written_parameter_file_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, name: str, values: dict
) -> None:
    path = tmp_path_factory.mktemp("written") / name
    write_file(path, values)
    assert read_file(path) == values


def test_stage_gets_only_what_is_its_own_and_changed() -> None:
    given = {"woe_rule": "printed", "woe_threshold": "3", "term_families": "codesign", "study": "/x", "out": "/y"}
    assert for_stage(stage("appraisal"), given) == {"woe_threshold": "3"}
    assert for_stage(stage("policy"), given) == {"term_families": "codesign"}
    assert for_stage(stage("search"), given) == {}
