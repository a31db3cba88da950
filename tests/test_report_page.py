"""The report in a real browser: it opens from disk, asks the network for nothing, and never runs what data says."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compendium.paths import BUNDLED_STUDY, ROOT
from compendium.publishing.page import write_plotly

pytestmark = pytest.mark.browser
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PAYLOAD = (
    '<img src=x onerror="window.hacked=1"></script><script>window.hacked=1</script>'
    "<b>=1+1</b> {{7*7}} [a](javascript:1)"
)
WIDTHS = (360, 1024, 1920)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not Path(CHROMIUM).exists() and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


def open_page(browser: Any, path: Path, width: int = 1280) -> tuple[Any, list[str]]:
    """Open a file; the list fills with console errors, exceptions and requests that leave the folder."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else complaints.append(r.url))
    page.on("requestfailed", lambda r: complaints.append(f"not found: {r.url}"))
    page.goto(path.as_uri())
    return page, complaints


def scroll_through(page: Any) -> None:
    """Bring every figure into view, as a reader would, so that it is drawn."""
    for number in range(page.locator(".plot").count()):
        page.locator(".plot").nth(number).scroll_into_view_if_needed()
        page.wait_for_timeout(120)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The released outputs beside Plotly's code, which is not committed."""
    folder = tmp_path_factory.mktemp("released")
    for name in ("figures", "report"):
        shutil.copytree(ROOT / name, folder / name)
    write_plotly(folder)
    return folder


@pytest.mark.parametrize("width", WIDTHS)
def test_report_opens_at_every_width(browser: Any, released: Path, width: int) -> None:
    page, complaints = open_page(browser, released / "report" / "report.html", width)
    scroll_through(page)
    figures = json.loads((released / "report" / "manifest.json").read_text(encoding="utf-8"))["artefacts"]
    wanted = sum(entry["kind"] == "figure" for entry in figures)
    page.wait_for_function(f"document.querySelectorAll('.plot .main-svg').length >= {wanted}", timeout=20_000)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.close()
    assert complaints == []
    assert overflow <= 0, "the page scrolls sideways"


def test_report_shows_static_images_without_plotly(browser: Any, tmp_path: Path) -> None:
    for name in ("figures", "report"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("assets"))
    page, _ = open_page(browser, tmp_path / "report" / "report.html")
    broken = page.evaluate("[...document.images].filter((i) => i.complete && !i.naturalWidth).map((i) => i.src)")
    count = page.locator(".plot img").count()
    page.close()
    assert count > 0
    assert broken == []


def test_every_link_inside_leads_somewhere(browser: Any, released: Path) -> None:
    page, _ = open_page(browser, released / "report" / "report.html")
    links = page.evaluate("[...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href'))")
    ids = set(page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)"))
    page.close()
    assert {link[1:] for link in links if link.startswith("#")} <= ids
    files = [link for link in links if not link.startswith(("#", "http:", "https:"))]
    assert files
    assert [link for link in files if not (released / "report" / link).is_file()] == []


def names(fields: str | list[str]) -> list[str]:
    return [fields] if isinstance(fields, str) else fields


def poison(study: Path) -> int:
    """Put the payload into every text cell that the schema leaves free; return how many columns that is."""
    package = json.loads((study / "datapackage.json").read_text(encoding="utf-8"))
    pointed_at = {
        (key["reference"]["resource"], name)
        for resource in package["resources"]
        for key in resource["schema"].get("foreignKeys", [])
        for name in names(key["reference"]["fields"])
    }
    columns = 0
    for resource in package["resources"]:
        free = _free_columns(resource, pointed_at)
        columns += len(free)
        path = study / resource["path"]
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        for row in rows:
            row.update({name: row[name] + PAYLOAD for name in free if row[name]})
            row.update({name: "" for name in ("check", "expected") if name in row})  # their texts are gone
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return columns


MEANINGFUL = {"check", "expected", "published_value", "patterns", "questions", "codes", "spans", "heading", "sha256"}
"""Text that code takes apart: names of results, lists of identifiers, stems."""


def _free_columns(resource: dict, pointed_at: set[tuple[str, str]]) -> list[str]:
    schema = resource["schema"]
    keys = set(names(schema.get("primaryKey", [])))
    own = {name for key in schema.get("foreignKeys", []) for name in names(key["fields"])}
    free = []
    for field in schema["fields"]:
        name, rules = field["name"], field.get("constraints", {})
        fixed = name in keys | own | MEANINGFUL or name.endswith("_id") or name.endswith("_key") or "listOf" in field
        fixed = fixed or (resource["name"], name) in pointed_at or {"enum", "pattern", "unique"} & set(rules)
        if field["type"] == "string" and not fixed:
            free.append(name)
    return free


def test_data_is_never_markup(browser: Any, tmp_path: Path) -> None:
    study, out = tmp_path / "study", tmp_path / "out"
    shutil.copytree(BUNDLED_STUDY, study, ignore=shutil.ignore_patterns("derived"))
    assert poison(study) > 50
    command = [sys.executable, str(ROOT / "run_all.py"), "--study", str(study), "--out", str(out)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    for path in [out / "report" / "report.html", *sorted((out / "figures").glob("*.html"))]:
        page, complaints = open_page(browser, path)
        scroll_through(page)
        page.wait_for_timeout(300)
        hacked = page.evaluate("window.hacked")
        foreign = page.evaluate("document.querySelectorAll('img[src=x], [onerror], a[href^=\"javascript:\"]').length")
        page.close()
        assert hacked is None, path.name
        assert foreign == 0, path.name
        assert [c for c in complaints if "not found" not in c] == [], path.name
    for path in sorted((out / "report" / "tables").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))], path.name
