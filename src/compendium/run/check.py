"""Rebuild everything elsewhere and compare it, byte by byte, with what is released."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from compendium import paths
from compendium.errors import NotebookError
from compendium.files import sha256, tree
from compendium.progress import Reporter
from compendium.run.build import Plan, build
from compendium.run.schedule import keep_copy

SAME, DIFFERENT, MISSING, UNEXPECTED = "same", "different", "missing", "unexpected"
OUTPUT_FOLDERS = ("figures", "report")
NOT_OUTPUTS = ("report/template/", "report/assets/")
"""What lies in the output folders and is not made by a run, or is not released."""


def released_files(out: Path) -> dict[str, Path]:
    """Files of a run that are released, by path relative to the output folder."""
    found = {f"{folder}/{name}": path for folder in OUTPUT_FOLDERS for name, path in tree(out / folder).items()}
    return {name: path for name, path in found.items() if not name.startswith(NOT_OUTPUTS)}


def compare(released: Path, rebuilt: Path) -> list[tuple[str, str]]:
    """Compare two output folders.

    Returns
    -------
    list of (str, str)
        Path and verdict (*same*, *different*, *missing* from the rebuilt, *unexpected* in it), sorted by path.
    """
    old, new = released_files(released), released_files(rebuilt)
    verdicts = []
    for name in sorted({*old, *new}):
        if name not in new:
            verdict = MISSING
        elif name not in old:
            verdict = UNEXPECTED
        else:
            verdict = SAME if sha256(old[name]) == sha256(new[name]) else DIFFERENT
        verdicts.append((name, verdict))
    return verdicts


def check(reporter: Reporter | None = None, **how: Any) -> list[tuple[str, str]]:
    """Rebuild the bundled study into a temporary folder and compare it with the released outputs.

    Parameters
    ----------
    reporter
        Hears of every stage.
    how
        How to run: see :class:`compendium.run.build.Plan`.

    Returns
    -------
    list of (str, str)
        As :func:`compare` gives it.
    """
    with tempfile.TemporaryDirectory(prefix="compendium-check-") as folder:
        rebuilt = Path(folder).resolve() / "rebuilt"
        try:
            build(Plan(paths.BUNDLED_STUDY, rebuilt, force=True, **how), reporter)
        except NotebookError as error:
            raise keep_copy(error, Path(error.kept), paths.RUNS / "failed") from error
        return compare(paths.ROOT, rebuilt)


def verdict_table(verdicts: list[tuple[str, str]]) -> str:
    """Write the verdicts as a table: one line per folder where all is the same, one per file that is not."""
    lines = [f"{'':4}{'files':>6}  {'same':>6}  artefacts"]
    groups: dict[str, list[str]] = {}
    for name, verdict in verdicts:
        groups.setdefault(name.rpartition("/")[0], []).append(verdict)
    for group, found in sorted(groups.items()):
        same = Counter(found)[SAME]
        mark = "ok" if same == len(found) else "NO"
        lines.append(f"{mark:4}{len(found):>6}  {same:>6}  {group}/")
    lines += [f"NO  {verdict}: {name}" for name, verdict in verdicts if verdict != SAME]
    same = sum(verdict == SAME for _, verdict in verdicts)
    conclusion = "every one is the same" if same == len(verdicts) else f"{len(verdicts) - same} are not the same"
    lines.append(f"{same} of {len(verdicts)} files were rebuilt byte for byte: {conclusion}.")
    return "\n".join(lines)
