"""Who was interviewed, level by level, and which level can work at another too."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from compendium.analysis.interviews import TOOK_PART
from compendium.data.study import Study, each_row, split_list
from compendium.publishing import plot_style as style

GAP, LEFT, RIGHT = 70, 60, 945
DOT, DOTS_A_ROW, NAME_LINE = 34, 5, 34
RANK = {"macro": 0, "meso": 1, "micro": 2}
"""Higher levels of a system are drawn above lower ones."""


def sample_diagram(study: Study) -> go.Figure:
    """Draw the sample.

    Parameters
    ----------
    study
        Reads ``interviews-levels``, ``-interviewees``, ``-areas`` and ``-agencies``.

    Returns
    -------
    plotly.graph_objects.Figure
        One panel per level: a mark for each interview at the left, the bodies they come from at the right. Nothing
        links a mark to a body. A bracket joins the levels that one of them can span.
    """
    table = study.table("interviews-levels")
    levels = sorted(each_row(table), key=lambda row: RANK.get(row.system_level, 9))
    heights = {level.level_id: _panel_height(study, level) for level in levels}
    height = sum(heights.values()) + (len(levels) - 1) * GAP + 40
    sheet = style.Sheet(style.WIDTH, height)
    top, middles = height - 20, {}
    for level in levels:
        color = style.color_of(level.level_id, list(table["level_id"]))
        _draw_panel(sheet, study, level, (top, top - heights[level.level_id]), color)
        middles[level.level_id] = top - heights[level.level_id] / 2
        top -= heights[level.level_id] + GAP
    for level in levels:
        for other in split_list(level.spans):
            edge = middles[level.level_id] - heights[level.level_id] / 2
            _draw_span(sheet, (middles[level.level_id], middles[other], edge - GAP / 2), level, other)
    return sheet.figure()


def _people(study: Study, level_id: str) -> list[str]:
    people = study.table("interviews-interviewees")
    return list(people.loc[people["level_id"] == level_id, "interviewee_id"])


def _panel_height(study: Study, level: Any) -> int:
    rows_of_dots = math.ceil(len(_people(study, level.level_id)) / DOTS_A_ROW)
    rows_of_names = math.ceil(len(bodies(study, level.system_level)) / 2)
    return max(110 + rows_of_dots * (DOT + 10), 80 + rows_of_names * NAME_LINE)


def bodies(study: Study, system_level: str) -> pd.DataFrame:
    """Return the bodies of a level: agencies at the macro level, areas below it; columns ``name``, ``took_part``."""
    if system_level == "macro":
        return pd.DataFrame({"name": study.table("interviews-agencies")["agency"], "took_part": True})
    areas = study.table("interviews-areas")
    return pd.DataFrame({"name": areas["area"], "took_part": areas["participation"] == TOOK_PART})


def _draw_panel(sheet: style.Sheet, study: Study, level: Any, ends: tuple[float, float], color: str) -> None:
    top, bottom = ends
    tint = style.TINTS.get(color, style.PAPER)
    corners = {"x0": LEFT, "x1": RIGHT, "y0": bottom, "y1": top}
    sheet.add_shape(type="rect", **corners, fillcolor=tint, line={"color": color, "width": 2}, layer="below")
    count = level.n_interviews
    title = f"<b>{style.text(level.name)}</b>  ({style.text(level.system_level)} level)"
    place = {"showarrow": False, "xanchor": "left", "align": "left"}
    sheet.add_annotation(x=LEFT + 24, y=top - 28, text=title, font={"size": 20}, **place)
    number = f"<b>{int(count)}</b> interviews"
    sheet.add_annotation(x=LEFT + 24, y=top - 66, text=number, font={"size": 26}, **place)
    _draw_dots(sheet, _people(study, level.level_id), top - 112, color)
    _draw_bodies(sheet, bodies(study, level.system_level), top - 66)


def _draw_dots(sheet: style.Sheet, ids: list[str], top: float, color: str) -> None:
    xs = [LEFT + 46 + (number % DOTS_A_ROW) * (DOT + 14) for number in range(len(ids))]
    ys = [top - (number // DOTS_A_ROW) * (DOT + 10) for number in range(len(ids))]
    marker = {"size": DOT, "color": color, "line": {"width": 0}}
    font = {"color": style.PAPER if color == style.BLUE else style.INK, "size": 12}
    labels = [style.text(identifier) for identifier in ids]
    hover = [f"Interview {label}" for label in labels]
    sheet.add_scatter(
        x=xs, y=ys, mode="markers+text", marker=marker, text=labels, textfont=font, hovertext=hover, hoverinfo="text"
    )


def _draw_bodies(sheet: style.Sheet, listed: pd.DataFrame, top: float) -> None:
    half = math.ceil(len(listed) / 2)
    for number, body in enumerate(each_row(listed)):
        x = 372 + (number // half) * 312
        y = top - (number % half) * NAME_LINE
        text = style.text(body.name) if body.took_part else f"<i>{style.text(body.name)} – invited, unable</i>"
        color = style.INK if body.took_part else style.MUTED
        font = {"size": 15, "color": color}
        sheet.add_annotation(x=x, y=y, text=text, showarrow=False, xanchor="left", font=font)


def _draw_span(sheet: style.Sheet, heights: tuple[float, float, float], level: Any, other: str) -> None:
    high, low, between = heights
    x = LEFT - 34
    path = f"M {LEFT} {high} L {x} {high} L {x} {low} L {LEFT - 4} {low}"
    line = {"color": style.INK, "width": 2, "dash": "dash"}
    sheet.add_shape(type="path", path=path, line=line)
    style.arrow(sheet, (x, low), (LEFT, low), style.INK)
    text = f"{style.text(level.name)} can also work at the {style.text(other)} level"
    place = {"x": x + 12, "y": between, "xanchor": "left", "showarrow": False}
    sheet.add_annotation(text=text, font={"size": style.SIZE}, **place)


def sample_table(study: Study) -> pd.DataFrame:
    """List the bodies beside the interviews.

    Returns
    -------
    pandas.DataFrame
        One row per body: ``level``, ``system_level``, ``interviews`` (of the whole level), ``body``, ``took_part``.
    """
    rows = []
    for level in each_row(study.table("interviews-levels")):
        head = {"level": level.name, "system_level": level.system_level, "interviews": int(level.n_interviews)}
        listed = each_row(bodies(study, level.system_level))
        rows += [{**head, "body": body.name, "took_part": "yes" if body.took_part else "no"} for body in listed]
    return pd.DataFrame(rows, columns=["level", "system_level", "interviews", "body", "took_part"])


def describe_sample(study: Study) -> str:
    """Say in words what the diagram shows."""
    parts = []
    for level in each_row(study.table("interviews-levels")):
        listed = bodies(study, level.system_level)
        took_part, absent = int(listed["took_part"].sum()), int((~listed["took_part"].astype(bool)).sum())
        text = (
            f"{level.name} ({level.system_level} level): {level.n_interviews} interviews, drawn from {took_part} bodies"
        )
        text += f"; {absent} more were invited but unable" if absent else ""
        spans = split_list(level.spans)
        parts.append(text + (f"; can also work at the {', '.join(spans)} level" if spans else ""))
    return "Two-level picture of the sample. " + ". ".join(parts) + "."
