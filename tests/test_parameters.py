"""Parameters: read from the notebooks, converted to the type of their default, checked against the study."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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
    parse,
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
        "woe_rule": "printed",
        "woe_threshold": "published",
        "term_families": "all",
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
    [("woe_threshold", "3"), ("woe_threshold", "good"), ("woe_rule", "tr"), ("term_families", "codesign, cocreation")],
)
def test_value_that_the_study_allows(study: Study, name: str, value: str) -> None:
    check(study, {name: value})


def test_check_tells_all_faults(study: Study) -> None:
    with pytest.raises(InputError) as raised:
        check(study, {"woe_threshold": "9", "woe_rule": "mode", "term_families": "all"})
    assert [p.field for p in raised.value.problems] == ["woe_threshold", "woe_rule"]


def test_stage_gets_only_what_is_its_own_and_changed() -> None:
    given = {"woe_rule": "printed", "woe_threshold": "3", "term_families": "codesign", "study": "/x", "out": "/y"}
    assert for_stage(stage("appraisal"), given) == {"woe_threshold": "3"}
    assert for_stage(stage("policy"), given) == {"term_families": "codesign"}
    assert for_stage(stage("search"), given) == {}
