"""Exact tests against worked examples from print, and what must hold whatever the counts."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from compendium.analysis import term_comparison
from compendium.analysis.term_comparison import Comparison, compare_proportions, compare_rates
from compendium.data.study import Study


def test_the_lady_tasting_tea():
    """Fisher (1935, The Design of Experiments, ch. II), with 3 of 4 cups right: p = 34/70; Agresti (1990, p. 61)."""
    found = compare_proportions((3, 4), (1, 4))
    assert found.p_value == pytest.approx(34 / 70)
    assert found.ratio == pytest.approx(6.408309, abs=1e-4)
    assert found.smallest_expected == 2
    # The limits solve the conditional distribution with fixed margins: cells C(4, k)^2 * ratio^k.
    for ratio, cells in ((found.low, (3, 4)), (found.high, (0, 1, 2, 3))):
        weights = [math.comb(4, k) ** 2 * ratio**k for k in range(5)]
        assert sum(weights[k] for k in cells) / sum(weights) == pytest.approx(0.025, abs=1e-6)


def test_convictions_of_twins():
    """Fisher's criminal twins, as in Agresti (1990) and the manual of R's fisher.test: 2 of 17 against 10 of 13."""
    found = compare_proportions((2, 17), (10, 13))
    assert found.p_value == pytest.approx(0.0005367, abs=1e-7)
    assert found.ratio == pytest.approx(0.04693661, abs=1e-6)
    # R stops looking for the limits three digits in.
    assert (found.low, found.high) == pytest.approx((0.003325764, 0.363182271), rel=3e-3)


def test_mendels_peas():
    """Conover (1971, p. 97), in the manual of R's binom.test: 682 of 925 against 3/4; limits of Clopper & Pearson."""
    found = compare_rates((682, 3), (243, 1))
    assert found.p_value == pytest.approx(0.3825, abs=5e-5)
    limits = [0.7076683, 0.7654066]
    assert [found.low, found.high] == pytest.approx([p / (1 - p) / 3 for p in limits], abs=1e-5)


def test_two_poisson_rates():
    """The manual of R's poisson.test: 11 events in 800 against 21 in 3,011 person-years."""
    found = compare_rates((11, 800), (21, 3011))
    assert found.ratio == pytest.approx(1.971488, abs=1e-6)
    assert found.p_value == pytest.approx(0.07967, abs=5e-6)
    assert (found.low, found.high) == pytest.approx((0.8584264, 4.2772659), abs=1e-5)
    assert found.smallest_expected == pytest.approx(6.7174, abs=1e-4)
    assert found.warning == ""


@pytest.mark.parametrize(
    ("found", "warning"),
    [
        (compare_proportions((0, 5), (0, 7)), "no difference is possible with these counts"),
        (compare_proportions((5, 5), (7, 7)), "no difference is possible with these counts"),
        (compare_proportions((0, 0), (3, 7)), "no difference is possible with these counts"),
        (compare_rates((0, 100), (0, 100)), "no difference is possible with these counts"),
        (compare_rates((3, 100), (3, 0)), "no difference is possible with these counts"),
        (compare_rates((4, 100), (5, 100)), "fewer than 5 expected in a cell"),
        (compare_rates((20, 100), (20, 100)), ""),
        (compare_rates((10, 100), (0, 100)), "interval spans more than a factor of 10"),
        (compare_rates((0, 100), (10, 100)), "interval spans more than a factor of 10"),
        (compare_proportions((8, 12), (5, 12)), "interval spans more than a factor of 10"),
        (Comparison(1.0, 0.5, 5.0, 1.0, 5.0), ""),  # exactly five are enough, and exactly the factor is not more
        (Comparison(1.0, 0.5, 4.0, 1.0, 4.9), "fewer than 5 expected in a cell"),
        (Comparison(1.0, 0.49, 5.0, 1.0, 5.0), "interval spans more than a factor of 10"),
    ],
)
def test_counts_too_small_are_called_so(found, warning):
    assert found.warning == warning


def test_a_cell_without_anybody_leaves_the_ratio_open():
    found = compare_proportions((6, 6), (3, 9))
    assert math.isinf(found.ratio) and math.isinf(found.high)
    assert found.low > 1  # all of six against three of nine
    assert compare_proportions((0, 6), (6, 9)).low == 0


@pytest.mark.parametrize("wrong", [((3, 2), (1, 4)), ((-1, 2), (1, 4))])
def test_parts_larger_than_wholes_are_refused(wrong):
    with pytest.raises(ValueError, match="parts of wholes"):
        compare_proportions(*wrong)


def test_negative_counts_are_refused():
    with pytest.raises(ValueError, match="counts"):
        compare_rates((-1, 10), (1, 10))


groups = st.integers(0, 12).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))
counted = st.tuples(st.integers(0, 60), st.integers(1, 5000))


def holds(one, other):
    """Swapping the groups inverts ratio and limits and leaves p; the interval holds the estimate and fits p."""
    assert one.p_value == pytest.approx(other.p_value)
    assert 0 <= one.p_value <= 1 + 1e-9
    assert one.low * (1 - 1e-6) <= one.ratio <= one.high * (1 + 1e-6)
    for mine, theirs in ((one.ratio, other.ratio), (one.low, other.high), (one.high, other.low)):
        if 0 < mine < math.inf:
            assert mine * theirs == pytest.approx(1, rel=1e-4)
        else:
            assert {mine, theirs} == {0.0, math.inf}
    assert one.warning == other.warning or one.high / max(one.low, 1e-300) == pytest.approx(10, rel=1e-3)


@settings(deadline=None, max_examples=60)
@given(groups, groups)
def test_proportions_swapped_are_inverted(first, second):
    found = compare_proportions(first, second)
    assume(not math.isnan(found.ratio))
    holds(found, compare_proportions(second, first))


@settings(deadline=None, max_examples=60)
@given(counted, counted)
def test_rates_swapped_are_inverted(first, second):
    found = compare_rates(first, second)
    assume(not math.isnan(found.ratio))
    holds(found, compare_rates(second, first))


@settings(deadline=None, max_examples=40)
@given(counted, counted, st.integers(2, 50))
def test_rates_do_not_depend_on_the_unit(first, second, unit):
    one = compare_rates(first, second)
    other = compare_rates((first[0], first[1] * unit), (second[0], second[1] * unit))
    assert (one.ratio, one.low, one.high) == pytest.approx((other.ratio, other.low, other.high), nan_ok=True)


def test_the_bundled_study_compares_each_term_twice(study):
    table = term_comparison.term_test(study)
    assert len(table) == 6
    people = table[table["measure"] == term_comparison.PEOPLE]
    assert people["first_of"].unique().tolist() == [12] and people["second_of"].unique().tolist() == [5]
    assert set(people["warning"]) == {"fewer than 5 expected in a cell"}
    rate = table[(table["measure"] == term_comparison.RATE) & (table["term"] == "co-production")].iloc[0]
    assert (rate["first_count"], rate["second_count"]) == (47, 28)
    assert rate["estimate"] == pytest.approx((47 / 6740) / (28 / 4215))
    assert rate["warning"] == ""
    found = term_comparison.results(study)
    assert (found["term_tests_too_small"], found["term_tests_telling_a_difference"]) == (4, 0)


def test_sentences_warn_and_say_what_the_tests_are_of(study):
    said = term_comparison.sentences(study)
    assert said[-1] == term_comparison.CAVEAT
    assert said[-2].startswith("Warning: 4 of 6 comparisons")
    assert len(said) == 4


def test_one_level_has_nothing_to_compare_with(build_study):
    excerpt = {"excerpt_id": "E1", "interviewee_id": "P1", "level": "grove", "n_words": 10, "n_pear": 1}
    terms = [{"term_family": "pear", "label": "pears", "patterns": "pear*"}]
    levels = [{"level_id": "grove"}]
    study = build_study({"interviews-excerpts": [excerpt], "interviews-levels": levels, "terms": terms})
    assert term_comparison.term_test(study).empty
    assert term_comparison.results(study)["term_tests"] == 0
    assert term_comparison.sentences(study)[0] == "There are no two levels to compare."


def test_a_difference_is_told_where_counts_allow(copy_of_study):
    path = copy_of_study / "interviews" / "excerpts.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    head = lines[0].split(",")
    counts = head.index("n_coproduction")
    changed = [lines[0]]
    for line in lines[1:]:
        cells = line.split(",")
        cells[counts] = "3" if cells[head.index("level")] == "national" else cells[counts]
        changed.append(",".join(cells))
    path.write_text("\n".join(changed) + "\n", encoding="utf-8")
    found = term_comparison.results(Study(copy_of_study))
    assert found["term_tests_telling_a_difference"] == 1
    assert any("differ by more than chance" in line for line in term_comparison.sentences(Study(copy_of_study)))
