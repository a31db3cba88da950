"""Reporting checklists: the published numbering, what counts, and a study without any."""

from __future__ import annotations

import math

import pytest

from compendium.audit import reporting
from compendium.data.study import Study
from compendium.errors import InputError

PUBLISHED = {
    # Page et al. 2021, BMJ 372:n71, Table 1: 27 items, 7 of which have sub-items
    "prisma-2020": "1 2 3 4 5 6 7 8 9 10a 10b 11 12 13a 13b 13c 13d 13e 13f 14 15 16a 16b 17 18 19 20a 20b 20c 20d "
    "21 22 23a 23b 23c 23d 24a 24b 24c 25 26 27",
    # Rethlefsen et al. 2021, Syst Rev 10:39, Table 1
    "prisma-s": " ".join(str(number) for number in range(1, 17)),
    # Tong et al. 2012, BMC Med Res Methodol 12:181, Table 1
    "entreq": " ".join(str(number) for number in range(1, 22)),
    # Tong, Sainsbury & Craig 2007, Int J Qual Health Care 19:349-357, Table 1
    "coreq": " ".join(str(number) for number in range(1, 33)),
}
TOPICS = [
    ("prisma-2020", "9", "Data collection process"),
    ("prisma-2020", "14", "Reporting bias assessment"),
    ("prisma-2020", "16b", "Study selection"),
    ("prisma-2020", "22", "Certainty of evidence"),
    ("prisma-2020", "24c", "Registration and protocol"),
    ("prisma-2020", "27", "Availability of data, code and other materials"),
    ("prisma-s", "8", "Full search strategies"),
    ("prisma-s", "14", "Peer review"),
    ("prisma-s", "16", "Deduplication"),
    ("entreq", "8", "Study characteristics"),
    ("entreq", "13", "Appraisal results"),
    ("entreq", "18", "Study comparison"),
    ("entreq", "21", "Synthesis output"),
    ("coreq", "9", "Methodological orientation and Theory"),
    ("coreq", "16", "Description of sample"),
    ("coreq", "22", "Data saturation"),
    ("coreq", "28", "Participant checking"),
    ("coreq", "32", "Clarity of minor themes"),
]
ANSWERS = {
    "rain": ["yes", "yes", "partly", "no", "no", "not applicable"],
    "snow": ["not applicable"],
    "hail": ["yes", "not applicable", "not applicable"],
}


@pytest.fixture
def weather(build_study):
    lists = [
        {
            "checklist_id": key,
            "name": f"<i>{key.upper()}",
            "citation_key": "x2000",
            "n_items": 5,
            "scope": "Roofs & all",
        }
        for key in ANSWERS
    ]
    items = [
        {
            "item_id": f"{key}-{number}",
            "checklist_id": key,
            "item": f"{number}",
            "order": number,
            "topic": "Gutters" if number > 3 else f"Drops {number}",
            "requirement": "Say so",
            "reported": answer,
            "section": "S01" if answer in ("yes", "partly") else "",
            "anchor": "",
            "note": "noted",
        }
        for key, answers in ANSWERS.items()
        for number, answer in reversed(list(enumerate(answers, 1)))
    ]
    sections = [{"section_id": "S01", "part": "one", "title": "The roof", "heading": "ROOF"}]
    return build_study({"sections": sections, reporting.CHECKLISTS: lists, reporting.ITEMS: items})


@pytest.fixture
def bare(build_study):
    return build_study({"sections": [{"section_id": "S01", "title": "The roof"}]})


@pytest.mark.parametrize("checklist", PUBLISHED)
def test_items_are_complete_and_in_the_published_order(study, checklist):
    assert reporting.checklist_table(study, checklist)["item"].tolist() == PUBLISHED[checklist].split()


def test_numbers_of_items_are_the_published_ones(study):
    table = reporting.summary_table(study).set_index("checklist")
    assert table["published_items"].to_dict() == {"PRISMA 2020": 27, "PRISMA-S": 16, "ENTREQ": 21, "COREQ": 32}
    assert table["rows"].tolist() == [42, 16, 21, 32]
    for checklist, published in zip(reporting.checklists(study), table["published_items"], strict=True):
        items = reporting.checklist_table(study, checklist)["item"]
        assert items.str.extract(r"^(\d+)", expand=False).nunique() == published


@pytest.mark.parametrize(("checklist", "item", "topic"), TOPICS)
def test_topics_stand_at_their_numbers(study, checklist, item, topic):
    table = reporting.checklist_table(study, checklist).set_index("item")
    assert table.loc[item, "topic"] == topic


def test_every_answer_has_what_it_needs(study):
    table = study.table(reporting.ITEMS)
    placed = table["reported"].isin(["yes", "partly"])
    assert (table["section"] != "").equals(placed)
    assert (table["anchor"] != "").equals(placed)
    assert (table["anchor"].str.split().str.len() <= 7).all()
    assert (table.loc[table["reported"] != "yes", "note"] != "").all()
    assert (table["item_id"] == table["checklist_id"] + "-" + table["item"]).all()
    assert not table["requirement"].duplicated().any()


@pytest.mark.parametrize("item", ["12", "13b", "20b"])
def test_what_asks_for_statistics_does_not_apply_to_a_narrative_synthesis(study, item):
    table = reporting.checklist_table(study, "prisma-2020").set_index("item")
    assert table.loc[item, "reported"] == "not applicable"


def test_the_answers_of_the_bundled_study_add_up(study):
    found = reporting.counts(study)
    assert found["checklists"] == 4
    assert found["checklist_items"] == 111
    parts = ("in_full", "in_part", "not_reported")
    assert sum(found[f"checklist_items_{name}"] for name in parts) == found["checklist_items_applicable"]
    assert found["checklist_items_applicable"] + found["checklist_items_not_applicable"] == found["checklist_items"]
    assert sum(found["reporting_applicable"].values()) == found["checklist_items_applicable"]
    assert found["reporting_applicable"]["coreq"] == 32  # there were interviews: every item applies


def test_items_that_do_not_apply_are_in_no_denominator(weather):
    table = reporting.summary_table(weather).set_index("checklist")
    rain = table.loc["<i>RAIN"]
    assert (rain["rows"], rain["applicable"], rain["not_applicable"]) == (6, 5, 1)
    assert [rain["share_in_full"], rain["share_in_part"], rain["share_not_reported"]] == [0.4, 0.2, 0.4]
    assert table.loc["<i>HAIL", "share_in_full"] == 1
    assert math.isnan(table.loc["<i>SNOW", "share_in_full"])


def test_counts_by_checklist_and_over_all(weather):
    found = reporting.counts(weather)
    assert found["checklist_items_applicable"] == 6
    assert found["checklist_items_in_full"] == 3
    assert found["checklist_items_not_applicable"] == 4
    assert found["reporting_not_reported"] == {"rain": 2, "snow": 0, "hail": 0}


def test_a_table_has_the_order_of_the_checklist_and_titles_of_sections(weather):
    table = reporting.checklist_table(weather, "rain")
    assert table["item"].tolist() == ["1", "2", "3", "4", "5", "6"]
    assert table["section"].tolist() == ["The roof", "The roof", "The roof", "", "", ""]
    assert list(table) == ["item", "topic", "requirement", "reported", "section", "note"]


def test_sentences_in_singular_and_plural(weather):
    head, rain, snow, hail = reporting.sentences(weather)
    assert head == (
        "Held against 3 reporting checklists, each sub-item counted as an item: of 6 items that apply, 3 are reported "
        "in full (50%), 1 in part (17%) and 2 not at all (33%); 4 more do not apply."
    )
    assert rain == (
        "<i>RAIN: of 5 items that apply, 2 are reported in full (40%), 1 in part (20%) and 2 not at all (40%); "
        "1 more does not apply. Not reported: gutters (4, 5)."
    )
    assert snow == "<i>SNOW: no item applies."
    assert hail == (
        "<i>HAIL: of 1 item that applies, 1 is reported in full (100%), 0 in part (0%) and 0 not at all (0%); "
        "2 more do not apply."
    )


def test_the_chart_divides_each_bar_by_the_items_that_apply(weather):
    figure = reporting.reporting_chart(weather)
    bars = [s for s in figure.layout.shapes if s.y1 - s.y0 == reporting.BAR]
    whole = figure.layout.width - reporting.LEFT - reporting.RIGHT
    assert [round((s.x1 - s.x0) / whole, 6) for s in bars] == [0.4, 0.2, 0.4, 1.0]
    texts = [note.text for note in figure.layout.annotations]
    assert "<b>2</b> in full, 40%" in texts
    assert "<b>1</b>, 20%" in texts  # a fifth of the bar has no room for words
    assert "<b>2</b> not, 40%" in texts
    assert "no item applies" in texts
    assert not any("<i>" in text for text in texts)
    assert sum("&lt;i&gt;" in text for text in texts) == 3
    assert figure.layout.width == 960


def test_a_number_without_room_stands_above_its_segment(build_study):
    answers = ["yes"] * 60 + ["no"]
    items = [
        {"item_id": f"a-{n}", "checklist_id": "a", "item": str(n), "order": n, "topic": "T", "reported": answer}
        for n, answer in enumerate(answers, 1)
    ]
    lists = [{"checklist_id": "a", "name": "A", "n_items": 61, "scope": "all"}]
    figure = reporting.reporting_chart(build_study({reporting.CHECKLISTS: lists, reporting.ITEMS: items}))
    heights = {note.text: note.y for note in figure.layout.annotations}
    assert heights["<b>1</b>"] > heights["<b>60</b> in full, 98%"] + reporting.BAR / 2


def test_the_description_says_what_the_chart_shows(weather):
    text = reporting.describe_reporting(weather)
    assert "<i>SNOW, no item applies" in text
    assert "<i>RAIN, of 5 items that apply, 2 are reported in full (40%)" in text
    assert "<i>HAIL, of 1 item that applies, 1 is reported in full (100%)" in text


def test_a_caption_names_rows_only_where_there_are_sub_items(study):
    assert "(27 items, 42 rows with sub-items)" in reporting.describe_checklist(study, "prisma-2020")
    assert "(32 items)" in reporting.describe_checklist(study, "coreq")


def test_a_study_without_checklists_has_empty_tables(bare):
    assert reporting.checklists(bare) == {}
    assert reporting.checklist_table(bare, "prisma-2020").empty
    assert list(reporting.checklist_table(bare, "prisma-2020")) == reporting.COLUMNS
    assert reporting.summary_table(bare).empty
    assert reporting.sentences(bare) == []
    assert reporting.counts(bare)["checklist_items_applicable"] == 0
    assert reporting.counts(bare)["reporting_in_full"] == {}
    assert reporting.reporting_chart(bare).layout.annotations[0].text == reporting.describe_reporting(bare)


def test_a_study_with_a_list_and_no_items_has_empty_tables(build_study):
    lists = [{"checklist_id": "a", "name": "A", "n_items": 1, "scope": "all"}]
    assert reporting.sentences(build_study({reporting.CHECKLISTS: lists})) == []


def test_an_unknown_checklist_is_named_with_those_there_are(study: Study):
    with pytest.raises(InputError, match=r"no such checklist.*did you mean 'prisma-s'.*prisma-2020"):
        reporting.checklist_table(study, "prisma-z")
