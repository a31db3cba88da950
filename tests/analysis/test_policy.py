"""Stage 4: tables 4 and 5, and which document is described with which term."""

import pytest

from compendium.analysis import policy
from compendium.data.study import Study
from compendium.errors import InputError


def test_table_4_has_the_columns_that_others_rely_on(study):
    table = policy.organisations_table(study)
    assert {"organisation", "url"} <= set(table.columns)
    assert len(table) == 9
    assert table["url"].str.match(r"https?://").all()
    assert table["organisation"].is_unique


def test_table_5_has_the_columns_that_others_rely_on(study):
    table = policy.documents_table(study)
    assert {"year", "name", "note", "url"} <= set(table.columns)
    assert len(table) == 9
    assert table["year"].min() == 2010
    assert table["year"].max() == 2018


def test_occurrences_add_up_over_both_places_in_order_of_year(study):
    table = policy.mentions(study)
    # Narrative plus table, added by hand.
    by_document = {"D01": 2, "D02": 1, "D03": 1, "D04": 8, "D05": 5, "D06": 3, "D07": 2, "D08": 6, "D09": 4}
    assert dict(zip(table["document_id"], table["n_coproduction"], strict=True)) == by_document
    assert table["year"].is_monotonic_increasing
    assert table["n_cocreation"].sum() == 0


def test_only_the_chosen_families_are_counted(study):
    assert list(policy.mentions(study, "cocreation").columns) == ["document_id", "year", "name", "n_cocreation"]
    table = policy.mentions_table(study, "codesign,coproduction")
    assert [column for column in table.columns if column.startswith("n_")] == [
        "n_coproduction",
        "n_codesign",
        "n_words",
        "n_quotations",
    ]
    assert len(table) == 18
    with pytest.raises(InputError, match="no such term_families"):
        policy.mentions(study, "cocreations")


def test_a_document_of_which_nothing_is_said_counts_zero(copy_of_study):
    path = copy_of_study / "policy" / "mentions.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("D09")), encoding="utf-8")
    table = policy.mentions(Study(copy_of_study)).set_index("document_id")
    assert table.loc["D09", "n_coproduction"] == 0
    assert table.loc["D08", "n_coproduction"] == 6


def test_the_chart_has_a_panel_a_family_and_writes_zeros(study):
    figure = policy.mentions_chart(study)
    assert len(figure.data) == 3
    assert [sum(bars.x) for bars in figure.data] == [32, 0, 0]
    assert set(figure.data[1].text) == {"0"}
    assert "<b>8</b>" in figure.data[0].text
    assert {note.text for note in figure.layout.annotations} >= {"co-production", "co-creation", "co-design"}
    assert len({tuple(axis.range) for axis in (figure.layout.xaxis, figure.layout.xaxis2, figure.layout.xaxis3)}) == 1


def test_the_chart_of_one_family_has_one_panel(study):
    figure = policy.mentions_chart(study, "coproduction")
    assert len(figure.data) == 1
    assert len(set(figure.data[0].y)) == 9


def test_documents_whose_names_begin_alike_keep_their_own_bars(copy_of_study):
    path = copy_of_study / "policy" / "documents.csv"
    study = Study(copy_of_study)
    names = study["policy-documents"]
    text = path.read_text(encoding="utf-8")
    first = names["name"].iloc[0]
    second = next(row for row in names.itertuples() if row.year == names["year"].iloc[1] and row.Index > 0)
    text = text.replace(second.name, first).replace(f"{first},{second.name_narrative},{second.year}", f"{first},x,2010")
    path.write_text(text, encoding="utf-8")
    figure = policy.mentions_chart(Study(copy_of_study), "coproduction")
    assert len(set(figure.data[0].y)) == 9


def test_the_chart_is_the_same_each_time(study):
    assert policy.mentions_chart(study).to_json() == policy.mentions_chart(Study()).to_json()


def test_results(study):
    found = policy.results(study)
    assert (found["organisations"], found["documents"], found["quotations"]) == (9, 9, 21)
    assert (found["year_first"], found["year_last"], found["years_covered"]) == (2010, 2018, 8)
    assert (found["coproduction_occurrences"], found["coproduction_documents"]) == (32, 9)
    assert (found["cocreation_occurrences"], found["cocreation_documents"]) == (0, 0)
    assert "cocreation_documents" not in policy.results(study, "coproduction")


def test_the_sentences_count_documents_and_name_the_few_without(copy_of_study, study):
    assert policy.terms_sentences(study, "cocreation") == [
        "Of 9 documents, 0 are described with a word of the family co-creation (0 occurrences)."
    ]
    path = copy_of_study / "policy" / "mentions.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("D02,table,1,", "D02,table,0,"), encoding="utf-8")
    (told,) = policy.terms_sentences(Study(copy_of_study), "coproduction")
    assert told.startswith("Of 9 documents, 8 are described")
    assert told.endswith("(31 occurrences); not so Commission on the Future Delivery of Public Services.")


def test_the_summary_says_years_and_names(study):
    told = policy.summary(policy.results(study))
    assert "9 documents of 2010 to 2018" in told
    assert "9 organisations; 8 of them go by one name" in told
