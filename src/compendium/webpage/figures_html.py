"""A figure in words: short enough to be read out, long enough to replace it, and the page it has to itself."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from compendium.publishing.markup import escape, script_json, table_html

_SENTENCE = re.compile(r"(?<!al\.)(?<=[.?!]) (?=\w)(?!\d)")
_FEW = 2
"""Sentences before a list; where there are more, each of them tells a value."""
_PLACE = re.compile(r"\{\{ (\w+) \}\}")


def described(alt: str) -> tuple[str, list[str]]:
    """Take a description apart into what stands where, and the values.

    Parameters
    ----------
    alt
        Sentences: the first says what stands where, the others or the parts of the last one, which semicolons
        separate, tell the values.

    Returns
    -------
    tuple of str and list of str
        What stands where, and the values.
    """
    head, *others = _SENTENCE.split(alt.strip())
    *before, last = others or [""]
    listed = "; " in last and len(before) < _FEW and not any(";" in sentence for sentence in before)
    if listed:
        head, others = " ".join([head, *before]), last.split("; ")
    return head, [part.strip().removesuffix(".") for part in others]


def short(title: str, alt: str) -> str:
    """Say what a figure is in a sentence or two, for the image itself; the long description stands beside it."""
    head = described(alt)[0]
    return f"{title}. {_SENTENCE.split(head)[0]}" if head else f"{title}."


def description_html(alt: str) -> str:
    """Write a long description: a paragraph and a list."""
    head, members = described(alt)
    items = "\n".join(f"<li>{escape(member)}</li>" for member in members)
    return (f"<p>{escape(head)}</p>\n" if head else "") + (f"<ul>\n{items}\n</ul>" if items else "")


def axes(spec: dict[str, Any]) -> list[str]:
    """Name the axes of a Plotly specification that have a title: *across* or *up*, title, and the ends where set."""
    layout, found = spec.get("layout", {}), list[str]()
    for name, axis in layout.items():
        way = {"x": "Across", "y": "Up"}.get(name[:1], "") if re.fullmatch(r"[xy]axis\d*", name) else ""
        title = axis.get("title", {}).get("text", "") if way and axis.get("visible", True) else ""
        text = f"{way}: {re.sub(r'<[^>]*>', ' ', title)}"
        if title and text not in found:
            found.append(text)
    return found


def figure_page(identifier: str, title: str, alt: str, spec: str, data: pd.DataFrame | None = None) -> str:
    """Write the stand-alone page of a figure: image (interactive where Plotly's code is there), description, data.

    Parameters
    ----------
    identifier, title, alt
        As published.
    spec
        Plotly specification as JSON.
    data
        The table it was drawn from.
    """
    from compendium.paths import TEMPLATES

    page = (TEMPLATES / "figure.html").read_text(encoding="utf-8")
    parts = {"id": escape(identifier), "title": escape(title), "alt": escape(short(title, alt))}
    parts |= {"description": description_html(alt), "spec": script_json(spec), "data": _data(identifier, title, data)}
    return _PLACE.sub(lambda match: parts[match[1]], page)


def _data(identifier: str, title: str, data: pd.DataFrame | None) -> str:
    if data is None:
        return ""
    table = table_html(data, f"Data of the figure: {title}")
    link = f'<p><a href="{escape(identifier)}.csv" download>These data as CSV</a></p>'
    region = f'<div class="scroll" tabindex="0" role="region" aria-label="Data of the figure">{table}</div>'
    return f"<h2>Data</h2>\n{link}\n{region}"
