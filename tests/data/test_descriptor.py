"""Descriptors that cannot be followed: each fault told by its place in ``datapackage.json``."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from compendium.data.descriptor import check_descriptor

SOUND: dict[str, Any] = {
    "resources": [
        {
            "name": "people",
            "path": "people.csv",
            "schema": {
                "fields": [{"name": "person_id", "type": "string"}, {"name": "age", "type": "integer"}],
                "primaryKey": ["person_id"],
            },
        },
        {
            "name": "pets",
            "path": "pets.csv",
            "schema": {
                "fields": [{"name": "pet_id"}, {"name": "owner"}, {"name": "friends", "listOf": "people"}],
                "primaryKey": "pet_id",
                "foreignKeys": [
                    {"fields": "owner", "reference": {"resource": "people", "fields": "person_id"}},
                    {"fields": ["friends"], "reference": {"resource": "", "fields": ["pet_id"]}},
                ],
            },
        },
        {"name": "notes", "path": "notes.txt"},
    ]
}


def schema(package: dict[str, Any], number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = package["resources"][number]["schema"]
    return found


CASES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no resources": (lambda p: p.clear(), "field 'resources': is not a data package"),
    "resource is text": (lambda p: p["resources"].append("x"), "field 'resources[3]', value 'x': is not a resource"),
    "no name": (lambda p: p["resources"][0].pop("name"), "field 'resources[0].name': name is missing"),
    "name is a number": (
        lambda p: p["resources"][0].update(name=3),
        "field 'resources[0].name', value '3': name is not text",
    ),
    "list of paths": (
        lambda p: p["resources"][0].update(path=["a"]),
        "field 'resources[0].path', value \"['a']\": path of 'people' is not text",
    ),
    "name twice": (lambda p: p["resources"][2].update(name="pets"), "field 'name', value 'pets': stands twice"),
    "schema elsewhere": (
        lambda p: p["resources"][0].update(schema="s.json"),
        "field 'resources[0].schema.fields': is not a table schema",
    ),
    "no fields": (lambda p: schema(p).update(fields=[]), "field 'resources[0].schema.fields': is not a table schema"),
    "field without a name": (
        lambda p: schema(p)["fields"].append({"type": "string"}),
        "field 'resources[0].schema.fields[2]', value \"{'type': 'string'}\": is not a field",
    ),
    "unknown type": (
        lambda p: schema(p)["fields"][1].update(type="decimal"),
        "field 'resources[0].schema.fields[1].type', value 'decimal': type of 'age' is not known; allowed: string, ",
    ),
    "constraints are a list": (
        lambda p: schema(p)["fields"][1].update(constraints=[]),
        "field 'resources[0].schema.fields[1].constraints', value '[]': is not a set of constraints",
    ),
    "enum is text": (
        lambda p: schema(p)["fields"][1].update(constraints={"enum": "a"}),
        "field 'resources[0].schema.fields[1].constraints.enum', value 'a': is not a list",
    ),
    "minimum is text": (
        lambda p: schema(p)["fields"][1].update(constraints={"minimum": "1"}),
        "field 'resources[0].schema.fields[1].constraints.minimum', value '1': is not a number",
    ),
    "pattern is open": (
        lambda p: schema(p)["fields"][0].update(constraints={"pattern": "[a"}),
        "field 'resources[0].schema.fields[0].constraints.pattern', value '[a': is not a pattern (",
    ),
    "column twice": (
        lambda p: schema(p)["fields"].append({"name": "age"}),
        "field 'fields', value 'age': column stands twice in people",
    ),
    "key of no column": (
        lambda p: schema(p).update(primaryKey="id"),
        "field 'primaryKey', value 'id': no such column in people; allowed: person_id, age",
    ),
    "foreign key is text": (
        lambda p: schema(p).update(foreignKeys=["age"]),
        "field 'foreignKeys', value 'age': is not a foreign key, in people",
    ),
    "foreign key into no table": (
        lambda p: schema(p, 1)["foreignKeys"][0]["reference"].update(resource="persons"),
        "field 'foreignKeys', value 'persons': no such table, for pets; allowed: people, pets",
    ),
    "foreign key into no column": (
        lambda p: schema(p, 1)["foreignKeys"][0]["reference"].update(fields="id"),
        "field 'foreignKeys', value 'id': no such column in people",
    ),
    "foreign key of unequal length": (
        lambda p: schema(p, 1)["foreignKeys"][0]["reference"].update(fields=["person_id", "age"]),
        "field 'foreignKeys': joins lists of different length, in pets",
    ),
    "list of nothing": (
        lambda p: schema(p, 1)["fields"][2].update(listOf="enemies"),
        "field 'listOf', value 'enemies': no such table with an identifier, for pets",
    ),
    "no tables": (
        lambda p: [r.pop("schema", None) for r in p["resources"]],
        "field 'resources': no resource has a schema",
    ),
}


def test_sound_descriptor_has_no_problem() -> None:
    assert check_descriptor(SOUND) == []


@pytest.mark.parametrize("case", CASES)
def test_fault_names_its_place(case: str) -> None:
    package = copy.deepcopy(SOUND)
    change, line = CASES[case]
    change(package)
    found = [str(problem) for problem in check_descriptor(package)]
    assert len(found) == 1
    assert found[0].startswith(f"datapackage.json, {line}")


@pytest.mark.parametrize("package", [None, [], "text", 3, {"resources": {}}, {"resources": []}])
def test_what_is_no_package_at_all(package: Any) -> None:
    assert [p.field for p in check_descriptor(package)] == ["resources"]


def test_several_faults_are_told_at_once() -> None:
    package = copy.deepcopy(SOUND)
    package["resources"][0].pop("path")
    schema(package, 1)["fields"][0]["type"] = "thing"
    assert len(check_descriptor(package)) == 2
