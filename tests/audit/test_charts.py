"""The charts of the audit show each count once, in a bar or beside it."""

from __future__ import annotations

import pandas as pd

from compendium.audit import charts
from compendium.data.study import Study


def test_segments_carry_their_numbers_and_narrow_ones_stand_beside_the_bar(study: Study) -> None:
    sections, statuses = ["S22"] * 100 + ["S00"], ["reproduced"] * 98 + ["inconsistent"] * 2 + ["inconsistent"]
    figure = charts.claims_chart(study, pd.DataFrame({"section": sections, "status": statuses}))
    bars = {bar.name: (list(bar.x), list(bar.text)) for bar in figure.data}
    assert bars["reproduced"] == ([0, 98], ["", "98"])
    assert bars["inconsistent"] == ([1, 2], ["", "2"])
    assert list(figure.data[0].y) == ["Front matter", "Part 1"]
    beside = [annotation.text for annotation in figure.layout.annotations]
    assert beside == ["<b>1</b>, of which 1 inconsistent", "<b>100</b>"]


def test_kinds_are_escaped(study: Study) -> None:
    found = pd.DataFrame({"kind": ["<b>x"], "severity": ["low"]})
    assert list(charts.inconsistencies_chart(found).data[0].y) == ["&lt;b&gt;x"]


def test_no_claims_make_an_empty_chart(study: Study) -> None:
    empty = pd.DataFrame({"section": [], "status": []}, dtype=object)
    assert not charts.claims_chart(study, empty).layout.annotations


def test_the_description_names_every_count() -> None:
    counts = pd.DataFrame({"high": [1, 0], "low": [2, 3]}, index=["naming", "count"])
    text = charts.describe(counts, "faults")
    assert text == "Stacked bars of faults. naming: 1 high, 2 low; count: 3 low."
