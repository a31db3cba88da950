"""The PDF: what PDF/UA-1 asks for, nothing cut off, heads repeated, and every text as it is."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from invented_runs import MARKUP, Run, entry, squeezed

from compendium.printing import pandoc, pdf

Make = Callable[..., Run]
MILLIMETRE = 72 / 25.4
MARGIN = 21.0
"""Millimetres within which nothing but the running lines may stand, a little less than the page has."""


def opened(path: Path) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(path)


def texts(path: Path) -> list[str]:
    with opened(path) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def elements(page: pypdfium2.PdfPage) -> Iterator[tuple[str, str]]:
    """Type and alternative text of the elements of a page's structure."""
    tree = pdfium.FPDF_StructTree_GetForPage(page)
    stack = [pdfium.FPDF_StructTree_GetChildAtIndex(tree, n) for n in range(pdfium.FPDF_StructTree_CountChildren(tree))]
    while stack:
        element = stack.pop()
        if element:
            yield wide(pdfium.FPDF_StructElement_GetType, element), wide(pdfium.FPDF_StructElement_GetAltText, element)
            count = pdfium.FPDF_StructElement_CountChildren(element)
            stack += [pdfium.FPDF_StructElement_GetChildAtIndex(element, n) for n in range(count)]
    pdfium.FPDF_StructTree_Close(tree)


def wide(function: Any, *arguments: Any) -> str:
    """Read a text that pdfium gives in UTF-16."""
    size = function(*arguments, None, 0)
    buffer = ctypes.create_string_buffer(size)
    function(*arguments, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    return buffer.raw.decode("utf-16-le", "replace").rstrip("\0")


def fonts_of(page: pypdfium2.PdfPage) -> dict[str, bool]:
    """Fonts of a page's texts, and whether they are embedded."""
    found = {}
    for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT]):
        font = pdfium.FPDFTextObj_GetFont(item)
        size = pdfium.FPDFFont_GetBaseFontName(font, None, 0)
        buffer = ctypes.create_string_buffer(size)
        pdfium.FPDFFont_GetBaseFontName(font, buffer, size)
        found[buffer.value.decode()] = bool(pdfium.FPDFFont_GetIsEmbedded(font))
    return found


@pytest.fixture(scope="module")
def bundled(released: Run, released_document: dict[str, Any]) -> Path:
    """The PDF of the bundled study."""
    return released.out / pdf.write_pdf(released.out, released_document)


def test_pdf_has_what_the_standard_for_accessible_ones_asks_for(bundled: Path, released: Run) -> None:
    content = bundled.read_bytes()
    assert re.search(rb"/MarkInfo\s*<<[^>]*/Marked true", content)
    assert b"/DisplayDocTitle true" in content
    assert re.search(rb"<pdfuaid:part>1</pdfuaid:part>", content)
    with opened(bundled) as document:
        assert pdfium.FPDFCatalog_IsTagged(document)
        assert wide(pdfium.FPDFCatalog_GetLanguage, document) == "en-GB"
        assert document.get_metadata_value("Title") == f"{released.study.title}: rebuilt"
        assert document.get_metadata_value("CreationDate") == "D:19800101000000Z"
        marks = [(mark.level, mark.get_title()) for mark in document.get_toc()]
        used = {name: whole for page in document for name, whole in fonts_of(page).items()}
        structure = [element for page in document for element in elements(page)]
    assert marks[0] == (0, "Verdict")
    assert (1, "The inconsistencies that matter most") in marks
    assert [title for level, title in marks if level == 0][-2:] == ["Tables and figures", "References"]
    assert used
    assert all(used.values()), "every font is embedded"
    assert all("SourceSansPro" in name for name in used)
    figures = [alt for kind, alt in structure if kind == "Figure"]
    drawn = [e["alt"] for e in _entries(released) if e["kind"] == "figure"]
    assert {squeezed(alt) for alt in drawn} <= {squeezed(alt) for alt in figures}
    assert all(figures), "no picture without a text"
    assert {"Table", "TH", "TD", "H1", "H2", "L", "Caption", "TOC"} <= {kind for kind, _ in structure}


def _entries(run: Run) -> list[dict[str, Any]]:
    return [block.entry for section in run.sections for block in section.blocks if block.entry]


def test_nothing_runs_into_the_margins(bundled: Path) -> None:
    with opened(bundled) as document:
        for number, page in enumerate(document, start=1):
            width, _ = page.get_size()
            for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT]):
                left, _, right, _ = item.get_bounds()
                assert left >= MARGIN * MILLIMETRE - 1, f"page {number}"
                assert right <= width - MARGIN * MILLIMETRE + 1, f"page {number}"


def test_bundled_report_is_of_a_length_one_prints(bundled: Path, released: Run) -> None:
    pages = texts(bundled)
    assert 20 <= len(pages) <= 45
    whole = squeezed("".join(pages))
    assert not any("\u200b" in page for page in pages), "every word has room in its column; it can be copied"
    for told in _entries(released):
        assert squeezed(told["title"]) in whole, told["id"]
    assert squeezed(released.judged["judgement"]) in squeezed(pages[0])
    assert f"{len(pages)}/{len(pages)}" in squeezed(pages[-1])


def test_text_full_of_markup_is_printed_as_it_is(hostile: Run) -> None:
    path = hostile.out / pdf.write_pdf(hostile.out, hostile.document())
    whole = squeezed("".join(texts(path)))
    assert whole.count(squeezed(MARKUP)) >= 20
    with opened(path) as document:
        assert document.get_metadata_value("Title") == f"{MARKUP}: rebuilt"
        assert not document.get_metadata_value("Author")


@pytest.mark.parametrize(
    "text",
    [
        "- no list", "+ no number", "1. no number", "/ term: no description", "= no heading", "a--b", "a---b",
        "a...b", "a-?b", "-1.5", "x~y", 'he said "so"', "it's", "// c", "/* c", "https://x.example/a_b*c", "<label>",
        "@cite", "#emph[x]", "$x$", "`r`", "\\", "\\u{41}", "a\\", "[b]", "](c)", "*b*", "_i_", "'", "–", "“q”",
        "a\u00a0b", "{{x}}", ";", "#;",
    ],
)  # fmt: skip
def test_texts_that_typst_would_change_stay(text: str) -> None:
    marked = pandoc.document({"abstract": {"t": "MetaBlocks", "c": []}}, [pandoc.paragraph(pandoc.words(text))])
    source = pdf.typst_source({**marked, "meta": {**marked["meta"]}}).decode("utf-8")
    body = source[source.rindex("outline(title: none") :].split("#pagebreak()", 1)[1]
    assert shown_by_typst(body) == text


def shown_by_typst(body: str) -> str:
    """Set a piece of typst's markup and read what is on the page."""
    import typst

    preamble = '#set document(title: "x")\n#set smartquote(enabled: false)\n#set text(font: "Libertinus Serif")\n'
    content = typst.compile((preamble + body).encode(), format="pdf", ignore_system_fonts=True)
    with pypdfium2.PdfDocument(content) as document:
        return str(document[0].get_textpage().get_text_bounded()).strip()


def test_heads_of_long_tables_stand_on_every_page(make_run: Make) -> None:
    frame = pd.DataFrame({"unusual_heading": [f"row {n}" for n in range(150)]})
    run = make_run([(entry("table-1", published=True), frame)])
    pages = texts(run.out / pdf.write_pdf(run.out, run.document()))
    with_rows = [squeezed(page) for page in pages if re.search(r"row \d", page)]
    assert len(with_rows) >= 3
    assert all("Unusualheading" in page for page in with_rows)


def test_wide_tables_are_turned_and_long_words_broken(make_run: Make) -> None:
    frame = pd.DataFrame({f"extraordinarily_{n}": ["incomprehensibilities"] for n in range(6)} | {"word": ["x" * 300]})
    run = make_run([(entry("table-1", published=True), frame)])
    path = run.out / pdf.write_pdf(run.out, run.document())
    with opened(path) as document:
        sizes = [page.get_size() for page in document]
        assert any(width > height for width, height in sizes)
    test_nothing_runs_into_the_margins(path)
    assert "x" * 300 in squeezed("".join(texts(path)))


def test_characters_without_a_face_are_spelled_and_others_shown(make_run: Make) -> None:
    run = make_run(
        [(entry("figure-1", "figure", published=True), None)], sentence="Ελλάδα, Жизнь, 漢, 😀 and Łódź → ≥ 2."
    )
    path = run.out / "figures" / "figure-1.svg"
    path.write_text(path.read_text(encoding="utf-8").replace("Drawn", "漢 drawn"), encoding="utf-8")
    whole = squeezed("".join(texts(run.out / pdf.write_pdf(run.out, run.document()))))
    assert squeezed("Ελλάδα, Жизнь, [U+6F22], [U+1F600] and Łódź → ≥ 2.") in whole
    assert "[U+6F22]drawn" in whole


def test_report_without_images_is_printed(make_run: Make) -> None:
    run = make_run([(entry("figure-1", "figure", published=True, alt="Ten, then five."), None)])
    (run.out / "figures" / "figure-1.svg").unlink()
    pages = texts(run.out / pdf.write_pdf(run.out, run.document()))
    assert "Ten, then five." in " ".join(pages).replace("\r\n", " ")
