"""A figure in words, and its page."""

import json
import re

import pandas as pd
import pytest

from compendium.webpage.figures_html import axes, described, description_html, figure_page, short

HOSTILE = "<script>alert(1)</script><img src=x onerror='alert(2)'>\"&"


@pytest.mark.parametrize(
    ("alt", "head", "values"),
    [
        ("Bars of pears. Conference: 3; Comice: 4.", "Bars of pears.", ["Conference: 3", "Comice: 4"]),
        ("Grid. Two of 3 rows. Smith et al. 2018: 1; B: 2.", "Grid. Two of 3 rows.", ["Smith et al. 2018: 1", "B: 2"]),
        ("Ladder. low: a, b. high: c.", "Ladder.", ["low: a, b", "high: c"]),
        (
            "Two levels. One: 3; 2 unable. Other: 4; spans one.",
            "Two levels.",
            ["One: 3; 2 unable", "Other: 4; spans one"],
        ),
        ("Boxes. A: 1. B: 2. Left: x (1); y (2).", "Boxes.", ["A: 1", "B: 2", "Left: x (1); y (2)"]),
        ("Only this", "Only this", []),
        ("", "", []),
    ],
)
def test_a_description_is_what_stands_where_and_the_values(alt, head, values):
    assert described(alt) == (head, values)


def test_the_image_is_named_in_short():
    assert short("Pears", "Bars of pears. A: 3; B: 4.") == "Pears. Bars of pears."
    assert short("Pears", "") == "Pears."


def test_a_description_lets_no_data_become_markup():
    text = description_html(f"Bars {HOSTILE}. a {HOSTILE}: 1; b: {HOSTILE}.")
    assert set(re.findall(r"<(\w+)", text)) == {"p", "ul", "li"}


def test_axes_with_a_title_are_named_once():
    layout = {"xaxis": {"title": {"text": "<b>pears</b>"}}, "xaxis2": {"title": {"text": "<b>pears</b>"}}}
    layout |= {"yaxis": {"visible": False, "title": {"text": "hidden"}}, "yaxis2": {}, "height": 3}
    assert [" ".join(axis.split()) for axis in axes({"layout": layout})] == ["Across: pears"]


def test_a_figure_page_fills_its_template_and_escapes():
    spec = json.dumps({"data": [], "layout": {"title": {"text": "</script>{{ alt }}"}}})
    page = figure_page("figure-9", HOSTILE, HOSTILE, spec, pd.DataFrame({HOSTILE: [HOSTILE]}))
    assert 'src="figure-9.svg"' in page
    assert "<img src=x" not in page
    assert "alert(1)</script>" not in page
    found = re.search(r'<script type="application/json" id="spec">(.*?)</script>', page, re.DOTALL)
    assert json.loads(found[1])["layout"]["title"]["text"] == "</script>{{ alt }}"
    assert 'href="figure-9.csv"' in page


def test_a_figure_without_data_offers_none():
    page = figure_page("figure-9", "Pears", "Bars.", "{}")
    assert "csv" not in page
    assert "<table" not in page
    assert 'href="../report/report.html#figure-9"' in page
