"""Named results of all stages, and the one file that joins them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from compendium.data.study import Study
from compendium.errors import unknown
from compendium.files import read_json, write_json
from compendium.publishing.publish import results_path
from compendium.stages import STAGES


def parts(stage: str) -> list[Callable[[Study], dict[str, Any]]]:
    """Return the functions that together give a stage's results, those that take long last.

    Raises
    ------
    InputError
        There is no such stage.
    """
    from compendium.analysis import appraisal, conclusions, interviews, policy, screening, search, term_comparison

    modules = (search, screening, appraisal, policy, interviews, conclusions)
    known = {module.__name__.rpartition(".")[2]: module.results for module in modules}
    if stage not in known:
        raise unknown("stage", stage, known)
    return [known[stage], *([term_comparison.results] if known[stage] is interviews.results else [])]


def compute(stage: str, study: Study) -> dict[str, Any]:
    """Compute a stage's results with the published parameters.

    Parameters
    ----------
    stage
        Name of the stage.
    study
        The study.

    Raises
    ------
    InputError
        There is no such stage.
    """
    return {name: value for part in parts(stage) for name, value in part(study).items()}


def flatten(stage: str, found: dict[str, Any]) -> dict[str, Any]:
    """Give the results of a stage their dotted names; members of a mapping become ``stage.result.member``."""
    values: dict[str, Any] = {}
    for name, value in found.items():
        members = value.items() if isinstance(value, dict) else [("", value)]
        values |= {f"{stage}.{name}" + (f".{member}" if member else ""): v for member, v in members}
    return values


def join(out: Path) -> dict[str, Any]:
    """Write ``report/results.json``: the results of all stages that ran, under dotted names.

    Parameters
    ----------
    out
        Output folder.

    Returns
    -------
    dict
        Such as ``{"screening.identified": 12, …}``; members of mappings are named ``stage.result.member``.
    """
    joined = out / "report" / "results.json"
    before = read_json(joined) or {}
    values: dict[str, Any] = {}
    for stage in STAGES:
        own = read_json(results_path(out, stage.name))
        if own is None:  # not run in this folder, as in a fresh clone: what was released stands
            values |= {name: value for name, value in before.items() if name.startswith(f"{stage.name}.")}
        else:
            values |= flatten(stage.name, own)
    write_json(joined, values)
    return values
