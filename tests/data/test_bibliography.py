"""Bibliographic entries: read from BibTeX, written in the Vancouver form.

The worked references are those of the National Library of Medicine, *Samples of Formatted References for Authors of
Journal Articles* (the page that the ICMJE Recommendations refer to).
"""

import pytest

from compendium.data.bibliography import full_reference, read_bibliography, short_citation, surnames
from compendium.errors import InputError


@pytest.fixture
def read(tmp_path):
    def read_one(text):
        path = tmp_path / "references.bib"
        path.write_text(text, encoding="utf-8")
        return next(iter(read_bibliography(path).values()))

    return read_one


HALPERN = """@article{halpern2002,
  author = {Halpern, Scott D. and Ubel, Peter A. and Caplan, Arthur L.},
  title = {Solid-organ transplantation in {HIV}-infected patients}, journal = {N Engl J Med},
  year = {2002}, month = {Jul 25}, volume = {347}, issue = {4}, pages = {284--7} }"""
ROSE = """@article{rose2002,
  author = {Rose, M. E. and Huerbin, M. B. and Melick, J. and Marion, D. W. and Palmer, A. M. and Schiding, J. K.
            and Kochanek, P. M. and Graham, S. H.},
  title = {Regulation of interstitial excitatory amino acid concentrations after cortical contusion injury},
  journal = {Brain Res}, year = 2002, volume = 935, issue = {1-2}, pages = {40-6} }"""
PROGRAM = """@article{dppr2002, author = {{Diabetes Prevention Program Research Group}},
  title = {Hypertension, insulin, and proinsulin in participants with impaired glucose tolerance},
  journal = {Hypertension}, year = {2002}, volume = {40}, issue = {5}, pages = {679-86} }"""
NO_AUTHOR = """@article{bmj2002, title = {21st century heart solution may have a sting in the tail}, journal = {BMJ},
  year = {2002}, volume = {325}, issue = {7357}, pages = {184} }"""
MURRAY = """@book{murray2002, title = {Medical microbiology. 4th ed.}, year = {2002}, publisher = {Mosby},
  author = {Murray, PR and Rosenthal, KS and Kobayashi, GS and Pfaller, MA}, address = {St. Louis} }"""


@pytest.mark.parametrize(
    ("entry", "reference"),
    [
        (
            HALPERN,
            "Halpern SD, Ubel PA, Caplan AL. Solid-organ transplantation in HIV-infected patients. "
            "N Engl J Med. 2002 Jul 25;347(4):284-7.",
        ),
        (
            ROSE,
            "Rose ME, Huerbin MB, Melick J, Marion DW, Palmer AM, Schiding JK, et al. Regulation of interstitial "
            "excitatory amino acid concentrations after cortical contusion injury. Brain Res. 2002;935(1-2):40-6.",
        ),
        (
            PROGRAM,
            "Diabetes Prevention Program Research Group. Hypertension, insulin, and proinsulin in participants with "
            "impaired glucose tolerance. Hypertension. 2002;40(5):679-86.",
        ),
        (NO_AUTHOR, "21st century heart solution may have a sting in the tail. BMJ. 2002;325(7357):184."),
        (
            MURRAY,
            "Murray PR, Rosenthal KS, Kobayashi GS, Pfaller MA. Medical microbiology. 4th ed. St. Louis: Mosby; 2002.",
        ),
    ],
)
def test_a_reference_reads_as_in_the_samples_of_the_nlm(read, entry, reference):
    assert full_reference(read(entry)) == reference


@pytest.mark.parametrize(
    ("author", "citation"),
    [
        ("Pear, Ann", "Pear 2001"),
        ("Pear, Ann and Quince, Bo", "Pear and Quince 2001"),
        ("Pear, Ann and Quince, Bo and Sloe, C", "Pear et al. 2001"),
        ("Pear, Ann and others", "Pear et al. 2001"),
        ("{Orchard and Cider Board}", "Orchard and Cider Board 2001"),
        ("{Orchards, Ciders and Perries} and Pear, Ann", "Orchards, Ciders and Perries and Pear 2001"),
        ("van der Pear, Ann", "van der Pear 2001"),
        ("Ann van der Pear and Bo Quince", "van der Pear and Quince 2001"),
        ("{Orchard Board}", "Orchard Board 2001"),
    ],
)
def test_a_short_citation_counts_the_authors(read, author, citation):
    assert short_citation(read(f"@misc{{a, author = {{{author}}}, title = {{T}}, year = {{2001}} }}")) == citation


def test_a_short_citation_without_author_or_year_says_so(read):
    assert short_citation(read("@misc{a, title = {Pears} }")) == "Anonymous n.d."
    assert short_citation(read("@book{a, editor = {Pear, Ann}, year = {2001} }")) == "Pear 2001"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"Andr{\'e}, Jos\'e", "André J"),
        (r"M{\"u}ller, {\"O}zg{\"u}r", "Müller Ö"),
        (r"Fran\c{c}ois, Zo{\`e}", "François Z"),
        (r"Novo{\v s}, {\v Z}an", "Novoš Ž"),
        (r"S{\o}rensen, {\AA}se", "Sørensen Å"),
        (r"Gau{\ss}, C. F.", "Gauß CF"),
        (r"Mart{\'\i}nez, Bego{\~n}a", "Martínez B"),
        ("Vindrola-Padros, Anne-Marie", "Vindrola-Padros AM"),
        ("King, Jr., Martin Luther", "King ML Jr"),
    ],
)
def test_accents_and_initials(read, written, meant):
    assert full_reference(read(f"@misc{{a, author = {{{written}}} }}")) == f"{meant}."


def test_protected_capitals_keep_their_case_and_lose_their_braces(read):
    entry = read(r"@misc{a, title = {The {NHS} in {Pear} \& {Plum}: 100\% of\_it}, month = {{May}} }")
    assert entry["title"] == "The NHS in Pear & Plum: 100% of_it"
    assert entry["month"] == "May"


def test_an_address_is_kept_letter_by_letter(read):
    entry = read("@misc{a, title = {Pears}, year = {2001}, url = {https://example.org/a--b/~c_d} }")
    assert full_reference(entry) == "Pears. 2001. https://example.org/a--b/~c_d"


def test_a_title_that_asks_gets_no_second_stop(read):
    entry = read("@article{a, author = {Pear, A}, title = {Why prune?}, journal = {Orchards}, year = {2001} }")
    assert full_reference(entry) == "Pear A. Why prune? Orchards. 2001."


def test_field_names_and_types_are_lower_case_and_entries_keep_their_order(tmp_path):
    path = tmp_path / "r.bib"
    path.write_text("@BOOK{z, Title = {Z}}\n@Misc{a, TITLE = {A}}\n", encoding="utf-8-sig")
    entries = read_bibliography(path)
    assert entries == {"z": {"ENTRYTYPE": "book", "title": "Z"}, "a": {"ENTRYTYPE": "misc", "title": "A"}}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("@misc{a, title = {A}}\n\n@misc{b, title = {B\n", [3]),
        ("@misc{a, title = {A}}\n@misc{a, title = {Again}}\n", [2]),
        ("@misc{a, title = {A}, title = {B}}\n", [1]),
        ("@misc{a, author = {Pear, A, B, C}}\n", [1]),
        ("@misc{a, title = {A}}\n@misc{a, title = {B}}\n@misc{c, d\n", [2, 3]),
    ],
)
def test_malformed_and_repeated_entries_are_all_told_by_line(tmp_path, text, lines):
    path = tmp_path / "r.bib"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="entry cannot be read") as caught:
        read_bibliography(path)
    assert [problem.row for problem in caught.value.problems] == lines
    assert {problem.file for problem in caught.value.problems} == {"r.bib"}


def test_a_bibliography_in_another_encoding_is_told(tmp_path):
    (tmp_path / "r.bib").write_bytes("@misc{a, title = {Müsli}}".encode("latin-1"))
    with pytest.raises(InputError, match=r"r\.bib: is not UTF-8"):
        read_bibliography(tmp_path / "r.bib")


def test_the_bundled_bibliography_is_complete_and_agrees_with_the_citations(study):
    assert len(study.bibliography) == 33 + 9
    for row in study["screening-full-text"].itertuples():
        assert short_citation(study.bibliography[row.citation_key]) == row.citation


def test_names_of_bodies_are_not_taken_apart(study):
    bodies = {surnames(e)[0] for e in study.bibliography.values() if e["ENTRYTYPE"] == "techreport"}
    assert {"Scottish Government", "Audit Scotland"} <= bodies
