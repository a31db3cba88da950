"""The command line: what it prints, its exit status, and that wrong options change nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from compendium import cli, paths
from compendium.errors import BusyError, NotebookError
from compendium.run import build, check
from compendium.run.build import Plan
from compendium.run.schedule import Stopped
from compendium.stages import STAGES

Capture = pytest.CaptureFixture[str]


def complaint(capsys: Capture, *arguments: str) -> str:
    """Run the command line with wrong input and return what it says."""
    assert cli.main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    return told.err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["buidl"],
            "error: 'command', value 'buidl': no such command (did you mean 'build'?); "
            "allowed: build, check, validate, list, test\n",
        ),
        (
            ["--forse"],
            "error: 'option', value '--forse': no such option (did you mean '--force'?); "
            "allowed: --debug, --engine, --force, --help, --jobs, --only, --out, --source, --study, --timeout, "
            "-h, -p\n",
        ),
        (["--study"], "error: argument --study: expected one argument; allowed: see --help\n"),
        (
            ["--only", "polcy"],
            "error: 'stage', value 'polcy': no such stage (did you mean 'policy'?); "
            "allowed: search, screening, appraisal, policy, interviews, conclusions\n",
        ),
        (
            ["-p", "woe_treshold=3"],
            "error: 'parameter', value 'woe_treshold': no such parameter (did you mean 'woe_threshold'?); "
            "allowed: study, out, woe_rule, woe_threshold, term_families\n",
        ),
        (["-p", "woe_threshold"], "error: '-p', value 'woe_threshold': has no '='; allowed: NAME=VALUE\n"),
    ],
)
def test_wrong_option_lists_the_choices(capsys: Capture, arguments: list[str], line: str) -> None:
    assert complaint(capsys, *arguments) == line


def test_value_that_is_not_on_the_scale(capsys: Capture) -> None:
    told = complaint(capsys, "-p", "woe_threshold=5")
    assert told.startswith("error: 'woe_threshold', value '5': not on the scale; allowed: published, 1 (excellent), ")
    assert told.endswith(", 4 (inadequate)\n")


def test_everything_wrong_is_told_at_once(capsys: Capture) -> None:
    told = complaint(capsys, "--only", "polcy,serch", "-p", "woe=3", "-p", "x")
    lines = told.splitlines()
    assert lines[0] == "error: 4 problems; nothing was changed"
    assert [line.split("value ")[1].split(":")[0] for line in lines[1:]] == ["'polcy'", "'serch'", "'woe'", "'x'"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--jobs", "0"], "error: '--jobs', value '0': is no such number; allowed: a whole number from 1 on\n"),
        (["--jobs", "two"], "error: '--jobs', value 'two': is no such number; allowed: a whole number from 1 on\n"),
        (["--timeout=-1"], "error: '--timeout', value '-1': is no such number; allowed: a number of seconds above 0\n"),
        (
            ["--timeout", "nan"],
            "error: '--timeout', value 'nan': is no such number; allowed: a number of seconds above 0\n",
        ),
        (
            ["--engine", "frok"],
            "error: 'engine', value 'frok': no such engine (did you mean 'fork'?); allowed: fork, kernel\n",
        ),
    ],
)
def test_wrong_ways_to_run(capsys: Capture, arguments: list[str], line: str) -> None:
    assert complaint(capsys, *arguments) == line


def test_abbreviated_option_is_unknown(capsys: Capture) -> None:
    assert "'--for'" in complaint(capsys, "--for")


def test_second_word_is_told(capsys: Capture) -> None:
    assert "value 'policy'" in complaint(capsys, "build", "policy")


def test_study_that_is_not_there(capsys: Capture, tmp_path: Path) -> None:
    for command in ("validate", "list", "build"):
        assert "no such folder" in complaint(capsys, command, "--study", str(tmp_path / "none"))


def test_debug_shows_the_traceback() -> None:
    with pytest.raises(Exception, match="no such command"):
        cli.main(["buidl", "--debug"])


def test_validate_tells_the_size_of_the_study(capsys: Capture) -> None:
    assert cli.main(["validate"]) == 0
    told = capsys.readouterr().out
    assert "42 references: no problem found." in told


def test_list_names_stages_and_parameters_with_defaults(capsys: Capture, tmp_path: Path) -> None:
    assert cli.main(["list", "--out", str(tmp_path), "-p", "woe_threshold=3"]) == 0
    told = capsys.readouterr().out
    assert told.count("to run: not run yet on this machine") == len(STAGES)
    assert "woe_rule = 'printed'" in told
    assert "woe_threshold = '3'" in told
    assert "worst judgement that still enters" in told


def test_help_names_every_command(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(["--help"])
    assert raised.value.code == 0
    told = capsys.readouterr().out
    assert all(f"  {command}" in told for command in cli.COMMANDS)


def test_check_takes_no_option_that_would_change_it(capsys: Capture) -> None:
    told = complaint(capsys, "check", "-p", "woe_threshold=3", "--out", "x")
    assert "'-p'" in told
    assert "'--out'" in told


@pytest.mark.parametrize(("verdict", "status"), [(check.SAME, 0), (check.DIFFERENT, 1), (check.MISSING, 1)])
def test_check_tells_by_its_status(monkeypatch: pytest.MonkeyPatch, capsys: Capture, verdict: str, status: int) -> None:
    monkeypatch.setattr(
        check, "check", lambda _, **how: [("figures/a.svg", check.SAME), ("report/report.html", verdict)]
    )
    assert cli.main(["check"]) == status
    assert ("report/report.html" in capsys.readouterr().out) == bool(status)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            NotebookError("policy", 3, "ValueError: no", "runs/failed/04.ipynb"),
            "error: cell 3 of stage policy failed: ValueError: no\n"
            "The executed notebook is kept at runs/failed/04.ipynb\n",
        ),
        (BusyError("another run (process 7)"), "error: another run (process 7)\n"),
        (PermissionError(13, "Permission denied", "/x"), "error: Permission denied: /x\n"),
    ],
)
def test_failure_is_a_sentence_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, error: Exception, told: str
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(build, "build", fail)
    assert cli.main([]) == 1
    assert capsys.readouterr().err == told
    with pytest.raises(type(error)):
        cli.main(["--debug"])


def test_interrupt_is_status_130(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def stop(*_: Any) -> None:
        raise Stopped(finished)

    monkeypatch.setattr(build, "build", stop)
    for finished, told in ((["search", "policy"], "search, policy"), ([], "no stage")):  # noqa: B007 (stop reads it)
        assert cli.main([]) == 130
        assert f"Stopped. Finished in this run: {told}." in capsys.readouterr().err


def test_build_hands_on_the_plan_and_sums_up(monkeypatch: pytest.MonkeyPatch, capsys: Capture, tmp_path: Path) -> None:
    plans: list[Plan] = []

    def fake(plan: Plan, reporter: cli.Progress) -> dict[str, Any]:
        plans.append(plan)
        reporter.begin(plan.out, plan.released)
        reporter.start(STAGES[3], 1, 1, "forced")
        reporter.done(STAGES[3], [])
        reporter.skip(STAGES[4], 2, 2)
        reporter.note("writing the report")
        entries = [{"kind": "table", "published": True}, {"kind": "figure", "published": False}]
        return {"ran": ["policy"], "missing_images": ["s-x"], "results": {"a": 1}, "manifest": {"artefacts": entries}}

    monkeypatch.setattr(build, "build", fake)
    monkeypatch.chdir(tmp_path)
    arguments = ["--only", "4,05", "--force", "--out", "mine", "-p", "term_families=codesign"]
    assert cli.main(arguments) == 0
    (plan,) = plans
    assert plan.only == ["policy", "interviews"]
    assert plan.force
    assert plan.values == {"term_families": "codesign"}
    assert plan.out == tmp_path / "mine"
    told = capsys.readouterr().out
    assert "Writing to mine; the released outputs stay as they are." in told
    assert "1 tables and 1 figures, 1 of them of the published report" in told
    assert "not drawn as static images" in told
    assert told.rstrip().endswith("s-x")


@pytest.mark.parametrize("arguments", [["test", "-k", "x"], ["--debug", "test"]])
def test_test_command_runs_pytest_in_this_environment(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    seen: dict[str, Any] = {}

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        seen.update(command=command, **options)
        return subprocess.CompletedProcess(command, 5)

    monkeypatch.setattr(subprocess, "run", run)
    assert cli.main(arguments) == 5
    assert seen["command"][:3] == [sys.executable, "-m", "pytest"]
    assert seen["cwd"] == paths.ROOT


def test_real_process_has_no_traceback_and_status_2(tmp_path: Path) -> None:
    command = [sys.executable, str(paths.ROOT / "run_all.py"), "--onyl", "policy"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "did you mean '--only'?" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
