"""A copy of the report, as text or PDF, against a study: an invented report of one page, and the real one."""

import pandas as pd
import pytest

from compendium.cli import main
from compendium.errors import InputError
from compendium.paths import ROOT
from compendium.source import verification
from compendium.source.copy_text import EXACTLY, JOINED, UNHYPHENATED, Copy, Passage, as_one_line, read_source
from compendium.source.report_text import fingerprint

PUBLISHED = ROOT.parent / "shared" / "report" / "published-report.txt"
WORDS = "we bake the well-known bread ... and the office pays for flour"
REPORT = f"""Bread in Villages

METHODS

In all, twenty-one bakers from four villages were asked about village baking between spring and autumn.

Table 2: Reviews

Citation\tAim\tMQ\tTR\tWoE\tEvidence
Miller et al ¹ 2014\tTo weigh 14 loaves from 1999 on\t2\t1\t2\tHeavy loaves sell.
Ng ² 2016\tTo taste them\t3\t?\t3\tSour ones sell too.

POLICY

The Flour Plan³ (2012):

The plan wants co-baking and self-raising flour (p.7).

Table 5 – Plans

The Flour Plan\tCo-baked bread is good.\thttps://flour.example/plan-of-2012

FINDINGS

One baker explains:

{WORDS}. (B1)

REFERENCES

1. Miller A, Baker-Jones B. Loaves weighed: a review. *Journal of Bread*. 2014;7(2):11-9.
2. Ng C. Sour bread. Crumb Press, 2016.
3. Flour Board. The Flour Plan, https://flour.example/plan-of-2012. 2012
"""
BIBLIOGRAPHY = """
@article{miller2014, author = {Miller, A and Baker-Jones, B}, title = {Loaves weighed: a review},
  journal = {Journal of Bread}, year = {2014}, volume = {7}, issue = {2}, pages = {11-9}, refnumber = {1}}
@book{ng2016, author = {Ng, C}, title = {Sour bread}, publisher = {Crumb Press}, year = {2016}, refnumber = {2}}
"""
HEADINGS = ["METHODS", "Table 2: Reviews", "POLICY", "Table 5 – Plans", "FINDINGS", "REFERENCES"]
TABLE_3 = """Table 3 – Summary

Citation\tFocus\tReview
Miller et al¹, (2014)\tHow heavy loaves are\tRapid Review

"""
WITH_TABLE_3 = [*HEADINGS[:2], "Table 3 – Summary", *HEADINGS[2:]]


def tables():
    """Rows of a study of the invented report; a test changes some of them."""

    def at(number, anchor):
        return {"section": f"S{number}", "anchor": anchor}

    url = "https://flour.example/plan-of-2012"
    return {
        "sections": [
            {"section_id": f"S{i}", "title": heading.title(), "heading": heading}
            for i, heading in enumerate(HEADINGS, start=1)
        ],
        "terms": [{"term_family": "cobaking", "patterns": "co-bak*"}],
        "screening-flow": [
            {"stage_id": "asked", "count": 21, "reported": "printed", **at(1, "bakers from four villages")}
        ],
        "appraisal-components": [
            {"component_id": "mq", "label": "MQ", "order": 1},
            {"component_id": "tr", "label": "TR", "order": 2},
        ],
        "appraisal-scores": [
            {"review_id": review, "component_id": component, "score": score}
            for review, component, score in [
                ("miller2014", "mq", "2"),
                ("miller2014", "tr", "1"),
                ("ng2016", "mq", "3"),
                ("ng2016", "tr", "?"),
            ]
        ],
        "appraisal-overall": [
            {"review_id": "miller2014", "score": "2", "table_order": 1, **at(2, "Miller et al")},
            {"review_id": "ng2016", "score": "3", "table_order": 2, **at(2, "Ng")},
        ],
        "appraisal-characteristics": [
            {"review_id": "miller2014", "aim": "weigh", "evidence": "heavy", "n_studies": 14, "years_from": 1999},
            {"review_id": "ng2016", "aim": "taste", "evidence": "sour", "n_studies": None, "years_from": None},
        ],
        "policy-documents": [
            {"document_id": "D1", "name": "The Flour Plan", "name_narrative": "The Flour Plan", "url": url}
            | {"note": "n", "narrative": "t", **at(4, "The Flour Plan")}
        ],
        "policy-mentions": [
            {"document_id": "D1", "place": "narrative", "n_cobaking": 1, "n_words": 8, "pages_cited": "7"}
            | at(3, "self-raising flour"),
            {"document_id": "D1", "place": "table", "n_cobaking": 1, "n_words": 4, "pages_cited": ""}
            | at(4, "bread is good"),
        ],
        "interviews-excerpts": [
            {
                "excerpt_id": "E1",
                "interviewee_id": "B1",
                "section_id": "S5",
                "n_words": 11,
                "sha256": fingerprint(WORDS),
            }
            | {"n_cobaking": 0}
        ],
    }


@pytest.fixture
def invented(build_study):
    return build_study(tables(), BIBLIOGRAPHY)


def verified(study, path):
    return verification.verify(study, verification.open_copy(study, path))


def written(tmp_path, text, name="copy.txt"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def pdf(pages, trailer=b""):
    """Write a small PDF by hand: each page a list of lines in Helvetica (WinAnsi characters only)."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for lines in pages:
        shown = b" T* ".join(
            b"(" + line.encode("cp1252", "replace").translate(_ESCAPES_BYTES) + b") Tj" for line in lines
        )
        stream = b"BT /F1 9 Tf 11 TL 40 800 Td " + shown.replace(b"\x00", b"\\") + b" ET"
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 842] /Resources << /Font << /F1 3 0 R >> >>"
        objects.append(page + b" /Contents %d 0 R >>" % len(objects))
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, len(body))
    return body + head + table + tail


_ESCAPES_BYTES = bytes.maketrans(b"()", b"[]")


# Reading ------------------------------------------------------------------------------------------------------------


def test_every_fact_of_the_text_is_found(invented, tmp_path):
    checks = verified(invented, written(tmp_path, REPORT))
    assert checks.loc[checks["found"] == "no", ["kind", "id", "what"]].to_numpy().tolist() == []
    counts = verification.summary(checks).set_index("kind")["checked"].to_dict()
    assert counts["anchor"] == 6
    assert counts["scores"] == 2
    assert counts["count"] == 3  # 21 bakers in words, 14 loaves, 1999
    assert counts["bibliography"] == 2 + 1 + 5 + 1 + 3
    assert counts["passage"] == 2
    assert counts["url"] == 1


def test_the_same_facts_are_found_in_a_pdf(invented, tmp_path):
    lines = [
        line.replace("\t", " ").replace("¹", "1").replace("²", "2").replace("³", "") for line in REPORT.split("\n")
    ]
    lines = [part for line in lines for part in line.replace("village baking", "village bak-\ning").split("\n")]
    path = tmp_path / "copy.pdf"
    path.write_bytes(pdf([[*lines[:18], "4"], [*lines[18:], "5"]]))
    checks = verified(invented, path)
    lost = checks[checks["found"] == "no"]
    assert lost[["kind", "id", "what"]].to_numpy().tolist() == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.txt", b"  \n", "is empty"),
        ("latin.txt", "Bread für Dörfer".encode("latin-1"), "neither a PDF nor text in UTF-8"),
        ("image.png", b"\x89PNG\r\n\x1a\n\0\0\0", "holds binary content"),
        ("control.txt", b"\x01\x02\x03\x04 bread", "holds binary content"),
        ("broken.pdf", b"%PDF-1.4\nnothing more", "is a PDF that cannot be read"),
        ("scan.pdf", pdf([[""], [""]]), "is a PDF without text"),
        (
            "locked.pdf",
            pdf(
                [["x"]],
                b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O ("
                + b"o" * 32
                + b") /U ("
                + b"u" * 32
                + b") >> /ID [(12) (12)]",
            ),
            "asks for a password",
        ),
        ("other.txt", b"Quite another text, about the weather.", "is another text than the report"),
    ],
)
def test_a_wrong_source_is_told_in_one_sentence(invented, tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=reason) as caught:
        verification.run(invented, path, tmp_path / "out")
    assert len(caught.value.problems) == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_and_a_missing_file_are_no_source(tmp_path):
    with pytest.raises(InputError, match="is not a file"):
        read_source(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        read_source(tmp_path / "none.pdf")


def test_running_heads_and_page_numbers_are_dropped(tmp_path):
    texts = [
        "flour comes first and water",
        "follows, which the baker warms",
        "until yeast lives in it; and",
        "then salt",
    ]
    pages = [["Report on bread", *[f"{text} ({n})" for n in "abc"], text, f"{i} of 4"] for i, text in enumerate(texts)]
    path = tmp_path / "copy.pdf"
    path.write_bytes(
        pdf([[*page[:-1], *[f"line {w} of {page[4][:9]}" for w in ("x", "y")], page[-1]] for page in pages])
    )
    text = read_source(path)
    assert "Report on bread" not in text
    assert " of 4" not in text
    assert all(line in text for line in texts)


# Matching -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted", "how"),
    [
        ("a plain run of words", "plain run", EXACTLY),
        ("a plain\nrun of words", "plain run", JOINED),
        ("the citizen’s voice", "citizen's voice", JOINED),
        ("a diﬃcult ﬁeld", "difficult field", JOINED),
        ("Christie¹⁹ and others", "Christie and others", JOINED),
        ("pages 639–53", "639-53", JOINED),
        ("a hyphen-\nated word", "hyphenated word", UNHYPHENATED),
        ("soft hy\u00adphen", "soft hyphen", UNHYPHENATED),
        ("co-\nproduction here", "co-production", UNHYPHENATED),
        ("https://a.example/one-\ntwo", "https://a.example/one-two", UNHYPHENATED),
    ],
)
def test_how_a_match_was_made(text, wanted, how):
    match = Passage(text).find(wanted)
    assert match is not None
    assert match.how == how


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("Fifeshire", "Fife"), ("in 12013 or so", "2013"), ("production", "product"), ("", "a"), ("a", "")],
)
def test_part_of_a_word_or_number_is_no_match(text, wanted):
    assert Passage(text).find(wanted) is None


def test_an_exact_place_is_preferred_to_an_earlier_loose_one():
    text = "first plain\nrun then plain run"
    match = Passage(text).find("plain run")
    assert match is not None
    assert (match.start, match.how) == (21, EXACTLY)


def sections(*headings):
    return pd.DataFrame({"section_id": [f"S{i}" for i, _ in enumerate(headings)], "heading": headings})


def test_sections_are_cut_where_one_heading_is_lost():
    text = "ONE\n\nin one\n\nin two\n\nRESULTS\n\nin three\n\nFOUR and a line\n\nin four"
    copy = Copy(text, sections("ONE", "TWO", "RESULTS", "FOUR …"))
    assert copy.missing == ["S1"]
    assert copy.locate("in three", "S2") == ("in its section", EXACTLY)
    assert copy.locate("in two", "S1") == ("elsewhere", EXACTLY)
    assert copy.locate("in five", "S1") == ("", "")


def test_a_heading_that_comes_again_is_taken_in_order():
    copy = Copy("ONE\na\nRESULTS\nb\nTWO\nc\nRESULTS\nd", sections("ONE", "RESULTS", "TWO", "RESULTS"))
    assert [copy.section(f"S{i}").text.split()[-1] for i in range(4)] == ["a", "b", "c", "d"]


def test_a_passage_reads_as_one_line():
    assert as_one_line("<p>The <i>well-\nknown</i></p>\nbread") == "The wellknown bread"
    assert as_one_line("known breads, well-\nknown ones, well-baked") == "known breads, well-known ones, well-baked"


# Checking -----------------------------------------------------------------------------------------------------------


def change(table, row, column, value):
    rows = tables()
    rows[table][row][column] = value
    return rows


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "kind"),
    [
        ("appraisal-scores", 0, "score", "3", "scores"),
        ("appraisal-overall", 1, "score", "2", "scores"),
        ("screening-flow", 0, "count", 22, "count"),
        ("appraisal-characteristics", 0, "n_studies", 41, "count"),
        ("policy-documents", 0, "url", "https://flour.example/plan-of-2013", "url"),
        ("policy-mentions", 0, "n_cobaking", 2, "passage terms"),
        ("policy-mentions", 0, "n_words", 9, "passage words"),
        ("policy-mentions", 0, "pages_cited", "8", "page reference"),
        ("policy-mentions", 1, "anchor", "bread is bad", "anchor"),
        ("interviews-excerpts", 0, "sha256", "0" * 64, "excerpt"),
        ("interviews-excerpts", 0, "n_cobaking", 1, "excerpt terms"),
    ],
)
def test_a_wrong_fact_is_not_found(build_study, tmp_path, table, row, column, value, kind):
    study = build_study(change(table, row, column, value), BIBLIOGRAPHY)
    checks = verified(study, written(tmp_path, REPORT))
    assert kind in set(checks.loc[checks["found"] == "no", "kind"])


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("volume = {7}", "volume = {8}", "volume"),
        ("Baker-Jones, B", "Baker-James, B", "author"),
        ("year = {2016}", "year = {2014}", "year"),
        ("Journal of Bread", "Journal of Cake", "journal"),
        ("title = {Sour bread}", "title = {Sweet bread}", "title"),
    ],
)
def test_a_wrong_bibliographic_field_is_not_found(build_study, tmp_path, old, new, field):
    study = build_study(tables(), BIBLIOGRAPHY.replace(old, new))
    checks = verified(study, written(tmp_path, REPORT))
    lost = checks[(checks["kind"] == "bibliography") & (checks["found"] == "no")]
    assert any(identifier.endswith(field) for identifier in lost["id"])


def test_an_anchor_in_another_section_is_elsewhere(build_study, tmp_path):
    study = build_study(change("policy-mentions", 1, "section", "S3"), BIBLIOGRAPHY)
    checks = verified(study, written(tmp_path, REPORT)).set_index(["kind", "id"])
    assert checks.loc[("anchor", "policy-mentions D1"), "where"].tolist() == ["in its section", "elsewhere"]


def test_a_study_with_few_tables_is_verified_as_far_as_it_goes(build_study, tmp_path):
    kept = {name: rows for name, rows in tables().items() if name in {"sections", "screening-flow"}}
    checks = verified(build_study(kept), written(tmp_path, REPORT))
    assert sorted(set(checks["kind"])) == ["anchor", "count"]


def test_a_study_without_sections_cannot_be_verified(build_study, tmp_path):
    with pytest.raises(InputError, match="no table of sections"):
        verification.open_copy(build_study({"other": [{"id": "a"}]}), written(tmp_path, REPORT))


@pytest.mark.parametrize(
    ("number", "word"),
    [(0, "zero"), (12, "twelve"), (20, "twenty"), (21, "twenty-one"), (99, "ninety-nine"), (100, "")],
)
def test_numbers_in_words(number, word):
    assert verification.in_words(number) == word


# Outputs ------------------------------------------------------------------------------------------------------------


def test_local_outputs_hold_the_words_and_the_printed_wording(invented, tmp_path):
    told = verification.run(invented, written(tmp_path, REPORT), tmp_path / "out").text
    folder = tmp_path / "out" / "source"
    excerpts = pd.read_csv(folder / "excerpts-with-words.csv")
    assert excerpts.to_numpy().tolist() == [["E1", "B1", WORDS]]
    second = pd.read_csv(folder / "table-2-printed.csv").set_index(["id", "field"])
    assert second.loc[("miller2014", "aim")].tolist() == ["weigh", "To weigh 14 loaves from 1999 on"]
    assert second.loc[("ng2016", "evidence"), "printed"] == "Sour ones sell too."
    fifth = pd.read_csv(folder / "table-5-printed.csv").set_index(["id", "field"])["printed"].to_dict()
    assert fifth[("D1", "note")] == "Co-baked bread is good."
    assert fifth[("D1", "narrative")].startswith("The plan wants co-baking")
    assert "2 of 2 found" in told
    assert WORDS not in told
    assert WORDS not in (folder / "verification.csv").read_text(encoding="utf-8")


def test_the_printed_focus_is_cut_from_the_table_of_synthesised_reviews(build_study, tmp_path):
    rows = tables()
    ids = {heading: row["section_id"] for heading, row in zip(HEADINGS, rows["sections"], strict=True)}
    rows["sections"] = [
        {"section_id": ids.get(h, "S9"), "title": h.split(" –")[0].split(":")[0], "heading": h} for h in WITH_TABLE_3
    ]
    for row, order in zip(rows["appraisal-characteristics"], (1, None), strict=True):
        row |= {"focus": "weight", "focus_order": order, "review_type": "Rapid Review"}
    text = REPORT.replace("POLICY\n", TABLE_3 + "POLICY\n")
    verification.run(build_study(rows, BIBLIOGRAPHY), written(tmp_path, text), tmp_path / "out")
    third = pd.read_csv(tmp_path / "out" / "source" / "table-3-printed.csv")
    assert third.to_numpy().tolist() == [["miller2014", "focus", "weight", "How heavy loaves are"]]


def test_what_was_not_found_is_named(build_study, tmp_path):
    study = build_study(change("appraisal-scores", 0, "score", "4"), BIBLIOGRAPHY)
    told = verification.run(study, written(tmp_path, REPORT), tmp_path / "out").text
    assert "1 of 2 found" in told
    assert "not found: scores, miller2014: 4 1 2" in told


@pytest.mark.parametrize("command", ["check", "list"])
def test_commands_that_take_no_source_say_so(command, capsys):
    assert main([command, "--source", "copy.txt"]) == 2
    assert "--source" in capsys.readouterr().err


def test_a_missing_source_stops_the_run_before_it_starts(capsys, tmp_path):
    assert main(["validate", "--source", str(tmp_path / "none.txt")]) == 2
    out, err = capsys.readouterr()
    assert "no such file" in err
    assert out == ""


def test_status_says_whether_all_was_found(capsys, monkeypatch, tmp_path):
    for missing, status in ((0, 0), (2, 1)):
        monkeypatch.setattr(verification, "run", lambda study, path, n=missing: verification.Verified("told", n))
        assert main(["validate", "--source", str(tmp_path / "copy.txt")]) == status
        assert "told" in capsys.readouterr().out


# The published report -----------------------------------------------------------------------------------------------


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="the published report is not part of the project")
def test_all_anchors_and_hashes_of_the_study_are_in_the_published_report(study):
    checks = verified(study, PUBLISHED)
    strict = {"anchor", "excerpt", "excerpt terms", "excerpt words", "bibliography", "scores", "url", "passage terms"}
    wrong = checks[checks["kind"].isin(strict) & (checks["where"] != "in its section") | (checks["found"] != "yes")]
    assert wrong[["kind", "id", "what"]].to_numpy().tolist() == []
    found = verification.summary(checks).set_index("kind")["checked"]
    assert found["excerpt"] == len(study.table("interviews-excerpts"))
    assert found["scores"] == len(study.table("appraisal-overall"))
