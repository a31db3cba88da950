"""Stage 3: how the included reviews were judged, which entered the synthesis, and what they say."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from compendium.analysis import sensitivity
from compendium.analysis.appraisal_consistency import consistency
from compendium.analysis.weight_of_evidence import (
    PRINTED,
    PUBLISHED,
    citations,
    component_ranks,
    overall,
    ranks,
    same_components_different_overall,
    synthesised,
    threshold_rank,
)
from compendium.data.study import Study, each_row
from compendium.publishing import plot_style as style
from compendium.publishing.provenance import computed, mark, traced


def score_labels(study: Study) -> dict[str, str]:
    """Label of each score, such as *good*, in the order of the scale."""
    scale = study.table("appraisal-scale")
    return dict(zip(scale["score"], scale["label"], strict=True))


def included_table(study: Study, rule: str = PRINTED) -> pd.DataFrame:
    """List the included reviews with their appraisal.

    Parameters
    ----------
    study
        Reads the ``appraisal-…`` tables.
    rule
        How the overall weight of evidence is found; see :mod:`compendium.analysis.weight_of_evidence`.

    Returns
    -------
    pandas.DataFrame
        Columns ``citation``, ``aim``, one per component (such as ``mq``), ``woe`` and ``evidence``; scores as on
        the scale, unrated ones as the scale writes them.
    """
    judged = study.table("appraisal-overall").sort_values("table_order", kind="stable")
    texts = study.table("appraisal-characteristics").set_index("review_id")
    scores = study.table("appraisal-scores").pivot(index="review_id", columns="component_id", values="score")
    reviews = list(judged["review_id"])
    table = pd.DataFrame({"citation": [citations(study)[r] for r in reviews]})
    table["aim"] = list(texts.loc[reviews, "aim"])
    for component in study.table("appraisal-components")["component_id"]:
        table[component] = list(scores.loc[reviews, component])
    table["woe"] = list(judged["score"]) if rule == PRINTED else _scores(study, overall(study, rule))
    table["evidence"] = list(texts.loc[reviews, "evidence"])
    return table


def _scores(study: Study, found: pd.Series) -> list[str]:
    by_rank = {rank: score for score, rank in ranks(study).items()}
    scale = study.table("appraisal-scale")
    unrated = list(scale.loc[scale["rank"].isna(), "score"])
    blank = unrated[0] if unrated else ""
    return [blank if pd.isna(rank) else by_rank[int(rank)] for rank in found]


def synthesis_table(study: Study, rule: str = PRINTED, threshold: str | int = PUBLISHED) -> pd.DataFrame:
    """List the reviews that enter the synthesis, in the order of the published table.

    Returns
    -------
    pandas.DataFrame
        Columns ``citation``, ``focus`` and ``review_type``.
    """
    chosen = synthesised(study, rule, threshold)
    texts = study.table("appraisal-characteristics")
    texts = texts[texts["review_id"].isin(chosen)].sort_values("focus_order", kind="stable", na_position="last")
    names = [citations(study)[review] for review in texts["review_id"]]
    return pd.DataFrame({"citation": names, "focus": list(texts["focus"]), "review_type": list(texts["review_type"])})


def themes_table(study: Study) -> pd.DataFrame:
    """List the themes of the literature with the reviews under each.

    Returns
    -------
    pandas.DataFrame
        Columns ``theme``, ``summary``, ``reviews`` (number), ``supported_by`` and ``points`` (number).
    """
    support = study.table("appraisal-theme-support")
    rows = []
    for theme in each_row(study.table("appraisal-synthesis-themes").sort_values("order")):
        mine = support[support["theme_id"] == theme.theme_id]
        names = [citations(study).get(r, r) for r in dict.fromkeys(mine["review_id"])]
        row = {"theme": theme.theme, "summary": theme.summary, "reviews": len(names)}
        rows.append({**row, "supported_by": "; ".join(names), "points": len(mine)})
    return pd.DataFrame(rows)


def support_table(study: Study) -> pd.DataFrame:
    """List every point that a review contributes to a theme: columns ``theme``, ``citation``, ``point``."""
    themes = study.table("appraisal-synthesis-themes").set_index("theme_id")["theme"]
    support = study.table("appraisal-theme-support")
    names = [citations(study).get(review, review) for review in support["review_id"]]
    return pd.DataFrame({"theme": list(support["theme_id"].map(themes)), "citation": names, "point": support["point"]})


def judgements(study: Study, rule: str = PRINTED, threshold: str | int = PUBLISHED) -> pd.DataFrame:
    """List the judgements that the chart draws.

    Returns
    -------
    pandas.DataFrame
        One row per review: ``citation``, one column per component, ``woe`` and ``synthesised`` (*yes* or *no*).
    """
    table = included_table(study, rule)[["citation", *_score_columns(study)]]
    chosen = {citations(study)[review] for review in synthesised(study, rule, threshold)}
    return table.assign(synthesised=["yes" if name in chosen else "no" for name in table["citation"]])


SCORE_COLORS = (style.BLUE, style.SKY, style.ORANGE, style.VERMILION)
"""Best to worst; told apart without hue by the printed score in each mark."""


def appraisal_chart(study: Study, rule: str = PRINTED, threshold: str | int = PUBLISHED) -> go.Figure:
    """Draw the judgements as a grid of marks, in the manner of the traffic-light plots of Cochrane's tools.

    Returns
    -------
    plotly.graph_objects.Figure
        One row per review, one column per component and for the overall judgement; those that pass stand above
        the line.
    """
    components = component_ranks(study)
    found = overall(study, rule)
    chosen = synthesised(study, rule, threshold)
    order = sorted(components.index, key=lambda r: (r not in chosen, _rank_or_last(found[r])))
    columns = {c.component_id: c.label for c in each_row(study.table("appraisal-components"))}
    grid = components.assign(overall=found)
    figure = go.Figure(layout={"template": style.template(), "height": 130 + 46 * len(order)})
    for position, (column, label) in enumerate([*columns.items(), ("overall", "Overall")]):
        _add_marks(figure, study, grid.loc[order, column], position, label)
    _finish_chart(figure, study, order, chosen, [*columns.values(), "Overall"])
    return figure


def _rank_or_last(rank: Any) -> float:
    return float("inf") if pd.isna(rank) else float(rank)


def _add_marks(figure: go.Figure, study: Study, column: pd.Series, position: int, label: str) -> None:
    labels, by_rank = score_labels(study), {rank: score for score, rank in ranks(study).items()}
    worst = max(by_rank)
    colors, shown, hover = [], [], []
    for review, rank in column.items():
        rated = not pd.isna(rank)
        best_first = round((int(rank) - 1) / max(1, worst - 1) * (len(SCORE_COLORS) - 1)) if rated else 0
        colors.append(SCORE_COLORS[best_first] if rated else style.PAPER)
        shown.append(by_rank[int(rank)] if rated else "?")
        meaning = labels[by_rank[int(rank)]] if rated else "not rated"
        hover.append(f"{style.text(citations(study)[str(review)])}<br>{style.text(label)}: {style.text(meaning)}")
    dark = {style.BLUE, style.VERMILION}
    marker = {"size": 34, "color": colors, "line": {"color": style.MUTED, "width": 1.5}}
    font = {"size": style.SIZE, "color": [style.PAPER if c in dark else style.INK for c in colors]}
    places = {"x": [position] * len(column), "y": list(range(len(column)))}
    hovers = {"hovertext": hover, "hoverinfo": "text"}
    figure.add_scatter(**places, mode="markers+text", marker=marker, text=shown, textfont=font, **hovers)


def _finish_chart(figure: go.Figure, study: Study, order: list[str], chosen: list[str], labels: list[str]) -> None:
    names = [style.text(citations(study)[r]) for r in order]
    figure.update_yaxes(
        tickvals=list(range(len(order))), ticktext=names, range=[len(order) - 0.5, -0.5], showgrid=False, ticks=""
    )
    figure.update_xaxes(
        tickvals=list(range(len(labels))),
        ticktext=[style.text(label) for label in labels],
        range=[-0.6, len(labels) + 1.4],
        side="top",
        showgrid=False,
        ticks="",
    )
    line = len(chosen) - 0.5
    figure.add_shape(
        type="line", x0=-0.6, x1=len(labels) + 1.4, y0=line, y1=line, line={"color": style.INK, "dash": "dash"}
    )
    note = {"showarrow": False, "x": len(labels) - 0.4, "xanchor": "left", "font": {"size": style.SMALL}}
    figure.add_annotation(text=f"↑ synthesised ({len(chosen)})", y=line - 0.35, **note)
    figure.add_annotation(text=f"↓ not synthesised ({len(order) - len(chosen)})", y=line + 0.35, **note)
    key = "  ·  ".join(f"{score} is {label}" for score, label in score_labels(study).items())
    place = {"xref": "paper", "x": 0, "yref": "paper", "y": 0, "yshift": -26, "showarrow": False}
    figure.add_annotation(text=style.text(key), **place, font={"size": style.SMALL, "color": style.MUTED})
    figure.update_layout(margin={"b": 50})


@traced("appraisal")
def results(study: Study, woe_rule: str = PRINTED, woe_threshold: str | int = PUBLISHED) -> dict[str, Any]:
    """Return the named results of the stage: how many reviews, how judged, who is synthesised."""
    chosen, published = synthesised(study, woe_rule, woe_threshold), synthesised(study)
    printed = overall(study)
    marked = study.table("appraisal-overall")
    listed = list(marked.loc[marked["synthesised"] == "yes", "review_id"])
    table_3 = study.table("appraisal-characteristics")
    labels = score_labels(study)
    by_rank = {rank: labels[score] for score, rank in ranks(study).items()}
    support = study.table("appraisal-theme-support")
    return {
        "reviews": len(printed),
        "rated": int(printed.notna().sum()),
        "synthesised": len(chosen),
        "synthesised_reviews": chosen,
        "synthesised_published": len(published),
        "synthesised_listed": len(listed),
        "synthesised_in_table": int(table_3["focus_order"].notna().sum()),
        "selection_follows_threshold": "yes" if sorted(listed) == sorted(published) else "no",
        "not_synthesised": len(printed) - len(chosen),
        "by_judgement": {label: int((printed == rank).sum()) for rank, label in by_rank.items()},
        "threshold_rank": threshold_rank(study, woe_threshold),
        "gained": [r for r in chosen if r not in published],
        "lost": [r for r in published if r not in chosen],
        "same_components_different_overall": len(same_components_different_overall(study)),
        "themes": len(study.table("appraisal-synthesis-themes")),
        "theme_points": len(support),
        "reviews_supporting_themes": int(support["review_id"].nunique()),
        "rungs": len(study.table("appraisal-ladder")),
        **consistency(study),
        "rungs_inferred": int((study.table("appraisal-ladder")["basis"] == "inferred").sum()),
        **sensitivity.results(study),
    }


@computed
def selection_sentence(study: Study, rule: str, threshold: str | int) -> str:
    """Say who enters the synthesis under a rule and a threshold, and how that differs from what was published."""
    found = results(study, rule, threshold)
    labels = {rank: label for label, rank in zip(score_labels(study).values(), ranks(study).values(), strict=False)}
    names = citations(study)
    text = f"With the rule {rule!r} and everything at least {labels[found['threshold_rank']]!r} let in, "
    text += f"{found['synthesised']} of {found['reviews']} reviews enter the synthesis"
    if not found["gained"] and not found["lost"]:
        return text + ", the same as published."
    gained = ", ".join(names[r] for r in found["gained"]) or "none"
    lost = ", ".join(names[r] for r in found["lost"]) or "none"
    return f"{text}; gained against the published selection: {gained}; lost: {lost}."


def describe_appraisal(study: Study, rule: str = PRINTED, threshold: str | int = PUBLISHED) -> str:
    """Say in words what the chart of judgements shows."""
    table = included_table(study, rule)
    chosen = {citations(study)[review] for review in synthesised(study, rule, threshold)}
    parts = []
    for row in each_row(table):
        scores = ", ".join(f"{name} {value}" for name, value in row._asdict().items() if name in _score_columns(study))
        parts.append(f"{row.citation}: {scores}{' (synthesised)' if row.citation in chosen else ''}")
    return "Grid of judgements, one row per review. " + "; ".join(parts) + "."


def _score_columns(study: Study) -> list[str]:
    return [*study.table("appraisal-components")["component_id"], "woe"]


@computed
def summary(found: dict[str, Any], screened: dict[str, Any]) -> str:
    """Say how many reviews were judged how, and what contradicts itself.

    Parameters
    ----------
    found
        From :func:`results`.
    screened
        From :func:`compendium.analysis.screening.results`.
    """
    judged = ", ".join(f"{count} {label}" for label, count in found["by_judgement"].items())
    text = f"{found['reviews']} reviews were appraised ({screened['included_listed']} came out of the screening): "
    unrated = mark(found["reviews"] - found["rated"], "appraisal.reviews", "appraisal.rated")
    text += f"{judged}, {unrated} not rated. {found['synthesised']} enter the synthesis. "
    pairs = found["same_components_different_overall"]
    if not pairs:
        return text + "No two reviews with the same components differ overall, so one rule may give all of them."
    told = f"{pairs} pair of reviews has" if pairs == 1 else f"{pairs} pairs of reviews have"
    return text + f"{told} the same components and different overall judgements, so no rule can give all of them."
