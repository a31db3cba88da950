"""The tables as data packages of their own: a ``datapackage.json`` beside them says what each column holds."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from compendium.data.study import Study
from compendium.files import sha256, write_json
from compendium.publishing.tables import cell_text, read_header, safe_cell

TABLES, FIGURES = "report/tables", "figures"
FOLDERS = {TABLES: ("tables", "Tables"), FIGURES: ("figures", "Data of the figures")}
"""Folders with CSV files: end of the package's name, and begin of its title."""
DESCRIPTOR = "datapackage.json"
DIALECT = {"delimiter": ",", "lineTerminator": "\n", "quoteChar": '"', "doubleQuote": True, "skipInitialSpace": False}
_NOTE = (
    "An empty cell is a missing value. A text that a spreadsheet would take for a formula has an apostrophe before it. "
    "Numbers have at most four decimals."
)


def fields_of(frame: pd.DataFrame) -> list[dict[str, str]]:
    """Name and type each column as its cells are written, not as its dtype promises.

    Parameters
    ----------
    frame
        As given to :meth:`compendium.publishing.publish.StageRun.table`.

    Returns
    -------
    list of dict
        ``name`` as in the file's header, and ``type``: one of Table Schema's ``boolean``, ``integer``, ``number`` and
        ``string`` (Frictionless Data, Table Schema 1.0). A column that mixes kinds, and one without a value, is
        ``string``.
    """
    header = [safe_cell(str(column)) for column in frame.columns]
    kinds = [column_type(frame.iloc[:, place].tolist()) for place in range(len(header))]
    return [{"name": name, "type": kind} for name, kind in zip(header, kinds, strict=True)]


def column_type(values: list[Any]) -> str:
    """Return the narrowest type of Table Schema that holds all values; missing ones do not count."""
    kinds = {_kind(value) for value in values if cell_text(value) != ""}
    if kinds == {"integer", "number"}:
        return "number"
    return kinds.pop() if len(kinds) == 1 else "string"


def _kind(value: Any) -> str:
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, bool):
        return "boolean"
    if isinstance(plain, int):
        return "integer"
    finite = isinstance(plain, float) and abs(plain) != float("inf")
    return "number" if finite else "string"


def write_package(study: Study, out: Path, entries: list[dict[str, Any]]) -> list[str]:
    """Write the descriptors of all CSV files that the manifest lists: one for the tables, one for the figures' data.

    A data package names only files below its own folder, and at least one (Frictionless Data, Data Package 1.0).

    Parameters
    ----------
    study
        Whose licences, sources and contributors hold for the tables too.
    out
        Output folder.
    entries
        See :func:`compendium.publishing.manifest.joined`.

    Returns
    -------
    list of str
        Paths of what was written, relative to `out`.
    """
    written = []
    for folder, (suffix, title) in FOLDERS.items():
        descriptor = f"{folder}/{DESCRIPTOR}"
        resources = [_resource(out, folder, name, entry) for name, entry in csv_files(entries, folder)]
        if resources:
            about = {"name": f"{_name(study)}-{suffix}", "title": f"{title}: {study.title}"}
            write_json(out / descriptor, _package(study, about, resources))
            written.append(descriptor)
        else:
            (out / descriptor).unlink(missing_ok=True)
    return written


def _name(study: Study) -> str:
    """Name of a study in the characters that a data package allows."""
    return re.sub(r"[^a-z0-9._-]+", "-", str(study.package.get("name") or "study").lower())


def _package(study: Study, about: dict[str, str], resources: list[dict[str, Any]]) -> dict[str, Any]:
    wanted = ("version", "licenses", "sources", "contributors")
    inherited: dict[str, Any] = {name: study.package[name] for name in wanted if name in study.package}
    return {"profile": "data-package", **about, "description": _NOTE, **inherited, "resources": resources}


def csv_files(entries: list[dict[str, Any]], folder: str) -> list[tuple[str, dict[str, Any]]]:
    """CSV files of artefacts that lie in a folder, each with its entry of the manifest."""
    found = [(name, entry) for entry in entries for name in entry["files"] if name.endswith(".csv")]
    return [(name, entry) for name, entry in found if name.startswith(f"{folder}/")]


def _resource(out: Path, folder: str, name: str, entry: dict[str, Any]) -> dict[str, Any]:
    path = out / name
    return {
        "name": PurePosixPath(name).stem.lower(),
        "type": "table",
        "path": PurePosixPath(name).relative_to(folder).as_posix(),
        "title": entry["title"],
        "description": entry["alt"],
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": path.stat().st_size,
        "hash": f"sha256:{sha256(path)}",
        "dialect": DIALECT,
        "schema": {"fields": fields_for(path, entry), "missingValues": [""]},
    }


def fields_for(path: Path, entry: dict[str, Any]) -> list[dict[str, str]]:
    """Columns of a table's file; all are text where the manifest does not say what they hold."""
    known = {field["name"]: field["type"] for field in entry.get("fields", [])}
    return [{"name": name, "type": known.get(name, "string")} for name in read_header(path)]
