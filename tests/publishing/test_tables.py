"""Tables as files."""

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.publishing.tables import FORMULA_STARTS, cell_text, plain_text, read_csv, safe_cell, write_csv


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (pd.NA, ""),
        (float("nan"), ""),
        (np.float64(2.0), "2"),
        (100.0, "100"),
        (1 / 3, "0.3333"),
        (-1.5, "-1.5"),
        (-0.00001, "0"),
        (0, "0"),
        (np.int64(-7), "-7"),
        ("2.0", "2.0"),
        (True, "True"),
    ],
)
def test_a_cell_has_one_way_of_being_written(value, text):
    assert cell_text(value) == text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "=cmd|'/c calc'!A1"])
def test_text_that_would_start_a_formula_gets_an_apostrophe(text):
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize("value", [-3, -0.5, np.int64(-3), np.float64(-0.5)])
def test_negative_numbers_stay_numbers(value):
    assert float(safe_cell(value)) == value


@given(st.text())
def test_no_text_cell_starts_a_formula_and_none_loses_a_character(text):
    written = safe_cell(text)
    assert not written.startswith(FORMULA_STARTS)
    assert written in (text, "'" + text)


@given(st.one_of(st.text(), st.sampled_from(["'=1", "''=1", "'", "''", "'x", "'\t"])))
def test_the_text_can_be_told_from_the_cell(text):
    assert plain_text(safe_cell(text)) == text


def test_a_carriage_return_breaks_no_row(tmp_path):
    """Python before 3.13 quotes a cell for LF only."""
    write_csv(tmp_path / "t.csv", pd.DataFrame({"a": ["x\ry", "x\r\ny"], "b": [1, 2]}))
    assert read_csv(tmp_path / "t.csv") == [{"a": "x\ny", "b": "1"}, {"a": "x\ny", "b": "2"}]


def test_a_file_has_lf_line_ends_a_header_and_quotes_where_needed(tmp_path):
    frame = pd.DataFrame({"pear, sort": ["a\nb", 'c "d"'], "=n": [1.0, None]})
    write_csv(tmp_path / "t" / "pears.csv", frame)
    assert (tmp_path / "t" / "pears.csv").read_bytes() == b'"pear, sort",\'=n\n"a\nb",1\n"c ""d""",\n'


CELLS = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])).filter(lambda t: not t.startswith("'"))


@given(st.lists(st.tuples(CELLS, st.integers()), min_size=1, max_size=5))
def test_what_is_written_can_be_read_again(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("tables") / "t.csv"
    write_csv(path, pd.DataFrame(rows, columns=["text", "number"]))
    found = read_csv(path)
    assert [row["text"].removeprefix("'") for row in found] == [text for text, _ in rows]
    assert [int(row["number"]) for row in found] == [number for _, number in rows]


def test_released_tables_hold_no_cell_that_starts_a_formula(study):
    from compendium.paths import ROOT

    for path in sorted((ROOT / "report" / "tables").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
        risky = [cell for cell in cells if cell.startswith(FORMULA_STARTS) and not _is_number(cell)]
        assert not risky, f"{path.name}: {risky}"


def _is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True
