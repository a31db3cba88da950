"""The report: made from the executed notebooks and the manifest, so that nothing in it is written twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from compendium.analysis import results
from compendium.audit import verdict
from compendium.data.study import Study
from compendium.files import write_json
from compendium.printing import document, fonts, jats, pdf, word
from compendium.publishing import manifest, table_package, workbook
from compendium.publishing.sections import copy_path, sections, stages_run
from compendium.webpage import page

UNLISTED = ("report/manifest.json", page.PLOTLY_ASSET, *fonts.FILES)
"""What is written beside the files that the manifest lists: itself, and what is not released."""


def write_report(study_folder: Path, out: Path) -> dict[str, Any]:
    """Write the report in all its forms, the joined results, the verdict and the manifest of all that have run.

    Parameters
    ----------
    study_folder, out
        Study and output folder.

    Returns
    -------
    dict
        ``manifest``, ``results`` and ``verdict`` (see :mod:`compendium.audit.verdict`).
    """
    study = Study(study_folder)
    values = results.join(out)
    judged = verdict.verdict(study, out)
    write_json(out / verdict.FILE, judged)
    read = sections(out)
    page.write_page(study, out, read, judged)
    further = [page.FILE, "report/results.json", verdict.FILE]
    further += [copy_path(Path(), stage).as_posix() for stage in stages_run(out)]
    entries = manifest.joined(out)
    further += table_package.write_package(study, out, entries)
    further += workbook.write_workbook(study, out, entries)
    fonts.write_fonts(out)
    printed = document.document(study, out, read, judged)
    with ThreadPoolExecutor() as pool:  # pandoc and typst do the work, and neither holds this interpreter
        further += pool.map(lambda write: write(out, printed), (pdf.write_pdf, word.write_word, jats.write_jats))
    return {"manifest": manifest.join(out, further), "results": values, "verdict": judged}
