"""The stages in the order of what they need, those that do not need each other side by side."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING

from compendium import paths
from compendium.errors import NotebookError
from compendium.files import tree
from compendium.parameters import for_stage
from compendium.progress import Reporter
from compendium.publishing import manifest
from compendium.run import state
from compendium.run.transaction import commit
from compendium.stages import STAGES, Stage, with_needs

if TYPE_CHECKING:
    from compendium.run.build import Plan

_DERIVED = Path("data") / "derived"
_LAST_WORDS = 1.5
"""Seconds that notebooks get to end after the run was interrupted."""


class Stopped(KeyboardInterrupt):
    """The run was interrupted; `finished` names the stages that it had finished."""

    def __init__(self, finished: list[str]):
        self.finished = finished
        super().__init__(finished)


class Schedule:
    """Runs what a plan asks for.

    Parameters
    ----------
    wanted
        The plan.
    reporter
        Hears of every stage.
    work
        Folder to work in, on the file system of the output folder.

    Attributes
    ----------
    ran, missing_images : list of str
        Names of the stages that ran, and of images that were not drawn.
    failed : list of dict
        Of each stage that did not come to its end: ``stage``, ``started``, ``ended``, ``error``, and ``kept``, the path
        of the executed copy, empty where there is none.
    """

    def __init__(self, wanted: Plan, reporter: Reporter, work: Path):
        self._wanted, self._reporter, self._work = wanted, reporter, work
        chosen = with_needs(wanted.only) if wanted.only else list(STAGES)
        self._asked = set(wanted.only) or {stage.name for stage in STAGES}
        self._number = {stage.name: number for number, stage in enumerate(chosen, start=1)}
        self._waiting = chosen
        self._running: dict[Future[None], Stage] = {}
        self._errors: list[tuple[int, BaseException]] = []
        self.ran: list[str] = []
        self.missing_images: list[str] = []
        self.failed: list[dict[str, str]] = []
        self._started: dict[str, str] = {}

    def run(self, all_started: Callable[[], None] = lambda: None) -> None:
        """Run until all is done.

        Parameters
        ----------
        all_started
            Is called when no stage waits to be started any more, if any ran.

        Raises
        ------
        NotebookError
            A notebook failed; what ran beside it was finished, nothing else was started.
        Stopped
            The run was interrupted; no kernel runs any more.
        """
        pool = ThreadPoolExecutor(self._wanted.jobs, thread_name_prefix="stage")
        try:
            while self._waiting or self._running:
                self._start_ready(pool)
                if self._running and not self._waiting and not self._errors:
                    all_started()
                for future in wait(self._running, return_when=FIRST_COMPLETED).done if self._running else ():
                    self._finish(self._running.pop(future), future)
        except KeyboardInterrupt:
            self._stop()
            raise Stopped(self.ran) from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        if self._errors:
            raise min(self._errors, key=lambda pair: pair[0])[1]
        self.ran.sort(key=self._number.__getitem__)

    def _start_ready(self, pool: ThreadPoolExecutor) -> None:
        """Start, or skip, every stage whose needs are met."""
        unfinished = {stage.name for stage in (*self._waiting, *self._running.values())}
        for stage in list(self._waiting):
            if unfinished & set(stage.needs) or len(self._running) >= self._wanted.jobs:
                continue
            self._waiting.remove(stage)
            place = (stage, self._number[stage.name], len(self._number))
            reason = state.stale_because(stage, self._wanted.out, self._wanted.study, self._wanted.values)
            if reason or (self._wanted.force and stage.name in self._asked):
                self._reporter.start(*place, reason or "forced")
                self._started[stage.name] = state.now()
                self._running[pool.submit(self._make, stage)] = stage
            else:
                self._reporter.skip(*place)
                unfinished.discard(stage.name)
                self.missing_images += manifest.read_fragment(self._wanted.out, stage.name)["missing_images"]

    def _make(self, stage: Stage) -> None:
        """Run a stage's notebook in a folder of its own; this happens beside other stages."""
        from compendium.run import execute

        folder = self._work / stage.name
        for need in stage.needs:
            shutil.copytree(self._wanted.out / _DERIVED / need, folder / _DERIVED / need)
        copy = folder / "report" / "notebooks" / stage.notebook
        values = for_stage(stage, self._wanted.values)
        engine = execute.Engine(self._wanted.engine, self._wanted.timeout)
        drawn = self._wanted.out / "figures"
        execute.execute(stage, self._wanted.study, folder, copy, values, engine, drawn)
        for need in stage.needs:
            shutil.rmtree(folder / _DERIVED / need)

    def _finish(self, stage: Stage, future: Future[None]) -> None:
        """Put in place what a stage made, or keep what is left of it."""
        try:
            future.result()
            missing = self._settle(stage)
        except NotebookError as error:
            kept_in = paths.RUNS if self._wanted.released else self._wanted.out
            copy = self._work / stage.name / "report" / "notebooks" / stage.notebook
            self._fail(stage, keep_copy(error, copy, kept_in / "failed"))
        except Exception as error:
            self._fail(stage, error)
        else:
            self.ran.append(stage.name)
            self.missing_images += missing
            self._reporter.done(stage, missing)

    def _fail(self, stage: Stage, error: BaseException) -> None:
        self._errors.append((self._number[stage.name], error))
        self._waiting.clear()
        self._record_failure(stage, getattr(error, "summary", repr(error)), getattr(error, "kept", ""))

    def _record_failure(self, stage: Stage, error: str, kept: str = "") -> None:
        times = {"started": self._started[stage.name], "ended": state.now()}
        self.failed.append({"stage": stage.name, **times, "error": error, "kept": kept})

    def _settle(self, stage: Stage) -> list[str]:
        """Commit a stage's outputs; return images not drawn."""
        made, out = self._work / stage.name, self._wanted.out
        fragment = manifest.read_fragment(made, stage.name)
        files = tree(made)
        before = {name for entry in manifest.read_fragment(out, stage.name)["artefacts"] for name in entry["files"]}
        entry = state.describe(stage, out, self._wanted.study, self._wanted.values, fragment, files)
        entry[state.TIMES] = {"started": self._started[stage.name], "ended": state.now()}
        commit(out, made, stage.name, list(files), sorted(before - set(files)), entry)
        return list(fragment["missing_images"])

    def _stop(self) -> None:
        """End all kernels, and give those who wait for them the time to notice."""
        from compendium.run.forked_kernel import end_kernels

        end_kernels()
        wait(self._running, timeout=_LAST_WORDS)
        for stage in self._running.values():
            self._record_failure(stage, "interrupted")


def keep_copy(error: NotebookError, copy: Path, folder: Path) -> NotebookError:
    """Keep the executed copy of a notebook that failed where the next run does not remove it."""
    kept = folder / copy.name
    if copy.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.move(str(copy), kept)
    return NotebookError(error.stage, error.cell, error.summary, str(kept) if kept.is_file() else "")
