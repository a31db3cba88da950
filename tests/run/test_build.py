"""Plans and runs: where a run writes, what it runs, and what it leaves when it is stopped."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from compendium import paths
from compendium.analysis import results
from compendium.data import validation
from compendium.data.study import Study
from compendium.errors import BusyError, InputError, NotebookError
from compendium.files import read_json, tree, write_json, write_text
from compendium.paths import BUNDLED_STUDY, ROOT
from compendium.progress import Reporter
from compendium.publishing import manifest, report
from compendium.publishing.manifest import Entry
from compendium.run import build as module
from compendium.run import execute
from compendium.run.build import Plan, build, guard_output, plan, run_name
from compendium.run.locking import hold
from compendium.run.warm_parent import KERNEL
from compendium.stages import STAGES, Stage


def test_released_outputs_only_for_the_published_study_and_values() -> None:
    assert plan().released
    assert plan(values={"woe_rule": "printed"}).released
    assert plan(study=str(BUNDLED_STUDY)).released
    assert plan(values={"woe_threshold": "3"}).out == ROOT / "runs" / "woe_threshold-3"
    assert not plan(out="elsewhere").released


def test_run_is_named_after_study_and_values(tmp_path: Path) -> None:
    study = tmp_path / "my review"
    made = plan(study=str(study), values={"woe_rule": "tr", "term_families": "codesign, cocreation"})
    assert made.out == ROOT / "runs" / "my-review_term_families-codesign--cocreation_woe_rule-tr"


@pytest.mark.parametrize("value", ["../../etc", "a/b", "..", "é:*?", "x" * 300])
def test_run_name_is_one_folder_on_every_file_system(value: str) -> None:
    name = run_name(BUNDLED_STUDY, {"woe_rule": value})
    assert name.startswith("woe_rule-")
    assert len(name) <= 100
    assert not set(name) & set('/\\:*?"<>| ')
    assert run_name(Path("/..."), {}) == "run"


def test_folders_given_as_parameters_count_as_options(tmp_path: Path) -> None:
    made = plan(values={"study": str(tmp_path / "s"), "out": str(tmp_path / "o")})
    assert (made.study, made.out, made.values) == (tmp_path / "s", tmp_path / "o", {})


@pytest.mark.parametrize(
    ("study", "out", "values", "told"),
    [
        ("s", "s", {}, "lies in the study's own folder"),
        ("s", "s/out", {}, "lies in the study's own folder"),
        ("s", str(ROOT), {}, "holds the released outputs"),
        (str(BUNDLED_STUDY), str(ROOT), {"woe_rule": "tr"}, "holds the released outputs"),
        (str(BUNDLED_STUDY), "file", {}, "is not a folder"),
        (str(BUNDLED_STUDY), "file/below/it", {}, "which is not a folder"),
    ],
)
def test_output_folder_that_would_be_harmed(
    tmp_path: Path, study: str, out: str, values: dict[str, Any], told: str
) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match=told):
        guard_output(Plan(tmp_path / study, tmp_path / out, values))


BROKEN = "the notebook of the policy stage is broken"


def light_report(study: Study, out: Path, two: object) -> dict[str, Any]:
    """Join what the stages wrote, without a page."""
    listed = manifest.join(out, [])
    return {"manifest": listed, "results": results.join(out), "written": [*listed["files"], "report/manifest.json"]}


@pytest.fixture
def fake_run(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stages that only write one table; the names of those that ran, in order."""
    ran: list[str] = []

    def fake(stage: Stage, study: Path, out: Path, copy: Path, values: dict[str, Any], *how: Any) -> None:
        ran.append(stage.name)
        write_text(copy, '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
        if BROKEN in ran and stage.name == "policy":
            raise NotebookError(stage.name, 2, "ValueError: no", str(copy))
        assert all((out / "data" / "derived" / need / "results.json").is_file() for need in stage.needs)
        path = f"report/tables/{stage.name}{values.get('woe_threshold', '')}.csv"
        write_text(out / path, "a\n1\n")
        write_json(out / "data" / "derived" / stage.name / "results.json", {"n": 1})
        made = Entry(stage.name, "table", "T", "A", False, stage.name, stage.notebook, {path: "0"})
        images = ["figure-1"] if stage.name == "screening" else []
        manifest.write_fragment(out, stage.name, [made], ["terms.csv"], images)

    monkeypatch.setattr(execute, "execute", fake)
    monkeypatch.setattr(report, "write_report", light_report)
    monkeypatch.setattr(validation, "require_valid", Study)
    monkeypatch.setattr(module.crate, "write_crate", lambda out: None)
    return ran


def wanted(out: Path, **options: Any) -> Plan:
    """Plan a run in this process, where what it is made of can be replaced."""
    return Plan(BUNDLED_STUDY, out, engine=KERNEL, **options)


def test_all_run_once_and_then_none(fake_run: list[str], tmp_path: Path) -> None:
    first = build(wanted(tmp_path))
    assert fake_run == [s.name for s in STAGES] == first["ran"]
    again = build(wanted(tmp_path))
    assert again["ran"] == []
    assert again["missing_images"] == first["missing_images"] == ["figure-1"]
    assert [e["id"] for e in again["manifest"]["artefacts"]] == fake_run[:6]
    assert again["results"]["policy.n"] == 1


def test_only_runs_a_stage_and_what_it_needs(fake_run: list[str], tmp_path: Path) -> None:
    build(wanted(tmp_path, only=["screening"]))
    assert fake_run == ["search", "screening"]
    build(wanted(tmp_path, only=["screening"], force=True))
    assert fake_run == ["search", "screening", "screening"]


def test_table_of_an_earlier_run_that_is_made_no_more_is_removed(fake_run: list[str], tmp_path: Path) -> None:
    build(wanted(tmp_path, only=["appraisal"], values={"woe_threshold": "3"}))
    assert "appraisal3.csv" in tree(tmp_path / "report" / "tables")
    build(wanted(tmp_path, only=["appraisal"]))
    assert list(tree(tmp_path / "report" / "tables")) == ["appraisal.csv", "screening.csv", "search.csv"]


def test_failed_notebook_is_kept_and_finished_stages_stay(fake_run: list[str], tmp_path: Path) -> None:
    fake_run.append(BROKEN)
    with pytest.raises(NotebookError) as raised:
        build(wanted(tmp_path))
    kept = tmp_path / "failed" / "04_policy_review.ipynb"
    assert raised.value.kept == str(kept)
    assert kept.is_file()
    assert (tmp_path / "report" / "tables" / "appraisal.csv").is_file()
    assert not (tmp_path / module.WORK_NAME).exists()
    fake_run.clear()
    build(wanted(tmp_path))
    assert fake_run == ["policy", "interviews", "conclusions"]


def test_failed_notebook_of_a_released_run_is_kept_out_of_the_released_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_run: list[str]
) -> None:
    monkeypatch.setattr(paths, "ROOT", tmp_path / "root")
    monkeypatch.setattr(paths, "RUNS", tmp_path / "root" / "runs")
    fake_run.append(BROKEN)
    with pytest.raises(NotebookError) as raised:
        build(wanted(tmp_path / "root", only=["policy"]))
    assert raised.value.kept == str(tmp_path / "root" / "runs" / "failed" / "04_policy_review.ipynb")


def test_what_a_killed_run_left_is_cleared_away(fake_run: list[str], tmp_path: Path) -> None:
    write_text(tmp_path / module.WORK_NAME / "search" / "half.csv", "x")
    write_text(tmp_path / "report" / ".report.html.77.part", "x")
    build(wanted(tmp_path, only=["search"]))
    assert not (tmp_path / module.WORK_NAME).exists()
    assert not (tmp_path / "report" / ".report.html.77.part").exists()


def test_wrong_value_writes_nothing(fake_run: list[str], tmp_path: Path) -> None:
    with pytest.raises(InputError):
        build(wanted(tmp_path / "new", values={"woe_threshold": "9"}))
    assert fake_run == []
    assert not (tmp_path / "new").exists()


def test_held_folder_stops_the_run(fake_run: list[str], tmp_path: Path) -> None:
    with hold(tmp_path), pytest.raises(BusyError, match="wait for it or choose another --out"):
        build(wanted(tmp_path))
    assert fake_run == []


def test_reporter_hears_of_every_stage(fake_run: list[str], tmp_path: Path) -> None:
    heard: list[str] = []

    class Listening(Reporter):
        def begin(self, out: Path, released: bool) -> None:
            heard.append(f"begin {released}")

        def start(self, stage: Stage, number: int, total: int, reason: str) -> None:
            heard.append(f"{number}/{total} {stage.name}: {reason}")

        def skip(self, stage: Stage, number: int, total: int) -> None:
            heard.append(f"{number}/{total} {stage.name} skipped")

    build(wanted(tmp_path, only=["search"]))
    build(wanted(tmp_path, only=["screening"], force=True), Listening())
    build(wanted(tmp_path, only=["search"], force=True), Listening())
    assert heard == [
        "begin False",
        "1/2 search skipped",
        "2/2 screening: not run yet on this machine",
        "begin False",
        "1/1 search: forced",
    ]


def test_one_stage_alone_in_a_fresh_clone_keeps_the_rest_of_the_report(fake_run: list[str], tmp_path: Path) -> None:
    build(wanted(tmp_path))
    before = {name: read_json(tmp_path / "report" / name) for name in ("manifest.json", "results.json")}
    shutil.rmtree(tmp_path / "data")
    build(wanted(tmp_path, only=["policy"]))
    assert {name: read_json(tmp_path / "report" / name) for name in before} == before


def test_with_a_changed_parameter_only_the_stages_that_take_it_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_run: list[str]
) -> None:
    root = tmp_path / "root"
    monkeypatch.setattr(paths, "ROOT", root)
    monkeypatch.setattr(paths, "RUNS", root / "runs")
    build(wanted(root))
    fake_run.clear()
    elsewhere = build(wanted(root / "runs" / "woe_threshold-3", values={"woe_threshold": "3"}))
    assert fake_run == elsewhere["ran"] == ["appraisal"]
    assert "appraisal3.csv" in tree(root / "runs" / "woe_threshold-3" / "report" / "tables")
    assert (root / "runs" / "woe_threshold-3" / "report" / "tables" / "policy.csv").is_file()
    assert build(wanted(root / "runs" / "woe_threshold-3", values={"woe_threshold": "3"}))["ran"] == []
    fake_run.clear()
    build(wanted(root / "runs" / "again", force=True))
    build(wanted(tmp_path / "named"))
    assert fake_run == [stage.name for stage in STAGES] * 2


def test_a_study_that_was_found_valid_is_not_validated_again_for_another_parameter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_run: list[str]
) -> None:
    validated: list[Path] = []
    monkeypatch.setattr(paths, "ROOT", tmp_path / "root")
    monkeypatch.setattr(validation, "require_valid", lambda folder: validated.append(folder) or Study(folder))
    build(wanted(tmp_path))
    build(wanted(tmp_path, values={"woe_threshold": "3"}))
    assert validated == [BUNDLED_STUDY]
    with pytest.raises(InputError, match="9"):
        build(wanted(tmp_path, values={"woe_threshold": "9"}))
