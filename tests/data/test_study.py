"""A study: what is read, with which types, and what is said of a folder that is none."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import compendium
from compendium.data.study import Study, once_per_study, split_list
from compendium.errors import InputError


def test_missing_counts_are_na_and_whole_numbers_stay_whole(study):
    flow = study.table("screening-flow").set_index("stage_id")["count"]
    assert flow.dtype == "Int64"
    assert flow["identified"] == 263
    assert pd.isna(flow["duplicates_removed"])


def test_text_that_pandas_would_take_for_missing_or_a_number_stays_text(build_study):
    study = build_study({"pears": [{"id": "01", "name": "NA"}, {"id": "1e3", "name": "null"}, {"id": "x", "name": ""}]})
    assert study["pears"]["id"].tolist() == ["01", "1e3", "x"]
    assert study["pears"]["name"].tolist() == ["NA", "null", ""]


def test_dates_stay_text_and_numbers_become_floats(build_study):
    study = build_study({"pears": [{"id": "a", "picked": "2020-04-01", "weight": "1.5"}]})
    fields = study.resources["pears"]["schema"]["fields"]
    fields[1]["type"], fields[2]["type"] = "date", "number"
    row = study["pears"].iloc[0]
    assert (row["picked"], row["weight"]) == ("2020-04-01", 1.5)


def test_a_table_handed_out_is_a_copy(study):
    mine = study["terms"]
    mine["label"] = "changed"
    assert "changed" not in set(study["terms"]["label"])


def test_files_read_are_remembered_as_what_a_stage_depends_on(copy_of_study):
    study = Study(copy_of_study)
    assert study.files_read == set()
    _ = study["terms"], study.bibliography
    assert study.files_read == {"terms.csv", "references.bib"}


def test_the_bundled_study_is_the_default_and_the_package_offers_it(study):
    assert compendium.Study().folder == study.folder == Study("").folder
    assert repr(study).startswith(f"Study({study.title!r}, ")
    assert list(study) == study.names
    assert "terms" in study
    assert "pears" not in study


def test_the_package_has_no_other_names():
    with pytest.raises(AttributeError, match="no attribute 'Pear'"):
        _ = compendium.Pear


def test_an_unknown_table_is_told_with_the_nearest(study):
    with pytest.raises(InputError, match=r"no such table \(did you mean 'screening-flow'\?\)"):
        study.table("screening-flaw")


def test_primary_keys_are_lists_however_they_are_written(study, build_study):
    assert study.primary_key("appraisal-scores") == ["review_id", "component_id"]
    invented = build_study({"pears": [{"id": "a"}]})
    invented.resources["pears"]["schema"]["primaryKey"] = "id"
    assert invented.primary_key("pears") == ["id"]
    del invented.resources["pears"]["schema"]["primaryKey"]
    assert invented.primary_key("pears") == []


def test_title_falls_back_to_name_then_folder(build_study):
    study = build_study({"pears": [{"id": "a"}]})
    assert study.title == "invented"
    study.package["name"] = ""
    study.package["title"] = "Pears"
    assert study.title == "Pears"


def test_a_study_without_bibliography_has_no_entries(copy_of_study):
    (copy_of_study / "references.bib").unlink()
    assert Study(copy_of_study).bibliography == {}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe{}", "is not JSON in UTF-8"),
        (b"{", "is not JSON in UTF-8"),
        (b"", "is not JSON in UTF-8"),
        (b"[]", "is not a data package"),
        (b'{"resources": {}}', "is not a data package"),
        (b'{"resources": ["pears.csv"]}', "resources"),
        (b'{"resources": [{"name": "pears", "path": ["a", "b"]}]}', "path"),
    ],
)
def test_a_descriptor_that_is_none_is_one_sentence(tmp_path, content, told):
    (tmp_path / "datapackage.json").write_bytes(content)
    with pytest.raises(InputError, match=told):
        Study(tmp_path)


def test_no_folder_and_a_folder_without_descriptor_are_told_apart(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        Study(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"has no datapackage\.json"):
        Study(tmp_path)


def test_a_byte_order_mark_before_the_descriptor_is_forgiven(tmp_path):
    schema = {"fields": [{"name": "pear", "type": "string"}]}
    pears = {"name": "pears", "path": "pears.csv", "schema": schema}
    text = json.dumps({"resources": [{"name": "picture", "path": "a.png"}, pears]})
    (tmp_path / "datapackage.json").write_text(text, encoding="utf-8-sig")
    assert Study(tmp_path).names == ["pears"]  # a resource without a schema is no table


MEMBERS = st.lists(st.text(alphabet=st.characters(exclude_characters=";"), min_size=1).filter(str.strip))


@given(MEMBERS)
def test_a_list_cell_gives_back_its_members(members):
    assert split_list("; ".join(members)) == [member.strip() for member in members]


def test_an_empty_list_cell_and_stray_separators_have_no_members():
    assert split_list("") == split_list(" ; ;") == []


def test_what_is_computed_once_comes_as_a_copy(study: Study) -> None:
    """Who changes what a function gave does not change what it gives next, nor what it gives for other arguments."""
    calls: list[str] = []

    @once_per_study
    def measured(of: Study, name: str = "a") -> dict[str, int]:
        calls.append(name)
        return {name: len(of.names)}

    measured(study).clear()
    assert measured(study) == {"a": len(study.names)}
    assert measured(study, "b") == measured(study, "b") != measured(study)
    assert calls == ["a", "b"]
