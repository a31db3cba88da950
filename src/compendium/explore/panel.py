"""What a stage offers to move and what it shows for it, and the command that makes the same without a notebook."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from compendium.explore.controls import Control
from compendium.parameters import Scalar, options, text_of
from compendium.paths import BUNDLED_STUDY, STATIC_IMAGES
from compendium.publishing.front_end import fitted, is_live
from compendium.publishing.images import static_svg
from compendium.publishing.markup import NOTEBOOK_STYLE, escape, table_html
from compendium.publishing.publish import StageRun
from compendium.stages import Stage

HOW = "The controls of this section are there when the notebook is opened in JupyterLab: python run_all.py lab"
MARK = {"compendium": {"explore": True}}
"""Metadata of what this section shows: it is neither published nor part of the report."""

State = dict[str, str]
"""Text of each control by its name."""
Table = tuple[str, pd.DataFrame]


@dataclass(frozen=True)
class View:
    """What is shown for one state.

    Parameters
    ----------
    sentences
        What to take from it, in words.
    tables
        Titles and tables.
    details
        Further tables, long ones, shown only beside controls.
    figure
        A figure, and in `alt` what it shows in words.
    artefact
        Id of the published figure whose static image this one has when the notebook is run with the same parameters.
    """

    sentences: Sequence[str]
    tables: Sequence[Table] = ()
    details: Sequence[Table] = ()
    figure: go.Figure | None = None
    alt: str = ""
    artefact: str = ""


@dataclass(frozen=True)
class Panel:
    """Controls, and the view that belongs to their state."""

    controls: Sequence[Control]
    view: Callable[[State], View]
    defaults: State = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "defaults", {control.name: control.default for control in self.controls})

    def state(self, values: Mapping[str, Scalar]) -> State:
        """Return the state that parameters describe; what they do not name stays as published."""
        return {name: text_of(values.get(name, default)) for name, default in self.defaults.items()}

    def values(self, state: State) -> dict[str, Scalar]:
        """Return the parameters that differ from the published ones in a state."""
        return {name: state[name] for name, default in self.defaults.items() if state[name] != default}


def command(stage: Stage, study: Path, values: Mapping[str, Scalar]) -> str:
    """Write the command that runs a stage with these parameters."""
    parts = ["python run_all.py --only", stage.name]
    if study != BUNDLED_STUDY:
        parts += ["--study", shlex.quote(str(study))]
    return " ".join([*parts, options(values)]).strip()


def show(stage: StageRun, panel: Panel, values: Mapping[str, Scalar], file: str = "") -> None:
    """Show a panel: with controls where somebody may move them, else the state that the parameters describe.

    Parameters
    ----------
    stage
        The stage, opened.
    panel
        Its panel.
    values
        Parameters of the notebook.
    file
        A parameter file to start from instead.

    Raises
    ------
    InputError
        A parameter, or the file.
    """
    if file:
        from compendium.parameters import check, read_file

        given = read_file(file)
        check(stage.study, given)
        values = {**values, **given}
    state = panel.state(values)
    if is_live():
        from compendium.explore.board import Board

        Board(stage, panel, state).show()
    else:
        show_static(stage, panel.view(state))


def show_static(stage: StageRun, view: View) -> None:
    """Show a view as pictures and tables, the same bytes every time."""
    from IPython.display import display

    display(text_bundle([HOW, *view.sentences]), raw=True, metadata=MARK)
    if view.figure is not None and view.artefact:
        svg = static_svg(view.figure.to_json(), view.artefact, [stage.out / "figures", STATIC_IMAGES])
        picture = {"text/plain": view.alt} | ({} if svg is None else {"image/svg+xml": svg})
        display(picture, raw=True, metadata=MARK)
    if view.tables:
        display(tables_bundle(view.tables), raw=True, metadata=MARK)


def text_bundle(sentences: Sequence[str]) -> dict[str, Any]:
    """Write sentences, one a paragraph, as a notebook shows them."""
    told = [str(sentence) for sentence in sentences]
    return {"text/html": "".join(f"<p>{escape(text)}</p>" for text in told), "text/plain": "\n".join(told)}


def tables_bundle(tables: Sequence[Table]) -> dict[str, Any]:
    """Write tables as a notebook shows them."""
    made = "\n".join(table_html(frame, title) for title, frame in tables)
    return {"text/html": NOTEBOOK_STYLE + made, "text/plain": "\n".join(title for title, _ in tables)}


def figure_bundle(view: View) -> dict[str, Any]:
    """Write a figure as a notebook shows it; nothing where there is none."""
    if view.figure is None:
        return {}
    spec = fitted(json.loads(view.figure.to_json()))
    return {"application/vnd.plotly.v1+json": spec, "text/plain": view.alt}
