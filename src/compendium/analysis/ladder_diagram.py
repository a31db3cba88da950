"""A ladder of participation: rungs from the least to the most shared power, grouped into stages."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from compendium.data.study import Study, each_row
from compendium.publishing import plot_style as style

STAGE_COLORS = (style.VERMILION, style.ORANGE, style.GREEN, style.BLUE, style.PURPLE, style.SKY)
RUNG_GAP, LEFT, RIGHT, BOTTOM = 84, 210, 650, 60


def ladder_diagram(study: Study) -> go.Figure:
    """Draw the ladder.

    Parameters
    ----------
    study
        Reads ``appraisal-ladder``: ``order`` 1 is the lowest rung.

    Returns
    -------
    plotly.graph_objects.Figure
        Solid rungs are named in the text, dashed ones inferred; the stage stands beside its rungs.
    """
    rungs = study.table("appraisal-ladder").sort_values("order").reset_index(drop=True)
    height = BOTTOM + RUNG_GAP * len(rungs) + 40
    sheet = style.Sheet(style.WIDTH, height)
    stages = list(dict.fromkeys(rungs["stage"]))
    colors = {stage: STAGE_COLORS[number % len(STAGE_COLORS)] for number, stage in enumerate(stages)}
    for x in (LEFT, RIGHT):
        rail = {"x0": x, "x1": x, "y0": BOTTOM - 30, "y1": height - 30}
        sheet.add_shape(type="line", **rail, line={"color": style.RULE, "width": 12}, layer="below")
    for number, rung in enumerate(each_row(rungs)):
        _draw_rung(sheet, rung, BOTTOM + RUNG_GAP * (number + 0.5), colors[rung.stage])
    for stage in stages:
        _draw_stage(sheet, stage, rungs.index[rungs["stage"] == stage], colors[stage])
    _draw_axis(sheet, height)
    return sheet.figure()


def _draw_rung(sheet: style.Sheet, rung: Any, y: float, color: str) -> None:
    inferred = rung.basis == "inferred"
    label = f"<b>{style.text(rung.rung)}</b>"
    label += f"<br><span style='font-size:{style.SMALL}px'>inferred</span>" if inferred else ""
    hover = f"<b>{style.text(rung.rung)}</b> ({style.text(rung.stage)})<br>{style.wrap(rung.note, 60)}"
    centre, size = ((LEFT + RIGHT) / 2, y), (RIGHT - LEFT, 54)
    dash = "dash" if inferred else "solid"
    looks: dict[str, Any] = {"fill": style.TINTS.get(color, style.PAPER), "line": color, "dash": dash, "width": 2.5}
    style.box(sheet, centre, size, label, font={"size": style.LARGE}, hover=hover, **looks)


def _draw_stage(sheet: style.Sheet, stage: str, members: pd.Index, color: str) -> None:
    low = BOTTOM + RUNG_GAP * float(members.min()) + 12
    high = BOTTOM + RUNG_GAP * (float(members.max()) + 1) - 12
    middle = (low + high) / 2
    bar = {"x0": RIGHT + 40, "x1": RIGHT + 50, "y0": low, "y1": high}
    sheet.add_shape(type="rect", **bar, fillcolor=color, line={"width": 0})
    font = {"size": 24, "color": style.INK}
    text = f"<b>{style.text(stage.capitalize())}</b>"
    sheet.add_annotation(x=RIGHT + 70, y=middle, text=text, showarrow=False, xanchor="left", font=font)


def _draw_axis(sheet: style.Sheet, height: float) -> None:
    x = 90
    style.arrow(sheet, (x, BOTTOM), (x, height - 50), style.INK)
    font = {"size": style.SMALL, "color": style.MUTED}
    for y, text in ((BOTTOM - 22, "least power shared"), (height - 30, "most power shared")):
        sheet.add_annotation(x=x, y=y, text=text, showarrow=False, font=font)


def ladder_table(study: Study) -> pd.DataFrame:
    """List the rungs, the lowest first: columns ``order``, ``rung``, ``stage``, ``basis`` and ``note``."""
    return study.table("appraisal-ladder").sort_values("order")[["order", "rung", "stage", "basis", "note"]]


def describe_ladder(study: Study) -> str:
    """Say in words what the ladder shows."""
    rungs = study.table("appraisal-ladder").sort_values("order")
    parts = []
    for stage, members in rungs.groupby("stage", sort=False):
        named = [f"{r.rung} (inferred)" if r.basis == "inferred" else r.rung for r in each_row(members)]
        parts.append(f"{stage}: {', '.join(named)}")
    return "Ladder from the lowest rung to the highest. " + ". ".join(parts) + "."
