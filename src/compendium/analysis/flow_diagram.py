"""The flow diagram of records (PRISMA 2020, item 16a), drawn from the flow table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from compendium.analysis.screening import NOT_REPORTED, flow, reason_counts
from compendium.data.study import Study, each_row
from compendium.publishing import plot_style as style

MAIN_X, SIDE_X, PHASE_X = 270, 730, 40
MAIN_WIDTH, SIDE_WIDTH = 330, 420
LINE_HEIGHT, PADDING, GAP, LOWEST = 19, 30, 30, 104
"""Pixels; a box is at least `LOWEST` high, so that the name of its phase fits beside it."""
LABEL_CHARACTERS = 42


@dataclass
class _Box:
    stage_id: str
    lines: list[str]
    hover: str
    unreported: bool
    main: bool
    y: float = 0.0

    @property
    def height(self) -> float:
        needed = len(self.lines) * LINE_HEIGHT + PADDING
        return max(LOWEST, needed) if self.main else needed


def flow_diagram(study: Study) -> go.Figure:
    """Draw the flow diagram.

    Parameters
    ----------
    study
        Reads ``screening-flow``, ``screening-full-text`` and ``screening-reasons``.

    Returns
    -------
    plotly.graph_objects.Figure
        Boxes with counts; dashed where a count is not reported; what each number was taken from, and which
        citations stand behind a reason, on hover.
    """
    rows = flow(study)
    reasons = reason_counts(study)
    listed_at = next((row.stage_id for row in reversed(each_row(rows)) if count_matches(row, reasons)), "")
    none = reasons.iloc[:0]
    boxes = {row.stage_id: _box(row, reasons if row.stage_id == listed_at else none) for row in each_row(rows)}
    height = _place(rows, boxes)
    sheet = style.Sheet(style.WIDTH, int(height))
    _draw_phases(sheet, rows, boxes)
    for row in each_row(rows):
        _draw_box(sheet, boxes[row.stage_id])
        if row.from_stage:
            _draw_arrow(sheet, boxes[row.from_stage], boxes[row.stage_id])
    return sheet.figure()


def _box(row: Any, reasons: pd.DataFrame) -> _Box:
    count = row.count
    unreported = bool(pd.isna(count))
    shown = f"n = {NOT_REPORTED}" if unreported else f"<b>n = {int(count):,}</b>"
    derived = f" ({row.reported})" if row.reported in ("derived", "changed") else ""
    lines = [*style.wrap(row.label, LABEL_CHARACTERS).split("<br>"), shown + derived]
    hover = style.wrap(row.taken_from, 60)
    for reason in each_row(reasons):
        lines += [f"<i>{line}</i>" for line in _reason_lines(reason.reason, reason.reports)]
        hover += f"<br><b>{style.wrap(reason.reason, 60)}</b>: {style.wrap(reason.citations, 60)}"
    return _Box(row.stage_id, lines, hover, unreported, row.role == "main")


def count_matches(row: Any, reasons: pd.DataFrame) -> bool:
    """Tell whether exclusions listed with reasons may stand in a box: excluded, after the full text, counted."""
    late = row.phase == "eligibility" and row.role == "excluded"
    return bool(late and not pd.isna(row.count) and len(reasons))


def _reason_lines(reason: str, reports: int) -> list[str]:
    lines = style.wrap(reason, LABEL_CHARACTERS + 8).split("<br>")
    return [*lines[:-1], f"{lines[-1]} ({reports})"]


def _place(rows: pd.DataFrame, boxes: dict[str, _Box]) -> float:
    """Give every box its height on the page; return the height of the page."""
    top = 20.0
    for row in each_row(rows[rows["role"] == "main"]):
        main = boxes[row.stage_id]
        side = [boxes[s] for s in rows.loc[(rows["from_stage"] == row.stage_id) & (rows["role"] != "main"), "stage_id"]]
        beside = sum(box.height for box in side) + GAP / 2 * max(0, len(side) - 1)
        row_height = max(main.height, beside)
        main.y = top + main.height / 2
        at = top
        for box in side:
            box.y = at + box.height / 2
            at += box.height + GAP / 2
        top += row_height + GAP
    for box in boxes.values():
        box.y = top - box.y  # y upwards
    return top


def _draw_box(sheet: style.Sheet, box: _Box) -> None:
    x, width = (MAIN_X, MAIN_WIDTH) if box.main else (SIDE_X, SIDE_WIDTH)
    fill = style.TINTS[style.BLUE] if box.main else style.PAPER
    line = style.MUTED if box.unreported else style.BLUE if box.main else style.INK
    label = "<br>".join(box.lines)
    dash = "dot" if box.unreported else "solid"
    font = {"size": style.SMALL, "color": style.MUTED if box.unreported else style.INK}
    fill = style.PAPER if box.unreported else fill
    style.box(
        sheet, (x, box.y), (width, box.height), label, fill=fill, line=line, dash=dash, font=font, hover=box.hover
    )


def _draw_arrow(sheet: style.Sheet, before: _Box, after: _Box) -> None:
    if after.main:
        start = (MAIN_X, before.y - before.height / 2)
        style.arrow(sheet, start, (MAIN_X, after.y + after.height / 2), style.BLUE)
        return
    edge = MAIN_X + MAIN_WIDTH / 2
    end = (SIDE_X - SIDE_WIDTH / 2, after.y)
    inside = before.y - before.height / 2 <= after.y <= before.y + before.height / 2
    if inside:
        style.arrow(sheet, (edge, after.y), end)
        return
    turn = edge + 18
    path = f"M {edge} {before.y} L {turn} {before.y} L {turn} {after.y}"
    sheet.add_shape(type="path", path=path, line={"color": style.MUTED, "width": 1.8}, layer="below")
    style.arrow(sheet, (turn, after.y), end)


def _draw_phases(sheet: style.Sheet, rows: pd.DataFrame, boxes: dict[str, _Box]) -> None:
    """Draw the bars at the left that name the phases."""
    for phase, group in rows.groupby("phase", sort=False):
        members = [boxes[s] for s in group["stage_id"]]
        top = max(box.y + box.height / 2 for box in members)
        bottom = min(box.y - box.height / 2 for box in members)
        corners = {"x0": PHASE_X - 20, "x1": PHASE_X + 20, "y0": bottom, "y1": top}
        sheet.add_shape(type="rect", **corners, fillcolor=style.BLUE, line={"width": 0}, layer="below")
        font = {"color": style.PAPER, "size": style.SMALL}
        label = style.text(str(phase).capitalize())
        sheet.add_annotation(x=PHASE_X, y=(top + bottom) / 2, text=label, textangle=-90, showarrow=False, font=font)


def describe_flow(study: Study) -> str:
    """Say in words what the diagram shows, for readers who do not see it."""
    parts = []
    for row in each_row(flow(study)):
        count = NOT_REPORTED if pd.isna(row.count) else str(row.count)
        parts.append(f"{row.label}: {count}")
    reasons = "; ".join(f"{row.reason} ({row.reports})" for row in each_row(reason_counts(study)))
    return "Flow diagram from top to bottom. " + ". ".join(parts) + f". Reasons for exclusion at full text: {reasons}."
