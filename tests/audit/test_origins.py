"""Where a reader finds a result: artefacts and claims."""

from __future__ import annotations

import json

import pytest

from compendium.audit.facts import Facts
from compendium.audit.origins import CLAIMED_AS, SHOWN_IN, artefact_of, checks_of, claims_on
from compendium.paths import ROOT


def released(name):
    return json.loads((ROOT / "report" / name).read_text(encoding="utf-8"))


def test_every_result_is_shown_by_an_artefact_that_there_is():
    artefacts = {entry["id"] for entry in released("manifest.json")["artefacts"]}
    found = {result: artefact_of(result) for result in released("results.json")}
    assert {result for result, artefact in found.items() if artefact not in artefacts} == set()


def test_no_pattern_is_idle():
    results = released("results.json")
    used = {artefact_of(result) for result in results}
    assert set(SHOWN_IN.values()) == used
    assert {pattern for pattern in CLAIMED_AS if not any(_has_alias(r, pattern) for r in results)} == set()


def _has_alias(result, pattern):
    return any(check in checks_of(result)[1:] for check in _named(pattern, result))


def _named(pattern, result):
    return [check for check in checks_of(result) if check != result] if _fits(pattern, result) else []


def _fits(pattern, result):
    from compendium.audit.origins import _pattern

    return _pattern(pattern).fullmatch(result)


def test_a_result_and_the_facts_it_is_claimed_as_are_the_same_number(study):
    facts = Facts(study)
    for result, value in released("results.json").items():
        for check in checks_of(result)[1:]:
            assert facts.value(check) == value, (result, check)


@pytest.mark.parametrize(
    ("result", "artefact"),
    [
        ("appraisal.themes_hanging_on_one_review", "s-review-dependence"),
        ("appraisal.by_judgement.good", "table-2"),
        ("interviews.local_words", "s-excerpts"),
        ("unknown.result", ""),
    ],
)
def test_the_first_pattern_that_fits_counts(result, artefact):
    assert artefact_of(result) == artefact


def test_claims_are_found_by_the_result_and_by_what_it_is_claimed_as():
    claims = [{"claim_id": "1", "check": "a.b"}, {"claim_id": "2", "check": "data.policy-documents.rows"}]
    claims.append({"claim_id": "3", "check": ""})
    assert [claim["claim_id"] for claim in claims_on(["policy.documents", "a.b"], claims)] == ["1", "2"]
    assert claims_on([], claims) == []
