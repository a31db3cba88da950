"""Numbers in sentences that show where they come from: each is a link to its table, its origin told once a page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compendium.audit import claims
from compendium.audit.origins import artefact_of, claims_on
from compendium.publishing.markup import escape
from compendium.publishing.sections import SENTENCE, Section
from compendium.publishing.tables import plain_text, read_csv
from compendium.stages import STAGES
from compendium.webpage.citations_html import Citations, Place

NUMBER = re.compile(r"(?<![\w.,/–-])\d(?:[\d,]*\d)?(?:\.\d+)?%?(?![\w/–]|-\w|[.,]\d)")
"""A number in running text; not a part of an identifier, a range of pages or a version."""
OUTSIDE = {"verdict": "Counted by the verdict, from what this run made and what the report has."}
LISTED_IN = {"verdict": {"href": "manifest.json", "text": "manifest.json"}}
"""Sources that are no stage: in words, and what they list."""
Span = tuple[int, int, tuple[str, ...]]


@dataclass
class Origins:
    """The origins that a page tells.

    Parameters
    ----------
    entries
        Manifest entries by id.
    titles
        Title of each section by its stage.
    claims
        Rows of the table of claims; empty where it was not made.
    """

    entries: dict[str, dict[str, Any]]
    titles: dict[str, str]
    claims: list[dict[str, str]] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    _numbers: dict[tuple[str, ...], int] = field(default_factory=dict)

    def number(self, value: object, *sources: str) -> str:
        """Write a number that tells its origin.

        Parameters
        ----------
        value
            As shown.
        sources
            Names of results, ids of artefacts, a cell (``cell:ID``), or a name of :data:`OUTSIDE`.
        """
        if sources not in self._numbers:
            self._numbers[sources] = len(self.told)
            self.told.append(self._origin(sources))
        place = self._numbers[sources]
        links = self.told[place]["shown"] or self.told[place]["made"]
        target = links[0]["href"] if links else "#verdict"
        return f'<a class="num" href="{escape(target)}" data-origin="{place}">{escape(value)}</a>'

    def _origin(self, sources: tuple[str, ...]) -> dict[str, Any]:
        roots = [name.partition(".")[0] for name in sources]
        results = [name for name in sources if "." in name and name.partition(".")[0] in self.titles]
        artefacts = [name for name in sources if name in self.entries] + [artefact_of(name) for name in results]
        shown = [self.entries[name] for name in dict.fromkeys(artefacts) if name in self.entries]
        stages = [name.partition(".")[0] for name in results] + [entry["stage"] for entry in shown]
        stages += [name.removeprefix("stage:") for name in sources if name.startswith("stage:")]
        cells = [name.removeprefix("cell:") for name in sources if name.startswith("cell:")]
        return {
            "results": results,
            "cell": cells[0] if cells else "",
            "note": " ".join(dict.fromkeys(OUTSIDE[root] for root in roots if root in OUTSIDE)),
            "made": [link for stage in dict.fromkeys([*stages, *roots]) for link in self._made(stage)],
            "shown": [{"href": f"#{entry['id']}", "text": entry["title"]} for entry in shown],
            "claims": [_claim(row) for row in claims_on(results, self.claims)],
        }

    def _made(self, stage: str) -> list[dict[str, str]]:
        known = {known.name: known.notebook for known in STAGES}
        if stage not in known or stage not in self.titles:
            return [LISTED_IN[stage]] if stage in LISTED_IN else []
        links = [(f"#{stage}", self.titles[stage]), (f"notebooks/{known[stage]}", known[stage])]
        return [{"href": href, "text": text} for href, text in links]


def _claim(row: dict[str, str]) -> dict[str, str]:
    name = plain_text(row["claim_id"])
    return {"href": f"#{claims.CLAIMS_TABLE}-{name}", "text": plain_text(row["claim"]), "status": row["status"]}


def open_origins(out: Path, entries: Iterable[dict[str, Any]], sections: Iterable[Section]) -> Origins:
    """Collect what origins can point at in a run."""
    by_id = {entry["id"]: entry for entry in entries}
    path = out / "report" / "tables" / f"{claims.CLAIMS_TABLE}.csv"
    rows = read_csv(path) if claims.CLAIMS_TABLE in by_id and path.is_file() else []
    return Origins(by_id, {section.anchor: section.title for section in sections}, rows)


def sentence_html(
    text: str, spans: Iterable[Span], fallback: tuple[str, ...], origins: Origins, cited: Citations, place: Place
) -> str:
    """Write a sentence: its numbers tell their origins, its citations lead to the references.

    Parameters
    ----------
    text
        The sentence.
    spans
        Numbers whose source is known: start, end, sources.
    fallback
        Sources of the other numbers.
    origins, cited, place
        Take note of what is told and cited, and where.
    """
    parts, at = [], 0
    for start, end, sources in sorted([*spans, *_others(text, list(spans), cited, fallback)]):
        if start < at or end > len(text):
            continue
        parts += [cited.link(text[at:start], place), origins.number(text[start:end], *sources)]
        at = end
    return "".join([*parts, cited.link(text[at:], place)])


def _others(text: str, spans: list[Span], cited: Citations, fallback: tuple[str, ...]) -> list[Span]:
    """Numbers of a sentence that no span covers and that are no part of a citation."""
    taken = [(start, end) for start, end, _ in spans] + cited.spans(text)
    found = [match.span() for match in NUMBER.finditer(text)]
    return [(a, b, fallback) for a, b in found if not any(start < b and a < end for start, end in taken)]


def spans_of(block: Any) -> list[Span]:
    """Numbers whose source a sentence's output remembers; see :mod:`compendium.publishing.provenance`."""
    marks = (block.output or {}).get("metadata", {}).get("compendium", {}).get("numbers", [])
    return [(mark["start"], mark["end"], tuple(mark["sources"])) for mark in marks]


def nearest(section: Section, number: int) -> tuple[str, ...]:
    """Return the sources of numbers that have none of their own: the cell, and what was published just before it.

    Parameters
    ----------
    section
        The section.
    number
        Position of the sentence among its blocks.
    """
    cell = section.blocks[number].cell
    ids = [(block.entry or {}).get("id", "") for block in section.blocks[:number] if block.kind != SENTENCE]
    before = [identifier for identifier in ids if identifier][-1:]
    return (f"stage:{section.anchor}", *([f"cell:{cell}"] if cell else []), *before)
