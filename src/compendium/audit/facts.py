"""Named facts: what the data of a study say under a dotted name, so that a claim can be compared with it.

A name is resolved when somebody asks for it. What it may start with:

``data``
    Anything that a table holds: :mod:`compendium.audit.facts_data`.
``lists``
    What the lists of ``conclusions-enumerations`` say of each other: :mod:`compendium.audit.facts_lists`.
``references``
    What the bibliography holds: :mod:`compendium.audit.facts_references`.
a stage
    A named result of that stage (:func:`compendium.analysis.results.parts`, published parameters), or a member of
    one of the families in :mod:`compendium.audit.facts_families`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, TypeVar, cast

import pandas as pd

from compendium.data.study import Study
from compendium.errors import InputError, Problem
from compendium.stages import STAGES

NEAR = 3
YES, NO = "yes", "no"

T = TypeVar("T")
Value = str | int | float | list[str] | None


class UnknownName(LookupError):  # noqa: N818 (it says which name, not that something failed)
    """A name that nothing stands behind.

    Parameters
    ----------
    choices
        Full names that could stand in its place.
    """

    def __init__(self, choices: Iterable[str]):
        self.choices = list(choices)
        super().__init__(self.choices)


@lru_cache(maxsize=None, typed=True)
def slug(value: object) -> str:
    """Write a value as a part of a name: lower case, every run of other characters a hyphen."""
    plain = unicodedata.normalize("NFKD", str(value)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def yes_no(true: bool) -> str:
    """Write a truth value as the data do."""
    return YES if true else NO


def pick(choices: Iterable[Any], wanted: str, prefix: str, suffix: str = "") -> Any:
    """Return the one of the choices whose slug is wanted.

    Raises
    ------
    UnknownName
        There is none.
    """
    by_slug = {slug(choice): choice for choice in choices}
    if wanted not in by_slug:
        raise UnknownName(f"{prefix}.{choice}{suffix}" for choice in by_slug)
    return by_slug[wanted]


class Facts:
    """The named facts of a study, each computed once.

    Parameters
    ----------
    study
        The study.

    Examples
    --------
    >>> from compendium import Study
    >>> Facts(Study()).value("data.appraisal-components.rows")
    3
    """

    def __init__(self, study: Study):
        self.study = study
        self._kept: dict[Any, Any] = {}
        self._values: dict[str, Value] = {}

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return what a computation gave when it was first asked for under this key; no claim costs a look at all rows.

        Callers must not change what they get.
        """
        if key not in self._kept:
            self._kept[key] = compute()
        return cast(T, self._kept[key])

    def table(self, name: str) -> pd.DataFrame:
        """Return a table; callers must not change it.

        Raises
        ------
        UnknownName
            The study has no such table.
        """
        if name not in self.study:
            raise UnknownName(f"data.{known}.rows" for known in self.study.names)
        return self.once(("table", name), lambda: self.study.table(name))

    def rows(self, name: str) -> dict[str, int]:
        """Return the position of each row of a table by the slugs of its key, joined by hyphens."""

        def number() -> dict[str, int]:
            keys = self.table(name)[self.study.primary_key(name)].itertuples(index=False)
            return {"-".join(slug(part) for part in key): position for position, key in enumerate(keys)}

        return self.once(("rows", name), number)

    def where(self, name: str, column: str, value: object) -> pd.DataFrame:
        """Return the rows of a table that have a value in a column."""
        table = self.table(name)
        groups = self.once(("where", name, column), lambda: table.groupby(column, sort=False).indices)
        return table.iloc[groups.get(value, [])]

    def written(self, name: str, column: str) -> Counter[str]:
        """Count the slugs of the values of a column."""
        return self.once(("written", name, column), lambda: Counter(self.table(name)[column].map(slug)))

    def pick(self, name: str, column: str, wanted: str, prefix: str, suffix: str = "") -> Any:
        """Return the value of a column whose slug is wanted; see :func:`pick`."""
        by_slug = self.once(("pick", name, column), lambda: {slug(value): value for value in self.table(name)[column]})
        return by_slug[wanted] if wanted in by_slug else pick(by_slug.values(), wanted, prefix, suffix)

    def value(self, name: str) -> Value:
        """Return what the data say under a name; ``None`` where the data leave it open.

        Raises
        ------
        InputError
            There is no such name (near ones are given), or what it counts or compares is not of the kind it needs.
        """
        if name not in self._values:
            try:
                self._values[name] = _plain(self._resolve(name))
            except UnknownName as error:
                raise InputError(_unknown(name, error.choices)) from None
            except (ValueError, TypeError, IndexError) as error:
                reason = f"cannot be computed from these data ({error})"
                raise InputError(Problem(field="check", value=name, reason=reason)) from None
        return self._values[name]

    def _resolve(self, name: str) -> Any:
        root, *rest = name.split(".")
        roots = _roots()
        if root in roots and rest:
            return roots[root](self, rest)
        if root in {stage.name for stage in STAGES}:
            return self._stage_result(name, root)
        raise UnknownName([*(f"{known}." for known in roots), *(f"{stage.name}." for stage in STAGES)])

    def _stage_result(self, name: str, stage: str) -> Any:
        """Look in the results, among the families, and last in those results that take long to compute."""
        from compendium.analysis.results import parts
        from compendium.audit import facts_families

        quick, *slow = parts(stage)
        found = self._results(stage, quick)
        if name in found:
            return found[name]
        family = facts_families.find(name)
        if family is not None:
            return family(self)
        for part in slow:
            found = found | self._results(stage, part)
        if name not in found:
            raise UnknownName([*found, *facts_families.FAMILIES])
        return found[name]

    def _results(self, stage: str, part: Callable[[Study], dict[str, Any]]) -> dict[str, Any]:
        """Return results of a stage under full names, members of mappings included."""
        from compendium.analysis.results import flatten

        return self.once(part, lambda: flatten(stage, part(self.study)))


def _roots() -> dict[str, Callable[[Facts, list[str]], Any]]:
    from compendium.audit import facts_data, facts_lists, facts_references

    return {"data": facts_data.resolve, "lists": facts_lists.resolve, "references": facts_references.resolve}


def _plain(value: Any) -> Value:
    from compendium.publishing.publish import settle

    settled: Value = settle(value)
    if isinstance(settled, bool):
        return yes_no(settled)
    return [str(member) for member in settled] if isinstance(settled, list) else settled


def _unknown(name: str, choices: list[str]) -> Problem:
    near = get_close_matches(name, choices, n=NEAR, cutoff=0.5) or choices[:NEAR]
    return Problem(field="result", value=name, reason="no such result", allowed=f"such as {', '.join(near)}")


def facts_of(study: Study) -> Facts:
    """Return the facts of a study, made once: computing the results of all stages takes a while."""
    return cast(Facts, study.remembered.setdefault(__name__, Facts(study)))
