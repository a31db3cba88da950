"""Stage 6: findings, what they rest on, and the joint display."""

import pytest

from compendium.analysis import conclusions
from compendium.data.study import Study

FINDINGS = [
    ("F1", "finding", "Q1"),
    ("F2", "finding", "Q1; Q2"),
    ("F3", "limitation", ""),
    ("F4", "recommendation", "Q12"),
]
LINKS = [
    ("V1", "F1", "review", "r2001", "supports"),
    ("V2", "F1", "document", "D1", "supports"),
    ("V3", "F2", "document", "D1", "contradicts"),
    ("V4", "F2", "subtheme", "T1.1", "partly supports"),
    ("V5", "F2", "excerpt", "E1", "supports"),
    ("V6", "F2", "guide", "G1", "supports"),
    ("V7", "F3", "theme", "T1", "contradicts"),
]


@pytest.fixture
def orchard(build_study):
    findings = [
        {"finding_id": key, "kind": kind, "finding": f"About {key}", "questions": questions, "place": "p. 1"}
        for key, kind, questions in FINDINGS
    ]
    columns = ("evidence_id", "finding_id", "target_kind", "target_id", "relation")
    return build_study(
        {
            "conclusions-questions": [{"question_id": q, "question": f"{q}?", "short": q} for q in ("Q1", "Q2", "Q3")],
            "conclusions-findings": findings,
            "conclusions-evidence": [dict(zip(columns, link, strict=True)) for link in LINKS],
            "interviews-levels": [{"level_id": "grove"}, {"level_id": "yard"}],
            "interviews-themes": [{"theme_id": "T1", "level_id": "yard"}],
            "interviews-subthemes": [{"subtheme_id": "T1.1", "theme_id": "T1"}],
            "interviews-excerpts": [{"excerpt_id": "E1", "level": "grove"}],
            "interviews-guide": [{"item_id": "G1"}],
            "appraisal-overall": [{"review_id": "r2001"}],
            "appraisal-synthesis-themes": [{"theme_id": "L1"}],
            "policy-documents": [{"document_id": "D1"}],
        },
        bibliography="@misc{b2001, title = {B}}",
    )


def test_evidence_belongs_to_a_source(orchard):
    links = conclusions.evidence(orchard).set_index("evidence_id")["source"]
    expected = {"V1": "literature", "V2": "policy", "V3": "policy", "V4": "yard", "V5": "grove", "V6": "", "V7": "yard"}
    assert links.to_dict() == expected
    assert conclusions.sources(orchard) == ["literature", "policy", "grove", "yard"]


@pytest.mark.parametrize(
    ("question", "source", "verdict", "supporting", "contradicting", "rows"),
    [
        ("Q1", "literature", "agreement", 1, 0, "V1"),
        ("Q1", "policy", "dissonance", 1, 1, "V2; V3"),
        ("Q1", "grove", "agreement", 1, 0, "V5"),
        ("Q1", "yard", "agreement", 1, 0, "V4"),
        ("Q2", "literature", "silence", 0, 0, ""),
        ("Q2", "policy", "dissonance", 0, 1, "V3"),
        ("Q3", "policy", "silence", 0, 0, ""),
        ("Q3", "yard", "silence", 0, 0, ""),
    ],
)
def test_the_joint_display_tells_agreement_dissonance_and_silence(
    orchard, question, source, verdict, supporting, contradicting, rows
):
    cells = conclusions.joint_display(orchard).set_index(["question_id", "source"])
    cell = cells.loc[(question, source)]
    assert (cell["verdict"], cell["supporting"], cell["contradicting"], cell["rows"]) == (
        verdict,
        supporting,
        contradicting,
        rows,
    )
    assert len(cells) == 3 * 4


def test_findings_count_their_support(orchard):
    table = conclusions.findings_table(orchard).set_index("finding_id")
    assert table["supporting"].to_dict() == {"F1": 2, "F2": 3, "F3": 0, "F4": 0}
    assert table["contradicting"].to_dict() == {"F1": 0, "F2": 1, "F3": 1, "F4": 0}
    assert table["rests_on"].to_dict() == {"F1": "r2001; D1", "F2": "T1.1; E1; G1", "F3": "", "F4": ""}


def test_answers_count_findings_by_whole_identifiers(orchard):
    table = conclusions.answers_table(orchard).set_index("question_id")
    assert table["findings"].to_dict() == {"Q1": 2, "Q2": 1, "Q3": 0}  # Q12 is neither Q1 nor Q2
    assert table.loc["Q1", ["literature_rows", "policy_rows", "grove_rows", "yard_rows"]].tolist() == [1, 1, 1, 1]


def test_a_link_to_nothing_is_found(orchard, build_study):
    assert conclusions.dangling(orchard).empty
    links = orchard["conclusions-evidence"]
    links.loc[0, "target_id"] = "r1999"
    links.loc[1, ["target_kind", "target_id"]] = ["citation", "b2001"]
    links.loc[2, ["target_kind", "target_id"]] = ["rumour", "D1"]
    links.to_csv(orchard.path("conclusions-evidence"), index=False, lineterminator="\n")
    assert conclusions.dangling(Study(orchard.folder))["evidence_id"].tolist() == ["V1", "V3"]


def test_the_chart_says_each_verdict_in_words(orchard):
    figure = conclusions.joint_display_chart(orchard)
    labels = [note.text for note in figure.layout.annotations]
    verdicts = [next((v for v in conclusions.VERDICT_COLORS if v in label), "") for label in labels]
    assert (verdicts.count("agreement"), verdicts.count("dissonance"), verdicts.count("silence")) == (5, 2, 5)
    assert len([shape for shape in figure.layout.shapes if shape.type == "rect"]) >= 12


def test_the_chart_is_the_same_each_time(study):
    assert conclusions.joint_display_chart(study).to_json() == conclusions.joint_display_chart(Study()).to_json()


def test_the_alt_text_names_every_cell(orchard):
    told = conclusions.describe_joint_display(orchard)
    assert "policy dissonance (1 for, 1 against)" in told
    assert told.count("silence (0 for, 0 against)") == 5


def test_questions_are_four(study):
    assert conclusions.questions_table(study)["question_id"].tolist() == ["RQ1", "RQ2", "RQ3", "RQ4"]


def test_results_agree_with_the_tables(study):
    found = conclusions.results(study)
    findings = study["conclusions-findings"]
    assert found["questions"] == 4
    assert found["findings"] + found["limitations"] + found["recommendations"] == len(findings)
    assert found["evidence_dangling"] == 0
    supported = set(study["conclusions-evidence"].query("relation in ('supports', 'partly supports')")["finding_id"])
    assert set(found["findings_without_evidence_ids"]) == set(findings["finding_id"]) - supported
    assert found["findings_without_evidence"] == len(findings) - len(supported)


def test_a_changed_link_changes_the_verdict(copy_of_study):
    before = conclusions.results(Study(copy_of_study))
    path = copy_of_study / "conclusions" / "evidence.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",contradicts,", ",supports,"), encoding="utf-8")
    after = conclusions.results(Study(copy_of_study))
    assert before["cells_dissonant"] > after["cells_dissonant"] == 0
    assert before["cells_silent"] == after["cells_silent"]
    assert after["findings_contradicted"] == 0


def test_the_sentence_names_findings_without_support(study):
    found = conclusions.results(study)
    told = conclusions.support_sentence(study)
    assert told.endswith(f"without support: {', '.join(found['findings_without_evidence_ids'])}.")


def test_the_summary_joins_the_stages():
    found = {"findings": 3, "limitations": 2, "recommendations": 1}
    earlier = {"appraisal": {"synthesised": 7}, "policy": {"documents": 9}, "interviews": {"interviews": 21}}
    told = conclusions.summary(found, earlier)
    assert told == (
        "From 7 reviews, 9 policy documents and 21 interviews the report draws 3 findings, 2 limitations and "
        "1 recommendations."
    )


def test_support_in_part_and_rows_against_are_counted(orchard):
    cells = conclusions.joint_display(orchard).set_index(["question_id", "source"])
    assert cells.loc[("Q1", "yard"), "partly"] == cells.loc[("Q2", "yard"), "partly"] == 1
    assert cells.loc[("Q1", "policy"), "partly"] == 0
    assert cells.loc[("Q1", "policy"), "rows_against"] == "V3"
    assert cells.loc[("Q1", "literature"), "rows_against"] == ""


def test_a_cell_shows_both_numbers_and_its_rows(orchard):
    figure = conclusions.joint_display_chart(orchard)
    labels = [note.text for note in figure.layout.annotations]
    assert sum("1 for<br>1 against" in label for label in labels) == 1
    assert sum("1 for (all in part)<br>0 against" in label for label in labels) == 2
    hovers = [text for trace in figure.data for text in trace.hovertext]
    assert any("for: V2<br>against: V3" in text for text in hovers)


def test_every_row_of_a_cell_is_found_in_the_evidence(study):
    table = conclusions.evidence_table(study).set_index("evidence_id")
    named = {row for cell in conclusions.joint_display(study)["rows"] for row in cell.split("; ") if row}
    assert named and named <= set(table.index)
    assert (table["target"] != "").all() and (table["finding"] != "").all()
    review = table[table["target_kind"] == "review"].iloc[0]
    assert review["target"] == study["screening-full-text"].set_index("citation_key")["citation"][review["target_id"]]
    assert len(table) == len(study["conclusions-evidence"])
