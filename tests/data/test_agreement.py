"""Agreement of two extractions: coefficients against published examples, the log against the cells."""

import math

import pytest

from compendium.data import agreement
from compendium.data.agreement import ac1, kappa, same
from compendium.data.study import Study
from compendium.errors import InputError


def raters(counts):
    """Spell out a contingency table (rows: first rater) as two vectors of categories."""
    pairs = [(str(i), str(j)) for i, row in enumerate(counts) for j, n in enumerate(row) for _ in range(n)]
    return [a for a, _ in pairs], [b for _, b in pairs]


# Feinstein & Cicchetti (1990, J Clin Epidemiol 43:543-549): both tables agree in 85 of 100 cases.
BALANCED = [[40, 9], [6, 45]]
SKEWED = [[80, 10], [5, 5]]
# Gwet's table of 125 subjects, 118 of whom both raters call positive and none both negative (Gwet 2008).
NEAR_CONSTANT = [[118, 5], [2, 0]]
# Fleiss, Levin & Paik (2003, Statistical Methods for Rates and Proportions, 3rd ed., ch. 18): 100 diagnoses.
DIAGNOSES = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        # chance .49*.46 + .51*.54 = .5008; (.85-.5008)/.4992
        (BALANCED, 0.70),
        # chance .90*.85 + .10*.15 = .78; .07/.22
        (SKEWED, 0.32),
        # chance (123*120 + 2*5)/125**2 = .94528, observed 118/125 = .944; -.00128/.05472
        (NEAR_CONSTANT, -0.02),
        # chance .80*.80 + .10*.05 + .10*.15 = .66; .23/.34
        (DIAGNOSES, 0.68),
    ],
)
def test_kappa_of_published_tables(counts, expected):
    assert kappa(*raters(counts)).value == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        # mean share (.49+.46)/2 = .475, chance 2*.475*.525 = .49875; .35125/.50125
        (BALANCED, 0.7007),
        # mean share .875, chance 2*.875*.125 = .21875; .63125/.78125
        (SKEWED, 0.808),
        # mean share 243/250 = .972, chance 2*.972*.028 = .054432; .889568/.945568
        (NEAR_CONSTANT, 0.9408),
    ],
)
def test_ac1_of_published_tables(counts, expected):
    assert ac1(*raters(counts)).value == pytest.approx(expected, abs=0.0001)


def test_the_interval_of_kappa_agrees_with_the_published_standard_error():
    found = kappa(*raters(DIAGNOSES))
    # Fleiss, Levin & Paik give 0.087; Student's t with 99 degrees of freedom is 1.984
    assert (found.high - found.low) / 2 == pytest.approx(1.984 * 0.087, abs=0.003)
    assert found.low < found.value < found.high


def test_one_category_leaves_nothing_to_correct():
    for coefficient in (kappa, ac1):
        assert math.isnan(coefficient(["yes"] * 5, ["yes"] * 5).value)


def test_perfect_agreement_has_no_interval():
    found = kappa(["a", "b", "b"], ["a", "b", "b"])
    assert found.value == 1
    assert math.isnan(found.low)


def test_vectors_of_different_length_are_refused():
    with pytest.raises(InputError, match="3 and 2"):
        kappa(["a", "b", "a"], ["a", "b"])
    with pytest.raises(InputError, match="at least one"):
        ac1([], [])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("Scotland’s  Strategy", "scotland's strategy", True),
        ("639–53", "639-53", True),
        ("14; 18", "18; 14", False),
        ("1,2", "12", False),
        ("", "no", False),
    ],
)
def test_what_counts_as_the_same(first, second, expected):
    assert same(first, second) is expected


def test_shares_count_cells_and_leave_coefficients_to_categorical_columns(build_study):
    def cell(field, kind, first, second, row="r"):
        return {"table": "t", "row_id": row, "field": field, "first_value": first, "kind": kind, "second_value": second}

    rows = [cell("year", "number", "2011", "2012"), cell("sort", "categorical", "a", "a")]
    rows += [cell("sort", "categorical", "b", "b", "s"), cell("row", "row", "present", "absent", "s")]
    found = agreement.table(build_study({"second-extraction": rows})).set_index(["table", "column"])
    assert list(found.index) == [("t", "all columns"), ("t", "sort"), ("all tables", "all columns")]
    assert found.loc[("t", "all columns"), "agreeing"] == 2
    assert found.loc[("t", "all columns"), "share"] == 0.5
    assert math.isnan(found.loc[("t", "all columns"), "kappa"])
    assert found.loc[("t", "sort"), "kappa"] == 1


def test_a_study_without_a_second_extraction_has_an_empty_table(build_study):
    assert agreement.table(build_study({"other": [{"id": "a"}]})).empty


def test_the_column_with_least_agreement_and_what_was_extracted_once_are_named(build_study):
    def cells(field, pairs):
        return [
            {"table": "t", "row_id": f"{n}", "field": field, "first_value": a, "kind": "categorical", "second_value": b}
            for n, (a, b) in enumerate(pairs)
        ]

    sure = cells("sort", [("a", "a"), ("b", "b")] * 30)
    unsure = cells("sign", [("for", "for")] * 30 + [("against", "for")] * 20 + [("against", "against")] * 10)
    few = cells("rare", [("x", "y"), ("y", "x")])
    tables = {"second-extraction": [*sure, *unsure, *few], "t": [{"id": "1"}], "u": [{"id": "1"}]}
    study = build_study(tables)
    told = agreement.sentence(study)
    assert "they agree least on sign of t (66.7%, kappa 0.33)" in told  # chance (30 * 50 + 30 * 10) / 60**2 = 0.5
    assert "again for for 30 of 30, against 10 of 30." in told
    assert told.endswith("No agreement is known for u.")
    assert agreement.extracted_once(study) == ["u"]
    assert "No agreement is known for `u`." in agreement.section(study)


def test_every_difference_is_in_the_log_and_nothing_else(study):
    cells, log = study.table("second-extraction"), study.table("extraction-log")
    key = ["table", "row_id", "field", "first_value", "second_value"]
    differing = {tuple(row[key]) for _, row in cells.iterrows() if not same(row["first_value"], row["second_value"])}
    logged = [tuple(row[key]) for _, row in log.iterrows()]
    assert differing == set(logged)
    assert len(logged) == len(set(logged))


def test_the_log_ends_with_the_value_it_decided_for(study):
    for _, row in study.table("extraction-log").iterrows():
        given = {"first": row["first_value"], "second": row["second_value"]}
        assert row["final_value"] == given.get(row["decision"], row["final_value"]), row["log_id"]
        assert len(row["anchor"].split()) <= 7


# Evidence was judged pair by pair; a pair that bears on nothing has no row.
COMPARED_BY = {"conclusions-evidence": ["finding_id", "target_kind", "target_id"]}
NO_ROW = "none"


def test_the_tables_hold_what_was_decided(study):
    log = study.table("extraction-log").set_index(["table", "row_id", "field"])["final_value"].to_dict()
    wrong = []
    for name, group in study.table("second-extraction").groupby("table"):
        if name not in study:
            continue
        table = study.table(str(name))
        keys = table[COMPARED_BY.get(str(name), study.primary_key(str(name)))].astype(str).agg("/".join, axis=1)
        table = table.set_index(keys)
        for row in group[group["field"].isin(table.columns)].itertuples():
            decided = log.get((row.table, row.row_id, row.field), row.first_value)
            held = str(table.loc[row.row_id, row.field]) if row.row_id in table.index else NO_ROW
            if not agreement.same(held, decided):
                wrong.append((row.table, row.row_id, row.field, held, decided))
    assert wrong == []


def test_the_codebook_has_the_present_agreement(study):
    text = (study.folder / "README.md").read_text(encoding="utf-8")
    assert agreement.updated(text, agreement.section(study)) == text
    assert text.count(agreement.BEGIN) == 1


def test_the_section_is_put_at_the_end_and_then_renewed(study, tmp_path):
    block = agreement.section(study)
    once = agreement.updated("# Codebook\n\nTables.\n", block)
    assert once.startswith("# Codebook\n\nTables.\n\n" + agreement.BEGIN)
    assert agreement.updated(once.replace("differ", "agree"), block) == once


def test_the_command_renews_the_codebook_of_a_study(copy_of_study):
    path = copy_of_study / "README.md"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("| all tables |", "| every table |"), encoding="utf-8")
    agreement.main(copy_of_study)
    assert path.read_text(encoding="utf-8") == before


def test_the_sentence_counts_the_cells_and_the_decisions(study: Study) -> None:
    cells = study.table("second-extraction")
    differing = sum(not agreement.same(a, b) for a, b in zip(cells["first_value"], cells["second_value"], strict=True))
    told = agreement.sentence(study)
    assert told.startswith(f"{len(cells) - differing} of {len(cells)} cells agree")
    settled = study.table("extraction-log")["decision"].value_counts()
    assert differing == settled.sum()
    assert f"{settled['first']} settled for the first extraction, {settled['second']} for the second" in told
