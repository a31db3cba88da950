"""The main job: validate, run the stages that need it, write the report."""

from __future__ import annotations

import errno
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compendium import paths
from compendium.crate import crate
from compendium.files import read_json, remove_partial
from compendium.parameters import FOLDERS, Scalar, all_declared
from compendium.progress import Reporter
from compendium.run import state
from compendium.run.borrowing import borrow
from compendium.run.execute import kernel_environment, quiet_process
from compendium.run.locking import hold
from compendium.run.report_writer import ReportWriter
from compendium.run.schedule import Schedule, Stopped
from compendium.run.transaction import finish
from compendium.run.warm_parent import FORK, allow_kernels, default_engine, warm
from compendium.stages import STAGES

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
    engine
        One of :data:`compendium.run.warm_parent.ENGINES`.
    jobs
        How many notebooks may run side by side.
    timeout
        Seconds that a cell may take; ``None`` for any.
    """

    study: Path
    out: Path
    values: dict[str, Scalar] = field(default_factory=dict)
    only: list[str] = field(default_factory=list)
    force: bool = False
    engine: str = field(default_factory=default_engine)
    jobs: int = 1
    timeout: float | None = None

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
    **how: Any,
) -> Plan:
    """Decide where a run reads and writes.

    Only the bundled study with the published parameters writes the released outputs; any other run goes to
    ``runs/<name>``, where the name tells the study and the parameters. How to run (`engine`, `jobs`, `timeout`) has no
    influence on that, nor on any output.
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
    return Plan(folder, target, values, list(only or []), force, **how)


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
    key = state.key_of_study(wanted.study)
    if key and wanted.engine == FORK and needs_kernels(wanted):
        warm(kernel_environment(wanted.study, wanted.out))
    checked = {"study": key, "values": wanted.values}
    _check(wanted, checked)
    guard_output(wanted)
    with hold(wanted.out):
        reporter.begin(wanted.out, wanted.released)
        work = wanted.out / WORK_NAME
        shutil.rmtree(work, ignore_errors=True)
        remove_partial(wanted.out)
        finish(wanted.out)
        borrow(wanted, work)
        state.save(wanted.out, state.VALIDATED, checked)
        try:
            return _run(wanted, reporter, work, key)
        except OSError as error:
            if error.errno == errno.ENOSPC and error.filename is None:
                error.filename = str(wanted.out)  # which of the disks is full
            raise
        finally:
            shutil.rmtree(work, ignore_errors=True)
            remove_partial(wanted.out)  # what a process left that was ended in the middle of writing


def needs_kernels(wanted: Plan) -> bool:
    """Whether any stage is likely to run; asked early, so that kernels can get ready meanwhile."""
    return wanted.force or any(state.stale_because(s, wanted.out, wanted.study, wanted.values) for s in STAGES)


def _check(wanted: Plan, checked: dict[str, Any]) -> None:
    """Validate the study, and the parameters against it, unless that was done before with the same content."""
    known = [state.recorded(folder).get(state.VALIDATED) for folder in (wanted.out, paths.ROOT)]
    if checked in known:
        return
    from compendium.data.study import Study
    from compendium.data.validation import require_valid
    from compendium.parameters import check

    valid = any(isinstance(entry, dict) and entry.get("study") == checked["study"] != "" for entry in known)
    check(Study(wanted.study) if valid else require_valid(wanted.study), wanted.values)


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


def _run(wanted: Plan, reporter: Reporter, work: Path, key: str) -> dict[str, Any]:
    allow_kernels()
    schedule, started = Schedule(wanted, reporter, work), state.now()
    try:
        made, written = _make(wanted, reporter, schedule, work, key)
    except BaseException as error:
        with suppress(Exception):  # what went wrong is told, whatever becomes of its record
            _describe(wanted, schedule, started, error)
        raise
    if schedule.ran or written or not (wanted.out / crate.FILE).is_file():
        _describe(wanted, schedule, started)
    return made


def _make(wanted: Plan, reporter: Reporter, schedule: Schedule, work: Path, key: str) -> tuple[dict[str, Any], bool]:
    """Run the stages and write the report; return what there is now, and whether the report was written."""
    with ReportWriter(wanted.study, wanted.out, wanted.engine == FORK, work) as writer:
        with quiet_process():
            schedule.run(writer.get_ready)
        made = {"ran": schedule.ran, "missing_images": schedule.missing_images}
        report_key = state.key_of_report(wanted.out, key)
        if wanted.force or not state.report_is_current(wanted.out, report_key):
            reporter.note("writing the report")
            try:
                return made | _write_report(wanted, writer, report_key), True
            except KeyboardInterrupt:
                raise Stopped(schedule.ran) from None
    names = ("manifest", "results", "verdict")
    return made | {name: read_json(wanted.out / "report" / f"{name}.json") for name in names}, False


def _describe(wanted: Plan, schedule: Schedule, started: str, error: BaseException | None = None) -> None:
    """Leave a record of the run: what ran, when, and what became of it."""
    stopped = isinstance(error, KeyboardInterrupt)
    told = "interrupted" if stopped else f"{error or type(error).__name__}".partition("\n")[0] if error else ""
    entry = {"started": started, "ended": state.now(), "values": wanted.values}
    crate.save_run(wanted.out, wanted.study, {**entry, "ran": schedule.ran, "failed": schedule.failed, "error": told})
    crate.write_crate(wanted.out)


def _write_report(wanted: Plan, writer: ReportWriter, key: str) -> dict[str, Any]:
    made = writer.write()
    outputs = [name for name in made.pop("written") if (wanted.out / name).is_file()]
    state.save(wanted.out, state.REPORT, {"key": key, "outputs": state.hashes(wanted.out, outputs)})
    return made
