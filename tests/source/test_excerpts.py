"""Excerpts: a made-up report about a village orchard, and the published one where it is at hand."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.source.excerpt_matching import find
from compendium.source.excerpts import locate, without_words
from compendium.source.quotations import Speakers, find_blocks, find_inline
from compendium.source.report_text import (
    ExcerptError,
    LocatorError,
    SectionError,
    count_terms,
    count_words,
    fingerprint,
    normalise,
    section_bodies,
)

FAMILIES = {"pruning": ["re-prun*", "prun*"], "selfcare": ["self-water*"], "frost": ["frost"]}

REPORT = """\
THE ORCHARD STUDY

CONTENTS
Trees\t3
Cider\t9

Trees

Growers spoke of 'heritage' trees and of boards' duties. One of them put it thus:

...we never *pruned* in May, it's
just not done. My gran said 'leave the sap alone', and

we left it. Re-pruning came later ... [laughs] (P01)

Others agreed. For example:

The first frost is what decides. Nobody can hurry it.

So you wait, and you self‑water the young ones, or your neighbours’ ones.

(P012)

I only came for the cider! (Q3)

Cider

P01 held that cider is ‘the boards’ only pleasure, don't forget’. Growers call this 'thrift'. They were
told by another that 'presses wear out ... That's life.' (P12). That grower also found that *'it needs
two to press, and*

one to sing’. A weary Q3 asked for "a warm barn", and P01 and P12 for 'any barn'.

Trees

Nothing was said here.
"""
SECTIONS = pd.DataFrame({"section_id": ["A", "B", "C"], "heading": ["Trees", "Cider", "Trees"]})
INTERVIEWEES = pd.DataFrame({"interviewee_id": ["P01", "P12", "Q3"], "level_id": ["field", "field", "village"]})
THEMES = pd.DataFrame({"section_id": ["A"], "theme_id": ["T1"]})
LOCATORS = pd.DataFrame(
    [
        ("A", 1, "scare quotes", "", ""),
        ("B", 1, "excerpt", "", ""),
        ("B", 2, "term", "", ""),
        ("B", 3, "excerpt", "", ""),
        ("B", 4, "excerpt", "P12", ""),
        ("B", 5, "excerpt", "", ""),
        ("B", 6, "excerpt", "", "field"),
    ],
    columns=["section_id", "position", "decision", "interviewee_id", "level_id"],
)


@pytest.fixture
def speakers():
    return Speakers.from_ids(INTERVIEWEES["interviewee_id"])


@pytest.fixture
def bodies():
    return section_bodies(REPORT, SECTIONS)


def located(**changes):
    given = {
        "text": REPORT,
        "sections": SECTIONS,
        "locators": LOCATORS,
        "interviewees": INTERVIEWEES,
        "themes": THEMES,
        "families": FAMILIES,
    }
    return locate(**(given | changes))


class TestNormalise:
    def test_lays_out_alike(self):
        printed = "  *It’s* ours:\u00a0½ the\n\n“orchard”, a\u2011b.* "
        assert normalise(printed) == 'It\'s ours: 1\u20442 the "orchard", a\u2010b.'

    @given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("*‘’“” \u0301\u0338<>ea\u00b4"))))
    def test_once_is_enough(self, text):
        assert normalise(normalise(text)) == normalise(text)

    def test_hash_as_other_tools_compute_it(self):
        # printf "It's ours." | sha256sum
        assert fingerprint("*It’s*\n ours. ") == ("d316152f87be523288587c6ea76f0265e1b62343f96fb0cc73f0d1be26e1bc8d")


class TestCounts:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("two words", 2),
            ("... and ... so – on", 3),
            ("in...that [laughs] 100%", 3),
            ("* ' * ...", 0),
        ],
    )
    def test_words_have_a_letter_or_digit(self, text, expected):
        assert count_words(text) == expected

    @pytest.mark.parametrize(
        ("text", "pruning", "selfcare", "frost"),
        [
            ("Pruned, re-pruning and Repruned", 3, 0, 0),
            ("Self-watering, selfwatered, self‑water; self water", 0, 3, 0),
            ("frosty, frost. FROST-bitten", 0, 0, 2),
        ],
    )
    def test_terms(self, text, pruning, selfcare, frost):
        assert count_terms(text, FAMILIES) == {"pruning": pruning, "selfcare": selfcare, "frost": frost}

    def test_a_stem_needs_letters(self):
        with pytest.raises(ExcerptError, match="no letters"):
            count_terms("any", {"all": ["*"]})


class TestSpeakers:
    def test_zeros_do_not_matter_but_other_digits_do(self, speakers):
        assert speakers.named_in("P1, P012, P0012 (Q03) but not P120, XP1 or P1a") == ["P01", "P12", "Q3"]

    def test_names_without_numbers(self):
        assert Speakers.from_ids(["Alder", "Ash"]).named_in("(Ash) and Alder") == ["Ash", "Alder"]

    def test_ids_that_markers_cannot_tell_apart(self):
        with pytest.raises(ExcerptError, match="'P1' and 'P01'"):
            Speakers.from_ids(["P1", "P01"])

    def test_none_at_all(self):
        with pytest.raises(ExcerptError, match="no speaker"):
            Speakers.from_ids([])


class TestSections:
    def test_a_line_of_contents_is_no_heading(self, bodies):
        assert normalise(bodies["A"]).startswith("Growers spoke")
        assert normalise(bodies["C"]) == "Nothing was said here."

    def test_a_heading_may_break_and_have_ligatures_in_a_pdf(self):
        sections = pd.DataFrame({"section_id": ["F"], "heading": ["First re-planting – our findings"]})
        text = "Some front\r\nFirst re-\r\nplanting – our\r\nﬁndings\r\nbody"
        assert section_bodies(text, sections)["F"].strip() == "body"

    def test_a_missing_heading_is_named_with_its_place(self):
        sections = pd.DataFrame({"section_id": ["A", "Z"], "heading": ["Cider", "Perry"]})
        with pytest.raises(SectionError, match=r"section Z: heading 'Perry'.* after section A"):
            section_bodies(REPORT, sections)


class TestBlocks:
    def test_found_whole(self, bodies, speakers):
        first, second, third = find_blocks(bodies["A"], speakers)
        assert normalise(first.text) == (
            "...we never pruned in May, it's just not done. My gran said 'leave the sap alone', "
            "and we left it. Re-pruning came later ... [laughs]"
        )
        assert normalise(second.text).startswith("The first frost")
        assert normalise(second.text).endswith("or your neighbours' ones.")
        assert normalise(third.text) == "I only came for the cider!"
        assert [block.speaker for block in (first, second, third)] == ["P01", "P12", "Q3"]
        assert bodies["A"][first.start : first.end] == first.text

    def test_prose_that_ends_with_a_cited_quotation_is_none(self, speakers):
        assert find_blocks("One grower said that 'rain helps' (P01).", speakers) == []
        assert find_blocks("One grower said that 'rain helps' (P01)", speakers) == []

    def test_announced_speech_that_ends_with_speech_is_one(self, speakers):
        (block,) = find_blocks("One grower:\n\nMy gran said 'rain helps' (P01)", speakers)
        assert block.text == "My gran said 'rain helps'"

    def test_a_marker_without_words_is_none(self, speakers):
        assert find_blocks("Who said this?\n\nIt was:\n\n(P01)", speakers) == []


class TestInline:
    def test_candidates_and_who_stands_with_them(self, bodies, speakers):
        found = [(normalise(q.text), q.speaker) for q in find_inline(bodies["B"], speakers)]
        assert found == [
            ("the boards' only pleasure, don't forget", "P01"),
            ("thrift", ""),
            ("presses wear out ... That's life.", "P12"),
            ("it needs two to press, and one to sing", ""),
            ("a warm barn", ""),
            ("any barn", ""),
        ]

    def test_quotation_marks_inside_blocks_are_left_aside(self, bodies, speakers):
        assert [q.text for q in find_inline(bodies["A"], speakers)] == ["heritage"]

    def test_an_apostrophe_opens_nothing(self, speakers):
        assert find_inline("The growers' barn isn't Ann's. It's the boards'.", speakers) == []

    def test_the_next_sentence_is_another_matter(self, speakers):
        (quotation,) = find_inline("Said P01 on rain. One said 'it helps'. So did P12.", speakers)
        assert quotation.speaker == ""


class TestLocate:
    def test_table(self):
        table = located()
        assert table["excerpt_id"].tolist() == [f"E{n:03d}" for n in range(1, 9)]
        assert table["kind"].tolist() == ["block"] * 3 + ["inline"] * 5
        assert table["interviewee_id"].tolist() == ["P01", "P12", "Q3", "P01", "P12", "P12", "", ""]
        assert table["attribution"].tolist() == ["marker"] * 5 + ["context"] * 3
        assert table["level"].tolist() == ["field", "field", "village", *["field"] * 3, "", "field"]
        assert table["theme_id"].tolist() == ["T1"] * 3 + [""] * 5
        assert table["order"].tolist() == [1, 2, 3, 1, 2, 3, 4, 5]
        assert table["n_pruning"].tolist() == [2, *[0] * 7]
        assert table["n_words"].tolist() == [24, 23, 6, 6, 5, 9, 3, 2]

    def test_all_that_does_not_fit_is_named(self):
        locators = LOCATORS.drop(index=2)
        locators.loc[1, "interviewee_id"] = "Q3"
        locators.loc[9] = ["B", 7, "term", "", ""]
        with pytest.raises(LocatorError) as caught:
            located(locators=locators)
        assert "section B, quotation 2 is not decided" in str(caught.value)
        assert "section B, quotation 1 is marked P01 but located as Q3" in str(caught.value)
        assert "section B has no quotation 7" in str(caught.value)

    def test_locators_that_cannot_be_used(self):
        rows = [("Z", 1, "term", None, None), ("B", 1, "term", "P99", None), *[("B", 2, "term", "", "")] * 2]
        locators = pd.DataFrame(rows, columns=LOCATORS.columns)
        with pytest.raises(LocatorError) as caught:
            located(locators=locators)
        assert "section Z, quotation 1: no such section" in str(caught.value)
        assert "no such interviewee 'P99'" in str(caught.value)
        assert "section B, quotation 2: decided more than once" in str(caught.value)

    def test_words_stay_out_of_the_table_that_is_kept(self):
        table = located()
        judgements = pd.DataFrame({"sha256": table["sha256"][:1], "kind": ["x"], "gist": ["On timing."]})
        kept = without_words(table, judgements)
        assert "text" not in kept
        assert kept.columns[-1] == "gist"
        assert kept["gist"].tolist() == ["On timing.", *[""] * 7]
        assert kept["kind"].tolist() == table["kind"].tolist()


class TestFind:
    def test_every_excerpt_by_length_and_hash(self, bodies):
        for row in located().itertuples():
            assert find(bodies[row.section_id], row.n_words, row.sha256) == row.text

    def test_in_the_text_of_a_pdf(self):
        words = "The self-watering well-known cooperative helps ... its finest trees."
        pdf = (
            "So: “The self-water-\r\ning well-\r\nknown coop-\r\n17\r\nerative helps ...\r\n\f"
            "Page 18\r\nits ﬁn\u00adest trees.” (P01)\r\nA cooperative.\r\n"
        )
        assert find(pdf, count_words(words), fingerprint(words)) is None
        pdf += "It is well-known."
        assert find(pdf, count_words(words), fingerprint(words)) == words

    @pytest.mark.parametrize("words", ["co-op re-seeded it", "cooperage reseeded it"])
    def test_a_hyphen_that_the_text_does_not_tell(self, words):
        broken = words.replace("reseeded", "re-\nseeded").replace("re-seeded", "re-\nseeded")
        assert find(f"They said ({broken}).", count_words(words), fingerprint(words)) == words

    def test_letters_of_more_than_one_byte(self):
        assert find("Où? « Çà et là » dit-il.", 3, fingerprint("Çà et là")) == "Çà et là"

    def test_another_text_has_it_not(self):
        assert find("Some other words.", 2, fingerprint("some other")) is None

    def test_longer_than_the_section(self):
        assert find("Short.", 9, fingerprint("Short.")) is None

    def test_no_words(self):
        with pytest.raises(ExcerptError, match="at least one word"):
            find("Any.", 0, fingerprint(""))


ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT.parent / "shared" / "report" / "published-report.txt"


@pytest.fixture(scope="module")
def committed():
    return pd.read_csv(ROOT / "data/interviews/excerpts.csv", keep_default_na=False)


@pytest.mark.skipif(not PUBLISHED.exists(), reason="no copy of the published report next to the project")
class TestPublishedReport:
    def test_the_committed_table_is_what_the_report_gives(self, committed):
        def read(name):
            return pd.read_csv(ROOT / "data" / name, keep_default_na=False)

        terms = read("terms.csv")
        families = {row.term_family: [stem.strip() for stem in row.patterns.split(";")] for row in terms.itertuples()}
        table = locate(
            PUBLISHED.read_text(encoding="utf-8"),
            read("sections.csv"),
            read("interviews/locators.csv"),
            interviewees=read("interviews/interviewees.csv"),
            themes=read("interviews/sections.csv"),
            families=families,
        )
        kept = without_words(table, committed)
        pd.testing.assert_frame_equal(kept, committed, check_dtype=False)

    def test_every_excerpt_is_found_by_length_and_hash(self, committed):
        sections = pd.read_csv(ROOT / "data/sections.csv")
        bodies = section_bodies(PUBLISHED.read_text(encoding="utf-8"), sections)
        missing = [
            row.excerpt_id
            for row in committed.itertuples()
            if find(bodies[row.section_id], row.n_words, row.sha256) is None
        ]
        assert missing == []


def test_codes_are_in_the_coding_frame(committed):
    frame = set(pd.read_csv(ROOT / "data/interviews/codes.csv")["code_id"])
    used = committed["codes"].str.split("; ")
    assert set().union(*used) == frame
    assert used.map(len).between(1, 4).all()
    assert committed["gist"].str.split().map(len).between(3, 25).all()
