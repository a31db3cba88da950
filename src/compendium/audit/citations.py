"""How a text cites: whether its citations lead to the reference list, and its references to the text."""

from __future__ import annotations

from typing import Any

from compendium.data.study import Study

TABLE = "conclusions-citations-in-text"
NUMBER_FIELD = "refnumber"


def results(study: Study) -> dict[str, Any]:
    """Return named results on the citations; none where the study does not list them.

    Returns
    -------
    dict
        ``citations`` (number), ``citations_not_in_list`` (lead to no reference), ``citations_in_two_forms`` (references
        cited by number in one place and by author in another), ``references_out_of_order`` (numbered references that
        first appear after a higher number) and ``references_never_cited`` (numbered references).
    """
    if TABLE not in study:
        return {}
    cited = study.table(TABLE).sort_values("order", kind="stable")
    numbers = [int(number) for number in cited["reference_number"].dropna()]
    by_number = set(cited.loc[cited["reference_number"].notna(), "citation_key"]) - {""}
    by_author = set(cited.loc[cited["cited_as"] != "", "citation_key"]) - {""}
    listed = {int(entry[NUMBER_FIELD]) for entry in study.bibliography.values() if entry.get(NUMBER_FIELD)}
    return {
        "citations": len(cited),
        "citations_not_in_list": int((cited["reference_number"].isna() & (cited["citation_key"] == "")).sum()),
        "citations_in_two_forms": len(by_number & by_author),
        "references_out_of_order": len(out_of_order(numbers)),
        "references_never_cited": len(listed - set(numbers)),
    }


def out_of_order(numbers: list[int]) -> list[int]:
    """Numbers whose first appearance comes after that of a higher one, in order of appearance."""
    first = list(dict.fromkeys(numbers))
    return [number for place, number in enumerate(first) if any(earlier > number for earlier in first[:place])]
