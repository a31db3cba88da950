"""Run one notebook and keep an executed copy that is the same every time."""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compendium.errors import NotebookError
from compendium.parameters import Scalar
from compendium.paths import DRAWN_VARIABLE, EXPLORE_VARIABLE, OUT_VARIABLE, STUDY_VARIABLE
from compendium.run.warm_parent import default_engine
from compendium.stages import Stage

_CELL_FILE = re.compile(r"(?<!\S)\S*ipykernel_\d+[/\\](\d+)\.py")


@dataclass(frozen=True)
class Engine:
    """How notebooks are run.

    Parameters
    ----------
    name
        One of :data:`compendium.run.warm_parent.ENGINES`.
    timeout
        Seconds that a cell may take; ``None`` for any.
    """

    name: str = ""
    timeout: float | None = None


def execute(
    stage: Stage,
    study: Path,
    out: Path,
    copy: Path,
    values: dict[str, Scalar],
    engine: Engine | None = None,
    drawn: Path | None = None,
) -> None:
    """Run a stage's notebook with papermill.

    Parameters
    ----------
    stage
        The stage.
    study, out
        Study folder, and the folder that the notebook writes to.
    copy
        Where the executed copy goes.
    values
        Parameters that differ from the notebook's own.
    engine
        How to run it.
    drawn
        Folder with static images of earlier runs.

    Raises
    ------
    NotebookError
        A cell raised or took too long, or the kernel died; the executed copy is at `copy`, with the cell marked.
    """
    import papermill
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from compendium.run.engine import engine_name

    engine = engine or Engine()
    copy.parent.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {"progress_bar": False, "kernel_name": "python3", "record_timing": False}
    options |= {"engine_name": engine_name(engine.name or default_engine()), "execution_timeout": engine.timeout}
    options |= {"environment": kernel_environment(study, out, drawn), "scratch": out}
    try:
        papermill.execute_notebook(str(stage.path), str(copy), parameters=values, **options)
    except PapermillExecutionError as error:
        raise _failed(stage, copy, f"{error.ename}: {error.evalue}", error.exec_count) from error
    except CellTimeoutError as error:
        raise _failed(stage, copy, f"it took longer than {engine.timeout:g} s (--timeout)") from error
    except DeadKernelError as error:
        raise _failed(stage, copy, "its kernel died (was it ended, or was there too little memory?)") from error
    except NoSuchKernel as error:
        raise _failed(stage, copy, f"no kernel {error.name!r} is installed") from error
    normalise(copy)


def _failed(stage: Stage, copy: Path, summary: str, cell: int | None = None) -> NotebookError:
    """Put the executed copy in order, with the failing cell marked as papermill marks it; return what to raise."""
    if copy.is_file():
        cell = cell or _mark(copy)
        normalise(copy)
    return NotebookError(stage.name, cell, summary, str(copy))


def _mark(copy: Path) -> int | None:
    """Have papermill mark the cell that did not come to an end; return its number among the code cells."""
    import nbformat
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import raise_for_execution_errors

    notebook = nbformat.read(copy, as_version=4)
    for number, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), start=1):
        if any(output.output_type == "error" for output in cell.outputs):
            cell.execution_count = number
            with suppress(PapermillExecutionError):
                raise_for_execution_errors(notebook, str(copy))
            return number
    return None


def kernel_environment(study: Path, out: Path, drawn: Path | None = None) -> dict[str, str]:
    """Return a kernel's whole environment: where to read and write, and how to find this library."""
    source = Path(__file__).resolve().parents[2]
    return {
        **os.environ,
        STUDY_VARIABLE: str(study),
        OUT_VARIABLE: str(out),
        DRAWN_VARIABLE: str(drawn or ""),
        EXPLORE_VARIABLE: "static",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(source), os.environ.get("PYTHONPATH", "")])),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


@contextmanager
def quiet_process() -> Iterator[None]:
    """For the time of a run: no warnings and no log of libraries, and this environment's kernel before a user's own."""
    log, name = logging.getLogger("papermill"), "JUPYTER_PREFER_ENV_PATH"
    level, before = log.level, os.environ.get(name)
    log.setLevel(logging.CRITICAL)
    os.environ[name] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            log.setLevel(level)
            os.environ.pop(name)
            if before is not None:
                os.environ[name] = before


def normalise(copy: Path) -> None:
    """Take out of an executed copy what differs between two runs: times, paths, random ids, versions of Python."""
    import nbformat

    notebook = nbformat.read(copy, as_version=4)
    notebook.metadata.pop("papermill", None)
    notebook.metadata["language_info"] = {"name": "python"}
    for number, cell in enumerate(notebook.cells, start=1):
        cell.metadata.pop("execution", None)
        cell.metadata.pop("papermill", None)
        for tag, name in (("injected-parameters", "injected"), ("papermill-error-cell-tag", "error")):
            if tag in cell.metadata.get("tags", []):
                cell["id"] = f"{name}-{number}"
        for output in cell.get("outputs", []):
            if output.output_type == "stream":  # a warning names the file that its cell was compiled from
                output["text"] = _CELL_FILE.sub(r"cell-\1.py", output["text"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nbformat.write(notebook, copy)
