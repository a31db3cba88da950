"""Stage 4: the policy documents: whose sites were searched, what was found, and which terms each uses."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from compendium.data.study import Study, each_row
from compendium.data.terms import ALL, choose
from compendium.publishing import plot_style as style
from compendium.publishing.provenance import computed, mark, traced

NAME_CHARACTERS = 34


def organisations_table(study: Study) -> pd.DataFrame:
    """List the organisations searched: columns ``organisation``, ``url`` and our grouping by ``sector``."""
    return study.table("policy-organisations")[["organisation", "url", "sector"]]


def documents_table(study: Study) -> pd.DataFrame:
    """List the documents reviewed, in the published order: columns ``name``, ``year``, ``note``, ``url``."""
    return study.table("policy-documents")[["name", "year", "note", "url"]]


def mentions(study: Study, term_families: str = ALL) -> pd.DataFrame:
    """Count the term families per document.

    Parameters
    ----------
    study
        Reads ``policy-mentions`` and ``policy-documents``.
    term_families
        ``all`` or names joined by commas.

    Returns
    -------
    pandas.DataFrame
        One row per document in order of year: ``document_id``, ``year``, ``name`` and one column of occurrences per
        family: in what the report says of the document, narrative and table together.
    """
    columns = {f"n_{family}": label for family, label in choose(study, term_families).items()}
    counts = study.table("policy-mentions").groupby("document_id")[list(columns)].sum()
    documents = study.table("policy-documents").sort_values("year", kind="stable")
    table = documents[["document_id", "year", "name"]].reset_index(drop=True)
    for column in columns:
        table[column] = list(counts[column].reindex(table["document_id"], fill_value=0))
    return table


def mentions_table(study: Study, term_families: str = ALL) -> pd.DataFrame:
    """Count the term families per document and place.

    Returns
    -------
    pandas.DataFrame
        Columns ``name``, ``year``, ``place``, one ``n_…`` per family, ``n_words``, ``n_quotations``, ``pages_cited``.
    """
    columns = [f"n_{family}" for family in choose(study, term_families)]
    documents = study.table("policy-documents")[["document_id", "name", "year"]]
    merged = documents.merge(study.table("policy-mentions"), on="document_id", how="left")
    return merged[["name", "year", "place", *columns, "n_words", "n_quotations", "pages_cited"]]


def mentions_chart(study: Study, term_families: str = ALL) -> go.Figure:
    """Draw how often each term family occurs in what is said of each document, oldest document on top.

    Returns
    -------
    plotly.graph_objects.Figure
        One panel per family with the same axis; a zero is written, not left out.
    """
    families = choose(study, term_families)
    table = mentions(study, term_families)
    short = [style.wrap(f"{row.year}  {row.name}", NAME_CHARACTERS) for row in each_row(table)]
    names = _distinct(short)
    titles = [style.text(label) for label in families.values()]
    figure = make_subplots(
        cols=max(1, len(families)), shared_yaxes=True, subplot_titles=titles, horizontal_spacing=0.03
    )
    highest = max([1, *(int(table[f"n_{family}"].max()) for family in families)])
    for number, family in enumerate(families, start=1):
        counts = [int(count) for count in table[f"n_{family}"]]
        color = style.PALETTE[(number - 1) % len(style.PALETTE)]
        label = [f"<b>{count}</b>" if count else "0" for count in counts]
        bars = {"x": counts, "y": names, "orientation": "h", "marker": {"color": color}, "text": label}
        hover = "%{y}<br>occurrences: %{x}<extra></extra>"
        figure.add_bar(**bars, textposition="outside", cliponaxis=False, hovertemplate=hover, row=1, col=number)
    figure.update_xaxes(range=[0, highest * 1.15], dtick=2, title="occurrences", showgrid=True)
    figure.update_yaxes(autorange="reversed", ticks="", showgrid=False, ticklabelstandoff=8)
    figure.update_layout(
        template=style.template(), height=150 + 62 * len(table), bargap=0.35, margin={"t": 40, "b": 60}
    )
    return figure


def _distinct(names: list[str]) -> list[str]:
    """Keep bars apart whose shortened names are alike."""
    return [name + "\u200b" * names[:number].count(name) for number, name in enumerate(names)]


@traced("policy")
def results(study: Study, term_families: str = ALL) -> dict[str, Any]:
    """Return the named results of the stage: numbers of organisations and documents, and use of the terms."""
    documents = study.table("policy-documents")
    table = mentions(study, term_families)
    found: dict[str, Any] = {
        "organisations": len(study.table("policy-organisations")),
        "documents": len(documents),
        "year_first": int(documents["year"].min()),
        "year_last": int(documents["year"].max()),
        "years_covered": int(documents["year"].max() - documents["year"].min()),
        "names_differ": int((documents["name"] != documents["name_narrative"]).sum()),
        "names_in_two_forms": sum(_folded(row.name) != _folded(row.name_narrative) for row in each_row(documents)),
        "quotations": int(study.table("policy-mentions")["n_quotations"].sum()),
    }
    for family in choose(study, term_families):
        counts = table[f"n_{family}"]
        found[f"{family}_occurrences"] = int(counts.sum())
        found[f"{family}_documents"] = int((counts > 0).sum())
    return found


def _folded(name: str) -> str:
    """Write a name without what only the type-setting makes different: case, punctuation, ``&`` for *and*."""
    plain = re.sub(r"['’‘]", "", name.casefold().replace("&", "and"))
    return " ".join(re.findall(r"\w+", plain))


def terms_table(study: Study, term_families: str = ALL) -> pd.DataFrame:
    """List what the chart of terms draws: ``name`` and ``year`` of each document, and one ``n_…`` per family."""
    table = mentions(study, term_families)
    return table[["name", "year", *(f"n_{family}" for family in choose(study, term_families))]]


def describe_terms(study: Study, term_families: str = ALL) -> str:
    """Say in words what the chart of terms shows."""
    families, parts = choose(study, term_families), []
    for row in mentions(study, term_families).to_dict("records"):
        counts = ", ".join(f"{label} {row[f'n_{family}']}" for family, label in families.items())
        parts.append(f"{row['name']} ({row['year']}): {counts}")
    head = "Bars of how often each family of terms occurs in what is said of each document, one panel per family, "
    return f"{head}oldest document on top. {'; '.join(parts)}."


@computed
def terms_sentences(study: Study, term_families: str = ALL) -> list[str]:
    """Say for each family in how many documents it occurs, and name those where it does not when they are few."""
    table, sentences = mentions(study, term_families), []
    for family, label in choose(study, term_families).items():
        counts = table[f"n_{family}"]
        without = list(table.loc[counts == 0, "name"])
        whole = mark(len(table), "policy.documents")
        found = mark(len(table) - len(without), f"policy.{family}_documents")
        text = f"Of {whole} documents, {found} are described with a word of the family {label} "
        text += f"({mark(int(counts.sum()), f'policy.{family}_occurrences')} occurrences)"
        few = 0 < len(without) < len(table) / 2
        sentences.append(text + (f"; not so {'; '.join(without)}." if few else "."))
    return sentences


@computed
def summary(found: dict[str, Any]) -> str:
    """Say how many documents of which years were reviewed, and how many go by two names."""
    text = (
        f"{found['documents']} documents of {found['year_first']} to {found['year_last']} were reviewed, looked for on "
    )
    text += (
        f"the sites of {found['organisations']} organisations; {found['names_differ']} of them go by one name in the "
    )
    return text + "narrative and by another in the table."
