"""The report as a Word document: real headings, captions, cross-references, tables whose heads are repeated."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from compendium.files import write_bytes
from compendium.printing import document, fonts, pandoc
from compendium.printing.pandoc import Node
from compendium.printing.pdf import quoted
from compendium.printing.word_styles import reference, section_end

FILE = "report/report.docx"
PIXELS_PER_INCH = 200
DIVISIONS = {
    document.COMPUTED: "Computed",
    document.MISSING: "Boxed",
    document.OMITTED: "Omitted",
    document.MADE: "Made By",
}
"""Style of the paragraphs of a division."""


def write_word(out: Path, made: Node) -> str:
    """Write the report for Word; the faces of :mod:`compendium.printing.fonts` have to be there.

    Parameters
    ----------
    out
        Output folder: the images and the faces.
    made
        See :func:`compendium.printing.document.document`.

    Returns
    -------
    str
        Its path relative to `out`.
    """
    with tempfile.TemporaryDirectory(prefix="compendium-") as folder:
        root = Path(folder)
        for path, content in drawn(out, made).items():
            write_bytes(root / path, content)
        write_bytes(root / "reference.docx", reference(document.KICKER))
        blocks = [*_contents(made), *pandoc.replaced(made["blocks"], _in_word)]
        adapted = {**made, "meta": _front(made), "blocks": blocks}
        arguments = ["--from", "json", "--to", "docx", "--output", "-"]
        arguments += ["--reference-doc", str(root / "reference.docx"), "--resource-path", str(root)]
        write_bytes(out / FILE, pandoc.run(arguments, json.dumps(adapted)))
    return FILE


def drawn(out: Path, made: Node) -> dict[str, bytes]:
    """Draw the figures as PNG without a browser: name of the file to content.

    All are pages of one document of typst's, as wide as they are printed.
    """
    import typst

    wanted = {node["c"][2][0]: node for node in pandoc.walk(made["blocks"]) if node["t"] == "Image"}
    if not wanted:
        return {}
    pages = ["#set page(width: auto, height: auto, margin: 0pt)"]
    with tempfile.TemporaryDirectory(prefix="compendium-") as folder:
        for number, (path, node) in enumerate(wanted.items()):
            name = f"{number}.svg"
            write_bytes(Path(folder, name), (out / path).read_bytes())
            pages.append(f"#page(image({quoted(name)}, width: {dict(node['c'][0][2])['width']}))")
        main = Path(folder, "main.typ")
        main.write_text("\n".join(pages), encoding="utf-8")
        faces = [out / fonts.FOLDER]
        images: Any = typst.compile(main, format="png", ppi=PIXELS_PER_INCH, font_paths=faces, ignore_system_fonts=True)
    images = [images] if isinstance(images, bytes) else images
    return {_png(path): image for path, image in zip(wanted, images, strict=True)}


def _png(path: str) -> str:
    return f"{path.removesuffix('.svg')}.png"


def _front(made: Node) -> dict[str, Node]:
    """Put what the title page says besides title and people before the abstract's text; name the file's subject."""
    meta = document.meta_strings(made, ("source", "source-address", "compendium", "subtitle"))
    lines = []
    if meta["source"]:
        words = pandoc.words(meta["source"])
        address = meta["source-address"]
        named = [pandoc.link(words, address)] if address.startswith(("https://", "http://")) else words
        lines.append(pandoc.paragraph([*pandoc.words("Published report: "), *named]))
    if meta["compendium"]:
        lines.append(pandoc.paragraph(pandoc.words(f"Data package: {meta['compendium']}")))
    abstract = {"t": "MetaBlocks", "c": [*lines, *made["meta"]["abstract"]["c"]]}
    kept = {name: made["meta"][name] for name in ("title", "subtitle", "lang")}  # others become properties
    properties = {"subject": document.KICKER, "description": meta["subtitle"]}
    return {**kept, "abstract": abstract, **{name: pandoc.meta_text(text) for name, text in properties.items()}}


def _contents(made: Node) -> list[Node]:
    """List the sections with links: a list that Word makes itself is empty until somebody asks for it."""
    headers = [block["c"] for block in made["blocks"] if block["t"] == "Header" and block["c"][0] == 1]
    lines = [pandoc.paragraph([pandoc.link(inlines, f"#{named[0]}")]) for _, named, inlines in headers]
    return [_styled("TOC Heading", [pandoc.paragraph(pandoc.words("Contents"))]), _styled("toc 1", lines)]


def _in_word(node: Node) -> list[Node] | None:
    """Give divisions and cells their styles, tables on turned pages their sections, and figures their PNG."""
    if node["t"] == "Div":
        style = next((DIVISIONS[name] for name in node["c"][0][1] if name in DIVISIONS), "")
        return [_styled(style, pandoc.replaced(node["c"][1], _in_word), node["c"][0][0])] if style else None
    if node["t"] == "Image":
        attributes, alt, (path, title) = node["c"]
        return [{"t": "Image", "c": [attributes, alt, [_png(path), title]]}]
    if node["t"] != "Table":
        return None
    made = [_table(node)]
    if document.TURNED in node["c"][0][1]:
        upright, turned = (pandoc.raw("openxml", section_end(turn)) for turn in (False, True))
        return [upright, *made, turned]
    return made


def _styled(style: str, blocks: list[Node], identifier: str = "") -> Node:
    return {"t": "Div", "c": [pandoc.attributes(identifier, custom_style=style), blocks]}


def _table(node: Node) -> Node:
    """Set the texts of a table in the styles for cells."""
    attributes, caption, columns, head, bodies, foot = node["c"]
    headed = [head[0], [_row(row, "Table Head") for row in head[1]]]
    filled = [[body[0], body[1], body[2], [_row(row, "Table Text") for row in body[3]]] for body in bodies]
    return {"t": "Table", "c": [attributes, caption, columns, headed, filled, foot]}


def _row(row: list[Any], style: str) -> list[Any]:
    attributes, cells = row
    return [attributes, [[*cell[:4], [_styled(style, _paragraphs(cell[4]))]] for cell in cells]]


def _paragraphs(blocks: list[Node]) -> list[Node]:
    """Make paragraphs of what a cell holds, at least an empty one: anything else has a style of its own."""
    return [{**block, "t": "Para"} for block in blocks] or [pandoc.paragraph([{"t": "Str", "c": ""}])]
