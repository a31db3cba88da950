"""Families of terms: chosen by a list of names."""

import pytest

from compendium.data.terms import choose, families, patterns
from compendium.errors import InputError

TERMS = [
    {"term_family": "pear", "label": "Pears", "patterns": "pear*; perry"},
    {"term_family": "plum", "label": "Plums", "patterns": "plum"},
    {"term_family": "fig", "label": "Figs", "patterns": "fig*"},
]


@pytest.fixture
def orchard(build_study):
    return build_study({"terms": TERMS})


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("all", ["pear", "plum", "fig"]),
        (" all ", ["pear", "plum", "fig"]),
        ("plum", ["plum"]),
        ("fig, pear", ["pear", "fig"]),  # in the study's order, not the parameter's
        ("fig,,fig,", ["fig"]),
    ],
)
def test_families_are_chosen_by_a_comma_list_in_the_order_of_the_study(orchard, wanted, chosen):
    assert list(choose(orchard, wanted)) == chosen


def test_labels_come_with_the_names(orchard):
    assert choose(orchard, "plum") == {"plum": "Plums"}
    assert families(orchard)["fig"] == "Figs"


@pytest.mark.parametrize("wanted", ["grape", "plum,grape", "plum;fig", "", " , ", "Plum"])
def test_an_unknown_or_empty_choice_lists_those_that_exist(orchard, wanted):
    with pytest.raises(InputError, match="allowed: all, pear, plum, fig"):
        choose(orchard, wanted)


def test_stems_are_split(orchard, study):
    assert patterns(orchard)["pear"] == ["pear*", "perry"]
    assert patterns(study) == {"coproduction": ["co-produc*"], "cocreation": ["co-creat*"], "codesign": ["co-design*"]}
