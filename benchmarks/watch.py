"""Run a command and watch it: how long it takes, how much memory it and all below it hold, and what it says when."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MIB_PER_KIB = 1 / 1024


@dataclass
class Watched:
    """What was seen of a command.

    Parameters
    ----------
    wall, cpu
        Seconds.
    memory
        Most that it and all below it held at once, in MiB; what processes share counts once.
    status
        Exit status.
    said
        Lines of its standard output, each with the second at which it came.
    stopped
        Why it was stopped; empty where it came to its own end.
    errors
        Its standard error.
    """

    wall: float = 0.0
    cpu: float = 0.0
    memory: float = 0.0
    status: int = 0
    said: list[tuple[float, str]] = field(default_factory=list)
    stopped: str = ""
    errors: str = ""


def watch(
    command: Sequence[str],
    environment: dict[str, str],
    seconds: float = float("inf"),
    mebibytes: float = float("inf"),
    until: Callable[[str], bool] = lambda line: False,
    weighed: bool = True,
) -> Watched:
    """Run a command to its end, or until it takes or holds too much, or says a certain thing.

    Parameters
    ----------
    command, environment
        What to run.
    seconds, mebibytes
        Limits.
    until
        Tells of a line whether the command is to be ended there.
    weighed
        Whether to look at its memory; looking stops every process of it for some milliseconds, ten times a second.
    """
    found, began, before = Watched(), time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(
        command, env=environment, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        guard = _Guard(process.pid, found, began + seconds, mebibytes, weighed)
        complaints: list[str] = []
        listener = threading.Thread(target=lambda: complaints.extend(process.stderr or []))
        listener.start()
        for line in process.stdout or []:
            found.said.append((time.perf_counter() - began, line))
            if until(line):
                end_family(process.pid)
        listener.join()
        process.wait()
        guard.end()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found.wall, found.status, found.errors = time.perf_counter() - began, process.returncode, "".join(complaints)
    found.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return found


class _Guard:
    """Looks ten times a second at what a family of processes holds, and ends it where that is too much or too long."""

    def __init__(self, number: int, found: Watched, end: float, mebibytes: float, weighed: bool):
        self._number, self._found, self._end, self._most, self._weighed = number, found, end, mebibytes, weighed
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            if self._weighed:
                self._found.memory = max(self._found.memory, sum(map(memory_of, family(self._number))))
            if self._found.memory > self._most:
                self._found.stopped = f"more than {self._most / 1024:.0f} GiB"
            elif time.perf_counter() > self._end:
                self._found.stopped = "longer than the limit"
            if self._found.stopped:
                end_family(self._number)

    def end(self) -> None:
        """Stop looking."""
        self._over.set()
        self._thread.join()


def family(number: int) -> list[int]:
    """Return a process and all that descend from it, whichever of its threads started them."""
    told: list[str] = []
    for children in Path(f"/proc/{number}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            told += children.read_text(encoding="ascii").split()
    return [number, *(member for child in told for member in family(int(child)))]


def end_family(number: int) -> None:
    """End a process and all that descend from it."""
    for member in family(number):
        try:
            os.kill(member, signal.SIGKILL)
        except ProcessLookupError:
            continue


def memory_of(number: int) -> float:
    """Proportional set size of a process in MiB."""
    try:
        lines = Path(f"/proc/{number}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * MIB_PER_KIB
