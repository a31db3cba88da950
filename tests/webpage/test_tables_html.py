"""Tables of the report's page."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from compendium.publishing.markup import escape, notebook_table
from compendium.publishing.tables import write_csv
from compendium.webpage.tables_html import Grid, from_csv, from_notebook, table_html

HOSTILE = "<script>alert(1)</script><img src=x onerror='alert(2)'>\"&"


def test_a_table_is_read_as_the_notebook_shows_it():
    frame = pd.DataFrame({"pear_id": ["P1", "P2"], "n": [1, 20], "note": [HOSTILE, "https://example.org/a?b=1&c"]})
    grid = from_notebook(notebook_table(frame, HOSTILE))
    assert grid.headings == ["Pear ID", "N", "Note"]
    assert grid.numeric == [False, True, False]
    assert grid.rows == [["P1", "1", HOSTILE], ["P2", "20", "https://example.org/a?b=1&c"]]
    assert grid.identified


def test_a_table_without_rows_or_headings_is_one_too():
    assert from_notebook(notebook_table(pd.DataFrame({"a": []}), "")) == Grid(["A"], [False], [])
    assert from_notebook("<table><tr><td>cell</td></tr></table>") == Grid([""], [False], [["cell"]])


def test_a_file_is_read_without_what_keeps_spreadsheets_from_running_it(tmp_path):
    frame = pd.DataFrame({"=name": ["=1+1", "-"], "share": [0.5, None], "year": ["2010", ""], "text": ["1", "a"]})
    write_csv(tmp_path / "t.csv", frame)
    grid = from_csv(tmp_path / "t.csv")
    assert grid.headings == ["=name", "Share", "Year", "Text"]
    assert grid.rows == [["=1+1", "0.5", "2010", "1"], ["-", "", "", "a"]]
    assert grid.numeric == [False, True, True, False]


@pytest.mark.parametrize(
    ("headings", "cells", "identified"),
    [
        (["Claim ID"], ["K1", "K2"], True),
        (["Claim ID"], ["K1", "K1"], False),
        (["Claim ID"], ["K 1", "K2"], False),
        (["Claim ID"], ["", "K2"], False),
        (["Claim"], ["K1", "K2"], False),
        ([], [], False),
    ],
)
def test_rows_are_identified_by_a_first_column_of_identifiers(headings, cells, identified):
    assert Grid(headings, [False] * len(headings), [[cell] for cell in cells]).identified is identified


def shown(grid, text=escape):
    return table_html("t", grid, "t-title", text)


def test_rows_have_ids_and_columns_kinds():
    made = shown(Grid(["Pear ID", "N", "Note"], [False, True, False], [["P1", "3", "a" * 140], ["P2", "4", ""]]))
    assert '<tr id="t-P1"><td>P1</td><td class="number">3</td>' in made
    assert '<th scope="col" class="number">N</th>' in made
    assert '<th scope="col" class="widest">Note</th>' in made
    assert '<table class="data identified" aria-labelledby="t-title">' in made


def test_no_cell_becomes_markup_and_only_web_addresses_links():
    made = shown(Grid([HOSTILE], [False], [[HOSTILE], ["javascript:alert(1)"], ["https://example.org"]]))
    assert set(re.findall(r"<(\w+)", made)) == {"table", "thead", "tbody", "tr", "th", "td", "a"}
    assert made.count("<a ") == 1


def test_a_long_name_may_break_between_its_parts_and_stays_the_same_name():
    name = "data.conclusions-enumerations.places_website"
    made = shown(Grid(["Check"], [False], [[name], ["short.name"]]))
    assert "data.<wbr>conclusions-enumerations.<wbr>places_<wbr>website" in made
    assert "<td>short.name</td>" in made
