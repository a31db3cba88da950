"""A run in one archive: whole, without anything else, and the same each time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from crates import graph

from compendium.crate.crate import PREVIEW, pack, write_crate
from compendium.errors import InputError
from compendium.files import read_json, write_json, write_text
from compendium.stages import STAGES


def unpack(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder


def test_a_packed_run_is_a_crate_that_can_be_run_again(
    run_folder: Path, tmp_path: Path, issues: Callable[..., set[str]]
) -> None:
    pack(run_folder, tmp_path / "run.zip")
    folder = unpack(tmp_path / "run.zip", tmp_path / "unpacked")
    assert issues(folder) == set()
    for name in ("report/report.html", "report/assets/a.js", "notebooks/01_search.ipynb", "requirements.lock", PREVIEW):
        assert (folder / name).is_file(), name
    known = {**os.environ, "PYTHONPATH": str(folder / "src")}
    code = "import sys; from compendium.cli import main; sys.exit(main(['validate']))"
    done = subprocess.run([sys.executable, "-c", code], env=known, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert b"no problem found" in done.stdout


def test_only_what_belongs_to_the_run_is_packed(run_folder: Path, tmp_path: Path) -> None:
    """Nothing that lies beside the outputs: no words of a copy of the report, no environment, no history."""
    secret = "words of an interviewee"  # noqa: S105 - no password
    beside = (
        "source/excerpts-with-words.csv",
        "report/tables/mine.csv",
        ".venv/a.py",
        ".git/config",
        "runs/x/report.html",
    )
    for name in beside:
        write_text(run_folder / name, secret)
    pack(run_folder, tmp_path / "run.zip")
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        names = archive.namelist()
        assert not [name for name in names if secret.encode() in archive.read(name)]
    assert names == sorted(names)
    assert not [name for name in names if name.startswith(("/", ".")) or ".." in name or "__pycache__" in name]
    assert "data/derived/state.json" not in names
    assert "data/derived/search/results.json" in names


def test_a_packed_run_has_the_same_bytes_twice(run_folder: Path, tmp_path: Path) -> None:
    pack(run_folder, tmp_path / "a.zip")
    os.utime(run_folder / "report" / "report.html", (1, 1))
    moved = tmp_path / "moved"
    shutil.copytree(run_folder, moved)
    pack(moved, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_file_that_leads_elsewhere_is_refused(run_folder: Path, tmp_path: Path) -> None:
    write_text(tmp_path / "outside.csv", "secret")
    table = run_folder / "report" / "tables" / "search table.csv"
    table.unlink()
    table.symlink_to(tmp_path / "outside.csv")
    with pytest.raises(InputError, match=re.escape("search table.csv: lies outside the run")):
        pack(run_folder, tmp_path / "run.zip")
    record = read_json(run_folder / "report" / "manifest.json")
    record["files"]["../outside.csv"] = "0"
    write_json(run_folder / "report" / "manifest.json", record)
    with pytest.raises(InputError, match=re.escape("../outside.csv: lies outside the run")):
        pack(run_folder, tmp_path / "run.zip")
    assert not list(tmp_path.glob("*.zip*"))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("run.html", "is no name of a ZIP file"),
        ("nowhere/run.zip", "lies in a folder that does not exist"),
        ("folder.zip", "is a folder"),
        ("n" * 300 + ".zip", "cannot be written"),
    ],
)
def test_a_target_that_cannot_be_written_is_told(run_folder: Path, tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(InputError, match=reason):
        pack(run_folder, tmp_path / name)


def test_a_folder_without_a_run_is_told(tmp_path: Path) -> None:
    assert not write_crate(tmp_path)
    with pytest.raises(InputError, match="holds no run"):
        pack(tmp_path, tmp_path / "run.zip")
    write_text(tmp_path / "data" / "derived" / "state.json", '{"_run": {}}')
    assert not write_crate(tmp_path)


def test_the_preview_escapes_what_comes_from_data(run_folder: Path) -> None:
    from compendium.crate.preview import page

    entities = graph(run_folder)
    entities["./"]["name"] = "<script>alert(1)</script>"
    entities["#run-search"]["error"] = '<img src=x onerror="alert(2)">'
    made = page(list(entities.values()))
    assert "<script" not in made
    assert "<img" not in made
    assert "&lt;script&gt;alert(1)" in made
    assert 'href="report/tables/search%20table.csv"' in made


@pytest.mark.browser
@pytest.mark.skipif(
    not Path("/usr/bin/chromium").exists() and os.environ.get("CI") != "true", reason="no Chromium on this machine"
)
def test_report_and_preview_of_a_packed_run_open_offline(run_folder: Path, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    pack(run_folder, tmp_path / "run.zip")
    folder = unpack(tmp_path / "run.zip", tmp_path / "unpacked")
    wrong: list[str] = []
    with sync_playwright() as browsers:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = browsers.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        page = browser.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("request", lambda request: None if request.url.startswith("file:") else wrong.append(request.url))
        page.on("requestfailed", lambda request: wrong.append(request.url))
        page.goto((folder / "report" / "report.html").as_uri())
        assert page.title() == "works"
        page.goto((folder / PREVIEW).as_uri())
        rows = page.locator("table").first.locator("tbody tr").all_inner_texts()
        page.get_by_role("link", name="report/report.html").first.click()
        assert page.title() == "works"
        browser.close()
    assert [row.split("\t")[0] for row in rows[1:]] == [f"Run of {one.notebook}" for one in STAGES]
    assert wrong == []
