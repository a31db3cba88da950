"""Tables of the report's page: plain tables, with what the page's script needs to sort and filter them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from compendium.publishing.markup import NUMBER_CLASS, cell_html, escape, heading
from compendium.publishing.shown_tables import read_shown
from compendium.publishing.tables import plain_text, read_header, read_rows

_NUMBER = re.compile(r"-?\d+(\.\d+)?\Z")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_WEB = re.compile(r"https?://")
_LONG_WORD = re.compile(r"[^\s<>&]{25,}")
_BREAK = re.compile(r"(?<=[._])(?=\w)")
ROOM = ((140, "widest"), (60, "wide"), (18, "text"))
"""Characters of a long cell of a column (nine in ten have fewer), from which on its heading is of this class."""
LONG = 0.9


@dataclass(frozen=True)
class Grid:
    """A table as text: headings as people read them, which columns hold numbers, and the cells of each row."""

    headings: list[str]
    numeric: list[bool]
    rows: list[list[str]]

    def kind(self, column: int) -> str:
        """Class of a column's heading: numbers, or text that is long enough to need room."""
        lengths = sorted(len(row[column]) for row in self.rows if column < len(row) and row[column])
        long = lengths[int(LONG * len(lengths))] if lengths else 0
        room = next((name for least, name in ROOM if long >= least), "")
        return NUMBER_CLASS if self.numeric[column] else f' class="{room}"' if room else ""

    @cached_property
    def identified(self) -> bool:
        """Whether the first column identifies the rows."""
        first = [row[0] for row in self.rows if row]
        named = bool(self.headings) and self.headings[0].endswith(" ID")
        return named and len(set(first)) == len(first) and all(_IDENTIFIER.match(cell) for cell in first)


def from_notebook(source: str) -> Grid:
    """Read a table as a notebook shows it."""
    return Grid(*read_shown(source))


def from_csv(path: Path) -> Grid:
    """Read a table from a file written by :func:`compendium.publishing.tables.write_csv`."""
    rows = [[plain_text(cell) for cell in row] for row in read_rows(path)]
    columns = [plain_text(column) for column in read_header(path)]
    numeric = [_numbers([row[place] for row in rows]) for place in range(len(columns))]
    return Grid([heading(column) for column in columns], numeric, rows)


def _numbers(cells: list[str]) -> bool:
    given = [cell for cell in cells if cell]
    return bool(given) and all(_NUMBER.match(cell) for cell in given)


def _cell(cell: str, text: Callable[[str], str]) -> str:
    """Write a cell; the parts of a long name may stand on lines of their own."""
    if _WEB.match(cell):
        return cell_html(cell)
    made = text(cell)
    return made if "<" in made else _LONG_WORD.sub(lambda word: _BREAK.sub("<wbr>", word[0]), made)


def table_html(identifier: str, grid: Grid, labelled_by: str, text: Callable[[str], str]) -> str:
    """Write a table for the page.

    Parameters
    ----------
    identifier
        Starts the ids of the rows, where the first column identifies them.
    grid
        The table.
    labelled_by
        Id of the element that names the table.
    text
        Writes a cell's text as HTML, citations as links.
    """
    head = "".join(
        f'<th scope="col"{kind}>{escape(name)}</th>'
        for name, kind in zip(grid.headings, map(grid.kind, range(len(grid.headings))), strict=True)
    )
    rows = []
    for row in grid.rows:
        cells = "".join(
            f"<td{NUMBER_CLASS if numeric else ''}>{_cell(cell, text)}</td>"
            for cell, numeric in zip(row, grid.numeric, strict=False)
        )
        name = f' id="{escape(identifier)}-{escape(row[0])}"' if grid.identified else ""
        rows.append(f"<tr{name}>{cells}</tr>")
    body, names = "\n".join(rows), "data identified" if grid.identified else "data"
    return (
        f'<table class="{names}" aria-labelledby="{escape(labelled_by)}">\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table>"
    )
