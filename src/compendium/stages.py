"""The six stages: what each needs, and where its notebook is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from compendium.errors import unknown
from compendium.paths import NOTEBOOKS


@dataclass(frozen=True)
class Stage:
    """One stage of the study.

    Parameters
    ----------
    name
        Short name; also the folder of its results under ``data/derived/``.
    notebook
        File name of its notebook.
    needs
        Names of the stages whose results it reads.
    """

    name: str
    notebook: str
    needs: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Path of the notebook's source."""
        return NOTEBOOKS / self.notebook


STAGES = (
    Stage("search", "01_search.ipynb"),
    Stage("screening", "02_screening.ipynb", ("search",)),
    Stage("appraisal", "03_appraisal.ipynb", ("screening",)),
    Stage("policy", "04_policy_review.ipynb"),
    Stage("interviews", "05_interview_themes.ipynb"),
    Stage("conclusions", "06_conclusions.ipynb", ("search", "screening", "appraisal", "policy", "interviews")),
)
"""In the order in which they run."""


def stage(name: str) -> Stage:
    """Look a stage up by name, number (``3``, ``03``) or notebook.

    Raises
    ------
    InputError
        No such stage; the stages are listed.
    """
    for number, candidate in enumerate(STAGES, start=1):
        names = {candidate.name, str(number), f"{number:02}", candidate.notebook, Path(candidate.notebook).stem}
        if name in names:
            return candidate
    raise unknown("stage", name, [s.name for s in STAGES])


def with_needs(names: list[str]) -> list[Stage]:
    """Stages of the given names and all they need, in running order."""
    wanted = set(names)
    for candidate in reversed(STAGES):
        if candidate.name in wanted:
            wanted |= set(candidate.needs)
    return [s for s in STAGES if s.name in wanted]
