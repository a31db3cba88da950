"""A panel that lives: widgets above, the view below, and at the foot what makes the same state again.

Sentences and tables are displays that front ends update in place. A drawn Plotly figure stays as it is when its display
is updated, so the figure stands in an output widget, whose content is replaced in one step. Nothing here asks anything
of the network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as ipw
from IPython.display import display

from compendium.errors import InputError
from compendium.explore.panel import (
    MARK,
    Panel,
    State,
    View,
    command,
    figure_bundle,
    tables_bundle,
    text_bundle,
)
from compendium.explore.widgets import bind
from compendium.parameters import Scalar, check, read_file, write_file
from compendium.publishing.markup import escape
from compendium.publishing.publish import StageRun

FILE_NAME = "parameters-{}.yml"
"""Where a state is saved unless another place is typed: in the output folder, under the name of the stage."""
_COPY = (
    "const field = this.previousElementSibling; field.select();"
    "if (navigator.clipboard) { navigator.clipboard.writeText(field.value); } else { document.execCommand('copy'); }"
    "this.textContent = 'Copied';"
)
"""The older way is for pages that are served without encryption from another machine."""


class Board:
    """The widgets of one panel.

    Parameters
    ----------
    stage
        The stage, opened.
    panel
        What it offers.
    state
        Where to start.
    """

    def __init__(self, stage: StageRun, panel: Panel, state: State):
        self.stage, self.panel = stage, panel
        self.bound = {control.name: bind(control) for control in panel.controls}
        self.state = state
        self.status = ipw.HTML()
        self.command = ipw.HTML(layout=ipw.Layout(width="100%"))
        self.file = ipw.Text(str(stage.out / FILE_NAME.format(stage.stage.name)), continuous_update=False)
        self.file.description, self.file.style = "Parameter file", {"description_width": "initial"}
        self.file.layout = ipw.Layout(width="600px")
        self.figure = ipw.Output()
        self.displays: list[Any] = []
        self._setting = False
        self._put(state)
        for name, bound in self.bound.items():
            bound.widget.add_class(f"compendium-control-{name}")
            for part in bound.parts:
                part.observe(self._moved, "value")

    def show(self) -> None:
        """Show widgets and view."""
        reset = self._button("Back to the published state", lambda _: self.set(self.panel.defaults), "220px")
        rows = [bound.widget for bound in self.bound.values()]
        view = self.panel.view(self.state)
        display(ipw.VBox([*rows, ipw.HBox([reset, self.status])]), metadata=MARK)
        told, tables = self._bundles(view)
        self.displays.append(display(told, raw=True, metadata=MARK, display_id=True))
        self._draw(view)
        if view.figure is not None:
            display(self.figure, metadata=MARK)
        self.displays.append(display(tables, raw=True, metadata=MARK, display_id=True))
        load = self._button("Load", lambda _: self.load(), "80px")
        save = self._button("Save", lambda _: self.save(), "80px")
        self._write_command()
        display(ipw.VBox([self.command, ipw.HBox([self.file, load, save])]), metadata=MARK)

    @staticmethod
    def _button(text: str, act: Any, width: str) -> ipw.Button:
        button = ipw.Button(description=text, layout=ipw.Layout(width=width))
        button.on_click(act)
        return button

    @staticmethod
    def _bundles(view: View) -> list[dict[str, Any]]:
        tables = [*view.tables, *view.details]
        return [text_bundle(view.sentences), tables_bundle(tables)]

    def _draw(self, view: View) -> None:
        output = {"output_type": "display_data", "data": figure_bundle(view), "metadata": {}}
        self.figure.outputs = (output,) if view.figure is not None else ()

    @property
    def values(self) -> dict[str, Scalar]:
        """Parameters that make the state shown."""
        return self.panel.values(self.state)

    def set(self, state: State) -> None:
        """Go to a state: widgets and view.

        Raises
        ------
        InputError
            The study does not allow it; all stays as it is.
        """
        view = self.panel.view(state)
        self._put(state)
        self._update(state, view)

    def load(self) -> None:
        """Go to the state that the parameter file describes; parameters of other notebooks are left alone."""
        try:
            given = read_file(self.file.value)
            check(self.stage.study, given)
            self.set(self.panel.state(given))
            self._say(f"Loaded {Path(self.file.value).name}.")
        except InputError as error:
            self._complain(error)

    def save(self) -> None:
        """Write the parameters of the state into the parameter file."""
        try:
            write_file(self.file.value, self.values)
            self._say(f"Saved {Path(self.file.value).name}.")
        except OSError as error:
            self._say(f"{self.file.value} cannot be written: {error.strerror}", wrong=True)

    def _put(self, state: State) -> None:
        """Set the widgets without looking at what each of them changes."""
        self._setting = True
        try:
            for control in self.panel.controls:
                self.bound[control.name].set(control.value(state[control.name]))
        finally:
            self._setting = False

    def _moved(self, _: Any) -> None:
        if self._setting:
            return
        try:
            state = {c.name: c.text(self.bound[c.name].get()) for c in self.panel.controls}
            self._update(state, self.panel.view(state))
        except InputError as error:
            self._complain(error)

    def _update(self, state: State, view: View) -> None:
        self.state = state
        for shown, bundle in zip(self.displays, self._bundles(view), strict=True):
            shown.update(bundle, raw=True, metadata=MARK)
        self._draw(view)
        self._say("")
        self._write_command()

    def _complain(self, error: InputError) -> None:
        self._say(f"Not shown: {error}", wrong=True)

    def _say(self, text: str, *, wrong: bool = False) -> None:
        role = "alert" if wrong else "status"
        mark = "⚠ " if wrong and text else ""
        self.status.value = f'<span role="{role}" class="compendium-status">{mark}{escape(text)}</span>'

    def _write_command(self) -> None:
        made = escape(command(self.stage.stage, self.stage.study.folder, self.values))
        self.command.value = (
            '<label style="display: flex; gap: 8px; align-items: center">The same from the command line '
            f'<input class="compendium-command" readonly value="{made}" '
            'style="flex: 1; box-sizing: border-box; height: 28px; font: 13px var(--jp-code-font-family, monospace)">'
            f'<button type="button" class="jupyter-button" onclick="{escape(_COPY)}">Copy</button></label>'
        )
