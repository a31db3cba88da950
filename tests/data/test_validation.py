"""Broken data packages: every kind of fault gives its line, all faults at once, and never a traceback."""

from __future__ import annotations

import csv
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compendium import cli
from compendium.data.study import Study
from compendium.data.validation import NEEDED, require_valid, validate
from compendium.errors import InputError
from compendium.files import sha256
from compendium.paths import BUNDLED_STUDY, ROOT

Break = Callable[[Path], object]
SCORES = "appraisal/scores.csv"
SCORE_COLUMNS = "review_id, component_id, score, section, anchor"
ONE_CELL_A_COLUMN = "allowed: 5 cells, one per column"


def swap(name: str, old: str, new: str) -> Break:
    """Put one text for another in a file of the study."""

    def breaks(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text, f"{name} no longer holds {old!r}"
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return breaks


def put(name: str, content: bytes) -> Break:
    return lambda folder: (folder / name).write_bytes(content)


def encode(name: str, encoding: str, old: str = "", new: str = "") -> Break:
    def breaks(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_bytes(text.replace(old, new, 1).encode(encoding))

    return breaks


def append(name: str, line: str) -> Break:
    def breaks(folder: Path) -> None:
        with (folder / name).open("a", encoding="utf-8", newline="") as stream:
            stream.write(line + "\n")

    return breaks


def drop_column(name: str, column: str) -> Break:
    def breaks(folder: Path) -> None:
        with (folder / name).open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
        at = rows[0].index(column)
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(row[:at] + row[at + 1 :] for row in rows)

    return breaks


def reorder(name: str, order: list[int]) -> Break:
    def breaks(folder: Path) -> None:
        with (folder / name).open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows([row[n] for n in order] for row in rows)

    return breaks


def header_only(name: str) -> Break:
    def breaks(folder: Path) -> None:
        header = (folder / name).read_text(encoding="utf-8").partition("\n")[0]
        (folder / name).write_text(header + "\n", encoding="utf-8")

    return breaks


def remove(name: str) -> Break:
    return lambda folder: (folder / name).unlink()


def descriptor(change: Callable[[dict], object]) -> Break:
    def breaks(folder: Path) -> None:
        path = folder / "datapackage.json"
        package = json.loads(path.read_text(encoding="utf-8"))
        change(package)
        path.write_text(json.dumps(package), encoding="utf-8")

    return breaks


def resource(package: dict, name: str) -> dict:
    return next(r for r in package["resources"] if r["name"] == name)


def linked_to_area(folder: Path) -> None:
    """Give the interviewees a column for their area, in the schema and in the file."""
    extra = {"name": "area_id", "type": "string"}
    descriptor(lambda p: resource(p, "interviews-interviewees")["schema"]["fields"].append(extra))(folder)
    path = folder / "interviews" / "interviewees.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0] + ",area_id", *(f"{line},A01" for line in lines[1:])]) + "\n", encoding="utf-8")


def outside(folder: Path) -> None:
    """Move a table out of the study and leave a link in its place."""
    (folder / "terms.csv").rename(folder.parent / "terms.csv")
    (folder / "terms.csv").symlink_to(folder.parent / "terms.csv")


CASES: dict[str, tuple[Break, str]] = {
    "score 5": (
        swap(SCORES, "voorberg2015,mq,2", "voorberg2015,mq,5"),
        "appraisal/scores.csv, row 2, field 'score', value '5': value is not allowed; allowed: 1, 2, 3, 4, ?",
    ),
    "missing file": (
        remove(SCORES),
        "appraisal/scores.csv: the file is missing; "
        "allowed: the file of appraisal-scores, as datapackage.json names it",
    ),
    "folder in place of a file": (
        lambda f: (remove("terms.csv")(f), (f / "terms.csv").mkdir()),
        "terms.csv: is not a file; allowed: the file of terms, as datapackage.json names it",
    ),
    "missing column": (
        drop_column(SCORES, "score"),
        f"appraisal/scores.csv, row 1, field 'score': missing column; allowed: {SCORE_COLUMNS}",
    ),
    "extra column": (
        swap(SCORES, "anchor\n", "anchor,weight\n"),
        f"appraisal/scores.csv, row 1, field 'weight': unknown column; allowed: {SCORE_COLUMNS}",
    ),
    "columns in another order": (
        reorder(SCORES, [0, 1, 2, 4, 3]),
        f"appraisal/scores.csv, row 1: columns stand in another order; allowed: {SCORE_COLUMNS}",
    ),
    "text in a column of whole numbers": (
        swap("screening/flow.csv", ",263,", ",many,"),
        "screening/flow.csv, row 2, field 'count', value 'many': wrong type; allowed: a whole number, at least 0",
    ),
    "a number that no computer word holds": (
        swap("screening/flow.csv", ",263,", ",99999999999999999999,"),
        "screening/flow.csv, row 2, field 'count', value '99999999999999999999': wrong type; "
        "allowed: a whole number, at least 0",
    ),
    "negative count": (
        swap("screening/flow.csv", ",263,", ",-1,"),
        "screening/flow.csv, row 2, field 'count', value '-1': value is not allowed; "
        "allowed: a whole number, at least 0",
    ),
    "decimal count": (
        swap("screening/flow.csv", ",263,", ",2.5,"),
        "screening/flow.csv, row 2, field 'count', value '2.5': wrong type; allowed: a whole number, at least 0",
    ),
    "required cell left empty": (
        swap("screening/flow.csv", ",identification,main", ",,main"),
        "screening/flow.csv, row 2, field 'phase', value '': value is missing; "
        "allowed: identification, screening, eligibility, included",
    ),
    "malformed identifier": (
        swap("search/strategy.csv", "Q01", "Question-1"),
        "search/strategy.csv, row 2, field 'line_id', value 'Question-1': value is not allowed; "
        "allowed: text, pattern Q[0-9]{2}, not empty",
    ),
    "unknown foreign key": (
        swap(SCORES, "voorberg2015,mq", "voorberg2015,zz"),
        "appraisal/scores.csv, row 2, field 'component_id', value 'zz': no such row in appraisal/components.csv; "
        "allowed: mq, mr, tr",
    ),
    "unknown row of the same table": (
        swap("screening/flow.csv", "Duplicates removed,identified", "Duplicates removed,retrieved"),
        "screening/flow.csv, row 3, field 'from_stage', value 'retrieved': no such row in screening/flow.csv; "
        "allowed: identified, duplicates_removed, screened, excluded_title_abstract, full_text, not_retrieved, "
        "excluded_full_text, included, not_synthesised, synthesised",
    ),
    "duplicate identifier": (
        append("appraisal/components.csv", "mq,XX,Again,The same,4,S22,quality"),
        "appraisal/components.csv, row 5, field 'component_id', value 'mq': stands in row 2 already; "
        "allowed: each one once",
    ),
    "duplicate pair of identifiers": (
        append(SCORES, "voorberg2015,mq,2,S26,Voorberg et al"),
        "appraisal/scores.csv, row 35, field 'review_id, component_id', value 'voorberg2015, mq': "
        "stands in row 2 already; allowed: each one once",
    ),
    "latin-1": (
        encode(SCORES, "latin-1", "Voorberg et al", "Voorbérg et al"),
        "appraisal/scores.csv, row 2, value 'byte 0xe9': is not UTF-8; allowed: UTF-8 text",
    ),
    "UTF-16": (
        encode(SCORES, "utf-16"),
        "appraisal/scores.csv, row 1, value 'byte 0xff': is not UTF-8; allowed: UTF-8 text",
    ),
    "byte-order mark": (
        encode(SCORES, "utf-8-sig"),
        "appraisal/scores.csv, row 1: starts with a byte-order mark; allowed: UTF-8 without one",
    ),
    "empty file": (
        put(SCORES, b""),
        "appraisal/scores.csv: the file is empty; allowed: a header row and rows of data",
    ),
    "file of blank lines": (
        put(SCORES, b" \n\n\n"),
        "appraisal/scores.csv: the file is empty; allowed: a header row and rows of data",
    ),
    "header only": (
        header_only("interviews/guide.csv"),
        "interviews/guide.csv: has a header and no rows; allowed: at least one row",
    ),
    "NUL in a cell": (
        swap(SCORES, "Voorberg et al", "Voorberg\0et al"),
        "appraisal/scores.csv, row 2, value 'byte 0x00': holds binary content; allowed: UTF-8 text",
    ),
    "picture for a table": (
        put(SCORES, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
        "appraisal/scores.csv, row 2, value 'byte 0x1a': holds binary content; allowed: UTF-8 text",
    ),
    "too few cells": (
        swap(SCORES, "voorberg2015,mq,2,S26,Voorberg et al", "voorberg2015,mq,2,S26"),
        f"appraisal/scores.csv, row 2: has 4 cells; {ONE_CELL_A_COLUMN}",
    ),
    "too many cells": (
        swap(SCORES, "voorberg2015,mq,2,S26,Voorberg et al", "voorberg2015,mq,2,S26,Voorberg, et al"),
        f"appraisal/scores.csv, row 2: has 6 cells; {ONE_CELL_A_COLUMN}",
    ),
    "blank line": (
        swap(SCORES, "\nvoorberg2015,mr", "\n\nvoorberg2015,mr"),
        f"appraisal/scores.csv, row 3: the row is empty; {ONE_CELL_A_COLUMN}",
    ),
    "quote never closed": (
        append(SCORES, '"voorberg2015,mr'),
        "appraisal/scores.csv, row 35: is not CSV from here on (unexpected end of data); allowed: "
        "comma-separated values with each quote closed and lines that end in LF",
    ),
    "descriptor is not JSON": (
        put("datapackage.json", b'{"name": "x",\n "resources": [}'),
        "datapackage.json, row 2: is not JSON in UTF-8 (Expecting value: line 2 column 16 (char 29)); allowed: JSON",
    ),
    "descriptor is a list": (
        put("datapackage.json", b"[]"),
        "datapackage.json, field 'resources': is not a data package; "
        "allowed: a list of resources, each with a name and a path",
    ),
    "resource without a path": (
        descriptor(lambda p: p["resources"][1].pop("path")),
        "datapackage.json, field 'resources[1].path': path of 'terms' is missing; allowed: text",
    ),
    "path above the folder": (
        descriptor(lambda p: resource(p, "terms").update(path="../terms.csv")),
        "datapackage.json, field 'path', value '../terms.csv': terms lies outside the study folder; "
        "allowed: a path inside the study folder",
    ),
    "absolute path": (
        descriptor(lambda p: resource(p, "terms").update(path="/etc/hostname")),
        "datapackage.json, field 'path', value '/etc/hostname': terms lies outside the study folder; "
        "allowed: a path inside the study folder",
    ),
    "link that leaves the folder": (
        outside,
        "datapackage.json, field 'path', value 'terms.csv': terms lies outside the study folder; "
        "allowed: a path inside the study folder",
    ),
    "bibliography is missing": (
        remove("references.bib"),
        "references.bib: the file is missing; allowed: the references cited, in BibTeX",
    ),
    "bibliography is binary": (
        put("references.bib", b"@misc{\x00}"),
        "references.bib, row 1, value 'byte 0x00': holds binary content; allowed: UTF-8 text",
    ),
    "bibliography is not UTF-8": (
        put("references.bib", "@misc{a, title={é}}".encode("latin-1")),
        "references.bib, row 1, value 'byte 0xe9': is not UTF-8; allowed: UTF-8 text",
    ),
    "interviewee linked to an area": (
        linked_to_area,
        "interviews/interviewees.csv, row 1, field 'area_id': an interviewee must not be linked to an area or agency; "
        "allowed: no such column in a table of interviewees",
    ),
    "unknown member of a list": (
        swap("conclusions/findings.csv", "RQ1; RQ2", "RQ1; RQ9"),
        "conclusions/findings.csv, row 9, field 'questions', value 'RQ9': no such row in conclusions/questions.csv; "
        "allowed: RQ1, RQ2, RQ3, RQ4",
    ),
}


@pytest.fixture
def copy(copy_of_study: Path) -> Path:
    return copy_of_study


def lines_of(folder: Path) -> list[str]:
    return [str(problem) for problem in validate(folder)]


@pytest.mark.parametrize("case", CASES)
def test_fault_gives_its_line_and_no_other(copy: Path, case: str) -> None:
    breaks, line = CASES[case]
    breaks(copy)
    assert lines_of(copy) == [line]


def test_bundled_study_is_sound_here_and_for_the_data_packages_own_tool() -> None:
    from frictionless import Package

    assert validate() == []
    assert require_valid().folder == BUNDLED_STUDY
    report = Package(str(BUNDLED_STUDY / "datapackage.json")).validate()
    assert report.valid, report.flatten(["type", "note"])


def test_all_faults_of_all_files_are_told_at_once(copy: Path) -> None:
    tables = ["score 5", "negative count", "header only", "unknown member of a list", "bibliography is missing"]
    for case in tables:
        CASES[case][0](copy)
    swap("policy/documents.csv", "D01", "D0x")(copy)
    swap(SCORES, "voorberg2015,tr,1", "voorberg2015,tr,9")(copy)
    found = lines_of(copy)
    assert {CASES[case][1] for case in tables} <= set(found)
    assert sum("value '9'" in line for line in found) == 1
    assert any(line.startswith("policy/documents.csv, row 2, field 'document_id', value 'D0x'") for line in found)


def test_cells_of_other_columns_are_checked_where_one_is_missing(copy: Path) -> None:
    drop_column(SCORES, "anchor")(copy)
    swap(SCORES, "voorberg2015,mq,2", "voorberg2015,mq,5")(copy)
    assert [(p.row, p.field) for p in validate(copy)] == [(1, "anchor"), (2, "score")]


def test_rows_that_point_into_a_lost_table_are_no_further_problems(copy: Path) -> None:
    remove("sections.csv")(copy)
    assert [p.file for p in validate(copy)] == ["sections.csv"]


def test_citation_that_the_bibliography_lacks_is_named_in_each_table(copy: Path) -> None:
    swap("references.bib", "{voorberg2015,", "{voorberg2014,")(copy)
    found = validate(copy)
    assert {(p.field, p.value) for p in found} == {("citation_key", "voorberg2015")}
    assert "screening/full_text.csv" in {p.file for p in found}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("},\n", "\n", "entry cannot be read"),
        ("@misc{", "@misc{twice, title={A}}\n@misc{twice, title={B}}\n@misc{", "twice"),
    ],
)
def test_malformed_bibliography_is_told_by_entry(copy: Path, old: str, new: str, told: str) -> None:
    swap("references.bib", old, new)(copy)
    found = [p for p in validate(copy) if p.file == "references.bib"]
    assert found
    assert all(p.row for p in found)
    assert told in str(found[0])


def test_what_a_finding_rests_on_has_to_exist(copy: Path) -> None:
    swap("conclusions/evidence.csv", "subtheme,TL1.1", "subtheme,TL9.9")(copy)
    (problem,) = validate(copy)
    assert (problem.field, problem.value) == ("target_id", "TL9.9")
    assert "interviews/subthemes.csv" in problem.reason


def test_area_named_beside_an_interviewee_is_refused(copy: Path) -> None:
    path = copy / "interviews" / "excerpts.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    area = Study(copy).table("interviews-areas")["area"].iloc[3]
    row = next(number for number, r in enumerate(rows) if r["interviewee_id"])
    rows[row]["gist"] = f"How it was done in {area}, by the speaker"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (problem,) = validate(copy)
    assert (problem.row, problem.field, problem.value) == (row + 2, "gist", area)


def test_interviewee_linked_under_another_name_is_refused(copy: Path) -> None:
    """A key into the table of areas is a link whatever its column is called."""
    linked_to_area(copy)
    path = copy / "interviews" / "interviewees.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("area_id", "home"), encoding="utf-8")

    def rename(package: dict) -> None:
        schema = resource(package, "interviews-interviewees")["schema"]
        schema["fields"][-1]["name"] = "home"
        reference = {"resource": "interviews-areas", "fields": ["area_id"]}
        schema["foreignKeys"].append({"fields": ["home"], "reference": reference})

    descriptor(rename)(copy)
    (problem,) = validate(copy)
    assert (problem.file, problem.field) == ("interviews/interviewees.csv", "home")


STAGES = ("search", "screening", "appraisal", "policy", "interviews", "conclusions")


def test_results_need_no_table_that_validation_does_not_ask_for(copy: Path) -> None:
    from compendium.analysis.results import compute

    def others(package: dict) -> None:
        package["resources"] = [r for r in package["resources"] if r["name"] in NEEDED]
        for kept in package["resources"]:
            keys = kept["schema"].get("foreignKeys", [])
            kept["schema"]["foreignKeys"] = [k for k in keys if k["reference"]["resource"] in ("", *NEEDED)]
            for described in kept["schema"]["fields"]:
                described.pop("listOf", None)

    descriptor(others)(copy)
    assert validate(copy) == []
    study = Study(copy)
    assert all(compute(stage, study) for stage in STAGES)


def test_every_table_that_validation_asks_for_is_read() -> None:
    from compendium.analysis.results import compute

    study = Study()
    for stage in STAGES:
        compute(stage, study)
    published = {"search-databases", "search-strategy", "screening-criteria", "screening-reasons", "interviews-methods"}
    published |= {"interviews-guide", "appraisal-characteristics", "policy-organisations", "appraisal-ladder"}
    unread = {name for name in NEEDED if study.resources[name]["path"] not in study.files_read}
    assert unread <= published


def test_package_without_a_needed_table_says_which(copy: Path) -> None:
    descriptor(lambda p: p["resources"].remove(resource(p, "appraisal-ladder")))(copy)
    (problem,) = validate(copy)
    assert (problem.file, problem.value) == ("datapackage.json", "appraisal-ladder")


def test_missing_folder_and_missing_descriptor(tmp_path: Path) -> None:
    assert "no such folder" in lines_of(tmp_path / "nowhere")[0]
    assert "datapackage.json" in lines_of(tmp_path)[0]


def test_line_ends_of_windows_are_no_fault(copy: Path) -> None:
    path = copy / "terms.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert validate(copy) == []


def test_row_is_the_line_of_the_file_also_after_a_cell_of_two_lines(copy: Path) -> None:
    path = copy / "terms.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    first = lines[1].split(",")
    lines[1] = ",".join([first[0], f'"{first[1]}\nin two lines"', *first[2:]])
    lines[2] = lines[2].replace(lines[2].split(",")[0], "NOT LOWER")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert [p.row for p in validate(copy) if p.file == "terms.csv"] == [4]


def snapshot(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): sha256(p) for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("case", ["score 5", "missing file", "UTF-16", "descriptor is a list", "absolute path"])
def test_build_stops_with_status_2_and_leaves_outputs_alone(
    copy: Path, tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    (out / "report").mkdir(parents=True)
    (out / "report" / "report.html").write_text("an earlier one", encoding="utf-8")
    before = snapshot(out)
    CASES[case][0](copy)
    assert cli.main(["--study", str(copy), "--out", str(out)]) == 2
    told = capsys.readouterr()
    assert told.err == f"error: {CASES[case][1]}\n"
    assert told.out == ""
    assert snapshot(out) == before


def test_several_problems_are_counted_and_listed_one_to_a_line(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for case in ("score 5", "negative count"):
        CASES[case][0](copy)
    assert cli.main(["validate", "--study", str(copy)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: 2 problems; nothing was changed"
    assert [line.strip() for line in lines[1:]] == [CASES["score 5"][1], CASES["negative count"][1]]


NAMES = sorted(p.relative_to(BUNDLED_STUDY).as_posix() for p in BUNDLED_STUDY.glob("[!d]*/*.csv"))
NAMES += ["references.bib", "datapackage.json", "terms.csv"]
EDITS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 3), st.binary(max_size=6)), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz") / "study"
    shutil.copytree(BUNDLED_STUDY, folder, ignore=shutil.ignore_patterns("derived"))
    return folder


def test_random_bytes_in_a_file_never_give_a_traceback(fuzzed: Path) -> None:
    """Either the study is still valid and reads, or every problem names a file of it."""
    end = time.monotonic() + 5

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(name=st.sampled_from(NAMES), edits=EDITS)
    def attempt(name: str, edits: list[tuple[int, int, bytes]]) -> None:
        if time.monotonic() > end:
            return
        path = fuzzed / name
        whole = content = path.read_bytes()
        for at, gone, new in edits:
            at %= len(content) + 1
            content = content[:at] + new + content[at + gone :]
        path.write_bytes(content)
        try:
            problems = validate(fuzzed)
            assert all(p.file and p.reason for p in problems)
            assert all("\n" not in str(p) for p in problems)
            if not problems:
                study = require_valid(fuzzed)
                assert [len(study.table(n)) for n in study.names]
        finally:
            path.write_bytes(whole)

    attempt()


def test_require_valid_raises_all_problems(copy: Path) -> None:
    CASES["score 5"][0](copy)
    with pytest.raises(InputError) as raised:
        require_valid(copy)
    assert [str(p) for p in raised.value.problems] == [CASES["score 5"][1]]
    assert raised.value.exit_status == 2


def test_no_output_folder_is_made_for_a_broken_study(copy: Path, tmp_path: Path) -> None:
    CASES["score 5"][0](copy)
    assert cli.main(["--study", str(copy), "--out", str(tmp_path / "new")]) == 2
    assert not (tmp_path / "new").exists()
    assert ROOT not in tmp_path.parents
