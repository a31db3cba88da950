"""The verdict on released files: same, different, missing, unexpected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compendium import paths
from compendium.errors import NotebookError
from compendium.files import write_text
from compendium.run import check as module
from compendium.run.build import Plan
from compendium.run.check import check, compare, verdict_table


def test_each_file_has_its_verdict(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, content in ((old, "1"), (new, "1")):
        write_text(folder / "figures" / "same.svg", content)
    write_text(old / "report" / "changed.csv", "1")
    write_text(new / "report" / "changed.csv", "1\n")
    write_text(old / "report" / "gone.csv", "1")
    write_text(new / "report" / "extra.csv", "1")
    write_text(new / "report" / "assets" / "plotly.min.js", "not released")
    write_text(old / "report" / "template" / "page.html", "not made by a run")
    write_text(new / "data" / "derived" / "x.json", "not released")
    write_text(new / "report" / ".hidden", "no")
    assert compare(old, new) == [
        ("figures/same.svg", "same"),
        ("report/changed.csv", "different"),
        ("report/extra.csv", "unexpected"),
        ("report/gone.csv", "missing"),
    ]


def test_table_has_a_line_a_folder_and_a_line_a_difference() -> None:
    told = verdict_table([("figures/a.svg", "same"), ("report/x.csv", "different"), ("report/y.csv", "same")])
    assert told.splitlines() == [
        "     files    same  artefacts",
        "ok       1       1  figures/",
        "NO       2       1  report/",
        "NO  different: report/x.csv",
        "2 of 3 files were rebuilt byte for byte: 1 are not the same.",
    ]
    assert verdict_table([("figures/a.svg", "same")]).endswith(
        "1 of 1 files were rebuilt byte for byte: every one is the same."
    )


def test_check_rebuilds_elsewhere_and_forces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plans: list[Plan] = []

    def build(wanted: Plan, _: Any) -> None:
        plans.append(wanted)
        write_text(wanted.out / "figures" / "a.svg", "1")

    monkeypatch.setattr(module, "build", build)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    write_text(tmp_path / "figures" / "a.svg", "1")
    assert check() == [("figures/a.svg", "same")]
    assert plans[0].force
    assert not plans[0].released
    assert not plans[0].out.exists()


def test_notebook_that_fails_in_a_check_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def build(wanted: Plan, _: Any) -> None:
        write_text(wanted.out / "failed" / "n.ipynb", "{}")
        raise NotebookError("policy", 1, "ValueError", str(wanted.out / "failed" / "n.ipynb"))

    monkeypatch.setattr(module, "build", build)
    monkeypatch.setattr(paths, "RUNS", tmp_path / "runs")
    with pytest.raises(NotebookError) as raised:
        check()
    assert raised.value.kept == str(tmp_path / "runs" / "failed" / "n.ipynb")
    assert Path(raised.value.kept).is_file()
