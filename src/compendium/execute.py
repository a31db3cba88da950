"""Run one notebook and keep an executed copy that is the same every time."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from compendium.errors import NotebookError
from compendium.parameters import Scalar
from compendium.publish import OUT_VARIABLE, STUDY_VARIABLE
from compendium.stages import Stage


def execute(stage: Stage, study: Path, out: Path, copy: Path, values: dict[str, Scalar]) -> None:
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

    Raises
    ------
    NotebookError
        A cell raised; the executed copy is at `copy`, with the failing cell marked.
    """
    import papermill
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    copy.parent.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {"progress_bar": False, "kernel_name": "python3", "shutdown_kernel": "immediate"}
    with _kernel_environment(study, out) as private, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options |= _transport(private)
        try:
            papermill.execute_notebook(str(stage.path), str(copy), parameters=values, record_timing=False, **options)
        except PapermillExecutionError as error:
            summary = f"{error.ename}: {error.evalue}"
            raise NotebookError(stage.name, error.exec_count, summary, str(copy)) from error
        except (DeadKernelError, NoSuchKernel) as error:
            raise NotebookError(stage.name, None, f"its kernel died or is missing ({error})", str(copy)) from error
    normalise(copy)


def _transport(private: Path) -> dict[str, Any]:
    """Talk to kernels through sockets in a private folder where the system has them, so that nobody else can listen."""
    if sys.platform.startswith("linux"):
        from jupyter_client.manager import AsyncKernelManager

        class LocalKernelManager(AsyncKernelManager):
            transport = "ipc"
            ip = str(private / "kernel")  # where the sockets lie; otherwise in the current directory

        return {"kernel_manager_class": LocalKernelManager}
    return {"extra_arguments": ["--log-level=ERROR"]}


@contextmanager
def _kernel_environment(study: Path, out: Path) -> Iterator[Path]:
    """Tell the kernel where to read and write, and keep a user's own IPython start-up files out of it."""
    source = Path(__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory(prefix="compendium-") as private:
        wanted = {
            STUDY_VARIABLE: str(study),
            OUT_VARIABLE: str(out),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(source), os.environ.get("PYTHONPATH", "")])),
            "IPYTHONDIR": private,
            "JUPYTER_RUNTIME_DIR": private,
            "JUPYTER_PREFER_ENV_PATH": "1",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        try:
            yield Path(private)
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def normalise(copy: Path) -> None:
    """Take out of an executed copy what differs between two runs: times, paths, random ids, versions of Python."""
    import nbformat

    notebook = nbformat.read(copy, as_version=4)
    notebook.metadata.pop("papermill", None)
    notebook.metadata["language_info"] = {"name": "python"}
    for number, cell in enumerate(notebook.cells, start=1):
        cell.metadata.pop("execution", None)
        cell.metadata.pop("papermill", None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = f"injected-{number}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nbformat.write(notebook, copy)
