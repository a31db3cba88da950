"""What the tests share: the bundled study, a copy of it that a test may break, and small invented studies."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from compendium.data.study import Study
from compendium.paths import BUNDLED_STUDY

Rows = list[dict[str, Any]]

# A slow machine is no fault, two runs try the same examples, and nothing is written into the repository.
settings.register_profile("compendium", deadline=None, derandomize=True, database=None)
settings.load_profile("compendium")


@pytest.fixture(scope="session")
def study() -> Study:
    """The bundled study; nothing may be written into it."""
    return Study(BUNDLED_STUDY)


@pytest.fixture
def copy_of_study(tmp_path: Path) -> Path:
    """A folder with the bundled study's data, to break; derived results are left out."""
    folder = tmp_path / "study"
    shutil.copytree(BUNDLED_STUDY, folder, ignore=shutil.ignore_patterns("derived"))
    return folder


@pytest.fixture
def build_study(tmp_path: Path) -> Callable[..., Study]:
    """Make a small study from rows: ``build_study({"screening-flow": [{"stage_id": "a", "count": 3}]})``.

    Columns are those of the first row of a table; a column whose values are all whole numbers or ``None`` is an
    integer, everything else is text.
    """

    def build(tables: dict[str, Rows], bibliography: str = "") -> Study:
        folder = tmp_path / "invented"
        folder.mkdir(exist_ok=True)
        resources = [_write_table(folder, name, rows) for name, rows in tables.items()]
        descriptor = {"name": "invented", "resources": resources}
        (folder / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
        (folder / "references.bib").write_text(bibliography, encoding="utf-8")
        return Study(folder)

    return build


def _write_table(folder: Path, name: str, rows: Rows) -> dict[str, Any]:
    columns = list(rows[0])
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: "" if value is None else value for key, value in row.items()} for row in rows)
    fields = [{"name": column, "type": _type([row[column] for row in rows])} for column in columns]
    return {"name": name, "path": f"{name}.csv", "schema": {"fields": fields, "primaryKey": columns[:1]}}


def _type(values: list[Any]) -> str:
    return "integer" if all(value is None or isinstance(value, int) for value in values) else "string"
