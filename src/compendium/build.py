"""The main job: validate, run the stages that need it, write the report."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compendium import paths
from compendium.errors import NotebookError
from compendium.files import remove_partial, tree
from compendium.locking import hold
from compendium.parameters import FOLDERS, Scalar, all_declared, check
from compendium.progress import Reporter
from compendium.stages import STAGES, Stage, with_needs
from compendium.validation import require_valid

WORK_NAME = ".compendium-work"


@dataclass
class Plan:
    """What a run is to do.

    Parameters
    ----------
    study
        Study folder.
    out
        Output folder.
    values
        Parameters given by the user.
    only
        Names of the stages wanted; all when empty. Stages they need run too where they are not up to date.
    force
        Run also what is up to date.
    """

    study: Path
    out: Path
    values: dict[str, Scalar] = field(default_factory=dict)
    only: list[str] = field(default_factory=list)
    force: bool = False

    @property
    def released(self) -> bool:
        """Whether this run writes the released outputs."""
        return self.out == paths.ROOT


def changed_values(values: dict[str, Scalar]) -> dict[str, Scalar]:
    """Those of the given values that differ from the published ones; folders left out."""
    known = all_declared()
    return {n: v for n, v in values.items() if n not in FOLDERS and known[n].default != v}


def plan(
    study: str = "",
    out: str = "",
    values: dict[str, Scalar] | None = None,
    only: list[str] | None = None,
    force: bool = False,
) -> Plan:
    """Decide where a run reads and writes.

    Only the bundled study with the published parameters writes the released outputs; any other run goes to
    ``runs/<name>``, where the name tells the study and the parameters.
    """
    values = dict(values or {})
    study = str(values.pop("study", "") or study)
    out = str(values.pop("out", "") or out)
    folder = Path(study).resolve() if study else paths.BUNDLED_STUDY
    changed = changed_values(values)
    if out:
        target = Path(out).resolve()
    elif folder == paths.BUNDLED_STUDY and not changed:
        target = paths.ROOT
    else:
        target = paths.RUNS / run_name(folder, changed)
    return Plan(folder, target, values, list(only or []), force)


def run_name(study: Path, changed: dict[str, Scalar]) -> str:
    """Name a run after its study and what was changed, in characters that every file system takes."""
    parts = [] if study == paths.BUNDLED_STUDY else [study.name]
    parts += [f"{name}-{value}" for name, value in sorted(changed.items())]
    text = "_".join(parts)
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in text).lstrip(".")[:100] or "run"


def build(wanted: Plan, reporter: Reporter | None = None) -> dict[str, Any]:
    """Run a plan.

    Returns
    -------
    dict
        ``ran`` (names of stages), ``manifest``, ``results``, ``missing_images``.

    Raises
    ------
    InputError
        The study or a parameter is wrong; nothing was written.
    NotebookError
        A notebook failed; stages before it are kept.
    BusyError
        Another run works on the output folder.
    """
    reporter = reporter or Reporter()
    study = require_valid(wanted.study)
    check(study, wanted.values)
    guard_output(wanted)
    with hold(wanted.out):
        reporter.begin(wanted.out, wanted.released)
        work = wanted.out / WORK_NAME
        shutil.rmtree(work, ignore_errors=True)
        remove_partial(wanted.out)
        try:
            return _run(wanted, reporter, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def guard_output(wanted: Plan) -> None:
    """Refuse an output folder that would overwrite the compendium or a study with another run's outputs."""
    from compendium.errors import InputError, Problem

    inside = wanted.out == wanted.study or wanted.study in wanted.out.parents
    foreign = wanted.out == paths.ROOT and (wanted.study != paths.BUNDLED_STUDY or changed_values(wanted.values))
    if inside or foreign:
        reason = "lies in the study's own folder" if inside else "holds the released outputs"
        raise InputError(Problem(field="--out", value=str(wanted.out), reason=reason, allowed="another folder"))
    taken = next((p for p in (wanted.out, *wanted.out.parents) if p.exists()), wanted.out)
    if not taken.is_dir():
        reason = "is not a folder" if taken == wanted.out else f"lies below {taken}, which is not a folder"
        raise InputError(Problem(field="--out", value=str(wanted.out), reason=reason, allowed="a folder"))


def _run(wanted: Plan, reporter: Reporter, work: Path) -> dict[str, Any]:
    from compendium import manifest, state
    from compendium.report import write_report

    chosen = with_needs(wanted.only) if wanted.only else list(STAGES)
    asked = set(wanted.only) or {s.name for s in STAGES}
    ran, missing = [], []
    for number, stage in enumerate(chosen, start=1):
        reason = state.stale_because(stage, wanted.out, wanted.study, wanted.values)
        if not reason and not (wanted.force and stage.name in asked):
            reporter.skip(stage, number, len(chosen))
            missing += manifest.read_fragment(wanted.out, stage.name)["missing_images"]
            continue
        reporter.start(stage, number, len(chosen), reason or "forced")
        missing_here = _run_stage(wanted, stage, work / stage.name)
        reporter.done(stage, missing_here)
        ran.append(stage.name)
        missing += missing_here
    reporter.note("writing the report")
    return {"ran": ran, "missing_images": missing, **write_report(wanted.study, wanted.out)}


def _run_stage(wanted: Plan, stage: Stage, work: Path) -> list[str]:
    """Run one stage in a folder of its own and move what it made into place; return images not drawn."""
    from compendium import manifest, state
    from compendium.execute import execute
    from compendium.parameters import for_stage

    derived = Path("data") / "derived"
    for need in stage.needs:
        shutil.copytree(wanted.out / derived / need, work / derived / need)
    copy = work / "report" / "notebooks" / stage.notebook
    try:
        execute(stage, wanted.study, work, copy, for_stage(stage, wanted.values))
    except NotebookError as error:
        kept_in = paths.RUNS if wanted.released else wanted.out
        raise keep_copy(error, copy, kept_in / "failed") from error
    for need in stage.needs:
        shutil.rmtree(work / derived / need)
    fragment = manifest.read_fragment(work, stage.name)
    outputs = list(tree(work))
    _remove_outdated(wanted.out, stage, outputs)
    for name in outputs:
        target = wanted.out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (work / name).replace(target)
    state.record(stage, wanted.out, wanted.study, wanted.values, fragment["inputs"], outputs)
    return list(fragment["missing_images"])


def _remove_outdated(out: Path, stage: Stage, outputs: list[str]) -> None:
    """Remove what an earlier run of the stage published and this one does not."""
    from compendium import manifest

    for entry in manifest.read_fragment(out, stage.name)["artefacts"]:
        for name in set(entry["files"]) - set(outputs):
            (out / name).unlink(missing_ok=True)


def keep_copy(error: NotebookError, copy: Path, folder: Path) -> NotebookError:
    """Keep the executed copy of a notebook that failed where the next run does not remove it."""
    kept = folder / copy.name
    if copy.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.move(str(copy), kept)
    return NotebookError(error.stage, error.cell, error.summary, str(kept) if kept.is_file() else "")
