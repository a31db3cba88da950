"""The report as a web page: everything that comes from data is escaped, and nothing is asked of the network."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from markupsafe import Markup

from compendium.audit import claims
from compendium.data.study import Study
from compendium.files import write_text
from compendium.paths import TEMPLATES
from compendium.publishing import manifest
from compendium.publishing.markup import escape, script_json
from compendium.publishing.sections import CODE, FIGURE, PROSE, SENTENCE, Block, Section, joined

FILE = "report/report.html"
PLOTLY_ASSET = "report/assets/plotly.min.js"
"""Plotly's code, written by each run and not committed: it is not ours to redistribute."""


def write_page(study: Study, out: Path, sections: list[Section], judged: dict[str, Any]) -> None:
    """Write the page, and Plotly's code beside it.

    Parameters
    ----------
    study
        Title, people and references.
    out
        Output folder.
    sections
        See :mod:`compendium.publishing.sections`.
    judged
        The verdict; see :mod:`compendium.audit.verdict`.
    """
    write_plotly(out)
    write_text(out / FILE, render(study, out, sections, judged))


def write_plotly(out: Path) -> None:
    """Write Plotly's code beside the report, from the installed package."""
    from plotly.offline import get_plotlyjs

    write_text(out / PLOTLY_ASSET, get_plotlyjs())


def content(out: Path, block: Block) -> Markup:
    """Write what a block holds as HTML; for a figure, its specification as JSON that a script element may hold."""
    if block.kind == PROSE:
        made = _prose(block.text)
    elif block.kind == SENTENCE:
        made = escape(block.text)
    elif block.kind == CODE:
        made = _code(block.text)
    elif block.kind == FIGURE:
        made = script_json(spec_path(out, block).read_text(encoding="utf-8").strip())
    else:
        made = _without_caption(joined((block.output or {})["data"]["text/html"]))
    return Markup(made)  # noqa: S704 - each branch escapes, or takes HTML made by the notebook's own escaping


def spec_path(out: Path, block: Block) -> Path:
    """Path of a figure's Plotly specification."""
    return out / "figures" / f"{(block.entry or {})['id']}.json"


def image(block: Block) -> str:
    """Address of a figure's static image as seen from the page; empty where it could not be drawn."""
    return next((f"../{name}" for name in (block.entry or {})["files"] if name.endswith(".svg")), "")


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
    return environment.get_template("report.html.j2").render(
        study=study,
        authors=[c.get("title", "") for c in study.package.get("contributors", [])],
        source=next(iter(study.package.get("sources", [])), {}),
        sections=sections,
        content=lambda block: content(out, block),
        image=image,
        verdict=judged,
        statuses=claims.STATUSES,
        numbers=_numbers(manifest.joined(out)),
        references=list(study.bibliography.items()),
        full_reference=_reference,
        plotly=f"../{PLOTLY_ASSET}",
    )


def _numbers(entries: list[dict[str, Any]]) -> dict[str, int]:
    return {
        "tables": sum(e["kind"] == "table" for e in entries),
        "figures": sum(e["kind"] == "figure" for e in entries),
        "published": sum(e["published"] for e in entries),
    }


def _reference(entry: dict[str, str]) -> str:
    from compendium.data.bibliography import full_reference

    return html.unescape(full_reference(entry))
