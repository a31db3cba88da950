"""The report: made from the executed notebooks and the manifest, so that nothing in it is written twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from compendium.analysis import results
from compendium.audit import verdict
from compendium.audit.claims import claims
from compendium.audit.facts import facts_of
from compendium.data.study import Study
from compendium.files import write_json
from compendium.forking import in_turn
from compendium.printing import document, fonts, jats, pdf, word
from compendium.publishing import manifest, table_package, workbook
from compendium.publishing.sections import Section, copy_path, sections, stages_run
from compendium.webpage import page

UNLISTED = ("report/manifest.json", page.PLOTLY_ASSET, *fonts.FILES)
"""What is written beside the files that the manifest lists: itself, and what is not released."""


def get_ready(study: Study) -> None:
    """Do what can be done before the notebooks have run: import what writes, and check the claims."""
    import jinja2  # noqa: F401
    import nbconvert.filters  # noqa: F401
    import pygments.lexers  # noqa: F401
    import pypandoc  # noqa: F401
    import typst  # noqa: F401
    import xlsxwriter  # noqa: F401

    claims(study, facts_of(study))


def write_report(
    study: Study, out: Path, two: Callable[[Callable[[], Any], Callable[[], Any]], tuple[Any, Any]] = in_turn
) -> dict[str, Any]:
    """Write the report in all its forms, the joined results, the verdict and the manifest of all that have run.

    Parameters
    ----------
    study, out
        Study and output folder.
    two
        How two things are done: :func:`compendium.forking.in_turn` or :func:`compendium.forking.side_by_side`.

    Returns
    -------
    dict
        ``manifest``, ``results``, ``verdict`` (see :mod:`compendium.audit.verdict`) and ``written``, the paths of all
        files that the report consists of.
    """
    values = results.join(out)
    judged = verdict.verdict(study, out)
    write_json(out / verdict.FILE, judged)
    read = sections(out)
    on_screen, on_paper = two(
        lambda: _for_screens(study, out, read, judged), lambda: _for_paper(study, out, read, judged)
    )
    further = ["report/results.json", verdict.FILE, *on_screen, *on_paper]
    further += [copy_path(Path(), stage).as_posix() for stage in stages_run(out)]
    listed = manifest.join(out, further)
    written = [*listed["files"], *UNLISTED]
    return {"manifest": listed, "results": values, "verdict": judged, "written": written}


def _for_screens(study: Study, out: Path, read: list[Section], judged: dict[str, Any]) -> list[str]:
    """Write the page and the tables; return the paths of what is released."""
    page.write_page(study, out, read, judged)
    entries = manifest.joined(out)
    return [
        page.FILE,
        *table_package.write_package(study, out, entries),
        *workbook.write_workbook(study, out, entries),
    ]


def _for_paper(study: Study, out: Path, read: list[Section], judged: dict[str, Any]) -> list[str]:
    """Write the forms that are made of one document; return their paths."""
    fonts.write_fonts(out)
    printed = document.document(study, out, read, judged)
    with ThreadPoolExecutor() as pool:  # pandoc and typst do the work, and neither holds this interpreter
        return list(pool.map(lambda write: write(out, printed), (pdf.write_pdf, word.write_word, jats.write_jats)))
