"""Numbers of a page that tell where they come from."""

from __future__ import annotations

import re

import pytest

from compendium.publishing.sections import CODE, FIGURE, SENTENCE, TABLE, Block, Section
from compendium.publishing.tables import write_csv
from compendium.webpage.citations_html import Citations, Place
from compendium.webpage.origins_html import NUMBER, Origins, nearest, open_origins, sentence_html, spans_of

HERE = Place("search-1", "1 · Search")
ENTRY = {"id": "s-flow", "title": "Flow <b>", "stage": "screening", "notebook": "02_screening.ipynb"}
CLAIM = {"claim_id": "K7", "claim": "Records found", "status": "reproduced", "check": "screening.identified_from_parts"}


@pytest.fixture
def origins():
    return Origins({"s-flow": ENTRY}, {"search": "1 · Search", "screening": "2 · Screening"}, [CLAIM])


def test_a_result_tells_its_table_its_notebook_and_its_claims(origins):
    made = origins.number("263", "screening.identified")
    assert made == '<a class="num" href="#s-flow" data-origin="0">263</a>'
    (told,) = origins.told
    assert told["results"] == ["screening.identified"]
    assert told["shown"] == [{"href": "#s-flow", "text": "Flow <b>"}]
    assert [link["href"] for link in told["made"]] == ["#screening", "notebooks/02_screening.ipynb"]
    assert told["claims"] == [{"href": "#claims-K7", "text": "Records found", "status": "reproduced"}]


def test_an_origin_is_told_once_a_page(origins):
    origins.number(1, "screening.identified")
    origins.number(2, "screening.screened")
    assert 'data-origin="0"' in origins.number(3, "screening.identified")
    assert len(origins.told) == 2


def test_a_number_without_a_table_leads_to_its_section(origins):
    assert 'href="#search"' in origins.number(5, "search.databases")
    assert 'href="manifest.json"' in origins.number(5, "verdict.rebuilt")
    assert origins.told[-1]["note"].startswith("Counted by the verdict")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Of 9 documents, 1,234 (87%) at 0.51.", ["9", "1,234", "87%", "0.51"]),
        ("TL1, L02, K-3, 11/2, v1.2.3 and 944-60", []),
        ("ends with 7", ["7"]),
        ("7; 8", ["7", "8"]),
    ],
)
def test_numbers_are_found_and_identifiers_left_alone(text, numbers):
    assert [match[0] for match in NUMBER.finditer(text)] == numbers


def test_a_sentence_links_numbers_and_citations_and_escapes_the_rest(origins):
    text = "<b>5</b> of 9, see Pear 2018 & 3."
    cited = Citations({"Pear 2018": "pear2018"})
    made = sentence_html(text, [(3, 4, ("screening.full_text",))], ("cell:01-02", "s-flow"), origins, cited, HERE)
    assert re.sub(r"<a [^>]*>|</a>", "", made) == "&lt;b&gt;5&lt;/b&gt; of 9, see Pear 2018 &amp; 3."
    assert re.findall(r'data-origin="(\d)">(\d)<', made) == [("0", "5"), ("1", "9"), ("1", "3")]
    assert 'href="#ref-pear2018"' in made
    assert origins.told[1]["cell"] == "01-02"


def test_spans_that_overlap_or_point_outside_are_left_out(origins):
    spans = [(0, 2, ("a.b",)), (1, 3, ("a.b",)), (3, 99, ("a.b",))]
    made = sentence_html("12345", spans, (), origins, Citations({}), HERE)
    assert re.sub(r"<[^>]*>", "", made) == "12345"
    assert made.count("<a ") == 1


def test_a_sentence_remembers_its_spans():
    numbers = [{"start": 0, "end": 2, "sources": ["a.b", "t"]}]
    block = Block(SENTENCE, "12", output={"metadata": {"compendium": {"sentence": True, "numbers": numbers}}})
    assert spans_of(block) == [(0, 2, ("a.b", "t"))]
    assert spans_of(Block(SENTENCE, "12", output={"metadata": {}})) == []


def test_what_was_published_just_before_is_nearest():
    blocks = [Block(TABLE, entry={"id": "t-1"}), Block(FIGURE, entry={"id": "f-1"}), Block(CODE)]
    section = Section("search", "1", "01_search.ipynb", [*blocks, Block(SENTENCE, "9", "01-05")])
    assert nearest(section, 3) == ("stage:search", "cell:01-05", "f-1")
    assert nearest(Section("search", "1", "n", [Block(SENTENCE, "9")]), 0) == ("stage:search",)


def test_claims_are_read_from_the_published_table(tmp_path):
    import pandas as pd

    write_csv(tmp_path / "report" / "tables" / "claims.csv", pd.DataFrame([{**CLAIM, "claim": "=1"}]))
    entries = [ENTRY, {**ENTRY, "id": "claims"}]
    section = Section("screening", "2 · Screening", "02_screening.ipynb", [])
    made = open_origins(tmp_path, entries, [section])
    made.number(1, "screening.identified")
    assert made.told[0]["claims"][0]["text"] == "=1"
    assert open_origins(tmp_path, [ENTRY], [section]).claims == []
