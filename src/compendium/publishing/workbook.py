"""All tables in one Excel workbook, the same bytes every time, in which no cell is a formula."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compendium.data.study import Study
from compendium.files import write_bytes
from compendium.publishing.table_package import TABLES, csv_files, fields_for
from compendium.publishing.tables import plain_text, read_rows

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

FILE = "report/tables.xlsx"
CONTENTS = "Contents"
LONGEST_NAME, LONGEST_TEXT, LONGEST_HEADER = 31, 32_767, 255
"""Characters that Excel takes in a sheet's name, in a cell and in a page header."""
CUT = " … (cut here; the CSV file has it all)"
_CREATED = datetime(1980, 1, 1)
"""A workbook has to say when it was made, and must not change: the earliest time that its archive can hold."""
_NARROW, _WIDE = 9, 60
_DIGITS = 15
"""Digits that a number of Excel keeps; a longer one is written as text."""
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_CONTENTS_HEADER = ("id", "title", "shows", "rows", "made by")
_CONTENTS_WIDTHS = (26, 44, 70, 8, 26)
Rows = list[list[str]]


def write_workbook(study: Study, out: Path, entries: list[dict[str, Any]]) -> list[str]:
    """Write ``report/tables.xlsx`` from the CSV files: a sheet of contents, then one sheet a table.

    Numbers are numbers where the whole column holds nothing else; missing cells are empty; any text is written as text,
    whatever it begins with, and no address is made a link.

    Parameters
    ----------
    study
        Whose title the workbook bears.
    out
        Output folder.
    entries
        See :func:`compendium.publishing.manifest.joined`.

    Returns
    -------
    list of str
        Path of what was written, relative to `out`.
    """
    from xlsxwriter import Workbook

    tables = [(entry, *_read(out / name, entry)) for name, entry in csv_files(entries, TABLES)]
    names = sheet_names(entry["id"] for entry, *_ in tables)
    buffer = io.BytesIO()
    with Workbook(buffer, _OPTIONS) as book:
        book.set_properties({"title": f"Tables: {study.title}", "author": "", "created": _CREATED})
        styles = _styles(book)
        contents = [(sheet, entry, len(rows)) for sheet, (entry, _, rows) in zip(names, tables, strict=True)]
        _write_contents(book.add_worksheet(CONTENTS), study.title, contents, styles)
        for sheet, (entry, fields, rows) in zip(names, tables, strict=True):
            _write_table(book.add_worksheet(sheet), entry["title"], fields, rows, styles)
    write_bytes(out / FILE, buffer.getvalue())
    return [FILE]


def sheet_names(identifiers: Iterable[str]) -> list[str]:
    """Name sheets after the tables, as Excel allows: at most 31 characters, none of its marks of ranges, each once."""
    taken, names = {CONTENTS.lower(), "history"}, []
    for identifier in identifiers:
        base = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "-", identifier).strip("'")[:LONGEST_NAME].rstrip("'") or "table"
        name, number = base, 1
        while name.lower() in taken:
            number += 1
            name = f"{base[: LONGEST_NAME - len(str(number)) - 1]}~{number}"
        taken.add(name.lower())
        names.append(name)
    return names


def _read(path: Path, entry: dict[str, Any]) -> tuple[list[dict[str, str]], Rows]:
    return fields_for(path, entry), read_rows(path)


def _styles(book: Workbook) -> dict[str, Format]:
    common = {"valign": "top", "text_wrap": True}
    return {
        "head": book.add_format({**common, "bold": True, "bg_color": "#E8EDF3", "bottom": 1}),
        "text": book.add_format(common),
        "title": book.add_format({"bold": True, "font_size": 14}),
        "link": book.add_format({**common, "font_color": "#0B4F8A", "underline": 1}),
    }


def _write_contents(
    sheet: Worksheet, title: str, contents: list[tuple[str, dict[str, Any], int]], styles: dict[str, Format]
) -> None:
    """Write what there is, with a link to each sheet; a link within the workbook asks nothing of the network."""
    sheet.write_string(0, 0, fitting(title), styles["title"])
    for column, (label, width) in enumerate(zip(_CONTENTS_HEADER, _CONTENTS_WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(2, column, label, styles["head"])
    for line, (name, entry, rows) in enumerate(contents, start=3):
        address = "internal:'{}'!A1".format(name.replace("'", "''"))
        sheet.write_url(line, 0, address, styles["link"], fitting(entry["id"]))
        for column, text in ((1, entry["title"]), (2, entry["alt"]), (4, entry["notebook"])):
            sheet.write_string(line, column, fitting(text), styles["text"])
        sheet.write_number(line, 3, rows, styles["text"])
    sheet.freeze_panes(3, 0)
    _set_up_page(sheet, title, 2)


def _write_table(
    sheet: Worksheet, title: str, fields: list[dict[str, str]], rows: Rows, styles: dict[str, Format]
) -> None:
    for column, field in enumerate(fields):
        cells = [row[column] for row in rows]
        sheet.set_column(column, column, width([field["name"], *cells]))
        sheet.write_string(0, column, fitting(plain_text(field["name"])), styles["head"])
        for line, cell in enumerate(cells, start=1):
            _write_cell(sheet, line, column, cell, field["type"], styles["text"])
    last = max(len(fields) - 1, 0)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(rows), 1), last)
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{len(rows) + 1}"})
    _set_up_page(sheet, title, 0)


def _write_cell(sheet: Worksheet, line: int, column: int, cell: str, kind: str, style: Format) -> None:
    if cell == "":
        sheet.write_blank(line, column, None, style)
    elif kind in ("integer", "number") and len(cell) <= _DIGITS:
        sheet.write_number(line, column, float(cell), style)
    elif kind == "boolean":
        sheet.write_boolean(line, column, cell == "True", style)
    else:
        sheet.write_string(line, column, fitting(plain_text(cell)), style)


def _set_up_page(sheet: Worksheet, title: str, head: int) -> None:
    """Print on A4 across, as wide as the page, the head on every page."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(head)
    text = " ".join(title.split()).replace("&", "&&")
    sheet.set_header(f"&L{text[: LONGEST_HEADER - 40]}&R&P / &N")


def fitting(text: str) -> str:
    """Cut a text that is longer than Excel takes, and say so in it; Excel would refuse the whole cell."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - len(CUT)] + CUT


def width(cells: list[str]) -> int:
    """Width of a column in characters: that of the longest line, within limits; what is longer wraps."""
    longest = max((len(line) for cell in cells for line in cell.split("\n")), default=0)
    return min(max(longest + 2, _NARROW), _WIDE)
