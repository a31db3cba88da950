"""Facts about the bibliography.

=====================================  ===================================================================
``references.listed.NAME-YEAR``        a numbered entry has authors that start with NAME, and that year
                                       (``any-year``: any; a letter after the year must be in the entry too)
``references.title_has.KEY.WORDS``     the title of an entry contains these words
``references.most_used_term``          label of the family of terms that most titles of numbered entries use
``data.references.KEY.FIELD``          a field of an entry; ``author`` lists all, ``number`` is its number
``data.references.numbered``           how many entries are numbered
=====================================  ===================================================================
"""

from __future__ import annotations

import re
from typing import Any

from compendium.audit.facts import Facts, UnknownName, pick, slug, yes_no
from compendium.data.terms import families, patterns
from compendium.source.report_text import count_terms

NUMBER = "refnumber"
UNNUMBERED = "none"
ANY_YEAR = "any-year"


def resolve(facts: Facts, parts: list[str]) -> Any:
    """Resolve what follows ``references.``; see the table above.

    Raises
    ------
    UnknownName
        No such question or entry.
    """
    match parts:
        case ["listed", wanted] if "-" in wanted:
            alike = facts.once("first names", lambda: _by_first_name(facts)).get(wanted.partition("-")[0], [])
            return yes_no(any(_is(entry, wanted) for entry in alike))
        case ["title_has", key, words]:
            title = slug(_entry(facts, key, "references.title_has", f".{words}").get("title", ""))
            return yes_no(f"-{words}-" in f"-{title}-")
        case ["most_used_term"]:
            return _most_used_term(facts)
    raise UnknownName(f"references.{how}" for how in ("listed.name-year", "title_has.key.words", "most_used_term"))


def numbered(facts: Facts) -> dict[str, dict[str, str]]:
    """Entries that have a number."""
    return {key: entry for key, entry in facts.study.bibliography.items() if entry.get(NUMBER)}


def cell(facts: Facts, parts: list[str]) -> Any:
    """Resolve what follows ``data.references.``.

    Raises
    ------
    UnknownName
        No such entry or field.
    """
    match parts:
        case ["numbered"]:
            return len(numbered(facts))
        case [key, "number"]:
            return _entry(facts, key, "data.references", ".number").get(NUMBER, UNNUMBERED)
        case [key, "author"]:
            return re.split(r"\s+and\s+", _entry(facts, key, "data.references", ".author").get("author", ""))
        case [key, field]:
            entry = _entry(facts, key, "data.references", f".{field}")
            return entry[pick(entry, field, f"data.references.{key}")]
    raise UnknownName([f"data.references.{key}.number" for key in facts.study.bibliography])


def _entry(facts: Facts, key: str, prefix: str, suffix: str) -> dict[str, str]:
    known = facts.study.bibliography
    if key not in known:
        raise UnknownName(f"{prefix}.{other}{suffix}" for other in known)
    return known[key]


def _by_first_name(facts: Facts) -> dict[str, list[dict[str, str]]]:
    """Numbered entries by the first word of their authors."""
    found: dict[str, list[dict[str, str]]] = {}
    for entry in numbered(facts).values():
        found.setdefault(slug(entry.get("author", "")).partition("-")[0], []).append(entry)
    return found


def _is(entry: dict[str, str], wanted: str) -> bool:
    any_year = wanted.endswith(f"-{ANY_YEAR}")
    name, year = (wanted.removesuffix(f"-{ANY_YEAR}"), "") if any_year else wanted.rsplit("-", 1)
    right_year = any_year or slug(entry.get("year", "")) == year
    return right_year and f"{slug(entry.get('author', ''))}-".startswith(f"{name}-")


def _most_used_term(facts: Facts) -> str:
    stems, labels = patterns(facts.study), families(facts.study)
    titles = [count_terms(entry.get("title", ""), stems) for entry in numbered(facts).values()]
    return labels[max(labels, key=lambda family: sum(title[family] > 0 for title in titles))]
