"""Papermill engines: one for kernels forked from a warm process, one for kernels launched as ever.

Papermill knows them as ``compendium-fork`` and ``compendium-kernel``; a notebook does and shows the same in both.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.log import logger

from compendium.run.forked_kernel import ForkedKernelManager, LaunchedKernelManager
from compendium.run.warm_parent import FORK, KERNEL

_PREFIX = "compendium-"
_LONGEST_SOCKET_PATH = 100
_SOCKET_NAME = "kernel-ipc-5"


def engine_name(choice: str) -> str:
    """Return the name under which papermill knows an engine, having made sure that it does."""
    register()
    return _PREFIX + choice


class LaunchedKernelEngine(NBClientEngine):
    """Runs a notebook in a kernel of its own, launched as Jupyter launches kernels.

    The executed notebook is written once, at the end, however it ends. Further options of
    :func:`papermill.execute_notebook` that this engine takes:

    environment
        The kernel's whole environment; that of this process when ``None``.
    scratch
        Folder whose content makes room for the executed copy of a notebook that failed, where the disk is full.
    """

    manager_class: type[LaunchedKernelManager] = LaunchedKernelManager

    @classmethod
    def execute_notebook(
        cls, nb: Any, kernel_name: str, output_path: str | None = None, log_output: bool = False, **kwargs: Any
    ) -> Any:
        """Run a notebook and write it; as papermill's own engine, without the writing after each cell."""
        kwargs.pop("autosave_cell_every", None)
        progress, scratch = kwargs.pop("progress_bar", True), kwargs.pop("scratch", None)
        manager = NotebookExecutionManager(nb, progress_bar=progress, log_output=log_output, autosave_cell_every=0)
        manager.notebook_start()
        try:
            cls.execute_managed_notebook(manager, kernel_name, log_output=log_output, **kwargs)
        except (DeadKernelError, CellTimeoutError) as error:
            mark_unfinished(nb, error)
            raise
        finally:
            manager.output_path = output_path
            complete(manager, scratch)
        return manager.nb

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        environment: Mapping[str, str] | None = None,
        start_timeout: int = 60,
        execution_timeout: float | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the cells in a kernel of this engine's kind."""
        kwargs.pop("input_path", None)
        options = {
            "shutdown_kernel": "immediate",
            **kwargs,
            "timeout": execution_timeout,
            "startup_timeout": start_timeout,
            "log": logger,
        }
        with tempfile.TemporaryDirectory(prefix=_PREFIX) as private:
            manager = cls.make_manager(kernel_name, Path(private))
            if manager.transport == "tcp":
                options["extra_arguments"] = ["--log-level=ERROR"]
            client = PapermillNotebookClient(nb_man, km=manager, kernel_name=kernel_name, **options)
            try:
                return client.execute(env=cls.kernel_environment(environment, private), cleanup_kc=True)
            finally:
                drop_pending()

    @classmethod
    def make_manager(cls, kernel_name: str, private: Path) -> LaunchedKernelManager:
        """Make a manager whose kernel nobody else can listen to, where the system has sockets that are files."""
        manager = cls.manager_class(kernel_name=kernel_name)
        if sys.platform.startswith("linux") and len(str(private / _SOCKET_NAME)) < _LONGEST_SOCKET_PATH:
            manager.transport = "ipc"
        manager.connection_file = str(private / "kernel.json")
        return manager

    @staticmethod
    def kernel_environment(environment: Mapping[str, str] | None, private: str) -> dict[str, str]:
        """Keep a user's own IPython start-up files out of the kernel."""
        base = dict(os.environ if environment is None else environment)
        return {**base, "IPYTHONDIR": private, "JUPYTER_RUNTIME_DIR": private, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


class ForkedKernelEngine(LaunchedKernelEngine):
    """Runs a notebook in a kernel forked from a process that has imported what notebooks import."""

    manager_class = ForkedKernelManager


def complete(manager: NotebookExecutionManager, scratch: Path | None) -> None:
    """Write the executed notebook; where the disk is full, what one that failed has made gives way to it."""
    try:
        manager.notebook_complete()
    except OSError as error:
        outputs = (output for cell in manager.nb.cells for output in cell.get("outputs", []))
        failed = any(output.output_type == "error" for output in outputs)
        if error.errno != errno.ENOSPC or scratch is None or not failed:
            raise
        shutil.rmtree(scratch, ignore_errors=True)
        Path(manager.output_path).parent.mkdir(parents=True)
        manager.notebook_complete()


def drop_pending() -> None:
    """Cancel what a client that gave up on a cell still waits for; asyncio would complain of it at the end."""
    loop = ensure_event_loop()
    pending = [] if loop.is_running() else asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    if pending:
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))


def mark_unfinished(notebook: Any, error: Exception) -> None:
    """Write into the cell that was running why it did not come to an end; the kernel could not tell."""
    started = [cell for cell in notebook.cells if cell.metadata.get("papermill", {}).get("start_time")]
    if started and started[-1].cell_type == "code":
        ename, evalue = type(error).__name__, str(error).strip().partition("\n")[0]
        output = nbformat.v4.new_output("error", ename=ename, evalue=evalue, traceback=[f"{ename}: {evalue}"])
        started[-1].outputs.append(output)


def register() -> None:
    """Make the engines known to papermill, also where this package is not installed and has no entry points."""
    papermill_engines.register(_PREFIX + FORK, ForkedKernelEngine)
    papermill_engines.register(_PREFIX + KERNEL, LaunchedKernelEngine)
