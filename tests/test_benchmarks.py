"""What the benchmarks say follows from what they measured, and a scaled study is as sound as the original."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import gone

from compendium.data.bibliography import read_bibliography
from compendium.data.validation import validate
from compendium.paths import BUNDLED_STUDY, ROOT

FOLDER = ROOT / "benchmarks"
pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="measures with /proc")


@pytest.fixture(autouse=True, scope="module")
def _benchmarks() -> Iterator[None]:
    """Their modules import each other by name, as when one is run."""
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))


@pytest.fixture(scope="module")
def doubled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from scale import scale

    folder = tmp_path_factory.mktemp("scaled") / "study"
    scale(2, folder)
    return folder


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    path = next(resource["path"] for resource in package["resources"] if resource["name"] == name)
    with (folder / path).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def names() -> list[str]:
    package = json.loads((BUNDLED_STUDY / "datapackage.json").read_text(encoding="utf-8"))
    return [resource["name"] for resource in package["resources"]]


def test_scaled_study_is_valid(doubled: Path) -> None:
    assert validate(doubled) == []


def test_every_table_has_twice_the_rows_but_vocabularies(doubled: Path) -> None:
    from scale import VOCABULARIES

    assert set(VOCABULARIES) < set(names())
    for name in names():
        before, after = rows(BUNDLED_STUDY, name), rows(doubled, name)
        assert after[: len(before)] == before, "the original rows come first, unchanged"
        assert len(after) == len(before) * (1 if name in VOCABULARIES else 2), name
    original = len(read_bibliography(BUNDLED_STUDY / "references.bib"))
    assert len(read_bibliography(doubled / "references.bib")) == 2 * original


@pytest.mark.parametrize(
    ("table", "column", "target", "key"),
    [
        ("interviews-excerpts", "theme_id", "interviews-themes", "theme_id"),
        ("appraisal-scores", "review_id", "screening-full-text", "citation_key"),
        ("conclusions-claims", "section", "sections", "section_id"),
        ("screening-flow", "from_stage", "screening-flow", "stage_id"),
    ],
)
def test_copies_point_at_copies(doubled: Path, table: str, column: str, target: str, key: str) -> None:
    found, known = rows(doubled, table), [row[key] for row in rows(doubled, target)]
    half = len(found) // 2
    for part, allowed in ((found[:half], known[: len(known) // 2]), (found[half:], known[len(known) // 2 :])):
        assert {row[column] for row in part if row[column]} <= set(allowed)


def test_checks_of_copied_claims_name_copied_rows(doubled: Path) -> None:
    checks = [row["check"] for row in rows(doubled, "conclusions-claims")]
    before, after = checks[: len(checks) // 2], checks[len(checks) // 2 :]
    pairs = dict(zip(before, after, strict=True))
    assert sum(one != other for one, other in pairs.items()) > len(pairs) / 2
    lists = [name for name in pairs if name.startswith("lists.") and ".same-as." in name]
    for name in lists:
        _, one, how, other = name.split(".")
        assert pairs[name] == f"lists.{one}-1.{how}.{other}-1"


def test_readme_has_what_was_measured() -> None:
    from tables import README, filled, read

    text = README.read_text(encoding="utf-8")
    assert filled(text, read()) == text


def measured(seconds: dict[str, float]) -> dict[str, Any]:
    return {factor: {"seconds": s, "memory": 100.0, "outcome": ""} for factor, s in seconds.items()}


def test_exponent_is_that_of_the_two_largest_with_a_result() -> None:
    from growth import outcome
    from tables import exponent

    values = measured({"1": 5.0, "10": 6.0, "100": 600.0}) | {"1000": outcome("long")}
    assert exponent(values, "seconds") == pytest.approx(2.0)
    assert exponent(values, "memory") == pytest.approx(0.0)
    assert exponent(measured({"1": 5.0}), "seconds") is None


def test_table_states_what_has_no_value() -> None:
    from growth import outcome
    from tables import growth

    stages = {
        "a": {**measured({"1": 1.25}), "10": outcome("long")},
        "b": {**measured({"1": 2.0}), "10": outcome("failed", "no room")},
        "c": {**measured({"1": 3.0}), "10": outcome("missed", "a")},
        "d": {**measured({"1": 3.0}), "10": outcome("large")},
    }
    found = {"limit": 600.0, "memory_limit": 18, "rows": {"1": 1000, "10": 10000}, "stages": stages}
    text = "\n".join(growth({"growth": found}))
    assert "| a | 1.25 s, 100 MiB | more than 600 s | – | – |" in text
    assert "| b | 2.00 s, 100 MiB | failed | – | – |" in text
    assert "b × 10 failed: `no room`." in text
    assert "| c | 3.00 s, 100 MiB | not run: needs a | – | – |" in text
    assert "more than 18 GiB" in text


def test_targets_are_judged_by_the_numbers() -> None:
    from comparison import FLOOR_NAME, FORCED, LOOP_NAME, NOTHING, OUTSIDE
    from tables import targets

    walls = {FLOOR_NAME: 2.0, LOOP_NAME: 20.0, FORCED.format("kernel", 2): 6.0, NOTHING: 0.3, OUTSIDE: 0.41}
    cases = [{"name": name, "wall": wall, "after": 1.5} for name, wall in walls.items()]
    told = targets({"comparison": {"default_engine": "kernel", "cases": cases}})[2:]
    assert [line.split(" | ")[1] for line in told] == ["met", "met", "**missed**", "**missed**"]
    assert "2.25 × (4.50 s against 2.00 s; 3.00 × with what comes after them)" in told[0]
    assert "3.33 times (4.44 times for the notebooks alone; the floor is 10.00 times as fast)" in told[2]


def test_command_over_its_limit_is_stopped_with_all_below_it() -> None:
    from watch import watch

    code = (
        "import subprocess, sys, threading\n"
        "start = lambda: print(subprocess.Popen(['sleep', '60']).pid, flush=True)\n"
        "thread = threading.Thread(target=start); thread.start(); thread.join()\n"
        "held = bytearray(b'x' * (64 << 20))\n"
        "import time; time.sleep(60)"
    )
    found = watch([sys.executable, "-c", code], {}, seconds=1.0)
    assert found.stopped == "longer than the limit"
    assert found.wall < 10
    assert found.memory > 64
    ((_, child),) = found.said
    assert gone(int(child))


def test_a_stage_can_be_measured_without_validation_and_without_the_report() -> None:
    """What is left out has to be where it is looked for."""
    from growth import UNCHECKED

    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", UNCHECKED, "list"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "01_search.ipynb" in done.stdout
