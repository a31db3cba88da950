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

    A text that would start a formula gets an apostrophe before it (OWASP, CSV Injection); numbers stay.
    """
    text = cell_text(value)
    is_text = isinstance(value, str)
    return "'" + text if is_text and text.startswith(FORMULA_STARTS) else text


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as CSV: UTF-8, LF, header row, cells by :func:`safe_cell`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([safe_cell(str(column)) for column in frame.columns])
    writer.writerows([safe_cell(value) for value in row] for row in frame.itertuples(index=False, name=None))
    write_text(path, buffer.getvalue())


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a table written by :func:`write_csv` as rows of text."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
