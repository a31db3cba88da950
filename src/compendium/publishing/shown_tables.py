"""Tables as a notebook shows them, read back: what every form of the report sets them from."""

from __future__ import annotations

from functools import lru_cache
from html.parser import HTMLParser
from typing import NamedTuple

NUMBER = "number"
_CELLS = ("th", "td")


class ShownTable(NamedTuple):
    """A table as text: headings, which columns hold numbers, and the cells of each row; shared, not to be changed."""

    headings: list[str]
    numeric: list[bool]
    rows: list[list[str]]


class _Reader(HTMLParser):
    """Reads the texts of the cells; everything else in the markup is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.rows: list[list[str]] = []
        self.numeric: list[list[bool]] = []
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
            self.numeric.append([])
        elif tag in _CELLS:
            self._cell = []
            if tag == "td":
                self.numeric[-1].append(NUMBER in (dict(attrs).get("class") or "").split())

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in _CELLS and self._cell is not None:
            (self.rows[-1] if tag == "td" else self.headings).append("".join(self._cell))
            self._cell = None


@lru_cache(maxsize=256)
def read_shown(markup: str) -> ShownTable:
    """Read a table that :func:`compendium.publishing.markup.table_html` wrote; once, however many forms ask for it."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    rows = [row for row in reader.rows if row]
    flags = [flags for flags in reader.numeric if flags]
    width = max([len(reader.headings), *map(len, rows)])
    headings = reader.headings + [""] * (width - len(reader.headings))
    numeric = [any(row[column] for row in flags if column < len(row)) for column in range(width)]
    return ShownTable(headings, numeric, rows)
