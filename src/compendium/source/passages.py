"""Passages of the published tables, cut from a copy of the report: what a row of our data restates or counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from compendium.data.bibliography import surnames
from compendium.data.study import Study, each_row
from compendium.source.copy_text import Copy, Match, Passage, as_one_line

_NEAR = 120
_SMALL = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_SMALL += ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_YEAR_AFTER = re.compile(r"[\s⁰¹²³⁴-⁹\d,()*]*")


@dataclass(frozen=True)
class Row:
    """The printed row of one review.

    Attributes
    ----------
    scores
        The scores as they stand between white space; ``None`` where they do not follow the citation.
    before, after
        Text between the citation and the scores, and between the scores and the next citation.
    block
        All of it.
    """

    scores: Match | None
    before: str
    after: str
    block: Passage


def has(study: Study, name: str, *columns: str) -> bool:
    """Tell whether a study has a table with these columns."""
    if name not in study:
        return False
    return set(columns) <= {field["name"] for field in study.resources[name]["schema"]["fields"]}


def in_words(number: int) -> str:
    """Write a whole number below a hundred as a word, a larger one as nothing."""
    if number < len(_SMALL):
        return _SMALL[number]
    tens, ones = divmod(number, 10)
    if tens - 2 >= len(_TENS):
        return ""
    return _TENS[tens - 2] + (f"-{_SMALL[ones]}" if ones else "")


def expected_scores(study: Study) -> dict[str, list[str]]:
    """Scores of each review in print order: the components in theirs, then the overall one."""
    components = study.table("appraisal-components").sort_values("order")["component_id"]
    scores = study.table("appraisal-scores").set_index(["review_id", "component_id"])["score"].to_dict()
    overall = study.table("appraisal-overall").sort_values("table_order")
    return {
        row.review_id: [*(str(scores.get((row.review_id, c), "")) for c in components), str(row.score)]
        for row in each_row(overall)
    }


def review_rows(study: Study, copy: Copy) -> dict[str, Row]:
    """Cut the table of appraised reviews into its rows.

    Parameters
    ----------
    study
        Reads ``appraisal-components``, ``-scores`` and ``-overall``.
    copy
        The copy of the report.

    Returns
    -------
    dict
        By review; one whose citation is not where the order of the table says is missing.
    """
    rows = each_row(study.table("appraisal-overall").sort_values("table_order"))
    scores = expected_scores(study)
    found: dict[str, Row] = {}
    for section_id in dict.fromkeys(row.section for row in rows):
        body = copy.section(section_id) or copy.whole
        inside = [row for row in rows if row.section == section_id]
        places = _in_order(body, [row.anchor for row in inside], [scores[row.review_id] for row in inside])
        starts = [place.start for place in places if place] + [len(body.text)]
        for row, place in zip(inside, places, strict=True):
            if place:
                end = next(start for start in starts if start > place.start)
                found[row.review_id] = _row(body.text[place.end : end], scores[row.review_id])
    return found


def _in_order(body: Passage, wanted: Sequence[str], scores: Sequence[Sequence[str]]) -> list[Match | None]:
    """Find the citations one after another, each with a sequence of scores before the next one."""
    position, found = 0, []
    for citation, expected in zip(wanted, scores, strict=True):
        match = next(body.matches(citation, position), None)
        found.append(match)
        if match:
            row = _scores_at(body.text[match.end :], expected)
            position = match.end + (row.end if row else 0)
    return found


def _scores_at(text: str, expected: Sequence[str]) -> Match | None:
    tokens = r"\s+".join(re.escape(score) for score in expected)
    match = re.search(rf"(?<!\S){tokens}(?!\S)", text)
    return (
        Match(match.start(), match.end(), "exactly" if "\n" not in match[0] else "after joining lines")
        if match
        else None
    )


def _row(text: str, expected: Sequence[str]) -> Row:
    match = _scores_at(text, expected)
    if match is None:
        return Row(None, "", "", Passage(text))
    lead = _YEAR_AFTER.match(text)
    start = min(lead.end() if lead else 0, match.start)
    return Row(match, text[start : match.start], text[match.end :], Passage(text))


def document_passages(study: Study, copy: Copy) -> dict[tuple[str, str], str]:
    """Cut what the report says of each policy document, in its narrative and in its table.

    Parameters
    ----------
    study
        Reads ``policy-documents`` and ``policy-mentions``, whose ``section`` says where each place is.
    copy
        The copy of the report.

    Returns
    -------
    dict
        Text by document and place (``narrative``, ``table``); what cannot be cut is missing.
    """
    documents = each_row(study.table("policy-documents"))
    sections = study.table("policy-mentions").groupby("place")["section"].first().to_dict()
    narrative, table = (copy.section(str(sections.get(place, ""))) for place in ("narrative", "table"))
    found: dict[tuple[str, str], str] = {}
    if narrative:
        found |= {(k, "narrative"): text for k, text in _narratives(narrative, documents).items()}
    if table:
        found |= {(k, "table"): text for k, text in _notes(table, documents).items()}
    return found


def _narratives(body: Passage, documents: Sequence[Any]) -> dict[str, str]:
    heads: list[tuple[int, int, str]] = []
    for row in documents:
        names = [row.name_narrative, row.name_narrative.split(" (")[0]]
        end = next((e for name in names for m in body.matches(name) for e in [_heading_end(body.text, m)] if e), None)
        start = next((m.start for name in names for m in body.matches(name) if _heading_end(body.text, m) == end), None)
        if end is not None and start is not None:
            heads.append((start, end, row.document_id))
    heads.sort()
    starts = [start for start, _, _ in heads[1:]] + [len(body.text)]
    return {key: body.text[end:stop] for (_, end, key), stop in zip(heads, starts, strict=True)}


def _heading_end(text: str, match: Match) -> int | None:
    """Return where a heading ends that runs from the start of a line to a colon at the end of one."""
    if text[: match.start].rstrip(" \t*")[-1:] not in {"", "\n", "\f"}:
        return None
    rest = re.match(rf"[^:]{{0,{_NEAR}}}:[ \t]*\n", text[match.end :])
    return match.end + rest.end() if rest else None


def _notes(body: Passage, documents: Sequence[Any]) -> dict[str, str]:
    found, position = {}, 0
    for row in documents:
        name = next(body.matches(row.name, position), None)
        stop = next(body.matches(row.url, name.end), None) if name else None
        if name and stop:
            found[row.document_id] = body.text[name.end : stop.start]
            position = stop.end
    return found


def printed_reviews(study: Study, copy: Copy) -> pd.DataFrame:
    """Set the printed aim and evidence of each review beside ours: ``id``, ``field``, ``ours``, ``printed``."""
    ours = study.table("appraisal-characteristics").set_index("review_id")
    rows = review_rows(study, copy)
    labels = list(study.table("appraisal-components").sort_values("order")["label"])
    header = re.compile(r"^[^\n]*" + r"\s+".join(map(re.escape, labels)) + r"\b[^\n]*$", re.M)
    cells = [
        (key, field, str(ours.at[key, field]), as_one_line(header.sub("", text)))
        for key, row in rows.items()
        if key in ours.index and row.scores
        for field, text in (("aim", row.before), ("evidence", row.after))
    ]
    return _frame(cells)


def printed_focus(study: Study, copy: Copy, section_id: str) -> pd.DataFrame:
    """Set the printed focus of each synthesised review beside ours; see :func:`printed_reviews`."""
    body = copy.section(section_id)
    rows = study.table("appraisal-characteristics").dropna(subset="focus_order").sort_values("focus_order")
    cells: list[tuple[str, str, str, str]] = []
    position = 0
    for row in each_row(rows) if body else []:
        assert body is not None  # noqa: S101 (told to the type checker)
        name = surnames(study.bibliography.get(row.review_id, {}))[:1]
        who = next(body.matches(name[0], position), None) if name else None
        stop = next(body.matches(row.review_type, who.end), None) if who else None
        if who and stop:
            text = re.sub(r"^.*?\(?\b\d{4}\)?", "", body.text[who.end : stop.start], count=1, flags=re.S)
            cells.append((row.review_id, "focus", row.focus, as_one_line(text)))
            position = stop.end
    return _frame(cells)


def printed_documents(study: Study, copy: Copy) -> pd.DataFrame:
    """Set the printed notes and narrative of each document beside ours; see :func:`printed_reviews`."""
    passages = document_passages(study, copy)
    cells = [
        (row.document_id, field, getattr(row, field), as_one_line(passages[row.document_id, place]))
        for row in each_row(study.table("policy-documents"))
        for field, place in (("note", "table"), ("narrative", "narrative"))
        if (row.document_id, place) in passages
    ]
    return _frame(cells)


def _frame(cells: Sequence[tuple[str, str, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(cells, columns=["id", "field", "ours", "printed"])
