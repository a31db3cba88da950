"""Whether the judgements of an appraisal agree with each other and with the scale they are given on."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import Any

from compendium.analysis.weight_of_evidence import (
    PRINTED,
    component_ranks,
    overall,
    rules,
    same_components_different_overall,
    synthesised,
)
from compendium.data.study import Study, each_row


def consistency(study: Study) -> dict[str, Any]:
    """Return what an appraisal that follows a rule would have none of.

    Returns
    -------
    dict
        ``same_scores_same_overall`` (yes or no), ``lower_sum_worse_overall`` (ordered pairs of reviews, of which the
        first has the better components together and the worse overall judgement), ``a_simple_rule_reproduces_overall``
        (yes or no), ``scores_off_scale`` (scores without a rank), ``reviews_rated_on_every_component``,
        ``reviews_not_scored``, ``synthesis_table_matches_overall`` (yes or no) and ``themes_resting_on_one_review``.
    """
    components, printed = component_ranks(study), overall(study)
    support = study.table("appraisal-theme-support")
    return {
        "same_scores_same_overall": "no" if same_components_different_overall(study) else "yes",
        "lower_sum_worse_overall": count_lower_sum_worse_overall(study),
        "a_simple_rule_reproduces_overall": "yes" if rules_that_reproduce_overall(study) else "no",
        "scores_off_scale": int(components.isna().sum().sum()),
        "reviews_rated_on_every_component": int(components.notna().all(axis=1).sum()),
        "reviews_not_scored": int(printed.isna().sum()),
        "synthesis_table_matches_overall": "yes" if _listed(study) == set(synthesised(study)) else "no",
        "themes_resting_on_one_review": int((support.groupby("theme_id")["review_id"].nunique() == 1).sum()),
    }


def lower_sum_worse_overall(study: Study) -> list[tuple[str, str]]:
    """Pairs of rated reviews, of which the first has the lower sum of ranks (1 is best) and the worse overall rank."""
    components, printed = component_ranks(study), overall(study)
    rated = components[components.notna().all(axis=1) & printed.notna()]
    totals = rated.sum(axis=1)
    pairs = permutations(totals.index, 2)
    return [(a, b) for a, b in pairs if totals[a] < totals[b] and printed[a] > printed[b]]


def count_lower_sum_worse_overall(study: Study) -> int:
    """Count the pairs of :func:`lower_sum_worse_overall`, from how many reviews share a sum and a judgement."""
    components, printed = component_ranks(study), overall(study)
    rated = components[components.notna().all(axis=1) & printed.notna()]
    kinds = Counter(zip(rated.sum(axis=1), printed[rated.index], strict=True))
    return sum(m * n for (a, w), m in kinds.items() for (b, v), n in kinds.items() if a < b and w > v)


def rules_that_reproduce_overall(study: Study) -> list[str]:
    """Rules that give the printed overall judgement of every review whose components are all rated."""
    printed = overall(study)
    rated = component_ranks(study).notna().all(axis=1) & printed.notna()
    tried = (rule for rule in rules(study) if rule != PRINTED)
    return [rule for rule in tried if bool((overall(study, rule)[rated] == printed[rated]).all())]


def _listed(study: Study) -> set[str]:
    texts = study.table("appraisal-characteristics")
    return {row.review_id for row in each_row(texts[texts["focus_order"].notna()])}
