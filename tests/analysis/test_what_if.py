"""Other counts, fewer criteria, some years, some voices: what follows, on small invented studies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from compendium.analysis import what_if
from compendium.analysis.screening import BROKEN, conservation, excluded_table, reason_counts
from compendium.data.study import Study
from compendium.errors import InputError

Build = Callable[..., Study]


def box(name: str, role: str, before: str, count: int | None, phase: str = "screening") -> dict[str, Any]:
    row = {"stage_id": name, "phase": phase, "role": role, "label": name, "from_stage": before, "count": count}
    return row | {"reported": "printed" if count is not None else "not reported", "taken_from": "", "note": ""}


@pytest.fixture
def screened(build_study: Build) -> Study:
    """Ten found, six left out by title, four read, three excluded (two for R1, one for R2), one in, one synthesised."""
    flow = [
        box("found", "main", "", 10),
        box("by_title", "excluded", "found", 6),
        box("read", "main", "found", 4, "eligibility"),
        box("lost", "excluded", "read", None, "eligibility"),
        box("out", "excluded", "read", 3, "eligibility"),
        box("in", "main", "read", 1, "included"),
        box("used", "main", "in", 1, "included"),
    ]
    for order, row in enumerate(flow, start=1):
        row["order"] = order
    reports = [("a", "R1"), ("b", "R1"), ("c", "R2"), ("d", "")]
    return build_study(
        {
            "screening-flow": flow,
            "screening-criteria": [
                {"criterion_id": "C1", "criterion": "topic", "kind": "inclusion", "dimension": "topic"},
                {"criterion_id": "C2", "criterion": "design", "kind": "inclusion", "dimension": "design"},
            ],
            "screening-reasons": [
                {"reason_id": "R1", "reason": "off topic", "criterion_id": "C1"},
                {"reason_id": "R2", "reason": "no review", "criterion_id": ""},
            ],
            "screening-full-text": [
                {
                    "citation_key": key,
                    "citation": key.upper(),
                    "decision": "excluded" if reason else "included",
                    "reason_id": reason,
                    "order": number,
                }
                for number, (key, reason) in enumerate(reports, start=1)
            ],
        },
        "".join(f"@book{{{key}, title={{T}}, author={{A, B}}, year={{2000}}}}\n" for key, _ in reports),
    )


def test_with_nothing_changed_it_is_the_same_study(screened: Study) -> None:
    assert what_if.screening(screened) is screened
    assert what_if.screening(screened, "printed", "C2,C1") is screened
    assert what_if.screening_sentences(screened) == []


def test_a_moved_count_breaks_the_sums_beside_it(screened: Study) -> None:
    moved = what_if.screening(screened, "read=5")
    steps = conservation(moved).set_index("step")["verdict"]
    assert steps["found → read"] == BROKEN
    assert steps["read → in"] == "adds up only if what is not reported is 1"
    assert moved.table("screening-flow").set_index("stage_id").loc["read", "reported"] == what_if.CHANGED
    assert screened.table("screening-flow")["count"].tolist()[2] == 4
    assert moved.original is screened


def test_a_count_that_is_not_reported_is_skipped_over(screened: Study) -> None:
    steps = conservation(what_if.screening(screened, "read=?, lost=0"))["step"].tolist()
    assert steps == ["found → in", "in → used"]


def test_without_a_criterion_what_rests_on_it_comes_back(screened: Study) -> None:
    fewer = what_if.screening(screened, screening_criteria="C2")
    counts = fewer.table("screening-flow").set_index("stage_id")["count"]
    assert (counts["out"], counts["in"], counts["used"]) == (1, 3, 1)
    assert excluded_table(fewer)["citation"].tolist() == ["C"]
    assert reason_counts(fewer)["reason"].tolist() == ["no review"]
    (told,) = what_if.screening_sentences(screened, screening_criteria="C2")
    assert told.startswith("Without C1, 2 of the reports excluded at full text would not be excluded (A; B)")


def test_a_reason_tied_to_no_criterion_stays(screened: Study) -> None:
    assert (
        what_if.screening(screened, screening_criteria="C1")
        .table("screening-flow")["reported"]
        .tolist()
        .count("changed")
        == 0
    )
    assert list(what_if.resting_on(screened, {"C1", "C2"})["citation"]) == ["A", "B"]


def test_a_count_given_by_hand_goes_before_what_follows_from_a_criterion(screened: Study) -> None:
    both = what_if.screening(screened, "in=9", "C2").table("screening-flow").set_index("stage_id")["count"]
    assert (both["out"], both["in"]) == (1, 9)


def test_all_faults_of_counts_are_told() -> None:
    with pytest.raises(InputError) as raised:
        what_if.parse_counts("raed=1,read=x,out=1,out=2", ["read", "out"])
    assert [p.value for p in raised.value.problems] == ["raed", "read=x", "out=2"]


@pytest.fixture
def policies(build_study: Build) -> Study:
    documents = [{"document_id": f"D{n}", "name": f"N{n}", "year": year} for n, year in enumerate((2001, 2005, 2009))]
    mentions = [{"mention_id": n, "document_id": f"D{n}", "n_x": n} for n in range(3)]
    return build_study({"policy-documents": documents, "policy-mentions": mentions})


@pytest.mark.parametrize(
    ("years", "kept"),
    [("2005", ["D1"]), ("2001-2005", ["D0", "D1"]), ("1990–2001", ["D0"]), ("2002 - 2999", ["D1", "D2"])],
)
def test_years_choose_documents_and_their_mentions(policies: Study, years: str, kept: list[str]) -> None:
    chosen = what_if.policy(policies, years)
    assert chosen.table("policy-documents")["document_id"].tolist() == kept
    assert chosen.table("policy-mentions")["document_id"].tolist() == kept
    assert what_if.policy_sentences(policies, years)[0].startswith(f"Only the {len(kept)} of 3 documents")


def test_all_years_are_the_whole_study(policies: Study) -> None:
    assert what_if.policy(policies) is policies
    assert what_if.policy_sentences(policies, "2001-2009") == []


@pytest.mark.parametrize(
    ("years", "reason"),
    [("2003", "holds no document"), ("2009-2001", "ends before it begins"), ("20", "is no span"), ("", "is no span")],
)
def test_years_that_choose_nothing(policies: Study, years: str, reason: str) -> None:
    with pytest.raises(InputError, match=f"{reason}.*within 2001-2009"):
        what_if.policy(policies, years)


def test_voices_of_one_level(study: Study) -> None:
    local = what_if.interviews(study, "local")
    assert set(local.table("interviews-excerpts")["level"]) == {"local"}
    assert set(local.table("interviews-interviewees")["level_id"]) == {"local"}
    assert set(local.table("interviews-themes")["level_id"]) == {"local"}


def test_one_theme_leaves_out_excerpts_without_a_theme(study: Study) -> None:
    theme = study.table("interviews-themes")["theme_id"].iloc[0]
    one = what_if.interviews(study, interview_themes=theme)
    assert set(one.table("interviews-excerpts")["theme_id"]) == {theme}
    assert len(one.table("interviews-interviewees")) == len(study.table("interviews-interviewees"))
    assert what_if.interviews_sentences(study, one)[0].endswith("Who is silent here may be quoted elsewhere.")


def test_a_choice_of_everything_is_the_whole_study(study: Study) -> None:
    everybody = ",".join(study.table("interviews-interviewees")["interviewee_id"])
    assert what_if.interviews(study, interviewees=everybody) is study
    assert what_if.interviews_sentences(study, study) == []
