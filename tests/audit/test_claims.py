"""The audit: statuses follow from the data, and change with them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from compendium.audit import claims
from compendium.audit.claims import same
from compendium.data.study import Study
from compendium.data.validation import validate
from compendium.errors import InputError

CLAIMS = "conclusions/claims.csv"


def edit(folder: Path, file: str, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> Study:
    """Change the rows of a table of a study; rows are dictionaries of text."""
    path = folder / file
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        columns, rows = list(reader.fieldnames or []), list(reader)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(change(rows))
    return Study(folder)


def claim_on(checked: pd.DataFrame, check: str) -> pd.Series:
    """Return the first claim that a result checks."""
    return checked[checked["check"] == check].iloc[0]


@pytest.mark.parametrize(
    ("published", "computed"),
    [
        ("7", 7),
        ("7", "7"),
        ("7.0", 7),
        ("39.7", 39.7),
        ("Systematic review", "Systematic Review"),
        ("Scotland's Digital Health & Care Strategy", "Scotland’s Digital Health and Care Strategy"),
        ("2012–2021", "2012-2021"),
        ("Bill Policy Memorandum", "Bill – Policy Memorandum"),
        ("S22; S32", ["S22", "S32"]),
        ("two  blanks", "two blanks"),
    ],
)
def test_what_counts_as_the_same(published: str, computed: object) -> None:
    assert same(published, computed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("published", "computed"),
    [
        ("7", 8),
        ("3.5", 35),
        ("1-20", 120),
        ("L015", "L15"),
        ("meanings and understandings", "meanings and understanding"),
        ("Systematic", "Systemic"),
        ("a; b", ["b", "a"]),
        ("Strategy for Scotland", "Strategy for NHS Scotland"),
        ("yes", "no"),
        ("none", 10),
    ],
)
def test_what_does_not(published: str, computed: object) -> None:
    assert not same(published, computed)  # type: ignore[arg-type]


def test_every_claim_of_the_bundled_study_has_one_of_three_statuses(study: Study) -> None:
    checked = claims.claims(study)
    assert len(checked) >= 150
    assert set(checked["status"]) == {"reproduced", "inconsistent", "not recomputable"}
    untold = checked[(checked["status"] == "not recomputable") & (checked["reason"] == "")]
    assert untold.empty
    assert (checked.loc[checked["status"] != "not recomputable", "recomputed_value"] != "").all()


def test_no_inconsistency_of_the_bundled_study_is_unshown(study: Study) -> None:
    found = claims.inconsistencies(study)
    assert len(found) >= 60
    assert list(found.loc[found["shown_by"] == "not shown", "inconsistency_id"]) == []
    assert ((found["check"] == "") == (found["shown_by"] == "reading")).all()
    assert ((found["check"] == "") == (found["expected"] == "")).all()


def test_a_claim_turns_inconsistent_when_an_area_is_removed(copy_of_study: Path) -> None:
    check = "data.interviews-areas.participation.took-part"
    before = claim_on(claims.claims(Study(copy_of_study)), check)
    assert (before["published_value"], before["recomputed_value"], before["status"]) == ("8", "8", "reproduced")
    study = edit(copy_of_study, "interviews/areas.csv", lambda rows: [row for row in rows if row["area_id"] != "A03"])
    after = claim_on(claims.claims(study), check)
    assert (after["recomputed_value"], after["status"]) == ("7", "inconsistent")


def test_an_inconsistent_claim_is_reproduced_when_the_data_say_so(copy_of_study: Path) -> None:
    check = "interviews.section_excerpts.s72.block"
    assert claim_on(claims.claims(Study(copy_of_study)), check)["status"] == "inconsistent"
    study = edit(
        copy_of_study,
        "interviews/excerpts.csv",
        lambda rows: [row for row in rows if (row["section_id"], row["order"]) != ("S72", "2")],
    )
    assert claim_on(claims.claims(study), check)["status"] == "reproduced"


def test_an_inconsistency_is_not_shown_when_the_score_behind_it_changes(copy_of_study: Path) -> None:
    check = "appraisal.same_components_different_overall"

    def change(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [
            {**row, "score": "1"} if (row["review_id"], row["component_id"]) == ("slay2013", "mq") else row
            for row in rows
        ]

    before = claim_on(claims.inconsistencies(Study(copy_of_study)), check)
    assert (before["computed_value"], before["shown_by"]) == ("1", "computed")
    after = claim_on(claims.inconsistencies(edit(copy_of_study, "appraisal/scores.csv", change)), check)
    assert (after["computed_value"], after["shown_by"]) == ("0", "not shown")


def test_a_value_that_the_data_leave_open_is_not_recomputable(copy_of_study: Path) -> None:
    check = "screening.full_text_from_parts"

    def change(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [{**row, "check": "screening.duplicates_removed"} if row["check"] == check else row for row in rows]

    row = claim_on(claims.claims(edit(copy_of_study, CLAIMS, change)), "screening.duplicates_removed")
    assert (row["status"], row["recomputed_value"], row["reason"]) == ("not recomputable", "", claims.OPEN_VALUE)


def test_unknown_checks_are_all_told_with_file_and_row(copy_of_study: Path) -> None:
    def change(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        rows[1] |= {"check": "data.interviews-area.rows", "reason": ""}
        rows[4] |= {"check": "policy.reports.coprodution", "reason": ""}
        return rows

    study = edit(copy_of_study, CLAIMS, change)
    with pytest.raises(InputError) as caught:
        claims.claims(study)
    told = [(p.file, p.row, p.field, p.value) for p in caught.value.problems]
    assert told == [
        (CLAIMS, 3, "check", "data.interviews-area.rows"),
        (CLAIMS, 6, "check", "policy.reports.coprodution"),
    ]
    assert "data.interviews-areas.rows" in caught.value.problems[0].allowed
    assert [(p.row, p.value) for p in validate(copy_of_study)] == [(row, value) for _, row, _, value in told]


def test_a_study_without_claims_has_an_empty_audit(build_study: Callable[..., Study]) -> None:
    study = build_study({"sections": [{"section_id": "S1", "part": "part 1", "title": "One"}]})
    checked, found = claims.claims(study), claims.inconsistencies(study)
    assert (len(checked), len(found)) == (0, 0)
    assert claims.results(checked, found)["claims_reproduced"] == 0
    assert "Of 0 claims, 0 can be checked" in claims.claims_sentences(checked)[0]
    assert "0 inconsistencies" in claims.inconsistencies_sentences(found)[0]


def test_counts_by_part_and_by_kind() -> None:
    class Parts:
        def table(self, name: str) -> pd.DataFrame:
            return pd.DataFrame({"section_id": ["S1", "S2", "S3"], "part": ["front", "body", "front"]})

    checked = pd.DataFrame({"section": ["S2", "S1", "S3", "S2"], "status": ["reproduced", "inconsistent"] * 2})
    counts = claims.by_part(Parts(), checked)  # type: ignore[arg-type]
    assert counts.to_dict("index") == {
        "front": {"reproduced": 1, "inconsistent": 1, "not recomputable": 0},
        "body": {"reproduced": 1, "inconsistent": 1, "not recomputable": 0},
    }
    found = pd.DataFrame({"kind": ["count", "naming", "naming"], "severity": ["high", "low", "medium"]})
    assert list(claims.by_kind(found).index) == ["naming", "count"]
    assert claims.by_kind(found).loc["naming"].to_dict() == {"high": 0, "medium": 1, "low": 1}
