"""The verdict: counts, what is missing, and one sentence that follows from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compendium.audit import verdict
from compendium.data.study import Study
from compendium.publishing.manifest import Entry, write_fragment


def parts(rebuilt: int, reproduced: int, inconsistent: int, open_: int, high: int, low: int) -> dict[str, Any]:
    """Make the counts that a judgement is written from."""
    return {
        "artefacts": {"expected": 8, "rebuilt": rebuilt, "missing": ["table-9"] if rebuilt < 8 else []},
        "claims": {"reproduced": reproduced, "inconsistent": inconsistent, "not recomputable": open_, "total": 0},
        "inconsistencies": {"total": high + low, "by_severity": {"high": high, "medium": 0, "low": low}},
        "matter_most": [],
    }


@pytest.mark.parametrize(
    ("reproduced", "inconsistent", "grade"),
    [
        (95, 5, "is reproducible"),
        (94, 6, "is largely reproducible"),
        (80, 20, "is largely reproducible"),
        (79, 21, "is partly reproducible"),
        (50, 50, "is partly reproducible"),
        (49, 51, "is hardly reproducible"),
        (0, 0, "is not checkable"),
    ],
)
def test_the_word_of_the_judgement_follows_the_share(reproduced: int, inconsistent: int, grade: str) -> None:
    assert grade in verdict.judgement(parts(8, reproduced, inconsistent, 3, 1, 2))


def test_the_judgement_names_the_counts() -> None:
    text = verdict.judgement(parts(7, 3, 1, 5, 2, 4))
    assert "7 of 8 tables and figures" in text
    assert "3 of the 4 claims" in text
    assert "(75%)" in text
    assert "5 more cannot be recomputed" in text
    assert "of 6 places" in text
    assert "2 are of high severity" in text


def test_the_judgement_of_a_report_without_fault() -> None:
    assert verdict.judgement(parts(8, 4, 0, 0, 0, 0)).endswith("it nowhere contradicts itself.")
    assert "none of 3 places" in verdict.judgement(parts(8, 4, 0, 0, 0, 3))


def publish(out: Path, *names: str) -> None:
    """Enter tables as made by a stage, with their files."""
    entries = []
    for name in names:
        path = out / "report" / "tables" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a\n1\n", encoding="utf-8")
        files = {f"report/tables/{name}.csv": ""}
        entries.append(Entry(name, "table", name, name, not name.startswith("s-"), "search", "01.ipynb", files))
    write_fragment(out, "search", entries, [], [])


def test_artefacts_count_as_rebuilt_when_published_and_their_files_are_there(study: Study, tmp_path: Path) -> None:
    publish(tmp_path, "table-1", "table-2", "s-other")
    (tmp_path / "report" / "tables" / "table-2.csv").unlink()
    found = verdict.artefacts(study, tmp_path)
    assert (found["expected"], found["rebuilt"]) == (8, 1)
    assert found["missing"] == ["figure-1", "table-2", "table-3", "figure-2", "table-4", "table-5", "figure-3"]


def test_the_verdict_of_the_bundled_study(study: Study, tmp_path: Path) -> None:
    publish(tmp_path, "table-1", "table-2", "table-3", "table-4", "table-5", "figure-1", "figure-2", "figure-3")
    found = verdict.verdict(study, tmp_path)
    assert found["artefacts"] == {"expected": 8, "rebuilt": 8, "missing": []}
    claims = found["claims"]
    assert claims["total"] == claims["reproduced"] + claims["inconsistent"] + claims["not recomputable"]
    wrong = found["inconsistencies"]
    assert wrong["total"] == sum(wrong["by_severity"].values()) == sum(wrong["by_kind"].values())
    assert [item["rank"] for item in found["matter_most"]] == list(range(1, 11))
    assert all(item["place"] and item["statement"] and item["other"] for item in found["matter_most"])
    assert json.loads(json.dumps(found)) == found


def test_versions_are_the_locked_ones_of_direct_dependencies_without_python() -> None:
    found = verdict.versions()
    assert found["pandas"].count(".") == 2
    assert "python" not in found
    assert "hypothesis" not in found
    assert list(found) == sorted(found)


def test_the_text_for_the_terminal_names_what_is_missing_and_both_places() -> None:
    item = {"rank": 1, "severity": "high", "title": "Two for one", "place": "Method", "other_place": "Results"}
    found = {**parts(7, 3, 1, 5, 2, 4), "judgement": "Fair.", "matter_most": [item]}
    text = verdict.lines(found)
    assert "7 of 8 rebuilt; missing: table-9" in text
    assert "3 reproduced, 1 inconsistent, 5 not recomputable" in text
    assert " 1. [high] Two for one (Method – Results)" in text
