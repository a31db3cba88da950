"""The one document of all printed forms: what is selected, how it is named, cited and laid out, and what stays text."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_runs import MARKUP, SVG, Run, entry

from compendium.data.bibliography import read_bibliography
from compendium.paths import ROOT
from compendium.printing import document, fonts, jats, pandoc, pdf, table_layout, word
from compendium.printing.citing import csl_item, meta_item
from compendium.printing.table_layout import TEXT_WIDTH, TURNED_WIDTH, Grid

Make = Callable[..., Run]


def blocks_of(made: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [node for node in pandoc.walk(made["blocks"]) if node["t"] == kind]


def tables_by_id(made: dict[str, Any]) -> dict[str, list[list[str]]]:
    """Texts of the cells of each table."""
    return {
        table["c"][0][0]: [[pandoc.said(cell[4]) for cell in row[1]] for body in table["c"][4] for row in body[3]]
        for table in blocks_of(made, "Table")
    }


def omitted(made: dict[str, Any]) -> dict[str, str]:
    """What is said of each table that is not printed."""
    found = (div["c"] for div in blocks_of(made, "Div") if document.OMITTED in div["c"][0][1])
    return {attributes[0]: pandoc.said(content) for attributes, content in found}


def rows(number: int) -> pd.DataFrame:
    return pd.DataFrame({"name": [f"row {n}" for n in range(number)], "status": ["a"] * (number - 1) + ["b"]})


def test_published_tables_are_printed_whatever_their_length_and_supplementary_ones_when_short(make_run: Make) -> None:
    longest = table_layout.LONGEST
    run = make_run(
        [
            (entry("table-1", published=True), rows(3 * longest)),
            (entry("s-short"), rows(longest)),
            (entry("s-long", title="Long one"), rows(longest + 1)),
        ]
    )
    made = run.document()
    printed = tables_by_id(made)
    assert len(printed["table-1"]) == 3 * longest
    assert len(printed["s-short"]) == longest
    assert "s-long" not in printed
    said = omitted(made)["s-long"]
    assert f"Table S2. Long one: {longest + 1} rows, not printed; see report/tables/s-long.csv. In words" in said
    assert f"Status: a ({longest}), b (1)" in said


def test_supplementary_table_higher_than_a_page_is_printed_only_with_short_rows(make_run: Make) -> None:
    lists = pd.DataFrame({"name": [f"row {n}" for n in range(15)], "members": "word " * 250})
    made = make_run([(entry("s-lists"), lists), (entry("s-few"), lists[:3])]).document()
    assert set(omitted(made)) == {"s-lists"}


def test_supplementary_table_too_wide_for_a_page_is_not_printed_and_a_published_one_is_turned(make_run: Make) -> None:
    wide = pd.DataFrame({f"extraordinarily_long_{n}": [f"incomprehensibilities{n}"] for n in range(12)})
    run = make_run([(entry("table-1", published=True), wide), (entry("s-wide"), wide)])
    made = run.document()
    assert set(omitted(made)) == {"s-wide"}
    table = next(t for t in blocks_of(made, "Table") if t["c"][0][0] == "table-1")
    assert document.TURNED in table["c"][0][1]
    assert sum(column[1]["c"] for column in table["c"][2]) == pytest.approx(1, abs=0.01)


def test_most_severe_rows_of_a_table_that_is_not_printed_are_told_once(make_run: Make) -> None:
    frame = pd.DataFrame(
        {
            "inconsistency_id": [f"I{n}" for n in range(50)],
            "severity": ["high", "high", *["low"] * 48],
            "title": [f"Title {n}" for n in range(50)],
            "statement": [f"Statement {n}." for n in range(50)],
        }
    )
    made = make_run([(entry("inconsistencies"), frame)]).document()
    said = omitted(made)["inconsistencies"]
    assert "Title 0 (I0). Statement 0." in said
    assert "Title 1 (I1)" in said
    assert "Statement 1." not in said, "the verdict tells it in full"
    assert "Title 2" not in said
    assert "all inconsistencies are in Table S1" in pandoc.said(made["blocks"]).replace("All", "all")


def test_what_comes_from_data_is_text_and_nothing_else(hostile: Run) -> None:
    made = hostile.document()
    assert tables_by_id(made)["table-1"][0] == [MARKUP, "1"]
    assert pandoc.said(made["meta"]["title"]) == MARKUP
    assert [n["t"] for n in pandoc.walk(made) if n["t"] in {"RawBlock", "RawInline", "Math", "CodeBlock"}] == []
    addresses = {node["c"][2][0] for node in blocks_of(made, "Link")}
    assert not {address for address in addresses if not address.startswith("#")}
    sentence = next(div for div in blocks_of(made, "Div") if document.COMPUTED in div["c"][0][1])
    assert pandoc.said(sentence) == MARKUP
    assert pandoc.said(next(n for n in blocks_of(made, "Image"))["c"][1]) == MARKUP


@given(st.text())
def test_words_say_the_text_again_but_for_kinds_of_spaces_and_control_characters(text: str) -> None:
    kept = " ".join(pandoc.printable(text).split(" "))
    assert pandoc.said(pandoc.words(text)) == kept
    assert not any(ord(c) < 0x20 for c in kept)


def test_prose_is_markdown_and_neither_markup_of_other_languages_nor_pictures(make_run: Make) -> None:
    prose = "# Policy\nSome *prose* $x^2$ <b>b</b> ![pic](x.png) [in](#y) [out](https://o.example)."
    prose += "\n\n#### Deep\n\n## Up\n"
    made = make_run([], prose=prose).document()
    said = pandoc.said(made["blocks"])
    assert "Some prose $x^2$ <b>b</b> pic in out." in said
    assert [{"t": "Str", "c": "prose"}] in [node["c"] for node in blocks_of(made, "Emph")]
    assert blocks_of(made, "Image") == []
    assert [link["c"][2][0] for link in blocks_of(made, "Link")] == ["https://o.example"]
    headers = [(node["c"][0], pandoc.said(node["c"][2])) for node in blocks_of(made, "Header")]
    assert headers[-2:] == [(2, "Deep"), (2, "Up")], "no level may be left out below the section's own"
    identifiers = [node["c"][1][0] for node in blocks_of(made, "Header")]
    assert len(identifiers) == len(set(identifiers))


BIBLIOGRAPHY = """
@article{smith2001, author = {Smith, John and Miller, Ann}, title = {One}, year = {2001}}
@article{jones2002, author = {Jones, A and Miller, B and Young, C}, title = {Two}, year = {2002}}
@article{jonesb2002, author = {Jones, A and Baker, B and Young, C}, title = {Three}, year = {2002}}
@misc{body2003, author = {{A Body and others, Ltd}}, title = {Four}, year = {2003}}
"""


def cited_in(node: Any) -> list[str]:
    return [c["citationId"] for inner in pandoc.walk(node) if inner["t"] == "Cite" for c in inner["c"][0]]


def test_texts_that_stand_for_a_reference_are_cited(make_run: Make) -> None:
    documents = [
        {"document_id": "D1", "citation_key": "body2003", "name": "The plan", "note": "x"},
        {"document_id": "D2", "citation_key": "smith2001", "name": "The law", "note": "x"},
    ]
    frame = pd.DataFrame(
        {
            "name": ["The plan", "The plan; The law", "Another plan", "Jones et al. 2002"],
            "other": ["The plan", "x", "", "Smith and Miller 2001"],
        }
    )
    run = make_run(
        [(entry("table-1", published=True), frame)],
        tables={"documents": documents},
        bibliography=BIBLIOGRAPHY,
        sentence="Smith and Miller 2001, ASmith and Miller 2001, Smith and Miller 20010; see Table 1 or Table 10.",
    )
    made = run.document()
    table = next(t for t in blocks_of(made, "Table") if t["c"][0][0] == "table-1")
    found = [[cited_in(cell[4]) for cell in row[1]] for row in table["c"][4][0][3]]
    assert found == [[["body2003"], []], [["body2003", "smith2001"], []], [[], []], [[], ["smith2001"]]]
    sentence = next(div for div in blocks_of(made, "Div") if document.COMPUTED in div["c"][0][1])
    assert cited_in(sentence) == ["smith2001"]
    assert [link["c"][2][0] for link in pandoc.walk(sentence) if link["t"] == "Link"][-1] == "#table-1"
    references = pandoc.said(made["blocks"][-1])
    assert (
        references.index("A Body and others, Ltd") < references.index("Smith J, Miller A") < references.index("Jones A")
    )
    assert references.index("3.") < references.index("Two") < references.index("Three"), "uncited ones come last"


ICMJE = Path(__file__).with_name("icmje_samples.json")
"""Samples of the National Library of Medicine, to which the ICMJE's recommendations refer, as one would enter them."""


def test_references_are_written_as_the_icmje_samples(tmp_path: Path) -> None:
    path = tmp_path / "samples.bib"
    samples = json.loads(ICMJE.read_text(encoding="utf-8"))["samples"]
    path.write_text("\n\n".join(sample["bibtex"] for sample in samples), encoding="utf-8")
    items = [csl_item(key, fields) for key, fields in read_bibliography(path).items()]
    meta = {"references": pandoc.meta_list(map(meta_item, items))}
    text = [pandoc.paragraph([pandoc.citation(*"bcd"), *pandoc.words(" "), pandoc.citation(*"aefgh")])]
    place = {"t": "Div", "c": [pandoc.attributes("refs"), []]}
    made = pandoc.cited(pandoc.document(meta, [*text, place]))
    assert pandoc.said(made["blocks"][0]) == "[1–3] [4–8]"
    entries = [pandoc.said(div["c"][1]) for div in blocks_of(made, "Div") if "csl-entry" in div["c"][0][1]]
    wanted = [sample["reference"] for sample in samples]
    assert entries == [f"{n}. {wanted['abcdefgh'.index(key)]}" for n, key in enumerate("bcdaefgh", start=1)]


def test_entries_of_a_bibliography_become_items_of_citeproc() -> None:
    entry_of = {
        "ENTRYTYPE": "article",
        "author": "Kenny, Jr., Ann B. and others",
        "pages": "944-",
        "month": "9",
        "year": "2018",
    }
    item = csl_item("k", entry_of)
    assert item["author"] == [{"family": "Kenny", "given": "AB", "suffix": "Jr"}, {"literal": "others"}]
    assert item["page"] == "944"
    assert item["issued"] == {"date-parts": [[2018, 9]]}
    assert csl_item("k", {"pages": "e014650-e"})["page"] == "e014650"
    assert csl_item("k", {"pages": "1333–57"})["page"] == "1333-57"
    assert csl_item("k", {"year": "in press"})["issued"] == {"literal": "in press"}
    assert csl_item("k", {"ENTRYTYPE": "techreport", "institution": "I"}) == {
        "id": "k",
        "type": "report",
        "publisher": "I",
    }


def test_study_with_next_to_nothing_is_printed_in_every_form(make_run: Make) -> None:
    run = make_run([])
    for name in ("contributors", "sources", "title"):
        run.study.package.pop(name)
    nothing = {"reproduced": 0, "inconsistent": 0, "not recomputable": 0, "total": 0}
    empty = Run(run.study, run.out, [], {**run.judged, "claims": nothing, "matter_most": []})
    made = empty.document()
    assert [pandoc.said(node) for node in made["blocks"]] == []
    assert "with 0 executed notebooks: 0 tables and 0 figures, 0 of which" in document.abstract_text(made)
    for write in (pdf.write_pdf, word.write_word, jats.write_jats):
        assert (run.out / write(run.out, made)).stat().st_size > 1000


def test_figure_is_printed_as_large_as_it_is_drawn_or_the_page_allows(make_run: Make, tmp_path: Path) -> None:
    run = make_run([(entry("figure-1", "figure", published=True), None), (entry("s-tall", "figure"), None)])
    path = run.out / "figures" / "s-tall.svg"
    path.write_text(SVG.replace('height="480"', 'height="4800"'), encoding="utf-8")
    images = {i["c"][2][0]: dict(i["c"][0][2])["width"] for i in blocks_of(run.document(), "Image")}
    assert images == {"figures/figure-1.svg": "166.0mm", "figures/s-tall.svg": "41.0mm"}


def test_figure_that_was_not_drawn_is_told_in_words(make_run: Make) -> None:
    run = make_run([(entry("figure-1", "figure", published=True, title="Flow", alt="Ten, then five."), None)])
    (run.out / "figures" / "figure-1.svg").unlink()
    made = run.document()
    box = next(div for div in blocks_of(made, "Div") if document.MISSING in div["c"][0][1])
    assert box["c"][0][0] == "figure-1"
    assert pandoc.said(box["c"][1]) == "Figure 1. FlowNot drawn. Ten, then five."
    assert blocks_of(made, "Image") == []


def test_columns_have_room_for_their_words_and_the_page_for_the_columns() -> None:
    grid = Grid(
        ["a", "b", "n"], ["Alpha", "Beta", "N"], [["short", "word " * 100, "1"], ["x", "word " * 80, "2"]], [False] * 3
    )
    place = table_layout.fit(grid)
    assert place is not None
    assert not place.turned
    assert sum(place.widths) == pytest.approx(TEXT_WIDTH, abs=table_layout.STEP)
    assert place.widths[1] > 5 * place.widths[0], "the wordy column gets what is left"
    narrow = table_layout.fit(Grid(["a"], ["Alpha"], [["short"]], [False]))
    assert narrow is not None
    assert sum(narrow.widths) < TEXT_WIDTH / 4, "a small table is not blown up"
    many = Grid([f"c{n}" for n in range(14)], ["Heading word"] * 14, [["incomprehensible"] * 14], [False] * 14)
    assert table_layout.fit(many) is None
    turned = table_layout.fit(Grid(many.columns[:9], many.heads[:9], [["incomprehensible"] * 9], [False] * 9))
    assert turned is not None
    assert turned.turned
    assert TEXT_WIDTH < sum(turned.widths) <= TURNED_WIDTH


def test_cells_are_read_from_the_notebook_whatever_else_its_markup_holds() -> None:
    markup = (
        '<table class="x"><caption>No</caption><thead><tr><th scope="col">A</th><th>N words</th></tr>'
        '</thead><tbody><tr><td><a href="u">a &lt;b&gt; &amp;amp;</a></td><td class="z number">3</td></tr><tr><td></td>'
        '<td class="number"></td></tr></tbody></table><p>after</p>'
    )
    grid = table_layout.read_grid(markup, {})
    assert grid.rows == [["a <b> &amp;", "3"], ["", ""]]
    assert grid.columns == ["a", "n_words"]
    assert grid.numeric == [False, True]
    assert table_layout.read_grid(markup, {"fields": [{"name": "a"}, {"name": "n"}]}).columns == ["a", "n"]


def test_counts_tell_of_columns_with_few_values_that_differ_in_frequency() -> None:
    values = [["a", "x", f"id{n}", "7"] for n in range(8)] + [["b", "y", f"id{n}", "7"] for n in range(8, 10)]
    grid = Grid(["s", "t", "id", "n"], ["State", "T", "Id", "N"], values, [False, False, False, True])
    assert list(table_layout.counts(grid)) == [("State", [("a", 8), ("b", 2)]), ("T", [("x", 8), ("y", 2)])]
    even = Grid(["s"], ["S"], [["a"], ["b"]], [False])
    assert list(table_layout.counts(even)) == []


def test_faces_show_what_they_should_and_are_written_for_the_page(tmp_path: Path) -> None:
    shown = fonts.characters()
    assert all(ord(c) in shown for c in "AZaz09éßøŁ–—“”…≥≤±×→")
    assert not any(ord(c) in shown for c in "漢😀")
    assert fonts.write_fonts(tmp_path) == list(fonts.FILES)
    assert "report/assets/SourceSansPro-Regular.ttf" in fonts.FILES
    assert (tmp_path / "report/assets/SourceSansPro-Semibold.ttf").read_bytes()[:4] == b"\0\1\0\0"


def test_bundled_document_refers_to_every_artefact_and_leads_nowhere_else(
    released: Run, released_document: dict[str, Any]
) -> None:
    made = released_document
    entries = [block.entry for section in released.sections for block in section.blocks if block.entry]
    anchors = [
        n["c"][0][0] for n in pandoc.walk(made["blocks"]) if n["t"] in {"Table", "Figure", "Div"} and n["c"][0][0]
    ]
    anchors += [n["c"][1][0] for n in blocks_of(made, "Header")]
    assert len(anchors) == len(set(anchors))
    assert {e["id"] for e in entries} <= set(anchors)
    targets = {n["c"][2][0][1:] for n in blocks_of(made, "Link") if n["c"][2][0].startswith("#")}
    assert targets <= set(anchors)
    assert {e["id"] for e in entries} <= targets
    published = {e["id"] for e in entries if e["published"] and e["kind"] == "table"}
    assert published <= set(tables_by_id(made))
    reports = released.study.table("screening-full-text")["citation_key"]
    documents = released.study.table("policy-documents")["citation_key"]
    assert {*reports, *documents} - {""} <= set(cited_in(made["blocks"])), "what the tables list is cited"


DETERMINISM = """
import sys, json
from pathlib import Path
from compendium.printing import jats, pdf, word
out = Path(sys.argv[1])
made = json.loads((out / "made.json").read_text(encoding="utf-8"))
for write in (pdf.write_pdf, word.write_word, jats.write_jats):
    write(out, made)
"""


def test_forms_are_the_same_bytes_elsewhere_and_under_another_sun(hostile: Run, tmp_path: Path) -> None:
    made = hostile.document()
    hashes = []
    settings: list[dict[str, str]] = [
        {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "1", "SOURCE_DATE_EPOCH": "1700000000"},
        {"TZ": "America/Los_Angeles", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "2"},
    ]
    for number, setting in enumerate(settings):
        out = tmp_path / f"elsewhere {number}"
        (out / "figures").mkdir(parents=True)
        (out / "figures" / "figure-x.svg").write_text(SVG, encoding="utf-8")
        (out / "made.json").write_text(json.dumps(made), encoding="utf-8")
        fonts.write_fonts(out)
        kept = {name: value for name, value in os.environ.items() if name not in {"SOURCE_DATE_EPOCH", "LC_ALL", "TZ"}}
        run = [sys.executable, "-c", DETERMINISM, str(out)]
        subprocess.run(run, check=True, cwd=tmp_path, env={**kept, "PYTHONPATH": str(ROOT / "src"), **setting})
        forms = [out / "report" / f"report.{form}" for form in ("pdf", "docx", "xml")]
        hashes.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in forms])
    assert hashes[0] == hashes[1]
