"""Weight of evidence: from the components of an appraisal to an overall judgement, and who passes.

The framework (Gough 2007, *Research Papers in Education* 22(2):213-228) judges components on one ordered scale
and combines them into an overall weight without fixing the rule; the rules here are those in use. Ranks keep the
printed direction: 1 is best.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from compendium.data.study import Study, each_row, once_per_study
from compendium.errors import InputError, Problem, unknown

PRINTED = "printed"
PUBLISHED = "published"

Ranks = Sequence[int]


def _half_towards_worse(value: float) -> int:
    return math.floor(value + 0.5)


def _half_towards_better(value: float) -> int:
    return math.ceil(value - 0.5)


COMBINATIONS: dict[str, Callable[[Ranks], int]] = {
    "mean-rounded": lambda ranks: _half_towards_worse(statistics.fmean(ranks)),
    "mean-rounded-half-better": lambda ranks: _half_towards_better(statistics.fmean(ranks)),
    "mean-rounded-down": lambda ranks: math.floor(statistics.fmean(ranks)),
    "mean-rounded-up": lambda ranks: math.ceil(statistics.fmean(ranks)),
    "median": lambda ranks: _half_towards_worse(statistics.median(ranks)),
    "median-low": lambda ranks: _half_towards_better(statistics.median(ranks)),
    "worst": max,
    "best": min,
}
"""Rule to function of the components' ranks. Half ranks go to the worse one, except where the name says otherwise
(``mean-rounded-half-better``, ``median-low``); *down* is towards the better rank, since 1 is best."""

_LABELS = {
    PRINTED: "As printed",
    "mean-rounded": "Mean rounded, half to worse",
    "mean-rounded-half-better": "Mean rounded, half to better",
    "mean-rounded-down": "Mean rounded down (to better)",
    "mean-rounded-up": "Mean rounded up (to worse)",
    "median": "Median, half to worse",
    "median-low": "Median, half to better",
    "worst": "Worst component",
    "best": "Best component",
}


def rules(study: Study) -> list[str]:
    """Names of the rules: as printed, the combinations, and each component alone."""
    return [PRINTED, *COMBINATIONS, *study.table("appraisal-components")["component_id"]]


def rule_labels(study: Study) -> dict[str, str]:
    """Name of each rule in words, in the order of :func:`rules`."""
    alone = {row.component_id: f"{row.label} alone" for row in each_row(study.table("appraisal-components"))}
    return {rule: _LABELS.get(rule) or alone[rule] for rule in rules(study)}


def citations(study: Study) -> dict[str, str]:
    """``Surname et al. YEAR`` by citation key, for the reports read in full."""
    reports = study.table("screening-full-text")
    return dict(zip(reports["citation_key"], reports["citation"], strict=True))


@once_per_study
def ranks(study: Study) -> dict[str, int]:
    """Return the rank of each score of the scale; scores that mean *not rated* have none."""
    scale = study.table("appraisal-scale")
    rated = scale[scale["rank"].notna()]
    return {row.score: int(row.rank) for row in each_row(rated)}


@once_per_study
def component_ranks(study: Study) -> pd.DataFrame:
    """Return one row per review and one column per component, holding ranks (``<NA>`` where not rated)."""
    scores = study.table("appraisal-scores")
    scores["rank"] = scores["score"].map(ranks(study)).astype("Int64")
    wide = scores.pivot(index="review_id", columns="component_id", values="rank")
    order = study.table("appraisal-overall").sort_values("table_order")["review_id"]
    return wide.loc[list(order), list(study.table("appraisal-components")["component_id"])]


@once_per_study
def overall(study: Study, rule: str = PRINTED) -> pd.Series:
    """Compute the overall rank of each review.

    Parameters
    ----------
    study
        Reads the ``appraisal-…`` tables.
    rule
        A name from :func:`rules`; ``printed`` takes the published judgement.

    Returns
    -------
    pandas.Series
        Rank (``Int64``) by ``review_id``; ``<NA>`` where a component that the rule needs is not rated.

    Raises
    ------
    InputError
        No such rule.
    """
    if rule not in rules(study):
        raise unknown("woe_rule", rule, rules(study))
    components = component_ranks(study)
    if rule == PRINTED:
        printed = study.table("appraisal-overall").set_index("review_id")["score"].map(ranks(study))
        return printed.reindex(components.index).astype("Int64").rename("overall")
    if rule in components.columns:
        return components[rule].rename("overall")
    combine = COMBINATIONS[rule]
    values = [None if row.isna().any() else combine([int(x) for x in row]) for _, row in components.iterrows()]
    return pd.Series(values, index=components.index, dtype="Int64", name="overall")


def threshold_rank(study: Study, threshold: str | int = PUBLISHED) -> int:
    """Return the worst rank that still passes.

    Parameters
    ----------
    study
        Reads ``appraisal-scale``.
    threshold
        ``published``, a score of the scale, or its label.

    Raises
    ------
    InputError
        No such score.
    """
    scale = study.table("appraisal-scale")
    rated = scale[scale["rank"].notna()]
    if str(threshold) == PUBLISHED:
        return int(rated.loc[rated["passes"] == "yes", "rank"].max())
    match = rated[(rated["score"] == str(threshold)) | (rated["label"] == str(threshold))]
    if match.empty:
        allowed = ", ".join([PUBLISHED, *(f"{row.score} ({row.label})" for row in each_row(rated))])
        raise InputError(
            Problem(field="woe_threshold", value=str(threshold), reason="not on the scale", allowed=allowed)
        )
    return int(match["rank"].iloc[0])


def synthesised(study: Study, rule: str = PRINTED, threshold: str | int = PUBLISHED) -> list[str]:
    """Return the reviews that enter the synthesis: overall rank at least as good as the threshold."""
    return _at_least(overall(study, rule), threshold_rank(study, threshold))


def _at_least(found: pd.Series, worst: int) -> list[str]:
    return [str(review) for review, rank in found.items() if not pd.isna(rank) and rank <= worst]


def same_components_different_overall(study: Study) -> list[tuple[str, str]]:
    """Pairs of reviews with equal components and unequal printed overall judgements."""
    components, printed = component_ranks(study), overall(study).to_dict()
    rated = components[components.notna().all(axis=1)]
    alike: dict[tuple[int, ...], list[str]] = {}
    for row in rated.itertuples(name=None):
        alike.setdefault(row[1:], []).append(row[0])
    place = {review: number for number, review in enumerate(rated.index)}
    pairs = [(a, b) for group in alike.values() for a, b in combinations(group, 2) if printed[a] != printed[b]]
    return sorted(pairs, key=lambda pair: (place[pair[0]], place[pair[1]]))


@once_per_study
def sensitivity(study: Study) -> pd.DataFrame:
    """Try every rule with every threshold.

    Returns
    -------
    pandas.DataFrame
        One row per rule and threshold: ``rule``, ``threshold`` (score), ``matches_printed`` (reviews whose overall
        judgement equals the printed one), ``compared`` (reviews rated), ``n_synthesised``, ``gained`` and ``lost``
        against the published selection (review ids joined by ``; ``).
    """
    published, printed, scale = synthesised(study), overall(study), ranks(study)
    rows: list[dict[str, Any]] = []
    for rule in rules(study):
        computed = overall(study, rule)
        both = computed.notna() & printed.notna()
        matches = int((computed[both] == printed[both]).sum())
        for score, worst in scale.items():
            chosen = _at_least(computed, worst)
            before, after = set(published), set(chosen)
            gained = [r for r in chosen if r not in before]
            lost = [r for r in published if r not in after]
            row = {"rule": rule, "threshold": score, "matches_printed": matches, "compared": int(both.sum())}
            row |= {"n_synthesised": len(chosen), "gained": "; ".join(gained), "lost": "; ".join(lost)}
            rows.append(row)
    return pd.DataFrame(rows)
