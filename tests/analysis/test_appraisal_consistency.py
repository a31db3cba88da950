"""Whether judgements agree with each other, on invented appraisals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from compendium.analysis.appraisal_consistency import consistency, lower_sum_worse_overall, rules_that_reproduce_overall
from compendium.data.study import Study

Make = Callable[[dict[str, tuple[str, str, str]]], Study]


@pytest.fixture
def appraise(build_study: Callable[..., Study]) -> Make:
    """Make a study from two component scores and an overall one per review."""

    def make(judged: dict[str, tuple[str, str, str]]) -> Study:
        scale: list[dict[str, Any]] = [
            {"score": str(n), "rank": n, "label": f"level {n}", "passes": "yes" if n <= 2 else "no"}
            for n in (1, 2, 3, 4)
        ]
        reviews = list(judged)
        tables = {
            "appraisal-scale": [*scale, {"score": "?", "rank": None, "label": "not rated", "passes": "no"}],
            "appraisal-components": [{"component_id": c, "label": c, "order": n} for n, c in enumerate(("a", "b"), 1)],
            "appraisal-scores": [
                {"key": f"{r}-{c}", "review_id": r, "component_id": c, "score": judged[r][n]}
                for r in reviews
                for n, c in enumerate(("a", "b"))
            ],
            "appraisal-overall": [
                {"review_id": r, "score": judged[r][2], "synthesised": "yes", "table_order": n}
                for n, r in enumerate(reviews, 1)
            ],
            "appraisal-characteristics": [
                {"review_id": r, "focus_order": n if n <= 2 else None} for n, r in enumerate(reviews, 1)
            ],
            "appraisal-theme-support": [
                {"support_id": f"s{n}", "theme_id": theme, "review_id": reviews[r]}
                for n, (theme, r) in enumerate([("t1", 0), ("t1", 0), ("t2", 0), ("t2", 1)])
            ],
        }
        return build_study(tables)

    return make


def test_an_appraisal_that_follows_the_worst_component_is_found_consistent(appraise: Make) -> None:
    study = appraise({"x": ("1", "2", "2"), "y": ("2", "2", "2"), "z": ("1", "3", "3")})
    assert "worst" in rules_that_reproduce_overall(study)
    assert "best" not in rules_that_reproduce_overall(study)
    assert consistency(study) == {
        "same_scores_same_overall": "yes",
        "lower_sum_worse_overall": 0,
        "a_simple_rule_reproduces_overall": "yes",
        "scores_off_scale": 0,
        "reviews_rated_on_every_component": 3,
        "reviews_not_scored": 0,
        "synthesis_table_matches_overall": "yes",
        "themes_resting_on_one_review": 1,
    }


def test_judgements_that_contradict_each_other_are_counted(appraise: Make) -> None:
    study = appraise({"x": ("1", "2", "1"), "y": ("1", "2", "2"), "w": ("1", "1", "2"), "u": ("?", "1", "?")})
    found = consistency(study)
    assert lower_sum_worse_overall(study) == [("w", "x")]
    assert found["same_scores_same_overall"] == "no"
    assert found["a_simple_rule_reproduces_overall"] == "no"
    assert (found["scores_off_scale"], found["reviews_rated_on_every_component"], found["reviews_not_scored"]) == (
        1,
        3,
        1,
    )
    assert found["synthesis_table_matches_overall"] == "no"  # three pass, two are listed
