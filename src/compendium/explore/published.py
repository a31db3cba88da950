"""Every published figure and table as one call.

Nothing is defined twice: what makes a figure, its title and its parameters stand in the notebook that publishes it.
The notebook's source is read, and of its cells only those statements are run that the wanted call needs.
"""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compendium.data.study import Study
from compendium.errors import InputError, unknown
from compendium.parameters import FOLDERS, Scalar, check, declared
from compendium.paths import STUDY_VARIABLE
from compendium.stages import STAGES, Stage

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

FIGURE, TABLE = "figure", "table"
_RUN = "stage"
"""Name that the notebooks give to what :func:`compendium.open_stage` returns."""


@dataclass(frozen=True)
class Published:
    """A figure or a table as a notebook publishes it.

    Parameters
    ----------
    identifier, kind, title
        Such as ``table-2``, ``table`` and its caption.
    stage
        The stage.
    made
        The expression that makes it, or for one of several made in a loop, the thing itself.
    before
        The statements above it in the notebook.
    """

    identifier: str
    kind: str
    title: str
    stage: Stage
    made: Any
    before: tuple[ast.stmt, ...] = ()


@dataclass(frozen=True)
class _Loop:
    """A statement of a notebook that publishes several things, whose number hangs on the study."""

    stage: Stage
    statement: ast.stmt
    before: tuple[ast.stmt, ...]


class _Recorder:
    """Stands in for :class:`compendium.StageRun` and keeps what a loop would publish."""

    def __init__(self, stage: Stage, study: Study):
        self.stage, self.study = stage, study
        self.kept: list[Published] = []

    def table(self, identifier: str, frame: pd.DataFrame, title: str, *_: Any, **__: Any) -> None:
        self.kept.append(Published(identifier, TABLE, title, self.stage, frame))

    def figure(self, identifier: str, figure: go.Figure, title: str, *_: Any, **__: Any) -> None:
        self.kept.append(Published(identifier, FIGURE, title, self.stage, figure))


def load(study: str | Path = "") -> Study:
    """Open a study.

    Parameters
    ----------
    study
        Its folder; when empty, that of the environment variable ``COMPENDIUM_STUDY``, else the bundled study.

    Returns
    -------
    compendium.Study
        Its tables are attributes: ``study.screening_flow``.

    Raises
    ------
    InputError
        The folder holds no study.
    """
    return Study(study or os.environ.get(STUDY_VARIABLE) or None)


def catalogue(study: Study | None = None) -> pd.DataFrame:
    """List what the notebooks publish of a study.

    Returns
    -------
    pandas.DataFrame
        One row per figure or table, in the order of the notebooks: ``id``, ``kind``, ``title``, ``notebook`` and
        ``parameters`` (names of those that its notebook has).
    """
    import pandas as pd

    rows = [
        (p.identifier, p.kind, p.title, p.stage.notebook, ", ".join(_parameters(p.stage)))
        for p in _published(study or load())
    ]
    return pd.DataFrame(rows, columns=["id", "kind", "title", "notebook", "parameters"])


def figure(identifier: str, study: Study | None = None, **parameters: Scalar) -> go.Figure:
    """Make a figure.

    Parameters
    ----------
    identifier
        Such as ``figure-1``; see :func:`catalogue`.
    study
        From :func:`load`; the bundled study when ``None``.
    **parameters
        Parameters of its notebook, such as ``woe_threshold="3"``.

    Raises
    ------
    InputError
        No such figure or parameter, with the nearest; a value that the study does not allow.
    """
    return _make(FIGURE, identifier, study, parameters)


def table(identifier: str, study: Study | None = None, **parameters: Scalar) -> pd.DataFrame:
    """Make a table; see :func:`figure`."""
    made: pd.DataFrame = _make(TABLE, identifier, study, parameters)
    return made


def _make(kind: str, identifier: str, study: Study | None, parameters: Mapping[str, Scalar]) -> Any:
    study = study or load()
    known = {p.identifier: p for p in _published(study, identifier) if p.kind == kind}
    if identifier not in known:
        raise unknown(kind, identifier, known)
    wanted = known[identifier]
    defaults = _parameters(wanted.stage)
    problems = [p for name in parameters if name not in defaults for p in unknown("parameter", name, defaults).problems]
    if problems:
        raise InputError(problems)
    given = {name: str(v) if isinstance(defaults[name], str) else v for name, v in parameters.items()}
    check(study, given)
    if not isinstance(wanted.made, ast.expr):
        return wanted.made
    names = {**defaults, **given, _RUN: _Recorder(wanted.stage, study)}
    _run(wanted.stage, _needed(wanted.made, wanted.before), names)
    return eval(compile(ast.Expression(wanted.made), wanted.stage.notebook, "eval"), names)  # noqa: S307 - as in _run


def _run(stage: Stage, statements: list[ast.stmt], names: dict[str, Any]) -> None:
    module = ast.Module(body=statements, type_ignores=[])
    exec(compile(module, stage.notebook, "exec"), names)  # noqa: S102 - the compendium's own notebook


def _parameters(stage: Stage) -> dict[str, Scalar]:
    return {p.name: p.default for p in declared(stage.path) if p.name not in FOLDERS}


def _published(study: Study, wanted: str = "") -> list[Published]:
    """List what the notebooks publish; loops are not run where what is wanted stands in none."""
    found = [entry for stage in STAGES for entry in _read(stage)]
    if any(isinstance(entry, Published) and entry.identifier == wanted for entry in found):
        return [entry for entry in found if isinstance(entry, Published)]
    return [p for entry in found for p in ([entry] if isinstance(entry, Published) else _unrolled(entry, study))]


def _unrolled(loop: _Loop, study: Study) -> list[Published]:
    recorder = _Recorder(loop.stage, study)
    statements = [*_needed(loop.statement, loop.before), loop.statement]
    _run(loop.stage, statements, {**_parameters(loop.stage), _RUN: recorder})
    return recorder.kept


@cache
def _read(stage: Stage) -> list[Published | _Loop]:
    """Find the statements of a notebook that publish something."""
    found, above = list[Published | _Loop](), list[ast.stmt]()
    for cell in json.loads(stage.path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code" or "parameters" in cell["metadata"].get("tags", []):
            continue
        for statement in ast.parse("".join(cell["source"])).body:
            calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call) and _publishes(node)]
            if calls and isinstance(statement, ast.Expr):
                identifier, _, title = (getattr(node, "value", "") for node in calls[0].args[:3])
                kind = calls[0].func.attr  # type: ignore[attr-defined]
                found.append(Published(identifier, kind, title, stage, calls[0].args[1], tuple(above)))
            elif calls:
                found.append(_Loop(stage, statement, tuple(above)))
            above.append(statement)
    return found


def _publishes(call: ast.Call) -> bool:
    target = call.func
    named = isinstance(target, ast.Attribute) and target.attr in (FIGURE, TABLE)
    return named and isinstance(target.value, ast.Name) and target.value.id == _RUN  # type: ignore[attr-defined]


def _needed(node: ast.AST, above: tuple[ast.stmt, ...]) -> list[ast.stmt]:
    """Of the statements above, keep the imports and assignments that a node needs, in their order."""
    names, kept = _used(node), list[ast.stmt]()
    for statement in reversed(above):
        if isinstance(statement, (ast.Import, ast.ImportFrom, ast.Assign)) and defined(statement) & names - {_RUN}:
            kept.insert(0, statement)
            names |= _used(statement)
    return kept


def _used(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def defined(statement: ast.stmt) -> set[str]:
    """Return the names that a statement at the top of a cell makes."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {(name.asname or name.name).partition(".")[0] for name in statement.names}
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    found = {n.id for target in targets if target is not None for n in ast.walk(target) if isinstance(n, ast.Name)}
    inner = [*getattr(statement, "body", []), *getattr(statement, "orelse", [])]
    return found.union(*(defined(one) for one in inner))
