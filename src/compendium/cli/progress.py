"""What a run tells while it goes on, and how long it will still take."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from types import TracebackType

from compendium import paths
from compendium.cli.console import Console, colour, short
from compendium.progress import Reporter
from compendium.run import durations
from compendium.stages import Stage

_TICK = 0.5
"""Seconds after which a line that is written over is written anew."""
_UNKNOWN = "no earlier run is on record here, so the time left is not known"


class Progress(Reporter):
    """Tells what a run does, for the time of a ``with`` block, and remembers how long it took.

    Parameters
    ----------
    console
        Where to tell it.
    stages
        Those that may run.
    jobs
        How many run side by side.
    home
        Output folder with the record of durations.

    Attributes
    ----------
    measured : dict
        Seconds that each stage of this run took.
    """

    def __init__(self, console: Console, stages: list[Stage], jobs: int, home: Path):
        self.measured: dict[str, float] = {}
        self._console, self._jobs, self._home = console, jobs, home
        self._stages = {stage.name: stage for stage in stages}
        self._known = durations.recorded(home, paths.ROOT)
        self._started: dict[str, float] = {}
        self._places: dict[str, str] = {}
        self._settled: set[str] = set()
        self._after = 0.0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._line = ""

    def __enter__(self) -> Progress:
        if self._console.live:
            threading.Thread(target=self._tick, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        self._over.set()
        with self._lock:
            self._clear()
        if kind is None and self._after:
            self.measured[durations.REPORT] = time.monotonic() - self._after
        durations.remember(self._home, self.measured)

    def begin(self, out: Path, released: bool) -> None:
        """Tell where the run writes, if that is not the released outputs; `check` has a folder that does not last."""
        if not released:
            place = "a temporary folder" if out != self._home else short(out)
            self._tell(f"Writing to {place}; the released outputs stay as they are.")

    def start(self, stage: Stage, number: int, total: int, reason: str) -> None:
        """Tell that a stage starts, and why; with the first, how long all will take."""
        place = self._places[stage.name] = f"[{number}/{total}] {stage.notebook:26}"
        first = not self._started
        self._started[stage.name] = time.monotonic()
        left = self.time_left()
        ahead = ("; " + (_UNKNOWN if left is None else f"about {_seconds(left)} in all")) if first else ""
        self._tell(f"{place} {reason} …{ahead}")

    def skip(self, stage: Stage, number: int, total: int) -> None:
        """Tell that a stage is up to date."""
        self._settled.add(stage.name)
        self._tell(f"[{number}/{total}] {stage.notebook:26} up to date")

    def done(self, stage: Stage, missing_images: list[str]) -> None:
        """Tell that a stage is finished."""
        took = self.measured[stage.name] = time.monotonic() - self._started[stage.name]
        self._settled.add(stage.name)
        left = self.time_left()
        ahead = "" if left is None else f"; about {_seconds(left)} left"
        word = colour("done", "green", self._console.stream)
        self._tell(f"{self._places[stage.name]} {word} in {took:.1f} s{ahead}")

    def note(self, text: str) -> None:
        """Tell something else, which comes after the notebooks."""
        self._after = self._after or time.monotonic()
        self._tell(f"      {text}")

    def time_left(self) -> float | None:
        """Seconds until the end of the run, as far as earlier runs tell; ``None`` where they do not."""
        now = time.monotonic()
        after = self._known.get(durations.REPORT)
        if after is None:
            return None
        if self._after:
            return max(after - (now - self._after), 0.0)
        known = {**self._known, **self.measured}
        running = {n: now - since for n, since in list(self._started.items()) if n not in self._settled}
        waiting = [s for n, s in self._stages.items() if n not in self._settled and n not in running]
        left = durations.time_left(known, waiting, running, self._jobs)
        return None if left is None else left + after

    def _tell(self, text: str) -> None:
        with self._lock:
            self._clear()
            self._console.say(text)

    def _clear(self) -> None:
        """Take back the line that is written over."""
        if self._line:
            print("\r\x1b[K", end="", file=self._console.stream, flush=True)
            self._line = ""

    def _tick(self) -> None:
        """Keep a line at the end of the terminal that tells how far the run is."""
        while not self._over.wait(_TICK):
            with self._lock:
                if self._started and not self._over.is_set():
                    self._clear()
                    self._line = self._status()
                    print(self._line, end="", file=self._console.stream, flush=True)

    def _status(self) -> str:
        left = self.time_left()
        ahead = "time left not known" if left is None else f"about {_seconds(left)} left"
        running = [name for name in self._started if name not in self._settled]
        doing = f"running {', '.join(running)}" if running else "finishing"
        line = f"      {len(self._settled)} of {len(self._stages)} done, {doing}; {ahead}"
        return line[: shutil.get_terminal_size().columns - 1]  # a line that wraps cannot be taken back


def _seconds(seconds: float) -> str:
    """Write a duration as people say it."""
    minutes, rest = divmod(round(max(seconds, 1)), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
