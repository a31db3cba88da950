"""The audit: what a report claims against what its data give, and where it contradicts itself.

No status is typed anywhere. A claim's row names a result (:mod:`compendium.audit.facts`), and the status follows from
the comparison; an inconsistency's row names a result and the value that it would have if all were well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import pandas as pd

from compendium.audit.facts import Facts, Value, facts_of
from compendium.data.study import Study, each_row
from compendium.errors import InputError, Problem
from compendium.publishing.provenance import computed, derived, mark, traced
from compendium.publishing.tables import cell_text

CLAIMS, INCONSISTENCIES = "conclusions-claims", "conclusions-inconsistencies"
REPRODUCED, INCONSISTENT, NOT_RECOMPUTABLE = "reproduced", "inconsistent", "not recomputable"
STATUSES = (REPRODUCED, INCONSISTENT, NOT_RECOMPUTABLE)
COMPUTED, READING, NOT_SHOWN = "computed", "reading", "not shown"
SEVERITIES = ("high", "medium", "low")
CLAIMS_TABLE, INCONSISTENCIES_TABLE = "claims", "inconsistencies"
"""The tables in which a reader finds what the sentences count."""
OPEN_VALUE = "open in the data: they hold no value for this result"
"""Reason given where a result exists and has no value."""


def claims(study: Study, facts: Facts | None = None) -> pd.DataFrame:
    """Recompute every claim.

    Parameters
    ----------
    study
        Reads ``conclusions-claims``, and what its checks need.
    facts
        Facts of the study, where they are at hand.

    Returns
    -------
    pandas.DataFrame
        The table with ``recomputed_value`` (text; empty where there is none) and ``status``: *reproduced*,
        *inconsistent* or *not recomputable*. Empty where the study lists no claims.

    Raises
    ------
    InputError
        Checks name results that do not exist; all are told, with file and row.
    """
    table, values = _checked(study, CLAIMS, facts or facts_of(study))
    table["recomputed_value"] = [value_text(value) for value in values]
    table["status"] = [_status(p, v) for p, v in zip(table["published_value"], values, strict=True)]
    left_open = (table["check"] != "") & (table["status"] == NOT_RECOMPUTABLE)
    table.loc[left_open, "reason"] = OPEN_VALUE
    return table


def _status(published: str, value: Value) -> str:
    if value is None:
        return NOT_RECOMPUTABLE
    return REPRODUCED if same(published, value) else INCONSISTENT


def inconsistencies(study: Study, facts: Facts | None = None) -> pd.DataFrame:
    """Compute what shows each inconsistency.

    Parameters
    ----------
    study, facts
        As for :func:`claims`; reads ``conclusions-inconsistencies``.

    Returns
    -------
    pandas.DataFrame
        The table with ``computed_value`` (text) and ``shown_by``: *computed* where the result differs from what is
        expected without the inconsistency, *not shown* where it does not, *reading* where two places have to be read.

    Raises
    ------
    InputError
        As for :func:`claims`.
    """
    table, values = _checked(study, INCONSISTENCIES, facts or facts_of(study))
    table["computed_value"] = [value_text(value) for value in values]
    table["shown_by"] = [
        READING if value is None else NOT_SHOWN if same(row.expected, value) else COMPUTED
        for row, value in zip(each_row(table), values, strict=True)
    ]
    return table


def _checked(study: Study, name: str, facts: Facts) -> tuple[pd.DataFrame, list[Value]]:
    """Return a table and the value of the check of each row, ``None`` where there is none."""
    problems = list(problems_of(study, name, facts))
    if problems:
        raise InputError(problems)
    table = study.table(name) if name in study else _empty(name)
    return table, [facts.value(check) if check else None for check in table["check"]]


def _empty(name: str) -> pd.DataFrame:
    columns = {
        CLAIMS: ["claim_id", "section", "anchor", "claim", "published_value", "check", "reason"],
        INCONSISTENCIES: [
            *("inconsistency_id", "kind", "severity", "title", "statement", "section", "anchor", "other"),
            *("other_section", "other_anchor", "check", "expected", "consequence", "innocent", "rank"),
        ],
    }
    return pd.DataFrame(columns=columns[name], dtype=object)


def problems_of(study: Study, name: str, facts: Facts) -> Iterator[Problem]:
    """Give every check of a table that names no result, with file and row."""
    if name not in study:
        return
    path = str(study.resources[name]["path"])
    for row, check in enumerate(study.table(name)["check"], start=2):
        try:
            if check:
                facts.value(check)
        except InputError as error:
            for fault in error.problems:
                yield Problem(path, row, "check", check, fault.reason, fault.allowed)


def unknown_checks(study: Study) -> Iterator[Problem]:
    """Give every check of the claims and inconsistencies that names no result; a check of the data package."""
    facts = facts_of(study)
    for name in (CLAIMS, INCONSISTENCIES):
        yield from problems_of(study, name, facts)


def value_text(value: Value) -> str:
    """Write a value as the tables do: members of a list joined by semicolons."""
    return "; ".join(value) if isinstance(value, list) else cell_text(value)


def same(published: str, value: Value) -> bool:
    """Tell whether a published and a computed value are the same.

    Numbers are compared as numbers. In texts, case, the kind of quotes and dashes, other punctuation, repeated blanks
    and ``&`` for *and* make no difference; a word more, less or in another form does.
    """
    computed = value_text(value)
    numbers = _number(published), _number(computed)
    if None not in numbers:
        return numbers[0] == numbers[1]
    return _folded(published) == _folded(computed)


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[+-]?\d+(\.\d+)?", text.strip()) else None


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().replace("&", " and ")
    return " ".join(re.findall(r"\w+", re.sub(r"['’‘`]", "", plain)))


def by_part(study: Study, checked: pd.DataFrame) -> pd.DataFrame:
    """Count the claims of each part of the report by status: one row per part, one column per status."""
    part = study.table("sections").set_index("section_id")["part"]
    counts = pd.crosstab(checked["section"].map(part), checked["status"])
    order = [name for name in dict.fromkeys(part) if name in counts.index]
    return counts.reindex(index=order, columns=list(STATUSES), fill_value=0)


def by_kind(found: pd.DataFrame) -> pd.DataFrame:
    """Count the inconsistencies of each kind by severity, most frequent kind first."""
    counts = pd.crosstab(found["kind"], found["severity"]).reindex(columns=list(SEVERITIES), fill_value=0)
    return counts.loc[counts.sum(axis=1).sort_values(ascending=False, kind="stable").index]


@computed
def claims_sentences(checked: pd.DataFrame) -> list[str]:
    """Say how many claims hold, fail or cannot be told, and why most of the last cannot."""
    named = {status: f"conclusions.claims_{status.replace(' ', '_')}" for status in STATUSES}
    count = {status: mark(int((checked["status"] == status).sum()), named[status]) for status in STATUSES}
    checkable = derived(count[REPRODUCED] + count[INCONSISTENT], count[REPRODUCED], count[INCONSISTENT])
    text = f"Of {mark(len(checked), 'conclusions.claims')} claims, {checkable} can be checked: "
    text += f"{count[REPRODUCED]} are reproduced"
    text += f" ({derived(count[REPRODUCED] / checkable, checkable):.0%})" if checkable else ""
    sentences = [f"{text} and {count[INCONSISTENT]} are inconsistent. {count[NOT_RECOMPUTABLE]} are not recomputable."]
    reasons = checked.loc[checked["status"] == NOT_RECOMPUTABLE, "reason"].str.split(":").str[0].value_counts()
    if len(reasons):
        listed = ", ".join(f"{reason} ({mark(number, CLAIMS_TABLE)})" for reason, number in reasons.items())
        sentences.append(f"Reasons why not: {listed}.")
    return sentences


@computed
def inconsistencies_sentences(found: pd.DataFrame) -> list[str]:
    """Say how many inconsistencies there are, how severe, of which kind most, and what shows them."""
    level_of, shown_by = found["severity"], found["shown_by"]
    by_level = {v: mark(int((level_of == v).sum()), f"conclusions.inconsistencies_{v}") for v in SEVERITIES}
    severities = ", ".join(f"{number} {level}" for level, number in by_level.items())
    shown = mark(int((shown_by == COMPUTED).sum()), "conclusions.inconsistencies_computed")
    text = f"{mark(len(found), 'conclusions.inconsistencies')} inconsistencies: {severities} in severity. "
    read = mark(int((shown_by == READING).sum()), INCONSISTENCIES_TABLE)
    sentences = [f"{text}{shown} are shown by a computed result, {read} rest on reading two places."]
    kinds = found["kind"].value_counts()
    if len(kinds):
        number = mark(kinds.iloc[0], INCONSISTENCIES_TABLE)
        sentences.append(f"The most frequent kind is {kinds.index[0]} ({number}).")
    gone = list(found.loc[found["shown_by"] == NOT_SHOWN, "inconsistency_id"])
    return [*sentences, f"The data no longer show {', '.join(gone)}."] if gone else sentences


@traced("conclusions")
def results(checked: pd.DataFrame, found: pd.DataFrame) -> dict[str, Any]:
    """Return the named results of the audit: claims by status, inconsistencies by severity and by what shows them.

    Parameters
    ----------
    checked, found
        From :func:`claims` and :func:`inconsistencies`.
    """
    return {
        "claims": len(checked),
        **{f"claims_{status.replace(' ', '_')}": int((checked["status"] == status).sum()) for status in STATUSES},
        "inconsistencies": len(found),
        **{f"inconsistencies_{level}": int((found["severity"] == level).sum()) for level in SEVERITIES},
        "inconsistencies_computed": int((found["shown_by"] == COMPUTED).sum()),
        "inconsistencies_not_shown": int((found["shown_by"] == NOT_SHOWN).sum()),
    }
