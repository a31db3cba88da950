"""What is up to date: by content, and with the reason where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from compendium import paths, state
from compendium.files import write_text
from compendium.parameters import Scalar
from compendium.stages import STAGES, Stage, stage

POLICY = stage("policy")


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Path]:
    """A study and an output folder in which one stage is up to date."""
    study, out = tmp_path / "study", tmp_path / "out"
    write_text(study / "terms.csv", "a")
    write_text(out / "report" / "table.csv", "b")
    state.record(POLICY, out, study, {}, ["terms.csv"], ["report/table.csv"])
    return study, out


def why(made: tuple[Path, Path], values: dict[str, Scalar] | None = None, of: Stage = POLICY) -> str:
    study, out = made
    return state.stale_because(of, out, study, values or {})


def test_up_to_date_until_something_changes(made: tuple[Path, Path]) -> None:
    assert why(made) == ""
    assert why(made, of=stage("search")) == "not run yet on this machine"


def test_same_content_written_again_is_no_change(made: tuple[Path, Path]) -> None:
    (made[0] / "terms.csv").write_text("a", encoding="utf-8")
    assert why(made) == ""


def test_changed_input_and_output_are_named(made: tuple[Path, Path]) -> None:
    write_text(made[1] / "report" / "table.csv", "edited by hand")
    assert why(made) == "report/table.csv changed"
    write_text(made[0] / "terms.csv", "c")
    assert why(made) == "terms.csv changed"
    (made[0] / "terms.csv").unlink()
    assert why(made) == "terms.csv is gone"


def test_parameter_of_the_stage_counts_and_another_does_not(made: tuple[Path, Path]) -> None:
    assert why(made, {"term_families": "codesign"}) == "its parameters changed"
    assert why(made, {"woe_threshold": "3"}) == ""
    assert why(made, {"term_families": "all"}) == ""


def test_lock_and_library_count(made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(paths, "LOCK", tmp_path / "other.lock")
        assert why(made) == "the locked environment changed"
    monkeypatch.setattr(state, "library_hash", lambda: "other")
    assert why(made) == "the library code changed"


def test_upstream_results_count(made: tuple[Path, Path]) -> None:
    study, out = made
    conclusions = STAGES[-1]
    state.record(conclusions, out, study, {}, [], [])
    assert why(made, of=conclusions) == ""
    write_text(out / "data" / "derived" / "policy" / "results.json", "{}")
    assert why(made, of=conclusions) == "a stage it needs changed"


@pytest.mark.parametrize("content", ["", "[]", "{", '{"policy": 3}', '{"policy": {"made_from": {}}}', '{"policy": []}'])
def test_damaged_record_counts_as_none(made: tuple[Path, Path], content: str) -> None:
    write_text(state.state_path(made[1]), content)
    assert why(made) == "not run yet on this machine"
    state.record(POLICY, made[1], made[0], {}, ["terms.csv"], ["report/table.csv"])
    assert why(made) == ""


def test_library_hash_follows_the_templates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = state.library_hash()
    monkeypatch.setattr(paths, "TEMPLATES", tmp_path / "none")
    assert state.library_hash() != before
