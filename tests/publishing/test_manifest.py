"""The manifest: fragments of stages, joined in running order."""

from __future__ import annotations

import json
from pathlib import Path

from compendium.files import write_text
from compendium.publishing.manifest import Entry, join, joined, labels, read_fragment, write_fragment

EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def entry(identifier: str, stage: str, *files: str) -> Entry:
    return Entry(identifier, "table", "T", "A", True, stage, "n.ipynb", dict.fromkeys(files, EMPTY_SHA256))


def test_fragments_are_joined_in_the_order_of_the_stages(tmp_path: Path) -> None:
    write_fragment(tmp_path, "policy", [entry("table-4", "policy")], ["a.csv"], [])
    write_fragment(tmp_path, "search", [entry("s-b", "search"), entry("s-a", "search")], [], ["s-b"])
    assert [e["id"] for e in joined(tmp_path)] == ["s-b", "s-a", "table-4"]
    assert read_fragment(tmp_path, "search")["missing_images"] == ["s-b"]
    assert read_fragment(tmp_path, "policy")["inputs"] == ["a.csv"]


def test_join_hashes_the_files_that_are_no_artefacts(tmp_path: Path) -> None:
    write_text(tmp_path / "report" / "report.html", "")
    write_fragment(tmp_path, "policy", [entry("table-4", "policy")], [], [])
    made = join(tmp_path, ["report/report.html"])
    assert made["files"] == {"report/report.html": EMPTY_SHA256}
    assert json.loads((tmp_path / "report" / "manifest.json").read_text(encoding="utf-8")) == made


def test_stage_that_did_not_run_here_is_as_released(tmp_path: Path) -> None:
    """A fresh clone holds the released files and no fragments; running one stage must not lose the others."""
    write_text(tmp_path / "report" / "tables" / "table-4.csv", "")
    write_fragment(tmp_path, "policy", [entry("table-4", "policy", "report/tables/table-4.csv")], [], [])
    join(tmp_path, [])
    (tmp_path / "data" / "derived" / "policy" / "manifest.json").unlink()
    assert [e["id"] for e in read_fragment(tmp_path, "policy")["artefacts"]] == ["table-4"]
    assert read_fragment(tmp_path, "search")["artefacts"] == []
    (tmp_path / "report" / "tables" / "table-4.csv").unlink()
    assert read_fragment(tmp_path, "policy")["artefacts"] == []


def test_damaged_files_count_as_none(tmp_path: Path) -> None:
    write_text(tmp_path / "report" / "manifest.json", "[1]")
    write_text(tmp_path / "data" / "derived" / "policy" / "manifest.json", "{")
    assert joined(tmp_path) == []


def test_labels_are_the_published_ones_or_count_the_supplement_in_running_order() -> None:
    names = [("s-a", False), ("table-1", True), ("s-b", False), ("figure-2", True), ("table-3", False)]
    entries = [{"id": name, "kind": "table", "published": published} for name, published in names]
    entries += [
        {"id": "s-f", "kind": "figure", "published": False},
        {"id": "overview", "kind": "table", "published": True},
    ]
    assert labels(entries) == {
        "s-a": "Table S1",
        "table-1": "Table 1",
        "s-b": "Table S2",
        "figure-2": "Figure 2",
        "table-3": "Table S3",
        "s-f": "Figure S1",
        "overview": "Table S4",
    }
