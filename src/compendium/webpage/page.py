"""The report as a web page: everything that comes from data is escaped, and nothing is asked of the network."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from compendium.audit import claims
from compendium.data.bibliography import full_reference, methods
from compendium.data.study import Study
from compendium.files import write_text
from compendium.paths import TEMPLATES
from compendium.publishing import manifest
from compendium.publishing.markup import cell_html, escape, script_json
from compendium.publishing.sections import FIGURE, PROSE, SENTENCE, TABLE, Block, Section, joined
from compendium.webpage import figures_html, origins_html, tables_html
from compendium.webpage.citations_html import Citations, Place, names_of

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


@dataclass
class Page:
    """What the parts of one page share.

    Parameters
    ----------
    out
        Output folder.
    origins
        Where the page's numbers come from.
    cited
        What it cites, and where.
    rows
        Identifier of a row to the table that lists it and the row's id.
    labels
        Names of the artefacts; see :func:`compendium.publishing.manifest.labels`.
    """

    out: Path
    origins: origins_html.Origins
    cited: Citations
    rows: dict[str, tuple[str, str]]
    labels: dict[str, str]

    def section(self, section: Section) -> dict[str, Any]:
        """Write a section for the template: its title and its blocks."""
        blocks = [self._block(section, number) for number in range(len(section.blocks))]
        return {"anchor": section.anchor, "title": section.title, "notebook": section.notebook, "blocks": blocks}

    def _block(self, section: Section, number: int) -> dict[str, Any]:
        block = section.blocks[number]
        made: dict[str, Any] = {"kind": block.kind, "entry": block.entry or {}, "cell": block.cell}
        if block.kind == FIGURE:
            return made | self._figure(block)
        if block.kind == TABLE:
            grid = _grid_of(block)
            table = Markup(self._grid(block.entry or {}, grid, ""))  # noqa: S704 - made of escaped cells
            return made | {"content": table, "rows": len(grid.rows)}
        place = Place(f"{section.anchor}-{number}", section.title)
        if block.kind == PROSE:
            text = self.cited.link_html(_prose(block.text), place)
        elif block.kind == SENTENCE:
            spans, fallback = origins_html.spans_of(block), origins_html.nearest(section, number)
            text = origins_html.sentence_html(block.text, spans, fallback, self.origins, self.cited, place)
        else:
            text = _code(block.text)
        return made | {"content": Markup(text)}  # noqa: S704 - each branch escapes

    def _grid(self, entry: dict[str, Any], grid: tables_html.Grid, part: str) -> str:
        name, place = f"{entry['id']}{part}", Place(entry["id"], self.labels[entry["id"]])
        return tables_html.table_html(name, grid, f"{name}-title", lambda text: self._cell(text, entry["id"], place))

    def _cell(self, text: str, table: str, place: Place) -> str:
        """Write a cell: identifiers lead to the rows of the tables that list them, citations to the references."""
        targets = [self.rows.get(member, (table, "")) for member in text.split("; ")]
        if any(listed == table for listed, _ in targets):
            return self.cited.link(text, place)
        links = (f'<a href="#{row}">{escape(m)}</a>' for m, (_, row) in zip(text.split("; "), targets, strict=True))
        return "; ".join(links)

    def _figure(self, block: Block) -> dict[str, Any]:
        entry = block.entry or {}
        folder, files = self.out / "figures", entry["files"]
        spec = (folder / f"{entry['id']}.json").read_text(encoding="utf-8").strip()
        data = folder / f"{entry['id']}.csv"
        grid = tables_html.from_csv(data) if f"figures/{data.name}" in files and data.is_file() else None
        text = self.cited.link_html(
            figures_html.description_html(entry["alt"]), Place(entry["id"], self.labels[entry["id"]])
        )
        return {
            "spec": Markup(script_json(spec)),  # noqa: S704 - nothing in it can end its element
            "image": next((f"../{name}" for name in files if name.endswith(".svg")), ""),
            "short": figures_html.short(entry["title"], entry["alt"]),
            "description": Markup(text),  # noqa: S704 - made of escaped text
            "axes": figures_html.axes(json.loads(spec)),
            "data": None if grid is None else Markup(self._grid(entry, grid, "-data")),  # noqa: S704 - escaped cells
            "rows": 0 if grid is None else len(grid.rows),
        }

    def number(self, value: object, *sources: str) -> Markup:
        """Write a number of the verdict."""
        return Markup(self.origins.number(value, *sources))  # noqa: S704 - escapes the value

    def sentence(self, text: str, *fallback: str) -> Markup:
        """Write a sentence of the verdict."""
        spans = [(span["start"], span["end"], tuple(span["sources"])) for span in getattr(text, "spans", ())]
        place = Place("verdict", "Verdict")
        made = origins_html.sentence_html(text, spans, fallback, self.origins, self.cited, place)
        return Markup(made)  # noqa: S704 - escapes the text

    def references(self, entries: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
        """Write references with the places that cite them; to be called when everything else is written."""
        return [
            {
                "key": key,
                "number": entry.get("refnumber", ""),
                "text": _reference(entry),
                "places": [
                    {"href": f"#{anchor}", "label": place.label}
                    for place, anchor in self.cited.places.get(key, {}).items()
                ],
            }
            for key, entry in entries.items()
        ]


def _reference(entry: dict[str, str]) -> Markup:
    """Write a reference; its address, which comes last, is a link."""
    text, address = html.unescape(full_reference(entry)), entry.get("url", "")
    before = text.removesuffix(address) if address else text
    return Markup(escape(before) + (cell_html(address) if before != text else ""))  # noqa: S704 - both escape


def _grid_of(block: Block) -> tables_html.Grid:
    return tables_html.from_notebook(joined((block.output or {})["data"]["text/html"]))


def _rows(sections: list[Section]) -> dict[str, tuple[str, str]]:
    """Find the rows that identifiers name: identifier to table and id of the row; the first table that lists it."""
    found: dict[str, tuple[str, str]] = {}
    for block in (block for section in sections for block in section.blocks if block.kind == TABLE):
        grid, name = _grid_of(block), (block.entry or {})["id"]
        for row in grid.rows if grid.identified else []:
            found.setdefault(row[0], (name, f"{name}-{row[0]}"))
    return found


def _prose(source: str) -> str:
    """Turn a notebook's Markdown into HTML; headings go one level down, below the section's own."""
    from nbconvert.filters import markdown2html

    text = re.sub(r'<a class="anchor-link"[^>]*>.*?</a>', "", markdown2html(source))
    return re.sub(r"<(/?)h([2-5])\b(?: id=\"[^\"]*\")?", lambda m: f"<{m[1]}h{int(m[2]) + 1}", text)


def _code(source: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return str(highlight(source, PythonLexer(), HtmlFormatter(nowrap=True)))


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
    entries, ways = manifest.joined(out), methods()
    origins = origins_html.open_origins(out, entries, sections)
    page = Page(out, origins, Citations(names_of(study, ways)), _rows(sections), manifest.labels(entries))
    return environment.get_template("report.html.j2").render(
        study=study,
        authors=[c.get("title", "") for c in study.package.get("contributors", [])],
        source=next(iter(study.package.get("sources", [])), {}),
        page=page,
        sections=[page.section(section) for section in sections],
        labels=page.labels,
        verdict=judged,
        statuses=claims.STATUSES,
        numbers=_numbers(entries),
        references=lambda: page.references(study.bibliography),
        methods=lambda: [entry for entry in page.references(ways) if entry["places"]],
        origins=lambda: Markup(script_json(json.dumps(page.origins.told, ensure_ascii=False))),  # noqa: S704
        plotly=f"../{PLOTLY_ASSET}",
    )


def _numbers(entries: list[dict[str, Any]]) -> dict[str, int]:
    return {
        "tables": sum(e["kind"] == "table" for e in entries),
        "figures": sum(e["kind"] == "figure" for e in entries),
        "published": sum(e["published"] for e in entries),
    }
