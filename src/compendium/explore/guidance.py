"""A notebook run out of order says what to run first, instead of a ``NameError`` or a missing file.

The notebooks' own sources tell which cell makes a name; nothing is listed here.
"""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any

from compendium.errors import CompendiumError
from compendium.stages import STAGES, Stage

ABOVE = "In JupyterLab: Run → Run All Above Selected Cell."
SESSION_VARIABLE = "JPY_SESSION_NAME"
"""Set by Jupyter's server: the path of the notebook that a kernel belongs to."""


class RunFirst(CompendiumError):  # noqa: N818 (it says what to do, not that something is wrong)
    """Something has to run before a cell can."""


def install(shell: Any = None) -> None:
    """Have a kernel explain names and files that are not there yet; nothing happens outside of IPython.

    Parameters
    ----------
    shell
        An IPython shell; the running one when ``None``.
    """
    if shell is None:
        try:
            from IPython import get_ipython
        except ImportError:
            return
        shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((NameError, FileNotFoundError), handle)


def handle(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
    tb_offset: int | None = None,
) -> list[str]:
    """Show a sentence where there is one to say, else the error as ever; IPython calls this for an error of a cell."""
    told = ""
    if isinstance(error, NameError) and error.name and _from_cell(shell, trace):
        told = missing_name(error.name, _running(shell))
    elif isinstance(error, FileNotFoundError) and error.filename:
        told = missing_file(Path(str(error.filename)))
    if not told:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return []
    found = RunFirst(told)
    shell.showtraceback((RunFirst, found, trace))
    return found._render_traceback_()


def _from_cell(shell: Any, trace: TracebackType | None) -> bool:
    """Whether an error was raised by a cell itself and not somewhere below it."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is None or trace.tb_frame.f_globals is shell.user_ns


def _running(shell: Any) -> str:
    return str((shell.user_ns.get("In") or [""])[-1])


def missing_name(name: str, running: str = "") -> str:
    """Say which cell of which notebook makes a name; nothing where none does.

    Parameters
    ----------
    name
        What a cell asked for.
    running
        Source of that cell, by which its notebook is known.
    """
    makers = [(stage, *found) for stage in STAGES if (found := _maker(stage, name)) is not None]
    if not makers:
        return ""
    session = Path(os.environ.get(SESSION_VARIABLE, "")).name
    here = [m for m in makers if m[0].notebook == session] or [m for m in makers if running in _sources(m[0])]
    stage, number, heading, line = (here or makers)[0]
    place = f"code cell {number}" + (f", under “{heading}”" if heading else "")
    place += f" of {stage.notebook}" if here else ""
    return f"'{name}' is not there yet: run {place} first, the one with “{line}”. {ABOVE}"


def _cells(stage: Stage) -> list[dict[str, Any]]:
    try:
        return list(json.loads(stage.path.read_text(encoding="utf-8"))["cells"])
    except (OSError, ValueError, KeyError):
        return []


def _sources(stage: Stage) -> list[str]:
    return ["".join(cell["source"]) for cell in _cells(stage) if cell["cell_type"] == "code"]


def _maker(stage: Stage, name: str) -> tuple[int, str, str] | None:
    """Return number of the first code cell that makes a name, the heading above it, and the line that does it."""
    from compendium.explore.published import defined

    heading, number = "", 0
    for cell in _cells(stage):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            heading = next((line[3:] for line in reversed(source.splitlines()) if line.startswith("## ")), heading)
            continue
        number += 1
        for statement in ast.parse(source).body:
            if name in defined(statement):
                return number, heading, source.splitlines()[statement.lineno - 1].partition("  #")[0].strip()
    return None


def missing_file(path: Path) -> str:
    """Say which stage writes a file of an output folder; nothing for a file that no stage writes."""
    parts = path.parts
    for stage in STAGES:
        derived = any(parts[n : n + 3] == ("data", "derived", stage.name) for n in range(len(parts)))
        if derived or path.name == stage.notebook:
            return f"{path.name} of stage {stage.name} is not there yet: run {stage.notebook}, or type: {_type(stage)}"
    if "report" in parts or "figures" in parts:
        return f"{path.name} is not there yet: the report is written by: python run_all.py"
    return ""


def _type(stage: Stage) -> str:
    return f"python run_all.py --only {stage.name}"
