"""A stage's outputs appear together, however the run ends.

They are made in a folder of their own. One rename of that folder commits them; moving its files into place is
then only a matter of time, and is finished by the next run where this one is killed.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from compendium.files import read_json, write_json
from compendium.run import state

COMMITTED = ".compendium-commit"
JOURNAL = "journal.json"


def commit(out: Path, made: Path, stage: str, outputs: list[str], outdated: list[str], entry: dict[str, Any]) -> None:
    """Put a stage's outputs in place of the earlier ones.

    Parameters
    ----------
    out
        Output folder.
    made
        Folder on the same file system that holds the new files; it is used up.
    stage
        Name of the stage.
    outputs, outdated
        Files that are new, and files to remove; paths relative to `out`.
    entry
        What the record says of the stage; see :func:`compendium.run.state.describe`.
    """
    journal = {"stage": stage, "outputs": outputs, "outdated": outdated, "entry": entry}
    write_json(made / JOURNAL, journal)
    made.replace(out / COMMITTED)
    finish(out)


def finish(out: Path) -> None:
    """Move what has been committed into place; what was not committed is removed."""
    folder = out / COMMITTED
    journal = read_json(folder / JOURNAL)
    if isinstance(journal, dict):
        for name in journal["outdated"]:
            (out / name).unlink(missing_ok=True)
        for name in journal["outputs"]:
            _move(folder / name, out / name)
        state.save(out, journal["stage"], journal["entry"])
        (folder / JOURNAL).unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _move(source: Path, target: Path) -> None:
    """Move a file into place, unless that was done before."""
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
