"""The report as JATS XML for repositories (ANSI/NISO Z39.96-2019, archiving and interchange tag set 1.2)."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from compendium.files import write_text
from compendium.paths import TEMPLATES
from compendium.printing import document, pandoc
from compendium.printing.pandoc import Node

FILE = "report/report.xml"
TEMPLATE = TEMPLATES / "report.jats.xml"
WRITER = "jats_archiving+element_citations"
BOXED = {document.OMITTED, document.MISSING}
"""Divisions that stay apart; the others are only a matter of looks."""
REFERENCE_TYPES = {"table-wrap": "table", "fig": "fig", "sec": "sec", "boxed-text": "boxed-text"}
"""Kinds of elements, and how a reference to one calls it."""
PUBLICATION_TYPES = {"article-journal": "journal", "paper-conference": "confproc", "webpage": "web"}
"""Types of citeproc, as JATS recommends to call them."""
_XLINK = "http://www.w3.org/1999/xlink"


def write_jats(out: Path, made: Node) -> str:
    """Write the report as JATS.

    Parameters
    ----------
    out
        Output folder.
    made
        See :func:`compendium.printing.document.document`.

    Returns
    -------
    str
        Its path relative to `out`.
    """
    meta = {**made["meta"], "kicker": pandoc.meta_text(document.KICKER)}
    adapted = {**made, "meta": meta, "blocks": pandoc.replaced(made["blocks"], _in_jats)}
    arguments = ["--from", "json", "--to", WRITER, "--wrap", "none"]
    text = pandoc.run([*arguments, "--template", str(TEMPLATE)], json.dumps(adapted)).decode("utf-8")
    write_text(out / FILE, settled(text))
    return FILE


def _in_jats(node: Node) -> list[Node] | None:
    """Name images as seen from the file, and drop divisions that are only a matter of looks."""
    if node["t"] == "Image":
        attributes, alt, (path, title) = node["c"]
        escaped = pandoc.words(escape(pandoc.said(alt), quote=False))  # pandoc 3.9 writes it into the XML as it is
        return [{"t": "Image", "c": [attributes, escaped, [f"../{path}", title]]}]
    if node["t"] == "Div" and node["c"][0][0] != "refs" and not BOXED & set(node["c"][0][1]):
        blocks: list[Node] = pandoc.replaced(node["c"][1], _in_jats)
        return blocks
    return None


def settled(text: str) -> str:
    """Give tables, figures and references the labels that the tag set has elements for, and references their kind."""
    ElementTree.register_namespace("xlink", _XLINK)
    start = text.index("<article ")
    article = ElementTree.fromstring(text[start:])  # noqa: S314 (our own text, without entities)
    for wrap in article.iter("table-wrap"):
        _name_table(wrap)
    for holder in [*article.iter("table-wrap"), *article.iter("fig")]:
        _label(holder)
    for references in article.iter("ref-list"):
        _numbered(references)
    kinds = {element.get("id"): REFERENCE_TYPES.get(element.tag) for element in article.iter() if element.get("id")}
    for reference in article.iter("xref"):
        kind = kinds.get(reference.get("rid"))
        if kind:
            reference.set("ref-type", kind)
        reference.attrib.pop("alt", None)
    return text[:start] + ElementTree.tostring(article, encoding="unicode") + "\n"


def _name_table(wrap: Any) -> None:
    """Move the id from a table to the element that holds table and caption."""
    name = next((table.attrib.pop("id") for table in wrap.iter("table") if table.get("id")), "")
    if name:
        wrap.set("id", name)


def _label(holder: Any) -> None:
    """Take the label, which stands in bold before the caption, into its own element."""
    caption = holder.find("caption")
    paragraph = None if caption is None else caption.find("p")
    bold = None if paragraph is None else paragraph.find("bold")
    if caption is None or paragraph is None or bold is None or (paragraph.text or "").strip():
        return
    label = ElementTree.Element("label")
    label.text, label.tail = (bold.text or "").rstrip("."), "\n"
    paragraph.remove(bold)
    paragraph.tag, paragraph.text = "title", (bold.tail or "").lstrip()
    holder.insert(list(holder).index(caption), label)


def _numbered(references: Any) -> None:
    """Give the references their numbers; they stand in the order in which they are cited."""
    for number, reference in enumerate(references.findall("ref"), start=1):
        label = ElementTree.Element("label")
        label.text, label.tail = str(number), "\n"
        reference.insert(0, label)
        for citation in reference.iter("element-citation"):
            kind = citation.get("publication-type", "")
            citation.set("publication-type", PUBLICATION_TYPES.get(kind, kind))
            for empty in [part for part in citation if part.tag == "lpage" and not part.text]:
                citation.remove(empty)
