"""What each stage's section shows for a state: values that somebody could get wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from compendium import open_stage
from compendium.analysis.weight_of_evidence import rules, synthesised
from compendium.data.study import Study
from compendium.errors import InputError
from compendium.explore import appraisal, conclusions, interviews, policy, screening, search
from compendium.explore.panel import Panel, View


def view(panel: Panel, **changed: str) -> View:
    return panel.view({**panel.defaults, **changed})


def told(shown: View) -> str:
    return " ".join(map(str, shown.sentences))


def test_a_query_without_one_term_no_longer_holds_it(study: Study) -> None:
    lines = search.search.terms(study)
    first, rest = lines.iloc[0], ",".join(lines["line_id"].iloc[1:])
    (_, table), (_, counts) = view(search.panel(study), search_terms=rest, search_platform="PubMed").tables
    assert f'"{first["term"]}"[tw]' not in table["query"].iloc[0]
    assert table["platform"].tolist() == ["PubMed"]
    assert int(counts["terms_used"].sum()) == int(counts["terms"].sum()) - 1


def test_a_concept_without_terms_widens_the_search_and_is_named(study: Study) -> None:
    lines = search.search.terms(study)
    only = ",".join(lines.loc[lines["concept"] == lines["concept"].iloc[0], "line_id"])
    shown = view(search.panel(study), search_terms=only)
    assert "it finds more, not less" in told(shown)
    assert lines["concept"].iloc[-1] in shown.sentences[-1]


def test_a_moved_count_names_the_step_that_no_longer_adds_up(study: Study) -> None:
    before = view(screening.panel(study))
    assert told(before) == "No sum contradicts another."
    shown = view(screening.panel(study), flow_counts="included=12")
    assert "Reviews included" in shown.sentences[-1]
    assert "do not add up" in shown.sentences[-1]
    assert any("<b>n = 12</b> (changed)" in note.text for note in shown.figure.layout.annotations)


def test_exclusions_resting_on_criteria_are_each_counted_once(study: Study) -> None:
    table = screening.criteria_table(study, "C1")
    tied = study.table("screening-reasons").set_index("reason_id")["criterion_id"]
    reports = study.table("screening-full-text")
    wanted = (reports.loc[reports["reason_id"] != "", "reason_id"].map(tied) != "").sum()
    assert int(table["reports"].sum()) == wanted
    assert table["applies"].tolist() == ["yes", "no", "no"]


@pytest.mark.parametrize("threshold", ["1", "2", "3", "4"])
def test_what_changes_under_a_rule_is_what_the_sensitivity_table_counts(study: Study, threshold: str) -> None:
    from compendium.analysis.sensitivity import CONSEQUENCES, sensitivity_table

    table = sensitivity_table(study)
    for number, rule in enumerate(rules(study)):
        row = table[table["threshold"] == threshold].iloc[number]
        changed = appraisal.consequences(study, rule, threshold)["change"].str.split(" and ").explode()
        assert {name: int((changed == appraisal.WHAT[name]).sum()) for name in CONSEQUENCES} == {
            name: row[name] for name in CONSEQUENCES
        }


def test_the_published_selection_changes_nothing(study: Study) -> None:
    assert appraisal.consequences(study).empty
    assert len(synthesised(study)) != len(synthesised(study, "printed", "3"))
    assert not appraisal.consequences(study, "printed", "3").empty


def test_documents_are_counted_by_year(study: Study) -> None:
    table = policy.over_time(study, "coproduction")
    documents = study.table("policy-documents")
    assert int(table["documents"].sum()) == len(documents)
    assert table["year"].is_monotonic_increasing
    assert list(table.columns) == ["year", "documents", "co-production"]


def test_a_span_of_years_shows_only_its_documents(study: Study) -> None:
    years = study.table("policy-documents")["year"]
    shown = view(policy.panel(study), policy_years=str(years.min()))
    ((_, table),) = shown.tables
    assert table["documents"].tolist() == [int((years == years.min()).sum())]


def test_one_interviewee_is_all_that_is_left(study: Study) -> None:
    excerpts = study.table("interviews-excerpts")
    person = next(name for name in excerpts["interviewee_id"] if name)
    shown = view(interviews.panel(study), interviewees=person)
    ((_, table),) = shown.details
    assert len(table) == int((excerpts["interviewee_id"] == person).sum())
    assert set(table["interviewee_id"]) == {person}


def test_who_is_quoted_elsewhere_is_not_called_never_quoted(study: Study) -> None:
    excerpts = study.table("interviews-excerpts")
    person = next(name for name in excerpts["interviewee_id"] if name)
    themes = study.table("interviews-themes")["theme_id"]
    silent_on = next(
        t for t in themes if not ((excerpts["interviewee_id"] == person) & (excerpts["theme_id"] == t)).any()
    )
    shown = view(interviews.panel(study), interview_themes=silent_on, interviewees=person)
    assert "never quoted" not in told(shown) + shown.figure.to_json()
    assert f"not quoted here: {person}" in told(shown)


def test_a_finding_leads_to_each_of_its_rows_and_their_places(study: Study) -> None:
    links = study.table("conclusions-evidence")
    for finding in links["finding_id"].unique():
        rows = conclusions.chain(study, finding)
        assert rows["evidence_id"].tolist() == links.loc[links["finding_id"] == finding, "evidence_id"].tolist()
        assert (rows["row"] != "").all(), finding


def test_the_row_named_is_the_line_of_the_file(study: Study) -> None:
    links = study.table("conclusions-evidence")
    finding = links.loc[links["target_kind"] == "subtheme", "finding_id"].iloc[0]
    row = next(r for r in conclusions.chain(study, finding).to_dict("records") if "subthemes.csv" in r["row"])
    name, _, number = row["row"].partition(", row ")
    line = (study.folder / name).read_text(encoding="utf-8").splitlines()[int(number) - 1]
    assert line.startswith(f"{row['target_id']},")
    assert row["section"].split(" ")[0] in line
    assert row["anchor"]


def test_a_claim_says_how_it_was_recomputed(study: Study) -> None:
    checked = conclusions.audited(study)
    row = checked[checked["status"] == "reproduced"].iloc[0]
    told = conclusions.recomputed(study, row["claim_id"]).set_index("what")["value"]
    assert told["recomputed value"] == row["recomputed_value"]
    assert told["check (a named result)"] == row["check"]
    assert "datapackage.json" not in told["made from"]
    assert all((study.folder / name).is_file() for name in told["made from"].split("; "))


def test_a_claim_that_cannot_be_recomputed_says_why(study: Study) -> None:
    checked = conclusions.audited(study)
    row = checked[checked["status"] == "not recomputable"].iloc[0]
    told = conclusions.recomputed(study, row["claim_id"]).set_index("what")["value"]
    assert told["reason"] == row["reason"]
    assert "recomputed value" not in told


def test_a_study_without_findings_and_claims_says_so(study: Study) -> None:
    none = {name: study.table(name).iloc[:0] for name in ("conclusions-findings", "conclusions-claims")}
    panel = conclusions.panel(study.with_tables(none))
    assert panel.defaults == {}
    assert told(view(panel)) == "This study lists no findings."


def test_a_section_starts_from_a_parameter_file(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, str]] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, **_: shown.append(bundle))
    (tmp_path / "mine.yml").write_text("search_terms: Q02\n", encoding="utf-8")
    search.play(open_stage("search", out=str(tmp_path)), file=str(tmp_path / "mine.yml"))
    assert shown[0]["text/plain"].splitlines()[1].startswith("1 of ")
    with pytest.raises(InputError, match="no such search_terms"):
        (tmp_path / "mine.yml").write_text("search_terms: R02\n", encoding="utf-8")
        search.play(open_stage("search", out=str(tmp_path)), file=str(tmp_path / "mine.yml"))


def test_text_from_data_is_no_markup(study: Study) -> None:
    from compendium.explore.panel import tables_bundle, text_bundle

    findings = study.table("conclusions-findings")
    findings.loc[0, "finding"] = "<script>alert(1)</script>"
    shown = view(conclusions.panel(study.with_tables({"conclusions-findings": findings})))
    html = text_bundle(shown.sentences)["text/html"] + tables_bundle(shown.tables)["text/html"]
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
