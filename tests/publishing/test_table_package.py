"""The tables' data packages: what they say of a column is true of its file, judged by frictionless."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import frictionless
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.data.study import Study
from compendium.files import write_json
from compendium.publishing import table_package
from compendium.publishing.table_package import column_type, fields_of, write_package
from compendium.publishing.tables import write_csv

AWKWARD = pd.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "formula": ["=1+1", "+44 20", "@SUM(A1)", "'=kept"],
        "lines": ["one\ntwo", "CR\rLF\r\nend", 'say "so", then', "tab\there"],
        "whole": pd.array([1, None, -3, 40], dtype="Int64"),
        "part": [0.5, float("nan"), -1e-7, 1e6],
        "flag": [True, False, True, False],
        "scale": [1, "?", 3, 4],
        "endless": [1.0, float("inf"), 2.0, None],
        "nothing": [None, None, "", float("nan")],
        "words": ["NA", "null", "true", "Ünïcode — “quotes”"],
        "=column": ["007", "1e5", "2020-01-01", "  spaces  "],
    }
)


def entry(name: str, frame: pd.DataFrame, folder: str = "report/tables", **more: Any) -> dict[str, Any]:
    about = {"id": name, "title": f"Title of {name}", "alt": "What it shows", "notebook": "01.ipynb"}
    return {**about, "files": {f"{folder}/{name}.csv": "0"}, "fields": fields_of(frame), **more}


def written(out: Path, study: Study, frames: dict[str, pd.DataFrame], folder: str = "report/tables") -> dict[str, Any]:
    for name, frame in frames.items():
        write_csv(out / folder / f"{name}.csv", frame)
    entries = [entry(name, frame, folder) for name, frame in frames.items()]
    assert write_package(study, out, entries) == [f"{folder}/datapackage.json"]
    return dict(json.loads((out / folder / "datapackage.json").read_text(encoding="utf-8")))


def types(package: dict[str, Any]) -> dict[str, str]:
    return {field["name"]: field["type"] for field in package["resources"][0]["schema"]["fields"]}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None, 3], "integer"),
        ([np.int64(1), pd.NA], "integer"),
        ([1, 2.5], "number"),
        ([np.float64(2), float("nan")], "number"),
        ([True, None], "boolean"),
        ([np.bool_(False)], "boolean"),
        ([True, 1], "string"),
        ([1, "?"], "string"),
        (["1", "2"], "string"),
        ([1.0, float("inf")], "string"),
        ([pd.Timestamp("2020-04-01")], "string"),
        ([None, ""], "string"),
        ([], "string"),
    ],
)
def test_a_column_has_the_narrowest_type_that_all_its_values_have(values: list[Any], kind: str) -> None:
    assert column_type(values) == kind


def test_awkward_data_are_valid_and_typed_as_they_are(tmp_path: Path, study: Study) -> None:
    package = written(tmp_path, study, {"s-awkward": AWKWARD, "s-empty": AWKWARD.iloc[:0]})
    kinds = {"whole": "integer", "part": "number", "flag": "boolean"}
    assert types(package) == {name: kinds.get(name, "string") for name in (*AWKWARD.columns[:-1], "'=column")}
    found = frictionless.validate(str(tmp_path / "report" / "tables" / "datapackage.json"))
    assert found.valid, found.flatten(["title", "rowNumber", "fieldName", "note"])
    with frictionless.Resource(package["resources"][0], basepath=str(tmp_path / "report" / "tables")) as table:
        rows = [row.to_dict() for row in table.row_stream]
    assert [row["whole"] for row in rows] == [1, None, -3, 40]
    assert [row["lines"] for row in rows] == ["one\ntwo", "CR\nLF\nend", 'say "so", then', "tab\there"]
    assert [row["words"] for row in rows] == AWKWARD["words"].tolist()
    assert rows[3]["'=column"] == "  spaces  "


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(exclude_categories=["Cs", "Cc"]))
)


@given(st.lists(st.tuples(st.just("id"), CELLS, CELLS), max_size=6))
def test_any_table_keeps_its_schema(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]) -> None:
    out = tmp_path_factory.mktemp("package")
    write_json(out / "study" / "datapackage.json", {"name": "s", "resources": [RESOURCE]})
    frame = pd.DataFrame(rows, columns=["id", "a", "b"], dtype=object)
    written(out, Study(out / "study"), {"t": frame})
    found = frictionless.validate(str(out / "report" / "tables" / "datapackage.json"))
    assert found.valid, found.flatten(["title", "rowNumber", "fieldName", "note"])


FILE = b"a\n1\n"
RESOURCE = {"name": "t", "path": "t.csv", "schema": {"fields": [{"name": "a", "type": "string"}]}}


def test_a_schema_that_is_not_true_is_found_out(tmp_path: Path, study: Study) -> None:
    """Guards the tests above: frictionless does read types, sizes and hashes."""
    package = written(tmp_path, study, {"t": AWKWARD})
    package["resources"][0]["schema"]["fields"][1]["type"] = "integer"
    package["resources"][0]["bytes"] += 1
    write_json(tmp_path / "report" / "tables" / "datapackage.json", package)
    found = frictionless.validate(str(tmp_path / "report" / "tables" / "datapackage.json"))
    assert {"type-error", "byte-count"} <= {error.type for task in found.tasks for error in task.errors}


def test_a_resource_says_where_it_comes_from(tmp_path: Path, study: Study) -> None:
    package = written(tmp_path, study, {"Table-1": pd.DataFrame({"a": [1]})})
    resource = package["resources"][0]
    assert (resource["name"], resource["path"], resource["bytes"]) == ("table-1", "Table-1.csv", 4)
    assert resource["hash"] == f"sha256:{hashlib.sha256(FILE).hexdigest()}"
    assert (resource["title"], resource["description"]) == ("Title of Table-1", "What it shows")
    assert package["licenses"] == study.package["licenses"]
    assert package["sources"] == study.package["sources"]


def test_data_of_figures_have_a_package_in_their_own_folder(tmp_path: Path, study: Study) -> None:
    package = written(tmp_path, study, {"figure-1": pd.DataFrame({"n": [0.5]})}, "figures")
    assert package["name"].endswith("-figures")
    assert frictionless.validate(str(tmp_path / "figures" / "datapackage.json")).valid


def test_what_the_manifest_does_not_type_is_text(tmp_path: Path, study: Study) -> None:
    """The manifest of an earlier release names no columns."""
    write_csv(tmp_path / "report" / "tables" / "t.csv", pd.DataFrame({"n": [1]}))
    write_package(study, tmp_path, [entry("t", AWKWARD, fields=[])])
    package = json.loads((tmp_path / "report" / "tables" / "datapackage.json").read_text(encoding="utf-8"))
    assert types(package) == {"n": "string"}


def test_publishing_a_table_records_what_its_columns_hold(tmp_path: Path) -> None:
    from compendium.publishing import manifest
    from compendium.publishing.publish import StageRun

    run = StageRun("search", out=str(tmp_path))
    run.table("t", pd.DataFrame({"n": [1, 2], "share": [0.5, None]}), "T", "A")
    run.results({})
    recorded = manifest.joined(tmp_path)[0]["fields"]
    assert recorded == [{"name": "n", "type": "integer"}, {"name": "share", "type": "number"}]


def test_no_table_no_package(tmp_path: Path, study: Study) -> None:
    written(tmp_path, study, {"t": pd.DataFrame({"a": [1]})})
    assert write_package(study, tmp_path, []) == []
    assert not (tmp_path / "report" / "tables" / "datapackage.json").exists()


def test_study_without_a_name_a_data_package_allows(tmp_path: Path) -> None:
    write_json(tmp_path / "s" / "datapackage.json", {"name": "Our Review (2020)", "resources": [RESOURCE]})
    package = written(tmp_path, Study(tmp_path / "s"), {"t": pd.DataFrame({"a": [1]})})
    assert package["name"] == "our-review-2020--tables"
    assert "licenses" not in package
    assert frictionless.validate(str(tmp_path / "report" / "tables" / "datapackage.json")).valid


SCRIPT = """
import sys
from pathlib import Path
import pandas as pd
from compendium.data.study import Study
from compendium.publishing import table_package, workbook
from compendium.publishing.tables import write_csv
out = Path(sys.argv[1])
frame = pd.DataFrame({"a": ["x", "=y"], "n": [1, 2.5]})
write_csv(out / "report" / "tables" / "t.csv", frame)
entry = {"id": "t", "title": "T", "alt": "A", "notebook": "n", "files": {"report/tables/t.csv": "0"}}
entry["fields"] = table_package.fields_of(frame)
table_package.write_package(Study(), out, [entry])
workbook.write_workbook(Study(), out, [entry])
"""


def test_the_bytes_depend_on_neither_hash_seed_nor_time_zone_nor_folder(tmp_path: Path) -> None:
    """Of both the package and the workbook."""
    found = set()
    for seed, zone in (("0", "UTC"), ("1", "Pacific/Kiritimati")):
        out = tmp_path / f"out {seed}"
        known = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(SOURCE)}
        subprocess.run([sys.executable, "-c", SCRIPT, str(out)], env=known, check=True)
        found.add(tuple((out / name).read_bytes() for name in ("report/tables/datapackage.json", "report/tables.xlsx")))
    assert len(found) == 1


SOURCE = Path(table_package.__file__).parents[2]
