"""Citations that lead to the list of references, and back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from compendium.data.bibliography import short_citation, surnames
from compendium.data.study import Study
from compendium.publishing.markup import escape

CITED_IN_FULL_TEXT = "screening-full-text"
_TAG = re.compile(r"(<[^>]*>)")
_CLOSED = {"a", "code", "pre", "script", "style"}
"""Elements whose text holds no citation that could become a link."""


@dataclass(frozen=True)
class Place:
    """Where something is cited: `anchor` starts the ids of the citations there, `label` names it to a reader."""

    anchor: str
    label: str


class Citations:
    """The citations of a page: made into links, and remembered for the way back.

    Parameters
    ----------
    names
        Text of a citation, such as ``Surname et al. 2018``, to the key of the entry.

    Attributes
    ----------
    places : dict
        Key to the places that cite it, each with the id of the first citation there.
    """

    def __init__(self, names: Mapping[str, str]):
        self._names = dict(names)
        longest_first = sorted(self._names, key=lambda name: (-len(name), name))
        choices = "|".join(re.escape(name) for name in longest_first)
        self._pattern = re.compile(rf"(?<![\w.-])(?:{choices})(?![\w-]|\.\w)") if choices else None
        self.places: dict[str, dict[Place, str]] = {}

    def link(self, text: str, place: Place) -> str:
        """Escape a text and make links of the citations in it."""
        if self._pattern is None:
            return escape(text)
        parts, at = [], 0
        for found in self._pattern.finditer(text):
            parts += [escape(text[at : found.start()]), self._link(found[0], place)]
            at = found.end()
        return "".join([*parts, escape(text[at:])])

    def link_html(self, source: str, place: Place) -> str:
        """Make links of the citations in the text of HTML that was made by ourselves, tags and code left alone."""
        made, closed = [], 0
        for part in _TAG.split(source):
            name = re.match(r"</?(\w+)", part)
            if part.startswith("<") and name:
                closed += (name[1] in _CLOSED) * (-1 if part.startswith("</") else 1)
                made.append(part)
            else:
                made.append(part if closed else self._link_escaped(part, place))
        return "".join(made)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where in a text citations stand."""
        return [found.span() for found in self._pattern.finditer(text)] if self._pattern else []

    def _link_escaped(self, text: str, place: Place) -> str:
        import html

        plain = html.unescape(text)
        return self.link(plain, place) if self._pattern and self._pattern.search(plain) else text

    def _link(self, name: str, place: Place) -> str:
        key = self._names[name]
        known = self.places.setdefault(key, {})
        identifier = ""
        if place not in known:
            known[place] = f"cite-{escape(key)}-{escape(place.anchor)}"
            identifier = f' id="{known[place]}"'
        return f'<a class="cite" href="#ref-{escape(key)}"{identifier}>{escape(name)}</a>'


def names_of(study: Study, methods: Mapping[str, dict[str, str]]) -> dict[str, str]:
    """Collect how entries are cited: by key, as the study's tables do, and by author and year; one name, one entry.

    Parameters
    ----------
    study
        Its bibliography, and where it has them the citations of the reports read in full.
    methods
        Entries on methods, cited in the notebooks' prose.
    """
    pairs = [(key, key) for key in study.bibliography]
    if CITED_IN_FULL_TEXT in study:
        reports = study.table(CITED_IN_FULL_TEXT)
        pairs += zip(reports["citation"], reports["citation_key"], strict=True)
    for key, entry in [*study.bibliography.items(), *methods.items()]:
        pairs += [(form, key) for form in forms(entry)]
    known = set(study.bibliography) | set(methods)
    unique = {(name, key) for name, key in pairs if name and key in known}
    entries_by_name = Counter(name for name, _ in unique)
    return {name: key for name, key in sorted(unique) if entries_by_name[name] == 1}


def forms(entry: dict[str, str]) -> list[str]:
    """Write the ways in which prose cites an entry, such as ``A et al. 2018`` and ``A, B & C 2018``."""
    year, names = entry.get("year", ""), surnames(entry)
    if not year or not names:
        return []
    people = [short_citation(entry).removesuffix(f" {year}")]
    if len(names) > 1 and "others" not in names:
        people += [f"{', '.join(names[:-1])} {joint} {names[-1]}" for joint in ("&", "and")]
    return list(dict.fromkeys(text for who in people for text in (f"{who} {year}", f"{who} ({year})")))
