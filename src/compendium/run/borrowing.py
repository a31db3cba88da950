"""What the released run made is used again by a run that would make the same, so that only what differs runs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from compendium import paths
from compendium.run import state
from compendium.run.transaction import commit
from compendium.stages import STAGES, Stage

if TYPE_CHECKING:
    from compendium.run.build import Plan


def borrow(wanted: Plan, work: Path) -> list[str]:
    """Take over stages from the released run into a folder below ``runs/`` where they have never run.

    A stage is taken over where the released run is up to date for the study and the parameters wanted: its record
    says what it was made from, by content. A folder that somebody named is left to be made from the data alone.

    Parameters
    ----------
    wanted
        The plan.
    work
        Folder to work in, on the file system of the output folder.

    Returns
    -------
    list of str
        Names of the stages taken over.
    """
    if wanted.force or not wanted.out.is_relative_to(paths.RUNS):
        return []
    fresh = [stage for stage in STAGES if stage.name not in state.recorded(wanted.out)]
    taken = [stage for stage in fresh if not state.stale_because(stage, paths.ROOT, wanted.study, wanted.values)]
    for stage in taken:
        _take(stage, wanted.out, work / stage.name)
    return [stage.name for stage in taken]


def _take(stage: Stage, out: Path, folder: Path) -> None:
    """Copy what a stage made, and put the copies in place as if it had run here."""
    entry = state.recorded(paths.ROOT)[stage.name]
    for name in entry["outputs"]:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(paths.ROOT / name, target)
    commit(out, folder, stage.name, list(entry["outputs"]), [], entry)
