"""Facts about the lists that a report enumerates, and about two lists compared.

Lists are the rows of ``conclusions-enumerations`` that share a ``list_id``. Items are compared by their slugs.

============================  ========================================================================
``lists.A.same-order-as.B``   both have the same items in the same order
``lists.A.same-as.B``         the same items, in any order
``lists.A.in.B``              how many items of A are also in B (each counted as often as both have it)
``lists.A.has.X``             A has the item X
``lists.A.has-word.W``        an item of A contains the word W
``lists.A.sum``               sum of the items, which are numbers
``lists.A.ascending``         the items, which are numbers, never fall
``lists.A.sections``          section of each item
``lists.A.parts``             parts of the report in which the items stand, each once
``lists.A.at.N.by.B``         item of A beside the last item of B that is not above N; B ascends beside A
============================  ========================================================================
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from typing import Any

import pandas as pd

from compendium.audit.facts import Facts, UnknownName, slug, yes_no

TABLE = "conclusions-enumerations"

ALONE: dict[str, Callable[[list[str]], Any]] = {
    "sum": lambda items: sum(int(item) for item in items),
    "ascending": lambda items: yes_no([int(i) for i in items] == sorted(int(i) for i in items)),
}
WITH_WORD: dict[str, Callable[[list[str], str], Any]] = {
    "has": lambda items, wanted: yes_no(wanted in map(slug, items)),
    "has-word": lambda items, wanted: yes_no(any(wanted in slug(item).split("-") for item in items)),
}
WITH_LIST: dict[str, Callable[[list[str], list[str]], Any]] = {
    "same-order-as": lambda a, b: yes_no([*map(slug, a)] == [*map(slug, b)]),
    "same-as": lambda a, b: yes_no(Counter(map(slug, a)) == Counter(map(slug, b))),
    "in": lambda a, b: (Counter(map(slug, a)) & Counter(map(slug, b))).total(),
}


def resolve(facts: Facts, parts: list[str]) -> Any:
    """Resolve what follows ``lists.``; see the table above.

    Raises
    ------
    UnknownName
        No such list or comparison.
    """
    name, *rest = parts
    items = [str(item) for item in rows(facts, name)["item"]]
    match rest:
        case [how] if how in ALONE:
            return ALONE[how](items)
        case ["sections"]:
            return list(rows(facts, name)["section"])
        case ["parts"]:
            return _parts(facts, name)
        case [how, word] if how in WITH_WORD:
            return WITH_WORD[how](items, word)
        case [how, other] if how in WITH_LIST:
            return WITH_LIST[how](items, [str(item) for item in rows(facts, other)["item"]])
        case ["at", number, "by", other] if number.isdecimal():
            numbers = [int(item) for item in rows(facts, other)["item"]]
            return items[bisect_right(numbers, int(number)) - 1]
    hows = [*ALONE, "sections", "parts", *(f"{how}.…" for how in [*WITH_WORD, *WITH_LIST])]
    raise UnknownName(f"lists.{name}.{how}" for how in hows)


def rows(facts: Facts, name: str) -> pd.DataFrame:
    """Return the rows of a list in their order.

    Raises
    ------
    UnknownName
        No such list.
    """
    found = facts.where(TABLE, "list_id", name)
    if found.empty:
        raise UnknownName(f"lists.{known}" for known in facts.table(TABLE)["list_id"].unique())
    return found.sort_values("order", kind="stable")


def _parts(facts: Facts, name: str) -> list[str]:
    sections = facts.table("sections")
    part = facts.once("parts", lambda: dict(zip(sections["section_id"], sections["part"], strict=True)))
    return list(dict.fromkeys(part[section] for section in rows(facts, name)["section"]))
