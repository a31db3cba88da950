"""One document for paper and repositories: the report as PDF, Word and JATS print it.

It is a selection of what the page shows: prose and computed sentences, all figures, the tables of the published report,
and short supplementary tables. Longer ones are counted, and their files are named. Code is left to the notebooks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compendium.audit import claims
from compendium.data.study import Study
from compendium.printing import pandoc, table_layout
from compendium.printing.citing import Citing
from compendium.printing.pandoc import LEFT, RIGHT, Blocks, Inlines, Node
from compendium.printing.table_layout import TEXT_WIDTH, TURNED_WIDTH, Grid
from compendium.publishing import manifest
from compendium.publishing.sections import FIGURE, PROSE, SENTENCE, TABLE, Block, Section, joined

COMPUTED, MISSING, OMITTED, MADE, COUNTS, REFERENCES = (
    "computed",
    "missing-figure",
    "omitted",
    "made",
    "counts",
    "references",
)
"""Classes of divisions that the forms may set apart."""
TURNED, WHOLE_ROWS, WHOLE = "turned", "whole-rows", "whole"
"""Classes of tables: on a turned page; rows, or all of it, on one page."""
LANGUAGE = "en-GB"
KICKER = "Reproducible research compendium"
REBUILT = "rebuilt from its data, with a verdict on what can be reproduced"
ABOUT = (
    "This document rebuilds a published report from its data with {notebooks}: {tables} and {figures}, "
    "{published} of which stand in the published report. Texts are restated; numbers, names and scores are as "
    "published unless a sentence says that they were computed. References are numbered in the order in which they are "
    "cited here; their numbers in the published report differ. Not printed are the code and long tables; their files "
    "are named in their place. Where the text speaks of pointing at a figure or of moving a parameter, that can be "
    "done on the web page and in the notebooks."
)
HIGHEST, PIXEL = 205.0, 0.173
"""Millimetres: how high a figure may be, and how large a pixel of it is printed (960 of them fill the text's width)."""
_SIZE = re.compile(r"<svg\b[^>]*?\bwidth=\"([\d.]+)\"[^>]*?\bheight=\"([\d.]+)\"")


@dataclass
class Printing:
    """What the parts of the document are made with."""

    study: Study
    out: Path
    entries: list[dict[str, Any]]
    labels: dict[str, str]
    citing: Citing
    prose: dict[str, Blocks]
    told: dict[str, str]
    """Inconsistencies that the verdict tells in full, and where."""


def document(study: Study, out: Path, sections: list[Section], judged: dict[str, Any]) -> Node:
    """Make the document.

    Parameters
    ----------
    study
        Title, people and references.
    out
        Output folder: the figures' images.
    sections
        See :mod:`compendium.publishing.sections`.
    judged
        The verdict; see :mod:`compendium.audit.verdict`.

    Returns
    -------
    dict
        A document of pandoc's; images are named by their path relative to `out`.
    """
    entries = manifest.joined(out)
    shown = {block.entry["id"] for section in sections for block in section.blocks if block.entry}
    names = {name: label for name, label in manifest.labels(entries).items() if name in shown}
    entries = [entry for entry in entries if entry["id"] in names]
    citing = Citing(study, {label: name for name, label in names.items()})
    texts = {block.text: None for section in sections for block in section.blocks if block.kind == PROSE}
    read = dict(zip(texts, pandoc.prose(list(texts)), strict=True))
    told = {item["inconsistency_id"]: f"matter-{item['rank']}" for item in judged["matter_most"]}
    printing = Printing(study, out, entries, names, citing, read, told)
    blocks = [*_verdict(printing, judged)]
    for section in sections:
        blocks += _section(printing, section)
    blocks += [*_overview(printing), *_references(printing)]
    meta = _front(printing, sections, judged)
    cited = [c["citationId"] for node in pandoc.walk(blocks) if node["t"] == "Cite" for c in node["c"][0]]
    return pandoc.cited(pandoc.document({**meta, **citing.metadata(cited)}, blocks))


def _front(printing: Printing, sections: list[Section], judged: dict[str, Any]) -> dict[str, Node]:
    """Write title, subtitle and abstract; the people are those of the published report, and the subtitle says so."""
    package, entries = printing.study.package, printing.entries
    people = [c.get("title", "") for c in package.get("contributors", []) if c.get("title")]
    text = ABOUT.format(
        notebooks=_counted(len(sections), "executed notebook"),
        tables=_counted(sum(entry["kind"] == TABLE for entry in entries), "table"),
        figures=_counted(sum(entry["kind"] == FIGURE for entry in entries), "figure"),
        published=sum(bool(entry["published"]) for entry in entries),
    )
    abstract = [pandoc.paragraph(pandoc.words(text))]
    if judged["claims"]["total"]:
        abstract.insert(0, pandoc.paragraph(pandoc.words(judged["judgement"])))
    source: dict[str, str] = next(iter(package.get("sources", [])), {})
    return {
        "title": pandoc.meta_text(printing.study.title),
        "subtitle": pandoc.meta_text(
            f"{_report_by(people)}, rebuilt from its data, with a verdict on what can be reproduced"
        ),
        "people": pandoc.meta_list(pandoc.meta_text(person) for person in people),
        "abstract": {"t": "MetaBlocks", "c": abstract},
        "lang": pandoc.meta_text(LANGUAGE),
        "source": pandoc.meta_text(source.get("title", "")),
        "source-address": pandoc.meta_text(source.get("path", "")),
        "compendium": pandoc.meta_text(" ".join(str(package.get(key, "")) for key in ("name", "version")).strip()),
    }


def _report_by(people: list[str]) -> str:
    """Name the published report by its authors, who are not those of this document."""
    named = ", ".join(people[:-1]) + f" and {people[-1]}" if len(people) > 1 else "".join(people)
    return f"The published report by {named}" if named else "The published report"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _verdict(printing: Printing, judged: dict[str, Any]) -> Blocks:
    """Write the verdict; nothing where a study makes no claim that could be judged."""
    said, made, wrong = judged["claims"], judged["artefacts"], judged["inconsistencies"]
    if not said["total"]:
        return []
    checkable = said[claims.REPRODUCED] + said[claims.INCONSISTENT]
    high = wrong["by_severity"][claims.SEVERITIES[0]]
    numbers = [
        (f"{made['rebuilt']} of {made['expected']}", "tables and figures rebuilt"),
        (f"{said[claims.REPRODUCED]} of {checkable}", "checkable claims reproduced"),
        (f"{high} of {wrong['total']}", f"inconsistencies of {claims.SEVERITIES[0]} severity"),
    ]
    counted = [[pandoc.strong(pandoc.words(number)), *pandoc.words(f" {what}")] for number, what in numbers]
    blocks = [
        pandoc.header(1, pandoc.words("Verdict"), "verdict"),
        pandoc.paragraph(printing.citing.text(judged["judgement"])),
        pandoc.division(COUNTS, [pandoc.bullets(counted)]),
    ]
    if made["missing"]:
        blocks.append(pandoc.paragraph(pandoc.words(f"Not rebuilt: {', '.join(made['missing'])}.")))
    blocks.append(pandoc.paragraph(_where_all_are(printing, judged["inconsistencies"]["by_what_shows_them"])))
    if judged["matter_most"]:
        blocks.append(pandoc.header(2, pandoc.words("The inconsistencies that matter most"), "matter-most"))
    for item in judged["matter_most"]:
        blocks += _contradiction(printing, item)
    return blocks


def _where_all_are(printing: Printing, shown_by: dict[str, int]) -> Inlines:
    """Say what was computed, and where all claims and inconsistencies are: the tables that are named after them."""
    text = "Rebuilt means made anew from the facts that the published report prints; its pictures were not compared. "
    text += "Judged on the data of the compendium: the status of each claim is computed; of the inconsistencies, "
    text += f"{shown_by[claims.COMPUTED]} are shown by a computed result, "
    text += f"{shown_by[claims.READING]} rest on reading both places."
    places = [(name, what) for name, what in (("claims", "claims"), ("inconsistencies", "inconsistencies"))]
    known = [f"all {what} are in {printing.labels[name]}" for name, what in places if name in printing.labels]
    sentence = " and ".join(known)
    return printing.citing.text(f"{text} {sentence[:1].upper()}{sentence[1:]}." if known else text)


def _contradiction(printing: Printing, item: dict[str, Any]) -> Blocks:
    """Write one inconsistency: what stands against what, what follows, and what speaks for the authors."""
    text = printing.citing.text
    title = f"{item['rank']}. {item['title']} ({item['severity']}; {item['inconsistency_id']})"
    against = item["other_place"] or "Against it"
    return [
        pandoc.header(3, pandoc.words(title), f"matter-{item['rank']}"),
        pandoc.bullets(
            [
                [pandoc.strong(pandoc.words(f"{item['place']}:")), *text(f" {item['statement']}")],
                [pandoc.strong(pandoc.words(f"{against}:")), *text(f" {item['other']}")],
                [
                    *text(f"{item['consequence']} "),
                    pandoc.emphasis(pandoc.words("Innocent explanation:")),
                    *text(f" {item['innocent']}"),
                ],
            ]
        ),
    ]


def _section(printing: Printing, section: Section) -> Blocks:
    """Write a notebook's part, opened by a line on what made it and what it holds."""
    blocks = [pandoc.header(1, pandoc.words(section.title), section.anchor), _made_by(printing, section)]
    headings = 0
    for block in section.blocks:
        if block.kind == PROSE:
            read = _settled(printing.prose[block.text], section.anchor, headings)
            headings += sum(node["t"] == "Header" for node in read)
            blocks += printing.citing.marked(read)
        elif block.kind == SENTENCE:
            blocks.append(pandoc.division(COMPUTED, [pandoc.paragraph(printing.citing.text(block.text))]))
        elif block.kind == FIGURE:
            blocks += _figure(printing, block.entry or {})
        elif block.kind == TABLE:
            blocks += _table(printing, block)
    return blocks


def _made_by(printing: Printing, section: Section) -> Node:
    inlines = [*pandoc.words("Made by "), pandoc.code(section.notebook)]
    held = [block.entry["id"] for block in section.blocks if block.entry and block.entry["id"] in printing.labels]
    for number, name in enumerate(held):
        before = ": " if number == 0 else " and " if number == len(held) - 1 else ", "
        inlines += [*pandoc.words(before), pandoc.link(pandoc.words(printing.labels[name]), f"#{name}")]
    return pandoc.division(MADE, [pandoc.paragraph([*inlines, *pandoc.words(".")])])


def _settled(blocks: Blocks, anchor: str, number: int) -> Blocks:
    """Fit a notebook's prose in: headings below the section's without gaps, links only to addresses, no pictures."""
    level = 1

    def change(node: Node) -> list[Node] | None:
        nonlocal level, number
        if node["t"] == "Header":
            level, number = min(max(2, node["c"][0]), level + 1), number + 1
            return [pandoc.header(level, node["c"][2], f"{anchor}-{number}")]
        if node["t"] == "Link" and not node["c"][2][0].startswith(("https://", "http://")):
            return list(node["c"][1])
        if node["t"] == "Image":
            return list(node["c"][1])
        return [] if node["t"] in {"RawBlock", "RawInline"} else None

    settled: Blocks = pandoc.replaced(blocks, change)
    return settled


def _caption(printing: Printing, entry: dict[str, Any], note: str = "") -> Inlines:
    label = pandoc.strong(pandoc.words(f"{printing.labels[entry['id']]}."))
    return [label, *pandoc.words(f" {entry['title']}{note}")]


def _figure(printing: Printing, entry: dict[str, Any]) -> Blocks:
    """Write a figure, or what it shows in words where no browser has drawn it."""
    path = next((name for name in entry["files"] if name.endswith(".svg")), "")
    size = image_size(printing.out / path) if path else None
    caption = _caption(printing, entry)
    if size is None:
        words = [pandoc.paragraph(caption), pandoc.paragraph(pandoc.words(f"Not drawn. {entry['alt']}"))]
        return [pandoc.division(MISSING, words, entry["id"])]
    wide, high = size
    width = min(TEXT_WIDTH, wide * PIXEL, HIGHEST * wide / high)
    return [pandoc.figure(entry["id"], caption, pandoc.image(path, entry["alt"], width))]


def image_size(path: Path) -> tuple[float, float] | None:
    """Width and height of an SVG in its own units; ``None`` where it is not there or does not say."""
    if not path.is_file():
        return None
    found = _SIZE.search(path.read_text(encoding="utf-8"))
    width, height = (float(found[1]), float(found[2])) if found else (0.0, 0.0)
    return (width, height) if width > 0 and height > 0 else None


def _table(printing: Printing, block: Block) -> Blocks:
    """Write a table in full, or what it counts and where it is."""
    entry = block.entry or {}
    grid = table_layout.read_grid(joined((block.output or {})["data"]["text/html"]), entry)
    if not table_layout.is_printed(grid, entry):
        return _omitted(printing, entry, grid)
    return [_grid(printing, entry["id"], _caption(printing, entry), grid)]


def _grid(printing: Printing, name: str, caption: Inlines, grid: Grid) -> Node:
    """Write a table in full; room is made for the numbers of the references in it."""
    cells = [
        [printing.citing.cell(column, text) for column, text in zip(grid.columns, row, strict=True)]
        for row in grid.rows
    ]
    rows = [[_as_printed(cell) for cell in row] for row in cells]
    printed = Grid(grid.columns, grid.heads, rows, grid.numeric)
    place = table_layout.fit(printed) or table_layout.squeezed(printed)
    room = TURNED_WIDTH if place.turned else TEXT_WIDTH
    columns = [
        (RIGHT if numeric else LEFT, width / room) for numeric, width in zip(grid.numeric, place.widths, strict=True)
    ]
    classes = [TURNED] * place.turned + [WHOLE_ROWS] * place.whole_rows + [WHOLE] * place.whole
    return pandoc.table(name, caption, [pandoc.words(head) for head in grid.heads], cells, columns, classes)


def _as_printed(inlines: Inlines) -> str:
    return "".join("[00]" if node["t"] == "Cite" else pandoc.said(node) for node in inlines)


def _omitted(printing: Printing, entry: dict[str, Any], grid: Grid) -> Blocks:
    """Say of a table that is not printed what it counts, where it is, and what in it is most severe."""
    file = next(iter(entry["files"]), "")
    about = _caption(printing, entry, f": {_counted(len(grid.rows), 'row')}, not printed")
    about += [*pandoc.words("; see "), pandoc.code(file)] if file else []
    counted = []
    for head, values in table_layout.counts(grid):
        text = ", ".join(f"{value or 'not given'} ({number})" for value, number in values)
        counted.append([pandoc.emphasis(pandoc.words(f"{head}:")), *pandoc.words(f" {text}")])
    blocks = [pandoc.paragraph([*about, *pandoc.words(f". {entry['alt']}")])]
    blocks += [pandoc.bullets(counted)] if counted else []
    severe = table_layout.most_severe(grid, claims.SEVERITIES)
    if severe:
        blocks.append(pandoc.paragraph(pandoc.words(f"Those of {claims.SEVERITIES[0]} severity:")))
        blocks.append(pandoc.bullets(_severe(printing, row) for row in severe))
    return [pandoc.division(OMITTED, blocks, entry["id"])]


def _severe(printing: Printing, row: dict[str, str]) -> Inlines:
    """Write a most severe row; what the verdict tells in full is linked, not told again."""
    name = row.get("inconsistency_id", "")
    about = ", ".join(part for part in (name, row.get("kind", "")) if part)
    about = f" ({about})" if about else ""
    if name in printing.told:
        return [
            pandoc.link(pandoc.words(row.get("title", name)), f"#{printing.told[name]}"),
            *pandoc.words(about),
        ]
    title = pandoc.strong(pandoc.words(row.get("title", name)))
    return [title, *pandoc.words(f"{about}. "), *printing.citing.text(row.get("statement", ""))]


def _overview(printing: Printing) -> Blocks:
    """List all tables and figures with their files."""
    heads = ["Label", "Title", "File"]
    rows, cells = [], []
    for entry in printing.entries:
        label = printing.labels[entry["id"]]
        file = next((name for name in entry["files"] if name.endswith((".csv", ".svg"))), "")
        rows.append([label, entry["title"], file])
        linked = pandoc.link(pandoc.words(label), f"#{entry['id']}")
        cells.append([[linked], pandoc.words(entry["title"]), [pandoc.code(file)] if file else []])
    if not rows:
        return []
    widths = [24.0, 84.0, 58.0]
    columns = [(LEFT, width / TEXT_WIDTH) for width in widths]
    made = pandoc.table("", [], [pandoc.words(head) for head in heads], cells, columns, [WHOLE_ROWS])
    return [pandoc.header(1, pandoc.words("Tables and figures"), "tables-and-figures"), made]


def _references(printing: Printing) -> Blocks:
    if not printing.citing.listed:
        return []
    place = {"t": "Div", "c": [pandoc.attributes("refs"), []]}
    heading = pandoc.header(1, pandoc.words("References"), "references")
    return [heading, pandoc.division(REFERENCES, [place])]


def abstract_text(made: Node) -> str:
    """Return the abstract of a document as one text."""
    return " ".join(pandoc.said(block) for block in made["meta"]["abstract"]["c"])


def meta_strings(made: Node, names: Iterable[str]) -> dict[str, str]:
    """Return texts of a document's metadata by name."""
    return {name: pandoc.said(made["meta"].get(name, {})) for name in names}
