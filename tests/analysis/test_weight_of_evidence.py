"""Weight of evidence: worked by hand, and on a study with other components and a longer scale."""

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.analysis.weight_of_evidence import (
    COMBINATIONS,
    component_ranks,
    overall,
    ranks,
    rule_labels,
    rules,
    same_components_different_overall,
    sensitivity,
    synthesised,
    threshold_rank,
)
from compendium.errors import InputError

LETTERS = {"A": "superb", "B": "fine", "C": "fair", "D": "poor", "E": "dire"}


@pytest.fixture
def orchard(build_study):
    """Two components, five steps written as letters, an unrated mark of its own, three reviews and their judgement."""
    judged = {"quince": ("A", "B", "A"), "pear": ("A", "B", "C"), "plum": ("E", "n/a", "n/a")}
    scale = [
        {"score": score, "rank": rank, "label": label, "passes": "yes" if rank <= 3 else "no"}
        for rank, (score, label) in enumerate(LETTERS.items(), start=1)
    ]
    scale.insert(0, {"score": "n/a", "rank": None, "label": "not judged", "passes": "no"})
    scores = [
        {"review_id": review, "component_id": component, "score": score}
        for review, (rigour, fit, _) in judged.items()
        for component, score in (("rigour", rigour), ("fit", fit))
    ]
    return build_study(
        {
            "appraisal-scale": scale,
            "appraisal-components": [{"component_id": "rigour", "label": "R"}, {"component_id": "fit", "label": "F"}],
            "appraisal-scores": scores,
            "appraisal-overall": [
                {"review_id": review, "score": score, "table_order": order}
                for order, (review, (_, _, score)) in enumerate(judged.items())
            ],
        }
    )


@pytest.mark.parametrize(
    ("rule", "components", "rank"),
    [
        ("mean-rounded", (2, 2, 1), 2),  # mean 1.667
        ("mean-rounded-down", (2, 2, 1), 1),
        ("mean-rounded-up", (2, 2, 1), 2),
        ("mean-rounded-up", (1, 1, 2), 2),  # mean 1.333
        ("mean-rounded", (1, 1, 2), 1),
        ("median", (2, 2, 1), 2),
        ("worst", (2, 2, 1), 2),
        ("best", (2, 2, 1), 1),
        # Half ranks: to the worse one, except where the rule says otherwise.
        ("mean-rounded", (1, 2), 2),
        ("mean-rounded", (2, 3), 3),  # not to the even number, as round() would
        ("mean-rounded-down", (1, 2), 1),
        ("mean-rounded-up", (1, 2), 2),
        ("mean-rounded-half-better", (1, 2), 1),
        ("mean-rounded-half-better", (2, 2, 1), 2),
        ("median", (1, 2), 2),
        ("median", (1, 2, 3, 4), 3),
        ("median-low", (1, 2), 1),
        ("median-low", (1, 2, 3, 4), 2),
        ("median-low", (1, 4), 2),
        ("mean-rounded-down", (3, 3, 3), 3),
        ("mean-rounded-up", (3, 3, 3), 3),
    ],
)
def test_a_rule_gives_what_a_hand_would(rule, components, rank):
    assert COMBINATIONS[rule](components) == rank


@given(st.lists(st.integers(1, 9), min_size=1, max_size=7))
def test_no_rule_leaves_the_range_of_its_components(components):
    found = {rule: combine(components) for rule, combine in COMBINATIONS.items()}
    assert all(min(components) <= rank <= max(components) for rank in found.values())
    assert found["best"] <= found["mean-rounded-down"] <= found["mean-rounded"] <= found["mean-rounded-up"]
    assert 0 <= found["median"] - found["median-low"] <= 1


def test_rules_are_the_printed_judgement_the_combinations_and_each_component(study, orchard):
    assert rules(study)[0] == "printed"
    assert rules(study)[-3:] == ["mq", "mr", "tr"]
    assert rules(orchard)[-2:] == ["rigour", "fit"]


def test_every_rule_has_a_name_of_its_own_in_words(study, orchard):
    assert list(rule_labels(orchard)) == rules(orchard)
    assert rule_labels(orchard)["fit"] == "F alone"
    assert len(set(rule_labels(study).values())) == len(rules(study))


def test_ranks_leave_out_what_is_not_rated(study, orchard):
    assert ranks(study) == {"1": 1, "2": 2, "3": 3, "4": 4}
    assert ranks(orchard) == {"A": 1, "B": 2, "C": 3, "D": 4, "E": 5}


def test_an_unrated_component_is_missing_and_so_is_what_needs_it(study, orchard):
    assert component_ranks(study).loc["costa2018"].isna().all()
    assert pd.isna(overall(study, "best")["costa2018"])
    assert component_ranks(orchard).loc["plum"].tolist() == [5, pd.NA]
    assert pd.isna(overall(orchard, "best")["plum"])
    assert overall(orchard, "rigour")["plum"] == 5


def test_another_scale_and_other_components_work_alike(orchard):
    assert overall(orchard, "mean-rounded").tolist() == [2, 2, pd.NA]
    assert overall(orchard, "median-low").tolist() == [1, 1, pd.NA]
    assert overall(orchard).tolist() == [1, 3, pd.NA]


@pytest.mark.parametrize(
    ("threshold", "rank"), [("published", 2), ("3", 3), (3, 3), ("satisfactory", 3), ("excellent", 1), (4, 4)]
)
def test_a_threshold_is_a_score_or_its_label(study, threshold, rank):
    assert threshold_rank(study, threshold) == rank


def test_the_published_threshold_is_the_worst_score_that_passes(orchard):
    assert threshold_rank(orchard) == 3
    assert threshold_rank(orchard, "dire") == threshold_rank(orchard, "E") == 5


@pytest.mark.parametrize("threshold", ["5", "0", "?", "great", "", "2.0"])
def test_a_threshold_off_the_scale_lists_the_scale(study, threshold):
    labels = study["appraisal-scale"]["label"].iloc[:4]
    listed = ", ".join(f"{score} ({label})" for score, label in enumerate(labels, start=1))
    allowed = re.escape(f"allowed: published, {listed}") + "$"
    with pytest.raises(InputError, match=allowed):
        threshold_rank(study, threshold)


def test_an_unknown_rule_lists_the_rules(study, orchard):
    with pytest.raises(InputError, match=r"did you mean 'median'\?.*allowed: printed, mean-rounded.*mq, mr, tr$"):
        overall(study, "medain")
    with pytest.raises(InputError, match=r"allowed: printed, .*rigour, fit$"):
        overall(orchard, "mq")


def test_the_printed_judgements_select_seven_and_other_thresholds_one_and_ten(study):
    seven = ["voorberg2015", "brunton2017", "clarke2017", "deweger2018", "greenhalgh2016", "hughes2018", "slay2013"]
    assert synthesised(study) == seven
    assert synthesised(study, threshold="1") == ["voorberg2015"]
    assert synthesised(study, threshold="3") == [*seven, "buyck2017", "bradley2015", "kenny2015"]
    assert len(synthesised(study, threshold="4")) == 10  # the unrated one never enters


def test_two_reviews_with_the_same_components_were_judged_differently(study, orchard):
    assert same_components_different_overall(study) == [("voorberg2015", "slay2013")]
    assert same_components_different_overall(orchard) == [("quince", "pear")]


@pytest.mark.parametrize(
    ("rule", "threshold", "matches", "n", "gained", "lost"),
    [
        ("printed", "2", 10, 7, "", ""),
        ("mean-rounded", "2", 7, 7, "", ""),
        ("worst", "2", 8, 7, "", ""),
        ("best", "2", 6, 9, "buyck2017; kenny2015", ""),
        ("tr", "2", 7, 9, "buyck2017; kenny2015", ""),
        (
            "worst",
            "1",
            8,
            0,
            "",
            "voorberg2015; brunton2017; clarke2017; deweger2018; greenhalgh2016; hughes2018; slay2013",
        ),
    ],
)
def test_sensitivity_agrees_with_a_count_by_hand(study, rule, threshold, matches, n, gained, lost):
    table = sensitivity(study).set_index(["rule", "threshold"])
    row = table.loc[(rule, threshold)]
    assert (row["matches_printed"], row["compared"], row["n_synthesised"]) == (matches, 10, n)
    assert (row["gained"], row["lost"]) == (gained, lost)


def test_sensitivity_tries_every_rule_with_every_rated_score(study, orchard):
    for one, scores in ((study, "1234"), (orchard, "ABCDE")):
        table = sensitivity(one)
        tried = list(zip(table["rule"], table["threshold"], strict=True))
        assert tried == [(rule, score) for rule in rules(one) for score in scores]
