"""Stage 3: another rule or threshold: who enters the synthesis, and which findings gain or lose support."""

from __future__ import annotations

import pandas as pd

from compendium.analysis import appraisal, sensitivity
from compendium.analysis.weight_of_evidence import PRINTED, PUBLISHED, ranks, rule_labels, synthesised
from compendium.data.study import Study, each_row
from compendium.explore.controls import Choice
from compendium.explore.panel import Panel, State, View, show
from compendium.publishing.publish import StageRun

WHAT = {
    "findings_losing_support": "loses support",
    "findings_left_without": "is left with no support from the literature",
    "findings_gaining_support": "gains support",
    "themes_losing_support": "loses a review",
    "themes_left_without": "is left with no review",
}
"""What becomes of a finding or a theme, by the names of :data:`compendium.analysis.sensitivity.CONSEQUENCES`."""


def panel(study: Study) -> Panel:
    """Offer the rules and the thresholds."""
    scale = study.table("appraisal-scale").set_index("score")["label"]
    thresholds = {PUBLISHED: "as published", **{score: f"{score} ({scale[score]})" for score in ranks(study)}}
    controls = [
        Choice("woe_rule", "Rule for the overall weight", PRINTED, options=rule_labels(study)),
        Choice("woe_threshold", "Worst weight that enters", PUBLISHED, options=thresholds),
    ]
    return Panel(controls, lambda state: view(study, state))


def view(study: Study, state: State) -> View:
    """Show the judgements with the line of selection, and what changes above it."""
    chosen = state["woe_rule"], state["woe_threshold"]
    changed = consequences(study, *chosen)
    told = [appraisal.selection_sentence(study, *chosen)]
    if changed.empty:
        told.append("No finding and no theme of the literature gains or loses support.")
    tables = [] if changed.empty else [("What gains or loses support", changed)]
    picture = {"figure": appraisal.appraisal_chart(study, *chosen), "artefact": "s-appraisal"}
    return View(told, tables, alt=appraisal.describe_appraisal(study, *chosen), **picture)


def consequences(study: Study, woe_rule: str = PRINTED, woe_threshold: str = PUBLISHED) -> pd.DataFrame:
    """Say which findings and themes gain or lose support against the published selection.

    Returns
    -------
    pandas.DataFrame
        Columns ``identifier``, ``what`` (a finding or the title of a theme) and ``change``; empty where nothing does.
    """
    found = sensitivity.support(study).consequences(synthesised(study, woe_rule, woe_threshold))
    labels = {row.theme_id: row.theme for row in each_row(study.table("appraisal-synthesis-themes"))}
    if "conclusions-findings" in study:
        labels |= {row.finding_id: row.finding for row in each_row(study.table("conclusions-findings"))}
    changes: dict[str, list[str]] = {}
    for name, told in WHAT.items():
        for identifier in found[name]:
            changes.setdefault(identifier, []).append(told)
    rows = [(name, labels.get(name, ""), " and ".join(told)) for name, told in changes.items()]
    return pd.DataFrame(rows, columns=["identifier", "what", "change"])


def play(stage: StageRun, woe_rule: str = PRINTED, woe_threshold: str | int = PUBLISHED, file: str = "") -> None:
    """Show the section; see :func:`compendium.explore.panel.show`."""
    show(stage, panel(stage.study), {"woe_rule": woe_rule, "woe_threshold": str(woe_threshold)}, file)
