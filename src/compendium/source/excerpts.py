"""Interview excerpts: found in a copy of a report, and described without their words.

A study that may not redistribute what its interviewees said can still say exactly
which passages it worked with. Each excerpt is a row with its speaker, its place, its
length, how often it uses the terms studied, and the SHA-256 of its normalised words.
This module makes those rows from a copy of the report (`locate`) and, for somebody
who has another copy, :mod:`compendium.source.excerpt_matching` finds the words again from length and hash
alone.

Two kinds of excerpt are told apart:

block
    Paragraphs of their own that end with the speaker's identifier in brackets. They
    are found without help: from that marker back to the paragraph that announces the
    excerpt (it ends with a colon), to the marker before, or to the section's start.
inline
    Words between quotation marks in running prose. The candidates are found; which
    of them are an interviewee's words is a judgement, and judgements are data: a
    table of locators decides on the n-th candidate of a section.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from compendium.source.quotations import Quotation, Speakers, find_blocks, find_inline
from compendium.source.report_text import LocatorError, count_terms, count_words, fingerprint, normalise, section_bodies

ACCEPTED = "excerpt"
"""The decision by which a locator accepts a candidate as an interviewee's words."""


def locate(
    text: str,
    sections: pd.DataFrame,
    locators: pd.DataFrame,
    *,
    interviewees: pd.DataFrame,
    themes: pd.DataFrame,
    families: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """Locate every excerpt in a copy of a report and compute its columns.

    Parameters
    ----------
    text : str
        The report.
    sections : pandas.DataFrame
        ``section_id`` and ``heading`` of all its sections, in order.
    locators : pandas.DataFrame
        The decision on every inline candidate: ``section_id``, ``position`` (1 is the
        section's first), ``decision`` (`ACCEPTED` or the reason for which it is
        none), and, where no identifier stands with it, the ``interviewee_id`` that
        the context gives, or at least the ``level_id``.
    interviewees : pandas.DataFrame
        ``interviewee_id`` and ``level_id`` of everybody who may be quoted.
    themes : pandas.DataFrame
        ``section_id`` and ``theme_id`` of the sections that report the interviews.
        These and the locators' sections are the ones read.
    families : mapping of str to sequence of str
        Stems by family of terms, see `count_terms`.

    Returns
    -------
    pandas.DataFrame
        A row per excerpt in order of appearance: ``excerpt_id``, ``kind``,
        ``interviewee_id``, ``attribution``, ``level``, ``theme_id``, ``section_id``,
        ``order`` (in its section), ``n_words``, ``sha256``, ``n_<family>``, ``text``.

    Raises
    ------
    SectionError
        If a heading is missing.
    LocatorError
        If candidates and locators do not match one to one; all mismatches are named.
    """
    speakers = Speakers.from_ids(interviewees["interviewee_id"])
    level_of = dict(zip(interviewees["interviewee_id"], interviewees["level_id"], strict=True))
    theme_of = dict(zip(themes["section_id"], themes["theme_id"], strict=True))
    decisions = _decisions(locators, set(sections["section_id"]), set(level_of))
    read = set(theme_of) | {section_id for section_id, _ in decisions}
    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    for section_id, body in section_bodies(text, sections).items():
        if section_id in read:
            accepted = _accepted(section_id, body, speakers, decisions, problems)
            for order, (quotation, locator) in enumerate(accepted, start=1):
                place = {
                    "excerpt_id": f"E{len(rows) + 1:03d}",
                    "theme_id": theme_of.get(section_id, ""),
                    "section_id": section_id,
                    "order": order,
                }
                said = _attribution(quotation, locator, level_of)
                rows.append(place | said | _measures(quotation.text, families))
    if problems:
        raise LocatorError("locators do not fit this report: " + "; ".join(problems))
    return pd.DataFrame(rows, columns=_columns(families))


def _attribution(quotation: Quotation, locator: Mapping[str, str], level_of: Mapping[str, str]) -> dict[str, Any]:
    speaker = quotation.speaker or locator.get("interviewee_id", "")
    return {
        "kind": quotation.kind,
        "interviewee_id": speaker,
        "attribution": "marker" if quotation.speaker else "context",
        "level": level_of.get(speaker) or locator.get("level_id", ""),
    }


def _columns(families: Mapping[str, Sequence[str]]) -> list[str]:
    place = "excerpt_id kind interviewee_id attribution level theme_id section_id order"
    counts = [f"n_{family}" for family in families]
    return [*place.split(), "n_words", "sha256", *counts, "text"]


def _measures(text: str, families: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    counts = count_terms(text, families)
    return {
        "n_words": count_words(text),
        "sha256": fingerprint(text),
        **{f"n_{family}": count for family, count in counts.items()},
        "text": normalise(text),
    }


_Decisions = dict[tuple[str, int], dict[str, str]]


def _decisions(locators: pd.DataFrame, section_ids: set[str], interviewee_ids: set[str]) -> _Decisions:
    """Return the locators by section and position, with empty cells as empty text."""
    decisions: _Decisions = {}
    problems = []
    cells = locators.astype(object).where(locators.notna(), "").astype(str)
    for row in cells.to_dict("records"):
        place = f"section {row['section_id']}, quotation {row['position']}"
        speaker = row.get("interviewee_id", "")
        if row["section_id"] not in section_ids:
            problems.append(f"{place}: no such section")
        elif speaker and speaker not in interviewee_ids:
            problems.append(f"{place}: no such interviewee {speaker!r}")
        elif (key := (row["section_id"], int(row["position"]))) in decisions:
            problems.append(f"{place}: decided more than once")
        else:
            decisions[key] = {str(name): value for name, value in row.items()}
    if problems:
        raise LocatorError("locators cannot be used: " + "; ".join(problems))
    return decisions


def _accepted(
    section_id: str,
    body: str,
    speakers: Speakers,
    decisions: _Decisions,
    problems: list[str],
) -> list[tuple[Quotation, dict[str, str]]]:
    """Return a section's excerpts in order, each with its locator (blocks have none)."""
    excerpts: list[tuple[Quotation, dict[str, str]]]
    excerpts = [(block, {}) for block in find_blocks(body, speakers)]
    candidates = find_inline(body, speakers)
    for position, candidate in enumerate(candidates, start=1):
        locator = decisions.get((section_id, position))
        place = f"section {section_id}, quotation {position}"
        if locator is None:
            problems.append(f"{place} is not decided")
        elif locator["decision"] == ACCEPTED:
            given = locator.get("interviewee_id", "")
            if candidate.speaker and given not in {"", candidate.speaker}:
                problems.append(f"{place} is marked {candidate.speaker} but located as {given}")
            excerpts.append((candidate, locator))
    beyond = [p for s, p in decisions if s == section_id and p > len(candidates)]
    problems.extend(f"section {section_id} has no quotation {p}" for p in beyond)
    return sorted(excerpts, key=lambda pair: pair[0].start)


def without_words(located: pd.DataFrame, judgements: pd.DataFrame) -> pd.DataFrame:
    """Replace the words of located excerpts by what the analysts say of them.

    Parameters
    ----------
    located : pandas.DataFrame
        What `locate` returns.
    judgements : pandas.DataFrame
        ``sha256`` and the analysts' columns (codes, gist); other columns that both
        tables have are taken from `located`.

    Returns
    -------
    pandas.DataFrame
        The table that may be redistributed: no ``text``; judgements come last and
        are empty where an excerpt has none yet.
    """
    new = [name for name in judgements.columns if name not in located.columns]
    return (
        located.drop(columns="text")
        .merge(judgements[["sha256", *new]], how="left", on="sha256", validate="1:1")
        .fillna(dict.fromkeys(new, ""))
    )
