"""The two charts of the audit: claims by status and part of the report, inconsistencies by kind and severity."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from compendium.audit import claims
from compendium.data.study import Study
from compendium.publishing import plot_style as style

STATUS_COLORS = dict(zip(claims.STATUSES, (style.BLUE, style.ORANGE, style.RULE), strict=True))
SEVERITY_COLORS = dict(zip(claims.SEVERITIES, (style.VERMILION, style.ORANGE, style.SKY), strict=True))
_ON_DARK = (style.BLUE,)
_ROOM_FOR_A_NUMBER = 0.02
"""Share of the longest bar from which on a segment is wide enough for its number."""


def claims_chart(study: Study, checked: pd.DataFrame) -> go.Figure:
    """Draw the claims of each part of the report by status.

    Parameters
    ----------
    study
        Reads ``sections``.
    checked
        From :func:`compendium.audit.claims.claims`.
    """
    counts = claims.by_part(study, checked)
    return _stacked(counts.rename(index=lambda part: str(part).capitalize()), STATUS_COLORS, "claims")


def inconsistencies_chart(found: pd.DataFrame) -> go.Figure:
    """Draw the inconsistencies of each kind by severity; takes :func:`compendium.audit.claims.inconsistencies`."""
    counts = claims.by_kind(found)
    return _stacked(counts.rename(index=lambda kind: str(kind).capitalize()), SEVERITY_COLORS, "inconsistencies")


def _stacked(counts: pd.DataFrame, colors: dict[str, str], unit: str) -> go.Figure:
    """Draw one bar per row, one segment per column; numbers stand in the segments, totals behind the bars."""
    figure = go.Figure(layout={"template": style.template(), "height": 160 + 52 * len(counts), "barmode": "stack"})
    totals = counts.sum(axis=1)
    longest = max(1, int(totals.max())) if len(totals) else 1
    narrow = _ROOM_FOR_A_NUMBER * longest
    names = [style.text(name) for name in counts.index]
    for column, color in colors.items():
        values = [int(value) for value in counts[column]]
        font = {"color": style.PAPER if color in _ON_DARK else style.INK, "size": style.SMALL}
        bar = {"x": values, "y": names, "orientation": "h", "name": column, "textfont": font, "textangle": 0}
        bar |= {"text": [str(v) if v >= narrow else "" for v in values], "insidetextanchor": "middle"}
        bar |= {"marker": {"color": color, "line": {"color": style.PAPER, "width": 1.5}}}
        figure.add_bar(**bar, textposition="inside", hovertemplate=f"%{{y}}<br>{column}: %{{x}}<extra></extra>")
    for name, (_, row) in zip(names, counts.iterrows(), strict=True):
        untold = [f"{value} {column}" for column, value in row.items() if 0 < value < narrow]
        text = f"<b>{int(row.sum())}</b>" + (f", of which {', '.join(untold)}" if untold else "")
        place = {
            "x": int(row.sum()),
            "y": name,
            "xanchor": "left",
            "xshift": 8,
            "showarrow": False,
            "bgcolor": style.PAPER,
        }
        figure.add_annotation(**place, text=text, font={"size": style.SIZE})
    figure.update_yaxes(autorange="reversed", ticks="", showgrid=False, ticklabelstandoff=8)
    figure.update_yaxes(tickfont={"size": style.SIZE})
    figure.update_xaxes(title=unit, range=[0, longest * 1.08], showgrid=True)
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"}
    figure.update_layout(showlegend=True, legend=legend, bargap=0.35, margin={"t": 50, "b": 60})
    return figure


def table(counts: pd.DataFrame, name: str) -> pd.DataFrame:
    """Write what a chart draws as a table: what the bars stand for in a column of that name, then the counts."""
    return counts.rename_axis(index=name, columns=None).reset_index()


def describe(counts: pd.DataFrame, unit: str) -> str:
    """Say in words what a chart shows: the counts of each row."""
    parts = [
        f"{name}: {', '.join(f'{count} {column}' for column, count in row.items() if count)}"
        for name, row in counts.iterrows()
    ]
    return f"Stacked bars of {unit}. " + "; ".join(parts) + "."
