"""What the executed notebooks say, in no form yet: every form of the report is made from these blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compendium.files import read_json
from compendium.publishing import manifest
from compendium.stages import STAGES, Stage

EXPLORE = "explore"
"""Tag of the cells of a notebook's last section, which is for readers of the notebook and no part of the report."""
PROSE, SENTENCE, TABLE, FIGURE, CODE = "prose", "sentence", "table", "figure", "code"


@dataclass(frozen=True)
class Block:
    """A piece of a section.

    Attributes
    ----------
    kind
        One of ``prose``, ``sentence``, ``table``, ``figure`` and ``code``.
    text
        Markdown of prose, plain text of a sentence, Python of code; empty for a table or a figure.
    cell
        Id of the cell that it comes from.
    output
        The notebook's output, for sentences, tables and figures.
    entry
        What the manifest says, for tables and figures.
    """

    kind: str
    text: str = ""
    cell: str = ""
    output: dict[str, Any] | None = None
    entry: dict[str, Any] | None = None


@dataclass(frozen=True)
class Section:
    """One notebook's part of the report."""

    anchor: str
    title: str
    notebook: str
    blocks: list[Block]


def copy_path(out: Path, stage: Stage) -> Path:
    """Path of a stage's executed copy."""
    return out / "report" / "notebooks" / stage.notebook


def stages_run(out: Path) -> list[Stage]:
    """Stages whose executed copy is there."""
    return [stage for stage in STAGES if copy_path(out, stage).is_file()]


def sections(out: Path) -> list[Section]:
    """Read the sections of all stages that have run, in running order."""
    return [section(out, stage) for stage in stages_run(out)]


def section(out: Path, stage: Stage) -> Section:
    """Read an executed notebook into the blocks of a section; code follows what it shows."""
    cells = read_json(copy_path(out, stage))["cells"]
    entries = {entry["id"]: entry for entry in manifest.read_fragment(out, stage.name)["artefacts"]}
    blocks: list[Block] = []
    title = stage.name.capitalize()
    for cell in cells:
        source, identifier = joined(cell["source"]), cell.get("id", "")
        if EXPLORE in cell["metadata"].get("tags", []):
            continue
        if cell["cell_type"] == "markdown":
            heading = re.match(r"# (.+)\n?", source)
            if heading:
                title, source = heading[1].strip(), source[heading.end() :]
            blocks.append(Block(PROSE, source, identifier))
        elif cell["cell_type"] == "code":
            shown = [block for output in cell["outputs"] for block in _shown(output, entries, identifier)]
            blocks += [*shown, Block(CODE, source, identifier)] if shown else []
    return Section(stage.name, title, stage.notebook, blocks)


def _shown(output: dict[str, Any], entries: dict[str, dict[str, Any]], cell: str) -> list[Block]:
    """Turn one output into a block; outputs that nobody published (such as a ``repr``) stay in the notebook."""
    mark = output.get("metadata", {}).get("compendium", {})
    if mark.get("sentence"):
        return [Block(SENTENCE, joined(output["data"]["text/plain"]), cell, output)]
    entry = entries.get(mark.get("id", ""))
    return [] if entry is None else [Block(entry["kind"], "", cell, output, entry)]


def joined(text: str | list[str]) -> str:
    """Return a notebook's text, which may be stored in lines, as one string."""
    return text if isinstance(text, str) else "".join(text)
