"""The Word document: real headings, captions, links and tables, every text as it is, and LibreOffice opens it."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest
from invented_runs import MARKUP, Run, entry

from compendium.printing import pandoc, word

Make = Callable[..., Run]
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
OFFICE = shutil.which("soffice")


def parsed(part: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(part)  # noqa: S314 (made by the test itself)


class Docx:
    """A Word document taken apart."""

    def __init__(self, content: bytes):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            self.items = packed.infolist()
            self.parts = {item.filename: packed.read(item) for item in self.items}
        self.body = parsed(self.parts["word/document.xml"])

    def styles(self) -> list[tuple[str, str]]:
        """Style and text of each paragraph."""
        found = []
        for paragraph in self.body.iter(f"{W}p"):
            style = paragraph.find(f"{W}pPr/{W}pStyle")
            text = "".join(part.text or "" for part in paragraph.iter(f"{W}t"))
            found.append(("" if style is None else style.attrib[f"{W}val"], text))
        return found

    def of_style(self, name: str) -> list[str]:
        """Texts of the paragraphs of a style."""
        return [text for style, text in self.styles() if style == name]


def made(run: Run, document: dict[str, Any] | None = None) -> Docx:
    return Docx((run.out / word.write_word(run.out, document or run.document())).read_bytes())


@pytest.fixture(scope="module")
def bundled(released: Run, released_document: dict[str, Any]) -> Docx:
    """The Word document of the bundled study."""
    return made(released, released_document)


def count(document: dict[str, Any], kind: str) -> int:
    return sum(node["t"] == kind for node in pandoc.walk(document["blocks"]))


def captions(document: dict[str, Any], kind: str) -> list[str]:
    """Captions of tables or figures that have one."""
    found = [pandoc.said(node["c"][1]) for node in pandoc.walk(document["blocks"]) if node["t"] == kind]
    return [caption for caption in found if caption]


def test_bundled_document_has_all_that_the_document_has(bundled: Docx, released_document: dict[str, Any]) -> None:
    document = released_document
    for level in (1, 2, 3):
        wanted = [pandoc.said(n["c"][2]) for n in document["blocks"] if n["t"] == "Header" and n["c"][0] == level]
        assert bundled.of_style(f"Heading{level}") == wanted
    tables = list(bundled.body.iter(f"{W}tbl"))
    assert len(tables) == count(document, "Table")
    assert all(table.find(f"{W}tr/{W}trPr/{W}tblHeader") is not None for table in tables), "heads are repeated"
    cells = sum(1 for _ in bundled.body.iter(f"{W}tc"))
    assert len(bundled.of_style("TableText")) + len(bundled.of_style("TableHead")) == cells, "empty ones too"
    assert bundled.of_style("TableCaption") == captions(document, "Table")
    assert bundled.of_style("ImageCaption") == captions(document, "Figure")
    pictures = [node for node in pandoc.walk(document["blocks"]) if node["t"] == "Image"]
    told = [item.attrib["descr"] for item in bundled.body.iter(f"{DRAWING}docPr")]
    assert told == [pandoc.said(picture["c"][1]) for picture in pictures]
    images = [name for name in bundled.parts if name.startswith("word/media/")]
    assert len(images) == len(pictures)
    assert all(bundled.parts[name].startswith(b"\x89PNG") for name in images)
    assert len(bundled.of_style("Bibliography")) == len(document["meta"]["references"]["c"])


def test_links_of_the_bundled_document_lead_somewhere(bundled: Docx) -> None:
    anchors = {link.attrib[f"{W}anchor"] for link in bundled.body.iter(f"{W}hyperlink") if f"{W}anchor" in link.attrib}
    marks = [mark.attrib[f"{W}name"] for mark in bundled.body.iter(f"{W}bookmarkStart")]
    assert anchors <= set(marks)
    assert len(marks) == len(set(marks))
    assert {"table-1", "verdict", "claims"} <= anchors


def test_parts_are_well_formed_and_say_nothing_of_the_machine(bundled: Docx, released: Run) -> None:
    for name, part in bundled.parts.items():
        if name.endswith((".xml", ".rels")):
            parsed(part)
            assert b"/template/" not in part, name
            assert str(released.out).encode() not in part, name
    assert {item.date_time for item in bundled.items} == {(1980, 1, 1, 0, 0, 0)}
    styles = {style for style, _ in bundled.styles() if style}
    defined = re.findall(rb'w:styleId="(\w+)"', bundled.parts["word/styles.xml"])
    assert {style.encode() for style in styles} <= set(defined), "no paragraph falls back to the default"
    assert len(defined) == len(set(defined))


def test_properties_are_those_of_the_report(bundled: Docx, released: Run) -> None:
    core = parsed(bundled.parts["docProps/core.xml"])
    found = {element.tag.partition("}")[2]: element.text for element in core}
    assert found["title"] == released.study.title
    assert found["language"] == "en-GB"
    assert not found.get("creator")  # its authors did not write this document; the subtitle names them
    subtitle = bundled.of_style("Subtitle")[0]
    assert all(person["title"] in subtitle for person in released.study.package["contributors"])
    assert found["created"] == found["modified"] == "1980-01-01T00:00:00Z"


def test_text_full_of_markup_stays_text(hostile: Run) -> None:
    docx = made(hostile)
    assert docx.of_style("Title") == [MARKUP]
    assert docx.of_style("Computed") == [MARKUP]
    assert docx.of_style("TableText")[0] == MARKUP
    assert docx.of_style("ImageCaption") == [f"Figure S1. {MARKUP}"]
    assert [item.attrib["descr"] for item in docx.body.iter(f"{DRAWING}docPr")] == [MARKUP]
    core = parsed(docx.parts["docProps/core.xml"])
    assert MARKUP in [element.text for element in core]


def test_wide_table_has_a_turned_section_with_the_running_lines(make_run: Make) -> None:
    wide = pd.DataFrame({f"extraordinarily_{n}": ["incomprehensibilities"] for n in range(7)})
    docx = made(make_run([(entry("table-1", published=True), wide)], sentence="After."))
    sections = list(docx.body.iter(f"{W}sectPr"))
    turned = [section.find(f"{W}pgSz").attrib.get(f"{W}orient") for section in sections]  # type: ignore[union-attr]
    assert turned == [None, "landscape", None]
    for section in sections:
        assert section.find(f"{W}headerReference") is not None
        assert section.find(f"{W}footerReference") is not None
    assert "word/header1.xml" in docx.parts


def test_figure_that_was_not_drawn_is_told_in_words(make_run: Make) -> None:
    run = make_run([(entry("figure-1", "figure", published=True, alt="Ten, then five."), None)])
    (run.out / "figures" / "figure-1.svg").unlink()
    docx = made(run)
    assert docx.of_style("Boxed") == ["Figure 1. T", "Not drawn. Ten, then five."]
    assert not [name for name in docx.parts if name.startswith("word/media/")]


@pytest.mark.skipif(OFFICE is None and os.environ.get("CI") != "true", reason="no LibreOffice on this machine")
def test_libreoffice_opens_it_with_all_that_it_holds(
    bundled: Docx, released: Run, released_document: dict[str, Any], tmp_path: Path
) -> None:
    assert OFFICE is not None, "the tests in CI need LibreOffice Writer"
    shutil.copy(released.out / word.FILE, tmp_path / "report.docx")
    command = [OFFICE, "--headless", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"]
    command += ["--convert-to", "fodt", "--outdir", str(tmp_path), str(tmp_path / "report.docx")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    text = (tmp_path / "report.fodt").read_text(encoding="utf-8")
    headers = [node for node in released_document["blocks"] if node["t"] == "Header"]
    assert len(re.findall(r"<text:h\b", text)) == len(headers)
    assert len(re.findall(r"<table:table[ >]", text)) == count(released_document, "Table")
    assert len(re.findall(r"<draw:image\b", text)) == count(released_document, "Image")
    assert len(re.findall(r"<svg:desc>[^<]", text)) == count(released_document, "Image")
    assert len(re.findall(r"<table:table-header-rows\b", text)) == count(released_document, "Table")
