"""Measure the run: ``python benchmarks/run.py`` writes results, figure and the table of README.md.

Every command is measured as a whole process, in rounds that take each once, so that a change of the machine's speed
meets all alike. What is compared runs the same notebooks on the same data.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
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
    """

    name: str
    command: list[str]
    prepared: bool = True
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)


def notebooks() -> list[str]:
    """Paths of the notebooks in running order."""
    return [str(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]


def cases() -> list[Case]:
    """Return what is compared."""
    python, ours = sys.executable, [sys.executable, str(ROOT / "run_all.py"), "--out", "OUT"]
    convert = [python, "-m", "nbconvert", "--to", "notebook", "--execute", "--output-dir", "OUT/converted"]
    return [
        Case("the cells in one plain Python process (floor)", [python, "-c", FLOOR, *notebooks()]),
        Case("papermill loop, default settings", [python, "-c", LOOP, "OUT", *notebooks()]),
        Case("nbconvert --execute", [*convert, *notebooks()]),
        *(
            Case(f"run_all.py --force, {engine} engine, --jobs {jobs}", [*ours, "--force", *how])
            for engine in ("fork", "kernel")
            for jobs in (1, 2)
            for how in [["--engine", engine, "--jobs", str(jobs)]]
        ),
        Case("run_all.py, first run in an empty folder", ours, prepared=False),
        Case("run_all.py, one parameter changed", [*ours, "-p", "woe_threshold=3"]),
        Case("run_all.py, nothing to do", ours),
        Case("run_all.py list", [python, str(ROOT / "run_all.py"), "list", "--out", "OUT"]),
    ]


def measure(case: Case, prepared: Path) -> None:
    """Run a case once and note wall time, processor time, peak memory and the time after the notebooks."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        out = Path(folder) / "out"
        if case.prepared:
            shutil.copytree(prepared, out)
        command = [
            part.replace("OUT", str(out)) if "OUT" in part and "\n" not in part else part for part in case.command
        ]
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        last = began
        environment = {**os.environ, "COMPENDIUM_OUT": str(out), "PYTHONPATH": str(ROOT / "src")}
        peak = Peak()
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            peak.follow(process.pid)
            for line in process.stdout or []:
                last = time.perf_counter() if b" done in " in line else last
        ended, after = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        if process.returncode:
            raise SystemExit(f"{case.name} failed with status {process.returncode}")
    case.wall.append(ended - began)
    case.cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    case.memory.append(peak.end())
    if last > began:
        case.after.append(ended - last)


class Peak:
    """Watches the memory (Pss, so that what processes share counts once) of a process and all below it."""

    def follow(self, number: int) -> None:
        """Begin."""
        import threading

        self._number, self._most, self._over = number, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            self._most = max(self._most, sum(map(memory_of, family(self._number))))

    def end(self) -> float:
        """Return the most, in MiB."""
        self._over.set()
        self._thread.join()
        return self._most


def family(number: int) -> list[int]:
    """Return a process and all that descend from it."""
    try:
        told = Path(f"/proc/{number}/task/{number}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [number, *(member for child in told for member in family(int(child)))]


def memory_of(number: int) -> float:
    """Proportional set size of a process in MiB."""
    try:
        lines = Path(f"/proc/{number}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main() -> int:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default: 5)")
    options = parser.parse_args()
    todo = cases()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        prepared = Path(folder) / "prepared"
        ours = [sys.executable, str(ROOT / "run_all.py"), "--out", str(prepared)]
        subprocess.run(ours, check=True, stdout=subprocess.DEVNULL)
        for number in range(options.rounds):
            for case in todo:
                measure(case, prepared)
                print(f"round {number + 1}: {case.wall[-1]:7.2f} s  {case.name}", flush=True)
    results = {"machine": machine(), "rounds": options.rounds, "cases": [summary(case) for case in todo]}
    (HERE / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_table(results)
    write_figure(results)
    return 0


def machine() -> dict[str, Any]:
    """Say what was measured on."""
    return {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


def summary(case: Case) -> dict[str, Any]:
    """Medians, and the range of wall times."""
    made: dict[str, Any] = {"name": case.name}
    for name in ("wall", "cpu", "memory", "after"):
        values = getattr(case, name)
        made[name] = round(statistics.median(values), 3) if values else None
    return {**made, "fastest": round(min(case.wall), 3), "slowest": round(max(case.wall), 3)}


def write_table(results: dict[str, Any]) -> None:
    """Put the table into README.md, between its marks."""
    floor = results["cases"][0]["wall"]
    lines = [
        "| what | wall, s (range) | × floor | after the notebooks, s | CPU, s | peak memory, MiB |",
        "|---|---|---|---|---|---|",
    ]
    for case in results["cases"]:
        after = "" if case["after"] is None else f"{case['after']:.2f}"
        spread = f"{case['wall']:.2f} ({case['fastest']:.2f}–{case['slowest']:.2f})"
        numbers = f"{case['wall'] / floor:.2f} | {after} | {case['cpu']:.2f} | {case['memory']:.0f}"
        lines.append(f"| {case['name']} | {spread} | {numbers} |")
    readme = HERE / "README.md"
    head, _, rest = readme.read_text(encoding="utf-8").partition("<!-- table -->\n")
    tail = rest.partition("<!-- end of table -->")[2]
    text = head + "<!-- table -->\n" + "\n".join(lines) + "\n<!-- end of table -->" + tail
    readme.write_text(text, encoding="utf-8")


def write_figure(results: dict[str, Any]) -> None:
    """Draw wall time per case, as a Plotly specification and, where a browser is there, as SVG."""
    sys.path.insert(0, str(ROOT / "src"))
    import plotly.graph_objects as go

    from compendium.publishing.images import static_svg

    shown = results["cases"][::-1]
    bars = go.Bar(
        x=[case["wall"] for case in shown],
        y=[case["name"] for case in shown],
        orientation="h",
        text=[f"{case['wall']:.2f} s" for case in shown],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [case["slowest"] - case["wall"] for case in shown],
            "arrayminus": [case["wall"] - case["fastest"] for case in shown],
        },
    )
    figure = go.Figure(bars)
    figure.update_layout(
        template="plotly_white",
        width=1000,
        height=90 + 38 * len(shown),
        margin={"l": 20, "r": 20, "t": 20, "b": 50},
        xaxis={"title": {"text": "wall time, seconds (median; whiskers from fastest to slowest)"}, "automargin": True},
        yaxis={"automargin": True},
    )
    spec = figure.to_json()
    (HERE / "figure.json").write_text(spec + "\n", encoding="utf-8")
    svg = static_svg(spec, "figure", [HERE])
    if svg is not None:
        (HERE / "figure.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
