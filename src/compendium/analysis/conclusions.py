"""Stage 6: what the study concludes, question by question, and the rows that each conclusion rests on."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from compendium.analysis import weight_of_evidence
from compendium.audit import citations
from compendium.data.bibliography import short_citation
from compendium.data.study import Study, each_row, once_per_study, split_list
from compendium.publishing import plot_style as style
from compendium.publishing.provenance import computed, mark, traced

PARTLY = "partly supports"
SUPPORTING = ("supports", PARTLY)
CONTRADICTING = "contradicts"
LITERATURE, POLICY = "literature", "policy"
AGREEMENT, DISSONANCE, SILENCE = "agreement", "dissonance", "silence"
_KINDS = {"review": LITERATURE, "literature_theme": LITERATURE, "citation": LITERATURE, "document": POLICY}
TARGETS = {
    "review": ("appraisal-overall", "review_id"),
    "literature_theme": ("appraisal-synthesis-themes", "theme_id"),
    "document": ("policy-documents", "document_id"),
    "theme": ("interviews-themes", "theme_id"),
    "subtheme": ("interviews-subthemes", "subtheme_id"),
    "excerpt": ("interviews-excerpts", "excerpt_id"),
    "guide": ("interviews-guide", "item_id"),
}
"""Kind of evidence to the table and column that its identifiers live in."""


def questions_table(study: Study) -> pd.DataFrame:
    """List the research questions: columns ``question_id``, ``question``."""
    return study.table("conclusions-questions")[["question_id", "question"]]


def sources(study: Study) -> list[str]:
    """Kinds of source that evidence comes from: the literature, policy, and each level of the interviews."""
    return [LITERATURE, POLICY, *study.table("interviews-levels")["level_id"]]


def evidence(study: Study) -> pd.DataFrame:
    """Return the links from findings to evidence with the kind of source each belongs to.

    Returns
    -------
    pandas.DataFrame
        The table ``conclusions-evidence`` with a column ``source`` (see :func:`sources`; ``""`` where the target
        is none of them).
    """
    links = study.table("conclusions-evidence")
    themes = study.table("interviews-themes").set_index("theme_id")["level_id"]
    subthemes = study.table("interviews-subthemes").set_index("subtheme_id")["theme_id"].map(themes)
    excerpts = study.table("interviews-excerpts").set_index("excerpt_id")["level"]
    level = {"theme": themes.to_dict(), "subtheme": subthemes.to_dict(), "excerpt": excerpts.to_dict()}
    links["source"] = [
        _KINDS.get(row.target_kind) or str(level.get(row.target_kind, {}).get(row.target_id, ""))
        for row in each_row(links)
    ]
    return links


def dangling(study: Study) -> pd.DataFrame:
    """Links whose target does not exist; empty in a sound study."""
    links = study.table("conclusions-evidence")
    known = {kind: set(study.table(table)[column]) for kind, (table, column) in TARGETS.items()}
    known["citation"] = set(study.bibliography)
    lost = [row.target_id not in known.get(row.target_kind, set()) for row in each_row(links)]
    return links[lost]


def evidence_table(study: Study) -> pd.DataFrame:
    """List every row of evidence, so that an identifier met elsewhere can be looked up.

    Returns
    -------
    pandas.DataFrame
        Columns ``evidence_id``, ``finding_id``, ``finding``, ``source`` (see :func:`sources`), ``target_kind``,
        ``target_id``, ``target`` (citation, title, or gist of what is pointed at; ``""`` where it does not exist),
        ``relation`` and ``note``.
    """
    table, labels = evidence(study), _target_labels(study)
    findings = study.table("conclusions-findings").set_index("finding_id")["finding"]
    table["finding"] = [findings.get(finding, "") for finding in table["finding_id"]]
    table["target"] = [labels.get((row.target_kind, row.target_id), "") for row in each_row(table)]
    columns = ["evidence_id", "finding_id", "finding", "source", "target_kind", "target_id", "target"]
    return table[[*columns, "relation", "note"]]


def _target_labels(study: Study) -> dict[tuple[str, str], str]:
    """Label of each row that evidence can point at, by kind and identifier."""
    labels = {("citation", key): short_citation(entry) for key, entry in study.bibliography.items()}
    for kind in study.table("conclusions-evidence")["target_kind"].unique():
        if kind in LABEL_COLUMNS:
            name, column = TARGETS[kind]
            table = study.table(name)
            labels |= {(kind, row[column]): row[LABEL_COLUMNS[kind]] for row in table.to_dict("records")}
        if kind == "review":
            labels |= {(kind, review): citation for review, citation in weight_of_evidence.citations(study).items()}
    return labels


LABEL_COLUMNS = {"literature_theme": "theme", "document": "name", "theme": "theme", "subtheme": "subtheme"}
LABEL_COLUMNS |= {"excerpt": "gist", "guide": "question"}


def findings_table(study: Study) -> pd.DataFrame:
    """List the findings with what supports them.

    Returns
    -------
    pandas.DataFrame
        Columns ``finding_id``, ``kind``, ``finding``, ``questions``, ``place``, ``supporting`` and ``contradicting``
        (numbers of rows), ``rests_on`` (identifiers).
    """
    links = evidence(study)
    table = study.table("conclusions-findings")[["finding_id", "kind", "finding", "questions", "place"]]
    for name, relations in (("supporting", SUPPORTING), ("contradicting", (CONTRADICTING,))):
        counts = links[links["relation"].isin(relations)].groupby("finding_id").size()
        table[name] = [int(counts.get(finding, 0)) for finding in table["finding_id"]]
    targets = links[links["relation"].isin(SUPPORTING)].groupby("finding_id")["target_id"].agg("; ".join)
    table["rests_on"] = [targets.get(finding, "") for finding in table["finding_id"]]
    return table


@once_per_study
def joint_display(study: Study) -> pd.DataFrame:
    """Cross research questions with sources (Fetters, Curry & Creswell 2013, joint display).

    Returns
    -------
    pandas.DataFrame
        One row per question and source: ``question_id``, ``source``, ``findings``, ``supporting``, ``partly`` (how many
        of these support in part), ``contradicting``, ``verdict`` (*agreement*, *dissonance* or *silence*), ``rows``
        and ``rows_against`` (identifiers of all and of the contradicting evidence).
    """
    findings = study.table("conclusions-findings")
    links = evidence(study)
    asked = findings.assign(question_id=findings["questions"].map(split_list)).explode("question_id")
    answering = links.reset_index().merge(asked[["finding_id", "question_id"]], on="finding_id").sort_values("index")
    cells = dict(list(answering.groupby(["question_id", "source"])))
    rows = []
    for question in study.table("conclusions-questions")["question_id"]:
        for source in sources(study):
            cell = cells.get((question, source), links.iloc[:0])
            opposed = cell["relation"] == CONTRADICTING
            against = int(opposed.sum())
            supporting = len(cell) - against
            verdict = DISSONANCE if against else AGREEMENT if supporting else SILENCE
            row = {"question_id": question, "source": source, "findings": int(cell["finding_id"].nunique())}
            row |= {"supporting": supporting, "partly": int((cell["relation"] == PARTLY).sum())}
            row |= {"contradicting": against, "verdict": verdict, "rows": "; ".join(cell["evidence_id"])}
            rows.append({**row, "rows_against": "; ".join(cell.loc[opposed, "evidence_id"])})
    return pd.DataFrame(rows)


VERDICT_COLORS = {AGREEMENT: style.GREEN, DISSONANCE: style.ORANGE, SILENCE: style.PAPER}


def joint_display_chart(study: Study) -> go.Figure:
    """Draw the joint display: questions down, sources across; agreement, dissonance or silence in each cell.

    Returns
    -------
    plotly.graph_objects.Figure
        Each cell says its verdict in words, how many rows of evidence are for (and in part) and how many against, and
        shows them as a bar; pointing at it lists the rows.
    """
    cells = joint_display(study)
    questions = study.table("conclusions-questions")
    columns = sources(study)
    height = 110 + 110 * len(questions)
    sheet = style.Sheet(style.WIDTH, height)
    left, width = 270, (style.WIDTH - 280) / len(columns)
    for number, source in enumerate(columns):
        x = left + width * (number + 0.5)
        label = f"<b>{style.text(source.capitalize())}</b>"
        sheet.add_annotation(x=x, y=height - 40, text=label, showarrow=False, font={"size": style.LARGE})
    for number, question in enumerate(each_row(questions)):
        y = height - 80 - 110 * (number + 0.5)
        label = f"<b>{style.text(question.question_id)}</b>  {style.wrap(question.short, 30)}"
        sheet.add_annotation(x=20, y=y, text=label, showarrow=False, xanchor="left", align="left")
        for place, source in enumerate(columns):
            cell = cells[(cells["question_id"] == question.question_id) & (cells["source"] == source)].iloc[0]
            _draw_cell(sheet, cell, (left + width * (place + 0.5), y), (width - 14, 92))
    return sheet.figure()


def _draw_cell(sheet: style.Sheet, cell: pd.Series, centre: tuple[float, float], size: tuple[float, float]) -> None:
    verdict, supporting, against = cell["verdict"], int(cell["supporting"]), int(cell["contradicting"])
    label = f"<b>{verdict}</b>"
    if verdict != SILENCE:
        label += f"<br>{supporting} for" + (f" ({_in_part(supporting, int(cell['partly']))})" if cell["partly"] else "")
        label += f"<br>{against} against<br> "
    color = VERDICT_COLORS[verdict]
    look: dict[str, Any] = {
        "fill": style.TINTS.get(color, style.PAPER),
        "line": style.MUTED if verdict == SILENCE else color,
    }
    look |= {"dash": "dot" if verdict == SILENCE else "solid"}
    style.box(sheet, centre, size, label, font={"size": style.SMALL}, hover=_hover(cell), **look)
    if verdict != SILENCE:
        _draw_shares(sheet, (supporting, against), (centre[0], centre[1] - size[1] / 2 + 14), size[0] - 24)


def _in_part(supporting: int, partly: int) -> str:
    return "all in part" if partly == supporting else f"{partly} in part"


def _hover(cell: pd.Series) -> str:
    text = f"{style.text(cell['question_id'])} × {style.text(cell['source'])}: {cell['verdict']}"
    text += f"<br>rows of evidence for {cell['findings']} findings"
    against = split_list(cell["rows_against"])
    for name, rows in (("for", [r for r in split_list(cell["rows"]) if r not in against]), ("against", against)):
        text += f"<br>{name}: {style.wrap(', '.join(rows), 60)}" if rows else ""
    return text


def _draw_shares(sheet: style.Sheet, counts: tuple[int, int], middle: tuple[float, float], width: float) -> None:
    """Draw how many rows are for (light) and how many against (dark, also in grey) as one thin bar."""
    x, y = middle[0] - width / 2, middle[1]
    for count, color in zip(counts, (style.GREEN, style.INK), strict=True):
        end = x + width * count / sum(counts)
        corners = {"x0": x, "x1": end, "y0": y - 4, "y1": y + 4}
        sheet.add_shape(type="rect", **corners, fillcolor=color, line={"width": 0}, layer="above")
        x = end


def describe_joint_display(study: Study) -> str:
    """Say in words what the joint display shows."""
    cells = joint_display(study)
    parts = []
    for question, group in cells.groupby("question_id", sort=False):
        cell = [f"{c.source} {c.verdict} ({c.supporting} for, {c.contradicting} against)" for c in each_row(group)]
        parts.append(f"{question}: {', '.join(cell)}")
    return "Grid of research questions by source. " + "; ".join(parts) + "."


def answers_table(study: Study) -> pd.DataFrame:
    """Count what answers each question: columns ``question_id``, ``question``, ``findings`` and one per source."""
    cells = joint_display(study)
    findings = study.table("conclusions-findings")
    table = questions_table(study)
    asked = [sum(q in split_list(cell) for cell in findings["questions"]) for q in table["question_id"]]
    table["findings"] = asked
    for source in sources(study):
        mine = cells[cells["source"] == source].set_index("question_id")["supporting"]
        table[f"{source}_rows"] = list(mine.loc[table["question_id"]])
    return table


@traced("conclusions")
def results(study: Study) -> dict[str, Any]:
    """Return the named results of the stage: questions, findings by kind, findings without support."""
    findings = findings_table(study)
    cells = joint_display(study)
    unsupported = list(findings.loc[findings["supporting"] == 0, "finding_id"])
    return {
        "questions": len(study.table("conclusions-questions")),
        "findings": int((findings["kind"] == "finding").sum()),
        "limitations": int((findings["kind"] == "limitation").sum()),
        "recommendations": int((findings["kind"] == "recommendation").sum()),
        "evidence_links": len(study.table("conclusions-evidence")),
        "evidence_dangling": len(dangling(study)),
        "findings_without_evidence": len(unsupported),
        "findings_without_evidence_ids": unsupported,
        "findings_contradicted": int((findings["contradicting"] > 0).sum()),
        "cells_silent": int((cells["verdict"] == "silence").sum()),
        "cells_dissonant": int((cells["verdict"] == "dissonance").sum()),
        **citations.results(study),
    }


@computed
def support_sentence(study: Study) -> str:
    """Say how many findings rest on rows of the results, and which do not."""
    found = results(study)
    kinds = ("findings", "limitations", "recommendations")
    total = mark(sum(found[kind] for kind in kinds), *(f"conclusions.{kind}" for kind in kinds))
    resting = mark(total - found["findings_without_evidence"], "s-findings", "conclusions.findings_without_evidence")
    text = f"{resting} of {total} findings, limitations and recommendations point at "
    text += f"rows that support them ({found['evidence_links']} links)"
    without = ", ".join(found["findings_without_evidence_ids"])
    return f"{text}; without support: {without}." if without else f"{text}."


@computed
def summary(found: dict[str, Any], earlier: dict[str, dict[str, Any]]) -> str:
    """Say how much is concluded from how much.

    Parameters
    ----------
    found
        From :func:`results`.
    earlier
        Results of the other stages by name.
    """
    text = f"From {earlier['appraisal']['synthesised']} reviews, {earlier['policy']['documents']} policy documents and "
    text += f"{earlier['interviews']['interviews']} interviews the report draws {found['findings']} findings, "
    return text + f"{found['limitations']} limitations and {found['recommendations']} recommendations."
