"""Notebooks run through both engines: what a notebook shows, and how it fails, may not depend on the engine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill import execute_notebook
from papermill.exceptions import PapermillExecutionError

from compendium.run import engine, warm_parent
from compendium.run.execute import normalise
from compendium.run.warm_parent import ENGINES, FORK, KERNEL, can_fork

needs_fork = pytest.mark.skipif(not can_fork(), reason="this system launches every kernel")

OUTPUTS = [
    "print('text'); 6 * 7",
    "import sys; print('on stderr', file=sys.stderr); print('and after')",
    # What a child writes comes through pipes of its own: beside other outputs, its order is any kernel's chance.
    # A thread of the kernel picks up what a child process writes; without the pause it may come after the cell's end.
    "import os, time; _ = os.system('echo from a shell'); time.sleep(0.3)",
    "_ = os.system('echo and its stderr >&2'); time.sleep(0.3)",
    "import subprocess; _ = subprocess.run(['echo', 'from a child'], check=True); time.sleep(0.3)",
    "!echo from the shell escape",
    "import warnings; warnings.warn('careful'); warnings.warn('old', DeprecationWarning)",
    "from IPython.display import HTML, display; display(HTML('<b>bold</b>')); display({'text/plain': 'raw'}, raw=True)",
    "import pandas as pd; pd.DataFrame({f'column_{i}': range(100) for i in range(30)})",
    "import plotly.graph_objects as go; go.Figure(go.Bar(x=['a'], y=[1]))",
    "go.Figure(go.Scatter(x=[1], y=[2])).show(); pd.Series([1.5, None])",
    "import asyncio; await asyncio.sleep(0.01); print(await asyncio.to_thread(lambda: 'from a thread'))",
    "import threading; t = threading.Thread(target=print, args=('thread',)); t.start(); t.join()",
    "print('x' * 5_000_000)",
    "import logging; logging.warning('logged'); logging.getLogger('a').info('not shown')",
    "import numpy as np; a = np.ones((600, 600)); float((a @ a).sum())",
    "%config ZMQInteractiveShell.ast_node_interactivity",
    "handle = display('first', display_id='one'); handle.update('second')",
]
SURROUNDINGS = [
    "from compendium.publishing.publish import modules_used; print(modules_used())",
    "import os, signal, sys; print(__name__, sys.argv[1], sys.argv[3:], os.path.basename(sys.argv[0]))",
    "print([p for p in sys.path if 'src' not in p], os.getcwd(), sys.stdin.read() if False else os.read(0, 10))",
    "print([signal.getsignal(getattr(signal, n)) for n in ('SIGCHLD', 'SIGTERM', 'SIGPIPE', 'SIGHUP')])",
    "print(sorted(set(os.environ) - {'LC_CTYPE'}), os.environ['MARK'], signal.set_wakeup_fd(-1) >= 0)",
    "print(os.getsid(0) == os.getpid() == os.getpgrp(), sys.getrecursionlimit(), sys.flags, sys.executable)",
    "print(type(get_ipython()), get_ipython().history_manager.hist_file, get_ipython().user_ns['__builtins__'])",
    "print(sys.warnoptions, len(sys._current_frames()), sys.getswitchinterval(), os.umask(0o22))",
]
FAILURES = {
    "raises": (["def f(x):\n    return 1 / x\n", "print('before'); f(0)", "print('never')"], PapermillExecutionError),
    "in a library": (["import json\njson.loads('{')"], PapermillExecutionError),
    "syntax": (["x = = 1"], PapermillExecutionError),
    "asks": (["input('name? ')"], PapermillExecutionError),
    "exits with a status": (["import sys; sys.exit(3)", "print('on')"], PapermillExecutionError),
    "killed": (
        ["import os; import time; print('soon', flush=True); time.sleep(0.3); os.kill(os.getpid(), 9)"],
        DeadKernelError,
    ),
    "out of memory": (
        ["import resource; resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30)); b = bytearray(8 << 30)"],
        PapermillExecutionError,
    ),
    "never returns": (["print('waiting', flush=True)\nwhile True: pass"], CellTimeoutError),
}


@dataclass
class Run:
    """What came of a notebook."""

    content: bytes
    error: type[BaseException] | None
    message: str

    def text(self) -> str:
        return self.content.decode()


def run(folder: Path, choice: str, cells: list[str], timeout: float | None = None) -> Run:
    """Run cells through an engine, in the same folder each time."""
    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    book.cells = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(cells)]
    source, copy = folder / "source.ipynb", folder / "copy.ipynb"
    nbformat.write(book, source)
    # ipykernel does not catch what is written to descriptors where it believes itself under test.
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"} | {"MARK": "kept"}
    error: BaseException | None = None
    try:
        execute_notebook(
            str(source),
            str(copy),
            engine_name=engine.engine_name(choice),
            kernel_name="python3",
            progress_bar=False,
            environment=environment,
            execution_timeout=timeout,
        )
    except (PapermillExecutionError, DeadKernelError, CellTimeoutError) as caught:
        error = caught
    normalise(copy)
    return Run(copy.read_bytes(), type(error) if error else None, str(error or ""))


@needs_fork
@pytest.mark.parametrize("cells", [OUTPUTS, SURROUNDINGS], ids=["outputs", "surroundings"])
def test_both_engines_show_the_same(tmp_path: Path, cells: list[str]) -> None:
    launched, forked = (run(tmp_path, choice, cells) for choice in ENGINES[::-1])
    assert launched.error is None, launched.message
    assert forked.text().splitlines() == launched.text().splitlines()


@needs_fork
@pytest.mark.parametrize("name", FAILURES)
def test_both_engines_fail_alike(tmp_path: Path, name: str) -> None:
    cells, expected = FAILURES[name]
    limit = 1.0 if expected is CellTimeoutError else None
    launched, forked = (run(tmp_path, choice, cells, limit) for choice in ENGINES[::-1])
    assert launched.error is expected
    assert (forked.error, forked.message) == (launched.error, launched.message)
    assert forked.text().splitlines() == launched.text().splitlines()


@needs_fork
def test_what_the_engine_catches_is_really_in_the_copy(tmp_path: Path) -> None:
    shown = run(tmp_path, FORK, OUTPUTS).text()
    for expected in (
        "from a shell",
        "and its stderr",
        "from a child",
        "from a thread",
        "application/vnd.plotly.v1+json",
    ):
        assert expected in shown
    assert "x" * 1000 in shown


def test_kernels_are_forked_where_the_system_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm_parent, "can_fork", lambda: True)
    assert warm_parent.default_engine() == FORK
    monkeypatch.setattr(warm_parent, "can_fork", lambda: False)
    assert warm_parent.default_engine() == KERNEL


def test_a_long_temporary_folder_does_not_make_a_socket_path_that_is_too_long(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90)
    assert engine.LaunchedKernelEngine.make_manager("python3", deep).transport == "tcp"


def test_the_engines_are_declared_as_entry_points() -> None:
    import tomllib

    from papermill.engines import papermill_engines

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for choice in ENGINES:
        module, _, name = project["entry-points"]["papermill.engine"][f"compendium-{choice}"].partition(":")
        assert module == "compendium.run.engine"
        assert papermill_engines.get_engine(engine.engine_name(choice)) is getattr(engine, name)
