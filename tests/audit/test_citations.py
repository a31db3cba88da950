"""Citations in a text, on an invented one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compendium.audit.citations import out_of_order, results
from compendium.data.study import Study

BIBLIOGRAPHY = "\n".join(f"@book{{key{n}, title = {{T}}, year = {{2001}}, refnumber = {{{n}}}}}" for n in (1, 2, 3, 4))


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [([1, 2, 3], []), ([1, 3, 2, 3], [2]), ([3, 1, 2, 1], [1, 2]), ([1, 2, 1, 1], []), ([], [])],
)
def test_numbers_that_first_appear_after_a_higher_one(numbers: list[int], expected: list[int]) -> None:
    assert out_of_order(numbers) == expected


def test_citations_are_counted_by_how_they_lead_to_the_list(build_study: Callable[..., Study]) -> None:
    cited = [(1, "", "key1"), (3, "", "key3"), (2, "", "key2"), (None, "Jones 2001", "key1"), (None, "Lost 1999", "")]
    rows = [
        {"citation_id": f"X{n}", "order": n, "reference_number": number, "cited_as": text, "citation_key": key}
        for n, (number, text, key) in enumerate(cited, start=1)
    ]
    assert results(build_study({"conclusions-citations-in-text": rows}, BIBLIOGRAPHY)) == {
        "citations": 5,
        "citations_not_in_list": 1,
        "citations_in_two_forms": 1,
        "references_out_of_order": 1,
        "references_never_cited": 1,
    }


def test_a_study_that_lists_no_citations_has_no_results(build_study: Callable[..., Study]) -> None:
    assert results(build_study({"sections": [{"section_id": "S1"}]})) == {}
