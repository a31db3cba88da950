"""How cost grows with the number of rows: time and memory of each stage, for a study scaled to many times its rows."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from scale import scale
from watch import Watched, watch

ROOT = Path(__file__).resolve().parent.parent
FACTORS = (1, 10, 100, 1000)
VALIDATION, REPORT = "validation", "report"
LONG, LARGE, FAILED, MISSED = "long", "large", "failed", "missed"
"""What may keep a value out of the table: the limit of time, that of memory, an error, a stage without a result."""
UNCHECKED = """
import sys
from unittest.mock import patch
from compendium.run import build, report_writer
from compendium.cli import main
# Validation and report, for which a process gets ready beside the last stage, are measured by themselves.
with patch.object(build, "_check"), patch.object(report_writer.ReportWriter, "get_ready"):
    sys.exit(main(sys.argv[1:]))
"""
_WRITING = "writing the report"


def grow(factors: tuple[int, ...], seconds: float, gibibytes: float) -> dict[str, Any]:
    """Measure every stage at every factor.

    Parameters
    ----------
    factors
        How many times the rows.
    seconds, gibibytes
        Limits of each stage.

    Returns
    -------
    dict
        ``limit`` and ``memory_limit``, ``rows`` by factor, and ``stages``: by name, and then by factor, ``seconds``,
        ``memory`` (MiB) and ``outcome`` (empty, or what kept it from the end).
    """
    rows, stages = {}, dict[str, dict[str, Any]]()
    for factor in factors:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            study = Path(folder) / "study"
            rows[str(factor)] = sum(scale(factor, study).values())
            for name, found in one_factor(study, Path(folder) / "out", (seconds, gibibytes * 1024)).items():
                stages.setdefault(name, {})[str(factor)] = found
                shown = found["outcome"] or f"{found['seconds']:8.2f} s {found['memory']:7.0f} MiB"
                print(f"× {factor:<5} {name:12} {shown}", flush=True)
    return {"limit": seconds, "memory_limit": gibibytes, "rows": rows, "stages": stages}


def one_factor(study: Path, out: Path, limits: tuple[float, float]) -> dict[str, dict[str, Any]]:
    """Measure validation, each stage by itself, and the report."""
    sys.path.insert(0, str(ROOT / "src"))
    from compendium.stages import STAGES

    found = {VALIDATION: part(run(["validate", "--study", str(study)], limits))}
    where = ["build", "--study", str(study), "--out", str(out), "--jobs", "1"]
    for stage in STAGES:
        if lost := [need for need in stage.needs if found[need]["outcome"]]:
            found[stage.name] = outcome(MISSED, ", ".join(lost))
            continue
        seen = run([*where, "--only", stage.name], limits, until=_WRITING)
        found[stage.name] = part(seen, stage.notebook, " done in ")
    if lost := [stage.name for stage in STAGES if found[stage.name]["outcome"]]:
        return {**found, REPORT: outcome(MISSED, ", ".join(lost))}
    return {**found, REPORT: part(run(where, limits), _WRITING)}


def run(arguments: list[str], limits: tuple[float, float], until: str = "\0") -> Watched:
    """Run the command line on a study that is taken to be valid, except where validation itself is asked for."""
    python = [sys.executable] + ([str(ROOT / "run_all.py")] if arguments[0] == "validate" else ["-c", UNCHECKED])
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return watch([*python, *arguments], environment, *limits, until=lambda line: until in line)


def part(seen: Watched, begins: str = "", ends: str = "") -> dict[str, Any]:
    """Take out of a run the time between two lines, of which the first and the last may be the run's own ends."""
    start = next((second for second, line in seen.said if begins in line), 0.0) if begins else 0.0
    end = next((second for second, line in seen.said if begins in line and ends in line), None) if ends else seen.wall
    if seen.stopped:
        return outcome(LARGE if "GiB" in seen.stopped else LONG)
    if end is None or (seen.status and not ends):
        return outcome(FAILED, last_line(seen.errors))
    return {"seconds": round(end - start, 3), "memory": round(seen.memory, 1), "outcome": ""}


def outcome(kind: str, why: str = "") -> dict[str, Any]:
    """Describe a value that there is not."""
    return {"seconds": None, "memory": None, "outcome": kind, "why": why}


def last_line(text: str) -> str:
    """Return the first line of an error that says what it is."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines and "Traceback" in text else lines[0][:200] if lines else ""
