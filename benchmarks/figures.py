"""The figures of README.md, drawn from ``results.json`` in the style of the compendium's own figures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from comparison import FLOOR_NAME
from tables import HERE, case

sys.path.insert(0, str(HERE.parent / "src"))

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from compendium.publishing import plot_style as style
from compendium.publishing.images import static_svg

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "pentagon")
COLORS = (*style.PALETTE, style.INK, style.MUTED)
PANELS = (("seconds", "time, seconds (logarithmic)"), ("memory", "peak memory, MiB (logarithmic)"))
LABEL_GAP = 0.045
"""Least distance of two labels, as a share of the height of a panel."""


def write_figures(results: dict[str, Any], folder: Path = HERE) -> None:
    """Draw all figures: each as a Plotly specification and, where a browser is there, as SVG."""
    figures = {"comparison": comparison(results)}
    if results.get("growth"):
        figures["growth"] = growth(results["growth"])
    for name, figure in figures.items():
        spec = figure.to_json()
        (folder / f"{name}.json").write_text(spec + "\n", encoding="utf-8")
        svg = static_svg(spec, name, [folder])
        if svg is not None:
            (folder / f"{name}.svg").write_text(svg, encoding="utf-8")


def comparison(results: dict[str, Any]) -> go.Figure:
    """Draw the wall time of each case: until the last notebook is done, and after it."""
    rows = results["comparison"]["cases"]
    names = [style.wrap(row["name"], 46) for row in rows]
    after = [row["after"] or 0.0 for row in rows]
    before = [row["wall"] - late for row, late in zip(rows, after, strict=True)]
    colors = [style.BLUE if row["name"].startswith("run_all.py") else style.MUTED for row in rows]
    figure = go.Figure(layout={"template": style.template(), "height": 96 + 52 * len(rows), "barmode": "stack"})
    hover = "%{y}<br>%{x:.2f} s<extra></extra>"
    figure.add_bar(x=before, y=names, orientation="h", marker={"color": colors}, hovertemplate=hover)
    look = {"color": style.SKY, "line": {"color": style.BLUE, "width": 1}}
    figure.add_bar(x=after, y=names, orientation="h", marker=look, hovertemplate=hover)
    floor = case(results, FLOOR_NAME)["wall"]
    for name, row in zip(names, rows, strict=True):
        text = f"<b>{row['wall']:.2f} s</b>  {row['wall'] / floor:.2f} × floor"
        figure.add_annotation(x=row["slowest"], y=name, text=text, xanchor="left", showarrow=False, xshift=8)
    ranges = {"array": [r["slowest"] - r["wall"] for r in rows], "arrayminus": [r["wall"] - r["fastest"] for r in rows]}
    error = {"type": "data", "symmetric": False, "color": style.INK, "thickness": 1.5, "width": 5, **ranges}
    ends = {"x": [row["wall"] for row in rows], "y": names, "mode": "markers", "marker": {"opacity": 0}}
    figure.add_scatter(**ends, error_x=error, hoverinfo="skip")
    title = "wall time, seconds: median, and from the fastest to the slowest round"
    longest = max(row["slowest"] for row in rows)
    figure.update_xaxes(title=title, range=[0, longest * 1.3], showgrid=True)
    figure.update_yaxes(autorange="reversed", ticks="", showgrid=False, ticklabelstandoff=8)
    figure.update_layout(bargap=0.4, margin={"t": 44, "b": 60})
    return _keyed(
        figure, ("other tools", style.MUTED), ("until the last notebook is done", style.BLUE), ("after it", style.SKY)
    )


def _keyed(figure: go.Figure, *keys: tuple[str, str]) -> go.Figure:
    """Write above a figure what its colours stand for."""
    text = "   ".join(f"<span style='color:{color}'>■</span> {name}" for name, color in keys)
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom"}
    return figure.add_annotation(text=text, showarrow=False, **place)


def growth(found: dict[str, Any]) -> go.Figure:
    """Draw time and memory of each stage by number of rows, both axes logarithmic, lines named at their ends."""
    titles = [title for _, title in PANELS]
    figure = make_subplots(cols=len(PANELS), subplot_titles=titles, horizontal_spacing=0.2)
    for column, (kind, _) in enumerate(PANELS, start=1):
        ends = []
        for number, (name, values) in enumerate(found["stages"].items()):
            points = [(found["rows"][f], v[kind]) for f, v in values.items() if not v["outcome"]]
            if points:
                look = {"color": COLORS[number % len(COLORS)], "symbol": SYMBOLS[number % len(SYMBOLS)]}
                _add_line(figure, points, look, name, column)
                ends.append((points[-1], name, look["color"]))
        _name_ends(figure, ends, column)
    rows = list(found["rows"].values())
    ticks = {"tickvals": rows, "ticktext": [f"{number:,}" for number in rows]}
    figure.update_xaxes(type="log", title="rows of the study (logarithmic)", **ticks)
    figure.update_yaxes(type="log", dtick="D2", tickformat=",~r")
    figure.update_layout(template=style.template(), height=style.HEIGHT, margin={"t": 50, "b": 70, "r": 110})
    return figure


def _add_line(figure: go.Figure, points: list[tuple[int, float]], look: dict[str, str], name: str, column: int) -> None:
    xs, ys = zip(*points, strict=True)
    hover = f"{style.text(name)}<br>%{{x:,}} rows: %{{y:.4g}}<extra></extra>"
    lines = {"mode": "lines+markers", "line": {"color": look["color"], "width": 2}, "marker": {**look, "size": 9}}
    figure.add_scatter(x=xs, y=ys, **lines, hovertemplate=hover, row=1, col=column)


def _name_ends(figure: go.Figure, ends: list[tuple[tuple[int, float], str, str]], column: int) -> None:
    """Write the name of each line at its end, names that would lie on each other moved apart."""
    import math

    every = [value for trace in figure.select_traces(col=column) for value in trace.y]
    low, high = math.log10(min(every)), math.log10(max(every))
    gap, below = (high - low or 1) * LABEL_GAP * 1.1, dict[int, float]()
    for (x, y), name, color in sorted(ends, key=lambda end: end[0][1]):
        place = below[x] = max(math.log10(y), below.get(x, -math.inf) + gap)
        text = f"<span style='color:{color}'>■</span> {style.text(name)}"
        at = {
            "x": math.log10(x),
            "y": place,
            "xanchor": "left",
            "xshift": 10,
            "showarrow": False,
            "bgcolor": "rgba(255,255,255,0.75)",
        }
        figure.add_annotation(text=text, font={"size": style.SMALL}, **at, row=1, col=column)
