"""Check one table against its schema: header, rows, types, constraints, identifiers, keys into other tables.

The rules are those of Table Schema (Walsh & Pollock 2021); the data package's own tool, frictionless, is the judge
of this module in the tests. Here every message can name the line of the file and what is allowed, in milliseconds.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from compendium.data.descriptor import TYPES, as_list
from compendium.errors import Problem

ALLOWED_SHOWN = 12
_LARGEST = 2**63 - 1


@dataclass
class Row:
    """A row of a file: the line it starts on, and its cells by column."""

    line: int
    cells: dict[str, str]


@dataclass
class Table:
    """A file that could be read as a table.

    Parameters
    ----------
    name, path
        Name of the resource, and its path relative to the study folder.
    schema
        Its table schema.
    header
        Columns as the file has them.
    rows
        Rows that have as many cells as the header.
    problems
        What was wrong with the header or with the shape of a row.
    """

    name: str
    path: str
    schema: dict[str, Any]
    header: list[str]
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @cached_property
    def fields(self) -> dict[str, dict[str, Any]]:
        """Fields of the schema by name."""
        return {f["name"]: f for f in self.schema["fields"]}

    def problem(self, row: int | None, column: str, value: str | None, reason: str, allowed: str) -> Problem:
        """Make a problem of this table."""
        return Problem(self.path, row, column, value, reason, allowed)

    def has(self, columns: list[str]) -> bool:
        """Whether the file has all these columns."""
        return set(columns) <= set(self.header)

    def keys(self, columns: list[str]) -> Iterator[tuple[Row, tuple[str, ...]]]:
        """Rows with their cells in some columns."""
        for row in self.rows:
            yield row, tuple(row.cells[column] for column in columns)


def read_table(name: str, path: str, text: str, schema: dict[str, Any]) -> Table | Problem:
    """Read the text of a CSV file; a problem where it is no CSV file at all."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            records.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        allowed = "comma-separated values with each quote closed and lines that end in LF"
        return Problem(path, line, reason=f"is not CSV from here on ({error})", allowed=allowed)
    header = records[0][1]
    wanted = [f["name"] for f in schema["fields"]]
    table = Table(name, path, schema, header, problems=list(_check_header(path, header, wanted)))
    for line, cells in records[1:]:
        if len(cells) == len(header):
            table.rows.append(Row(line, dict(zip(header, cells, strict=True))))
        elif header == wanted:  # otherwise the header is what is wrong
            reason = f"has {len(cells)} cells" if cells else "the row is empty"
            table.problems.append(Problem(path, line, reason=reason, allowed=f"{len(header)} cells, one per column"))
    return table


def _check_header(path: str, header: list[str], wanted: list[str]) -> Iterator[Problem]:
    allowed = ", ".join(wanted)
    found = [Problem(path, 1, name, None, "missing column", allowed) for name in wanted if name not in header]
    found += [Problem(path, 1, name, None, "unknown column", allowed) for name in header if name not in wanted]
    twice = {name for name in header if header.count(name) > 1}
    found += [Problem(path, 1, name, None, "the column stands twice", allowed) for name in sorted(twice)]
    if not found and header != wanted:
        found = [Problem(path, 1, reason="columns stand in another order", allowed=allowed)]
    yield from found


def check_table(table: Table) -> Iterator[Problem]:
    """Check the cells of a table and its identifiers."""
    yield from table.problems
    key = as_list(table.schema.get("primaryKey", []))
    for column, described in table.fields.items():
        if column in table.header:
            yield from _check_column(table, column, described, column in key)
    uniques = [[c] for c, f in table.fields.items() if f.get("constraints", {}).get("unique") and [c] != key]
    for columns in [key, *uniques]:
        if columns and table.has(columns):
            yield from _check_repeats(table, columns)


def _check_column(table: Table, column: str, described: dict[str, Any], is_key: bool) -> Iterator[Problem]:
    required = is_key or described.get("constraints", {}).get("required", False)
    reasons = {"": "value is missing" if required else ""}
    for row in table.rows:
        cell = row.cells[column]
        if cell not in reasons:
            reasons[cell] = fault(cell, described)
        if reason := reasons[cell]:
            yield table.problem(row.line, column, cell, reason, allowed_values(described, required))


def fault(cell: str, described: dict[str, Any]) -> str:
    """Say what is wrong with a cell that is not empty; nothing where it fits its field."""
    value = _convert(cell, described.get("type", "string"))
    if value is None:
        return "wrong type"
    constraints = described.get("constraints", {})
    fits = (
        cell in [str(member) for member in constraints.get("enum", [cell])]
        and ("minimum" not in constraints or value >= constraints["minimum"])
        and ("maximum" not in constraints or value <= constraints["maximum"])
        and ("pattern" not in constraints or re.fullmatch(constraints["pattern"], cell))
    )
    return "" if fits else "value is not allowed"


def _convert(cell: str, kind: str) -> Any:
    """Turn a cell into a value that can be compared; ``None`` where it is not of its type."""
    try:
        if kind == "integer" and re.fullmatch(r"[+-]?[0-9]+", cell):
            return int(cell) if abs(int(cell)) <= _LARGEST else None
        if kind == "number" and re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", cell):
            return float(cell)
        if kind == "date" and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell):
            return datetime.date.fromisoformat(cell)
    except ValueError:
        return None
    if kind == "year" and re.fullmatch(r"[0-9]{4}", cell):
        return int(cell)
    if kind == "boolean":
        return {"true": True, "false": False}.get(cell)
    return cell if kind in ("string", "any") else None


def _check_repeats(table: Table, columns: list[str]) -> Iterator[Problem]:
    first: dict[tuple[str, ...], int] = {}
    for row, key in table.keys(columns):
        if not any(key):
            continue
        if key in first:
            reason = f"stands in row {first[key]} already"
            yield table.problem(row.line, ", ".join(columns), ", ".join(key), reason, "each one once")
        first.setdefault(key, row.line)


def check_foreign_keys(table: Table, others: dict[str, Table], faulty: set[tuple[int, str]]) -> Iterator[Problem]:
    """Check that cells that name rows of other tables name rows that exist.

    Parameters
    ----------
    table
        The table.
    others
        All tables that could be read, by name; keys into others are not followed.
    faulty
        Rows and columns that have a problem already, which is not told twice.
    """
    for key in as_list(table.schema.get("foreignKeys", [])):
        columns, reference = as_list(key["fields"]), key["reference"]
        target, wanted = others.get(reference["resource"] or table.name), as_list(reference["fields"])
        if target is None or not target.has(wanted) or not table.has(columns):
            continue
        known = dict.fromkeys(found for _, found in target.keys(wanted) if any(found))
        for row, cells in table.keys(columns):
            if any(cells) and cells not in known and not any((row.line, c) in faulty for c in columns):
                reason, allowed = f"no such row in {target.path}", listed([", ".join(k) for k in known])
                yield table.problem(row.line, ", ".join(columns), ", ".join(cells), reason, allowed)


def allowed_values(described: dict[str, Any], required: bool = False) -> str:
    """Say what a field allows."""
    constraints = described.get("constraints", {})
    if "enum" in constraints:
        return listed([str(value) for value in constraints["enum"]])
    parts = [TYPES[described.get("type", "string")]]
    parts += [f"at least {constraints['minimum']}"] if "minimum" in constraints else []
    parts += [f"at most {constraints['maximum']}"] if "maximum" in constraints else []
    parts += [f"pattern {constraints['pattern']}"] if "pattern" in constraints else []
    parts += ["not empty"] if required else []
    return ", ".join(parts)


def listed(values: list[str]) -> str:
    """List values, a dozen at most, and say how many there are."""
    shown = ", ".join(values[:ALLOWED_SHOWN])
    return shown + (f", … ({len(values)} in all)" if len(values) > ALLOWED_SHOWN else "")
