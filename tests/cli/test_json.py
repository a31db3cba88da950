"""What commands tell machines: one document, with the same status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compendium import cli
from compendium.errors import BusyError, NotebookError
from compendium.run import build, check, durations
from compendium.run.schedule import Stopped
from compendium.stages import STAGES

Capture = pytest.CaptureFixture[str]


def test_list_as_json_tells_what_to_run_and_how_long_it_took(capsys: Capture, tmp_path: Path) -> None:
    durations.remember(tmp_path, {"policy": 1.234})
    assert cli.main(["list", "--json", "--out", str(tmp_path), "-p", "woe_threshold=3"]) == 0
    document = json.loads(capsys.readouterr().out)
    stages = {stage["name"]: stage for stage in document["stages"]}
    assert list(stages) == [stage.name for stage in STAGES]
    assert (stages["policy"]["seconds"], stages["search"]["seconds"]) == (1.23, None)
    assert stages["appraisal"]["needs"] == ["screening"]
    assert stages["search"]["to_run"] == "not run yet on this machine"
    (threshold,) = [p for p in document["parameters"] if p["name"] == "woe_threshold"]
    assert (threshold["default"], threshold["value"]) == ("published", "3")


def test_validate_as_json_gives_the_size_or_every_problem(capsys: Capture, copy_of_study: Path) -> None:
    assert cli.main(["validate", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["references"], document["problems"]) == (0, 42, [])
    (copy_of_study / "references.bib").unlink()
    assert cli.main(["validate", "--json", "--study", str(copy_of_study)]) == 2
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert (told.err, document["status"], document["error"]) == ("", 2, "InputError")
    assert "references.bib" in {problem["file"] for problem in document["problems"]}
    assert len(document["message"].splitlines()) == len(document["problems"])


def test_check_as_json_names_what_differs(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    verdicts = [("figures/a.svg", check.SAME), ("report/report.html", check.DIFFERENT)]
    monkeypatch.setattr(check, "check", lambda _, **how: verdicts)
    assert cli.main(["check", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["files"]) == (1, 2)
    assert document["differing"] == [{"file": "report/report.html", "verdict": check.DIFFERENT}]
    assert cli.main(["check", "--quiet"]) == 1
    assert capsys.readouterr().out == "1 of 2 files were rebuilt byte for byte: 1 are not the same.\n"


@pytest.mark.parametrize(
    ("error", "status", "fields"),
    [
        (
            NotebookError("policy", 3, "ValueError: no", "runs/04.ipynb"),
            1,
            {"error": "NotebookError", "stage": "policy", "cell": 3, "notebook": "runs/04.ipynb"},
        ),
        (BusyError("another run"), 1, {"error": "BusyError", "message": "another run"}),
        (PermissionError(13, "Permission denied", "/x"), 1, {"message": "Permission denied: /x"}),
        (Stopped(["search"]), 130, {"error": "Stopped", "finished": ["search"]}),
    ],
)
def test_failures_as_json_have_the_same_status(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, error: BaseException, status: int, fields: dict[str, Any]
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(build, "build", fail)
    assert cli.main(["--json"]) == status
    document = json.loads(capsys.readouterr().out)
    assert {name: document[name] for name in fields} == fields
    assert document["status"] == status
