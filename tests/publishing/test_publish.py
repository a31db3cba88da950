"""What a notebook publishes: files, manifest entries, and what it shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import IPython.display
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from compendium import open_stage
from compendium.errors import InputError
from compendium.paths import ROOT
from compendium.publishing import publish
from compendium.publishing.manifest import read_fragment
from compendium.publishing.provenance import computed
from compendium.publishing.publish import StageRun, settle


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """What the notebook would display: bundle and metadata."""
    calls: list[tuple[dict[str, Any], dict[str, Any]]] = []
    monkeypatch.setattr(IPython.display, "display", lambda bundle, raw, metadata: calls.append((bundle, metadata)))
    return calls


@pytest.fixture
def run(tmp_path: Path) -> StageRun:
    return open_stage("policy", out=str(tmp_path))


def test_table_is_written_entered_and_shown(run: StageRun, shown: list, tmp_path: Path) -> None:
    frame = pd.DataFrame({"name": ["<b>bold</b>", "=1+1"], "n": [0.5, 2]})
    run.table("table-9", frame, "A title", "In words", published=True)
    run.results({"n": 2})
    written = (tmp_path / "report" / "tables" / "table-9.csv").read_text(encoding="utf-8")
    assert written == "name,n\n<b>bold</b>,0.5\n'=1+1,2\n"
    (entry,) = read_fragment(tmp_path, "policy")["artefacts"]
    assert entry["id"] == "table-9"
    assert entry["published"]
    assert entry["notebook"] == "04_policy_review.ipynb"
    assert list(entry["files"]) == ["report/tables/table-9.csv"]
    bundle, metadata = shown[0]
    assert "&lt;b&gt;" in bundle["text/html"]
    assert "<b>bold" not in bundle["text/html"]
    assert metadata == {"compendium": {"id": "table-9"}}


def test_figure_with_and_without_a_browser(
    run: StageRun, shown: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "static_svg", lambda spec, name, folders: "<svg/>\n")
    run.figure("s-a", go.Figure(), "T", "A")
    monkeypatch.setattr(publish, "static_svg", lambda spec, name, folders: None)
    (tmp_path / "figures" / "s-b.svg").write_text("of an earlier look", encoding="utf-8")
    run.figure("s-b", go.Figure(), "T", "A")
    run.results({})
    first, second = read_fragment(tmp_path, "policy")["artefacts"]
    assert list(first["files"]) == ["figures/s-a.html", "figures/s-a.json", "figures/s-a.svg"]
    assert list(second["files"]) == ["figures/s-b.html", "figures/s-b.json"]
    assert not (tmp_path / "figures" / "s-b.svg").exists()
    assert read_fragment(tmp_path, "policy")["missing_images"] == ["s-b"]
    assert ["image/svg+xml" in bundle for bundle, _ in shown] == [True, False]


def test_the_data_of_a_figure_are_written_entered_and_on_its_page(
    run: StageRun, shown: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "static_svg", lambda spec, name, folders: "<svg/>\n")
    run.figure("s-a", go.Figure(), "T", "Bars. a: 1; b: 2.", data=pd.DataFrame({"a": ["=1+1"], "n": [2]}))
    run.results({})
    (entry,) = read_fragment(tmp_path, "policy")["artefacts"]
    assert "figures/s-a.csv" in entry["files"]
    assert (tmp_path / "figures" / "s-a.csv").read_text(encoding="utf-8") == "a,n\n'=1+1,2\n"
    assert "<td>=1+1</td>" in (tmp_path / "figures" / "s-a.html").read_text(encoding="utf-8")


def test_same_id_twice_is_refused(run: StageRun, shown: list) -> None:
    run.table("t", pd.DataFrame({"a": [1]}), "T", "A")
    with pytest.raises(ValueError, match=r"t is published twice in 04_policy_review\.ipynb"):
        run.table("t", pd.DataFrame({"a": [1]}), "T", "A")


def test_inputs_are_the_files_that_were_read(run: StageRun, shown: list, tmp_path: Path) -> None:
    run.study.table("policy-documents")
    run.results({"a": 1})
    assert read_fragment(tmp_path, "policy")["inputs"] == ["datapackage.json", "policy/documents.csv"]


def test_sentence_is_no_markdown(run: StageRun, shown: list) -> None:
    run.say("One *star*.", "Two <b>.")
    bundle, metadata = shown[0]
    assert bundle["text/plain"] == "One *star*. Two <b>."
    assert "\\*star" in bundle["text/markdown"]
    assert metadata == {"compendium": {"sentence": True}}


def test_a_sentence_keeps_where_its_numbers_come_from(run: StageRun, shown: list) -> None:
    @computed
    def said(found: dict[str, Any]) -> str:
        return f"{found['identified']} records."

    run.say("First.", said(run.upstream("screening")))
    bundle, metadata = shown[0]
    (number,) = metadata["compendium"]["numbers"]
    assert bundle["text/plain"][number["start"] : number["end"]] == "263"
    assert number["sources"] == ["screening.identified"]
    assert type(bundle["text/plain"]) is str


def test_results_are_the_same_on_every_machine() -> None:
    value = {"b": np.int64(3), 1: (1 / 3, float("nan"), pd.NA), "s": {"z", "a"}, "t": np.bool_(True), "n": None}
    assert settle(value) == {"b": 3, "1": [0.333333, None, None], "s": ["a", "z"], "t": True, "n": None}
    assert type(settle(np.float64(2.5))) is float


def test_upstream_comes_from_the_run_or_is_computed(run: StageRun, tmp_path: Path) -> None:
    computed = run.upstream("screening")
    assert computed["identified"] == 263
    path = tmp_path / "data" / "derived" / "screening" / "results.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"identified": 5}), encoding="utf-8")
    assert run.upstream("screening") == {"identified": 5}


def test_folders_come_from_the_runner_unless_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMPENDIUM_OUT", str(tmp_path / "runner"))
    assert open_stage("search").out == tmp_path / "runner"
    assert open_stage("search", out=str(tmp_path / "mine")).out == tmp_path / "mine"
    monkeypatch.delenv("COMPENDIUM_OUT")
    assert open_stage("search").out == ROOT / "runs" / "explore"


def test_unknown_stage_and_study_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'policy'"):
        open_stage("polcy")
    with pytest.raises(InputError, match="no such folder"):
        open_stage("policy", study=str(tmp_path / "none"))
