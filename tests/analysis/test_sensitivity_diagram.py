"""The grid of rules by reviews says what the selections say."""

import pytest

from compendium.analysis import sensitivity_diagram as diagram
from compendium.analysis.weight_of_evidence import PRINTED
from compendium.data.study import Study


def marks(figure, symbol):
    """Marks of the grid with a symbol; the key has smaller ones."""
    return sum(len(t.x) for t in figure.data if t.marker.symbol == symbol and t.mode == "markers+text")


@pytest.fixture(scope="module")
def figure(study):
    return diagram.sensitivity_chart(study)


def test_rules_stand_in_order_of_agreement(study):
    order = diagram.ordered_rules(study)
    assert order[:3] == [PRINTED, "mean-rounded-up", "worst"]
    assert order[-2:] == ["mean-rounded-down", "best"]
    assert len(order) == len(set(order)) == 12


def test_states_agree_with_the_selections(study):
    grid = diagram.states(study)
    assert (grid.loc[PRINTED] == diagram.ENTERS).sum() == 7
    assert grid.loc["tr", "kenny2015"] == diagram.GAINED
    assert grid.loc["worst", "kenny2015"] == diagram.STAYS
    assert not (grid == diagram.LOST).any(axis=None)


def test_the_chart_marks_who_gains(figure):
    assert marks(figure, "square") == 6
    assert marks(figure, "circle") == 12 * 11 - 6
    assert marks(figure, "x-open") == 0


def test_a_review_that_falls_out_is_marked_and_explained(copy_of_study):
    path = copy_of_study / "appraisal" / "scores.csv"
    text = path.read_text(encoding="utf-8").replace("clarke2017,mq,2", "clarke2017,mq,4")
    path.write_text(text, encoding="utf-8")
    study = Study(copy_of_study)
    figure = diagram.sensitivity_chart(study)
    assert (
        marks(figure, "x-open") == 5
    )  # ranks 4, 2, 2: three means of 2.67 that go to 3, the worst, and that component alone
    assert diagram.LOST in [note.text for note in figure.layout.annotations]
    assert "losing Clarke et al. 2017" in diagram.describe_sensitivity(study)


def test_labels_count_the_weights_matched(figure):
    texts = [note.text for note in figure.layout.annotations]
    assert (texts.count("8 of 10"), texts.count("7 of 10"), texts.count("6 of 10")) == (2, 7, 2)
    assert texts.count("<b>9</b>") == 3


def test_weights_that_differ_from_print_are_bold(figure):
    shown = [text for trace in figure.data for text in trace.text or []]
    assert sum(text.startswith("<b>") for text in shown) == 2 * 2 + 7 * 3 + 2 * 4


@pytest.mark.parametrize("part", ["8 of 11 rules", "TR alone: matches 7 of 10 printed weights, 9 enter, gaining Buyck"])
def test_the_alt_text_tells_numbers(study, part):
    assert part in diagram.describe_sensitivity(study)


def test_names_from_data_are_escaped(copy_of_study):
    path = copy_of_study / "appraisal" / "components.csv"
    text = path.read_text(encoding="utf-8").replace("tr,TR,", "tr,<b>T,")
    path.write_text(text, encoding="utf-8")
    texts = [note.text for note in diagram.sensitivity_chart(Study(copy_of_study)).layout.annotations]
    assert "&lt;b&gt;T alone" in texts
