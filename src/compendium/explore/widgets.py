"""Controls as widgets: each gets a widget, and a way to read and to set what is chosen in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ipywidgets as ipw

from compendium.analysis.what_if import NOT_KNOWN
from compendium.errors import InputError, Problem
from compendium.explore.controls import Choice, Control, Counts, Several, Years
from compendium.publishing.markup import escape

_WIDE = {"description_width": "initial"}
_LONG, _LONGEST = 42, 58
"""Names longer than the first stand in two columns; those longer than the second are told in full on pointing."""


@dataclass
class Bound:
    """A control's widget.

    Parameters
    ----------
    widget
        What is shown.
    get, set
        Read and set the control's value.
    parts
        The widgets whose ``value`` a person changes.
    """

    widget: ipw.Widget
    get: Callable[[], Any]
    set: Callable[[Any], None]
    parts: list[ipw.Widget]


def bind(control: Control) -> Bound:
    """Make the widget of a control."""
    makers: dict[type[Control], Callable[[Any], Bound]] = {
        Choice: _choice,
        Several: _several,
        Counts: _counts,
        Years: _years,
    }
    return makers[type(control)](control)


def _choice(control: Choice) -> Bound:
    names = [(label, name) for name, label in control.options.items()]
    layout = ipw.Layout(width="100%", max_width="900px")
    widget = ipw.Dropdown(options=names, description=control.label, style=_WIDE, layout=layout)
    return Bound(widget, lambda: widget.value, lambda value: setattr(widget, "value", value), [widget])


def _heading(text: str, width: str = "150px") -> ipw.HTML:
    return ipw.HTML(f'<div style="line-height: 1.3">{text}</div>', layout=ipw.Layout(width=width, flex="0 0 auto"))


def _several(control: Several) -> Bound:
    boxes: dict[str, ipw.Checkbox] = {}
    rows: list[ipw.Widget] = []
    for group, members in control.groups.items():
        long = any(len(label) > _LONG for label in members.values())
        made = {name: _checkbox(label, "49%" if long else "auto") for name, label in members.items()}
        boxes |= made
        layout = ipw.Layout(flex_flow="row wrap", grid_gap="0 1%" if long else "0 14px", flex="1 1 auto")
        head = [_heading(escape(group), "110px")] if group else []
        rows.append(ipw.HBox([*head, ipw.Box(list(made.values()), layout=layout)]))

    def put(chosen: tuple[str, ...]) -> None:
        for name, box in boxes.items():
            box.value = name in chosen

    def get() -> tuple[str, ...]:
        chosen = tuple(name for name, box in boxes.items() if box.value)
        if not chosen:
            raise InputError(Problem(field=control.label, reason="nothing is chosen", allowed="at least one"))
        return chosen

    body = ipw.VBox(rows, layout=ipw.Layout(flex="1 1 auto"))
    return Bound(_beside(control.label, body), get, put, list(boxes.values()))


def _beside(label: str, body: ipw.Widget) -> ipw.Widget:
    """Put a control beside its name, so that the picture below stays in sight."""
    return ipw.HBox([_heading(f"<b>{escape(label)}</b>"), body], layout=ipw.Layout(width="100%", margin="0 0 4px"))


def _checkbox(label: str, width: str) -> ipw.Checkbox:
    layout = ipw.Layout(width=width, height="22px", margin="0")
    short = label if len(label) <= _LONGEST else label[: _LONGEST - 1].rstrip() + "…"
    return ipw.Checkbox(True, description=short, tooltip=label, indent=False, layout=layout)


def _counts(control: Counts) -> Bound:
    fields = {
        box: ipw.Text(
            continuous_update=False,
            placeholder="not reported",
            description=label,
            tooltip=label,
            style={"description_width": "270px"},
        )
        for box, label in control.labels.items()
    }
    for text in fields.values():
        text.layout = ipw.Layout(width="375px", height="28px", margin="0 0 2px")

    def put(counts: dict[str, int | None]) -> None:
        for box, count in counts.items():
            fields[box].value = "" if count is None else str(count)

    def get() -> Any:
        texts = {box: field.value.strip() or NOT_KNOWN for box, field in fields.items()}
        return control.value(",".join(f"{box}={text}" for box, text in texts.items()))

    grid = ipw.Box(list(fields.values()), layout=ipw.Layout(flex_flow="row wrap", grid_gap="0 16px"))
    return Bound(_beside(control.label, grid), get, put, list(fields.values()))


def _years(control: Years) -> Bound:
    ends = {"min": control.first, "max": control.last, "value": (control.first, control.last)}
    layout = ipw.Layout(width="460px")
    widget = ipw.IntRangeSlider(
        **ends, description=control.label, continuous_update=False, style=_WIDE, layout=layout, readout_format="d"
    )
    return Bound(widget, lambda: tuple(widget.value), lambda value: setattr(widget, "value", value), [widget])
