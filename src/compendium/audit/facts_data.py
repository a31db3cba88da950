"""Facts that any table gives without code of its own: counts, sums and single cells.

==========================================  ============================================================
``data.<table>.rows``                       number of rows
``data.<table>.<column>.<value>``           rows with that value
``data.<table>.<column>.distinct``          number of different values; also ``sum``, ``min``, ``max``
``data.<table>.<column>.list``              the values, in the order of the table
``data.<table>.<row>.<column>``             one cell; a row is named by its key, parts joined by hyphens
``data.references.<key>.<field>``           a field of a bibliographic entry
==========================================  ============================================================

Values, columns and rows are named by their slugs (:func:`compendium.audit.facts.slug`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from compendium.audit.facts import Facts, UnknownName, pick, slug

REFERENCES = "references"


def _reported(column: pd.Series) -> pd.Series:
    return column[column.notna() & (column.astype(str) != "")]


AGGREGATES: dict[str, Callable[[pd.Series], Any]] = {
    "distinct": lambda column: int(_reported(column).nunique()),
    "sum": lambda column: column.sum(),
    "min": lambda column: column.min(),
    "max": lambda column: column.max(),
    "list": lambda column: [str(value) for value in _reported(column)],
}


def resolve(facts: Facts, parts: list[str]) -> Any:
    """Resolve what follows ``data.``; see the table above.

    Raises
    ------
    UnknownName
        No such table, row, column or value.
    """
    name, *rest = parts
    if name == REFERENCES:
        from compendium.audit.facts_references import cell

        return cell(facts, rest)
    frame = facts.table(name)
    if rest == ["rows"]:
        return len(frame)
    columns = {slug(column): str(column) for column in frame.columns}
    if len(rest) != len(("row or column", "column or value")):
        raise UnknownName([f"data.{name}.rows", *(f"data.{name}.{column}.list" for column in columns)])
    first, second = rest
    if first in columns:
        return _of_column(facts, name, columns[first], second)
    rows = facts.rows(name)
    if first not in rows:
        raise UnknownName(f"data.{name}.{known}.{second}" for known in [*rows, *columns])
    column = pick(frame.columns, second, f"data.{name}.{first}")
    return frame[column].iat[rows[first]]


def _of_column(facts: Facts, name: str, column: str, wanted: str) -> Any:
    values = facts.table(name)[column]
    if wanted in AGGREGATES:
        return AGGREGATES[wanted](values)
    written = facts.written(name, column)
    if wanted not in written:
        pick([*written, *map(slug, _allowed(facts, name, column)), *AGGREGATES], wanted, f"data.{name}.{slug(column)}")
    return written[wanted]


def _allowed(facts: Facts, name: str, column: str) -> list[str]:
    """Values that the schema lets stand in a column, so that none of them is a count of nothing and not an error."""
    schema = facts.study.resources[name]["schema"]
    field = next(field for field in schema["fields"] if field["name"] == column)
    values = [str(value) for value in field.get("constraints", {}).get("enum", [])]
    for key in schema.get("foreignKeys", []):
        target = key["reference"]
        if key["fields"] in (column, [column]) and target["resource"] in facts.study:
            fields = target["fields"]
            values += map(str, facts.table(target["resource"])[fields if isinstance(fields, str) else fields[0]])
    return values
