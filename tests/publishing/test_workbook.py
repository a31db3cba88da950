"""The workbook, read again by openpyxl: values as in the data, no formula, no link to the outside."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.data.study import Study
from compendium.paths import ROOT
from compendium.publishing import manifest, workbook
from compendium.publishing.table_package import fields_of
from compendium.publishing.tables import read_rows, write_csv
from compendium.publishing.workbook import CONTENTS, CUT, LONGEST_TEXT, sheet_names, width, write_workbook

RISKY = ["=1+1", '=HYPERLINK("http://example.org")', "+44 20", "-1", "@SUM(A1)", "\t=1", "'=1", "＝1", "{=1}"]
TEXTS = [*RISKY, "http://example.org/?a=1&b=2", "mailto:a@example.org", "internal:'t'!A1", "007", "1e5", "TRUE", "#N/A"]
FRAME = pd.DataFrame(
    {
        "text": TEXTS,
        "whole": pd.array([1, None, -3, *range(len(TEXTS) - 3)], dtype="Int64"),
        "part": [0.5, None, -1.25, *[1 / 3] * (len(TEXTS) - 3)],
        "flag": [True, False] + [None] * (len(TEXTS) - 2),
        "long": [10**17, *[1] * (len(TEXTS) - 1)],
        "=head": ["<b>&amp;</b>", "one\ntwo", "_x0041_", *[""] * (len(TEXTS) - 3)],
    }
)


def make(out: Path, study: Study, frames: dict[str, pd.DataFrame], title: str = "A title & more") -> Any:
    entries = []
    for name, frame in frames.items():
        file = f"report/tables/{name}.csv"
        write_csv(out / file, frame)
        about = {"id": name, "title": title, "alt": "=What it shows", "notebook": "01_search.ipynb"}
        entries.append({**about, "files": {file: "0"}, "fields": fields_of(frame)})
    assert write_workbook(study, out, entries) == [workbook.FILE]
    return openpyxl.load_workbook(out / workbook.FILE)


def column(book: Any, sheet: str, number: int) -> list[Any]:
    return [row[number] for row in book[sheet].iter_rows(min_row=2, values_only=True)]


def cells(book: Any) -> list[Any]:
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row]


def test_values_are_those_of_the_data(tmp_path: Path, study: Study) -> None:
    book = make(tmp_path, study, {"t": FRAME})
    assert column(book, "t", 0) == TEXTS
    assert column(book, "t", 1)[:4] == [1, None, -3, 0]
    assert column(book, "t", 2)[:4] == [0.5, None, -1.25, 0.3333]
    assert column(book, "t", 3)[:3] == [True, False, None]
    assert column(book, "t", 4)[:2] == ["1" + "0" * 17, 1]
    assert column(book, "t", 5)[:4] == ["<b>&amp;</b>", "one\ntwo", "_x0041_", None]
    assert [cell.value for cell in book["t"][1]] == list(FRAME.columns)


def test_no_cell_is_a_formula_and_no_text_a_link(tmp_path: Path, study: Study) -> None:
    book = make(tmp_path, study, {"t": FRAME})
    assert {cell.data_type for cell in cells(book)} <= {"s", "n", "b"}
    assert [cell.data_type for cell in book["t"]["A"]] == ["s"] * (len(TEXTS) + 1)
    assert not [cell for cell in cells(book) if cell.hyperlink and cell.hyperlink.target]
    with zipfile.ZipFile(tmp_path / workbook.FILE) as archive:
        content = {name: archive.read(name).decode() for name in archive.namelist()}
    assert not [name for name, text in content.items() if "<f>" in text or 'TargetMode="External"' in text]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), min_size=1, max_size=4))
def test_any_text_stays_what_it_is(tmp_path_factory: pytest.TempPathFactory, study: Study, texts: list[str]) -> None:
    out = tmp_path_factory.mktemp("book")
    book = make(out, study, {"t": pd.DataFrame({"id": range(len(texts)), "text": texts})})
    shown = [text or None for text in texts]
    assert column(book, "t", 1) == [text.replace("x005F_", "") if text else None for text in shown]
    assert {cell.data_type for cell in cells(book)} <= {"s", "n"}


def test_contents_lead_to_every_sheet(tmp_path: Path, study: Study) -> None:
    book = make(tmp_path, study, {"table-1": FRAME, "s-none": FRAME.iloc[:0]})
    assert book.sheetnames == [CONTENTS, "table-1", "s-none"]
    sheet = book[CONTENTS]
    assert sheet["A1"].value == study.title
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    assert rows[0] == ("table-1", "A title & more", "=What it shows", len(TEXTS), "01_search.ipynb")
    assert [row[3] for row in rows] == [len(TEXTS), 0]
    assert [cell.hyperlink.location for cell in sheet["A"][3:]] == ["'table-1'!A1", "'s-none'!A1"]


def test_a_sheet_can_be_read_and_printed(tmp_path: Path, study: Study) -> None:
    sheet = make(tmp_path, study, {"t": FRAME}, "Costs & benefits")["t"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == f"A1:F{len(TEXTS) + 1}"
    assert sheet["A1"].font.bold
    assert sheet["A2"].alignment.wrap_text
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.page_setup.fitToHeight == 0
    assert sheet.oddHeader.left.text == "Costs && benefits"
    assert sheet.column_dimensions["A"].width > sheet.column_dimensions["B"].width


@pytest.mark.parametrize(("lines", "wanted"), [([], 9), (["a"], 9), (["x" * 20, "y"], 22), (["z" * 500], 60)])
def test_a_column_is_as_wide_as_its_longest_line_within_limits(lines: list[str], wanted: int) -> None:
    assert width(lines) == wanted
    assert width(["\n".join(lines)]) == wanted


def test_names_of_sheets_are_legal_and_unique() -> None:
    long = "s-" + "a" * 40
    given = ["table-1", "TABLE-1", "a/b:c*?[d]\\", "'quoted'", long, long + "b", "contents", "History", "", "ünï"]
    names = sheet_names(given)
    assert names[0] == "table-1"
    assert names[-1] == "ünï"
    assert len({name.lower() for name in (*names, CONTENTS)}) == len(given) + 1
    assert max(len(name) for name in names) == 31
    assert not [name for name in names if re.search(r"[\[\]:*?/\\]|^'|'$|^$|^history$", name, re.IGNORECASE)]


def test_text_that_excel_would_refuse_is_cut_and_says_so(tmp_path: Path, study: Study) -> None:
    fits, long = "x" * LONGEST_TEXT, "y" * (LONGEST_TEXT + 1)
    book = make(tmp_path, study, {"t": pd.DataFrame({"text": [fits, long]})})
    shown = column(book, "t", 0)
    assert shown[0] == fits
    assert len(shown[1]) == LONGEST_TEXT
    assert shown[1].endswith("y" + CUT)


def test_no_clock_and_no_person_in_the_properties(tmp_path: Path, study: Study) -> None:
    properties = make(tmp_path, study, {"t": FRAME}).properties
    assert properties.title == f"Tables: {study.title}"
    assert properties.created.year == properties.modified.year == 1980
    assert not properties.creator
    with zipfile.ZipFile(io.BytesIO((tmp_path / workbook.FILE).read_bytes())) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_released_tables_are_in_it_cell_by_cell(tmp_path: Path, study: Study) -> None:
    """Of the tables as they are released; apostrophes that the CSV files need are not in the workbook."""
    entries = [entry for entry in manifest.joined(ROOT) if entry["kind"] == "table"]
    for entry in entries:
        for name in entry["files"]:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    write_workbook(study, tmp_path, entries)
    book = openpyxl.load_workbook(tmp_path / workbook.FILE, read_only=True)
    assert book.sheetnames[1:] == [entry["id"] for entry in entries]
    for entry in entries:
        written = read_rows(ROOT / f"report/tables/{entry['id']}.csv")
        shown = list(book[entry["id"]].iter_rows(min_row=2, values_only=True))
        assert len(shown) == len(written), entry["id"]
        for line, row in zip(shown, written, strict=True):
            assert [as_text(value) for value in line] == [cell.removeprefix("'") for cell in row], entry["id"]


def as_text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return "" if value is None else str(value)
