"""Numbers that know where they come from, and sentences that remember it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.analysis import interviews, screening
from compendium.publishing import provenance
from compendium.publishing.provenance import TracedInt, computed, count, derived, joined, mark, parse, trace, traced


@traced("kitchen")
def results():
    return {"pears": 12, "share": 0.25, "rotten": ["a", "b"], "by": {"red": 3}, "sort": "Conference", "none": None}


@computed
def said(found):
    return f"{found['pears']:,} pears, {found['share']:.0%} of them ripe, {count(found['rotten'])} rotten."


def shown(sentence):
    return [(sentence[span["start"] : span["end"]], span["sources"]) for span in sentence.spans]


def test_a_sentence_is_clean_text_that_remembers_each_number():
    sentence = said(results())
    assert sentence == "12 pears, 25% of them ripe, 2 rotten."
    assert shown(sentence) == [("12", ["kitchen.pears"]), ("25%", ["kitchen.share"]), ("2", ["kitchen.rotten"])]


def test_outside_a_sentence_results_are_plain():
    found = results()
    assert f"{found['pears']:>4}|{found['share']:.2f}|{found['pears']!r}|{found['pears']}" == "  12|0.25|12|12"
    assert json.dumps(found) == json.dumps(
        {"pears": 12, "share": 0.25, "rotten": ["a", "b"], "by": {"red": 3}, "sort": "Conference", "none": None}
    )
    assert pd.DataFrame([found])[["pears", "share"]].dtypes.astype(str).tolist() == ["int64", "float64"]
    assert type(found["pears"] + 1) is int
    assert found == {**found}


def test_members_of_a_mapping_have_names_of_three_parts():
    assert results()["by"]["red"].source == "kitchen.by.red"


def test_what_is_no_number_stays_what_it_is():
    assert mark(True, "x") is True
    assert mark(None, "x") is None
    assert type(mark("12", "x")) is str
    assert isinstance(mark(np.int64(4), "x"), TracedInt)


def test_a_sentence_inside_a_sentence_keeps_its_sources():
    @computed
    def outer(found):
        return "Look: " + said(found)

    assert shown(outer(results()))[0] == ("12", ["kitchen.pears"])
    assert outer(results()).startswith("Look: 12")


def test_a_number_of_two_sources_names_both():
    @computed
    def left(found):
        return [f"{mark(found['pears'] - 2, 'kitchen.pears', 's-table')} are left."]

    (sentence,) = left(results())
    assert shown(sentence) == [("10", ["kitchen.pears", "s-table"])]


def test_a_computed_number_has_the_sources_of_what_it_was_computed_from():
    found = results()
    assert derived(found["pears"] / 2, found["pears"], found["share"], 2, found["pears"]).source == (
        "kitchen.pears kitchen.share"
    )
    assert derived(3, 1, 2).source == ""


def test_joined_sentences_point_at_the_same_numbers():
    text = joined(["First.", said(results()), said(results())])
    assert [number for number, _ in shown(text)] == ["12", "25%", "2", "12", "25%", "2"]
    assert text.startswith("First. 12 pears")


def test_an_error_in_a_sentence_ends_the_writing():
    @computed
    def fails():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fails()
    assert f"{results()['pears']}" == "12"


@given(st.text(alphabet=f"ab {provenance.BEGIN}{provenance.OF}{provenance.END}", max_size=40))
def test_no_text_of_a_study_leaves_a_mark_or_a_span_outside(text):
    clean = parse(text)
    assert not set(clean) & {provenance.BEGIN, provenance.OF, provenance.END}
    assert all(0 <= span["start"] <= span["end"] <= len(clean) for span in clean.spans)


def test_an_upstream_result_is_traced_again():
    found = trace("screening", json.loads('{"included": 3, "share": null}'))
    assert found["included"].source == "screening.included"


def test_the_stages_sentences_name_their_results(study):
    sentence = screening.summary(screening.results(study))
    assert ["screening.full_text"] in [sources for _, sources in shown(sentence)]
    sentence = interviews.summary(study, interviews.results(study))
    assert len(sentence.spans) >= 8
