"""The command line: what it prints, its exit status, and that wrong options change nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from compendium import cli, paths
from compendium.cli.progress import Progress
from compendium.errors import BusyError, NotebookError
from compendium.run import build, check, durations
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
            "allowed: build, check, validate, list, lab, test\n",
        ),
        (
            ["--forse"],
            "error: 'option', value '--forse': no such option (did you mean '--force'?); "
            "allowed: -p, --parameters, --only, --force, --study, --out, --source, --crate, --jobs, --engine, "
            "--timeout, --quiet, --json, --debug, --help\n",
        ),
        (["--study"], "error: '--study': has no value; allowed: --study DIR\n"),
        (["--force=1"], "error: '--force': takes no value; allowed: --force\n"),
        (
            ["--only", "polcy"],
            "error: 'stage', value 'polcy': no such stage (did you mean 'policy'?); "
            "allowed: search, screening, appraisal, policy, interviews, conclusions\n",
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


def test_nearest_parameter_is_suggested(capsys: Capture) -> None:
    told = complaint(capsys, "-p", "woe_treshold=3")
    assert "value 'woe_treshold': no such parameter (did you mean 'woe_threshold'?)" in told


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--force", "--help"]])
def test_help_names_every_command(capsys: Capture, arguments: list[str]) -> None:
    assert cli.main(arguments) == 0
    told = capsys.readouterr().out
    assert all(f"\n  {command} " in told for command in cli.COMMANDS)
    assert "COMMAND --help" in told


@pytest.mark.parametrize("arguments", [["--help"], *([command, "--help"] for command in cli.COMMANDS)])
def test_every_help_fits_a_screen_and_has_an_example(capsys: Capture, arguments: list[str]) -> None:
    assert cli.main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100
    assert lines[-1].startswith("  python run_all.py")


def test_check_takes_no_option_that_would_change_it(capsys: Capture) -> None:
    told = complaint(capsys, "check", "-p", "woe_threshold=3", "--out", "x")
    assert "'-p': check takes no such option; build and list do" in told
    assert "'--out': check takes no such option" in told


def test_option_before_the_command_counts_too(capsys: Capture) -> None:
    assert "'--crate': list takes no such option; build does" in complaint(capsys, "--crate", "x.zip", "list")


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


def manifest_of_two() -> dict[str, Any]:
    entries = [{"id": "t", "kind": "table", "published": True}, {"id": "f", "kind": "figure", "published": False}]
    return {"ran": ["policy"], "missing_images": ["s-x"], "results": {"a": 1}, "manifest": {"artefacts": entries}}


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Plan]:
    """Put something quick in place of the run; gives the plans that it was asked for."""
    asked: list[Plan] = []

    def fake(plan: Plan, reporter: Progress) -> dict[str, Any]:
        asked.append(plan)
        reporter.begin(plan.out, plan.released)
        reporter.start(STAGES[3], 1, 2, "forced")
        reporter.done(STAGES[3], [])
        reporter.skip(STAGES[4], 2, 2)
        reporter.note("writing the report")
        return manifest_of_two()

    monkeypatch.setattr(build, "build", fake)
    monkeypatch.chdir(tmp_path)
    return asked


def test_build_hands_on_the_plan_and_sums_up(plans: list[Plan], capsys: Capture, tmp_path: Path) -> None:
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


def test_quiet_says_one_line(plans: list[Plan], capsys: Capture) -> None:
    assert cli.main(["--quiet", "--out", "mine"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    (line,) = told.out.splitlines()
    assert line.startswith("1 tables and 1 figures")


def test_json_is_one_document_and_progress_goes_elsewhere(plans: list[Plan], capsys: Capture, tmp_path: Path) -> None:
    assert cli.main(["build", "--json", "--out", "mine"]) == 0
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert (document["command"], document["status"], document["ran"]) == ("build", 0, ["policy"])
    assert (document["out"], document["released"]) == (str(tmp_path / "mine"), False)
    assert document["artefacts"] == ["t", "f"]
    assert set(document["seconds"]) == {"policy", "report"}
    assert "writing the report" in told.err
    assert cli.main(["build", "--json", "--quiet", "--out", "mine"]) == 0
    assert capsys.readouterr().err == ""


def test_parameter_file_is_read_and_the_command_line_wins(plans: list[Plan], capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "wide.yml").write_text("woe_threshold: 3\nwoe_rule: median\n", encoding="utf-8")
    assert cli.main(["--parameters", "wide.yml", "-p", "woe_rule=worst", "--out", "mine"]) == 0
    assert plans[0].values == {"woe_threshold": "3", "woe_rule": "worst"}
    capsys.readouterr()
    (tmp_path / "wide.yml").write_text("woe_treshold: 3\n", encoding="utf-8")
    told = complaint(capsys, "--parameters", "wide.yml", "--only", "polcy")
    assert told.startswith("error: 2 problems; nothing was changed\n")
    assert "wide.yml, row 1" in told
    assert "did you mean 'policy'?" in told


def test_crate_is_packed_from_the_run(plans: list[Plan], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packed: list[tuple[Path, Path]] = []
    monkeypatch.setattr("compendium.crate.crate.pack", lambda out, target: packed.append((out, target)))
    assert cli.main(["--crate", "run.zip", "--out", "mine"]) == 0
    assert packed == [(tmp_path / "mine", tmp_path / "run.zip")]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("run.tar", "is no name of a ZIP file"),
        ("none/run.zip", "lies in a folder that does not exist"),
        ("folder.zip", "is a folder"),
    ],
)
def test_crate_that_could_not_be_written_is_told_before_the_run(
    plans: list[Plan], capsys: Capture, tmp_path: Path, target: str, reason: str
) -> None:
    (tmp_path / "folder.zip").mkdir()
    assert f"error: '--crate', value '{target}': {reason}" in complaint(capsys, "--crate", target)
    assert plans == []


def test_list_shows_what_each_stage_last_took(capsys: Capture, tmp_path: Path) -> None:
    durations.remember(tmp_path, {"policy": 1.234})
    assert cli.main(["list", "--out", str(tmp_path)]) == 0
    assert "04_policy_review.ipynb       1.2 s  to run" in capsys.readouterr().out


def test_light_commands_import_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from compendium import cli; status = cli.main(sys.argv[1:]);"
        "print(sorted({'pandas', 'plotly', 'nbconvert', 'jupyterlab'} & set(sys.modules))); sys.exit(status)"
    )
    environment = os.environ | {"PYTHONPATH": str(paths.ROOT / "src")}
    for arguments in (["list", "--out", str(tmp_path)], ["build", "--help"], ["lab", "--help"]):
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]"), done.stderr


def test_lab_hands_on_what_jupyter_lab_takes(monkeypatch: pytest.MonkeyPatch, copy_of_study: Path) -> None:
    seen: list[tuple[list[str], Path | None, bool]] = []
    monkeypatch.setattr("compendium.lab.open_lab", lambda *given: seen.append(given) or 0)
    monkeypatch.setattr("compendium.lab.has_desktop", lambda: True)
    assert cli.main(["lab"]) == 0
    study = str(copy_of_study)
    assert cli.main(["lab", "--study", study, "--port=9000", "--no-browser", "--debug", "notebooks"]) == 0
    assert seen == [([], None, True), (["--port=9000", "--debug", "notebooks"], copy_of_study, False)]


def test_lab_refuses_a_study_that_is_none(capsys: Capture, tmp_path: Path) -> None:
    assert "no such folder" in complaint(capsys, "lab", "--study", str(tmp_path / "none"))


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
