"""The tables of README.md, written from ``results.json`` and from nothing else."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from comparison import FLOOR_NAME, FORCED, LOOP_NAME, NOTHING, OUTSIDE
from growth import FAILED, LARGE, LONG, MISSED

HERE = Path(__file__).resolve().parent
RESULTS, README = HERE / "results.json", HERE / "README.md"
JOBS = 2
"""The targets speak of two cores."""
FLOOR_TIMES, LOOP_TIMES, NOTHING_SECONDS = 2.5, 4.0, 0.4

Results = dict[str, Any]


def read() -> Results:
    """Read the last results."""
    return dict(json.loads(RESULTS.read_text(encoding="utf-8")))


def write_readme(results: Results) -> None:
    """Put every table into README.md, between its marks."""
    README.write_text(filled(README.read_text(encoding="utf-8"), results), encoding="utf-8")


def filled(text: str, results: Results) -> str:
    """Return a text with the tables between its marks."""
    tables = {"comparison": comparison, "targets": targets, "growth": growth}
    for name, write in tables.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        head, _, rest = text.partition(begin)
        text = head + begin + "\n".join(write(results)) + "\n" + end + rest.partition(end)[2]
    return text


def comparison(results: Results) -> list[str]:
    """Write the table of what was compared."""
    found = results["comparison"]
    floor = case(results, FLOOR_NAME)["wall"]
    lines = [
        f"Medians of {rounds(found['rounds'])}; {machine(results['machine'])}.",
        "",
        "| what | wall, s (range) | × floor | after the notebooks, s | CPU, s | peak memory, MiB |",
        "|---|---|---|---|---|---|",
    ]
    for row in found["cases"]:
        after = "" if row["after"] is None else f"{row['after']:.2f}"
        spread = f"{row['wall']:.2f} ({row['fastest']:.2f}–{row['slowest']:.2f})"
        numbers = f"{row['wall'] / floor:.2f} | {after} | {row['cpu']:.2f} | {row['memory']:.0f}"
        lines.append(f"| {row['name']} | {spread} | {numbers} |")
    return lines


def rounds(number: int) -> str:
    """Write a number of rounds."""
    return "one round" if number == 1 else f"{number} interleaved rounds"


def machine(about: dict[str, Any]) -> str:
    """Say what was measured on."""
    return f"{about['cores']} cores, {about['memory_gib']} GiB, Python {about['python']}, {about['system']}"


def case(results: Results, name: str) -> dict[str, Any]:
    """Return what was measured of a case."""
    return next(row for row in results["comparison"]["cases"] if row["name"] == name)


def targets(results: Results) -> list[str]:
    """Write the table of targets, each with what was measured and whether it is met."""
    forced = case(results, FORCED.format(results["comparison"]["default_engine"], JOBS))
    floor, loop = case(results, FLOOR_NAME)["wall"], case(results, LOOP_NAME)["wall"]
    nothing, after = max(case(results, name)["wall"] for name in (NOTHING, OUTSIDE)), forced["after"]
    before = forced["wall"] - after
    whole = f"{forced['wall'] / floor:.2f} × with what comes after them"
    rows = [
        (
            f"forced run with {JOBS} jobs: the notebooks take at most {FLOOR_TIMES} × the floor",
            before / floor <= FLOOR_TIMES,
            f"{before / floor:.2f} × ({before:.2f} s against {floor:.2f} s; {whole})",
        ),
        (
            "the work after the notebooks takes no longer than the notebooks",
            after <= before,
            f"{after:.2f} s after {before:.2f} s",
        ),
        (
            f"at least {LOOP_TIMES:.0f} times as fast as a default papermill loop",
            loop / forced["wall"] >= LOOP_TIMES,
            f"{loop / forced['wall']:.2f} times ({loop / before:.2f} times for the notebooks alone; "
            f"the floor is {loop / floor:.2f} times as fast)",
        ),
        (f"nothing to do in at most {NOTHING_SECONDS} s", nothing <= NOTHING_SECONDS, f"{nothing:.2f} s"),
    ]
    lines = ["| target | | measured |", "|---|---|---|"]
    return lines + [f"| {what} | {'met' if met else '**missed**'} | {told} |" for what, met, told in rows]


def growth(results: Results) -> list[str]:
    """Write the table of time and memory of each stage by number of rows."""
    found = results.get("growth")
    if not found:
        return ["Not measured yet."]
    factors = list(found["rows"])
    heads = [f"× {factor} ({found['rows'][factor]:,} rows)" for factor in factors]
    lines = [f"One run each. Limits: {found['limit']:g} s and {found['memory_limit']:g} GiB for each stage.", ""]
    lines += [f"| stage | {' | '.join(heads)} | exponent of time | of memory |", "|---" * (len(factors) + 3) + "|"]
    for name, values in found["stages"].items():
        cells = [cell(values[factor], found) for factor in factors]
        slopes = [exponent(values, kind) for kind in ("seconds", "memory")]
        told = ["–" if slope is None else f"{slope:.2f}" for slope in slopes]
        lines.append(f"| {name} | {' | '.join([*cells, *told])} |")
    return [*lines, *failures(found)]


def cell(value: dict[str, Any], found: dict[str, Any]) -> str:
    """Write a time and a memory, or why there are none."""
    words = {
        LONG: f"more than {found['limit']:g} s",
        LARGE: f"more than {found['memory_limit']:g} GiB",
        FAILED: "failed",
        MISSED: f"not run: needs {value.get('why', '')}",
    }
    return words.get(value["outcome"]) or f"{value['seconds']:.2f} s, {value['memory']:,.0f} MiB"


def exponent(values: dict[str, dict[str, Any]], kind: str) -> float | None:
    """Slope between the two largest factors with a result, both axes logarithmic; ``None`` where there are not two."""
    known = [(int(factor), value[kind]) for factor, value in values.items() if not value["outcome"]]
    if len(known) <= 1:
        return None
    (few, low), (many, high) = sorted(known)[-2:]
    return math.log(high / low) / math.log(many / few)


def failures(found: dict[str, Any]) -> list[str]:
    """Say of what failed why."""
    lines = [
        f"{name} × {factor} failed: `{value['why']}`."
        for name, values in found["stages"].items()
        for factor, value in values.items()
        if value["outcome"] == FAILED
    ]
    return ["", *lines] if lines else []
