"""Voices behind each theme, and what is left without any one of them."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.analysis import interviews, theme_robustness
from compendium.data.study import Study

EXCERPTS = [
    ("P1", "T1", 40),
    ("P1", "T1", 20),
    ("P2", "T1", 30),
    ("P3", "T1", 10),
    ("", "T1", 500),  # a speaker nobody knows is no voice
    ("P1", "T2", 7),
    ("P2", "T2", 7),
    ("P1", "", 99),
    *((f"P{number}", "T4", 25) for number in range(1, 5)),
]


@pytest.fixture
def orchard(build_study):
    columns = ("interviewee_id", "theme_id", "n_words")
    excerpts = [{"excerpt_id": f"E{n}"} | dict(zip(columns, row, strict=True)) for n, row in enumerate(EXCERPTS)]
    themes = [{"theme_id": f"T{n}", "level_id": "grove", "theme": f"<i>Rain {n}"} for n in range(1, 5)]
    levels = [{"level_id": "grove", "name": "Grove"}]
    return build_study({"interviews-excerpts": excerpts, "interviews-themes": themes, "interviews-levels": levels})


def test_voices_shares_and_what_is_few(orchard):
    table = theme_robustness.voices_by_theme(orchard).set_index("theme_id")
    assert table["interviewees"].tolist() == [3, 2, 0, 4]
    assert table["words"].tolist() == [100, 14, 0, 100]
    assert table["few"].tolist() == ["without any one", "yes", "yes", "no"]
    assert table["largest_voice"].tolist() == ["P1", "P1", "", "P1"]
    assert table["largest_share"].tolist() == [0.6, 0.5, 0.0, 0.25]
    assert table["effective_voices"].tolist() == pytest.approx([1 / 0.46, 2, 0, 4])


def test_leaving_one_out(orchard):
    table = theme_robustness.leave_one_out(orchard)
    first = table[table["theme_id"] == "T1"]
    assert first["left_out"].tolist() == ["P1", "P2", "P3"]
    assert first["excerpts_left"].tolist() == [2, 3, 3]
    assert first["words_left"].tolist() == [40, 70, 90]
    assert set(first["interviewees_left"]) == {2}
    assert table.groupby("theme_id")["few_left"].first().to_dict() == {"T1": "yes", "T2": "yes", "T4": "no"}


def test_results_and_sentences_name_the_themes(orchard):
    found = theme_robustness.results(orchard)
    assert found["themes_resting_on_two_or_fewer_ids"] == ["T2", "T3"]
    assert found["themes_falling_to_two_or_fewer_ids"] == ["T1"]
    assert (found["largest_share_theme"], found["largest_share_interviewee"]) == ("T1", "P1")
    assert found["themes_half_from_one_voice"] == 2
    few, largest = theme_robustness.sentences(orchard)
    assert "2 (T2, T3) of 4 themes" in few and "1 (T1) would" in few
    assert "60%" in largest


def test_the_chart_names_the_largest_and_warns(orchard):
    texts = [note.text for note in theme_robustness.robustness_chart(orchard).layout.annotations]
    assert "<b>P1 60%</b>" in texts
    assert sum("2 or fewer" in text for text in texts) == 2
    assert sum("2 without any one" in text for text in texts) == 1
    assert any("&lt;i&gt;Rain 1" in text for text in texts)
    assert "T1, 3 interviewees, 100 words: P1 60%, P2 30%, P3 10%" in theme_robustness.describe_robustness(orchard)


def test_bars_have_the_same_length(study):
    shapes = [s for s in theme_robustness.robustness_chart(study).layout.shapes if s.type == "rect"]
    ends = pd.DataFrame({"y": [s.y0 for s in shapes], "x0": [s.x0 for s in shapes], "x1": [s.x1 for s in shapes]})
    bars = ends.groupby("y").agg(start=("x0", "min"), end=("x1", "max"))
    assert len(bars) == 7
    assert bars["start"].round(6).nunique() == bars["end"].round(6).nunique() == 1


def test_the_bundled_themes(study):
    found = theme_robustness.results(study)
    assert found["themes_resting_on_two_or_fewer"] == 0
    assert found["themes_falling_to_two_or_fewer_ids"] == ["TN3"]
    assert (found["largest_share_theme"], found["largest_share_interviewee"]) == ("TN4", "N05")
    table = theme_robustness.voices_by_theme(study)
    assert table["interviewees"].tolist() == interviews.themes_table(study)["interviewees"].tolist()


def test_another_speaker_changes_what_rests_on_few(copy_of_study):
    path = copy_of_study / "interviews" / "excerpts.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[(table["theme_id"] == "TN3") & (table["interviewee_id"] == "N04"), "interviewee_id"] = "N03"
    table.to_csv(path, index=False, lineterminator="\n")
    assert theme_robustness.results(Study(copy_of_study))["themes_resting_on_two_or_fewer_ids"] == ["TN3"]


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=30))
def test_effective_voices_lie_between_one_and_all(words):
    shares = pd.Series(words) / sum(words)
    found = theme_robustness.effective_voices(shares)
    assert 1 - 1e-9 <= found <= len(words) + 1e-9
    assert found == pytest.approx(sum(words) ** 2 / sum(w * w for w in words))
