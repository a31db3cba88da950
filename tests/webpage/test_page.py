"""The report's page: what stands where, what leads where, and that no data becomes markup."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from compendium.data.study import Study
from compendium.files import write_json, write_text
from compendium.paths import BUNDLED_STUDY
from compendium.publishing import manifest
from compendium.publishing.manifest import Entry
from compendium.publishing.markup import notebook_table
from compendium.publishing.provenance import parse
from compendium.publishing.sections import sections
from compendium.publishing.tables import write_csv
from compendium.stages import stage
from compendium.webpage import page

POLICY = stage("policy")
HOSTILE = "<img src=x onerror=alert(1)></script>"
CITED = "Voorberg et al. 2015"
CLAIM = {"claim_id": "K1", "claim": HOSTILE, "check": "data.policy-documents.rows", "status": "reproduced"}


def output(data: dict[str, Any], **mark: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {"compendium": mark}}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output folder in which one stage has run."""
    table = pd.DataFrame({"finding_id": ["F1", "F2"], "text": [HOSTILE, f"as {CITED} says"]})
    links = pd.DataFrame({"row": ["F2; F1", "F2; F9"], "n": [1, 2]})
    numbers = [{"start": 0, "end": 1, "sources": ["policy.documents"]}]
    outputs = [
        output({"text/html": notebook_table(table, "T")}, id="table-5"),
        output({"text/html": notebook_table(links, "L")}, id="s-links"),
        output({"text/plain": "fig"}, id="figure-1"),
        output({"text/plain": f"9 of 12 documents, {CITED}."}, sentence=True, numbers=numbers),
    ]
    cells = [
        {"cell_type": "markdown", "metadata": {}, "id": "04-01", "source": "# 4 · Policy\n## Result\nOn `x` & y."},
        {"cell_type": "code", "metadata": {}, "id": "04-02", "source": "stage.say('<b>')", "outputs": outputs},
    ]
    write_json(tmp_path / "report" / "notebooks" / POLICY.notebook, {"cells": cells})
    write_text(tmp_path / "figures" / "figure-1.json", '{"data": [], "layout": {"t": "</script><b>"}}\n')
    write_csv(tmp_path / "figures" / "figure-1.csv", pd.DataFrame({"review": [CITED, "=1"], "n": [1, 2]}))
    write_csv(tmp_path / "report" / "tables" / "claims.csv", pd.DataFrame([CLAIM]))
    drawn = {"figures/figure-1.json": "", "figures/figure-1.svg": "", "figures/figure-1.csv": ""}
    where = ("policy", POLICY.notebook)
    entries = [
        Entry("table-5", "table", "Findings", "In words.", True, *where, {}),
        Entry("s-links", "table", "Links", "In words.", False, *where, {}),
        Entry("figure-1", "figure", "Drawn", "Bars. a: 1; b: 2.", True, *where, drawn),
        Entry("claims", "table", "Claims", "In words.", False, *where, {}),
    ]
    manifest.write_fragment(tmp_path, "policy", entries, [], [])
    return tmp_path


@pytest.fixture
def made(out: Path) -> str:
    return page.render(Study(BUNDLED_STUDY), out, sections(out), verdict())


def verdict(**further: Any) -> dict[str, Any]:
    severities = {"high": 1, "medium": 0, "low": 0}
    counts = {"reproduced": 2, "inconsistent": 1, "not recomputable": 0, "total": 3}
    return {
        "judgement": parse("\ue0f0conclusions.claims\ue0f13\ue0f2 claims."),
        "artefacts": {"expected": 2, "rebuilt": 1, "missing": ["table-1"]},
        "claims": counts,
        "inconsistencies": {
            "total": 1,
            "by_severity": severities,
            "by_what_shows_them": {"computed": 0, "reading": 1, "not shown": 0},
        },
        "matter_most": [],
        "versions": {"pandas": "3"},
        **further,
    }


def told(made: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(re.search(r'id="origins">(.*?)</script>', made, re.DOTALL)[1])
    return found


def test_no_data_becomes_markup(made: str) -> None:
    assert "<img src=x" not in made
    assert "</script><b>" not in made
    assert "'&lt;b&gt;'" in re.sub(r"<[^>]*>", "", made).replace("&#39;", "'")
    assert HOSTILE in {claim["text"] for origin in told(made) for claim in origin["claims"]}


def test_a_sentence_tells_where_its_numbers_come_from(made: str) -> None:
    sentence = re.search(r'<p class="computed">(.*?)</p>', made, re.DOTALL)[1]
    numbers = re.findall(r'<a class="num" href="([^"]*)" data-origin="(\d+)">(\d+)</a>', sentence)
    assert [(href, number) for href, _, number in numbers] == [("#table-5", "9"), ("#figure-1", "12")]
    known, unknown = (told(made)[int(place)] for _, place, _ in numbers)
    assert known["results"] == ["policy.documents"]
    assert [claim["status"] for claim in known["claims"]] == ["reproduced"]
    assert (unknown["results"], unknown["cell"]) == ([], "04-02")
    assert 'href="#ref-voorberg2015"' in sentence


def test_the_verdict_tells_where_its_numbers_come_from(made: str) -> None:
    judgement = re.search(r'<p class="judgement">(.*?)</p>', made)[1]
    assert re.sub(r"<[^>]*>", "", judgement) == "3 claims."
    assert "Not rebuilt: table-1." in made


def test_references_lead_back(made: str) -> None:
    reference = re.search(r'<li id="ref-voorberg2015">(.*?)</li>', made, re.DOTALL)[1]
    back = dict(re.findall(r'<a href="#([^"]*)">([^<]*)</a>', reference))
    assert set(back.values()) == {"Table 5", "Figure 1", "4 · Policy"}
    assert all(f'id="{anchor}"' in made for anchor in back)


def test_identifiers_lead_to_the_rows_that_list_them(made: str) -> None:
    assert '<a href="#table-5-F2">F2</a>; <a href="#table-5-F1">F1</a>' in made
    assert "<td>F2; F9</td>" in made, "a list with an unknown member stays text"
    assert '<tr id="table-5-F1"><td>F1</td>' in made


def test_a_figure_has_description_data_and_downloads(made: str) -> None:
    figure = re.search(r'<figure class="figure" id="figure-1">(.*?)</figure>', made, re.DOTALL)[1]
    assert 'alt="Drawn. Bars."' in figure
    assert "<li>a: 1</li>\n<li>b: 2</li>" in figure
    assert '<td>=1</td><td class="number">2</td>' in figure
    assert {"../figures/figure-1.svg", "../figures/figure-1.csv"} <= set(re.findall(r'href="([^"]*)"', figure))


def test_a_figure_whose_data_are_not_published_offers_none(out: Path) -> None:
    path = manifest.fragment_path(out, "policy")
    fragment = json.loads(path.read_text(encoding="utf-8"))
    for entry in fragment["artefacts"]:
        entry["files"].pop("figures/figure-1.csv", None)
    write_json(path, fragment)
    made = page.render(Study(BUNDLED_STUDY), out, sections(out), verdict())
    assert "figure-1.csv" not in made


def test_checklists_of_the_verdict_are_drawn(out: Path) -> None:
    counts = {"name": "PRISMA <b>", "yes": 3, "partly": 1, "no": 0, "not_applicable": 2}
    made = page.render(Study(BUNDLED_STUDY), out, sections(out), verdict(reporting={"prisma": counts}))
    assert "3 of 4 in full; 2 not applicable" in made
    assert "PRISMA &lt;b&gt;" in made
    assert '<span class="no"' not in made


def test_prose_keeps_its_headings_below_the_section_and_repeats_no_id(made: str) -> None:
    assert "<h3>Result</h3>" in made
    ids = re.findall(r' id="([^"]*)"', made)
    assert len(ids) == len(set(ids))
