"""Measure the run: ``python benchmarks/run.py`` writes results, figures and the tables of README.md.

Two things are measured: several ways to run the notebooks, side by side (``--only comparison``), and how the cost of
each stage grows with the number of rows (``--only growth``). What is not measured again keeps its last results.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from typing import Any

from comparison import compare
from growth import FACTORS, grow
from tables import RESULTS, read, write_readme

PARTS = ("comparison", "growth")
ROUNDS, SECONDS = 5, 600.0
SHARE = 0.75
"""Of the machine's memory, what a stage may hold before it is stopped."""


def memory_gib() -> int:
    """Memory of this machine."""
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def machine() -> dict[str, Any]:
    """Say what is measured on."""
    about = {"python": platform.python_version(), "system": platform.system()}
    return {"cores": len(os.sched_getaffinity(0)), "memory_gib": memory_gib(), **about}


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"interleaved rounds (default: {ROUNDS})")
    parser.add_argument("--only", choices=PARTS, help="measure one of the two things")
    parser.add_argument(
        "--factors", default=",".join(map(str, FACTORS)), help="how many times the rows, joined by commas"
    )
    parser.add_argument("--limit", type=float, default=SECONDS, help="seconds that a stage may take (default: 600)")
    parser.add_argument("--memory", type=float, default=round(memory_gib() * SHARE), help="GiB that it may hold")
    parser.add_argument("--draw", action="store_true", help="measure nothing: write tables and figures anew")
    return parser.parse_args()


def main() -> int:
    """Measure, and write the results."""
    options = parse()
    results = read() if RESULTS.is_file() else {}
    wanted = () if options.draw else PARTS if options.only is None else (options.only,)
    if wanted:
        results["machine"] = machine()
    if "comparison" in wanted:
        results["comparison"] = compare(options.rounds)
    if "growth" in wanted:
        factors = tuple(int(factor) for factor in options.factors.split(","))
        results["growth"] = grow(factors, options.limit, options.memory)
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_readme(results)
    from figures import write_figures

    write_figures(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
