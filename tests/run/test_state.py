"""What is up to date: by content, and with the reason where it is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from compendium import paths
from compendium.files import write_text
from compendium.parameters import Scalar
from compendium.run import state
from compendium.stages import STAGES, Stage, stage

POLICY = stage("policy")


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Path]:
    """A study and an output folder in which one stage is up to date."""
    study, out = tmp_path / "study", tmp_path / "out"
    write_text(study / "terms.csv", "a")
    write_text(out / "report" / "table.csv", "b")
    record(POLICY, out, study)
    return study, out


def record(of: Stage, out: Path, study: Path, library: tuple[str, ...] = ("compendium.analysis.policy",)) -> None:
    """Enter a stage that read one file and wrote one."""
    fragment = {"inputs": ["terms.csv"], "library": list(library)}
    made = {"report/table.csv": out / "report" / "table.csv"}
    state.save(out, of.name, state.describe(of, out, study, {}, fragment, made))


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
    root = tmp_path / "root"
    shutil.copytree(paths.ROOT / "src", root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(paths, "ROOT", root)
    assert why(made) == ""
    (root / "src" / "compendium" / "analysis" / "interviews.py").write_text("", encoding="utf-8")
    assert why(made) == ""
    (root / "src" / "compendium" / "analysis" / "policy.py").write_text("", encoding="utf-8")
    assert why(made) == "src/compendium/analysis/policy.py changed"
    (root / "src" / "compendium" / "analysis" / "policy.py").unlink()
    assert why(made) == "src/compendium/analysis/policy.py is gone"


def test_upstream_results_count(made: tuple[Path, Path]) -> None:
    study, out = made
    conclusions = STAGES[-1]
    record(conclusions, out, study)
    assert why(made, of=conclusions) == ""
    write_text(out / "data" / "derived" / "policy" / "results.json", "{}")
    assert why(made, of=conclusions) == "a stage it needs changed"


@pytest.mark.parametrize("content", ["", "[]", "{", '{"policy": 3}', '{"policy": {"made_from": {}}}', '{"policy": []}'])
def test_damaged_record_counts_as_none(made: tuple[Path, Path], content: str) -> None:
    write_text(state.state_path(made[1]), content)
    assert why(made) == "not run yet on this machine"
    record(POLICY, made[1], made[0])
    assert why(made) == ""


def test_stage_that_does_not_say_what_it_used_rests_on_the_whole_library(made: tuple[Path, Path]) -> None:
    assert "src/compendium/analysis/search.py" in state.module_files([])
    assert state.module_files(["compendium", "compendium.analysis.policy"]) == [
        "src/compendium/__init__.py",
        "src/compendium/analysis/policy.py",
    ]


def test_study_is_validated_again_when_anything_it_rests_on_changed(made: tuple[Path, Path]) -> None:
    study, _ = made
    assert state.key_of_study(study) == ""
    write_text(study / "datapackage.json", "{}")
    keys = [state.key_of_study(study)]
    write_text(study / "derived" / "x.json", "{}")
    assert state.key_of_study(study) == keys[0]
    write_text(study / "new.csv", "a")
    keys.append(state.key_of_study(study))
    (study / "new.csv").rename(study / "other.csv")
    keys.append(state.key_of_study(study))
    assert len(set(keys)) == 3


def test_report_is_current_until_what_it_rests_on_or_itself_changes(made: tuple[Path, Path]) -> None:
    _, out = made
    write_text(out / "report" / "report.html", "page")
    key = state.key_of_report(out, "study")
    assert not state.report_is_current(out, key)
    state.save(out, state.REPORT, {"key": key, "outputs": state.hashes(out, ["report/report.html"])})
    assert state.report_is_current(out, state.key_of_report(out, "study"))
    assert not state.report_is_current(out, state.key_of_report(out, "another study"))
    write_text(out / "report" / "report.html", "edited")
    assert not state.report_is_current(out, key)
