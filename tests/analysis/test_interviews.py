"""Stage 5: themes, voices, matrices and the use of terms, compared with a count of the file itself."""

import csv
from collections import Counter

import pytest

from compendium.analysis import interviews
from compendium.data.study import Study


@pytest.fixture(scope="module")
def rows(study):
    with (study.folder / "interviews" / "excerpts.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_matrix_holds_every_excerpt_of_every_interviewee(study, rows):
    counts = interviews.matrix(study)
    per_person = Counter(row["interviewee_id"] for row in rows)
    assert counts.sum(axis=1).to_dict() == {person: per_person[person] for person in counts.index}
    assert counts.shape == (21, 7)
    unattributed = per_person[""]
    assert int(counts.to_numpy().sum()) + unattributed == len(rows)


def test_who_is_never_quoted_stands_with_zeros(study, rows):
    quoted = {row["interviewee_id"] for row in rows}
    voices = interviews.voices_table(study)
    silent = voices.loc[voices["excerpts"] == 0]
    assert set(silent["interviewee_id"]) == set(voices["interviewee_id"]) - quoted
    assert silent["interviewee_id"].tolist() == ["L12", "L13", "L14", "N06"]
    assert (silent[["words", "themes"]] == 0).all(axis=None)


def test_words_and_themes_of_an_interviewee(study, rows):
    mine = [row for row in rows if row["interviewee_id"] == "N05"]
    voice = interviews.voices_table(study).set_index("interviewee_id").loc["N05"]
    assert voice["words"] == sum(int(row["n_words"]) for row in mine)
    assert voice["themes"] == len({row["theme_id"] for row in mine})


def test_a_theme_rests_on_its_excerpts_voices_and_words(study, rows):
    table = interviews.themes_table(study)
    assert table["subthemes"].tolist() == [5, 3, 6, 4, 2, 3, 3]
    assert table["excerpts"].sum() == sum(row["theme_id"] != "" for row in rows)
    first = [row for row in rows if row["theme_id"] == "TL1"]
    assert table["words"].iloc[0] == sum(int(row["n_words"]) for row in first)
    assert table["interviewees"].iloc[0] == len({row["interviewee_id"] for row in first} - {""})


EXCERPTS = [
    ("E1", "P1", "grove", "T1", 10, 1),
    ("E2", "P1", "grove", "", 20, 0),
    ("E3", "", "grove", "T1", 30, 2),
    ("E4", "P2", "grove", "T1", 40, 3),
]


@pytest.fixture
def orchard(build_study):
    columns = ("excerpt_id", "interviewee_id", "level", "theme_id", "n_words", "n_pear")
    return build_study(
        {
            "interviews-excerpts": [dict(zip(columns, row, strict=True)) for row in EXCERPTS],
            "interviews-interviewees": [{"interviewee_id": p, "level_id": "grove"} for p in ("P1", "P2", "P3")],
            "interviews-levels": [{"level_id": "grove", "name": "Grove"}, {"level_id": "yard", "name": "Yard"}],
            "interviews-themes": [{"theme_id": "T1", "level_id": "grove", "theme": "Rain", "summary": "It rains."}],
            "interviews-subthemes": [{"subtheme_id": "T1.1", "theme_id": "T1", "subtheme": "Drizzle"}],
            "terms": [{"term_family": "pear", "label": "pears", "patterns": "pear*"}],
        }
    )


def test_an_excerpt_without_theme_is_no_theme_of_its_speaker(orchard):
    voices = interviews.voices_table(orchard).set_index("interviewee_id")
    assert voices.loc["P1"].tolist() == ["grove", 2, 30, 1]
    assert voices.loc["P3"].tolist() == ["grove", 0, 0, 0]


def test_an_excerpt_without_speaker_is_no_voice_but_counts_its_words(orchard):
    theme = interviews.themes_table(orchard).iloc[0]
    assert (theme["excerpts"], theme["interviewees"], theme["words"]) == (3, 2, 80)


def test_term_use_is_per_thousand_words_and_empty_where_nobody_is_quoted(orchard):
    use = interviews.term_use(orchard).set_index("level")
    grove = use.loc["grove"]
    assert (grove["occurrences"], grove["interviewees"], grove["interviewees_quoted"]) == (6, 2, 2)
    assert grove["per_1000_words"] == pytest.approx(60)
    assert use.loc["yard", "occurrences"] == 0
    assert use["per_1000_words"].isna()["yard"]


def test_term_use_agrees_with_the_file(study, rows):
    use = interviews.term_use(study).set_index(["level", "term"])
    for level in ("local", "national"):
        mine = [row for row in rows if row["level"] == level]
        for family, term in (("coproduction", "co-production"), ("cocreation", "co-creation")):
            cell = use.loc[(level, term)]
            count = sum(int(row[f"n_{family}"]) for row in mine)
            assert cell["occurrences"] == count
            assert cell["per_1000_words"] == pytest.approx(1000 * count / sum(int(row["n_words"]) for row in mine))
    assert set(interviews.term_use(study, "codesign")["term"]) == {"co-design"}


def _hovers(figure):
    return [hover for trace in figure.data for hover in trace.hovertext]


def test_the_chart_has_a_mark_for_each_pair_and_names_the_silent(study):
    figure = interviews.matrix_chart(study)
    counts = interviews.matrix(study).to_numpy()
    marks = [int(text) for trace in figure.data for text in trace.text]
    assert len(marks) == (counts > 0).sum()
    assert sum(marks) == counts.sum()
    silent = [tick for tick in figure.layout.yaxis.ticktext if "never quoted" in tick]
    assert len(silent) == 4
    assert len(figure.layout.yaxis.ticktext) == 21


def test_no_text_of_the_chart_or_tables_links_an_interviewee_to_a_place(study):
    places = [*study["interviews-areas"]["area"], *study["interviews-agencies"]["agency"]]
    figure = interviews.matrix_chart(study)
    texts = [*_hovers(figure), *figure.layout.yaxis.ticktext, interviews.describe_matrix(study)]
    texts += list(interviews.voices_table(study).astype(str).agg(" ".join, axis=1))
    assert not [text for text in texts for place in places if place in text]


def test_the_chart_is_the_same_each_time(study):
    assert interviews.matrix_chart(study).to_json() == interviews.matrix_chart(Study()).to_json()


def test_the_alt_text_names_every_interviewee(study):
    told = interviews.describe_matrix(study)
    assert told.count("never quoted") == 4
    for person in study["interviews-interviewees"]["interviewee_id"]:
        assert f"{person}: " in told


def test_the_lists_have_their_columns(study):
    assert list(interviews.subthemes_table(study).columns) == ["level", "theme", "subtheme"]
    assert len(interviews.subthemes_table(study)) == 26
    assert list(interviews.guide_table(study).columns) == ["section", "kind", "question", "concept"]
    assert list(interviews.methods_table(study).columns) == ["topic", "value", "unit", "reported"]


def test_excerpts_are_listed_without_words(study):
    table = interviews.excerpts_table(study)
    assert len(table) == 101
    assert not {"text", "words", "sha256"} & set(table.columns)


def test_results_are_the_published_counts(study, rows):
    found = interviews.results(study)
    assert (found["interviews"], found["interviews_stated"]) == (21, 21)
    assert (found["local_interviews"], found["national_interviews"]) == (15, 6)
    assert (found["areas"], found["areas_unable"], found["agencies"]) == (8, 2, 6)
    assert (found["themes"], found["local_themes"], found["national_themes"]) == (7, 3, 4)
    assert (found["local_quoted"], found["national_quoted"], found["never_quoted"]) == (12, 5, 4)
    assert found["excerpts_block"] + found["excerpts_inline"] == found["excerpts"] == len(rows)
    assert found["local_words"] + found["national_words"] == found["words_quoted"]


def test_results_count_only_the_chosen_families(study):
    found = interviews.results(study, "cocreation")
    assert found["local_cocreation"] == 15
    assert "local_coproduction" not in found


def test_the_sentence_gives_the_share_of_the_three_most_heard(study, rows):
    words = Counter()
    for row in rows:
        if row["interviewee_id"]:
            words[row["interviewee_id"]] += int(row["n_words"])
    top = words.most_common(3)
    told = interviews.voices_sentence(study)
    assert told.startswith("17 of 21 interviewees are quoted; never quoted: L12, L13, L14, N06. Three of them (")
    assert ", ".join(person for person, _ in top) in told
    assert f"{sum(n for _, n in top) / sum(words.values()):.0%} of all words quoted" in told


def test_the_summary_says_the_sample_and_the_material(study):
    told = interviews.summary(study, interviews.results(study))
    assert told.startswith("21 interviews (15 local, 6 national) gave 7 themes with 26 sub-themes.")
    assert "101 excerpts (69 set off, 32 in the running text)" in told
