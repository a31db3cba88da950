"""Do the levels use the terms differently? Exact tests, effects with exact intervals, and when to say nothing.

Excerpts were chosen by the authors and are no sample of what was said, and words of one person are not independent of
each other: p values and intervals here describe the quotations, and those for rates are narrower than they should be.
They are given because a reader will compare the counts anyway, and should see how little the counts can tell.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pandas as pd

from compendium.data.study import Study, each_row, once_per_study
from compendium.data.terms import ALL, choose
from compendium.publishing.provenance import computed, mark, traced

CONFIDENCE = 0.95
SHOWN_IN = "s-term-test"
"""The table in which a reader finds the numbers of the sentences."""
SMALLEST_EXPECTED = 5
"""Cochran (1954, *Biometrics* 10(4):417-451): with fewer expected in a cell, counts are too small to lean on."""
WIDEST_FACTOR = 10
"""An interval whose ends differ by more than this factor leaves open nearly everything."""
PEOPLE, RATE = "interviewees who use it", "occurrences per word"
CAVEAT = (
    "Excerpts were chosen by the authors and are not a sample of what was said, and the words of one person are not "
    "independent: these tests describe the quotations and carry no further."
)


@dataclass(frozen=True)
class Comparison:
    """A ratio of two groups with its exact test.

    Parameters
    ----------
    ratio
        First group against second; ``nan`` where it is not defined.
    low, high
        Exact interval of :data:`CONFIDENCE`; `high` may be infinite.
    p_value
        Two-sided.
    smallest_expected
        Smallest count expected in a cell if the groups did not differ.
    """

    ratio: float
    low: float
    high: float
    p_value: float
    smallest_expected: float

    @property
    def warning(self) -> str:
        """Say why the counts are too small to tell anything, or nothing."""
        if math.isnan(self.ratio):
            return "no difference is possible with these counts"
        if self.smallest_expected < SMALLEST_EXPECTED:
            return f"fewer than {SMALLEST_EXPECTED} expected in a cell"
        wide = self.low <= 0 or math.isinf(self.high) or self.high / self.low > WIDEST_FACTOR
        return f"interval spans more than a factor of {WIDEST_FACTOR}" if wide else ""


def compare_proportions(first: tuple[int, int], second: tuple[int, int]) -> Comparison:
    """Compare how many of two groups do something.

    Parameters
    ----------
    first, second
        How many do, and of how many.

    Returns
    -------
    Comparison
        Conditional maximum likelihood estimate of the odds ratio with its exact interval (Cornfield 1956), p by
        Fisher's exact test (Fisher 1935, *The Design of Experiments*, ch. II). Undefined where all or none do.

    Raises
    ------
    ValueError
        More do than there are, or a count is negative.
    """
    from scipy import stats  # takes long to import, and only this test needs it

    table = [[yes, of - yes] for yes, of in (first, second)]
    if min(min(row) for row in table) < 0:
        raise ValueError(f"{first} and {second} are not parts of wholes")
    columns, total = [sum(column) for column in zip(*table, strict=True)], first[1] + second[1]
    expected = min(of * column for of in (first[1], second[1]) for column in columns) / total if total else 0.0
    if 0 in (*columns, first[1], second[1]):
        return Comparison(math.nan, 0.0, math.inf, 1.0, expected)
    found = stats.contingency.odds_ratio(table, kind="conditional")
    interval = found.confidence_interval(CONFIDENCE)
    p_value = float(stats.fisher_exact(table).pvalue)
    return Comparison(float(found.statistic), float(interval.low), float(interval.high), p_value, expected)


def compare_rates(first: tuple[int, int], second: tuple[int, int]) -> Comparison:
    """Compare two rates.

    Parameters
    ----------
    first, second
        Occurrences, and words among which they were counted.

    Returns
    -------
    Comparison
        Rate ratio with an exact interval and p. Given the sum of both counts, the first is binomial (Przyborowski &
        Wilenski 1940, *Biometrika* 31(3/4):313-323); the limits of its share (Clopper & Pearson 1934, *Biometrika*
        26(4):404-413) become those of the ratio. Undefined without occurrences or without words.

    Raises
    ------
    ValueError
        A count is negative.
    """
    from scipy import stats

    (count, words), (other, other_words) = first, second
    if min(count, words, other, other_words) < 0:
        raise ValueError(f"{first} and {second} are not counts")
    both = count + other
    if not (both and words and other_words):
        return Comparison(math.nan, 0.0, math.inf, 1.0, 0.0)
    share = words / (words + other_words)
    test = stats.binomtest(count, both, share)
    limits = test.proportion_ci(CONFIDENCE, method="exact")
    ratio, low, high = (_odds(p) * other_words / words for p in (count / both, limits.low, limits.high))
    return Comparison(ratio, low, high, float(test.pvalue), both * min(share, 1 - share))


def _odds(share: float) -> float:
    return float(share / (1 - share)) if share < 1 else math.inf


@once_per_study
def term_test(study: Study, term_families: str = ALL) -> pd.DataFrame:
    """Compare the use of each term between each pair of levels.

    Returns
    -------
    pandas.DataFrame
        One row per term, pair of levels and measure: ``term``, ``measure`` (:data:`PEOPLE`, :data:`RATE`), ``warning``
        (why the counts are too small; empty where they are not), ``first_level``, ``first_count``, ``first_of``
        (interviewees quoted, or words), the same for ``second_``, ``effect`` (*odds ratio* or *rate ratio*, first
        against second), ``estimate``, ``low``, ``high`` (95 %, empty where unbounded or undefined), ``p_value``,
        ``smallest_expected`` and ``from_one_person`` (largest share of the occurrences from one interviewee).
    """
    pairs = list(itertools.combinations(study.table("interviews-levels")["level_id"], 2))
    excerpts = study.table("interviews-excerpts")
    rows = []
    for family, label in choose(study, term_families).items():
        for pair in pairs:
            rows += [{"term": label, **row} for row in _rows(excerpts, f"n_{family}", pair)]
    return pd.DataFrame(rows, columns=COLUMNS)


COLUMNS = ["term", "measure", "warning", "first_level", "first_count", "first_of", "second_level", "second_count"]
COLUMNS += ["second_of", "effect", "estimate", "low", "high", "p_value", "smallest_expected", "from_one_person"]


def _rows(excerpts: pd.DataFrame, column: str, pair: tuple[str, str]) -> list[dict[str, Any]]:
    groups = [excerpts[excerpts["level"] == level] for level in pair]
    people = [(_voices(group[group[column] > 0]), _voices(group)) for group in groups]
    words = [(int(group[column].sum()), int(group["n_words"].sum())) for group in groups]
    both = pd.concat(groups)
    said = both[both["interviewee_id"] != ""].groupby("interviewee_id")[column].sum()
    total = int(both[column].sum())
    share = int(said.max()) / total if total and len(said) else None
    measures = (
        (PEOPLE, "odds ratio", people, compare_proportions(*people)),
        (RATE, "rate ratio", words, compare_rates(*words)),
    )
    rows = []
    for measure, effect, ((count, of), (other, other_of)), found in measures:
        row: dict[str, Any] = {"measure": measure, "first_level": pair[0], "first_count": count, "first_of": of}
        row |= {"second_level": pair[1], "second_count": other, "second_of": other_of, "effect": effect}
        row |= {"estimate": _finite(found.ratio), "low": found.low, "high": _finite(found.high)}
        row |= {"p_value": found.p_value, "smallest_expected": found.smallest_expected}
        rows.append({**row, "from_one_person": share, "warning": found.warning})
    return rows


def _voices(excerpts: pd.DataFrame) -> int:
    return int(excerpts.loc[excerpts["interviewee_id"] != "", "interviewee_id"].nunique())


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


@traced("interviews")
def results(study: Study, term_families: str = ALL) -> dict[str, Any]:
    """Return the named results: how many comparisons, how many on too small counts, how many tell a difference."""
    table = term_test(study, term_families)
    enough = table[table["warning"] == ""]
    return {
        "term_tests": len(table),
        "term_tests_too_small": len(table) - len(enough),
        "term_tests_telling_a_difference": int((enough["p_value"] < 1 - CONFIDENCE).sum()),
    }


@computed
def sentences(study: Study, term_families: str = ALL) -> list[str]:
    """Say what the comparisons tell, one by one where counts suffice; warn where they do not, and of what they are."""
    table = term_test(study, term_families)
    told = [_sentence(row) for row in each_row(table[table["warning"] == ""])]
    if table.empty:
        return ["There are no two levels to compare.", CAVEAT]
    small = table[table["warning"] != ""]
    reasons = small.groupby("warning", sort=False)
    names = "; ".join(
        f"{why} for {', '.join(f'{row.term} ({row.measure})' for row in each_row(rows))}" for why, rows in reasons
    )
    few, whole = mark(len(small), "interviews.term_tests_too_small"), mark(len(table), "interviews.term_tests")
    warning = f"Warning: {few} of {whole} comparisons rest on counts too small to say anything: {names}. "
    warning += "A high p value there is no sign that the levels agree."
    return [*told, *([warning] if len(small) else []), CAVEAT]


def _sentence(row: Any) -> str:
    found = SimpleNamespace(**{name: mark(value, SHOWN_IN) for name, value in row._asdict().items()})
    text = f"{row.term}, {row.measure}: {row.first_level} {found.first_count} of {found.first_of:,}, "
    text += f"{row.second_level} {found.second_count} of {found.second_of:,}; {row.effect} {found.estimate:.2f} "
    text += f"(95% interval {found.low:.2f} to {found.high:.2f}, p = {found.p_value:.2f}). "
    if row.p_value < 1 - CONFIDENCE:
        return text + "The quotations differ by more than chance would give if words were independent."
    return text + "No difference can be told; the interval says how large one may still be."
