"""Stage 3: tables 2 and 3, the chart of judgements, and what is said of them."""

import json

import pytest

from compendium.analysis import appraisal
from compendium.analysis.screening import results as screening_results
from compendium.data.study import Study


def test_table_2_has_the_columns_that_others_rely_on(study):
    table = appraisal.included_table(study)
    assert list(table.columns) == ["citation", "aim", "mq", "mr", "tr", "woe", "evidence"]
    scores = table.set_index("citation")[["mq", "mr", "tr", "woe"]]
    assert len(scores) == 11
    assert scores.loc["Voorberg et al. 2015"].tolist() == ["2", "2", "1", "1"]
    assert scores.loc["Slay and Stephens 2013"].tolist() == ["2", "2", "1", "2"]
    assert scores.loc["Bradley 2015"].tolist() == ["4", "4", "3", "3"]
    assert scores.loc["Costa et al. 2018"].tolist() == ["?", "?", "?", "?"]
    assert (table[["aim", "evidence"]] != "").all(axis=None)


def test_table_2_under_another_rule_changes_the_overall_weight_only(study):
    printed, best = appraisal.included_table(study), appraisal.included_table(study, "best")
    assert list(best["woe"]) == ["1", "1", "2", "2", "2", "2", "1", "2", "3", "2", "?"]
    assert printed.drop(columns="woe").equals(best.drop(columns="woe"))


def test_table_3_lists_the_synthesised_reviews_in_its_own_order(study):
    table = appraisal.synthesis_table(study)
    assert list(table.columns) == ["citation", "focus", "review_type"]
    assert len(table) == 7
    assert table["citation"].iloc[0] == "Brunton et al. 2017"
    assert set(table["citation"]) == set(appraisal.included_table(study)["citation"].iloc[:7])


def test_table_3_under_a_lower_threshold_puts_newcomers_last(study):
    wider = appraisal.synthesis_table(study, threshold="3")["citation"].tolist()
    assert wider[:7] == appraisal.synthesis_table(study)["citation"].tolist()
    assert wider[7:] == ["Buyck et al. 2017", "Bradley 2015", "Kenny et al. 2015"]


def test_each_theme_of_the_literature_counts_a_review_once(study):
    themes, points = appraisal.themes_table(study), appraisal.support_table(study)
    assert list(points.columns) == ["theme", "citation", "point"]
    assert len(themes) == 3
    assert themes["points"].sum() == len(points) == 35
    for row in themes.itertuples():
        assert row.reviews == points.loc[points["theme"] == row.theme, "citation"].nunique()
        assert len(row.supported_by.split("; ")) == row.reviews


def _traces(figure):
    return {trace.x[0]: trace for trace in figure.data}


def test_the_chart_shows_every_score_as_text_and_draws_the_line_below_those_let_in(study):
    figure = appraisal.appraisal_chart(study)
    columns = _traces(figure)
    assert sorted(columns) == [0, 1, 2, 3]
    assert list(columns[3].text) == ["1", "2", "2", "2", "2", "2", "2", "3", "3", "3", "?"]
    assert [shape.y0 for shape in figure.layout.shapes] == [6.5]
    assert figure.layout.yaxis.ticktext[-1] == "Costa et al. 2018"


def test_the_chart_follows_rule_and_threshold(study):
    figure = appraisal.appraisal_chart(study, "best", "2")
    assert [shape.y0 for shape in figure.layout.shapes] == [8.5]
    notes = " ".join(note.text for note in figure.layout.annotations)
    assert "synthesised (9)" in notes
    assert "not synthesised (2)" in notes


def test_the_chart_is_the_same_each_time(study):
    assert appraisal.appraisal_chart(study).to_json() == appraisal.appraisal_chart(Study()).to_json()


def test_a_mark_is_explained_on_hover_and_unrated_ones_have_the_paper_colour(study):
    overall = _traces(appraisal.appraisal_chart(study))[3]
    assert overall.hovertext[0] == "Voorberg et al. 2015<br>Overall: excellent"
    assert overall.hovertext[-1] == "Costa et al. 2018<br>Overall: not rated"
    assert overall.marker.color[-1] not in appraisal.SCORE_COLORS
    assert overall.marker.color[0] == appraisal.SCORE_COLORS[0]


def test_the_alt_text_names_every_review_with_its_scores(study):
    told = appraisal.describe_appraisal(study)
    assert "Voorberg et al. 2015: mq 2, mr 2, tr 1, woe 1 (synthesised)" in told
    assert "Costa et al. 2018: mq ?, mr ?, tr ?, woe ?." in told
    assert told.count("(synthesised)") == 7


def test_names_from_data_are_no_markup_in_the_chart(copy_of_study):
    path = copy_of_study / "screening" / "full_text.csv"
    text = path.read_text(encoding="utf-8").replace("Kenny et al. 2015", "<b>Kenny</b> & al")
    path.write_text(text, encoding="utf-8")
    spec = appraisal.appraisal_chart(Study(copy_of_study)).to_plotly_json()
    shown = json.dumps(spec, default=list)
    assert "&lt;b&gt;Kenny&lt;/b&gt; &amp; al" in shown
    assert "<b>Kenny" not in shown


def test_results_are_the_published_counts(study):
    found = appraisal.results(study)
    expected = {
        "reviews": 11,
        "rated": 10,
        "synthesised": 7,
        "synthesised_listed": 7,
        "synthesised_in_table": 7,
        "not_synthesised": 4,
        "same_components_different_overall": 1,
        "selection_follows_threshold": "yes",
        "rungs": 7,
        "rungs_inferred": 5,
        "by_judgement": {"excellent": 1, "good": 6, "satisfactory": 3, "inadequate": 0},
    }
    assert {name: found[name] for name in expected} == expected


def test_results_say_when_the_selection_does_not_follow_the_threshold(copy_of_study):
    path = copy_of_study / "appraisal" / "overall.csv"
    text = path.read_text(encoding="utf-8").replace("kenny2015,3,no", "kenny2015,3,yes")
    path.write_text(text, encoding="utf-8")
    found = appraisal.results(Study(copy_of_study))
    assert (found["selection_follows_threshold"], found["synthesised_listed"]) == ("no", 8)


@pytest.mark.parametrize(
    ("rule", "threshold", "told"),
    [
        ("printed", "published", "7 of 11 reviews enter the synthesis, the same as published."),
        ("printed", "1", "1 of 11 reviews enter the synthesis; gained against the published selection: none; lost: B"),
        ("best", "good", "gained against the published selection: Buyck et al. 2017, Kenny et al. 2015; lost: none."),
    ],
)
def test_the_sentence_says_who_is_gained_and_lost(study, rule, threshold, told):
    assert told in appraisal.selection_sentence(study, rule, threshold)


def test_the_summary_counts_each_judgement(study):
    told = appraisal.summary(appraisal.results(study), screening_results(study))
    assert "11 reviews were appraised (11 came out of the screening): 1 excellent, 6 good, 3 satisfactory" in told
    assert "1 not rated. 7 enter the synthesis." in told
