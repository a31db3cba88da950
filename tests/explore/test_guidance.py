"""Notebooks run out of order: which cell has to run first, and errors that are none of that stay as they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from compendium.explore import guidance, startup
from compendium.paths import NOTEBOOKS
from compendium.stages import STAGES


@pytest.fixture
def shell() -> Any:
    made = InteractiveShell()
    told: list[tuple[str, str]] = []
    made._showtraceback = lambda kind, error, lines: told.append((kind.__name__, str(error)))  # type: ignore[method-assign]
    made.told = told  # type: ignore[attr-defined]
    guidance.install(made)
    return made


def code(number: int) -> list[str]:
    cells = json.loads(STAGES[number].path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("number", range(len(STAGES)), ids=[stage.name for stage in STAGES])
def test_every_cell_run_alone_names_a_cell_above_it(number: int, shell: Any) -> None:
    """Whatever cell is run first in a fresh kernel: a sentence that names an earlier one, or no error at all."""
    for position, source in enumerate(code(number)[2:], start=3):
        shell.told.clear()
        shell.run_cell(source, store_history=True)
        ((kind, text),) = shell.told
        assert kind == "RunFirst", source
        assert f"of {STAGES[number].notebook} first" in text
        assert int(text.partition("run code cell ")[2].split(" ")[0].rstrip(",")) < position


def test_a_name_made_under_a_heading_is_found_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(guidance.SESSION_VARIABLE, "somewhere/06_conclusions.ipynb")
    told = guidance.missing_name("checked")
    assert "under “Every claim, recomputed” of 06_conclusions.ipynb first" in told
    assert "the one with “checked = claims.claims(stage.study)”" in told


def test_in_a_renamed_copy_the_running_cell_tells_the_notebook() -> None:
    told = guidance.missing_name("screened", code(2)[-2])
    assert "of 03_appraisal.ipynb" in told


def test_a_name_that_no_notebook_makes_stays_a_name_error(shell: Any) -> None:
    shell.run_cell("nonsense")
    assert shell.told == [("NameError", "name 'nonsense' is not defined")]


def test_a_fault_below_the_cell_stays_what_it_is(shell: Any, tmp_path: Path) -> None:
    (tmp_path / "below_the_cell.py").write_text("def f():\n    return stage\n", encoding="utf-8")
    shell.run_cell(f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import below_the_cell; below_the_cell.f()")
    assert [kind for kind, _ in shell.told] == ["NameError"]


def test_a_result_that_is_not_there_names_the_stage(shell: Any, tmp_path: Path) -> None:
    path = tmp_path / "data" / "derived" / "screening" / "results.json"
    shell.run_cell(f"open({str(path)!r})")
    ((kind, text),) = shell.told
    assert kind == "RunFirst"
    assert "of stage screening is not there yet: run 02_screening.ipynb" in text
    assert "python run_all.py --only screening" in text


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("out/report/notebooks/04_policy_review.ipynb", "run_all.py --only policy"),
        ("out/report/verdict.json", "the report is written by: python run_all.py"),
        ("mine/table.csv", ""),
    ],
)
def test_files_that_a_run_writes(path: str, wanted: str) -> None:
    assert wanted in guidance.missing_file(Path(path))
    assert bool(guidance.missing_file(Path(path))) == bool(wanted)


def test_a_wrong_study_is_told_in_a_sentence(shell: Any) -> None:
    shell.run_cell("from compendium import open_stage\nopen_stage('search', study='/no/such/folder')")
    ((kind, text),) = shell.told
    assert kind == "InputError"
    assert "no such folder" in text


def test_an_error_of_ours_shows_its_sentences_and_no_traceback() -> None:
    from compendium.errors import unknown

    lines = unknown("stage", "serach", ["search"])._render_traceback_()
    assert lines == ["InputError: 'stage', value 'serach': no such stage (did you mean 'search'?); allowed: search"]


def test_kernels_of_the_lab_start_with_the_guidance(tmp_path: Path) -> None:
    """IPython runs the file that PYTHONSTARTUP names; a user's own is run too, and no name is left behind."""
    own = tmp_path / "mine.py"
    own.write_text("mine = 7\n", encoding="utf-8")
    environment = {**os.environ, startup.STARTUP: str(own), "IPYTHONDIR": str(tmp_path)}
    environment |= startup.environment(environment)
    source = (
        "from IPython.terminal.ipapp import TerminalIPythonApp as App; app = App.instance();"
        "app.initialize(['--no-banner', '--simple-prompt', '--HistoryManager.enabled=False']);"
        "left = app.shell.user_ns.keys() & {'mine', 'environment', '_start', 'Path', 'os'};"
        "print(app.shell.custom_exceptions, sorted(left))"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], env=environment, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert "<class 'NameError'>" in done.stdout, done.stderr
    assert "['mine']" in done.stdout


def test_startup_finds_the_library_and_keeps_the_path() -> None:
    found = startup.environment({"PYTHONPATH": "there"})
    assert found["PYTHONPATH"] == os.pathsep.join([str(NOTEBOOKS.parent / "src"), "there"])
    assert found[startup.STARTUP].endswith("startup.py")
    assert startup.USERS_OWN not in found
