"""Text from data into HTML and Markdown: shown as it is, never read as markup."""

import html
import json
import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from compendium.publishing.markup import cell_html, escape, heading, markdown_text, script_json, table_html

HOSTILE = "<script>alert(1)</script><img src=x onerror='alert(2)'>\"&"


@given(st.text())
def test_escaped_text_has_no_markup_and_unescapes_to_itself(text):
    escaped = escape(text)
    assert not set("<>\"'") & set(escaped)
    assert html.unescape(escaped) == text


SHOWN = st.text(alphabet=st.characters(categories=["L", "N", "P", "S"], include_characters=" "), max_size=60)


@given(SHOWN)
def test_markdown_shows_text_as_it_is(text):
    rendered = MarkdownIt("commonmark").render(f"a{markdown_text(text)}z")
    assert html.unescape(re.fullmatch(r"<p>(.*)</p>\n", rendered, re.DOTALL)[1]) == f"a{text}z"


@pytest.mark.parametrize("text", ["*a*", "[a](https://b.org)", "`a`", "&lt;", "a | b", "$x$", "[@key]", "x^2^", "~a~"])
def test_what_markdown_dialects_would_read_is_escaped(text):
    escaped = markdown_text(text)
    assert escaped != text
    assert re.sub(r"\\(.)", r"\1", escaped) == text


@pytest.mark.parametrize("address", ["http://example.org", "https://example.org/a?b=1&c=2#d"])
def test_a_web_address_becomes_a_link(address):
    shown = html.escape(address)
    assert cell_html(address) == f'<a href="{shown}" rel="noreferrer">{shown}</a>'


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "ftp://example.org",
        "data:text/html,x",
        "see https://example.org",
        "https://example.org and more",
        'https://example.org"onmouseover="alert(1)',
        "https://example.org/<b>",
        "https://",
        "https://example.org\n",
    ],
)
def test_everything_else_stays_text(text):
    assert "<" not in cell_html(text)


@pytest.mark.parametrize(
    ("column", "read"), [("review_type", "Review type"), ("woe", "WOE"), ("url", "URL"), ("aim", "Aim"), ("", "")]
)
def test_a_heading_reads_like_one(column, read):
    assert heading(column) == read


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)


def test_a_table_lets_no_data_become_markup():
    tags = _Tags()
    tags.feed(table_html(pd.DataFrame({HOSTILE: [HOSTILE]}), HOSTILE))
    assert set(tags.seen) == {"table", "caption", "thead", "tr", "th", "tbody", "td"}


def test_a_table_marks_numbers_and_column_headings():
    shown = table_html(pd.DataFrame({"name": ["Pear"], "n": pd.array([None], dtype="Int64")}), "Fruit")
    assert '<th scope="col">Name</th><th scope="col">N</th>' in shown
    assert '<tr><td>Pear</td><td class="number"></td></tr>' in shown
    assert "<caption>Fruit</caption>" in shown


@given(st.text())
def test_json_in_a_script_element_cannot_end_it_and_says_the_same(text):
    safe = script_json(json.dumps({"t": text}, ensure_ascii=False))
    assert not set("<>&") & set(safe)
    assert json.loads(safe) == {"t": text}
