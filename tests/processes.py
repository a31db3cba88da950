"""Processes as tests see them."""

from __future__ import annotations

import time
from pathlib import Path


def gone(number: int, seconds: float = 3.0) -> bool:
    """Whether a process has ended, or does within so many seconds; one that nobody has reaped yet has ended too."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def children(number: int) -> list[int]:
    """Processes that a process has started and that run."""
    told = [path.read_text() for path in Path(f"/proc/{number}/task").glob("*/children")]
    return [int(child) for line in told for child in line.split()]
