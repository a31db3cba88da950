"""Stage 2: the flow of records, table 1, and the conservation of counts."""

import pandas as pd
import pytest

from compendium.analysis import screening

STEPS = ("found", "looked_at", "read", "kept")


def orchard_flow(found=100, duplicates=10, looked_at=90, dropped=60, read=30, refused=18, kept=12):
    """Rows of a flow with one way out at each of the first three boxes."""
    rows, out = [], {"found": duplicates, "looked_at": dropped, "read": refused}
    counts = dict(zip(STEPS, (found, looked_at, read, kept), strict=True))
    for number, (stage, count) in enumerate(counts.items()):
        before = STEPS[number - 1] if number else ""
        rows.append({"stage_id": stage, "role": "main", "label": stage, "from_stage": before, "count": count})
        if stage in out:
            left = {"stage_id": f"out_of_{stage}", "role": "excluded", "label": "out", "from_stage": stage}
            rows.append({**left, "count": out[stage]})
    return [{**row, "order": number} for number, row in enumerate(rows, start=1)]


def _conservation(build_study, **counts):
    return screening.conservation(build_study({"screening-flow": orchard_flow(**counts)}))


def test_a_flow_that_adds_up(build_study):
    table = _conservation(build_study)
    assert table["verdict"].tolist() == ["adds up"] * 3
    assert table["into"].tolist() == [100, 90, 30]
    assert table["out"].tolist() == [100, 90, 30]


def test_a_broken_count_is_found_where_it_is_and_on_both_sides(build_study):
    table = _conservation(build_study, read=29)
    assert table["verdict"].tolist() == ["adds up", "counts do not add up", "counts do not add up"]
    assert table["difference"].tolist() == [0, 1, -1]


def test_an_unreported_way_out_leaves_open_whether_the_counts_add_up(build_study):
    table = _conservation(build_study, duplicates=None)
    assert table["verdict"].tolist() == ["adds up only if what is not reported is 10", "adds up", "adds up"]
    assert table["unreported_on_the_way"].tolist() == ["yes", "no", "no"]
    same = _conservation(build_study, duplicates=None, looked_at=100, dropped=70)
    assert same["verdict"].iloc[0] == "adds up only if what is not reported is zero"


def test_an_unreported_way_out_cannot_explain_records_that_appear(build_study):
    table = _conservation(build_study, duplicates=None, looked_at=101, dropped=71)
    assert table["verdict"].iloc[0] == "counts do not add up"
    assert table["difference"].iloc[0] == -1


def test_an_unreported_box_is_bridged(build_study):
    table = _conservation(build_study, looked_at=None)
    assert table["step"].tolist() == ["found → read", "read → kept"]
    assert table["out"].tolist() == [100, 30]
    assert table["verdict"].tolist() == ["adds up", "adds up"]


def test_a_flow_with_one_count_has_no_step(build_study):
    table = _conservation(build_study, found=None, looked_at=None, read=None)
    assert table.empty
    assert "verdict" in table.columns


def test_the_bundled_flow_adds_up_only_if_nothing_went_unreported(study):
    table = screening.conservation(study)
    assert table[["into", "out"]].to_numpy().tolist() == [[263, 263], [20, 20], [11, 11]]
    assert table["verdict"].str.contains("not reported").tolist() == [True, True, False]


def test_the_records_found_are_made_again_from_their_parts(study):
    found = screening.results(study)
    assert found["excluded_title_abstract"] + found["full_text"] == 243 + 20
    assert found["identified_from_parts"] == found["identified"] == 263
    assert (found["excluded_listed"], found["included_listed"], found["full_text_listed"]) == (9, 11, 20)
    assert (found["excluded_full_text"], found["included"], found["synthesised"]) == (9, 11, 7)
    assert found["duplicates_removed"] is None
    assert (found["unreported"], found["steps_that_do_not_add_up"]) == (3, 0)
    assert (found["reasons"], found["criteria"]) == (7, 3)
    assert found["excluded_share"] == pytest.approx(256 / 263)


def test_every_counted_box_is_made_again_from_its_neighbours(study, build_study):
    found = screening.results(study)
    for box in ("excluded_title_abstract", "full_text", "excluded_full_text", "included", "not_synthesised"):
        assert found[f"{box}_from_parts"] == found[box]
    broken = _results(build_study, read=29)
    assert (broken["looked_at_from_parts"], broken["out_of_read_from_parts"]) == (60 + 29, 29 - 12)


def _results(build_study, **counts):
    tables = {
        "screening-flow": orchard_flow(**counts),
        "screening-full-text": [{"citation_key": "a", "decision": "included", "reason_id": ""}],
        "screening-reasons": [{"reason_id": "R1", "criterion_id": ""}],
        "screening-criteria": [{"criterion_id": "C1"}],
    }
    return screening.results(build_study(tables))


def test_results_of_a_flow_with_gaps_do_not_invent(build_study):
    found = _results(build_study, found=None, looked_at=None, read=None, kept=None)
    assert found["identified_from_parts"] is None
    assert found["excluded_share"] is None
    assert (found["excluded_listed"], found["reasons"], found["reasons_without_criterion"]) == (0, 0, 1)


def test_parts_are_what_left_and_what_arrived_at_the_next_known_box(build_study):
    assert _results(build_study, found=99)["identified_from_parts"] == 10 + 90
    assert _results(build_study, looked_at=None)["identified_from_parts"] == 10 + 60 + 30


def test_a_review_that_keeps_nothing_excludes_all(build_study):
    assert _results(build_study, refused=30, kept=0)["excluded_share"] == 1


def test_steps_that_contradict_are_counted(build_study):
    assert _results(build_study, read=29)["steps_that_do_not_add_up"] == 2
    assert _results(build_study, duplicates=None)["steps_that_do_not_add_up"] == 0


def test_table_1_has_the_columns_that_others_rely_on_and_the_nine_reports(study):
    table = screening.excluded_table(study)
    assert list(table.columns) == ["citation", "reference", "reason"]
    assert len(table) == 9
    assert table["citation"].iloc[[0, -1]].tolist() == ["Alzaydi et al. 2018", "Vindrola-Padros et al. 2017"]
    assert (table["reason"] != "").all()
    reference = table.set_index("citation")["reference"]["Baines and Regan de Bere 2018"]
    assert reference.startswith("Baines RL, Regan de Bere S. Optimizing")


def test_reasons_are_counted_most_frequent_first(study):
    table = screening.reason_counts(study)
    assert table["reports"].tolist() == [2, 2, 1, 1, 1, 1, 1]
    assert table["reason"].iloc[0] == "Not a review of the literature"
    assert table["citations"].iloc[0] == "Freeman et al. 2016; Lwembe et al. 2017"


def test_the_flow_table_says_what_is_not_reported(study):
    table = screening.flow_table(study)
    assert list(table.columns) == ["phase", "step", "records", "status", "source"]
    assert table["records"].tolist() == [
        "263",
        "not reported",
        "not reported",
        "243",
        "20",
        "not reported",
        "9",
        "11",
        "4",
        "7",
    ]
    assert table["status"].value_counts().to_dict() == {"printed": 6, "not reported": 3, "derived": 1}


def test_the_flow_is_in_the_order_of_the_diagram_whatever_the_file_has(build_study):
    study = build_study({"screening-flow": orchard_flow()[::-1]})
    assert screening.flow(study)["stage_id"].iloc[[0, -1]].tolist() == ["found", "kept"]
    assert screening.conservation(study)["verdict"].eq("adds up").all()


def test_criteria(study):
    table = screening.criteria(study)
    assert list(table.columns) == ["criterion", "kind", "dimension"]
    assert len(table) == 3


@pytest.mark.parametrize(
    ("wrong", "told"),
    [(0, "No step of the flow contradicts another; 3 counts"), (2, "2 steps of the flow do not add up; 3 counts")],
)
def test_the_summary_says_what_cannot_be_known(study, wrong, told):
    found = {**screening.results(study), "steps_that_do_not_add_up": wrong}
    assert told in screening.summary(found)
    assert "Of 20 reports read in full, 9 are listed as excluded, for 7 distinct reasons, and 11" in (
        screening.summary(found)
    )


def test_counts_are_na_not_zero(study):
    assert pd.isna(screening.flow(study).set_index("stage_id").loc["screened", "count"])
