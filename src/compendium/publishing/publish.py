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
from compendium.paths import EXPLORE_VARIABLE, OUT_VARIABLE, STUDY_VARIABLE
from compendium.publishing import manifest, provenance
from compendium.publishing.front_end import fitted, is_live, running_cell
from compendium.publishing.images import static_svg
from compendium.publishing.markup import markdown_text, notebook_table
from compendium.publishing.table_package import fields_of
from compendium.publishing.tables import write_csv
from compendium.stages import stage as find_stage
from compendium.webpage.figures_html import figure_page


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
        self._cells: dict[str, str] = {}
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
        self._enter("table", identifier, title, alt, published, [path], fields_of(frame))
        self._show(identifier, {"text/html": notebook_table(frame, title), "text/plain": title})

    def figure(
        self,
        identifier: str,
        figure: go.Figure,
        title: str,
        alt: str,
        *,
        data: pd.DataFrame | None = None,
        published: bool = False,
    ) -> None:
        """Publish a figure: write its Plotly specification, data, static image and page, enter and show it.

        Parameters
        ----------
        identifier
            Id of the artefact, such as ``figure-1``.
        figure
            Made with :mod:`compendium.publishing.plot_style`.
        title, alt
            Caption, and what the figure shows in words: a sentence on what stands where, then the values, separated
            by semicolons.
        data
            The table that it was drawn from.
        published
            Whether the published report has it.
        """
        spec = figure.to_json()
        svg = static_svg(spec, identifier, [self.out / "figures", paths.STATIC_IMAGES])
        page = figure_page(identifier, title, alt, spec, data)
        written = self._write_figure(identifier, {"json": spec + "\n", "html": page, "svg": svg}, data)
        fields = [] if data is None else fields_of(data)
        self._enter("figure", identifier, title, alt, published, written, fields)
        shown = fitted(figure.to_plotly_json()) if is_live() else figure.to_plotly_json()
        bundle: dict[str, Any] = {"application/vnd.plotly.v1+json": shown, "text/plain": alt}
        self._show(identifier, bundle if svg is None else {**bundle, "image/svg+xml": svg})

    def _write_figure(self, name: str, texts: dict[str, str | None], data: pd.DataFrame | None) -> list[str]:
        """Write the files of a figure, by their endings; an image that could not be drawn is remembered as missing."""
        folder, written = self.out / "figures", list[str]()
        for ending, text in texts.items():
            if text is None:
                self._missing_images.append(name)
                (folder / f"{name}.{ending}").unlink(missing_ok=True)
            else:
                write_text(folder / f"{name}.{ending}", text)
                written.append(f"figures/{name}.{ending}")
        if data is not None:
            write_csv(folder / f"{name}.csv", data)
            written.append(f"figures/{name}.csv")
        return written

    def say(self, *sentences: str) -> None:
        """Show computed sentences; their text is data and is not read as Markdown.

        Where the numbers in them come from is kept in the output's metadata; see
        :mod:`compendium.publishing.provenance`.
        """
        text = provenance.joined(sentences)
        plain = str(text)
        numbers = {"numbers": list(text.spans)} if text.spans else {}
        self._show("", {"text/markdown": markdown_text(plain), "text/plain": plain}, numbers)

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
        """Results of another stage: as that stage wrote them, else computed here with the published parameters.

        They know their names; see :mod:`compendium.publishing.provenance`.
        """
        found = read_json(results_path(self.out, name))
        if found is None:
            from compendium.analysis.results import compute

            found = {key: settle(value) for key, value in compute(name, self.study).items()}
        return provenance.trace(name, found)

    def inputs(self) -> list[str]:
        """Input files that were read so far, relative to the study folder."""
        return sorted({PACKAGE_FILE, *self.study.files_read})

    def _enter(
        self,
        kind: str,
        name: str,
        title: str,
        alt: str,
        published: bool,
        written: list[str],
        fields: list[dict[str, str]] | None = None,
    ) -> None:
        cell = running_cell()
        if name in self._cells and (not cell or self._cells[name] != cell):
            raise ValueError(f"{name} is published twice in {self.stage.notebook}")
        self._entries = [entry for entry in self._entries if entry.id != name]  # a cell may be run again
        self._cells[name] = cell
        files = {path: sha256(self.out / path) for path in sorted(written)}
        where = (self.stage.name, self.stage.notebook, files)
        self._entries.append(manifest.Entry(name, kind, title, alt, published, *where, fields or []))

    @staticmethod
    def _show(identifier: str, bundle: dict[str, Any], further: dict[str, Any] | None = None) -> None:
        from IPython.display import display

        about: dict[str, Any] = {"id": identifier} if identifier else {"sentence": True}
        display(bundle, raw=True, metadata={"compendium": about | (further or {})})


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
    if not os.environ.get(EXPLORE_VARIABLE):  # somebody works with it and may run cells out of order
        from compendium.explore.guidance import install

        install()
    return StageRun(name, study, out)
