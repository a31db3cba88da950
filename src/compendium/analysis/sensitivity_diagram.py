"""Which reviews enter under which rule, as one grid."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from compendium.analysis.sensitivity import agreement, results
from compendium.analysis.weight_of_evidence import PRINTED, citations, overall, ranks, rule_labels, rules, synthesised
from compendium.data.study import Study
from compendium.publishing import plot_style as style

LEFT, RIGHT, TOP, BOTTOM = 252, 204, 170, 96
"""Pixels for the names of the rules, the counts, the citations, and the key."""
ROW, MARK, SMALLEST_MARK = 40, 28, 2
MATCHED, ENTERING = style.WIDTH - 124, style.WIDTH - 44
"""Where the two columns of counts stand."""
STAYS, ENTERS, GAINED, LOST = (
    "stays out",
    "enters",
    "enters, though left out in print",
    "falls out, though selected in print",
)
LOOKS: dict[str, dict[str, Any]] = {
    ENTERS: {"symbol": "circle", "color": style.BLUE, "line": {"color": style.BLUE, "width": 1.5}},
    GAINED: {"symbol": "square", "color": style.ORANGE, "line": {"color": style.INK, "width": 2}},
    LOST: {"symbol": "x-open", "color": style.VERMILION, "line": {"color": style.VERMILION, "width": 2.5}},
    STAYS: {"symbol": "circle", "color": style.PAPER, "line": {"color": style.MUTED, "width": 1.2}},
}
"""Told apart by shape and filling as well as by colour."""


def ordered_rules(study: Study) -> list[str]:
    """Rules from the one that gives most printed judgements to the one that gives fewest; the printed one leads."""
    matches = agreement(study)
    return sorted(rules(study), key=lambda rule: (rule != PRINTED, -matches[rule][0]))


def states(study: Study) -> pd.DataFrame:
    """Say for each rule (rows) and review (columns, those selected in print first) what becomes of it.

    Returns
    -------
    pandas.DataFrame
        One of :data:`ENTERS`, :data:`GAINED`, :data:`LOST` and :data:`STAYS`, at the published threshold.
    """
    published = set(synthesised(study))
    reviews = sorted(overall(study).index, key=lambda review: review not in published)
    names = {(True, True): ENTERS, (True, False): GAINED, (False, True): LOST, (False, False): STAYS}
    grid = {}
    for rule in ordered_rules(study):
        chosen = set(synthesised(study, rule))
        grid[rule] = [names[review in chosen, review in published] for review in reviews]
    return pd.DataFrame.from_dict(grid, orient="index", columns=pd.Index(reviews))


def sensitivity_chart(study: Study) -> go.Figure:
    """Draw the selection under each rule at the published threshold.

    Returns
    -------
    plotly.graph_objects.Figure
        Rules in rows, from full agreement with the printed judgements to least; reviews in columns. A mark is filled
        where the review enters and holds the judgement that the rule gives; at the right, counts.
    """
    grid = states(study)
    height = BOTTOM + ROW * len(grid)
    sheet = style.Sheet(style.WIDTH, height)
    sheet.update_layout(height=height + TOP, margin={"t": TOP})
    step = (style.WIDTH - LEFT - RIGHT) / len(grid.columns)
    xs = {review: LEFT + step * (number + 0.5) for number, review in enumerate(grid.columns)}
    ys = {rule: height - ROW * (number + 0.5) for number, rule in enumerate(grid.index)}
    _draw_published(sheet, study, step, height)
    for state, look in LOOKS.items():
        _draw_marks(sheet, study, grid, (xs, ys), (state, look))
    _draw_rows(sheet, study, grid, ys)
    _draw_heads(sheet, study, xs)
    _draw_key(sheet, grid)
    return sheet.figure()


def _draw_published(sheet: style.Sheet, study: Study, step: float, height: float) -> None:
    """Shade the columns of the reviews selected in print."""
    count = len(synthesised(study))
    box = {"x0": LEFT, "x1": LEFT + step * count, "y0": BOTTOM - 30, "y1": height}
    line = {"color": style.BLUE, "width": 1.5, "dash": "dot"}
    sheet.add_shape(type="rect", **box, fillcolor=style.TINTS[style.BLUE], line=line, layer="below")
    text = f"<b>selected in print ({count})</b>"
    place = {"x": LEFT + step * count / 2, "y": BOTTOM - 16, "showarrow": False}
    sheet.add_annotation(text=text, font={"size": style.SMALL, "color": style.BLUE}, **place)


def _draw_marks(
    sheet: style.Sheet,
    study: Study,
    grid: pd.DataFrame,
    places: tuple[dict[str, float], dict[str, float]],
    kind: tuple[str, dict[str, Any]],
) -> None:
    (xs, ys), (state, look) = places, kind
    by_rank = {rank: score for score, rank in ranks(study).items()}
    names, labels = citations(study), rule_labels(study)
    found = {rule: overall(study, rule) for rule in grid.index}
    cells = [(rule, review) for rule in grid.index for review in grid.columns if grid.loc[rule, review] == state]
    if not cells:
        return
    shown = [_weight(found[rule][review], by_rank) for rule, review in cells]
    where = [f"{style.text(names[review])}<br>{style.text(labels[rule])}" for rule, review in cells]
    hover = [f"{place}: weight {score}, {state}" for place, score in zip(where, shown, strict=True)]
    color = style.PAPER if state == ENTERS else style.INK
    printed = [_weight(found[PRINTED][review], by_rank) for _, review in cells]
    marked = [f"<b>{new}</b>" if new != old else new for new, old in zip(shown, printed, strict=True)]
    text = {"text": marked, "textfont": {"color": color, "size": style.SMALL}}
    xy = {"x": [xs[review] for _, review in cells], "y": [ys[rule] for rule, _ in cells]}
    size = max(SMALLEST_MARK, min(MARK, (style.WIDTH - LEFT - RIGHT) / len(xs) - 6))
    marker = {"size": size, **look}
    sheet.add_scatter(**xy, mode="markers+text", marker=marker, **text, hovertext=hover, hoverinfo="text")


def _weight(rank: Any, by_rank: dict[int, str]) -> str:
    return style.text(_score(rank, by_rank))


def _draw_rows(sheet: style.Sheet, study: Study, grid: pd.DataFrame, ys: dict[str, float]) -> None:
    labels, matches = rule_labels(study), agreement(study)
    for rule in grid.index:
        enter = len(synthesised(study, rule))
        changed = bool((grid.loc[rule].isin([GAINED, LOST])).any())
        name = f"<b>{style.text(labels[rule])}</b>" if rule == PRINTED else style.text(labels[rule])
        count = f"<b>{enter}</b>" if changed else str(enter)
        given = "–" if rule == PRINTED else f"{matches[rule][0]} of {matches[rule][1]}"
        font = {"size": style.SIZE}
        sheet.add_annotation(x=LEFT - 14, y=ys[rule], text=name, showarrow=False, xanchor="right", font=font)
        for x, text in ((MATCHED, given), (ENTERING, count)):
            sheet.add_annotation(x=x, y=ys[rule], text=text, showarrow=False, font=font)
    line = {"color": style.MUTED, "width": 1}
    y = ys[grid.index[0]] - ROW / 2
    sheet.add_shape(type="line", x0=20, x1=style.WIDTH - 10, y0=y, y1=y, line=line)


def _draw_heads(sheet: style.Sheet, study: Study, xs: dict[str, float]) -> None:
    names = [style.text(citations(study)[review]) for review in xs]
    ticks = {"tickvals": list(xs.values()), "ticktext": names, "tickangle": -60, "ticks": ""}
    sheet.update_xaxes(visible=True, side="top", showgrid=False, automargin=False, **ticks)
    place = {
        "yref": "paper",
        "y": 1,
        "yshift": 6,
        "showarrow": False,
        "yanchor": "bottom",
        "font": {"size": style.SMALL},
    }
    for x, text in ((MATCHED, "printed<br>weights<br>matched"), (ENTERING, "reviews<br>entering")):
        sheet.add_annotation(x=x, text=f"<b>{text}</b>", **place)


def _draw_key(sheet: style.Sheet, grid: pd.DataFrame) -> None:
    """Explain the marks that occur."""
    x = 24.0
    present = [state for state in LOOKS if (grid == state).any(axis=None)]
    for state in present:
        marker = {"size": 18, **LOOKS[state]}
        sheet.add_scatter(x=[x + 10], y=[44], mode="markers", marker=marker, hoverinfo="skip")
        place = {"x": x + 26, "y": 44, "xanchor": "left", "showarrow": False}
        sheet.add_annotation(text=state, font={"size": style.SMALL}, **place)
        x += 58 + 6.3 * len(state)
    place = {"x": 24, "y": 16, "xanchor": "left", "showarrow": False}
    note = {"size": style.SMALL, "color": style.MUTED}
    sheet.add_annotation(text="number: weight given; <b>bold</b>: not the printed one", font=note, **place)


def selection_table(study: Study) -> pd.DataFrame:
    """List what the chart draws.

    Returns
    -------
    pandas.DataFrame
        One row per rule: ``rule``, ``matched`` (printed weights that it gives) of ``compared``, ``entering`` (reviews),
        and one column per review with the weight given and what becomes of it.
    """
    grid, labels, names, matches = states(study), rule_labels(study), citations(study), agreement(study)
    by_rank, rows = {rank: score for score, rank in ranks(study).items()}, []
    for rule in grid.index:
        found = overall(study, rule)
        row: dict[str, Any] = {"rule": labels[rule], "matched": matches[rule][0], "compared": matches[rule][1]}
        row["entering"] = len(synthesised(study, rule))
        rows.append(row | {names[r]: f"{_score(found[r], by_rank)}: {grid.loc[rule, r]}" for r in grid.columns})
    return pd.DataFrame(rows)


def _score(rank: Any, by_rank: dict[int, str]) -> str:
    return "?" if pd.isna(rank) else by_rank[int(rank)]


def describe_sensitivity(study: Study) -> str:
    """Say in words what the chart shows."""
    found, labels, names, matches = results(study), rule_labels(study), citations(study), agreement(study)
    grid, parts = states(study), []
    for rule in grid.index[1:]:
        changes = [
            f"{kind} {', '.join(_named(grid, rule, state, names))}"
            for kind, state in CHANGES
            if (grid.loc[rule] == state).any()
        ]
        text = f"{labels[rule]}: matches {matches[rule][0]} of {matches[rule][1]} printed weights, "
        parts.append(text + f"{len(synthesised(study, rule))} enter{''.join(f', {change}' for change in changes)}")
    head = "Grid of rules by reviews, filled where a review enters at the published threshold. "
    head += f"{found['selection_robust_rules']} of {found['selection_rules']} rules select the "
    return head + f"{len(synthesised(study))} reviews of the published selection. " + "; ".join(parts) + "."


CHANGES = (("gaining", GAINED), ("losing", LOST))


def _named(grid: pd.DataFrame, rule: str, state: str, names: dict[str, str]) -> list[str]:
    return [names[review] for review in grid.columns if grid.loc[rule, review] == state]
