"""The panel that lives, without a browser: its widgets move, its command follows, a file takes it back."""

from __future__ import annotations

import html
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compendium import StageRun, open_stage
from compendium.explore import appraisal, interviews, policy, screening
from compendium.explore.board import Board
from compendium.explore.panel import Panel, command
from compendium.parameters import parse
from compendium.stages import stage


@pytest.fixture(autouse=True)
def _no_front_end(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is shown goes nowhere."""

    class Shown:
        def update(self, *_: Any, **__: Any) -> None:
            """Nothing to see."""

    monkeypatch.setattr("compendium.explore.board.display", lambda *_, **__: Shown())
    yield


def board(name: str, module: Any, out: Path, **state: str) -> Board:
    run: StageRun = open_stage(name, out=str(out))
    panel: Panel = module.panel(run.study)
    made = Board(run, panel, {**panel.defaults, **state})
    made.show()
    return made


def copied(made: Board) -> str:
    found = re.search(r'value="([^"]*)"', made.command.value)
    assert found
    return html.unescape(found[1])


def status(made: Board) -> str:
    return html.unescape(re.sub("<[^>]+>", "", made.status.value))


def titles(made: Board) -> list[str]:
    (output,) = made.figure.outputs
    return [note["text"] for note in output["data"]["application/vnd.plotly.v1+json"]["layout"]["annotations"]]


def test_moving_a_control_changes_figure_and_command(tmp_path: Path) -> None:
    made = board("appraisal", appraisal, tmp_path)
    before = titles(made)
    assert copied(made) == "python run_all.py --only appraisal"
    made.bound["woe_threshold"].parts[0].value = "3"
    assert titles(made) != before
    assert copied(made) == "python run_all.py --only appraisal -p woe_threshold=3"
    made.set(made.panel.defaults)
    assert titles(made) == before
    assert made.bound["woe_threshold"].parts[0].value == "published"


def test_a_panel_starts_where_the_notebooks_parameters_are(tmp_path: Path) -> None:
    made = board("policy", policy, tmp_path, policy_years="2011-2013", term_families="codesign")
    assert made.bound["policy_years"].parts[0].value == (2011, 2013)
    assert [part.value for part in made.bound["term_families"].parts] == [False, False, True]
    assert parse(shlex.split(copied(made))[5::2]) == {"term_families": "codesign", "policy_years": "2011-2013"}


def test_what_cannot_be_shown_is_told_and_the_picture_stays(tmp_path: Path) -> None:
    made = board("policy", policy, tmp_path)
    before = titles(made)
    for part in made.bound["term_families"].parts:
        part.value = False
    assert "nothing is chosen" in status(made)
    assert 'role="alert"' in made.status.value
    assert titles(made) != before
    assert copied(made).endswith("-p term_families=codesign")
    made.bound["term_families"].parts[0].value = True
    assert status(made) == ""


def test_a_combination_that_leaves_nothing_is_told(tmp_path: Path) -> None:
    made = board("interviews", interviews, tmp_path, interview_themes="TL1")
    made.bound["interview_levels"].parts[0].value = False
    assert "leaves nothing on the level national" in status(made)
    assert made.state["interview_levels"] == "all"


def test_a_count_that_is_none_is_told(tmp_path: Path) -> None:
    made = board("screening", screening, tmp_path)
    field = made.bound["flow_counts"].parts[0]
    field.value = "many"
    assert "is no count" in status(made)
    field.value = ""
    assert made.values == {"flow_counts": "identified=?"}


def test_a_state_is_saved_and_loaded(tmp_path: Path) -> None:
    made = board("appraisal", appraisal, tmp_path)
    made.bound["woe_rule"].parts[0].value = "median"
    made.save()
    assert (tmp_path / "parameters-appraisal.yml").read_text(encoding="utf-8") == "woe_rule: median\n"
    again = board("appraisal", appraisal, tmp_path)
    again.load()
    assert (again.state, again.bound["woe_rule"].parts[0].value) == (made.state, "median")
    assert status(again) == "Loaded parameters-appraisal.yml."


def test_a_file_of_another_stage_goes_back_to_the_published_state(tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text("policy_years: 2011\n", encoding="utf-8")
    made = board("appraisal", appraisal, tmp_path, woe_rule="median")
    made.file.value = str(tmp_path / "mine.yml")
    made.load()
    assert made.state == made.panel.defaults


@pytest.mark.parametrize(
    ("text", "wanted"), [("woe_rul: median", "did you mean 'woe_rule'?"), ("woe_rule: mode", "no such woe_rule")]
)
def test_a_file_with_faults_changes_nothing(tmp_path: Path, text: str, wanted: str) -> None:
    (tmp_path / "mine.yml").write_text(text, encoding="utf-8")
    made = board("appraisal", appraisal, tmp_path, woe_threshold="3")
    made.file.value = str(tmp_path / "mine.yml")
    made.load()
    assert wanted in status(made)
    assert made.values == {"woe_threshold": "3"}


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    made = board("appraisal", appraisal, tmp_path)
    made.file.value = str(tmp_path / "file" / "mine.yml")
    made.save()
    assert "cannot be written" in status(made)


def test_the_command_for_another_study_names_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "my study"
    words = shlex.split(command(stage("policy"), folder, {"term_families": "a,b"}))
    assert words == ["python", "run_all.py", "--only", "policy", "--study", str(folder), "-p", "term_families=a,b"]


def test_the_button_copies_without_the_kernel_and_the_network(tmp_path: Path) -> None:
    made = board("appraisal", appraisal, tmp_path)
    assert "navigator.clipboard.writeText" in made.command.value
    assert "execCommand" in made.command.value
    assert "http" not in made.command.value
