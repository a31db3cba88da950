"""How long stages took, and the time that is left: schedules that can be followed by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from compendium.run import durations
from compendium.stages import Stage

A, B, C = Stage("a", "1.ipynb"), Stage("b", "2.ipynb", ("a",)), Stage("c", "3.ipynb")
KNOWN = {"a": 2.0, "b": 3.0, "c": 4.0}


@pytest.mark.parametrize(
    ("waiting", "running", "jobs", "expected"),
    [
        ([A, B, C], {}, 1, 9.0),
        ([A, B, C], {}, 2, 5.0),
        ([A, B, C], {}, 9, 5.0),
        ([B], {"a": 0.5, "c": 1.0}, 2, 4.5),
        ([B], {"c": 1.0}, 2, 3.0),
        ([B], {"a": 7.0}, 1, 3.0),
        ([], {"c": 1.0}, 1, 3.0),
        ([], {}, 1, 0.0),
    ],
    ids=[
        "one by one",
        "two at a time",
        "more than there are",
        "some run",
        "a is done",
        "longer than ever",
        "last",
        "none",
    ],
)
def test_time_left(waiting: list[Stage], running: dict[str, float], jobs: int, expected: float) -> None:
    assert durations.time_left(KNOWN, waiting, running, jobs) == pytest.approx(expected)


def test_a_stage_never_measured_makes_the_time_unknown() -> None:
    assert durations.time_left({"a": 2.0}, [B], {"a": 1.0}, 1) is None
    assert durations.time_left({"b": 2.0}, [B], {"a": 1.0}, 1) is None


def test_a_later_measurement_replaces_an_earlier_one(tmp_path: Path) -> None:
    durations.remember(tmp_path, {"a": 1.234, "b": 5})
    durations.remember(tmp_path, {"a": 2})
    assert durations.recorded(tmp_path) == {"a": 2, "b": 5}


def test_the_first_folder_that_knows_a_stage_is_believed(tmp_path: Path) -> None:
    durations.remember(tmp_path / "here", {"a": 1})
    durations.remember(tmp_path / "there", {"a": 9, "b": 8})
    assert durations.recorded(tmp_path / "here", tmp_path / "there") == {"a": 1, "b": 8}


@pytest.mark.parametrize("content", ["", "[1]", '{"a": "long"}', '{"a": '])
def test_a_damaged_record_counts_as_none(tmp_path: Path, content: str) -> None:
    durations.path(tmp_path).parent.mkdir(parents=True)
    durations.path(tmp_path).write_text(content, encoding="utf-8")
    assert durations.recorded(tmp_path) == {}


def test_nothing_measured_leaves_no_file(tmp_path: Path) -> None:
    durations.remember(tmp_path, {})
    assert list(tmp_path.iterdir()) == []
