"""Parameters of the notebooks: read from their tagged cells, checked before anything runs."""

from __future__ import annotations

import ast
import io
import json
import tokenize
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compendium.errors import CompendiumError, InputError, Problem, unknown
from compendium.stages import STAGES, Stage

if TYPE_CHECKING:
    from compendium.data.study import Study

FOLDERS = ("study", "out")
"""Parameters that name folders; the runner hands them on in another way, so that no path enters an output."""

Scalar = str | int | float | bool


@dataclass(frozen=True)
class Parameter:
    """A parameter of a notebook: its name, published value and the comment that explains it."""

    name: str
    default: Scalar
    help: str


class NotebookSourceError(CompendiumError):
    """A notebook's source cannot be read."""


def declared(notebook: Path) -> list[Parameter]:
    """Read the parameters from the cell tagged ``parameters``.

    Raises
    ------
    NotebookSourceError
        The file is missing or is not a notebook, or the cell holds something else than plain scalars.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        tagged = [c for c in cells if "parameters" in c.get("metadata", {}).get("tags", [])]
        source = "".join(tagged[0]["source"]) if tagged else ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotebookSourceError(f"{notebook.name} is not a notebook that can be read: {error}") from None
    return _read_cell(notebook.name, source)


def _read_cell(name: str, source: str) -> list[Parameter]:
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found = []
    for node in ast.parse(source).body:
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)):
            raise NotebookSourceError(f"{name}: the parameters cell may hold only NAME = plain value")
        target = node.targets[0]
        if isinstance(target, ast.Name):
            found.append(Parameter(target.id, node.value.value, comments.get(node.lineno, "")))  # type: ignore[arg-type]
    return found


def all_declared() -> dict[str, Parameter]:
    """Parameters of all notebooks by name, in the order of the notebooks."""
    found: dict[str, Parameter] = {}
    for stage in STAGES:
        for parameter in declared(stage.path):
            found.setdefault(parameter.name, parameter)
    return found


def parse(assignments: list[str]) -> dict[str, Scalar]:
    """Read ``NAME=VALUE`` options.

    Parameters
    ----------
    assignments
        Such as ``["woe_threshold=3"]``.

    Returns
    -------
    dict
        Name to value, with the type of the notebook's own value.

    Raises
    ------
    InputError
        All that is wrong: no ``=``, an unknown name, a value of another type, a name given twice.
    """
    known = all_declared()
    values: dict[str, Scalar] = {}
    problems: list[Problem] = []
    for text in assignments:
        name, sign, value = text.partition("=")
        name = name.strip()
        if not sign:
            problems.append(Problem(field="-p", value=text, reason="has no '='", allowed="NAME=VALUE"))
        elif name not in known:
            problems += unknown("parameter", name, known).problems
        elif name in values:
            problems.append(Problem(field=name, value=value, reason="is given twice", allowed="each parameter once"))
        else:
            values[name] = _convert(known[name], value.strip(), problems)
    if problems:
        raise InputError(problems)
    return values


def _convert(parameter: Parameter, text: str, problems: list[Problem]) -> Scalar:
    kind = type(parameter.default)
    if kind is bool:
        if text.lower() in {"true", "false", "yes", "no"}:
            return text.lower() in {"true", "yes"}
    elif kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    else:
        return text
    allowed = {bool: "true or false", int: "a whole number", float: "a number"}[kind]
    problems.append(Problem(field=parameter.name, value=text, reason="wrong type", allowed=allowed))
    return parameter.default


def _check_rule(study: Study, value: str) -> object:
    from compendium.analysis.weight_of_evidence import overall

    return overall(study, value)


def _check_threshold(study: Study, value: str) -> object:
    from compendium.analysis.weight_of_evidence import threshold_rank

    return threshold_rank(study, value)


def _check_families(study: Study, value: str) -> object:
    from compendium.data.terms import ALL, choose, families

    chosen = choose(study, value)
    if not chosen:
        allowed = ", ".join([ALL, *families(study)])
        raise InputError(Problem(field="term_families", value=value, reason="names no family", allowed=allowed))
    return chosen


CHECKS: dict[str, Callable[[Study, str], Any]] = {
    "woe_rule": _check_rule,
    "woe_threshold": _check_threshold,
    "term_families": _check_families,
}
"""Parameter to the function that raises :class:`InputError` where a study does not allow a value."""


def check(study: Study, values: dict[str, Scalar]) -> None:
    """Check values against the study, all at once.

    Raises
    ------
    InputError
        Every value that the study does not allow.
    """
    problems: list[Problem] = []
    for name, value in values.items():
        try:
            CHECKS.get(name, lambda *_: None)(study, str(value))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)


def for_stage(stage: Stage, values: dict[str, Scalar]) -> dict[str, Scalar]:
    """Those of the given values that the stage has and that differ from its own; folders left out."""
    own = {p.name: p.default for p in declared(stage.path)}
    return {n: v for n, v in values.items() if n in own and n not in FOLDERS and own[n] != v}
