"""How long the stages took on this machine, to tell how long a run will still take.

Times are no result: they are kept beside the record of what was made from what, and no output depends on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from compendium.files import read_json, write_json
from compendium.stages import Stage

REPORT = "report"
"""Name under which the time of what comes after the notebooks is kept."""


def path(out: Path) -> Path:
    """Path of the record; not committed."""
    return out / "data" / "derived" / "durations.json"


def recorded(*folders: Path) -> dict[str, float]:
    """Read what each stage last took.

    Parameters
    ----------
    folders
        Output folders; for a stage that has not run in the first, the others are asked in turn.

    Returns
    -------
    dict
        Name of a stage, or `REPORT`, to seconds.
    """
    found: dict[str, float] = {}
    for folder in reversed(folders):
        record = read_json(path(folder))
        if isinstance(record, dict):
            found |= {name: seconds for name, seconds in record.items() if isinstance(seconds, (int, float))}
    return found


def remember(out: Path, measured: Mapping[str, float]) -> None:
    """Enter what was measured, in seconds."""
    if measured:
        known = {**recorded(out), **measured}
        write_json(path(out), {name: round(seconds, 2) for name, seconds in known.items()})


def time_left(
    known: Mapping[str, float], waiting: Iterable[Stage], running: Mapping[str, float], jobs: int
) -> float | None:
    """Estimate the time that the stages still need, as they will be started: in order, and after what they need.

    Parameters
    ----------
    known
        Seconds that each stage took.
    waiting
        Stages not yet started, in running order.
    running
        Stages that run, and for how many seconds already.
    jobs
        How many may run side by side.

    Returns
    -------
    float or None
        Seconds; ``None`` where it is not known of every stage how long it takes.
    """
    left = list(waiting)
    pending = {*(stage.name for stage in left), *running}
    if not pending <= set(known):
        return None
    ends = {name: max(known[name] - elapsed, 0.0) for name, elapsed in running.items()}
    clock = 0.0
    while pending:
        for stage in [stage for stage in left if not pending & set(stage.needs)]:
            if len(ends) < jobs:
                ends[stage.name] = clock + known[stage.name]
                left.remove(stage)
        first = min(ends, key=lambda name: ends[name])
        clock = ends.pop(first)
        pending.discard(first)
    return clock
