"""What a run tells while it goes on, with a clock that the test moves."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import pytest

from compendium import paths
from compendium.cli import progress
from compendium.cli.console import Console
from compendium.run import durations
from compendium.stages import Stage

SOW, REAP, REST = Stage("sow", "01_sow.ipynb"), Stage("reap", "02_reap.ipynb", ("sow",)), Stage("rest", "03_rest.ipynb")


class Clock:
    """Stands in for :mod:`time`."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Clock:
    """A clock at 1000 s, and a compendium without any record."""
    stopped = Clock()
    monkeypatch.setattr(progress, "time", stopped)
    monkeypatch.setattr(paths, "ROOT", tmp_path / "compendium")
    return stopped


def run(clock: Clock, out: Path) -> progress.Progress:
    """A run of one job: sowing takes 2 s, reaping 3 s, the rest is up to date, the report takes 1 s."""
    told = progress.Progress(Console(), [SOW, REAP, REST], 1, out)
    with told:
        told.begin(out, released=True)
        told.start(SOW, 1, 3, "its notebook changed")
        clock.now += 2
        told.done(SOW, [])
        told.skip(REST, 3, 3)
        told.start(REAP, 2, 3, "a stage it needs changed")
        clock.now += 3
        told.done(REAP, [])
        told.note("writing the report")
        clock.now += 1
    return told


def test_first_run_says_that_the_time_is_not_known(
    clock: Clock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(clock, tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        "[1/3] 01_sow.ipynb               its notebook changed …; "
        "no earlier run is on record here, so the time left is not known"
    )
    assert lines[1] == "[1/3] 01_sow.ipynb               done in 2.0 s"
    assert durations.recorded(tmp_path) == {"sow": 2, "reap": 3, "report": 1}


def test_second_run_tells_the_time_left(clock: Clock, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    durations.remember(tmp_path, {"sow": 2, "reap": 3, "rest": 64, "report": 1})
    run(clock, tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("its notebook changed …; about 1 min 10 s in all")
    assert lines[1].endswith("done in 2.0 s; about 1 min 8 s left")
    assert lines[2].endswith("up to date")
    assert lines[3].endswith("a stage it needs changed …")
    assert lines[4].endswith("done in 3.0 s; about 1 s left")


def test_a_folder_that_does_not_last_is_not_named(
    clock: Clock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = progress.Progress(Console(), [SOW], 1, tmp_path)
    told.begin(tmp_path / "rebuilt", released=False)
    told.begin(tmp_path, released=False)
    places = [line.split("; ")[0] for line in capsys.readouterr().out.splitlines()]
    assert places == ["Writing to a temporary folder", f"Writing to {tmp_path}"]


def test_another_output_folder_learns_from_the_released_outputs(clock: Clock, tmp_path: Path) -> None:
    durations.remember(paths.ROOT, {"sow": 2, "reap": 3, "rest": 4, "report": 1})
    told = progress.Progress(Console(quiet=True), [SOW, REAP, REST], 2, tmp_path)
    assert told.time_left() == 6


def test_a_run_that_fails_remembers_the_stages_that_it_finished(clock: Clock, tmp_path: Path) -> None:
    told = progress.Progress(Console(quiet=True), [SOW, REAP], 1, tmp_path)

    def fail() -> None:
        with told:
            told.start(SOW, 1, 2, "forced")
            clock.now += 2
            told.done(SOW, [])
            told.note("writing the report")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert durations.recorded(tmp_path) == {"sow": 2}


def test_a_terminal_has_a_line_that_is_written_over(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(progress, "_TICK", 0.01)
    monkeypatch.setenv("TERM", "xterm")
    durations.remember(tmp_path, {"sow": 2, "report": 1})
    with progress.Progress(Console(), [SOW], 1, tmp_path) as told:
        told.start(SOW, 1, 1, "forced")
        until = time.monotonic() + 5
        while "0 of 1 done, running sow; about 3 s left" not in screen.getvalue():
            assert time.monotonic() < until
            time.sleep(0.01)
        told.done(SOW, [])
    before, _, after = screen.getvalue().partition("\r\x1b[K[1/1] 01_sow.ipynb")
    assert before.startswith("[1/1] 01_sow.ipynb               forced …; about 3 s in all\n      0 of 1 done")
    assert "done" in after
