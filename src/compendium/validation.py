"""Check a study before anything is computed from it: every problem at once, each with its place.

The table schemas are checked by frictionless; what a schema cannot say (encoding, binary content, paths that
leave the folder, anonymity) is checked here.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from compendium.errors import InputError, Problem
from compendium.study import BIBLIOGRAPHY_FILE, PACKAGE_FILE, Study

ALLOWED_SHOWN = 12
_TYPES = {"integer": "a whole number", "number": "a number", "date": "a date as YYYY-MM-DD", "year": "a year"}
_HEADER_ERRORS = {"missing-label", "extra-label", "incorrect-label", "blank-label", "duplicate-label"}


def validate(folder: str | Path | None = None) -> list[Problem]:
    """Check a study's data package.

    Parameters
    ----------
    folder
        The study folder; the bundled study when ``None``.

    Returns
    -------
    list of Problem
        Sorted by file and row; empty when all is well.
    """
    try:
        study = Study(folder)
    except InputError as error:
        return error.problems
    unreadable = {name: problem for name in study.names for problem in [_check_file(study, name)] if problem}
    problems = list(unreadable.values())
    problems += _check_tables(study, skip=set(unreadable))
    problems += _check_bibliography(study)
    if not problems:
        problems += [p for check in CHECKS for p in check(study)]
    return sorted(set(problems), key=lambda p: (p.file, p.row or 0, p.field, p.reason))


def require_valid(folder: str | Path | None = None) -> Study:
    """Return the study, or raise :class:`InputError` with all its problems."""
    problems = validate(folder)
    if problems:
        raise InputError(problems)
    return Study(folder)


def _check_file(study: Study, name: str) -> Problem | None:
    """Say what makes a file unfit to be read as a table at all."""
    relative = str(study.resources[name]["path"])
    path = study.folder / relative
    if Path(relative).is_absolute() or not path.resolve().is_relative_to(study.folder):
        return Problem(PACKAGE_FILE, field="path", value=relative, reason=f"{name} lies outside the study folder")
    if not path.is_file():
        return Problem(relative, reason="the file is missing")
    content = path.read_bytes()
    if not content.strip():
        return Problem(relative, reason="the file is empty", allowed="a header row and rows of data")
    return _check_bytes(relative, content, study.resources[name]["schema"])


def _check_bytes(relative: str, content: bytes, schema: dict[str, Any]) -> Problem | None:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{content[error.start]:02x}"
        return Problem(relative, row=row, value=byte, reason="is not UTF-8", allowed="UTF-8 text")
    for row, line in enumerate(text.split("\n"), start=1):
        control = next((c for c in line if ord(c) < ord(" ") and c not in "\t\r"), None)
        if control:
            return Problem(relative, row=row, value=control, reason="holds binary content", allowed="text")
    if text.startswith("\ufeff"):
        return Problem(relative, row=1, reason="starts with a byte-order mark", allowed="UTF-8 without one")
    return _check_csv(relative, text, schema)


def _check_csv(relative: str, text: str, schema: dict[str, Any]) -> Problem | None:
    try:
        header = next(csv.reader(io.StringIO(text), strict=True))
        for _ in csv.reader(io.StringIO(text), strict=True):
            pass
    except csv.Error as error:
        return Problem(relative, reason=f"is not a CSV file ({error})", allowed="comma-separated values, RFC 4180")
    wanted = [field["name"] for field in schema["fields"]]
    if header == wanted:
        return None
    missing = [name for name in wanted if name not in header]
    extra = [name for name in header if name not in wanted]
    reason = f"missing column {', '.join(map(repr, missing))}" if missing else "columns differ from the schema"
    reason += f"; unknown column {', '.join(map(repr, extra))}" if extra else ""
    field = missing[0] if missing else extra[0] if extra else ""
    return Problem(relative, row=1, field=field, reason=reason, allowed=", ".join(wanted))


def _check_tables(study: Study, skip: set[str]) -> Iterator[Problem]:
    from frictionless import FrictionlessException, Package

    resources = [_without_broken_keys(r, skip) for name, r in study.resources.items() if name not in skip]
    if not resources:
        return
    descriptor = {"name": "study", "resources": resources}
    try:
        report = Package.from_descriptor(descriptor, basepath=str(study.folder)).validate(limit_errors=1000)
    except FrictionlessException as error:
        faults = list(error.reasons) or [error.error]
        yield from (Problem(PACKAGE_FILE, reason=fault.note) for fault in faults)
        return
    yield from (Problem(PACKAGE_FILE, reason=fault.note) for fault in report.errors)
    for task in report.tasks:
        yield from (_tell(study, task.name, fault.to_descriptor()) for fault in task.errors)


def _without_broken_keys(resource: dict[str, Any], skip: set[str]) -> dict[str, Any]:
    """Drop foreign keys into tables that cannot be read: their rows would all be reported."""
    copy: dict[str, Any] = json.loads(json.dumps(resource))
    copy["encoding"] = "utf-8"
    keys = copy["schema"].get("foreignKeys", [])
    copy["schema"]["foreignKeys"] = [k for k in keys if k["reference"]["resource"] not in skip]
    return copy


def _tell(study: Study, name: str, error: dict[str, Any]) -> Problem:
    """Put a frictionless error into our words."""
    resource = study.resources[name]
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    kind, column = error["type"], str(error.get("fieldName") or "")
    row, cell = error.get("rowNumber"), error.get("cell")
    reason, allowed = str(error.get("note", kind)), _allowed(fields.get(column, {}))
    if kind == "foreign-key":
        column = ", ".join(map(str, error["fieldNames"]))
        cell = ", ".join(map(str, error["fieldCells"]))
        reason, allowed = _foreign_key(study, resource, list(error["fieldNames"]))
    elif kind == "primary-key":
        column = ", ".join(study.primary_key(name))
        cells = dict(zip(fields, error.get("cells", []), strict=False))
        cell = ", ".join(str(cells.get(key, "")) for key in study.primary_key(name))
        reason, allowed = "the same identifier stands in an earlier row", "each identifier once"
    elif kind == "type-error":
        reason = "wrong type"
    elif kind == "constraint-error":
        reason = "value is missing" if cell in (None, "") else "value is not allowed"
    elif kind in _HEADER_ERRORS:
        reason, allowed = f"header: {reason}", ", ".join(fields)
    return Problem(str(resource["path"]), row, column, None if cell is None else str(cell), reason, allowed)


def _foreign_key(study: Study, resource: dict[str, Any], columns: list[str]) -> tuple[str, str]:
    key = next(k for k in resource["schema"]["foreignKeys"] if _as_list(k["fields"]) == columns)
    target = key["reference"]["resource"] or resource["name"]
    ids = study.table(target)[_as_list(key["reference"]["fields"])].astype(str).agg(", ".join, axis=1)
    return f"no such row in {study.resources[target]['path']}", _listed(list(ids))


def _as_list(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _allowed(field: dict[str, Any]) -> str:
    constraints = field.get("constraints", {})
    if "enum" in constraints:
        return _listed([str(value) for value in constraints["enum"]])
    parts = [_TYPES.get(field.get("type", ""), "text")] if field else []
    parts += [f"at least {constraints['minimum']}"] if "minimum" in constraints else []
    parts += [f"at most {constraints['maximum']}"] if "maximum" in constraints else []
    parts += [f"pattern {constraints['pattern']}"] if "pattern" in constraints else []
    parts += ["not empty"] if constraints.get("required") else []
    return ", ".join(parts)


def _listed(values: list[str]) -> str:
    shown = ", ".join(values[:ALLOWED_SHOWN])
    return shown + (f", … ({len(values)} in all)" if len(values) > ALLOWED_SHOWN else "")


def _check_bibliography(study: Study) -> list[Problem]:
    if not (study.folder / BIBLIOGRAPHY_FILE).exists():
        return []
    try:
        _ = study.bibliography
    except InputError as error:
        return error.problems
    return []


def _check_citation_keys(study: Study) -> Iterator[Problem]:
    """Columns named ``citation_key`` point into the bibliography."""
    for name, resource in study.resources.items():
        if not any(field["name"] == "citation_key" for field in resource["schema"]["fields"]):
            continue
        for row, key in enumerate(study.table(name)["citation_key"], start=2):
            if key and key not in study.bibliography:
                allowed = _listed(list(study.bibliography))
                yield Problem(str(resource["path"]), row, "citation_key", key, f"not in {BIBLIOGRAPHY_FILE}", allowed)


def _check_anonymity(study: Study) -> Iterator[Problem]:
    """No table may hold both an interviewee and an area or agency: that would tell who said what."""
    for resource in study.resources.values():
        columns = {field["name"] for field in resource["schema"]["fields"]}
        places = sorted(columns & {"area_id", "area", "agency_id", "agency"})
        if "interviewee_id" in columns and places:
            reason = "an interviewee must not be linked to an area or agency"
            yield Problem(str(resource["path"]), row=1, field=places[0], reason=reason, allowed="no such column")


def _check_list_columns(study: Study) -> Iterator[Problem]:
    """Cells that hold lists of identifiers (``"listOf"`` in the descriptor) name rows that exist."""
    for name, resource in study.resources.items():
        for field in resource["schema"]["fields"]:
            if "listOf" in field:
                yield from _check_list_column(study, name, field)


def _check_list_column(study: Study, name: str, field: dict[str, Any]) -> Iterator[Problem]:
    from compendium.study import split_list

    target = str(field["listOf"])
    if target not in study:
        yield Problem(PACKAGE_FILE, field="listOf", value=target, reason="no such table", allowed=_listed(study.names))
        return
    known = list(study.table(target)[study.primary_key(target)[0]])
    path = str(study.resources[name]["path"])
    for row, cell in enumerate(study.table(name)[field["name"]], start=2):
        for value in split_list(cell):
            if value not in known:
                where = f"no such row in {study.resources[target]['path']}"
                yield Problem(path, row, field["name"], value, where, _listed(known))


CHECKS: list[Callable[[Study], Iterator[Problem]]] = [_check_citation_keys, _check_anonymity, _check_list_columns]
"""Checks beyond the schema, run once all tables can be read; a stage module may add its own."""
