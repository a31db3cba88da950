"""Where nobody can move controls, a section shows the state of the parameters, the same bytes every time."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest

from compendium.explore.panel import HOW
from compendium.paths import BUNDLED_STUDY, EXPLORE_VARIABLE, NOTEBOOKS
from compendium.publishing import front_end
from compendium.publishing.sections import EXPLORE, section
from compendium.run.execute import execute
from compendium.stages import STAGES, Stage, stage


def run(which: Stage, out: Path, values: dict[str, Any] | None = None) -> dict[str, Any]:
    copy = out / "report" / "notebooks" / which.notebook
    execute(which, BUNDLED_STUDY, out, copy, values or {})
    return dict(json.loads(copy.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any], Path]:
    """The notebook of stage 4 run twice in two folders."""
    first, second = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    return run(stage("policy"), first), run(stage("policy"), second), first


def test_two_runs_give_the_same_bytes(executed: tuple[dict[str, Any], dict[str, Any], Path]) -> None:
    assert json.dumps(executed[0]) == json.dumps(executed[1])


def test_the_section_holds_a_picture_and_no_widget(executed: tuple[dict[str, Any], dict[str, Any], Path]) -> None:
    notebook, _, _ = executed
    outputs = notebook["cells"][-1]["outputs"]
    assert HOW in "".join(outputs[0]["data"]["text/plain"])
    assert sorted(outputs[1]["data"]) == ["image/svg+xml", "text/plain"]
    assert "widget" not in json.dumps(notebook)
    assert "widgets" not in notebook["metadata"]


def test_the_picture_is_the_published_one(executed: tuple[dict[str, Any], dict[str, Any], Path]) -> None:
    notebook, _, out = executed
    shown = "".join(notebook["cells"][-1]["outputs"][1]["data"]["image/svg+xml"])
    assert shown.strip() == (out / "figures" / "s-policy-terms.svg").read_text(encoding="utf-8").strip()


def test_the_section_is_no_part_of_the_report(executed: tuple[dict[str, Any], dict[str, Any], Path]) -> None:
    notebook, _, out = executed
    tagged = {cell["id"] for cell in notebook["cells"] if EXPLORE in cell["metadata"].get("tags", [])}
    assert tagged
    assert not tagged & {block.cell for block in section(out, stage("policy")).blocks}


def test_parameters_of_a_run_are_where_the_section_starts(tmp_path: Path) -> None:
    notebook = run(stage("search"), tmp_path, {"search_terms": "Q01,Q03", "search_platform": "PubMed"})
    shown = "".join(notebook["cells"][-1]["outputs"][1]["data"]["text/html"])
    assert "<td>PubMed</td>" in shown
    assert "[mh]" in shown
    assert "co-production&quot;[tw]" not in shown


@pytest.mark.parametrize("which", STAGES, ids=lambda which: which.name)
def test_every_notebook_ends_with_one_tagged_section(which: Stage) -> None:
    cells = json.loads((NOTEBOOKS / which.notebook).read_text(encoding="utf-8"))["cells"]
    tagged = [cell for cell in cells if EXPLORE in cell["metadata"].get("tags", [])]
    assert [cell["cell_type"] for cell in tagged] == ["markdown", "code"]
    assert tagged == cells[-2:]
    assert "".join(tagged[0]["source"]).startswith("## Explore: ")
    assert "".join(tagged[1]["source"]).startswith("play(stage")
    assert "stage.results(" in "".join(cells[-3]["source"])


def test_somebody_elses_runner_shows_no_widgets_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """nbclient, as nbconvert and plain papermill use it, tells nothing of its cells: nobody is there."""
    from nbclient import NotebookClient

    from compendium.run.execute import kernel_environment

    shutil.copy(NOTEBOOKS / "01_search.ipynb", tmp_path)
    notebook = nbformat.read(tmp_path / "01_search.ipynb", as_version=4)
    environment = kernel_environment(BUNDLED_STUDY, tmp_path / "out")
    del environment[EXPLORE_VARIABLE]
    client = NotebookClient(notebook, kernel_name="python3", shutdown_kernel="immediate")
    client.execute(env=environment)
    assert HOW in notebook.cells[-1].outputs[0]["data"]["text/plain"]


@pytest.mark.parametrize(("setting", "live"), [("live", True), ("static", False), ("", False)])
def test_the_environment_decides_where_it_says_something(
    monkeypatch: pytest.MonkeyPatch, setting: str, live: bool
) -> None:
    monkeypatch.setenv(EXPLORE_VARIABLE, setting)
    assert front_end.is_live() is live
