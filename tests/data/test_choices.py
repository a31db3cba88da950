"""Choices of some of what a study has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.data.choices import choose, chosen_text
from compendium.errors import InputError

KNOWN = ["pear", "plum", "quince"]


def test_names_come_in_the_studys_order_once() -> None:
    assert choose("fruit", " quince, pear,pear ,", KNOWN) == ["pear", "quince"]
    assert choose("fruit", " all ", KNOWN) == KNOWN


def test_every_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(InputError) as raised:
        choose("fruit", "paer,plum,leek", KNOWN)
    assert [(p.field, p.value) for p in raised.value.problems] == [("fruit", "paer"), ("fruit", "leek")]
    assert "did you mean 'pear'?" in raised.value.problems[0].reason
    assert raised.value.problems[1].allowed == "all, pear, plum, quince"


@pytest.mark.parametrize("text", ["", " , "])
def test_a_choice_of_nothing_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="names nothing"):
        choose("fruit", text, KNOWN)


@given(st.sets(st.sampled_from(KNOWN), min_size=1))
def test_what_is_written_is_read_back(chosen: set[str]) -> None:
    text = chosen_text(chosen, KNOWN)
    assert set(choose("fruit", text, KNOWN)) == chosen
    assert (text == "all") == (len(chosen) == len(KNOWN))
