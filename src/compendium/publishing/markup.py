"""Text into HTML and Markdown: what comes from data is escaped here and nowhere else."""

from __future__ import annotations

import html
import re

import pandas as pd

from compendium.publishing.tables import cell_text

NUMBER_CLASS = ' class="number"'
_URL = re.compile(r"https?://[^\s<>\"']+\Z")
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$!&@^])")


def escape(value: object) -> str:
    """Escape a value for HTML text and attributes."""
    return html.escape(str(value), quote=True)


def markdown_text(value: object) -> str:
    """Escape a value so that Markdown shows it as it is."""
    return _MARKDOWN_SPECIAL.sub(r"\\\1", str(value))


ABBREVIATIONS = {"url", "woe", "id", "ids", "ac1"}
LONGEST_INITIALS = 2


def heading(column: str) -> str:
    """Turn a column name into a heading people read; abbreviations and names of one or two letters are capitals."""
    words = column.split("_")
    shown = [w.upper() if w in ABBREVIATIONS or (len(words) == 1 and len(w) <= LONGEST_INITIALS) else w for w in words]
    text = " ".join(shown)
    return text[:1].upper() + text[1:]


def cell_html(value: object) -> str:
    """Write a cell: a web address becomes a link, everything else stays text."""
    text = cell_text(value)
    if _URL.match(text):
        return f'<a href="{escape(text)}" rel="noreferrer">{escape(text)}</a>'
    return escape(text)


def table_html(frame: pd.DataFrame, title: str) -> str:
    """Write a table with a caption; headings name columns by scope, numbers are aligned by class."""
    columns = [str(column) for column in frame.columns]
    head = "".join(f'<th scope="col">{escape(heading(column))}</th>' for column in columns)
    numeric = [pd.api.types.is_numeric_dtype(frame[column]) for column in frame.columns]
    rows = []
    for row in frame.itertuples(index=False, name=None):
        cells = (
            f"<td{NUMBER_CLASS if is_number else ''}>{cell_html(value)}</td>"
            for value, is_number in zip(row, numeric, strict=True)
        )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    body = "\n".join(rows)
    return (
        f'<table class="compendium">\n<caption>{escape(title)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    )


NOTEBOOK_STYLE = """<style>
table.compendium.compendium th, table.compendium.compendium td { text-align: left; vertical-align: top; }
table.compendium.compendium td.number { text-align: right; }
table.compendium caption { text-align: left; font-weight: bold; }
</style>
"""
"""Notebook viewers align cells to the right, which suits numbers and not prose; said twice, ours weighs more."""


def notebook_table(frame: pd.DataFrame, title: str) -> str:
    """Write a table as a notebook shows it; see :func:`table_html`."""
    return NOTEBOOK_STYLE + table_html(frame, title)


def script_json(spec: str) -> str:
    """Make JSON safe to stand inside a ``script`` element."""
    return spec.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
