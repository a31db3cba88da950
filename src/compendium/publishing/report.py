"""The report: made from the executed notebooks and the manifest, so that nothing in it is written twice."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compendium.analysis import results
from compendium.audit import claims, verdict
from compendium.data.study import Study
from compendium.files import read_json, write_json, write_text
from compendium.paths import TEMPLATES
from compendium.publishing import manifest
from compendium.publishing.markup import escape, script_json
from compendium.stages import STAGES, Stage

PLOTLY_ASSET = "report/assets/plotly.min.js"
"""Plotly's code, written by each run and not committed: it is not ours to redistribute."""


@dataclass
class Block:
    """A piece of a section: ``prose``, ``code``, ``sentence``, ``table`` or ``figure``."""

    kind: str
    html: str = ""
    entry: dict[str, Any] | None = None
    spec: str = ""
    image: str = ""


@dataclass
class Section:
    """One notebook's part of the report."""

    anchor: str
    title: str
    notebook: str
    blocks: list[Block]


def write_report(study_folder: Path, out: Path) -> dict[str, Any]:
    """Write the report, the joined results and the manifest of all stages that have run.

    Parameters
    ----------
    study_folder, out
        Study and output folder.

    Returns
    -------
    dict
        ``manifest``, ``results`` and ``verdict`` (see :mod:`compendium.audit.verdict`).
    """
    study = Study(study_folder)
    values = results.join(out)
    ran = [stage for stage in STAGES if copy_path(out, stage).is_file()]
    write_plotly(out)
    judged = verdict.verdict(study, out)
    write_json(out / verdict.FILE, judged)
    page = render(study, out, [section(out, stage) for stage in ran], judged)
    write_text(out / "report" / "report.html", page)
    further = ["report/report.html", "report/results.json", verdict.FILE]
    further += [copy_path(Path(), stage).as_posix() for stage in ran]
    return {"manifest": manifest.join(out, further), "results": values, "verdict": judged}


def copy_path(out: Path, stage: Stage) -> Path:
    """Path of a stage's executed copy."""
    return out / "report" / "notebooks" / stage.notebook


def write_plotly(out: Path) -> None:
    """Write Plotly's code beside the report, from the installed package."""
    from plotly.offline import get_plotlyjs

    write_text(out / PLOTLY_ASSET, get_plotlyjs())


def section(out: Path, stage: Stage) -> Section:
    """Read an executed notebook into the blocks of a section."""
    cells = read_json(copy_path(out, stage))["cells"]
    entries = {entry["id"]: entry for entry in manifest.read_fragment(out, stage.name)["artefacts"]}
    blocks: list[Block] = []
    title = stage.name.capitalize()
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            heading = re.match(r"# (.+)\n?", source)
            if heading:
                title, source = heading[1].strip(), source[heading.end() :]
            blocks.append(Block("prose", _prose(source)))
        elif cell["cell_type"] == "code":
            shown = [block for output in cell["outputs"] for block in _output(out, output, entries)]
            blocks += [*shown, Block("code", _code(source))] if shown else []
    return Section(stage.name, title, stage.notebook, blocks)


def _prose(source: str) -> str:
    """Turn a notebook's Markdown into HTML; headings go one level down, below the section's own."""
    from nbconvert.filters import markdown2html

    text = markdown2html(source)
    return re.sub(r"<(/?)h([2-5])\b", lambda m: f"<{m[1]}h{int(m[2]) + 1}", text)


def _code(source: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return str(highlight(source, PythonLexer(), HtmlFormatter(nowrap=True)))


def _output(out: Path, output: dict[str, Any], entries: dict[str, dict[str, Any]]) -> list[Block]:
    """Turn one output into a block; outputs that nobody published (such as a ``repr``) stay in the notebook."""
    mark = output.get("metadata", {}).get("compendium", {})
    data = output.get("data", {})
    if mark.get("sentence"):
        return [Block("sentence", escape(_joined(data["text/plain"])))]
    entry = entries.get(mark.get("id", ""))
    if entry is None:
        return []
    if entry["kind"] == "table":
        return [Block("table", _without_caption(_joined(data["text/html"])), entry)]
    spec = (out / "figures" / f"{entry['id']}.json").read_text(encoding="utf-8").strip()
    image = next((f"../{name}" for name in entry["files"] if name.endswith(".svg")), "")
    return [Block("figure", "", entry, script_json(spec), image)]


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _without_caption(table: str) -> str:
    """Take a notebook's table without its caption and style: the report has its own."""
    bare = table[table.index("<table") :]
    return re.sub(r"<caption>.*?</caption>\n?", "", bare, count=1, flags=re.DOTALL)


def render(study: Study, out: Path, sections: list[Section], judged: dict[str, Any]) -> str:
    """Fill the page's template; every value is escaped by the template engine."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    entries = manifest.joined(out)
    numbers = {
        "tables": sum(e["kind"] == "table" for e in entries),
        "figures": sum(e["kind"] == "figure" for e in entries),
        "published": sum(e["published"] for e in entries),
    }
    return environment.get_template("report.html.j2").render(
        study=study,
        authors=[c.get("title", "") for c in study.package.get("contributors", [])],
        source=next(iter(study.package.get("sources", [])), {}),
        sections=sections,
        verdict=judged,
        statuses=claims.STATUSES,
        numbers=numbers,
        references=[(key, entry) for key, entry in study.bibliography.items()],
        full_reference=_reference,
        plotly=f"../{PLOTLY_ASSET}",
    )


def _reference(entry: dict[str, str]) -> str:
    from compendium.data.bibliography import full_reference

    return html.unescape(full_reference(entry))
