"""The same study with other counts, criteria, years or voices: what the parameters of three notebooks choose.

Each function returns the study as it is where nothing is changed, and otherwise one with other rows in some tables, so
that every figure, table and sentence made from it follows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from compendium.analysis.screening import flow
from compendium.data.choices import ALL, choose
from compendium.data.study import Study, each_row
from compendium.errors import InputError, Problem, unknown

PRINTED, NOT_KNOWN, CHANGED = "printed", "?", "changed"
_COUNT = re.compile(r"\d{1,9}\Z")
_YEARS = re.compile(r"(\d{4})(?:\s*[-–]\s*(\d{4}))?\Z")


# Screening


def read_counts(study: Study, flow_counts: str = PRINTED) -> dict[str, int | None]:
    """Read counts that stand in for those of the flow of a study; see :func:`parse_counts`."""
    return parse_counts(flow_counts, list(flow(study)["stage_id"]))


def parse_counts(flow_counts: str, boxes: list[str]) -> dict[str, int | None]:
    """Read counts.

    Parameters
    ----------
    flow_counts
        ``printed``, or ``box=count`` joined by commas; a count of ``?`` is one that is not reported.
    boxes
        Identifiers of the boxes that there are.

    Returns
    -------
    dict
        Count by identifier of the box, ``None`` where it is not reported.

    Raises
    ------
    InputError
        All that is wrong: no such box, one given twice, no whole number.
    """
    if flow_counts.strip() == PRINTED:
        return {}
    found: dict[str, int | None] = {}
    problems: list[Problem] = []
    for part in flow_counts.split(","):
        box, _, text = (piece.strip() for piece in part.partition("="))
        if box not in boxes:
            problems += unknown("flow_counts", box, boxes).problems
        elif box in found:
            problems.append(Problem(field="flow_counts", value=part.strip(), reason=f"{box} is given twice"))
        elif text != NOT_KNOWN and not _COUNT.match(text):
            allowed = f"{box}=NUMBER, or {box}={NOT_KNOWN} for one that is not reported"
            problems.append(Problem(field="flow_counts", value=part.strip(), reason="is no count", allowed=allowed))
        else:
            found[box] = None if text == NOT_KNOWN else int(text)
    if problems:
        raise InputError(problems)
    return found


def counts_text(counts: Mapping[str, int | None]) -> str:
    """Write counts as :func:`read_counts` reads them."""
    parts = (f"{box}={NOT_KNOWN if count is None else count}" for box, count in counts.items())
    return ",".join(parts) or PRINTED


def screening(study: Study, flow_counts: str = PRINTED, screening_criteria: str = ALL) -> Study:
    """Return the study with other counts in its flow, or without some of its criteria.

    Parameters
    ----------
    study
        Reads the ``screening-…`` tables.
    flow_counts
        See :func:`read_counts`.
    screening_criteria
        Criteria that apply: ``all``, or identifiers joined by commas. A report that was excluded for a reason tied to
        one that does not apply counts as included; nobody appraised it, so later counts stay as they are.
    """
    counts = read_counts(study, flow_counts)
    criteria = study.table("screening-criteria")
    kept = choose("screening_criteria", screening_criteria, criteria["criterion_id"])
    if not counts and len(kept) == len(criteria):
        return study
    back = resting_on(study, set(criteria["criterion_id"]) - set(kept))
    reports = study.table("screening-full-text")
    returned = reports["citation_key"].isin(back["citation_key"])
    reports.loc[returned, ["decision", "reason_id"]] = ["included", ""]
    return study.with_tables(
        {
            "screening-criteria": criteria[criteria["criterion_id"].isin(kept)],
            "screening-full-text": reports,
            "screening-flow": _flow(study, len(back), counts),
        }
    )


def resting_on(study: Study, criteria: set[str]) -> pd.DataFrame:
    """Return the reports that were excluded at full text for a reason tied to one of these criteria."""
    reasons = study.table("screening-reasons")
    tied = reasons.loc[reasons["criterion_id"].isin(criteria), "reason_id"]
    reports = study.table("screening-full-text")
    return reports[(reports["decision"] == "excluded") & reports["reason_id"].isin(tied)]


def _flow(study: Study, returned: int, counts: Mapping[str, int | None]) -> pd.DataFrame:
    """Move reports from the box of those excluded at full text to the next one, then put given counts in place."""
    rows = flow(study)
    wanted: dict[str, int | None] = {}
    late = rows[(rows["phase"] == "eligibility") & (rows["role"] == "excluded") & rows["count"].notna()]
    if returned and len(late):
        left = late.iloc[-1]
        beside = (rows["role"] == "main") & (rows["from_stage"] == left["from_stage"]) & rows["count"].notna()
        wanted[str(left["stage_id"])] = max(0, int(left["count"]) - returned)
        wanted |= {str(row.stage_id): int(row.count) + returned for row in each_row(rows[beside])}
    for box, count in (wanted | dict(counts)).items():
        place = rows["stage_id"] == box
        rows.loc[place, "count"] = pd.NA if count is None else count
        rows.loc[place, "reported"] = CHANGED
    return rows


def screening_sentences(study: Study, flow_counts: str = PRINTED, screening_criteria: str = ALL) -> list[str]:
    """Say what is not as published; nothing where all is."""
    counts, told = read_counts(study, flow_counts), []
    criteria = list(study.table("screening-criteria")["criterion_id"])
    dropped = [c for c in criteria if c not in choose("screening_criteria", screening_criteria, criteria)]
    if counts:
        labels = study.table("screening-flow").set_index("stage_id")["label"]
        parts = [f"{labels[box]}: {'not reported' if n is None else n}" for box, n in counts.items()]
        told.append(f"Not as published: {'; '.join(parts)}.")
    if dropped:
        back = list(resting_on(study, set(dropped))["citation"])
        text = f"Without {', '.join(dropped)}, {len(back)} of the reports excluded at full text would not be excluded"
        told.append(text + (f" ({'; '.join(back)}); nobody appraised them." if back else "."))
    return told


# Policy


def read_years(study: Study, policy_years: str = ALL) -> tuple[int, int]:
    """Read a span of years in which a study has policy documents; see :func:`parse_years`.

    Raises
    ------
    InputError
        As :func:`parse_years`; no document lies in the span.
    """
    years = study.original.table("policy-documents")["year"].dropna().astype(int)
    bounds = int(years.min()), int(years.max())
    low, high = parse_years(policy_years, bounds)
    if not years.between(low, high).any():
        raise _no_years(policy_years, "holds no document", bounds)
    return low, high


def parse_years(policy_years: str, bounds: tuple[int, int]) -> tuple[int, int]:
    """Read a span of years.

    Parameters
    ----------
    policy_years
        ``all``, one year, or ``FROM-TO``.
    bounds
        First and last year that there are, which is what ``all`` means.

    Raises
    ------
    InputError
        It is no span, or the later year comes first.
    """
    if policy_years.strip() == ALL:
        return bounds
    match = _YEARS.match(policy_years.strip())
    if not match:
        raise _no_years(policy_years, "is no span of years", bounds)
    low, high = int(match[1]), int(match[2] or match[1])
    if low > high:
        raise _no_years(policy_years, "ends before it begins", bounds)
    return low, high


def _no_years(value: str, reason: str, bounds: tuple[int, int]) -> InputError:
    allowed = f"{ALL}, a year or FROM-TO, within {bounds[0]}-{bounds[1]}"
    return InputError(Problem(field="policy_years", value=value, reason=reason, allowed=allowed))


def policy(study: Study, policy_years: str = ALL) -> Study:
    """Return the study with the policy documents of some years only; see :func:`read_years`."""
    if policy_years.strip() == ALL:
        return study
    documents, mentions = study.table("policy-documents"), study.table("policy-mentions")
    documents = documents[documents["year"].between(*read_years(study, policy_years))]
    mentions = mentions[mentions["document_id"].isin(documents["document_id"])]
    return study.with_tables({"policy-documents": documents, "policy-mentions": mentions})


def policy_sentences(study: Study, policy_years: str = ALL) -> list[str]:
    """Say which documents are left out; nothing where none is."""
    before, after = study.table("policy-documents"), policy(study, policy_years).table("policy-documents")
    if len(before) == len(after):
        return []
    low, high = read_years(study, policy_years)
    return [f"Only the {len(after)} of {len(before)} documents from {low} to {high} are looked at."]


# Interviews


def interviews(
    study: Study, interview_levels: str = ALL, interview_themes: str = ALL, interviewees: str = ALL
) -> Study:
    """Return the study with the interviews of some levels, themes and interviewees only.

    Parameters
    ----------
    study
        Reads the ``interviews-…`` tables.
    interview_levels, interview_themes, interviewees
        ``all``, or identifiers joined by commas. Excerpts without a theme, or without a known speaker, are left out
        where themes, or interviewees, are chosen.

    Raises
    ------
    InputError
        No such identifier, or a choice of which no theme or no interviewee is left.
    """
    levels, themes = study.table("interviews-levels"), study.table("interviews-themes")
    people, excerpts = study.table("interviews-interviewees"), study.table("interviews-excerpts")
    chosen = choose("interview_levels", interview_levels, levels["level_id"])
    kept = choose("interview_themes", interview_themes, themes["theme_id"])
    heard = choose("interviewees", interviewees, people["interviewee_id"])
    if len(chosen) == len(levels) and len(kept) == len(themes) and len(heard) == len(people):
        return study
    themes = themes[themes["theme_id"].isin(kept) & themes["level_id"].isin(chosen)]
    people = people[people["interviewee_id"].isin(heard) & people["level_id"].isin(chosen)]
    _require(len(themes), "interview_themes", interview_themes, chosen)
    _require(len(people), "interviewees", interviewees, chosen)
    mine = excerpts["level"].isin(chosen)
    mine &= excerpts["theme_id"].isin(kept) | (interview_themes.strip() == ALL)
    mine &= excerpts["interviewee_id"].isin(heard) | (interviewees.strip() == ALL)
    subthemes = study.table("interviews-subthemes")
    return study.with_tables(
        {
            "interviews-levels": levels[levels["level_id"].isin(chosen)],
            "interviews-themes": themes,
            "interviews-subthemes": subthemes[subthemes["theme_id"].isin(themes["theme_id"])],
            "interviews-interviewees": people,
            "interviews-excerpts": excerpts[mine],
        }
    )


def _require(left: int, parameter: str, value: str, levels: list[str]) -> None:
    if not left:
        reason = f"leaves nothing on the level {', '.join(levels)}"
        raise InputError(Problem(field=parameter, value=value, reason=reason, allowed="some of each"))


def interviews_sentences(study: Study, chosen: Study) -> list[str]:
    """Say what a study made by :func:`interviews` leaves out; nothing where it is the whole."""
    if chosen is study:
        return []
    parts = []
    for table, name in (("excerpts", "excerpts"), ("interviewees", "interviewees"), ("themes", "themes")):
        before, after = len(study.table(f"interviews-{table}")), len(chosen.table(f"interviews-{table}"))
        parts.append(f"{after} of {before} {name}")
    return [f"Only a part is looked at: {', '.join(parts)}. Who is silent here may be quoted elsewhere."]
