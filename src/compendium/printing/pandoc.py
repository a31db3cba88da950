"""Pandoc's document model, built without any markup: what comes from data is text in it and stays text.

The model is the JSON that pandoc reads with ``--from json`` (pandoc-types 1.23).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from compendium.paths import TEMPLATES

Node = dict[str, Any]
"""An inline or a block: ``{"t": type, "c": content}``."""
Inlines = list[Node]
Blocks = list[Node]

API = [1, 23, 1]
EPOCH = 315532800
"""The one moment that every file bears, 1980-01-01 in UTC: the earliest that a ZIP archive can hold."""
STYLE = TEMPLATES / "vancouver.csl"
"""How references are written; see there."""
READER = "ipynb-raw_html-tex_math_dollars-raw_tex-native_divs-native_spans"
LEFT, RIGHT = "AlignLeft", "AlignRight"
_SPACES = re.compile(r"[ \t\r\n\f\v]+")


def attributes(identifier: str = "", classes: Iterable[str] = (), **pairs: str) -> list[Any]:
    """Return pandoc's triple of identifier, classes and further pairs."""
    return [identifier, list(classes), [[name.replace("_", "-"), value] for name, value in pairs.items()]]


def printable(text: str) -> str:
    """Drop control characters, which neither XML nor a page can hold; spaces of any kind but fixed ones are one."""
    kept = "".join(c for c in text if c in "\t\r\n\f\v" or unicodedata.category(c) not in {"Cc", "Cs", "Cn"})
    return _SPACES.sub(" ", kept)


def words(text: object) -> Inlines:
    """Turn text into inlines that say exactly it, whatever characters it has."""
    parts = re.split("( )", printable(str(text)))
    return [{"t": "Space"} if part == " " else {"t": "Str", "c": part} for part in parts if part]


def strong(inlines: Inlines) -> Node:
    """Return strong inlines."""
    return {"t": "Strong", "c": inlines}


def emphasis(inlines: Inlines) -> Node:
    """Return emphasised inlines."""
    return {"t": "Emph", "c": inlines}


def code(text: str) -> Node:
    """Return a name of a file or the like."""
    return {"t": "Code", "c": [attributes(), printable(text)]}


def link(inlines: Inlines, target: str) -> Node:
    """Return a link to an address, or to a place in the document (``#id``)."""
    return {"t": "Link", "c": [attributes(), inlines, [target, ""]]}


def citation(*keys: str) -> Node:
    """Return a reference to entries of the bibliography."""
    cited = [
        {
            "citationId": key,
            "citationPrefix": [],
            "citationSuffix": [],
            "citationMode": {"t": "NormalCitation"},
            "citationNoteNum": 0,
            "citationHash": 0,
        }
        for key in keys
    ]
    return {"t": "Cite", "c": [cited, words("[" + "; ".join(keys) + "]")]}


def paragraph(inlines: Inlines) -> Node:
    """Return a paragraph."""
    return {"t": "Para", "c": inlines}


def plain(inlines: Inlines) -> Node:
    """Return text that is no paragraph of its own, as in a cell."""
    return {"t": "Plain", "c": inlines}


def header(level: int, inlines: Inlines, identifier: str) -> Node:
    """Return a heading."""
    return {"t": "Header", "c": [level, attributes(identifier), inlines]}


def bullets(members: Iterable[Inlines]) -> Node:
    """Return a list without numbers."""
    return {"t": "BulletList", "c": [[plain(member)] for member in members]}


def division(name: str, blocks: Blocks, identifier: str = "") -> Node:
    """Return blocks that belong together, known by a class."""
    return {"t": "Div", "c": [attributes(identifier, [name] if name else []), blocks]}


def raw(form: str, text: str) -> Node:
    """Return markup of one form of output; nothing from data may be put into it unescaped."""
    return {"t": "RawBlock", "c": [form, text]}


def cell(inlines: Inlines) -> list[Any]:
    """Return a cell of a table."""
    return [attributes(), {"t": "AlignDefault"}, 1, 1, [plain(inlines)] if inlines else []]


def table(
    identifier: str,
    caption: Inlines,
    heads: list[Inlines],
    rows: list[list[Inlines]],
    columns: list[tuple[str, float]],
    classes: Iterable[str] = (),
) -> Node:
    """Return a table.

    Parameters
    ----------
    identifier, caption
        Id, and caption; no caption where it is empty.
    heads, rows
        Inlines of each cell.
    columns
        Alignment and width of each column, as a share of the width of the text.
    classes
        What the forms go by, such as ``wide``.
    """
    specification = [[{"t": align}, {"t": "ColWidth", "c": round(share, 4)}] for align, share in columns]
    head = [attributes(), [[attributes(), [cell(inlines) for inlines in heads]]]]
    body = [[attributes(), [cell(inlines) for inlines in row]] for row in rows]
    captioned = [None, [plain(caption)] if caption else []]
    content = [attributes(identifier, classes), captioned, specification, head, [[attributes(), 0, [], body]]]
    return {"t": "Table", "c": [*content, [attributes(), []]]}


def figure(identifier: str, caption: Inlines, picture: Node) -> Node:
    """Return a figure that holds one picture."""
    return {"t": "Figure", "c": [attributes(identifier), [None, [plain(caption)]], [plain([picture])]]}


def image(path: str, alt: str, width: float) -> Node:
    """Return a picture with its text for those who do not see it; `width` in millimetres."""
    size = attributes(width=f"{width:.1f}mm")
    return {"t": "Image", "c": [size, words(alt), [path, ""]]}


def meta_text(text: object) -> Node:
    """Return a text of the document's metadata."""
    return {"t": "MetaInlines", "c": words(text)}


def meta_list(members: Iterable[Node]) -> Node:
    """Return a list of the document's metadata."""
    return {"t": "MetaList", "c": list(members)}


def document(meta: dict[str, Node], blocks: Blocks) -> Node:
    """Return a whole document."""
    return {"pandoc-api-version": API, "meta": meta, "blocks": blocks}


def walk(node: Any) -> Iterator[Node]:
    """Give every inline and block below a node, the outer before the inner."""
    if isinstance(node, dict):
        if "t" in node:
            yield node
        for member in node.values():
            yield from walk(member)
    elif isinstance(node, list):
        for member in node:
            yield from walk(member)


def replaced(node: Any, change: Callable[[Node], list[Node] | None]) -> Any:
    """Return a copy in which each inline or block is exchanged for what `change` gives; ``None`` looks inside it."""
    if isinstance(node, list):
        made: list[Any] = []
        for member in node:
            new = change(member) if isinstance(member, dict) and "t" in member else None
            made += [replaced(member, change)] if new is None else new
        return made
    return {key: replaced(value, change) for key, value in node.items()} if isinstance(node, dict) else node


def said(node: Any) -> str:
    """Return the text of a node."""
    parts = []
    for inner in walk(node):
        if inner["t"] in {"Str", "Code"}:
            parts.append(inner["c"] if inner["t"] == "Str" else inner["c"][1])
        elif inner["t"] in {"Space", "SoftBreak", "LineBreak"}:
            parts.append(" ")
    return "".join(parts)


def cited(made: Node) -> Node:
    """Let citeproc number the citations of a document, and write its references where ``refs`` stands."""
    read = json.loads(run(["--from", "json", "--to", "json", "--citeproc", "--csl", str(STYLE)], json.dumps(made)))
    meta = {name: value for name, value in read["meta"].items() if name != "csl"}  # a path of this machine
    return document(meta, read["blocks"])


def prose(texts: list[str]) -> list[Blocks]:
    """Read texts in Markdown, each for itself, in one call; HTML and formulas in them stay text."""
    if not texts:
        return []
    cells = [{"cell_type": "markdown", "id": f"c{n}", "metadata": {}, "source": text} for n, text in enumerate(texts)]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    read = json.loads(run(["--from", READER, "--to", "json"], json.dumps(notebook)))
    found = {block["c"][0][0]: block["c"][1] for block in read["blocks"] if block["t"] == "Div"}
    return [found.get(f"c{n}", []) for n in range(len(texts))]


def program() -> str:
    """Path of the pandoc that the locked package holds; another one on the machine may write other bytes."""
    import pypandoc

    held = Path(pypandoc.__file__).parent / "files" / ("pandoc.exe" if os.name == "nt" else "pandoc")
    return str(held if held.is_file() else pypandoc.get_pandoc_path())


def run(arguments: list[str], given: str | bytes = b"") -> bytes:
    """Run pandoc, the same on every machine: no user's data folder, no locale, no clock.

    Raises
    ------
    RuntimeError
        Pandoc could not do it; with what it says.
    """
    command = [program(), "--data-dir", str(TEMPLATES), "--quiet", *arguments]
    settled = {**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH), "TZ": "UTC", "LC_ALL": "C.UTF-8"}
    sent = given.encode("utf-8") if isinstance(given, str) else given
    done = subprocess.run(command, input=sent, capture_output=True, check=False, env=settled)
    if done.returncode:
        raise RuntimeError(f"pandoc: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout
