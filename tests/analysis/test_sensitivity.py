"""Rules, thresholds and what hangs on them: a small study worked by hand, then the bundled one."""

import pandas as pd
import pytest

from compendium.analysis import sensitivity
from compendium.data.study import Study

JUDGED = {"apple": ("1", "1", "1"), "pear": ("2", "3", "2"), "plum": ("3", "2", "3"), "quince": ("?", "?", "?")}
POINTS = [("T", "apple"), ("T", "pear"), ("U", "plum")]
LINKS = [
    ("F1", "review", "apple", "supports"),
    ("F1", "literature_theme", "T", "supports"),
    ("F2", "review", "plum", "partly supports"),
    ("F3", "review", "pear", "contradicts"),
    ("F4", "literature_theme", "U", "supports"),
    ("F5", "review", "pear", "supports"),
    ("F6", "document", "apple", "supports"),  # a document of the same name is no review
]


def tables(links=LINKS):
    scale = [
        {"score": str(rank), "rank": rank, "label": label, "passes": "yes" if rank < 3 else "no"}
        for rank, label in ((1, "good"), (2, "fair"), (3, "poor"))
    ]
    scale.append({"score": "?", "rank": None, "label": "not judged", "passes": "no"})
    overall = [
        {"review_id": review, "score": scores[2], "table_order": order}
        for order, (review, scores) in enumerate(JUDGED.items())
    ]
    scores = [
        {"review_id": review, "component_id": component, "score": score}
        for review, both in JUDGED.items()
        for component, score in zip("ab", both[:2], strict=True)
    ]
    evidence = [
        {"evidence_id": f"V{number}", "finding_id": f, "target_kind": kind, "target_id": target, "relation": relation}
        for number, (f, kind, target, relation) in enumerate(links)
    ]
    found = {
        "appraisal-scale": scale,
        "appraisal-components": [{"component_id": "a", "label": "A"}, {"component_id": "b", "label": "B"}],
        "appraisal-overall": overall,
        "appraisal-scores": scores,
        "appraisal-synthesis-themes": [{"theme_id": "T"}, {"theme_id": "U"}],
        "appraisal-theme-support": [{"theme_id": theme, "review_id": review} for theme, review in POINTS],
        "screening-full-text": [{"citation_key": r, "citation": f"{r.capitalize()} 2001"} for r in JUDGED],
    }
    return found | ({"conclusions-evidence": evidence} if links else {})


@pytest.fixture
def orchard(build_study):
    return build_study(tables())


def column(study, rule, threshold="2"):
    table = sensitivity.sensitivity_table(study)
    return table[(table["rule"] == rule) & (table["threshold"] == threshold)].iloc[0]


@pytest.mark.parametrize(
    ("rule", "threshold", "gained", "lost", "counts"),
    [
        # counts: findings losing, findings left without, findings gaining, themes losing, themes left without
        ("As printed", "2", "", "", (0, 0, 0, 0, 0)),
        ("Mean rounded, half to worse", "2", "", "Pear 2001", (1, 1, 0, 1, 0)),  # ranks 1, 3, 3
        ("Mean rounded, half to better", "2", "Plum 2001", "", (0, 0, 2, 0, 0)),  # ranks 1, 2, 2
        ("B alone", "2", "Plum 2001", "Pear 2001", (1, 1, 2, 1, 0)),  # ranks 1, 3, 2
        ("As printed", "1", "", "Pear 2001", (1, 1, 0, 1, 0)),
        ("As printed", "3", "Plum 2001", "", (0, 0, 2, 0, 0)),
    ],
)
def test_what_a_rule_takes_and_gives(orchard, rule, threshold, gained, lost, counts):
    row = column(orchard, rule, threshold)
    assert (row["gained"], row["lost"]) == (gained, lost)
    assert tuple(row[name] for name in sensitivity.CONSEQUENCES) == counts


def test_a_theme_keeps_a_finding_alive_while_one_review_is_left(orchard):
    rests = sensitivity.support(orchard)
    assert rests.consequences(["pear"])["findings_losing_support"] == ["F1"]
    assert rests.consequences(["pear"])["findings_left_without"] == []
    assert rests.consequences([])["findings_left_without"] == ["F1", "F5"]
    assert rests.consequences([])["themes_left_without"] == ["T"]


def test_what_hangs_on_each_review(orchard):
    table = sensitivity.dependence_table(orchard).set_index("citation")
    assert table["published"].tolist() == ["in", "in", "out", "out"]
    # pear passes with half to better, down, median to better, best and A alone; plum with B alone in place of A alone
    assert table["rules_admitting"].tolist() == [10, 5, 5, 0]
    assert set(table["rules"]) == {10}
    assert table.loc["Pear 2001", "findings_left_without"] == 1
    assert table.loc["Plum 2001", "findings_gaining_support"] == 2


def test_results_of_the_small_study(orchard):
    found = sensitivity.results(orchard)
    assert found["selection_robust_rule_names"] == ["a"]
    assert found["selected_under_every_rule"] == ["apple"]
    assert found["selected_under_some_rules"] == {"pear": 5, "plum": 5}
    assert found["selected_under_no_rule"] == ["quince"]
    assert found["selection_outcomes"] == 4  # 1 3 3, 1 2 2, 1 2 3 and 1 3 2
    assert found["rules_reproducing_every_judgement"] == 1
    assert found["findings_losing_under_some_rule"] == ["F5"]
    assert found["findings_gaining_under_some_rule"] == ["F2", "F4"]


def test_a_study_without_conclusions_has_no_findings_to_lose(build_study):
    study = build_study(tables(links=[]))
    assert sensitivity.results(study)["findings_resting_on_literature"] == 0
    assert sensitivity.sentences(study)[-1] == "No finding points at a review or a theme of the literature."


def test_the_bundled_selection_is_robust_but_for_lenient_rules(study):
    found = sensitivity.results(study)
    assert (found["selection_robust_rules"], found["selection_rules"], found["selection_outcomes"]) == (8, 11, 4)
    assert set(found["selected_under_some_rules"]) == {"buyck2017", "kenny2015"}
    assert len(found["selected_under_every_rule"]) == 7
    assert (found["best_rules"], found["best_rule_matches"]) == (["mean-rounded-up", "worst"], 8)
    assert found["findings_losing_under_some_rule"] == []
    assert found["findings_gaining_under_some_rule"] == ["F28", "F39"]
    assert found["themes_hanging_on_one_review"] == ["LT3"]


def test_the_table_agrees_with_the_evidence_file(study):
    """Without the one review, every finding that only it and its own theme support is left without."""
    links = pd.read_csv(study.path("conclusions-evidence"), dtype=str)
    links = links[links["relation"] != "contradicts"]
    links = links[links["target_kind"].isin(["review", "literature_theme"])]
    published = set(sensitivity.support(study).published)
    counted = links[(links["target_kind"] == "literature_theme") | links["target_id"].isin(published)]
    alone = counted.groupby("finding_id")["target_id"].agg(set)
    expected = sum(targets <= {"clarke2017", "LT3"} for targets in alone)
    table = sensitivity.dependence_table(study).set_index("citation")
    assert table.loc["Clarke et al. 2017", "findings_left_without"] == expected == 6


def test_a_changed_score_changes_what_is_robust(copy_of_study):
    path = copy_of_study / "appraisal" / "scores.csv"
    text = path.read_text(encoding="utf-8")
    for review in ("buyck2017", "kenny2015"):
        assert f"{review},tr,2" in text
        text = text.replace(f"{review},tr,2", f"{review},tr,3")
    path.write_text(text, encoding="utf-8")
    found = sensitivity.results(Study(copy_of_study))
    assert (found["selection_robust_rules"], found["selected_under_some_rules"]) == (11, {})


def test_sentences_say_what_is_robust_and_what_is_not(study):
    first, weights, thresholds, findings = sensitivity.sentences(study)
    assert "8 of 11 rules" in first
    assert "Buyck et al. 2017 (3 of 11 rules)" in first
    assert "the most, 8 of 10, come from: mean rounded up (to worse); worst component" in weights
    assert "1 pair of reviews" in weights
    assert "7 to 9 with 'good' (published)" in thresholds
    assert "none would lose" in findings and "2 (F28, F39) would gain" in findings
