"""Tables as files: the same bytes every time, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pandas as pd

from compendium.files import write_text

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell_text(value: Any) -> str:
    """Write a cell: missing as nothing, whole numbers without a point, others with at most four decimals."""
    if value is None or value is pd.NA or (isinstance(value, float) and pd.isna(value)):
        return ""
    if isinstance(value, float):
        return f"{value:z.4f}".rstrip("0").rstrip(".")
    return str(value)


def safe_cell(value: Any) -> str:
    """Write a cell for a file that may be opened in a spreadsheet.

    A text that would start a formula gets an apostrophe before it (OWASP, CSV Injection), and so does one that already
    has apostrophes there, so that :func:`plain_text` finds the text again; numbers stay.
    """
    text = cell_text(value)
    return "'" + text if isinstance(value, str) and _risky(text) else text


def plain_text(cell: str) -> str:
    """Read a text cell written by :func:`safe_cell`: without the apostrophe that keeps it from being a formula."""
    return cell[1:] if cell.startswith("'") and _risky(cell) else cell


def _risky(text: str) -> bool:
    return text.lstrip("'").startswith(FORMULA_STARTS)


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as CSV: UTF-8, LF (in cells too), header row, cells by :func:`safe_cell`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([_one_line_end(safe_cell(str(column))) for column in frame.columns])
    rows = frame.itertuples(index=False, name=None)
    writer.writerows([_one_line_end(safe_cell(value)) for value in row] for row in rows)
    write_text(path, buffer.getvalue())


def _one_line_end(text: str) -> str:
    """Write line ends within a cell as LF: Python before 3.13 does not quote a lone CR, and the row would break."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a table written by :func:`write_csv` as rows of text."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def read_header(path: Path) -> list[str]:
    """Read the names of a table's columns, as they stand in its file."""
    return _lines(path)[0]


def read_rows(path: Path) -> list[list[str]]:
    """Read a table's cells, as they stand in its file, without the header."""
    return _lines(path)[1:]


def _lines(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))
