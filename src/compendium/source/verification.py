"""Every fact of a study verified against a copy of the report.

The copy is only read. What is made from it (the words of the excerpts, the printed wording of table cells) goes to a
local folder and never into what is released.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from compendium import paths
from compendium.data.bibliography import surnames
from compendium.data.study import Study, each_row
from compendium.data.terms import patterns
from compendium.errors import InputError, Problem
from compendium.publishing.tables import write_csv
from compendium.source.copy_text import EXACTLY, JOINED, Copy, Match, Passage, as_one_line, read_source
from compendium.source.excerpt_matching import find as find_excerpt
from compendium.source.passages import (
    document_passages,
    expected_scores,
    has,
    in_words,
    printed_documents,
    printed_focus,
    printed_reviews,
    review_rows,
)
from compendium.source.report_text import count_terms, count_words

LOCAL = "source"
TABLE_3 = "Table 3"
"""Title of the section that holds the table of synthesised reviews, where a study has one."""
IN_SECTION, ELSEWHERE, NOT_FOUND = "in its section", "elsewhere", "not found"
COLUMNS = ["kind", "id", "what", "found", "where", "how"]
_LEAST_SHARE = 0.5
_REACH = 160
_LISTED = 20
_FIELDS = ["title", "journal", "year", "volume", "issue", "pages", "url", "publisher", "institution", "address"]
_PLACES = (("section", "anchor"), ("other_section", "other_anchor"))
Check = dict[str, str]


def verify(study: Study, copy: Copy) -> pd.DataFrame:
    """Check every fact of a study that print can confirm.

    Parameters
    ----------
    study
        Tables and columns that it does not have are passed over.
    copy
        The copy of the report.

    Returns
    -------
    pandas.DataFrame
        One row per check: ``kind``; ``id`` (table and row); ``what`` was looked for (never an excerpt's words);
        ``found`` (``yes``, ``no``); ``where`` (``in its section``, ``elsewhere``, ``not found``); ``how`` it matched
        (``exactly``, ``after joining lines``, ``after removing hyphens``).
    """
    return pd.DataFrame([row for check in CHECKS for row in check(study, copy)], columns=COLUMNS)


def open_copy(study: Study, path: str | Path) -> Copy:
    """Read a copy of a study's report.

    Raises
    ------
    InputError
        The file cannot be read as a copy of a report (see :func:`compendium.source.copy_text.read_source`), the study
        names no places in it, or it is another text: fewer than half of the places are in it.
    """
    if "sections" not in study:
        reason = "the study has no table of sections, so it says nothing about places in a report"
        raise InputError(Problem(field="--source", value=str(path), reason=reason))
    copy = Copy(read_source(path), study.table("sections"))
    anchors = [anchor for _, _, anchor in _anchors(study)]
    there = sum(copy.whole.find(anchor) is not None for anchor in anchors)
    if there < _LEAST_SHARE * len(anchors):
        reason = f"is another text than the report of this study: it has {there} of {len(anchors)} anchors"
        raise InputError(Problem(field="--source", value=str(path), reason=reason, allowed="a copy of the report"))
    return copy


def summary(checks: pd.DataFrame) -> pd.DataFrame:
    """Count the checks by kind: ``kind``, ``checked``, ``found``, ``elsewhere`` (of those found), ``not_found``."""
    rows = [
        {
            "kind": kind,
            "checked": len(group),
            "found": int((group["found"] == "yes").sum()),
            "elsewhere": int((group["where"] == ELSEWHERE).sum()),
            "not_found": int((group["found"] == "no").sum()),
        }
        for kind, group in checks.groupby("kind", sort=False)
    ]
    return pd.DataFrame(rows, columns=["kind", "checked", "found", "elsewhere", "not_found"])


class Verified(NamedTuple):
    """What a verification found: a text for the user, and how many facts were not found."""

    text: str
    missing: int


def run(study: Study, path: str | Path, out: Path | None = None) -> Verified:
    """Verify a study against a copy of its report, and write the local outputs.

    Raises
    ------
    InputError
        See :func:`open_copy`; nothing was written.
    """
    copy = open_copy(study, path)
    checks = verify(study, copy)
    folder = (out or paths.RUNS) / LOCAL
    outputs = {"verification": checks, **_local_tables(study, copy)}
    for name, table in outputs.items():
        write_csv(folder / f"{name}.csv", table)
    local = f"\n  local outputs, not to be passed on: {', '.join(f'{name}.csv' for name in outputs)}"
    return Verified(_told(checks, copy) + local, int((checks["found"] == "no").sum()))


def _told(checks: pd.DataFrame, copy: Copy) -> str:
    lines = ["Verified against the copy of the report:"]
    for row in each_row(summary(checks)):
        note = f", {row.elsewhere} of them outside the section named" if row.elsewhere else ""
        lines.append(f"  {row.kind:22} {row.found} of {row.checked} found{note}")
    ways = checks.loc[checks["found"] == "yes", "how"].value_counts()
    lines.append(f"  matched: {', '.join(f'{n} {how}' for how, n in ways.items())}")
    if copy.missing:
        lines.append(f"  headings not in this copy: {', '.join(copy.missing)}")
    lost = checks[checks["found"] == "no"]
    lines += [f"  not found: {row.kind}, {row.id}: {row.what}" for row in each_row(lost.head(_LISTED))]
    if len(lost) > _LISTED:
        lines.append(f"  not found: {len(lost) - _LISTED} more; verification.csv has all")
    return "\n".join(lines)


def _local_tables(study: Study, copy: Copy) -> dict[str, pd.DataFrame]:
    """Make the tables that hold words of the report; for local use only."""
    tables: dict[str, pd.DataFrame] = {}
    if has(study, "interviews-excerpts", "excerpt_id", "interviewee_id", "sha256"):
        rows = [(r.excerpt_id, r.interviewee_id, words) for r, words, _ in _found_excerpts(study, copy)]
        tables["excerpts-with-words"] = pd.DataFrame(rows, columns=["excerpt_id", "speaker", "words"])
    if _has_scores(study) and has(study, "appraisal-characteristics", "review_id", "aim", "evidence"):
        tables["table-2-printed"] = printed_reviews(study, copy)
    sections = study.table("sections")
    third = [row.section_id for row in each_row(sections) if getattr(row, "title", "") == TABLE_3]
    if third and has(study, "appraisal-characteristics", "focus", "focus_order", "review_type"):
        tables["table-3-printed"] = printed_focus(study, copy, third[0])
    if _has_documents(study):
        tables["table-5-printed"] = printed_documents(study, copy)
    return tables


def _check(kind: str, identifier: str, what: str, where: str, how: str = "") -> Check:
    found = "yes" if where else "no"
    return dict(zip(COLUMNS, (kind, identifier, what, found, where or NOT_FOUND, how if where else ""), strict=True))


def _identifier(study: Study, name: str, row: Any) -> str:
    return f"{name} {'/'.join(str(getattr(row, key)) for key in study.primary_key(name))}".strip()


def _anchors(study: Study) -> Iterator[tuple[str, str, str]]:
    """Yield identifier, section and anchor of every row that has one."""
    for name in study:
        for section, anchor in _PLACES:
            if has(study, name, section, anchor):
                for row in each_row(study.table(name)):
                    if getattr(row, anchor):
                        yield _identifier(study, name, row), getattr(row, section), getattr(row, anchor)


def check_anchors(study: Study, copy: Copy) -> Iterator[Check]:
    """Look for every anchor in its section."""
    for identifier, section, anchor in _anchors(study):
        yield _check("anchor", identifier, anchor, *copy.locate(anchor, section))


def _found_excerpts(study: Study, copy: Copy) -> Iterator[tuple[Any, str, str]]:
    """Yield each excerpt with its words (empty where not found) and where they stand."""
    for row in each_row(study.table("interviews-excerpts")):
        section = copy.section(row.section_id)
        words = find_excerpt(section.text, int(row.n_words), row.sha256) if section else None
        if words:
            yield row, words, IN_SECTION
        else:
            words = find_excerpt(copy.whole.text, int(row.n_words), row.sha256)
            yield row, words or "", ELSEWHERE if words else ""


def check_excerpts(study: Study, copy: Copy) -> Iterator[Check]:
    """Look for a passage with each excerpt's hash, then count its words and terms."""
    if not has(study, "interviews-excerpts", "excerpt_id", "section_id", "n_words", "sha256"):
        return
    families = _families(study)
    for row, words, where in _found_excerpts(study, copy):
        passage = copy.section(row.section_id) if where == IN_SECTION else copy.whole
        match = passage.find(words) if passage and words else None
        how = match.how if match else JOINED
        yield _check("excerpt", row.excerpt_id, f"passage with hash {row.sha256[:12]}…", where, how)
        if words:
            yield from _counted("excerpt", row.excerpt_id, row, words, families, (where, how))


def _families(study: Study) -> dict[str, list[str]]:
    return patterns(study) if has(study, "terms", "term_family", "patterns") else {}


def _counted(
    prefix: str, identifier: str, row: Any, words: str, families: dict[str, list[str]], place: tuple[str, str]
) -> Iterator[Check]:
    terms = {k: v for k, v in families.items() if hasattr(row, f"n_{k}")}
    if terms:
        wanted = {k: int(getattr(row, f"n_{k}")) for k in terms}
        what = ", ".join(f"{k} {n}" for k, n in wanted.items())
        yield _check(f"{prefix} terms", identifier, what, *(place if count_terms(words, terms) == wanted else ("", "")))
    if hasattr(row, "n_words"):
        right = count_words(words) == int(row.n_words)
        yield _check(f"{prefix} words", identifier, f"{row.n_words} words", *(place if right else ("", "")))


def check_bibliography(study: Study, copy: Copy) -> Iterator[Check]:
    """Look for every bibliographic field in the printed entry that its reference belongs to."""
    for section_id, keys in _reference_sections(study).items():
        body = copy.section(section_id) or copy.whole
        where = IN_SECTION if copy.section(section_id) else ELSEWHERE
        printed = {key: _printed_entry(body, study.bibliography[key]) for key in keys}
        starts = sorted(start for start, _ in filter(None, printed.values()))
        for key in keys:
            yield from _entry(study.bibliography[key], key, body, printed[key], starts, where)


def _reference_sections(study: Study) -> dict[str, list[str]]:
    """Say in which section each entry is printed: numbered ones in the list, others where a table has their key."""
    sections = study.table("sections")
    listed = sections["title"].str.contains(r"references|bibliography", case=False, regex=True)
    main = str(sections.loc[listed, "section_id"].iloc[-1]) if listed.any() else ""
    cited: dict[str, str] = {}
    for name in study:
        if has(study, name, "citation_key", "section"):
            for row in each_row(study.table(name)):
                cited.setdefault(row.citation_key, row.section)
    places: dict[str, list[str]] = {}
    for key, entry in study.bibliography.items():
        section = main if entry.get("refnumber") or key not in cited else cited[key]
        places.setdefault(section, []).append(key)
    return places


def _printed_entry(body: Passage, entry: dict[str, str]) -> tuple[int, Match] | None:
    """Find where an entry starts and its title: where that comes several times, the place nearest after its author."""
    best: tuple[int, Match] | None = None
    first = (surnames(entry) or [""])[0]
    for match in body.matches(entry.get("title", "")):
        before = [m.start for m in body.matches(first, max(0, match.start - 2 * _REACH), match.start)]
        start = before[-1] if before else match.start
        if best is None or (before and match.start - start < (best[1].start - best[0] or len(body.text))):
            best = start, match
    return best


def _entry(
    entry: dict[str, str], key: str, body: Passage, printed: tuple[int, Match] | None, starts: list[int], where: str
) -> Iterator[Check]:
    """Look for an entry's fields between its start and that of the next one, what follows the title first."""
    fields = [("author", name) for name in surnames(entry) if name != "others"]
    fields += [(field, entry[field]) for field in _FIELDS if entry.get(field)]
    if printed is None:
        yield from (_check("bibliography", f"{key} {field}", value, "") for field, value in fields)
        return
    start, title = printed
    end = min((other for other in starts if other > start), default=len(body.text))
    for field, value in fields:
        only = {"author": [(start, title.start), (title.end, end)], "title": [(title.start, title.end)]}
        tried = only.get(field, [(title.end, end), (start, title.start)])
        match = next((m for a, b in tried if (m := body.find(value, a, b))), None)
        yield _check("bibliography", f"{key} {field}", value, where if match else "", match.how if match else "")


def _has_scores(study: Study) -> bool:
    return (
        has(study, "appraisal-components", "component_id", "label", "order")
        and has(study, "appraisal-scores", "review_id", "component_id", "score")
        and has(study, "appraisal-overall", "review_id", "score", "table_order", "section", "anchor")
    )


def check_scores(study: Study, copy: Copy) -> Iterator[Check]:
    """Look for the run of scores after each review's citation."""
    if not _has_scores(study):
        return
    rows = review_rows(study, copy)
    section = dict(zip(*(study.table("appraisal-overall")[c] for c in ("review_id", "section")), strict=True))
    for key, scores in expected_scores(study).items():
        match = rows[key].scores if key in rows else None
        where = IN_SECTION if copy.section(section[key]) else ELSEWHERE
        yield _check("scores", key, " ".join(scores), where if match else "", match.how if match else "")


def check_counts(study: Study, copy: Copy) -> Iterator[Check]:
    """Look for every printed count beside its anchor, in digits or as a word."""
    for name, column in (
        ("screening-flow", "count"),
        ("interviews-levels", "n_interviews"),
        ("interviews-methods", "value"),
    ):
        if not has(study, name, column, "section", "anchor"):
            continue
        for row in each_row(study.table(name)):
            value = str(getattr(row, column))
            printed = getattr(row, "reported", "printed") == "printed" and getattr(row, "unit", "count")
            if printed and value.isdecimal():
                yield _near(_identifier(study, name, row), row, int(value), copy)
    yield from _review_counts(study, copy)


def _near(identifier: str, row: Any, number: int, copy: Copy) -> Check:
    for where, body in ((IN_SECTION, copy.section(row.section)), (ELSEWHERE, copy.whole)):
        for place in body.matches(row.anchor) if body else ():
            match = _number(body, number, max(0, place.start - _REACH), place.end + _REACH) if body else None
            if match:
                return _check("count", identifier, str(number), where, match.how)
    return _check("count", identifier, str(number), "")


def _number(body: Passage, number: int, start: int, end: int) -> Match | None:
    forms = [
        str(number),
        f"{number:,}",
        *(form for word in [in_words(number)] if word for form in (word, word.capitalize())),
    ]
    return next((match for form in forms if (match := body.find(form, start, min(end, len(body.text))))), None)


def _review_counts(study: Study, copy: Copy) -> Iterator[Check]:
    """Look for the numbers of studies and the years covered in the printed row of each review."""
    columns = [c for c in ("n_studies", "years_from", "years_to") if has(study, "appraisal-characteristics", c)]
    if not columns or not _has_scores(study):
        return
    rows = review_rows(study, copy)
    for row in each_row(study.table("appraisal-characteristics")):
        for column in columns:
            value = getattr(row, column)
            if not pd.isna(value):
                block = rows[row.review_id].block if row.review_id in rows else None
                match = _number(block, int(value), 0, len(block.text)) if block else None
                place = (IN_SECTION, match.how) if match else ("", "")
                yield _check("count", f"appraisal-characteristics {row.review_id} {column}", str(value), *place)


def check_urls(study: Study, copy: Copy) -> Iterator[Check]:
    """Look for every address in its section."""
    for name in study:
        if has(study, name, "url", "section"):
            for row in each_row(study.table(name)):
                if row.url:
                    yield _check("url", _identifier(study, name, row), row.url, *copy.locate(row.url, row.section))


def _has_documents(study: Study) -> bool:
    columns = ("document_id", "name", "name_narrative", "url", "note", "narrative")
    return has(study, "policy-documents", *columns) and has(study, "policy-mentions", "document_id", "place", "section")


def check_documents(study: Study, copy: Copy) -> Iterator[Check]:
    """Count words, terms and page references in what the report says of each document."""
    if not _has_documents(study):
        return
    passages, families = document_passages(study, copy), _families(study)
    for row in each_row(study.table("policy-mentions")):
        identifier, text = f"{row.document_id}/{row.place}", passages.get((row.document_id, row.place))
        if text is None:
            yield _check("passage", identifier, f"{row.place} of {row.document_id}", "")
            continue
        line = as_one_line(text)
        how = EXACTLY if line == text.strip() else JOINED
        yield _check("passage", identifier, f"{row.place} of {row.document_id}", IN_SECTION, how)
        yield from _counted("passage", identifier, row, line, families, (IN_SECTION, how))
        for page in re.findall(r"\d+", getattr(row, "pages_cited", "")):
            there = re.search(rf"\bp\.? ?{page}\b", line)
            yield _check("page reference", identifier, f"page {page}", IN_SECTION if there else "", how)


CHECKS: list[Callable[[Study, Copy], Iterator[Check]]] = [
    check_anchors,
    check_excerpts,
    check_bibliography,
    check_scores,
    check_counts,
    check_urls,
    check_documents,
]
"""All kinds of checks, in the order in which they are told."""
