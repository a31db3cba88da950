"""What a notebook works with: the study, and the one way to publish a table, a figure or a result."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from compendium import paths
from compendium.data.study import PACKAGE_FILE, Study
from compendium.files import read_json, sha256, write_json, write_text
from compendium.paths import OUT_VARIABLE, STUDY_VARIABLE
from compendium.publishing import manifest
from compendium.publishing.images import static_svg
from compendium.publishing.markup import figure_page, markdown_text, notebook_table
from compendium.publishing.tables import write_csv
from compendium.stages import stage as find_stage


class StageRun:
    """One run of one stage, as its notebook sees it.

    Parameters
    ----------
    name
        Name of the stage.
    study, out
        Study and output folder; when empty, what the runner says, else the bundled study and ``runs/explore``.

    Attributes
    ----------
    study : compendium.data.study.Study
        The data.
    out : pathlib.Path
        The output folder.
    """

    def __init__(self, name: str, study: str = "", out: str = ""):
        self.stage = find_stage(name)
        self.study = Study(study or os.environ.get(STUDY_VARIABLE) or None)
        self.out = Path(out or os.environ.get(OUT_VARIABLE) or paths.RUNS / "explore").resolve()
        self._entries: list[manifest.Entry] = []
        self._missing_images: list[str] = []
        self._results: dict[str, Any] = {}

    def table(self, identifier: str, frame: pd.DataFrame, title: str, alt: str, *, published: bool = False) -> None:
        """Publish a table: write ``report/tables/<id>.csv``, enter it in the manifest and show it.

        Parameters
        ----------
        identifier
            Id of the artefact, such as ``table-1``.
        frame
            Columns in ``snake_case``; cells are text, numbers or missing.
        title, alt
            Caption, and a sentence on what the table shows.
        published
            Whether the published report has it.
        """
        path = f"report/tables/{identifier}.csv"
        write_csv(self.out / path, frame)
        self._enter("table", identifier, title, alt, published, [path])
        self._show(identifier, {"text/html": notebook_table(frame, title), "text/plain": title})

    def figure(self, identifier: str, figure: go.Figure, title: str, alt: str, *, published: bool = False) -> None:
        """Publish a figure: write its Plotly specification, static image and page, enter and show it.

        Parameters
        ----------
        identifier
            Id of the artefact, such as ``figure-1``.
        figure
            Made with :mod:`compendium.publishing.plot_style`.
        title, alt
            Caption, and what the figure shows in words.
        published
            Whether the published report has it.
        """
        spec = figure.to_json()
        folder = self.out / "figures"
        written = [f"figures/{identifier}.json", f"figures/{identifier}.html"]
        svg = static_svg(spec, identifier, [folder, paths.STATIC_IMAGES])
        if svg is None:
            self._missing_images.append(identifier)
            (folder / f"{identifier}.svg").unlink(missing_ok=True)
        else:
            write_text(folder / f"{identifier}.svg", svg)
            written.append(f"figures/{identifier}.svg")
        write_text(folder / f"{identifier}.json", spec + "\n")
        write_text(folder / f"{identifier}.html", figure_page(identifier, title, alt, spec))
        self._enter("figure", identifier, title, alt, published, written)
        bundle: dict[str, Any] = {"application/vnd.plotly.v1+json": figure.to_plotly_json(), "text/plain": alt}
        self._show(identifier, bundle if svg is None else {**bundle, "image/svg+xml": svg})

    def say(self, *sentences: str) -> None:
        """Show computed sentences; their text is data and is not read as Markdown."""
        text = " ".join(sentences)
        self._show("", {"text/markdown": markdown_text(text), "text/plain": text})

    def results(self, values: dict[str, Any]) -> None:
        """Write the stage's named results to ``data/derived/<stage>/results.json`` and close the stage.

        Parameters
        ----------
        values
            Name to number, text, list or mapping; numbers are written with at most six decimals.
        """
        self._results = {name: settle(value) for name, value in values.items()}
        write_json(results_path(self.out, self.stage.name), self._results)
        read, used = self.inputs(), modules_used()
        manifest.write_fragment(self.out, self.stage.name, self._entries, read, self._missing_images, used)

    def upstream(self, name: str) -> dict[str, Any]:
        """Results of another stage: as that stage wrote them, else computed here with the published parameters."""
        found = read_json(results_path(self.out, name))
        if found is None:
            from compendium.analysis.results import compute

            found = {key: settle(value) for key, value in compute(name, self.study).items()}
        return dict(found)

    def inputs(self) -> list[str]:
        """Input files that were read so far, relative to the study folder."""
        return sorted({PACKAGE_FILE, *self.study.files_read})

    def _enter(self, kind: str, name: str, title: str, alt: str, published: bool, written: list[str]) -> None:
        if name in {entry.id for entry in self._entries}:
            raise ValueError(f"{name} is published twice in {self.stage.notebook}")
        files = {path: sha256(self.out / path) for path in sorted(written)}
        entry = manifest.Entry(name, kind, title, alt, published, self.stage.name, self.stage.notebook, files)
        self._entries.append(entry)

    @staticmethod
    def _show(identifier: str, bundle: dict[str, Any]) -> None:
        from IPython.display import display

        metadata = {"compendium": {"id": identifier}} if identifier else {"compendium": {"sentence": True}}
        display(bundle, raw=True, metadata=metadata)


def modules_used() -> list[str]:
    """Name the modules of this library that have been imported, which is what the notebook's results rest on."""
    return sorted(name for name in sys.modules if name.partition(".")[0] == "compendium")


def results_path(out: Path, stage: str) -> Path:
    """Path of one stage's named results."""
    return out / "data" / "derived" / stage / "results.json"


def settle(value: Any) -> Any:
    """Turn a value into what JSON holds, the same on every machine."""
    if isinstance(value, dict):
        return {str(key): settle(member) for key, member in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [settle(member) for member in (sorted(value) if isinstance(value, set) else value)]
    if hasattr(value, "item"):
        value = value.item()
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    return round(value, 6) if isinstance(value, float) else value


def open_stage(name: str, study: str = "", out: str = "") -> StageRun:
    """Open a stage in a notebook; see :class:`StageRun`."""
    return StageRun(name, study, out)
