"""Stage 2: from the records found to the reviews read: flow, exclusions, conservation of counts."""

from __future__ import annotations

import itertools
from typing import Any

import pandas as pd

from compendium.audit.facts import yes_no
from compendium.data.bibliography import full_reference
from compendium.data.study import Study, each_row
from compendium.publishing.provenance import computed, traced

NOT_REPORTED = "not reported"
BROKEN = "counts do not add up"


def flow(study: Study) -> pd.DataFrame:
    """Return the flow of records in the order of the diagram; ``count`` is ``<NA>`` where it is not reported."""
    return study.table("screening-flow").sort_values("order", kind="stable").reset_index(drop=True)


def flow_table(study: Study) -> pd.DataFrame:
    """List the flow as people read it.

    Returns
    -------
    pandas.DataFrame
        Columns ``phase``, ``step``, ``records`` (count or *not reported*), ``status`` (printed, derived …), ``source``.
    """
    rows = flow(study)
    counts = [NOT_REPORTED if pd.isna(count) else str(count) for count in rows["count"]]
    columns = {"phase": rows["phase"], "step": rows["label"], "records": counts}
    return pd.DataFrame({**columns, "status": rows["reported"], "source": rows["taken_from"]})


def excluded_table(study: Study) -> pd.DataFrame:
    """List the reports excluded at full text (PRISMA 2020, item 16b).

    Returns
    -------
    pandas.DataFrame
        Columns ``citation`` (``Surname et al. YEAR``), ``reference`` (in full) and ``reason``.
    """
    reports = study.table("screening-full-text").sort_values("order", kind="stable")
    reports = reports[reports["decision"] == "excluded"]
    reasons = study.table("screening-reasons").set_index("reason_id")["reason"]
    references = [full_reference(study.bibliography[key]) for key in reports["citation_key"]]
    columns = {"citation": list(reports["citation"]), "reference": references}
    return pd.DataFrame({**columns, "reason": [reasons[key] for key in reports["reason_id"]]})


def reason_counts(study: Study) -> pd.DataFrame:
    """Count the exclusions per reason.

    Returns
    -------
    pandas.DataFrame
        Columns ``reason``, ``reports`` (number) and ``citations`` (joined by ``; ``); most frequent first.
    """
    table = excluded_table(study)
    grouped = table.groupby("reason", sort=False)["citation"]
    counts = pd.DataFrame({"reports": grouped.size(), "citations": grouped.agg("; ".join)}).reset_index()
    return counts.sort_values("reports", ascending=False, kind="stable").reset_index(drop=True)


def conservation(study: Study) -> pd.DataFrame:
    """Check that no record appears or vanishes between two boxes of the diagram.

    Returns
    -------
    pandas.DataFrame
        One row per step: ``step``, ``into`` (records before), ``out`` (excluded plus carried on), ``difference``
        ``unreported_on_the_way`` and ``verdict``; where a count on the way is not reported, records that are
        missing may have left there, and the verdict says how many would have to.
    """
    rows = flow(study)
    main = rows[rows["role"] == "main"]
    found = []
    known: tuple[str, int] | None = None
    excluded_since, unknown = 0, False
    for step in each_row(main):
        leaving = rows[(rows["role"] == "excluded") & (rows["from_stage"] == step.stage_id)]
        if not pd.isna(step.count):
            if known:
                found.append(_balance(known, (step.label, int(step.count)), excluded_since, unknown))
            known, excluded_since, unknown = (step.label, int(step.count)), 0, False
        excluded_since += int(leaving["count"].sum())
        unknown = unknown or bool(leaving["count"].isna().any())
    columns = ["step", "into", "out", "difference", "unreported_on_the_way", "verdict"]
    return pd.DataFrame(found, columns=columns)


def _balance(before: tuple[str, int], after: tuple[str, int], excluded: int, unknown: bool) -> list[Any]:
    difference = before[1] - excluded - after[1]
    if difference < 0 or (difference and not unknown):
        verdict = BROKEN
    else:
        verdict = f"adds up only if what is not reported is {difference or 'zero'}" if unknown else "adds up"
    return [
        f"{before[0]} → {after[0]}",
        before[1],
        excluded + after[1],
        difference,
        "yes" if unknown else "no",
        verdict,
    ]


@traced("screening")
def results(study: Study) -> dict[str, Any]:
    """Return the named results of the stage.

    Keys are the ids of the flow's boxes, and counts made again from what lies below them: the reports listed one
    by one, and the parts that a box divides into.
    """
    rows = flow(study)
    counts = {row.stage_id: None if pd.isna(row.count) else int(row.count) for row in each_row(rows)}
    reports = study.table("screening-full-text")
    listed = reports["decision"].value_counts()
    balance = conservation(study)
    return {
        **counts,
        "identified_from_parts": _from_parts(rows, str(rows["stage_id"].iloc[0])),
        "full_text_listed": len(reports),
        "excluded_listed": int(listed.get("excluded", 0)),
        "included_listed": int(listed.get("included", 0)),
        "reasons": int(reports.loc[reports["reason_id"] != "", "reason_id"].nunique()),
        "reasons_without_criterion": int((study.table("screening-reasons")["criterion_id"] == "").sum()),
        "criteria": len(study.table("screening-criteria")),
        "unreported": int(rows["count"].isna().sum()),
        "steps_that_do_not_add_up": int((balance["verdict"] == BROKEN).sum()),
        "excluded_share": _excluded_share(rows),
        **_boxes_from_neighbours(rows),
        "excluded_with_reason": int(((reports["decision"] == "excluded") & (reports["reason_id"] != "")).sum()),
        "every_reason_tied_to_a_criterion": yes_no(not (study.table("screening-reasons")["criterion_id"] == "").any()),
    }


def _boxes_from_neighbours(rows: pd.DataFrame) -> dict[str, int]:
    """Make counts again from the boxes around: a main box from what left it and what arrived, and the reverse."""
    main = rows[(rows["role"] == "main") & rows["count"].notna()]
    position = {stage: number for number, stage in enumerate(rows["stage_id"])}
    found = {}
    for before, after in itertools.pairwise(each_row(main)):
        between = rows.iloc[position[before.stage_id] + 1 : position[after.stage_id]]
        leaving = between[(between["role"] == "excluded") & between["count"].notna()]
        found[f"{before.stage_id}_from_parts"] = int(leaving["count"].sum()) + int(after.count)
        if len(leaving) == 1:
            found[f"{leaving['stage_id'].iloc[0]}_from_parts"] = int(before.count) - int(after.count)
    return found


def _from_parts(rows: pd.DataFrame, first: str) -> int | None:
    """Add up what left the first box with a count, and what arrived in the next main box with one."""
    main = rows[rows["role"] == "main"].reset_index(drop=True)
    reported = main[main["count"].notna() & (main["stage_id"] != first)]
    if reported.empty:
        return None
    arrived = reported.iloc[0]
    before = set(main.loc[: int(reported.index[0]) - 1, "stage_id"])
    left = rows[(rows["role"] == "excluded") & rows["from_stage"].isin(before)]
    return int(left["count"].sum()) + int(arrived["count"])


def _excluded_share(rows: pd.DataFrame) -> float | None:
    """Share of the records in the first counted box that are not in the last one."""
    known = rows.loc[(rows["role"] == "main") & rows["count"].notna(), "count"]
    return float(1 - known.iloc[-1] / known.iloc[0]) if len(known) and known.iloc[0] else None


def criteria(study: Study) -> pd.DataFrame:
    """List the criteria of eligibility: columns ``criterion``, ``kind``, ``dimension``."""
    return study.table("screening-criteria")[["criterion", "kind", "dimension"]]


@computed
def summary(found: dict[str, Any]) -> str:
    """Say how many records became how many reviews, and what about the flow cannot be known."""
    text = f"Of {found['full_text']} reports read in full, {found['excluded_listed']} are listed as excluded, for "
    text += f"{found['reasons']} distinct reasons, and {found['included_listed']} as included. "
    wrong = found["steps_that_do_not_add_up"]
    text += f"{wrong} steps of the flow do not add up" if wrong else "No step of the flow contradicts another"
    return f"{text}; {found['unreported']} counts that the diagram needs are not reported."
