"""Stage 2: other counts, fewer criteria: what becomes of the flow, and which sums stop adding up."""

from __future__ import annotations

import pandas as pd

from compendium.analysis import what_if
from compendium.analysis.flow_diagram import describe_flow, flow_diagram
from compendium.analysis.screening import BROKEN, conservation, flow
from compendium.analysis.what_if import PRINTED
from compendium.data.choices import ALL, choose
from compendium.data.study import Study, each_row
from compendium.explore.controls import Counts, Several
from compendium.explore.panel import Panel, State, View, show
from compendium.publishing.publish import StageRun


def panel(study: Study) -> Panel:
    """Offer the count of every box and each criterion."""
    rows = each_row(flow(study))
    counts = {row.stage_id: None if pd.isna(row.count) else int(row.count) for row in rows}
    criteria = study.table("screening-criteria")
    names = {row.criterion_id: f"{row.criterion_id}: {row.criterion}" for row in each_row(criteria)}
    controls = [
        Counts("flow_counts", "Counts", labels={row.stage_id: row.label for row in rows}, published=counts),
        Several("screening_criteria", "Criteria that apply", groups={"": names}),
    ]
    return Panel(controls, lambda state: view(study, state))


def view(study: Study, state: State) -> View:
    """Show the diagram, the sums, and what rests on each criterion."""
    chosen = state["flow_counts"], state["screening_criteria"]
    counted = what_if.screening(study, *chosen)
    sums = conservation(counted)
    wrong = list(sums.loc[sums["verdict"] == BROKEN, "step"])
    told = f"These do not add up: {'; '.join(wrong)}." if wrong else "No sum contradicts another."
    tables = [("Does it add up?", sums), ("What rests on each criterion", criteria_table(study, chosen[1]))]
    sentences = [*what_if.screening_sentences(study, *chosen), told]
    picture = {"figure": flow_diagram(counted), "alt": describe_flow(counted), "artefact": "figure-1"}
    return View(sentences, tables, **picture)


def criteria_table(study: Study, screening_criteria: str = ALL) -> pd.DataFrame:
    """Say which exclusions at full text rest on each criterion.

    Returns
    -------
    pandas.DataFrame
        Columns ``criterion``, ``applies`` (*yes* or *no*), ``reports`` (number excluded for a reason tied to it) and
        ``citations``.
    """
    criteria = study.table("screening-criteria")
    kept = choose("screening_criteria", screening_criteria, criteria["criterion_id"])
    rows = []
    for row in each_row(criteria):
        resting = list(what_if.resting_on(study, {row.criterion_id})["citation"])
        applies = "yes" if row.criterion_id in kept else "no"
        rows.append([f"{row.criterion_id}: {row.criterion}", applies, len(resting), "; ".join(resting)])
    return pd.DataFrame(rows, columns=["criterion", "applies", "reports", "citations"])


def play(stage: StageRun, flow_counts: str = PRINTED, screening_criteria: str = ALL, file: str = "") -> None:
    """Show the section; see :func:`compendium.explore.panel.show`."""
    values = {"flow_counts": flow_counts, "screening_criteria": screening_criteria}
    show(stage, panel(stage.study), values, file)
