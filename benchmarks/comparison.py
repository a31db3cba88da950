"""The same notebooks run in several ways, each measured as a whole process, in rounds that take each once."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from watch import Watched, watch

ROOT = Path(__file__).resolve().parent.parent
FLOOR = """
import json, os, sys
for path in sys.argv[1:]:
    names = {"__name__": "__main__"}
    for cell in json.load(open(path, encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), path, "exec"), names)
"""
LOOP = """
import sys, papermill
for path in sys.argv[2:]:
    papermill.execute_notebook(path, sys.argv[1] + "/" + path.rpartition("/")[2], progress_bar=False)
"""
FORCED = "run_all.py --force, {} engine, --jobs {}"
FLOOR_NAME, LOOP_NAME = "the cells in one plain Python process (floor)", "papermill loop, default settings"
NOTHING = "run_all.py, nothing to do"
OUTSIDE = "run_all.py, nothing to do, called with a Python outside .venv"


@dataclass
class Case:
    """One command that is measured, and what has to be so before it.

    Parameters
    ----------
    name
        As in the table.
    command
        The command; ``OUT`` stands for the output folder.
    prepared
        Whether the output folder holds a finished run; it is empty otherwise.
    seen
        What was seen of it, round by round.
    memory
        Most memory that it held, in MiB; seen in a round of its own, since looking takes time.
    """

    name: str
    command: list[str]
    prepared: bool = True
    seen: list[Watched] = field(default_factory=list)
    memory: float = 0.0


def cases() -> list[Case]:
    """Return what is compared."""
    notebooks = [str(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    python, ours = sys.executable, [sys.executable, str(ROOT / "run_all.py"), "--out", "OUT"]
    convert = [python, "-m", "nbconvert", "--to", "notebook", "--execute", "--output-dir", "OUT/converted"]
    return [
        Case(FLOOR_NAME, [python, "-c", FLOOR, *notebooks]),
        Case(LOOP_NAME, [python, "-c", LOOP, "OUT", *notebooks]),
        Case("nbconvert --execute", [*convert, *notebooks]),
        *(
            Case(FORCED.format(engine, jobs), [*ours, "--force", "--engine", engine, "--jobs", str(jobs)])
            for engine in ("fork", "kernel")
            for jobs in (1, 2)
        ),
        Case("run_all.py, first run in an empty folder", ours, prepared=False),
        Case("run_all.py, one parameter changed", [*ours, "-p", "woe_threshold=3"]),
        Case(NOTHING, ours),
        Case(OUTSIDE, [str(Path(sys.base_prefix, "bin", "python3")), *ours[1:]]),
        Case("run_all.py list", [python, str(ROOT / "run_all.py"), "list", "--out", "OUT"]),
    ]


def compare(rounds: int) -> dict[str, Any]:
    """Measure every case so many times.

    Returns
    -------
    dict
        ``rounds``, ``default_engine`` and ``cases``, each with medians of ``wall``, ``cpu`` and
        ``after``, the range of ``wall``, and ``memory``.
    """
    todo = cases()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        prepared = Path(folder) / "prepared"
        ours = [sys.executable, str(ROOT / "run_all.py"), "--out", str(prepared)]
        subprocess.run(ours, check=True, stdout=subprocess.DEVNULL)
        for number in range(rounds):
            for case in todo:
                case.seen.append(measure(case, prepared))
                print(f"round {number + 1}: {case.seen[-1].wall:7.2f} s  {case.name}", flush=True)
        for case in todo:
            case.memory = measure(case, prepared, weighed=True).memory
            print(f"memory:  {case.memory:7.0f} MiB  {case.name}", flush=True)
    return {"rounds": rounds, "default_engine": default_engine(), "cases": [summary(case) for case in todo]}


def default_engine() -> str:
    """Return the engine that a run uses where none is asked for."""
    sys.path.insert(0, str(ROOT / "src"))
    from compendium.run.warm_parent import default_engine as default

    return default()


def measure(case: Case, prepared: Path, weighed: bool = False) -> Watched:
    """Run a case once in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        out = Path(folder) / "out"
        if case.prepared:
            shutil.copytree(prepared, out)
        command = [
            part.replace("OUT", str(out)) if "OUT" in part and "\n" not in part else part for part in case.command
        ]
        environment = {**os.environ, "COMPENDIUM_OUT": str(out), "PYTHONPATH": str(ROOT / "src")}
        found = watch(command, environment, weighed=weighed)
    if found.status:
        raise SystemExit(f"{case.name} failed with status {found.status}:\n{found.errors}")
    return found


def summary(case: Case) -> dict[str, Any]:
    """Return the medians, and the range of wall times."""
    walls = [found.wall for found in case.seen]
    after = [seconds for found in case.seen if (seconds := after_the_notebooks(found)) is not None]
    made: dict[str, Any] = {"name": case.name}
    made["memory"] = round(case.memory, 3)
    for name in ("wall", "cpu"):
        made[name] = round(statistics.median(getattr(found, name) for found in case.seen), 3)
    made["after"] = round(statistics.median(after), 3) if after else None
    return {**made, "fastest": round(min(walls), 3), "slowest": round(max(walls), 3)}


def after_the_notebooks(found: Watched) -> float | None:
    """Seconds from the end of the last notebook to the end; ``None`` where no notebook ran."""
    done = [second for second, line in found.said if " done in " in line]
    return found.wall - done[-1] if done else None
