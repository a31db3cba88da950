"""Named facts: what a name stands for, worked out by hand on small tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from compendium.analysis import term_comparison
from compendium.audit.facts import Facts, slug
from compendium.audit.facts_families import FAMILIES
from compendium.data.study import Study
from compendium.errors import InputError

FRUIT = [
    {"fruit_id": "F1", "colour": "red", "weight_g": 120, "wild": "no"},
    {"fruit_id": "F2", "colour": "dark red", "weight_g": 5, "wild": "yes"},
    {"fruit_id": "F3", "colour": "red", "weight_g": None, "wild": "no"},
]
LISTS = [
    {"key": f"{name}{order}", "list_id": name, "order": order, "item": item, "section": section}
    for name, members in {
        "stages": [("Plan", "S1"), ("Do: again", "S1"), ("Check", "S2")],
        "steps": [("do – AGAIN", "S2"), ("plan", "S2"), ("Check", "S2"), ("Check", "S2")],
        "pages": [("4", "S1"), ("9", "S1"), ("30", "S1")],
        "falling": [("4", "S1"), ("9", "S1"), ("8", "S1")],
    }.items()
    for order, (item, section) in enumerate(members, start=1)
]
SECTIONS = [{"section_id": "S1", "part": "part 1"}, {"section_id": "S2", "part": "part 2"}]
TERMS = [
    {"term_family": "apples", "label": "apple", "patterns": "apple*"},
    {"term_family": "pears", "label": "pear", "patterns": "pear*"},
]
BIBLIOGRAPHY = """
@book{loeff2013, author = {Loeffler, E. and Power, G.}, title = {Pears and apples}, year = {2013}, refnumber = {7}}
@book{gov2018, author = {{Scottish Orchards}}, title = {Pears: a systematic review-derived view}, year = {2018},
 refnumber = {8}}
@book{loose2001, author = {Loose, A.}, title = {Apples}, year = {2001}}
"""


@pytest.fixture
def facts(build_study: Callable[..., Study]) -> Facts:
    tables = {"fruit-basket": FRUIT, "conclusions-enumerations": LISTS, "sections": SECTIONS, "terms": TERMS}
    return Facts(build_study(tables, BIBLIOGRAPHY))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("data.fruit-basket.rows", 3),
        ("data.fruit-basket.colour.red", 2),
        ("data.fruit-basket.colour.dark-red", 1),
        ("data.fruit-basket.colour.distinct", 2),
        ("data.fruit-basket.weight-g.sum", 125),
        ("data.fruit-basket.weight-g.min", 5),
        ("data.fruit-basket.weight-g.max", 120),
        ("data.fruit-basket.colour.list", ["red", "dark red", "red"]),
        ("data.fruit-basket.f2.weight-g", 5),
        ("data.fruit-basket.f3.weight-g", None),
        ("data.references.numbered", 2),
        ("data.references.loeff2013.number", "7"),
        ("data.references.loose2001.number", "none"),
        ("data.references.loeff2013.author", ["Loeffler, E.", "Power, G."]),
        ("data.references.gov2018.year", "2018"),
        ("lists.stages.same-as.steps", "no"),
        ("lists.stages.same-order-as.steps", "no"),
        ("lists.stages.same-order-as.stages", "yes"),
        ("lists.steps.in.stages", 3),
        ("lists.stages.has.do-again", "yes"),
        ("lists.stages.has.do", "no"),
        ("lists.stages.has-word.again", "yes"),
        ("lists.stages.has-word.gain", "no"),
        ("lists.pages.sum", 43),
        ("lists.pages.ascending", "yes"),
        ("lists.falling.ascending", "no"),
        ("lists.stages.sections", ["S1", "S1", "S2"]),
        ("lists.stages.parts", ["part 1", "part 2"]),
        ("lists.stages.at.29.by.pages", "Do: again"),
        ("lists.stages.at.30.by.pages", "Check"),
        ("references.listed.loeffler-2013", "yes"),
        ("references.listed.loeffler-2014", "no"),
        ("references.listed.loeff-2013", "no"),
        ("references.listed.loeffler-any-year", "yes"),
        ("references.listed.scottish-orchards-2018", "yes"),
        ("references.listed.scottish-orchards-2018a", "no"),
        ("references.listed.loose-2001", "no"),
        ("references.title_has.gov2018.systematic-review", "yes"),
        ("references.title_has.gov2018.review-der", "no"),
        ("references.most_used_term", "pear"),
    ],
)
def test_a_name_stands_for_what_the_tables_hold(facts: Facts, name: str, expected: object) -> None:
    assert facts.value(name) == expected


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("data.fruit-baskets.rows", "data.fruit-basket.rows"),
        ("data.fruit-basket.color.red", "data.fruit-basket.colour.red"),
        ("data.fruit-basket.colour.rde", "data.fruit-basket.colour.red"),
        ("data.fruit-basket.f4.colour", "data.fruit-basket.f3.colour"),
        ("data.references.loeff2014.year", "data.references.loeff2013.year"),
        ("lists.stage.sum", "lists.stages"),
        ("lists.stages.part", "lists.stages.parts"),
        ("references.title_has.gov2019.pears", "references.title_has.gov2018.pears"),
        ("litsts.stages.sum", "lists."),
        ("data", "data."),
    ],
)
def test_an_unknown_name_is_told_with_near_ones(facts: Facts, name: str, near: str) -> None:
    with pytest.raises(InputError) as caught:
        facts.value(name)
    (problem,) = caught.value.problems
    assert problem.value == name
    assert near in problem.allowed


def test_a_value_that_the_schema_allows_counts_as_none_and_one_that_it_does_not_is_an_error(study: Study) -> None:
    facts = Facts(study)
    assert facts.value("data.conclusions-evidence.target-kind.excerpt") is not None
    with pytest.raises(InputError, match="no such result"):
        facts.value("data.conclusions-evidence.target-kind.excerptt")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("invited, unable", "invited-unable"), ("TL1.4", "tl1-4"), ("Révue d’été", "revue-dete"), (1.0, "1-0"), (1, "1")],
)
def test_slugs(value: object, expected: str) -> None:
    assert slug(value) == expected


# By hand, from the report's tables and text; see the rows named in each.
HAND = {
    "screening.identified_from_parts": 243 + 20,
    "screening.excluded_title_abstract_from_parts": 263 - 20,
    "screening.full_text_from_parts": 9 + 11,
    "screening.full_text_in_reference_list": 11,
    "screening.full_text_reference_range": "7-17",
    "screening.full_texts_have_reference_numbers": "no",
    "screening.full_texts_at_hand": 19,
    "screening.excluded_topics_among_included": 2,
    "screening.excluded_for.not-a-review-of-the-literature": 2,
    "search.database_names_misprinted": 2,
    "appraisal.scores_off_scale": 3,
    "appraisal.lower_sum_worse_overall": 1,
    "appraisal.same_scores_same_overall": "no",
    "appraisal.a_simple_rule_reproduces_overall": "no",
    "appraisal.reviews_rated_on_every_component": 10,
    "appraisal.themes_resting_on_one_review": 1,
    "appraisal.terms_without_rung": 1,
    "policy.reports.cocreation": "no",
    "policy.documents_reporting.coproduction": 9,
    "policy.documents_without.coproduction.narrative": 1,
    "policy.names_in_two_forms": 5,
    "policy.names_agree.d01": "no",
    "policy.names_agree.d03": "yes",
    "policy.earlier.d01.d02": "yes",
    "policy.earlier.d03.d04": "no",
    "policy.table_and_narrative_orders_agree": "no",
    "interviews.never_quoted": 4,
    "interviews.national.quoted": 5,
    "interviews.local.using.cocreation": 7,
    "interviews.words_per_minute": round(50000 / (21 * 60), 6),
    "interviews.words_per_minute_plausible": "no",
    "interviews.excerpts_sharing_words": 1,
    "interviews.themes_with_variant_titles": 5,
    "interviews.level_of.tl1-4": "local",
    "interviews.level_of.tn3": "national",
    "interviews.quoted_in.s92.n04": "no",
    "interviews.quoted_in.s92.n03": "yes",
    "interviews.section_excerpts.s72.block": 2,
    "interviews.section_interviewees.s73": 3,
    "interviews.guide_has_questions.2-enablers-and-constraints": "no",
    "interviews.national.more_interviewees_than_agencies": "no",
    "conclusions.references_out_of_order": 2,
    "conclusions.references_never_cited": 0,
    "conclusions.citations_not_in_list": 4,
    "conclusions.citations_in_two_forms": 6,
}


def test_results_of_the_bundled_study_are_those_counted_by_hand(study: Study) -> None:
    facts = Facts(study)
    assert {name: facts.value(name) for name in HAND} == HAND


def test_results_that_take_long_are_computed_only_when_asked_for(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(term_comparison, "results", lambda study: {"term_tests": asked.append(study) or 5})
    facts = Facts(study)
    assert facts.value("interviews.never_quoted") == 4
    assert facts.value("interviews.local.quoted") == 12
    assert asked == []
    assert facts.value("interviews.term_tests") == 5
    assert asked == [study]


def test_every_family_refuses_a_part_that_is_not_in_the_data(study: Study) -> None:
    facts = Facts(study)
    for pattern in (pattern for pattern in FAMILIES if "<" in pattern):
        name = ".".join("no-such-part" if part.startswith("<") else part for part in pattern.split("."))
        with pytest.raises(InputError, match="no such result"):
            facts.value(name)


def test_a_list_that_is_no_list_of_numbers_is_reported_and_not_raised(copy_of_study: Path) -> None:
    table = copy_of_study / "conclusions" / "enumerations.csv"
    claims = pd.read_csv(copy_of_study / "conclusions" / "claims.csv", dtype=str, keep_default_na=False)
    check = next(name for name in claims["check"] if name.endswith(".ascending"))
    wanted = check.split(".")[1]
    rows = pd.read_csv(table, dtype=str, keep_default_na=False)
    rows.loc[rows["list_id"] == wanted, "item"] = "seven"
    rows.to_csv(table, index=False, lineterminator="\n")
    with pytest.raises(InputError, match=r"cannot be computed from these data .*'seven'"):
        Facts(Study(copy_of_study)).value(check)
