"""How every figure looks: one palette, one template, and text that is never taken for markup."""

from __future__ import annotations

import html
from typing import Any

import plotly.graph_objects as go

# Okabe & Ito (2008), Color Universal Design: told apart with any common form of colour blindness.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, YELLOW = "#56B4E9", "#CC79A7", "#F0E442"
INK, MUTED, RULE, PAPER = "#1F2933", "#52606D", "#CBD2D9", "#FFFFFF"
PALETTE = (BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE)
TINTS = {BLUE: "#E3F0F8", ORANGE: "#FDF3DC", GREEN: "#DFF4EC", VERMILION: "#FBE6DA", SKY: "#E9F5FC"}
FONT = "'Source Sans 3', 'Source Sans Pro', 'Helvetica Neue', Arial, sans-serif"
SIZE, SMALL, LARGE = 16, 14, 18
WIDTH, HEIGHT = 960, 640
"""Pixels: fits a notebook beside its file browser; 14 px of it are 7 pt on a printed page 170 mm wide."""


def color_of(value: str, values: list[str]) -> str:
    """Return the colour of a member of a list, the same in every figure that shows the list."""
    return PALETTE[values.index(value) % len(PALETTE)]


def template() -> go.layout.Template:
    """Return the template of all figures."""
    axis = {"gridcolor": RULE, "linecolor": MUTED, "zeroline": False, "ticks": "outside", "tickcolor": RULE}
    axis |= {"tickfont": {"size": SMALL}, "title": {"font": {"size": SIZE}}, "automargin": True}
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": SIZE, "color": INK},
            "colorway": list(PALETTE),
            "paper_bgcolor": PAPER,
            "plot_bgcolor": PAPER,
            "xaxis": axis,
            "yaxis": axis,
            "margin": {"l": 20, "r": 20, "t": 20, "b": 20},
            "hoverlabel": {"bgcolor": PAPER, "font": {"family": FONT, "size": SMALL}, "align": "left"},
            "showlegend": False,
            "width": WIDTH,
            "height": HEIGHT,
        }
    )


def text(value: object) -> str:
    """Escape a value from data so that Plotly shows it as it is and reads no tag in it."""
    return html.escape(str(value), quote=False)


def wrap(value: object, width: int) -> str:
    """Escape a value and break it into lines of at most `width` characters with ``<br>``."""
    import textwrap

    lines = textwrap.wrap(str(value), width, break_on_hyphens=False) or [""]
    return "<br>".join(text(line) for line in lines)


class Sheet:
    """A drawing surface whose coordinates are pixels, y upwards.

    What is drawn is collected and put into a figure at once: Plotly checks all shapes of a figure again whenever one
    is added, so that a hundred boxes added singly take seconds.

    Parameters
    ----------
    width, height
        Pixels.
    """

    def __init__(self, width: int = WIDTH, height: int = HEIGHT):
        self._figure = go.Figure(layout={"template": template(), "width": width, "height": height})
        self._figure.update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0}, hovermode="closest", dragmode=False)
        self._figure.update_xaxes(range=[0, width], visible=False, fixedrange=True)
        self._figure.update_yaxes(range=[0, height], visible=False, fixedrange=True)
        self._drawn: dict[str, list[Any]] = {}
        self._traces: list[go.Scatter] = []

    def add_shape(self, **shape: Any) -> None:
        """Draw a shape; takes what :class:`plotly.graph_objects.layout.Shape` takes."""
        self._drawn.setdefault("shapes", []).append(go.layout.Shape(**shape))

    def add_annotation(self, **annotation: Any) -> None:
        """Write a text or draw an arrow; takes what :class:`plotly.graph_objects.layout.Annotation` takes."""
        self._drawn.setdefault("annotations", []).append(go.layout.Annotation(**annotation))

    def add_scatter(self, **trace: Any) -> None:
        """Draw marks; takes what :class:`plotly.graph_objects.Scatter` takes."""
        self._traces.append(go.Scatter(**trace))

    def update_layout(self, **layout: Any) -> None:
        """Change the layout of the figure."""
        self._figure.update_layout(**layout)

    def update_xaxes(self, **axis: Any) -> None:
        """Change the horizontal axis of the figure."""
        self._figure.update_xaxes(**axis)

    def figure(self) -> go.Figure:
        """Return the figure with all that was drawn."""
        self._figure.add_traces(self._traces)
        self._figure.layout.update({**self._drawn})
        self._traces, self._drawn = [], {}
        return self._figure


def box(
    sheet: Sheet,
    centre: tuple[float, float],
    size: tuple[float, float],
    label: str,
    *,
    fill: str = PAPER,
    line: str = INK,
    dash: str = "solid",
    width: float = 1.5,
    font: dict[str, Any] | None = None,
    hover: str = "",
) -> None:
    """Draw a box with a label and, where given, a text shown when a reader points at it.

    Parameters
    ----------
    sheet
        Where to draw.
    centre, size
        Pixels.
    label, hover
        Escaped text; ``<br>`` breaks lines.
    fill, line, dash, width, font
        Plotly style values; `width` is the line's, in pixels.
    """
    (x, y), (w, h) = centre, size
    style = {"fillcolor": fill, "line": {"color": line, "width": width, "dash": dash}}
    sheet.add_shape(type="rect", x0=x - w / 2, x1=x + w / 2, y0=y - h / 2, y1=y + h / 2, layer="below", **style)
    sheet.add_annotation(x=x, y=y, text=label, showarrow=False, font=font or {}, align="center")
    if hover:
        marker = {"size": min(w, h) * 0.9, "opacity": 0, "symbol": "square"}
        sheet.add_scatter(
            x=[x], y=[y], mode="markers", marker=marker, hovertext=[hover], hoverinfo="text", showlegend=False
        )


def arrow(sheet: Sheet, start: tuple[float, float], end: tuple[float, float], color: str = MUTED) -> None:
    """Draw an arrow between two points."""
    head = {"showarrow": True, "arrowhead": 2, "arrowsize": 1.1, "arrowwidth": 1.8, "arrowcolor": color}
    refs = {"xref": "x", "yref": "y", "axref": "x", "ayref": "y"}
    sheet.add_annotation(x=end[0], y=end[1], ax=start[0], ay=start[1], text="", **refs, **head)
