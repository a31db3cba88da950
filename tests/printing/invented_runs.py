"""What the tests of the printed forms share: an invented run, with every text full of markup, and the released one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from compendium.data.study import Study
from compendium.files import read_json, write_json, write_text
from compendium.paths import BUNDLED_STUDY, ROOT
from compendium.printing import document, fonts
from compendium.publishing import manifest
from compendium.publishing.manifest import Entry
from compendium.publishing.markup import notebook_table
from compendium.publishing.sections import Section, sections
from compendium.stages import stage

POLICY = stage("policy")
MARKUP = (
    "#let x = 1 #sym.arrow $y^2$ @smith2001 [x](http://y.example) <script>alert(1)</script> | a \\textbf{b} `c` *d* "
    "_e_ ~f~ ^g^ {=typst} &amp; \"h\" 'i' // j -- k ... ![l](m.png) <!-- n --> =SUM(A1) ::: o <figure-x> p\\ q /* r"
)
"""Characters that typst, LaTeX, Markdown, pandoc, HTML or a spreadsheet might take for more than text."""
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="960" height="480" viewBox="0 0 960 480">'
    '<rect width="960" height="480" fill="white"/><text x="40" y="80" font-family="Source Sans Pro">Drawn</text>'
    "</svg>\n"
)


def shown(data: dict[str, Any], mark: dict[str, Any]) -> dict[str, Any]:
    """An output of a notebook."""
    return {"output_type": "display_data", "data": data, "metadata": {"compendium": mark}}


@dataclass
class Run:
    """An output folder and what the document is made from."""

    study: Study
    out: Path
    sections: list[Section]
    judged: dict[str, Any]

    def document(self) -> dict[str, Any]:
        """Make the document, and the faces that its forms need."""
        fonts.write_fonts(self.out)
        return document.document(self.study, self.out, self.sections, self.judged)


def verdict_of(text: str) -> dict[str, Any]:
    """A verdict in which every text is the one given."""
    item = {"rank": 1, "inconsistency_id": "I1", "kind": "count", "severity": "high", "shown_by": "computed"}
    item |= dict.fromkeys(("title", "statement", "place", "other", "other_place", "consequence", "innocent"), text)
    counts = {"reproduced": 3, "inconsistent": 1, "not recomputable": 2, "total": 6}
    return {
        "judgement": text,
        "artefacts": {"expected": 2, "rebuilt": 1, "missing": ["table-9"]},
        "claims": counts,
        "inconsistencies": {
            "total": 4,
            "by_severity": {"high": 1, "medium": 3, "low": 0},
            "by_what_shows_them": {"computed": 1, "reading": 3, "not shown": 0},
        },
        "matter_most": [item],
    }


def entry(name: str, kind: str = "table", *, published: bool = False, title: str = "T", alt: str = "In words") -> Entry:
    """Entry of the manifest for an invented artefact."""
    file = f"report/tables/{name}.csv" if kind == "table" else f"figures/{name}.svg"
    return Entry(name, kind, title, alt, published, "policy", POLICY.notebook, {file: "0"})


def squeezed(text: str) -> str:
    """Text without spaces, as line breaks in print leave none behind that could be compared."""
    return "".join(c for c in text if not c.isspace() and c not in "\u200b\u00ad\ufffe")


@pytest.fixture
def make_run(tmp_path: Path, build_study: Callable[..., Study]) -> Callable[..., Run]:
    """Make a run of one stage that shows the artefacts given, each with its table or ``None``."""

    def make(
        artefacts: list[tuple[Entry, pd.DataFrame | None]],
        *,
        prose: str = "# Policy\n",
        sentence: str = "",
        text: str = "Judged.",
        title: str = "A study",
        tables: dict[str, Any] | None = None,
        bibliography: str = "",
    ) -> Run:
        out = tmp_path / "out"
        outputs = [_output(out, artefact, frame) for artefact, frame in artefacts]
        if sentence:
            outputs.append(shown({"text/plain": sentence}, {"sentence": True}))
        cells = [
            {"cell_type": "markdown", "source": prose, "metadata": {}},
            {"cell_type": "code", "source": "x", "outputs": outputs, "metadata": {}},
        ]
        write_json(out / "report" / "notebooks" / POLICY.notebook, {"cells": cells})
        manifest.write_fragment(out, "policy", [artefact for artefact, _ in artefacts], [], [])
        study = build_study(tables or {"terms": [{"term": "a", "n": 1}]}, bibliography)
        study.package |= {"title": title, "contributors": [{"title": text}], "sources": [{"title": text}]}
        return Run(study, out, sections(out), verdict_of(text))

    return make


def _output(out: Path, artefact: Entry, frame: pd.DataFrame | None) -> dict[str, Any]:
    """Write an artefact's files, and return what the notebook shows of it."""
    data = {"text/plain": artefact.title}
    if frame is not None:
        data["text/html"] = notebook_table(frame, artefact.title)
    for name in artefact.files:
        write_text(out / name, SVG if name.endswith(".svg") else "made\n")
    return shown(data, {"id": artefact.id})


@pytest.fixture
def hostile(make_run: Callable[..., Run]) -> Run:
    """A run in which every text that comes from data is :data:`MARKUP`."""
    frame = pd.DataFrame({"name": [MARKUP, "plain"], "n": [1, 2]})
    long = pd.DataFrame({"severity": ["high", *["low"] * 50], "title": MARKUP, "statement": MARKUP})
    title = "".join(c for c in MARKUP if c not in "\\{}\"$%~'")  # without what BibTeX itself reads as markup
    bibliography = f"@article{{smith2001, author = {{Smith, J}}, title = {{{title}}}, year = {{2001}}}}\n"
    return make_run(
        [
            (entry("table-1", published=True, title=MARKUP, alt=MARKUP), frame),
            (entry("s-long", title=MARKUP, alt=MARKUP), long),
            (entry("figure-x", "figure", title=MARKUP, alt=MARKUP), None),
        ],
        sentence=MARKUP,
        text=MARKUP,
        title=MARKUP,
        bibliography=bibliography,
    )


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The released outputs of the bundled study, copied to where a test may write."""
    out = tmp_path_factory.mktemp("released")
    patterns = [f"figures/*.{ending}" for ending in ("svg", "csv", "json", "html")]
    for pattern in (*patterns, "report/notebooks/*.ipynb", "report/tables/*.csv", "report/*.json"):
        for path in ROOT.glob(pattern):
            target = out / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    return Run(Study(BUNDLED_STUDY), out, sections(out), read_json(out / "report" / "verdict.json"))


@pytest.fixture(scope="session")
def released_document(released: Run) -> dict[str, Any]:
    """The document of the bundled study."""
    return released.document()
