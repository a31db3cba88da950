"""Check that a ``datapackage.json`` says what a study needs to be read: the part of the Table Schema that is used."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from compendium.errors import Problem

PACKAGE_FILE = "datapackage.json"
TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "date": "a date as YYYY-MM-DD",
    "year": "a year",
    "boolean": "true or false",
    "any": "anything",
}
"""Field types of Table Schema that a study may use, and how a message puts them."""


def check_descriptor(package: Any) -> list[Problem]:
    """Check the descriptor of a study.

    Parameters
    ----------
    package
        The content of ``datapackage.json``.

    Returns
    -------
    list of Problem
        Empty when every table can be looked for and every key followed.
    """
    resources = package.get("resources") if isinstance(package, dict) else None
    if not isinstance(resources, list) or not resources:
        return [_problem("resources", "is not a data package", "a list of resources, each with a name and a path")]
    problems = [
        p for number, resource in enumerate(resources) for p in _check_resource(f"resources[{number}]", resource)
    ]
    if problems:
        return problems
    names = Counter(resource["name"] for resource in resources)
    twice = [_problem("name", "stands twice", "each name once", name) for name, n in names.items() if n > 1]
    if twice:
        return twice
    tables = {resource["name"]: resource["schema"] for resource in resources if "schema" in resource}
    if not tables:
        return [_problem("resources", "no resource has a schema", "at least one table with its schema")]
    return [p for name, schema in tables.items() for p in _check_references(name, schema, tables)]


def as_list(names: Any) -> list[Any]:
    """Read what the standard allows as one name or a list of names."""
    return list(names) if isinstance(names, list) else [names]


def _problem(field: str, reason: str, allowed: str = "", value: object = None) -> Problem:
    return Problem(PACKAGE_FILE, None, field, None if value is None else str(value), reason, allowed)


def _check_resource(place: str, resource: Any) -> Iterator[Problem]:
    if not isinstance(resource, dict):
        yield _problem(place, "is not a resource", "an object with a name and a path", resource)
        return
    for key in ("name", "path"):
        value = resource.get(key)
        if not isinstance(value, str) or not value:
            reason = "is missing" if value is None else "is not text"
            label = f" of {resource['name']!r}" if key == "path" and isinstance(resource.get("name"), str) else ""
            yield _problem(f"{place}.{key}", f"{key}{label} {reason}", "text", value)
    if "schema" in resource:
        yield from _check_schema(f"{place}.schema", resource["schema"])


def _check_schema(place: str, schema: Any) -> Iterator[Problem]:
    fields = schema.get("fields") if isinstance(schema, dict) else None
    if not isinstance(fields, list) or not fields:
        yield _problem(f"{place}.fields", "is not a table schema", "an object with a list of fields")
        return
    for number, field in enumerate(fields):
        here = f"{place}.fields[{number}]"
        if not isinstance(field, dict) or not isinstance(field.get("name"), str) or not field["name"]:
            yield _problem(here, "is not a field", "an object with a name and a type", field)
        elif field.get("type", "string") not in TYPES:
            yield _problem(f"{here}.type", f"type of {field['name']!r} is not known", ", ".join(TYPES), field["type"])
        else:
            yield from _check_constraints(here, field)


def _check_constraints(place: str, field: dict[str, Any]) -> Iterator[Problem]:
    constraints = field.get("constraints", {})
    here = f"{place}.constraints"
    if not isinstance(constraints, dict):
        yield _problem(here, "is not a set of constraints", "an object", constraints)
        return
    if not isinstance(constraints.get("enum", []), list):
        yield _problem(f"{here}.enum", "is not a list", "a list of values", constraints["enum"])
    for limit in ("minimum", "maximum"):
        value = constraints.get(limit, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield _problem(f"{here}.{limit}", "is not a number", "a number", value)
    try:
        re.compile(constraints.get("pattern", ""))
    except (re.error, TypeError) as error:
        yield _problem(f"{here}.pattern", f"is not a pattern ({error})", "a regular expression", constraints["pattern"])


def _check_references(name: str, schema: dict[str, Any], tables: dict[str, Any]) -> Iterator[Problem]:
    """Check that keys and lists name columns and tables that exist."""
    columns = _columns(schema)
    for column, number in Counter(columns).items():
        if number > 1:
            yield _problem("fields", f"column stands twice in {name}", "each column once", column)
    yield from _unknown_columns(name, "primaryKey", as_list(schema.get("primaryKey", [])), columns)
    for key in as_list(schema.get("foreignKeys", [])):
        yield from _check_foreign_key(name, key, columns, schema, tables)
    for field in schema["fields"]:
        target = field.get("listOf")
        if target is not None and (target not in tables or len(as_list(tables[target].get("primaryKey", []))) != 1):
            yield _problem("listOf", f"no such table with an identifier, for {name}", ", ".join(tables), target)


def _check_foreign_key(
    name: str, key: Any, columns: list[str], schema: dict[str, Any], tables: dict[str, Any]
) -> Iterator[Problem]:
    reference = key.get("reference") if isinstance(key, dict) else None
    if not isinstance(reference, dict) or not {"fields"} <= set(key) or not {"resource", "fields"} <= set(reference):
        allowed = "an object with fields and a reference to the resource and fields of another table"
        yield _problem("foreignKeys", f"is not a foreign key, in {name}", allowed, key)
        return
    yield from _unknown_columns(name, "foreignKeys", as_list(key["fields"]), columns)
    target = reference["resource"]
    other = schema if target == "" else tables.get(target) if isinstance(target, str) else None
    if other is None:
        yield _problem("foreignKeys", f"no such table, for {name}", ", ".join(tables), target)
        return
    wanted = as_list(reference["fields"])
    yield from _unknown_columns(target or name, "foreignKeys", wanted, _columns(other))
    if len(wanted) != len(as_list(key["fields"])):
        yield _problem("foreignKeys", f"joins lists of different length, in {name}", "as many fields on both sides")


def _columns(schema: dict[str, Any]) -> list[str]:
    return [field["name"] for field in schema["fields"]]


def _unknown_columns(name: str, field: str, wanted: list[Any], columns: list[str]) -> Iterator[Problem]:
    for column in wanted:
        if column not in columns:
            yield _problem(field, f"no such column in {name}", ", ".join(columns), column)
