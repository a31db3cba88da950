"""Work in a forked copy of this process: answers, exceptions, and an end on both sides whatever happens."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from processes import gone

from compendium import forking
from compendium.errors import InputError, Problem
from compendium.forking import LostError, answer, in_turn, receive, side_by_side
from compendium.run.warm_parent import can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="this system launches every process")


ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def program(body: str) -> list[str]:
    """Return the command that runs a body of code in a process of its own."""
    head = "import os, signal, sys, time\nfrom compendium.forking import *\n"
    return [sys.executable, "-c", head + textwrap.dedent(body)]


def forked(body: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a body of code in a process that has a single thread, as a test run has not always."""
    how = {"cwd": folder, "env": ENVIRONMENT, "capture_output": True, "text": True, "timeout": 60}
    return subprocess.run(program(body), check=False, **how)


def test_both_answers_come_from_two_processes_at_a_time(tmp_path: Path) -> None:
    done = forked(
        """
        def beside():
            open("beside", "w").close()
            while not os.path.exists("here"): time.sleep(0.005)
            return os.getpid()
        def here():
            open("here", "w").close()
            while not os.path.exists("beside"): time.sleep(0.005)
            return os.getpid()
        first, second = side_by_side(beside, here)
        print(first != second, second == os.getpid())
        """,
        tmp_path,
    )
    assert done.stdout.split() == ["True", "True"], done.stderr


@pytest.mark.parametrize(
    ("beside", "here", "raised"),
    [
        ("1 / 0", "2", "ZeroDivisionError division by zero"),
        ("1", "1 / 0", "ZeroDivisionError division by zero"),
        ("time.sleep(30)", "1 / 0", "ZeroDivisionError division by zero"),
        ("os.kill(os.getpid(), 9)", "2", "LostError the process that did this work has ended"),
        ("sys.exit(3)", "2", "LostError the process that did this work has ended"),
        ("open('/no/such/file')", "2", "FileNotFoundError [Errno 2] No such file or directory: '/no/such/file'"),
        ("(lambda: 1, 2)[0]", "2", "RuntimeError no answer could be sent: <function"),
    ],
)
def test_what_goes_wrong_in_either_is_raised_and_nothing_is_left(
    tmp_path: Path, beside: str, here: str, raised: str
) -> None:
    done = forked(
        f"""
        began = time.monotonic()
        try:
            print(side_by_side(lambda: {beside}, lambda: {here}))
        except Exception as error:
            print(type(error).__name__, error)
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            print("alone after a moment" if time.monotonic() - began < 10 else "late")
        """,
        tmp_path,
    )
    told, rest = done.stdout.splitlines()
    assert told.startswith(raised), done.stderr
    assert rest == "alone after a moment"


def test_a_copy_ends_with_the_process_that_made_it(tmp_path: Path) -> None:
    source = """
        def beside():
            print(os.getpid(), flush=True)
            time.sleep(60)
        side_by_side(beside, lambda: time.sleep(60))
        """
    with subprocess.Popen(program(source), cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        copy = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert gone(copy, 10)


def told_through(work: object) -> socket.socket:
    """Have some work answered into a channel; return the end to read."""
    ours, theirs = socket.socketpair()
    ours.setblocking(True)
    answer(theirs, work)  # type: ignore[arg-type]
    return ours


def test_a_fault_of_the_input_keeps_all_its_problems_and_tells_where_it_was_raised() -> None:
    problems = [Problem("a.csv", 3, "year", "x", "no number"), Problem("b.csv")]

    def work() -> None:
        raise InputError(problems)

    with pytest.raises(InputError) as caught:
        receive(told_through(work))
    assert caught.value.problems == problems
    assert "in work" in caught.value.__notes__[0]


def test_where_it_was_raised_is_told_whatever_the_error_is_like() -> None:
    """Errors that rebuild themselves lose their notes when they are pickled."""
    with pytest.raises(json.JSONDecodeError) as caught:
        receive(told_through(lambda: json.loads("{")))
    assert "JSONDecodeError" in caught.value.__notes__[0]


def test_where_no_copy_can_be_made_things_are_done_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(forking, "fork_quietly", refused)
    assert side_by_side(os.getpid, os.getpid) == (os.getpid(), os.getpid())


def test_an_answer_cut_short_is_no_answer() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"\x80\x04\x95")
    theirs.close()
    with pytest.raises(LostError):
        receive(ours)


def test_nobody_has_to_listen() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    answer(theirs, lambda: 1)


def test_in_turn_does_one_thing_after_the_other() -> None:
    done: list[str] = []
    assert in_turn(lambda: done.append("a"), lambda: len(done)) == (None, 1)
