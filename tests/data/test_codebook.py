"""The data dictionary: an invented descriptor, and the generated parts of the committed documents."""

import json
import re

import pytest

from compendium.data import codebook
from compendium.data.codebook import (
    ARTEFACTS,
    DICTIONARY,
    MANIFEST,
    README,
    MarkerError,
    artefacts,
    between,
    generate,
    update,
)
from compendium.data.study import Study
from compendium.paths import ROOT

DESCRIPTOR = {
    "name": "orchard",
    "resources": [
        {
            "name": "trees-kinds",
            "path": "trees/kinds.csv",
            "title": "Kinds of tree",
            "description": "One row per kind, *not* per tree.",
            "schema": {
                "fields": [
                    {"name": "kind_id", "type": "string", "constraints": {"pattern": "(apple|pear)", "unique": True}},
                    {"name": "parent", "type": "string", "description": "Columns n_<kind> count"},
                    {"name": "rank", "type": "integer", "constraints": {"minimum": 0, "maximum": 3, "enum": [1, 2]}},
                ],
                "primaryKey": "kind_id",
                "foreignKeys": [{"fields": "parent", "reference": {"resource": "", "fields": "kind_id"}}],
            },
        },
        {
            "name": "yield",
            "path": "yield.csv",
            "schema": {
                "fields": [
                    {"name": "year", "type": "year", "constraints": {"required": True}},
                    {"name": "kinds", "type": "string", "listOf": "trees-kinds"},
                ],
                "primaryKey": ["year", "kinds"],
            },
        },
        {"name": "trees-sizes", "path": "trees/sizes.csv", "schema": {"fields": [{"name": "cm", "type": "number"}]}},
    ],
}


@pytest.fixture
def orchard(tmp_path):
    (tmp_path / "datapackage.json").write_text(json.dumps(DESCRIPTOR), encoding="utf-8")
    return Study(tmp_path)


def row_of(text, field):
    return next(line for line in text.splitlines() if line.startswith(f"| `{field}` |"))


def test_a_bar_in_a_pattern_does_not_end_the_cell(orchard):
    assert row_of(generate(orchard), "kind_id") == "| `kind_id` | string | unique; pattern `(apple\\|pear)` |  |"


def test_markup_in_a_description_is_shown_as_it_is_written(orchard):
    text = generate(orchard)
    assert "Columns n_\\<kind\\> count" in row_of(text, "parent")
    assert "One row per kind, \\*not\\* per tree." in text


def test_a_limit_of_zero_is_named(orchard):
    assert "one of `1`, `2`; ≥ 0; ≤ 3" in row_of(generate(orchard), "rank")


def test_a_key_into_the_same_table_names_that_table(orchard):
    assert "in [trees-kinds](#trees-kinds).`kind_id`" in row_of(generate(orchard), "parent")


def test_required_and_lists_of_identifiers_are_told(orchard):
    text = generate(orchard)
    assert row_of(text, "year").startswith("| `year` | year | required |")
    assert "list of identifiers in [trees-kinds](#trees-kinds)" in row_of(text, "kinds")


def test_keys_of_one_column_of_two_and_of_none(orchard):
    text = generate(orchard)
    assert "key: `kind_id`\n" in text
    assert "key: `year`, `kinds`\n" in text
    assert "key: none\n" in text


def test_tables_of_a_folder_stand_together_though_others_lie_between(orchard):
    lines = generate(orchard).splitlines()
    assert lines[2:4] == [
        "| `trees/` | [trees-kinds](#trees-kinds), [trees-sizes](#trees-sizes) |",
        "| (whole study) | [yield](#yield) |",
    ]


def test_artefacts_lists_published_ones_and_counts_the_others():
    entry = {"kind": "table", "title": "Yield | year", "notebook": "02_trees.ipynb", "files": {"t/table-2.csv": "0"}}
    manifest = {
        "artefacts": [
            {**entry, "id": "table-2", "published": True},
            {**entry, "id": "s-soil", "published": False},
            {**entry, "id": "figure-1", "kind": "figure", "published": True},
        ]
    }
    lines = artefacts(manifest).splitlines()
    made = "| [02_trees](notebooks/02_trees.ipynb) | [csv](t/table-2.csv) |"
    assert lines[2:4] == [f"| figure-1 | Yield \\| year {made}", f"| table-2 | Yield \\| year {made}"]
    assert lines[-1] == "Beyond the published report: 0 figures and 1 table, ids `s-…`."


def test_update_replaces_only_what_stands_between_the_markers(orchard, tmp_path):
    path = tmp_path / "README.md"
    path.write_text("# Ours\n<!-- begin tables: how -->\nformer\n<!-- end tables -->\nEnd.\n", encoding="utf-8")
    assert update(path, "tables", generate(orchard))
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# Ours\n<!-- begin tables: how -->\n")
    assert text.endswith("<!-- end tables -->\nEnd.\n")
    assert "former" not in text
    assert between(text, "tables") == generate(orchard)
    assert not update(path, "tables", generate(orchard))


@pytest.mark.parametrize(
    "text",
    [
        "no markers\n",
        "<!-- begin tables -->\n",
        "<!-- end tables -->\n<!-- begin tables -->\n",
        "<!-- begin tables -->\n<!-- end tables -->\n<!-- begin tables -->\n<!-- end tables -->\n",
    ],
)
def test_a_document_without_one_pair_of_markers_is_refused_and_kept(orchard, tmp_path, text):
    path = tmp_path / "README.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MarkerError, match=r"README\.md must have the markers .* once, in this order"):
        update(path, "tables", generate(orchard))
    assert path.read_text(encoding="utf-8") == text


def test_links_lead_to_the_tables_from_where_the_document_lies(orchard):
    assert "[`trees/kinds.csv`](../data/trees/kinds.csv)" in generate(orchard)
    assert "[`trees/kinds.csv`](trees/kinds.csv)" in generate(orchard, base="")


def test_main_writes_all_documents_and_tells_which_changed(orchard, tmp_path, monkeypatch, capsys):
    (tmp_path / "dictionary.md").write_text("<!-- begin tables -->\n<!-- end tables -->\n", encoding="utf-8")
    (tmp_path / "README.md").write_text(
        "<!-- begin badge -->\n<!-- end badge -->\n<!-- begin artefacts -->\n<!-- end artefacts -->\n", encoding="utf-8"
    )
    (tmp_path / "manifest.json").write_text('{"artefacts": []}', encoding="utf-8")
    monkeypatch.setattr(codebook, "DICTIONARY", tmp_path / "dictionary.md")
    monkeypatch.setattr(codebook, "README", tmp_path / "README.md")
    monkeypatch.setattr(codebook, "MANIFEST", tmp_path / "manifest.json")
    monkeypatch.setattr(codebook.structure, "PICTURE", tmp_path / "picture.svg")
    monkeypatch.setattr(codebook.structure, "update", lambda: True)
    monkeypatch.setattr(codebook.paths, "BUNDLED_STUDY", tmp_path)
    monkeypatch.setattr(codebook.paths, "ROOT", tmp_path)
    assert codebook.main() == 0
    assert capsys.readouterr().out == "dictionary.md: written\nREADME.md: written\npicture.svg: written\n"
    assert codebook.main() == 0
    assert capsys.readouterr().out.startswith("dictionary.md: up to date\nREADME.md: up to date\n")
    (tmp_path / "README.md").write_text("nothing\n", encoding="utf-8")
    assert codebook.main() == 1
    assert capsys.readouterr().err.startswith("error: README.md must have the markers")


@pytest.mark.parametrize(
    ("repository", "place"),
    [
        ("https://github.com/owner/repo", "gh/owner/repo"),
        ("https://github.com/owner/repo.git", "gh/owner/repo"),
        ("https://gitlab.com/group/team/repo/", "gl/group%2Fteam%2Frepo"),
        ("https://git.example.org/owner/repo", "git/https%3A%2F%2Fgit.example.org%2Fowner%2Frepo"),
    ],
)
def test_badge_has_the_form_that_mybinder_gives(repository, place):
    launch = f"https://mybinder.org/v2/{place}/HEAD?urlpath=lab/tree/notebooks"
    badge = codebook.badge(repository)
    assert badge == f"[![Open the notebooks on Binder](docs/images/binder.svg)]({launch})"


def test_without_a_repository_the_badge_leads_to_how_it_is_done_by_hand(monkeypatch, tmp_path):
    (tmp_path / "CITATION.cff").write_text("title: x\n# repository-code: https://github.com/a/b\n", encoding="utf-8")
    monkeypatch.setattr(codebook, "CITATION", tmp_path / "CITATION.cff")
    page, _, anchor = codebook.badge(codebook.repository()).rpartition("(")[2].removesuffix(")").partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert anchor in [heading.lower().replace(" ", "-") for heading in headings]
    (tmp_path / "CITATION.cff").write_text('repository-code: "https://github.com/a/b"\n', encoding="utf-8")
    assert codebook.repository() == "https://github.com/a/b"


STALE = "is out of date: run python -m compendium.data.codebook"


def test_the_committed_dictionary_is_what_the_descriptor_says(study):
    assert between(DICTIONARY.read_text(encoding="utf-8"), codebook.TABLES) == generate(study), f"{DICTIONARY} {STALE}"


def test_the_committed_list_of_artefacts_is_what_the_manifest_says():
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    assert between(README.read_text(encoding="utf-8"), ARTEFACTS) == artefacts(manifest), f"{README} {STALE}"


def test_the_committed_badge_leads_to_the_repository_that_is_cited():
    assert between(README.read_text(encoding="utf-8"), codebook.BADGE) == codebook.badge(codebook.repository()), STALE


def test_every_field_of_the_bundled_study_is_described(study):
    silent = [
        f"{name}.{field['name']}"
        for name, resource in study.resources.items()
        for field in resource["schema"]["fields"]
        if not field.get("description", "").strip()
    ]
    assert not silent
