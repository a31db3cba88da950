"""Stage 1: where and how was searched."""

from __future__ import annotations

from typing import Any

import pandas as pd

from compendium.data.choices import ALL, choose
from compendium.data.study import Study, each_row
from compendium.publishing.provenance import computed, traced

# Field codes of the platforms' own guides; "{}" takes the term.
SYNTAXES: dict[str, dict[str, str]] = {
    "Ovid": {"anywhere": '"{}".af.', "subject heading": "exp {}/", "title": '"{}".ti.'},
    "EBSCOhost": {"anywhere": 'TX "{}"', "subject heading": 'SU "{}"', "title": 'TI "{}"'},
    "PubMed": {"anywhere": '"{}"[tw]', "subject heading": '"{}"[mh]', "title": '"{}"[ti]'},
    "Web of Science": {"anywhere": 'ALL=("{}")', "subject heading": 'TS=("{}")', "title": 'TI=("{}")'},
}
"""Platform to search field to pattern. Web of Science has no subject headings: topic stands in for them."""


def databases(study: Study) -> pd.DataFrame:
    """List the databases searched.

    Returns
    -------
    pandas.DataFrame
        Columns ``database`` (standard name), ``as_printed`` and ``note`` (what is wrong with the printed name).
    """
    found = study.table("search-databases")
    table = pd.DataFrame({"database": found["name_standard"], "as_printed": found["name_printed"]})
    table["note"] = found["note"]
    return table


def strategy(study: Study) -> pd.DataFrame:
    """List the lines of the strategy.

    Returns
    -------
    pandas.DataFrame
        Columns ``concept``, ``term``, ``field`` and ``operator`` (how a line joins the one before).
    """
    return study.table("search-strategy")[["concept", "term", "field", "operator"]]


def terms(study: Study, search_terms: str = ALL) -> pd.DataFrame:
    """Return the lines of the strategy that hold a term.

    Parameters
    ----------
    study
        Reads ``search-strategy``.
    search_terms
        ``all``, or identifiers of lines joined by commas.

    Raises
    ------
    InputError
        No such line, or none at all.
    """
    lines = study.table("search-strategy")
    lines = lines[lines["field"] != ""]
    if search_terms.strip() == ALL:
        return lines
    return lines[lines["line_id"].isin(choose("search_terms", search_terms, lines["line_id"]))]


def query(study: Study, syntax: str, search_terms: str = ALL) -> str:
    """Write the strategy as one search string of a platform.

    Parameters
    ----------
    study
        The study.
    syntax
        A key of :data:`SYNTAXES`.
    search_terms
        See :func:`terms`.

    Returns
    -------
    str
        Terms of one concept joined by their operators in parentheses, concepts joined by ``AND``.
    """
    groups = []
    for _, group in terms(study, search_terms).groupby("term_group", sort=False):
        parts = [
            (f" {line.operator} " if number else "") + SYNTAXES[syntax][line.field].format(line.term)
            for number, line in enumerate(each_row(group))
        ]
        groups.append(f"({''.join(parts)})")
    return " AND ".join(groups)


def queries(study: Study, search_terms: str = ALL) -> pd.DataFrame:
    """Write the strategy in the syntax of each platform.

    Parameters
    ----------
    study, search_terms
        See :func:`terms`.

    Returns
    -------
    pandas.DataFrame
        Columns ``platform`` and ``query``.
    """
    return pd.DataFrame({"platform": list(SYNTAXES), "query": [query(study, name, search_terms) for name in SYNTAXES]})


@traced("search")
def results(study: Study) -> dict[str, Any]:
    """Return the named results of the stage: databases, terms and concepts of the strategy.

    A name is misprinted where it differs from the standard one in more than capitals.
    """
    names = study.table("search-databases")
    lines = study.table("search-strategy")
    misprinted = names[names["name_printed"].str.casefold() != names["name_standard"].str.casefold()]
    terms = lines[lines["field"] != ""]
    limits = lines[lines["concept"] == "limits"]
    return {
        "databases": len(names),
        "databases_misprinted": list(misprinted["name_printed"]),
        "database_names_misprinted": len(misprinted),
        "terms": len(terms),
        "concepts": terms["term_group"].nunique(),
        "limits_applied": int((limits["term"] != "none").sum()),
    }


@computed
def summary(found: dict[str, Any], flow: dict[str, Any]) -> str:
    """Say what was searched and found.

    Parameters
    ----------
    found
        From :func:`results`.
    flow
        From :func:`compendium.analysis.screening.results`.
    """
    text = f"{found['databases']} databases were searched with {found['terms']} terms in {found['concepts']} concepts"
    text += f" and {found['limits_applied'] or 'no'} limits; "
    identified, parts = flow["identified"], flow["identified_from_parts"]
    if identified is None:
        return text + "how many records were found is not reported."
    agree = "add up to the same number" if identified == parts else f"add up to {parts}"
    return text + f"{identified} records were found, and the parts they later divide into {agree}."
