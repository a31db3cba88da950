"""Tables on paper: which are printed, how wide their columns are, and what is said of those that are not printed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from compendium.printing.fonts import advances
from compendium.publishing.shown_tables import read_shown

LONGEST, HIGHEST = 36, 340.0
"""Rows, and millimetres, up to which a supplementary table is printed; published ones are, however long."""
ONE_PAGE, SHORT = 240.0, 14.0
"""Millimetres: a supplementary table higher than a page is printed only where its rows are short, the mean of them."""
TEXT_WIDTH, TURNED_WIDTH = 166.0, 247.0
"""Millimetres of text on an A4 page, upright and turned."""
SIZE, PADDING = 8 * 25.4 / 72, 3.2
"""Millimetres: size of the type in tables, and the padding of a cell."""
UNKNOWN, SAFE, BOLD = 1.0, 1.02, 1.08
"""Sizes of the type: width of a letter that the face lacks. Factors: for kerning and the like, and of bold letters."""
LONGEST_WORD = 32.0
"""Millimetres from which on a word (an address, most often) may be broken."""
LINE, GAP, WHOLE = 3.5, 2.4, 80.0
"""Millimetres: height of a line, what a row has above and below, and height up to which it is kept on one page."""
LEAST, STEP = 9.0, 2.0
"""Millimetres: of the narrowest column, and that a column is widened by at a time."""
MOST_VALUES, LONGEST_VALUE, MOST_COLUMNS = 8, 32, 3
"""A column whose few short values can be counted, and how many such columns are."""


@dataclass(frozen=True)
class Grid:
    """A table as texts.

    Attributes
    ----------
    columns
        Names of the columns, as in the table's file.
    heads
        Their headings.
    rows
        Texts of the cells.
    numeric
        Which columns hold numbers.
    """

    columns: list[str]
    heads: list[str]
    rows: list[list[str]]
    numeric: list[bool]


@dataclass(frozen=True)
class Fit:
    """How a table lies on a page.

    Attributes
    ----------
    widths
        Width of each column in millimetres.
    turned
        Whether the page is turned.
    whole_rows, whole
        Whether its rows, or all of it, can be kept on one page.
    """

    widths: list[float]
    turned: bool
    whole_rows: bool
    whole: bool


def read_grid(markup: str, entry: dict[str, Any]) -> Grid:
    """Read a table as a notebook shows it (see :func:`compendium.publishing.markup.table_html`).

    Parameters
    ----------
    markup
        HTML of the table.
    entry
        What the manifest says of it; ``fields`` names the columns, otherwise their headings do.
    """
    heads, numeric, rows = read_shown(markup)
    names = [str(field["name"]) for field in entry.get("fields", [])]
    columns = names if len(names) == len(heads) else [head.lower().replace(" ", "_") for head in heads]
    full = [[*row, *[""] * (len(heads) - len(row))] for row in rows]
    return Grid(columns, heads, full, numeric)


def fit(grid: Grid) -> Fit | None:
    """Lay out a table: as wide as it wants to be, else as the page allows; ``None`` where even a turned page is small.

    Every column gets what its longest word needs; what is left goes bit by bit to the column that makes most rows high.
    """
    least, wished = [], []
    for head, *cells in zip(grid.heads, *grid.rows, strict=True):
        words = [BOLD * width_of(word) for word in head.split()] + [width_of(w) for cell in cells for w in cell.split()]
        least.append(max(LEAST, min(max(words, default=0.0), LONGEST_WORD) + PADDING))
        wished.append(max(least[-1], PADDING + max([BOLD * width_of(head), *map(width_of, cells)])))
    if sum(wished) <= TEXT_WIDTH:
        return _laid(grid, wished, False)
    for room in (TEXT_WIDTH, TURNED_WIDTH):
        if sum(least) <= room:
            made = _laid(grid, _shared_out(grid, least, wished, room), room > TEXT_WIDTH)
            if made.whole_rows or room > TEXT_WIDTH:
                return made
    return None


def _laid(grid: Grid, widths: list[float], turned: bool) -> Fit:
    rows = heights(grid, widths)
    return Fit(widths, turned, max(rows, default=0) <= WHOLE, sum(rows) <= WHOLE)


def _shared_out(grid: Grid, least: list[float], wished: list[float], room: float) -> list[float]:
    """Widen columns step by step, each time the one by which the table loses most height."""
    widths = list(least)
    areas = [[width_of(text) for text in row] for row in grid.rows]
    for _ in range(int((room - sum(least)) / STEP)):
        gain = [0.0] * len(widths)
        for row in areas:
            high, column = max((area / (width - PADDING), n) for n, (area, width) in enumerate(zip(row, widths)))  # noqa: B905
            gain[column] += high / (widths[column] - PADDING)
        wanting = [column for column, wish in enumerate(wished) if widths[column] < wish]
        widths[max(wanting or range(len(widths)), key=lambda column: gain[column])] += STEP
    return widths


def squeezed(grid: Grid) -> Fit:
    """Lay out a table that is too wide for any page and has to be printed: on a turned page, words broken."""
    return Fit([TURNED_WIDTH / len(grid.heads)] * len(grid.heads), True, False, False)


def heights(grid: Grid, widths: list[float]) -> list[float]:
    """Heights of the rows in millimetres, as far as they can be told without setting them."""
    lines = (max(_lines(text, width) for text, width in zip(row, widths, strict=True)) for row in grid.rows)
    return [number * LINE + GAP for number in lines]


def _lines(text: str, width: float) -> int:
    return math.ceil(width_of(text) / max(width - PADDING, SIZE)) or 1


@cache
def width_of(text: str) -> float:
    """Width of a text in a table, in millimetres, set in one line."""
    known = advances()
    return SAFE * SIZE * sum(known.get(letter, UNKNOWN) for letter in text)


def is_printed(grid: Grid, entry: dict[str, Any]) -> bool:
    """Whether a table is printed in full: it stands in the published report, or is short and narrow enough."""
    if not grid.heads or entry["published"]:
        return bool(grid.heads)
    place = fit(grid) if len(grid.rows) <= LONGEST else None
    if place is None:
        return False
    high = sum(heights(grid, place.widths))
    return high <= ONE_PAGE or (high <= HIGHEST and high <= SHORT * len(grid.rows))


def counts(grid: Grid) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Count the values of columns with few short ones, unless all are as frequent: heading, and values with numbers."""
    found = 0
    for number, head in enumerate(grid.heads):
        values = Counter(row[number] for row in grid.rows)
        short = all(len(value) <= LONGEST_VALUE for value in values)
        telling = len(set(values.values())) > 1 and len(values) <= MOST_VALUES
        if grid.numeric[number] or not short or not telling or found == MOST_COLUMNS:
            continue
        found += 1
        yield head, sorted(values.items(), key=lambda pair: (-pair[1], pair[0]))


def most_severe(grid: Grid, severities: tuple[str, ...]) -> list[dict[str, str]]:
    """Rows of the highest degree, by column name; none where the table has no column ``severity``."""
    if "severity" not in grid.columns:
        return []
    rows = [dict(zip(grid.columns, row, strict=True)) for row in grid.rows]
    return [row for row in rows if row["severity"] == severities[0]]
