"""Parameters of the notebooks: read from their tagged cells, checked before anything runs."""

from __future__ import annotations

import ast
import io
import json
import shlex
import tokenize
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compendium.errors import CompendiumError, InputError, Problem, unknown
from compendium.files import write_text
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
        else:
            problems += _enter(values, known, name, value)
    if problems:
        raise InputError(problems)
    return values


def _enter(values: dict[str, Scalar], known: Mapping[str, Parameter], name: str, text: str | None) -> list[Problem]:
    """Enter a value among those read so far, or say what is wrong with it."""
    if name not in known:
        return unknown("parameter", name, known).problems
    if name in values:
        return [Problem(field=name, value=text, reason="is given twice", allowed="each parameter once")]
    if text is None:
        return [Problem(field=name, reason="is no single value", allowed="a text, a number, true or false")]
    problems: list[Problem] = []
    values[name] = _convert(known[name], text.strip(), problems)
    return problems


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
    from compendium.data.terms import choose

    return choose(study, value)


def _check_terms(study: Study, value: str) -> object:
    from compendium.analysis.search import terms

    return terms(study, value)


def _check_platform(study: Study, value: str) -> object:
    from compendium.analysis.search import SYNTAXES

    if value and value not in SYNTAXES:
        raise unknown("search_platform", value, SYNTAXES)
    return value


def _check_counts(study: Study, value: str) -> object:
    from compendium.analysis.what_if import read_counts

    return read_counts(study, value)


def _check_years(study: Study, value: str) -> object:
    from compendium.analysis.what_if import read_years

    return read_years(study, value)


def _check_choice(parameter: str, table: str, column: str) -> Callable[[Study, str], object]:
    def check_choice(study: Study, value: str) -> object:
        from compendium.data.choices import choose

        return choose(parameter, value, study.table(table)[column])

    return check_choice


def _check_one(parameter: str, table: str, column: str) -> Callable[[Study, str], object]:
    """Check a parameter that names one row of a table, or none."""

    def check_one(study: Study, value: str) -> object:
        if value and (table not in study or value not in set(study.table(table)[column])):
            raise unknown(parameter, value, study.table(table)[column] if table in study else [])
        return value

    return check_one


CHECKS: dict[str, Callable[[Study, str], Any]] = {
    "search_terms": _check_terms,
    "search_platform": _check_platform,
    "flow_counts": _check_counts,
    "screening_criteria": _check_choice("screening_criteria", "screening-criteria", "criterion_id"),
    "woe_rule": _check_rule,
    "woe_threshold": _check_threshold,
    "term_families": _check_families,
    "policy_years": _check_years,
    "interview_levels": _check_choice("interview_levels", "interviews-levels", "level_id"),
    "interview_themes": _check_choice("interview_themes", "interviews-themes", "theme_id"),
    "interviewees": _check_choice("interviewees", "interviews-interviewees", "interviewee_id"),
    "finding": _check_one("finding", "conclusions-findings", "finding_id"),
    "claim": _check_one("claim", "conclusions-claims", "claim_id"),
}
"""Parameter to the function that raises :class:`InputError` where a study does not allow a value."""


def _check_together(study: Study, values: dict[str, Scalar]) -> None:
    """Check values that are right one by one and may leave nothing together."""
    from compendium.analysis.what_if import interviews

    names = ("interview_levels", "interview_themes", "interviewees")
    if any(name in values for name in names):
        interviews(study, **{name: str(values[name]) for name in names if name in values})


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
    _check_together(study, values)


def options(values: Mapping[str, Scalar]) -> str:
    """Write values as the options that set them: ``-p NAME=VALUE …``, quoted for a shell where that is needed.

    What is written is read back by :func:`shlex.split` and :func:`parse`.
    """
    return " ".join(f"-p {shlex.quote(f'{name}={text_of(value)}')}" for name, value in values.items())


def text_of(value: Scalar) -> str:
    """Write a value as it is given after ``-p NAME=``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_file(path: str | Path) -> dict[str, Scalar]:
    """Read a parameter file: a mapping of names to values, in YAML, or in JSON where the name ends so.

    Parameters
    ----------
    path
        The file. Its values are read as those after ``-p NAME=`` are, so ``3`` and ``"3"`` are the same.

    Returns
    -------
    dict
        Name to value, with the type of the notebook's own value.

    Raises
    ------
    InputError
        All that is wrong: a file that cannot be read or is no mapping, a name that no notebook has or that is given
        twice, a folder, a value that is no scalar or of another type; with the row where the file is YAML.
    """
    path = Path(path)
    known = {name: p for name, p in all_declared().items() if name not in FOLDERS}
    problems: list[Problem] = []
    values: dict[str, Scalar] = {}
    for name, text, row in _pairs(path):
        if name in FOLDERS:
            found = [Problem(field=name, value=text, reason="names a folder", allowed=f"the option --{name}")]
        else:
            found = _enter(values, known, name, text)
        problems += [replace(problem, file=path.name, row=row) for problem in found]
    if problems:
        raise InputError(problems)
    return values


def _pairs(path: Path) -> list[tuple[str, str | None, int | None]]:
    """Read a file's names and values as text, ``None`` where a value is no scalar, and the rows they stand in."""
    import yaml

    allowed = "a mapping of parameters to values, such as 'woe_threshold: 3'"
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".json":
            return _json_pairs(json.loads(text, object_pairs_hook=tuple))
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        said = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise InputError(Problem(file=str(path), reason=f"cannot be read ({said})", allowed=allowed)) from None
    if node is None:
        return []
    if not isinstance(node, yaml.MappingNode):
        raise InputError(Problem(file=path.name, reason="is no mapping", allowed=allowed))
    return [
        (str(key.value), value.value if isinstance(value, yaml.ScalarNode) else None, key.start_mark.line + 1)
        for key, value in node.value
    ]


def _json_pairs(found: object) -> list[tuple[str, str | None, int | None]]:
    if not isinstance(found, tuple):
        raise ValueError("no object")
    return [(n, text_of(v) if isinstance(v, (str, int, float, bool)) else None, None) for n, v in found]


def write_file(path: str | Path, values: Mapping[str, Scalar]) -> None:
    """Write a parameter file that :func:`read_file` reads: YAML, or JSON where the name ends so."""
    import yaml

    path = Path(path)
    if path.suffix.lower() == ".json":
        write_text(path, json.dumps(dict(values), indent=1, ensure_ascii=False) + "\n")
    else:
        write_text(path, yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True) if values else "{}\n")


def for_stage(stage: Stage, values: dict[str, Scalar]) -> dict[str, Scalar]:
    """Those of the given values that the stage has and that differ from its own; folders left out."""
    own = {p.name: p.default for p in declared(stage.path)}
    return {n: v for n, v in values.items() if n in own and n not in FOLDERS and own[n] != v}
