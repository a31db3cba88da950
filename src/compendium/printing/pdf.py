"""The report as PDF: tagged and conforming to PDF/UA-1 (ISO 14289-1) as far as typst sees to it."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from compendium.files import write_bytes, write_text
from compendium.paths import TEMPLATES
from compendium.printing import document, fonts, pandoc
from compendium.printing.pandoc import EPOCH, Node
from compendium.printing.table_layout import PADDING, TEXT_WIDTH, TURNED_WIDTH, width_of

FILE = "report/report.pdf"
TEMPLATE = TEMPLATES / "report.typ"
STANDARD: Final = "ua-1"
LAST_ASCII = 0x7E
DIVISIONS = {
    document.COMPUTED,
    document.MISSING,
    document.OMITTED,
    document.MADE,
    document.REFERENCES,
}
HELD, FEW = "held", 4
"""Class of figures that do not float, and how many blocks before the end of a section they are counted from."""
BREAK = "\u200b"
"""A place at which a line may end and that is not seen: between the letters of a word wider than its column."""
TOLERANCE = 0.5
"""Millimetres by which a word may be wider than its column, as shares of the page are rounded."""
_SHORTHAND = re.compile(r"--|\.\.\.|-\?|-\d")
"""What typst reads as a dash, an ellipsis, a soft hyphen or a minus sign."""
_UNSHOWN = re.compile(r'the text `?"?(.+?)"?`? could not be displayed', flags=re.DOTALL)


def write_pdf(out: Path, made: Node) -> str:
    """Write the report as PDF; the faces of :mod:`compendium.printing.fonts` have to be there.

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
    faces = out / fonts.FOLDER
    told = json.dumps(made, ensure_ascii=False)
    images = {path: (out / path).read_text(encoding="utf-8") for path in pictures(made)}
    hidden = undisplayable(told + "".join(images.values()), faces)
    with tempfile.TemporaryDirectory(prefix="compendium-") as folder:
        for path, text in images.items():
            write_text(Path(folder, path), spelled(text, hidden))
        settled = json.loads(spelled(told, hidden)) if hidden else made
        write_bytes(out / FILE, compiled(typst_source(settled), front(settled), Path(folder), faces))
    return FILE


def pictures(made: Node) -> list[str]:
    """Paths of the images of a document, as it names them."""
    figures = [block for block in made["blocks"] if block["t"] == "Figure"]
    return [node["c"][2][0] for node in pandoc.walk(figures) if node["t"] == "Image"]


def typst_source(made: Node) -> bytes:
    """Write a document in typst's markup."""
    arguments = ["--from", "json", "--to", "typst-smart-citations", "--wrap", "none"]
    blocks = pandoc.replaced(_held(made["blocks"]), _in_typst)
    abstract = pandoc.replaced(made["meta"]["abstract"], _in_typst)
    adapted = {**made, "meta": {**made["meta"], "abstract": abstract}, "blocks": blocks}
    return pandoc.run([*arguments, "--template", str(TEMPLATE)], json.dumps(adapted))


def _held(blocks: list[Node]) -> list[Node]:
    """Mark figures that stand near the end of a section: they are not to float into the next one."""
    marked, left = [], 0
    for block in reversed(blocks):
        left = 0 if block["t"] == "Header" and block["c"][0] == 1 else left + 1
        if block["t"] == "Figure" and left <= FEW:
            (identifier, classes, pairs), *content = block["c"]
            block = {"t": "Figure", "c": [[identifier, [*classes, HELD], pairs], *content]}
        marked.append(block)
    return marked[::-1]


def _in_typst(node: Node) -> list[Node] | None:
    """Put figures, tables and divisions into the functions of the template, and protect what typst would change."""
    if node["t"] == "Str" and _SHORTHAND.search(node["c"]):
        return [{"t": "RawInline", "c": ["typst", f"#{quoted(node['c'])};"]}]
    if node["t"] == "Div" and document.COUNTS in node["c"][0][1]:
        return _boxes(node)
    if node["t"] == "Div" and set(node["c"][0][1]) & DIVISIONS:
        return _called(node["c"][0][1][0], pandoc.replaced(node["c"][1], _in_typst), node["c"][0][0])
    if node["t"] == "Table":
        made = [{"t": "Table", "c": pandoc.replaced(_breakable(node)["c"], _in_typst)}]
        for name in (document.WHOLE, document.WHOLE_ROWS, document.TURNED):
            made = _called(name, made) if name in node["c"][0][1] else made
        return made
    if node["t"] == "Header" and node["c"][0] == 1:
        return [pandoc.raw("typst", "#place.flush()"), node]  # no figure floats into the next section
    if node["t"] != "Figure":
        return None
    (identifier, classes, _), (_, caption), _ = node["c"]
    picture = next(inner for inner in pandoc.walk(node) if inner["t"] == "Image")
    pairs = dict(picture["c"][0][2])
    floats = "none" if HELD in classes else "bottom"
    start = (
        f"#picture({quoted(picture['c'][2][0])}, {quoted(pandoc.said(picture['c'][1]))}, {pairs['width']}, {floats})["
    )
    caption = pandoc.replaced(caption, _in_typst)
    return [pandoc.raw("typst", start), *caption, pandoc.raw("typst", f"]{_label(identifier)}")]


def _called(name: str, blocks: list[Node], identifier: str = "") -> list[Node]:
    return [pandoc.raw("typst", f"#{name}["), *blocks, pandoc.raw("typst", f"]{_label(identifier)}")]


def _breakable(table: Node) -> Node:
    """Let words break that are too long for their column; a column is wide enough for all but very long ones."""
    attributes, _, columns, _, bodies, _ = table["c"]
    room = TURNED_WIDTH if document.TURNED in attributes[1] else TEXT_WIDTH
    widths = [width["c"] * room - PADDING for _, width in columns]

    def broken(width: float) -> Callable[[Node], list[Node] | None]:
        def change(node: Node) -> list[Node] | None:
            if node["t"] == "Str" and width_of(node["c"]) > width + TOLERANCE:
                return [{"t": "Str", "c": BREAK.join(node["c"])}]
            if node["t"] == "Code" and width_of(node["c"][1]) > width + TOLERANCE:
                return [pandoc.code(BREAK.join(node["c"][1]))]
            return None

        return change

    changed = [
        [
            *body[:3],
            [
                [row[0], [[*c[:4], pandoc.replaced(c[4], broken(n))] for c, n in zip(row[1], widths, strict=True)]]
                for row in body[3]
            ],
        ]
        for body in bodies
    ]
    return {"t": "Table", "c": [*table["c"][:4], changed, table["c"][5]]}


def _boxes(division: Node) -> list[Node]:
    """Put the members of a list side by side."""
    members = [member for node in pandoc.walk(division) if node["t"] == "BulletList" for member in node["c"]]
    made = [pandoc.raw("typst", "#counts(")]
    for member in members:
        made += [pandoc.raw("typst", "["), *pandoc.replaced(member, _in_typst), pandoc.raw("typst", "],")]
    return [*made, pandoc.raw("typst", ")")]


def _label(identifier: str) -> str:
    return f"<{identifier}>" if identifier else ""


def quoted(text: str) -> str:
    """Write text as a string of typst's language."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def front(made: Node) -> str:
    """Return what the title page and the file's properties say, as JSON."""
    meta = document.meta_strings(made, ("title", "subtitle", "lang", "source", "source-address", "compendium"))
    language, _, region = meta["lang"].partition("-")
    said: dict[str, Any] = {"title": meta["title"], "subtitle": meta["subtitle"]}
    said |= {"lang": language, "region": region or None, "kicker": document.KICKER, "keywords": [document.KICKER]}
    said |= {"description": document.abstract_text(made), "source": meta["source"], "compendium": meta["compendium"]}
    address = meta["source-address"]
    return json.dumps({**said, "address": address if address.startswith(("https://", "http://")) else ""})


def compiled(source: bytes, told: str, root: Path, faces: Path) -> bytes:
    """Set a document; typst refuses what would break the standard.

    Parameters
    ----------
    source, told
        From :func:`typst_source` and :func:`front`.
    root
        Folder that the images are read from.
    faces
        Folder with the fonts; the machine's own are left out.
    """
    import typst

    (root / "main.typ").write_bytes(source)
    made = typst.compile(
        root / "main.typ",
        root=root,
        font_paths=[faces],
        ignore_system_fonts=True,
        sys_inputs={"front": told},
        pdf_standards=STANDARD,
        timestamp=EPOCH,
        format="pdf",
    )
    if not isinstance(made, bytes):
        raise TypeError("typst gave no PDF")
    return made


def undisplayable(text: str, faces: Path) -> set[str]:
    """Find the characters of a text that neither the faces nor the fonts that come with typst can show."""
    known = fonts.characters()
    return _refused(sorted(c for c in set(text) if ord(c) > LAST_ASCII and ord(c) not in known), faces)


def _refused(doubtful: list[str], faces: Path) -> set[str]:
    """Ask typst, which names one text at a time that it has no font for."""
    import typst

    refused: set[str] = set()
    compiler = typst.Compiler(font_paths=[faces], ignore_system_fonts=True)
    start = '#set document(title: "x")\n#set text(font: "Source Sans Pro")\n'
    while left := [c for c in doubtful if c not in refused]:
        lines = "\n\n".join(f'#text("\\u{{{ord(c):x}}}")' for c in left)
        try:
            compiler.compile((start + lines).encode(), format="pdf", pdf_standards=STANDARD, timestamp=EPOCH)
            return refused
        except typst.TypstError as error:
            named = _UNSHOWN.search(str(error))
            refused |= {c for c in left if named and c in named[1]} or set(left)
    return refused


def spelled(text: str, hidden: set[str]) -> str:
    """Write characters that cannot be shown by their number, so that nothing is lost silently."""
    return text.translate({ord(c): f"[U+{ord(c):04X}]" for c in hidden}) if hidden else text
