"""What is known of a run when it is described: its record, and where its files stand in the crate."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compendium import paths
from compendium.parameters import FOLDERS, Parameter, Scalar, all_declared, declared
from compendium.run import state
from compendium.stages import STAGES, Stage

COPIES = "data/derived/workflow"
"""Where a run that writes outside the compendium's folder keeps what it ran: a crate names only what it holds."""
WORKFLOW = "run_all.py"
LOCK = paths.LOCK.name


@dataclass(frozen=True)
class Run:
    """A run, as its record tells it.

    Parameters
    ----------
    out, study
        Output folder, which is the crate's root, and study.
    record
        What each stage was made from; see :mod:`compendium.run.state`.
    packed
        Whether the crate is one that is packed, and so holds the code and the data too.
    """

    out: Path
    study: Path
    record: dict[str, Any]
    packed: bool = False

    @property
    def this(self) -> dict[str, Any]:
        """The last run: ``started``, ``ended``, ``ran``, ``failed``, ``error``, ``values``."""
        return dict(self.record[state.RUN])

    @property
    def made(self) -> list[Stage]:
        """Stages whose outputs are there, in running order; those that this run failed in are left out."""
        failed = {entry["stage"] for entry in self.this["failed"]}
        return [stage for stage in STAGES if self.entry(stage) and stage.name not in failed]

    def entry(self, stage: Stage) -> dict[str, Any]:
        """Return what the record says of a stage; empty where it has not run."""
        found = self.record.get(stage.name)
        return found if isinstance(found, dict) and {"made_from", "inputs", "outputs"} <= set(found) else {}

    def code(self, name: str) -> str:
        """Return where a file of the compendium stands in the crate."""
        if self.packed:
            return name
        inside = relative(paths.ROOT / name, self.out)
        return inside or f"{COPIES}/{name}"

    def holds_code(self) -> bool:
        """Whether the crate holds the compendium itself."""
        return self.packed or relative(paths.ROOT, self.out) != "" or self.out == paths.ROOT

    def data(self, name: str) -> str:
        """Return where a file of the study stands in the crate; empty when it is not in it."""
        return f"data/{name}" if self.packed else relative(self.study / name, self.out)

    def values(self, stage: Stage) -> dict[str, Scalar]:
        """Return all parameters that a stage was run with, those of the notebook itself too."""
        own = {p.name: p.default for p in parameters_of(stage)}
        known = self.entry(stage).get("made_from", {}).get("parameters")
        given = self.this["values"] if known is None else json.loads(known)
        return {name: given.get(name, default) for name, default in own.items()}


def parameters_of(stage: Stage) -> list[Parameter]:
    """Parameters of a notebook; those that name folders left out, they have no influence on any result."""
    return [p for p in declared(stage.path) if p.name not in FOLDERS]


def all_parameters() -> list[Parameter]:
    """Parameters of all notebooks, each once."""
    return [p for p in all_declared().values() if p.name not in FOLDERS]


def relative(path: Path, folder: Path) -> str:
    """Path relative to a folder; empty when it is not in it."""
    return path.relative_to(folder).as_posix() if path != folder and path.is_relative_to(folder) else ""


def save_run(out: Path, study: Path, told: dict[str, Any]) -> None:
    """Enter a run in the record; a study within the compendium's folder by its path in it, so that both may move."""
    state.save(out, state.RUN, {"study": relative(study, paths.ROOT) or str(study), **told})


def load_run(out: Path, packed: bool = False) -> Run | None:
    """Read the record of the last run that wrote to a folder; ``None`` where there is none."""
    record = state.recorded(out)
    last = record.get(state.RUN)
    if not isinstance(last, dict) or not {"study", "started", "ended", "failed", "values"} <= set(last):
        return None
    run = Run(out, (paths.ROOT / last["study"]).resolve(), record, packed)
    return run if run.made or last["failed"] else None
