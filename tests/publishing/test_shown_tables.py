"""Tables of the notebooks, read back for every form of the report."""

from __future__ import annotations

import pandas as pd

from compendium.publishing.markup import notebook_table
from compendium.publishing.shown_tables import read_shown


def test_text_comes_back_as_it_was_and_numbers_are_known_by_column():
    frame = pd.DataFrame({"pear": ["<b>&amp;", "https://example.org/?a=1&b"], "n": [2, 30]})
    shown = read_shown(notebook_table(frame, "Pears </table>"))
    assert shown.headings == ["Pear", "N"]
    assert shown.numeric == [False, True]
    assert shown.rows == [["<b>&amp;", "2"], ["https://example.org/?a=1&b", "30"]]


def test_rows_longer_than_the_head_lose_no_cell():
    shown = read_shown("<table><tr><th>A</th></tr><tr><td>x</td><td class='big number'>1</td></tr></table>")
    assert shown == (["A", ""], [False, True], [["x", "1"]])
