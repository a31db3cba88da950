"""The JATS: well-formed, its references resolve, and it holds what the document holds."""

from __future__ import annotations

from collections import Counter
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest
from invented_runs import MARKUP, Run, entry

from compendium.printing import jats, pandoc

HREF = "{http://www.w3.org/1999/xlink}href"
CONTENT = {
    "article": ["front", "body", "back"],
    "article-meta": ["article-categories", "title-group", "contrib-group", "related-object", "abstract"],
    "table-wrap": ["label", "caption", "table"],
    "fig": ["label", "caption", "graphic"],
    "ref": ["label", "element-citation"],
}
"""Order in which the tag set (archiving and interchange, 1.2) wants the children that are used here."""


def parsed(run: Run, made: dict[str, Any] | None = None) -> ElementTree.Element:
    path = run.out / jats.write_jats(run.out, made or run.document())
    return ElementTree.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 (made by the test itself)


def text_of(element: ElementTree.Element | None) -> str:
    assert element is not None
    return " ".join("".join(element.itertext()).split())


@pytest.fixture(scope="module")
def bundled(released: Run, released_document: dict[str, Any]) -> ElementTree.Element:
    """The JATS of the bundled study."""
    return parsed(released, released_document)


def test_bundled_article_has_its_metadata(bundled: ElementTree.Element, released: Run) -> None:
    meta = bundled.find("front/article-meta")
    assert meta is not None
    assert text_of(meta.find("title-group/article-title")) == released.study.title
    people = [text_of(name) for name in meta.iter("string-name")]
    assert people == [c["title"] for c in released.study.package["contributors"]]
    assert released.judged["judgement"] in text_of(meta.find("abstract"))
    assert bundled.attrib["dtd-version"] == "1.2"


def test_identifiers_are_unique_and_references_lead_to_one(bundled: ElementTree.Element) -> None:
    identifiers = Counter(element.attrib["id"] for element in bundled.iter() if "id" in element.attrib)
    assert set(identifiers.values()) == {1}
    references = list(bundled.iter("xref"))
    assert {reference.attrib["rid"] for reference in references} <= set(identifiers)
    kinds = {reference.attrib["rid"]: reference.attrib["ref-type"] for reference in references}
    assert kinds["table-1"] == "table"
    assert kinds["figure-1"] == "fig"
    assert kinds["claims"] == "boxed-text"
    assert all(kind == "bibr" for name, kind in kinds.items() if name.startswith("ref-"))


def test_tables_and_figures_are_those_of_the_document(
    bundled: ElementTree.Element, released_document: dict[str, Any], released: Run
) -> None:
    nodes = list(pandoc.walk(released_document["blocks"]))
    tables = [pandoc.said(n["c"][1]) for n in nodes if n["t"] == "Table" and n["c"][0][0]]
    wraps = [wrap for wrap in bundled.iter("table-wrap") if "id" in wrap.attrib]
    assert [f"{text_of(w.find('label'))}. {text_of(w.find('caption'))}" for w in wraps] == tables
    figures = [pandoc.said(n["c"][1]) for n in nodes if n["t"] == "Figure"]
    drawn = list(bundled.iter("fig"))
    assert [f"{text_of(f.find('label'))}. {text_of(f.find('caption'))}" for f in drawn] == figures
    for figure in drawn:
        graphic = figure.find("graphic")
        assert graphic is not None
        assert (released.out / "report" / graphic.attrib[HREF]).is_file(), "as seen from the file"
        assert text_of(graphic.find("alt-text"))


def test_children_stand_in_the_order_of_the_tag_set(bundled: ElementTree.Element) -> None:
    for name, order in CONTENT.items():
        for element in [bundled] if name == "article" else bundled.iter(name):
            found = [child.tag for child in element]
            assert set(found) <= set(order), name
            assert found == [tag for tag in order if tag in found], name
    for section in bundled.iter("sec"):
        tags = [child.tag for child in section]
        assert tags[0] == "title"
        if "sec" in tags:
            assert set(tags[tags.index("sec") :]) == {"sec"}, "nothing of a section follows its sections"


def test_references_are_numbered_as_they_are_cited(bundled: ElementTree.Element, released: Run) -> None:
    listed = bundled.findall("back/ref-list/ref")
    labels = {reference.attrib["id"]: text_of(reference.find("label")) for reference in listed}
    assert list(labels.values()) == [str(number) for number in range(1, len(listed) + 1)]
    for reference in bundled.iter("xref"):
        if reference.attrib["ref-type"] == "bibr":
            assert text_of(reference) == labels[reference.attrib["rid"]]
    assert {f"ref-{key}" for key in released.study.bibliography} <= set(labels)
    kinds = {c.attrib["publication-type"] for c in bundled.iter("element-citation")}
    assert kinds <= {"journal", "book", "report", "web", "chapter", "confproc", "thesis", "document"}
    assert not [part for c in bundled.iter("element-citation") for part in c if part.tag == "lpage" and not part.text]


def test_text_full_of_markup_stays_text(hostile: Run) -> None:
    article = parsed(hostile)
    assert text_of(article.find("front/article-meta/title-group/article-title")) == MARKUP
    assert [text_of(cell) for cell in article.iter("td")][:2] == [MARKUP, "1"]
    assert text_of(next(article.iter("alt-text"))) == MARKUP
    assert MARKUP in [text_of(paragraph) for paragraph in article.iter("p")]
    assert not list(article.iter("script"))
    assert not list(article.iter("figure-x"))


def test_figure_that_was_not_drawn_and_table_that_is_not_printed_can_be_referred_to(make_run: Any) -> None:
    frame = pd.DataFrame({"n": range(100)})
    run = make_run([(entry("figure-1", "figure", published=True, alt="Ten."), None), (entry("s-long"), frame)])
    (run.out / "figures" / "figure-1.svg").unlink()
    article = parsed(run)
    boxes = {box.attrib["id"]: text_of(box) for box in article.iter("boxed-text")}
    assert boxes["figure-1"] == "Figure 1. T Not drawn. Ten."
    assert boxes["s-long"].startswith("Table S1. T: 100 rows, not printed; see report/tables/s-long.csv.")
