"""Stage 6: any finding down to the rows it rests on and their places in the report; any claim and its recomputation."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from compendium.analysis import conclusions
from compendium.audit import claims
from compendium.audit.facts import Facts
from compendium.data.bibliography import short_citation
from compendium.data.study import Study, each_row, once_per_study
from compendium.explore.controls import Choice
from compendium.explore.panel import Panel, State, View, show
from compendium.publishing import plot_style as style
from compendium.publishing.publish import StageRun

FINDINGS, CITED = "conclusions-findings", "conclusions-citations-in-text"
RELATIONS = {"supports": style.GREEN, conclusions.PARTLY: style.SKY, conclusions.CONTRADICTING: style.VERMILION}
_LABEL = 90


def panel(study: Study) -> Panel:
    """Offer every finding and every claim."""
    findings = {row.finding_id: _label(row.finding_id, row.finding) for row in each_row(study.table(FINDINGS))}
    controls = [Choice("finding", "Finding", "", options=findings)] if findings else []
    checked = audited(study)
    if len(checked):
        names = {row.claim_id: _label(f"{row.claim_id} ({row.status})", row.claim) for row in each_row(checked)}
        controls.append(Choice("claim", "Claim", "", options=names))
    return Panel(controls, lambda state: view(study, state, controls))


def _label(identifier: str, text: str) -> str:
    return f"{identifier}: {text if len(text) <= _LABEL else text[: _LABEL - 1] + '…'}"


@once_per_study
def audited(study: Study) -> pd.DataFrame:
    """Return the claims recomputed; see :func:`compendium.audit.claims.claims`."""
    return claims.claims(study)


def view(study: Study, state: State, controls: list[Choice]) -> View:
    """Show what a finding rests on, and how a claim was recomputed."""
    chosen = {control.name: control.value(state[control.name]) for control in controls}
    finding, claim = chosen.get("finding", ""), chosen.get("claim", "")
    last = [(f"How {claim} was recomputed", recomputed(study, claim))] if claim else []
    if not finding:
        return View(["This study lists no findings."], last)
    rows = chain(study, finding)
    told = finding_sentence(study, finding, rows)
    tables = [(f"What {finding} rests on, down to the row and its place in the report", narrow(rows)), *last]
    return View([told], tables, figure=evidence_chart(study, finding), alt=told)


def places(study: Study) -> dict[str, str]:
    """Return identifier and title of each section of the report, by identifier."""
    return {row.section_id: f"{row.section_id} {row.title}" for row in each_row(study.table("sections"))}


def finding_sentence(study: Study, finding: str, rows: pd.DataFrame) -> str:
    """Say what is found, where the report says so, and on how many rows it rests."""
    row = next(row for row in each_row(study.table(FINDINGS)) if row.finding_id == finding)
    section = places(study).get(row.section, row.section)
    text = f"{finding} ({row.kind}): {row.finding}. Said in {section}, at “{row.anchor}”. "
    if rows.empty:
        return text + "No row of the results is tied to it."
    counts = rows["relation"].value_counts()
    return text + "Rows of the results: " + ", ".join(f"{counts[r]} that {_verb(r)}" for r in counts.index) + "."


def _verb(relation: str) -> str:
    return {"supports": "support it", conclusions.PARTLY: "support it in part"}.get(relation, "contradict it")


def chain(study: Study, finding: str) -> pd.DataFrame:
    """Follow a finding to its evidence.

    Parameters
    ----------
    study
        The study.
    finding
        Identifier.

    Returns
    -------
    pandas.DataFrame
        One row per link: ``evidence_id``, ``relation``, ``source``, ``target_id``, ``target`` (in words), ``row`` (file
        and row of the data), ``section`` and ``anchor`` (where the report has it), ``why``.
    """
    links = conclusions.evidence_table(study)
    links = links[links["finding_id"] == finding]
    found = [_target(study, row.target_kind, row.target_id) for row in each_row(links)]
    table = links[["evidence_id", "relation", "source", "target_id", "target"]].reset_index(drop=True)
    for column in ("row", "section", "anchor"):
        table[column] = [place[column] for place in found]
    table["why"] = list(links["note"])
    return table


def narrow(rows: pd.DataFrame) -> pd.DataFrame:
    """Join columns of :func:`chain` so that a screen holds them: what is pointed at, and its place in the report."""
    table = rows[["evidence_id", "relation", "source"]].copy()
    table["target"] = [f"{row.target_id}: {row.target}" for row in each_row(rows)]
    table["row"] = rows["row"]
    table["place"] = [
        ", ".join(filter(None, [row.section, row.anchor and f"“{row.anchor}”"])) for row in each_row(rows)
    ]
    return table.assign(why=rows["why"])


def _target(study: Study, kind: str, identifier: str) -> dict[str, str]:
    """Find a row of data by kind and identifier: its file and row, and its place in the report."""
    name, column = conclusions.TARGETS.get(kind, (CITED, "citation_key"))
    table = study.table(name) if name in study else pd.DataFrame({column: []})
    rows = table.index[table[column] == identifier]
    if kind == "citation" and not len(rows):
        entry = study.bibliography.get(identifier, {})
        return {"row": f"references.bib: {short_citation(entry)}" if entry else "", "section": "", "anchor": ""}
    if not len(rows):
        return {"row": "", "section": "", "anchor": ""}
    row = table.loc[rows[0]]
    section = str(row.get("section", row.get("section_id", "")))
    place = f"{study.resources[name]['path']}, row {int(rows[0]) + 2}"
    return {"row": place, "section": places(study).get(section, section), "anchor": str(row.get("anchor", ""))}


def recomputed(study: Study, claim: str) -> pd.DataFrame:
    """Say how a claim was recomputed.

    Returns
    -------
    pandas.DataFrame
        Columns ``what`` and ``value``: the claim, its place, the published value, the result that checks it, the files
        that this result is made from, the recomputed value and the status, or the reason why there is none.
    """
    row = next(row for row in each_row(audited(study)) if row.claim_id == claim)
    told: dict[str, Any] = {
        "claim": row.claim,
        "place": f"{places(study).get(row.section, row.section)}, at “{row.anchor}”",
        "published value": row.published_value,
        "check (a named result)": row.check or "none",
        "made from": "; ".join(files_behind(study, row.check)) if row.check else "",
        "recomputed value": row.recomputed_value,
        "status": row.status,
        "reason": row.reason,
    }
    return pd.DataFrame([(name, value) for name, value in told.items() if value], columns=["what", "value"])


def files_behind(study: Study, check: str) -> list[str]:
    """Name the files of a study that a result is made from: those read by a study opened for it alone."""
    alone = Study(study.folder)
    Facts(alone).value(check)
    return sorted(alone.files_read)


def evidence_chart(study: Study, finding: str) -> go.Figure:
    """Draw how many rows of each source support or contradict a finding.

    Returns
    -------
    plotly.graph_objects.Figure
        One bar per source, cut by relation; the number and the relation stand in each part.
    """
    rows, sources = chain(study, finding), conclusions.sources(study)
    figure = go.Figure(layout={"template": style.template(), "height": 110 + 48 * len(sources), "barmode": "stack"})
    for relation, color in RELATIONS.items():
        counts = [int(((rows["relation"] == relation) & (rows["source"] == source)).sum()) for source in sources]
        text = [f"{count} {relation}" if count else "" for count in counts]
        look: dict[str, Any] = {"marker": {"color": color, "line": {"color": style.PAPER, "width": 2}}}
        names = [style.text(source) for source in sources]
        figure.add_bar(x=counts, y=names, orientation="h", text=text, hoverinfo="none", **look)
    figure.update_xaxes(title="rows of evidence", dtick=1 if len(rows) < len(sources) * 4 else None, rangemode="tozero")
    figure.update_yaxes(autorange="reversed", ticks="", ticklabelstandoff=8)
    return figure


def play(stage: StageRun, finding: str = "", claim: str = "", file: str = "") -> None:
    """Show the section; see :func:`compendium.explore.panel.show`."""
    show(stage, panel(stage.study), {"finding": finding, "claim": claim}, file)
