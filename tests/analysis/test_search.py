"""Stage 1: databases, strategy and the strings that platforms take."""

import pytest

from compendium.analysis import search
from compendium.analysis.screening import results as screening_results


def test_five_databases_with_their_standard_names(study):
    table = search.databases(study)
    assert table["database"].tolist() == ["CINAHL", "HMIC", "MEDLINE", "PsycINFO", "Social Sciences Citation Index"]
    assert table.set_index("database").loc["HMIC", "as_printed"] == "HMCI"
    assert "misspelt" in table.set_index("database").loc["HMIC", "note"]


def test_strategy_lists_the_lines(study):
    table = search.strategy(study)
    assert list(table.columns) == ["concept", "term", "field", "operator"]
    assert len(table) == 6


ORCHARD = [
    {"term_group": "G1", "term": "pear", "field": "title", "operator": ""},
    {"term_group": "G1", "term": "perry pear", "field": "anywhere", "operator": "OR"},
    {"term_group": "G2", "term": "pruning", "field": "subject heading", "operator": "AND"},
    {"term_group": "", "term": "none", "field": "", "operator": ""},
]


@pytest.mark.parametrize(
    ("syntax", "query"),
    [
        # Operators and field codes as in the platforms' own guides to searching.
        ("Ovid", '("pear".ti. OR "perry pear".af.) AND (exp pruning/)'),
        ("EBSCOhost", '(TI "pear" OR TX "perry pear") AND (SU "pruning")'),
        ("PubMed", '("pear"[ti] OR "perry pear"[tw]) AND ("pruning"[mh])'),
        ("Web of Science", '(TI=("pear") OR ALL=("perry pear")) AND (TS=("pruning"))'),
    ],
)
def test_a_query_joins_terms_in_brackets_and_leaves_limits_out(build_study, syntax, query):
    assert search.query(build_study({"search-strategy": ORCHARD}), syntax) == query


def test_every_platform_has_a_query_with_all_terms(study):
    table = search.queries(study)
    assert table["platform"].tolist() == list(search.SYNTAXES)
    for query in table["query"]:
        assert query.count(" OR ") == 3
        assert query.count(" AND ") == 1
        assert "none" not in query


def test_results(study):
    assert search.results(study) == {
        "databases": 5,
        # A letter swapped, and a singular; capitals do not count.
        "databases_misprinted": ["HMCI", "Social Science Citation Index"],
        "database_names_misprinted": 2,
        "terms": 5,
        "concepts": 2,
        "limits_applied": 0,
    }


@pytest.mark.parametrize(
    ("identified", "parts", "told"),
    [
        (263, 263, "263 records were found, and the parts they later divide into add up to the same number."),
        (263, 262, "263 records were found, and the parts they later divide into add up to 262."),
        (None, None, "how many records were found is not reported."),
    ],
)
def test_the_summary_compares_the_records_with_their_parts(study, identified, parts, told):
    flow = {**screening_results(study), "identified": identified, "identified_from_parts": parts}
    text = search.summary(search.results(study), flow)
    assert text.startswith("5 databases were searched with 5 terms in 2 concepts and no limits; ")
    assert text.endswith(told)
