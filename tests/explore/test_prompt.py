"""The library at the prompt: tables by name, help that answers, every published figure and table in one call."""

from __future__ import annotations

import json
import pydoc
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest

import compendium
from compendium.data.study import Study
from compendium.errors import InputError
from compendium.files import read_json
from compendium.paths import ROOT, STUDY_VARIABLE


def test_the_study_is_the_bundled_one_or_the_one_named(copy_of_study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert compendium.load().folder == ROOT / "data"
    assert compendium.load(copy_of_study).folder == copy_of_study
    monkeypatch.setenv(STUDY_VARIABLE, str(copy_of_study))
    assert compendium.load().folder == copy_of_study


def test_tables_are_attributes_that_the_prompt_completes(study: Study) -> None:
    assert {name.replace("-", "_") for name in study.names} <= set(dir(study))
    assert study.screening_flow.equals(study.table("screening-flow"))
    assert str(study.screening_flow["count"].dtype) == "Int64"


def test_a_table_that_is_not_there_suggests_the_nearest(study: Study) -> None:
    with pytest.raises(AttributeError, match="did you mean 'screening_flow'"):
        _ = study.screening_flows
    assert not hasattr(study, "_ipython_display_")


def test_help_answers(study: Study) -> None:
    text = pydoc.plain(pydoc.render_doc(study))
    assert "study.screening_flow" in text
    assert "with_tables" in text
    assert "woe_threshold" in pydoc.plain(pydoc.render_doc(compendium.figure))


def test_columns_are_described(study: Study) -> None:
    columns = study.describe("screening_flow").set_index("column")
    assert columns.loc["count", "type"] == "integer"
    assert columns.loc["phase", "allowed"].startswith("identification, ")
    assert (columns["description"] != "").any()
    with pytest.raises(InputError, match="did you mean 'screening-flow'"):
        study.describe("screening_flo")


def test_the_modules_names_are_completed() -> None:
    assert {"load", "catalogue", "figure", "table", "Study", "open_stage"} <= set(dir(compendium))
    with pytest.raises(AttributeError):
        _ = compendium.tabel


def test_the_catalogue_is_the_manifest_of_a_run(study: Study) -> None:
    manifest = read_json(ROOT / "report" / "manifest.json")["artefacts"]
    listed = compendium.catalogue(study)
    assert set(listed["id"]) == {entry["id"] for entry in manifest}
    titles = {entry["id"]: entry["title"] for entry in manifest}
    assert dict(zip(listed["id"], listed["title"], strict=True)) == titles


def test_every_published_thing_is_one_call(study: Study) -> None:
    for entry in compendium.catalogue(study).itertuples():
        made = getattr(compendium, entry.kind)(entry.id, study)
        assert isinstance(made, go.Figure if entry.kind == "figure" else pd.DataFrame), entry.id
        if entry.kind == "table":
            assert len(made), entry.id


def test_a_figure_is_the_published_one(study: Study) -> None:
    published = json.loads((ROOT / "figures" / "figure-2.json").read_text(encoding="utf-8"))
    assert json.loads(compendium.figure("figure-2", study).to_json())["data"] == published["data"]


def test_a_parameter_changes_the_table(study: Study) -> None:
    assert len(compendium.table("table-3", study, woe_threshold=3)) > len(compendium.table("table-3", study))


def test_a_changed_study_changes_the_table(study: Study) -> None:
    rows = study.screening_full_text
    fewer = study.with_tables({"screening-full-text": rows[rows["decision"] != "excluded"]})
    assert compendium.table("table-1", fewer).empty
    assert len(compendium.table("table-1", study))


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (lambda: compendium.table("table-22"), "did you mean 'table-2'"),
        (lambda: compendium.figure("table-2"), "no such figure"),
        (lambda: compendium.table("table-3", woe_treshold="3"), "did you mean 'woe_threshold'"),
        (lambda: compendium.table("table-3", woe_threshold="9"), "not on the scale"),
        (lambda: compendium.table("table-1", woe_threshold="3"), "no such parameter"),
    ],
)
def test_unknown_names_and_values_are_told(call: object, wanted: str) -> None:
    with pytest.raises(InputError, match=wanted):
        call()  # type: ignore[operator]
