"""Stages: names, numbers, order and what each needs."""

from __future__ import annotations

import pytest

from compendium.errors import InputError
from compendium.stages import STAGES, stage, with_needs


@pytest.mark.parametrize("name", ["policy", "4", "04", "04_policy_review", "04_policy_review.ipynb"])
def test_stage_is_found_by_name_number_and_notebook(name: str) -> None:
    assert stage(name).name == "policy"


@pytest.mark.parametrize("name", ["", "0", "7", "Policy", "../policy"])
def test_unknown_stage_lists_those_that_exist(name: str) -> None:
    with pytest.raises(InputError, match="search, screening, appraisal, policy, interviews, conclusions"):
        stage(name)


def test_needs_run_first() -> None:
    assert [s.name for s in with_needs(["appraisal"])] == ["search", "screening", "appraisal"]
    assert [s.name for s in with_needs(["policy"])] == ["policy"]
    assert [s.name for s in with_needs(["interviews", "policy"])] == ["policy", "interviews"]
    assert with_needs(["conclusions"]) == list(STAGES)


def test_every_stage_has_its_notebook_and_needs_only_earlier_ones() -> None:
    names = [s.name for s in STAGES]
    for number, each in enumerate(STAGES, start=1):
        assert each.path.is_file()
        assert each.notebook.startswith(f"{number:02}_")
        assert set(each.needs) <= set(names[: number - 1])
