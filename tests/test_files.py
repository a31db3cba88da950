"""Writing files: the old or the new one, never half of one."""

import hashlib
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.files import read_json, remove_partial, sha256, tree, write_bytes, write_json, write_text


def _make_old(path):
    os.utime(path, ns=(10**18, 10**18))


@given(st.binary(), st.binary())
def test_a_file_is_touched_only_when_its_content_changes(tmp_path_factory, first, second):
    path = tmp_path_factory.mktemp("files") / "deep" / "a.bin"
    write_bytes(path, first)
    _make_old(path)
    write_bytes(path, second)
    assert path.read_bytes() == second
    assert (path.stat().st_mtime_ns == 10**18) == (first == second)
    assert [p.name for p in path.parent.iterdir()] == ["a.bin"]


def test_text_is_utf_8_and_its_line_ends_stay(tmp_path):
    write_text(tmp_path / "a.txt", "Pear – µ\nb\r\n")
    assert (tmp_path / "a.txt").read_bytes() == b"Pear \xe2\x80\x93 \xc2\xb5\nb\r\n"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def fail(self, target):
        raise OSError("disk full")

    monkeypatch.setattr(type(path), "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_text(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_json_is_readable_in_the_order_given_and_ends_with_a_newline(tmp_path):
    write_json(tmp_path / "a.json", {"z": "Bär", "a": [1]})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n "z": "Bär",\n "a": [\n  1\n ]\n}\n'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_json_comes_back_as_it_went(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("json") / "a.json"
    write_json(path, value)
    assert read_json(path) == value
    assert json.loads(path.read_text(encoding="utf-8")) == value


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"a": 1'])
def test_a_json_file_that_was_cut_short_counts_as_none(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    assert read_json(tmp_path / "a.json") is None
    assert read_json(tmp_path / "absent.json") is None


def test_the_hash_is_that_of_the_content(tmp_path):
    # FIPS 180-4, example of the one-block message "abc".
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


def test_a_tree_is_sorted_and_has_no_hidden_files(tmp_path):
    for name in ("b/z.txt", "b/a.txt", "a.txt", ".git/x", "b/.part"):
        write_text(tmp_path / name, "x")
    assert list(tree(tmp_path)) == ["a.txt", "b/a.txt", "b/z.txt"]
    assert tree(tmp_path / "absent") == {}


def test_what_a_killed_run_left_half_written_is_removed_and_nothing_else(tmp_path):
    kept = ["report/a.csv", "report/b.part", "notes/.c.csv.1.part"]
    for name in [*kept, "report/tables/.a.csv.7.part", "figures/.f.svg.7.part", "data/derived/x/.r.json.7.part"]:
        write_text(tmp_path / name, "x")
    remove_partial(tmp_path)
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()) == sorted(kept)
