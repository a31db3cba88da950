"""Running a notebook: real kernels, small notebooks."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from compendium.errors import NotebookError
from compendium.files import sha256
from compendium.run.execute import execute, normalise
from compendium.stages import Stage

KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


class Here(Stage):
    """A stage whose notebook lies in a folder of the test."""

    folder = Path()

    @property
    def path(self) -> Path:
        return self.folder / self.notebook


def make(folder: Path, *sources: str) -> Stage:
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"c-{number}",
            "metadata": {"tags": ["parameters"]} if number == 0 else {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(sources)
    ]
    notebook = {"cells": cells, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}
    (folder / "n.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    stage = Here("small", "n.ipynb")
    Here.folder = folder
    return stage


def run(stage: Stage, folder: Path, name: str, values: dict[str, Any] | None = None) -> dict[str, Any]:
    copy = folder / "copies" / name
    execute(stage, folder / "study", folder / "out", copy, values or {})
    found: dict[str, Any] = json.loads(copy.read_text(encoding="utf-8"))
    return found


def test_notebook_gets_parameters_and_folders_and_no_trace_of_the_run(tmp_path: Path) -> None:
    stage = make(
        tmp_path,
        "n = 1",
        "import os; print(n, os.environ['COMPENDIUM_STUDY'][-5:], os.environ['COMPENDIUM_OUT'][-3:])",
    )
    made = run(stage, tmp_path, "a.ipynb", {"n": 7})
    assert "".join(made["cells"][-1]["outputs"][0]["text"]) == "7 study out\n"
    assert made["cells"][1]["id"] == "injected-2"
    assert "papermill" not in made["metadata"]
    assert not any({"execution", "papermill"} & set(cell["metadata"]) for cell in made["cells"])
    assert "COMPENDIUM_STUDY" not in os.environ
    run(stage, tmp_path, "b.ipynb", {"n": 7})
    assert sha256(tmp_path / "copies" / "a.ipynb") == sha256(tmp_path / "copies" / "b.ipynb")


def test_failing_cell_is_named_and_marked_in_the_copy(tmp_path: Path) -> None:
    stage = make(tmp_path, "n = 1", "print('before')", "raise ValueError('on purpose')", "print('after')")
    with pytest.raises(NotebookError) as raised:
        run(stage, tmp_path, "a.ipynb")
    assert (raised.value.stage, raised.value.cell) == ("small", 3)
    assert raised.value.summary == "ValueError: on purpose"
    copy = json.loads((tmp_path / "copies" / "a.ipynb").read_text(encoding="utf-8"))
    text = json.dumps(copy)
    assert "papermill-error-cell" in text
    assert "before" in text
    assert "after\\n" not in text


def test_kernel_that_dies_is_told_and_not_thrown(tmp_path: Path) -> None:
    stage = make(tmp_path, "n = 1", "import os; os._exit(9)")
    with pytest.raises(NotebookError, match="its kernel died") as raised:
        run(stage, tmp_path, "a.ipynb")
    assert raised.value.exit_status == 1


def test_normalise_takes_out_what_differs_between_runs(tmp_path: Path) -> None:
    cell = {
        "cell_type": "code",
        "id": "random",
        "metadata": {"execution": {"a": 1}, "papermill": {"b": 2}, "tags": ["injected-parameters"]},
        "source": "n = 2",
        "outputs": [],
        "execution_count": 1,
    }
    metadata = {**KERNEL, "papermill": {"start_time": "x"}, "language_info": {"name": "python", "version": "3.11.7"}}
    path = tmp_path / "n.ipynb"
    path.write_text(
        json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8"
    )
    normalise(path)
    made = json.loads(path.read_text(encoding="utf-8"))
    assert made["metadata"] == {**KERNEL, "language_info": {"name": "python"}}
    assert made["cells"][0]["id"] == "injected-1"
    assert made["cells"][0]["metadata"] == {"tags": ["injected-parameters"]}


def test_nothing_is_left_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sockets of a kernel lie in a folder of its own, and no two runs from one folder meet."""
    stage = make(tmp_path, "n = 1", "from pathlib import Path; print(sorted(p.name for p in Path().iterdir()))")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    made = run(stage, tmp_path, "a.ipynb")
    assert "".join(made["cells"][-1]["outputs"][0]["text"]) == "[]\n"
    assert list(here.iterdir()) == []
