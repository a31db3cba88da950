"""Citations as links to the list of references, and back."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.webpage.citations_html import Citations, Place, forms, names_of

TABLE = Place("table-9", "Table 9")
NAMES = {
    "Pear et al. 2018": "pear2018",
    "Pear and Quince 2019": "pq2019",
    "Pear 2018": "pear2018b",
    "pear2018": "pear2018",
}


def test_a_citation_leads_to_its_reference_and_is_remembered_once_a_place():
    cited = Citations(NAMES)
    text = cited.link("See Pear et al. 2018; Pear et al. 2018.", TABLE)
    assert text.count('href="#ref-pear2018"') == 2
    assert text.count('id="cite-pear2018-table-9"') == 1
    assert cited.places == {"pear2018": {TABLE: "cite-pear2018-table-9"}}
    cited.link("pear2018", Place("p-1", "1 · Search"))
    assert len(cited.places["pear2018"]) == 2


@pytest.mark.parametrize(
    "text", ["Pear et al. 20180", "XPear 2018", "Prickly-Pear 2018", "pear2018x", "Pear et al.", "a.pear2018.b"]
)
def test_what_only_looks_like_a_citation_stays_text(text):
    cited = Citations(NAMES)
    assert cited.link(text, TABLE) == text
    assert cited.places == {}


@given(st.text(alphabet="<>&\"'Pear et al. 2018", max_size=60))
def test_links_add_no_character_and_let_none_become_markup(text):
    made = Citations(NAMES).link(text, TABLE)
    assert html.unescape(re.sub(r"</?a[^>]*>", "", made)) == text


def test_no_names_no_links():
    assert Citations({}).link("<Pear 2018>", TABLE) == "&lt;Pear 2018&gt;"


def test_prose_is_linked_outside_of_links_and_code():
    cited = Citations(NAMES)
    source = '<p>Pear 2018 &amp; <a href="x">Pear 2018</a> <code>Pear 2018</code></p>'
    made = cited.link_html(source, TABLE)
    assert made.count('class="cite"') == 1
    assert made.endswith('&amp; <a href="x">Pear 2018</a> <code>Pear 2018</code></p>')


def test_an_entry_is_cited_in_the_forms_of_prose():
    entry = {"author": "Pear, A and Quince, B and Fig, C", "year": "2013"}
    assert forms(entry) == [
        "Pear et al. 2013",
        "Pear et al. (2013)",
        "Pear, Quince & Fig 2013",
        "Pear, Quince & Fig (2013)",
        "Pear, Quince and Fig 2013",
        "Pear, Quince and Fig (2013)",
    ]
    assert forms({"author": "Pear, A"}) == []


def test_a_name_of_two_entries_leads_nowhere(build_study):
    bibliography = (
        "@misc{one2018, author={Fig, A}, year={2018}}\n@misc{two2018, author={Fig, B}, year={2018}}\n"
        "@misc{sole2018, author={Pear, A}, year={2018}}\n"
    )
    study = build_study({"terms": [{"term_family": "a"}]}, bibliography)
    names = names_of(study, {"m2020": {"author": "Quince, Q", "year": "2020"}})
    assert "Fig 2018" not in names
    assert names["Pear 2018"] == names["sole2018"] == "sole2018"
    assert names["Quince (2020)"] == "m2020"


def test_every_citation_of_a_report_read_in_full_is_known(study):
    names = names_of(study, {})
    assert set(study.table("screening-full-text")["citation"]) <= set(names)
