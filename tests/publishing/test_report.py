"""The report page: made from executed notebooks and manifest, everything from data escaped."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from compendium.data.study import Study
from compendium.files import write_json, write_text
from compendium.publishing import manifest
from compendium.publishing.manifest import Entry
from compendium.publishing.report import write_report
from compendium.publishing.sections import section
from compendium.stages import stage
from compendium.webpage.page import PLOTLY_ASSET

POLICY = stage("policy")


def output(data: dict[str, Any], mark: dict[str, Any]) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {"compendium": mark}}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output folder in which one stage has run."""
    outputs = [
        output({"text/html": "<table><caption>T</caption>\n<tr><td>cell</td></tr></table>"}, {"id": "table-x"}),
        output({"text/plain": "fig"}, {"id": "figure-x"}),
        output({"text/plain": ["Said <script>", "alert(1)</script>"]}, {"sentence": True}),
        {"output_type": "execute_result", "data": {"text/plain": "Study(…)"}, "metadata": {}},
        {"output_type": "stream", "name": "stdout", "text": "noise"},
    ]
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Policy & more\n", "## A heading\n", "Some *prose*."]},
        {"cell_type": "code", "metadata": {}, "source": "stage.table()", "outputs": outputs},
    ]
    write_json(tmp_path / "report" / "notebooks" / POLICY.notebook, {"cells": cells})
    write_text(tmp_path / "figures" / "figure-x.json", '{"data": [], "t": "</script><b>"}\n')
    title = "Title <img src=x onerror=alert(2)>"
    entries = [
        Entry("table-x", "table", title, "In words", True, "policy", POLICY.notebook, {}),
        Entry("figure-x", "figure", "F", "In words", False, "policy", POLICY.notebook, {"figures/figure-x.svg": "0"}),
    ]
    manifest.write_fragment(tmp_path, "policy", entries, [], [])
    write_json(tmp_path / "data" / "derived" / "policy" / "results.json", {"n": 2, "by": {"a": 1}})
    return tmp_path


def test_section_holds_prose_outputs_and_code_in_order(out: Path) -> None:
    made = section(out, POLICY)
    assert made.title == "Policy & more"
    assert [block.kind for block in made.blocks] == ["prose", "table", "figure", "sentence", "code"]
    assert made.blocks[3].text == "Said <script>alert(1)</script>"


def test_report_escapes_what_comes_from_data(out: Path) -> None:
    made = write_report(Study(), out)
    page = (out / "report" / "report.html").read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert "alert(1)</script>" not in page
    assert "</script><b>" not in page
    assert "Policy &amp; more" in page
    assert {"policy.n": 2, "policy.by.a": 1}.items() <= made["results"].items()


def test_report_names_no_path_and_no_address_of_a_service(out: Path) -> None:
    write_report(Study(), out)
    page = (out / "report" / "report.html").read_text(encoding="utf-8")
    assert str(out) not in page
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=.https?:", page)
    assert f'src="../{PLOTLY_ASSET}"' in page
    assert (out / PLOTLY_ASSET).stat().st_size > 1_000_000


def test_report_is_the_same_twice_and_in_the_manifest(out: Path) -> None:
    write_report(Study(), out)
    first = (out / "report" / "report.html").read_bytes()
    listed = json.loads((out / "report" / "manifest.json").read_text(encoding="utf-8"))
    write_report(Study(), out)
    assert (out / "report" / "report.html").read_bytes() == first
    files = {"report/report.html", "report/results.json", "report/notebooks/04_policy_review.ipynb"}
    assert files <= set(listed["files"])
    assert not any("01_search" in name for name in listed["files"])
    assert [entry["id"] for entry in listed["artefacts"]] == ["table-x", "figure-x"]
