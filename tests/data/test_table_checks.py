"""The checks of one table, with frictionless as the judge of what Table Schema says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compendium.data.table_checks import Table, allowed_values, check_table, fault, listed, read_table

FIELDS: list[dict[str, Any]] = [
    {"name": "id", "type": "string", "constraints": {"required": True, "pattern": "[a-z][0-9]?"}},
    {"name": "count", "type": "integer", "constraints": {"minimum": 1, "maximum": 9}},
    {"name": "kind", "type": "string", "constraints": {"enum": ["x", "y"]}},
]
SCHEMA: dict[str, Any] = {"fields": FIELDS, "primaryKey": ["id"]}


@pytest.mark.parametrize(
    ("cell", "described", "reason"),
    [
        ("12", {"type": "integer"}, ""),
        ("-3", {"type": "integer"}, ""),
        ("1.0", {"type": "integer"}, "wrong type"),
        ("1_000", {"type": "integer"}, "wrong type"),
        ("٣", {"type": "integer"}, "wrong type"),
        (" 3", {"type": "integer"}, "wrong type"),
        ("9223372036854775807", {"type": "integer"}, ""),
        ("9223372036854775808", {"type": "integer"}, "wrong type"),
        ("1e3", {"type": "number"}, ""),
        ("nan", {"type": "number"}, "wrong type"),
        ("2020-02-29", {"type": "date"}, ""),
        ("2021-02-29", {"type": "date"}, "wrong type"),
        ("29/02/2020", {"type": "date"}, "wrong type"),
        ("2020", {"type": "year"}, ""),
        ("20", {"type": "year"}, "wrong type"),
        ("true", {"type": "boolean"}, ""),
        ("maybe", {"type": "boolean"}, "wrong type"),
        ("anything", {"type": "any"}, ""),
        ("anything", {}, ""),
        ("ab", {"constraints": {"pattern": "a"}}, "value is not allowed"),
        ("3", {"type": "integer", "constraints": {"enum": [1, 2]}}, "value is not allowed"),
        ("2", {"type": "integer", "constraints": {"enum": [1, 2]}}, ""),
        ("10", {"type": "integer", "constraints": {"maximum": 9}}, "value is not allowed"),
        ("9", {"type": "integer", "constraints": {"maximum": 9}}, ""),
    ],
)
def test_fault_of_a_cell(cell: str, described: dict[str, Any], reason: str) -> None:
    assert fault(cell, described) == reason


def read(text: str, schema: dict[str, Any] = SCHEMA) -> Table:
    table = read_table("t", "t.csv", text, schema)
    assert isinstance(table, Table)
    return table


def test_allowed_is_put_in_words() -> None:
    assert allowed_values(FIELDS[1]) == "a whole number, at least 1, at most 9"
    assert allowed_values(FIELDS[0], required=True) == "text, pattern [a-z][0-9]?, not empty"
    assert listed([str(n) for n in range(14)]).endswith("10, 11, … (14 in all)")
    assert listed(["a", "b"]) == "a, b"


def test_unique_column_that_is_not_the_key() -> None:
    schema = {"fields": [FIELDS[0], {"name": "code", "constraints": {"unique": True}}], "primaryKey": "id"}
    found = list(check_table(read("id,code\na,1\nb,1\nc,\nd,\n", schema)))
    assert [(p.row, p.field, p.value) for p in found] == [(3, "code", "1")]


def test_column_twice_in_the_header() -> None:
    assert "the column stands twice" in str(next(check_table(read("id,count,kind,id\n"))))


CELLS = st.sampled_from(["", "a", "b", "b2", "Z", "1", "9", "10", "1.5", "x", "y", "q", "-1", "x,y"])
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_verdict_is_that_of_frictionless(rows: list[tuple[str, str, str]]) -> None:
    from frictionless import Resource, Schema

    lines = [",".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in rows]
    text = "id,count,kind\n" + "\n".join(lines) + "\n"
    if any(not any(row) for row in rows):
        return  # a row of empty cells is blank to frictionless, and a missing identifier here
    resource = Resource(data=text.encode(), format="csv", schema=Schema.from_descriptor(SCHEMA))
    errors = resource.validate().flatten(["rowNumber", "type"])
    assert {row for row, _ in errors} == {p.row for p in check_table(read(text))}
