"""The report in a real browser: it opens from disk, asks the network for nothing, and never runs what data says.

Who may use it: no rule of WCAG 2.2, levels A and AA, that axe-core can check is broken, and all of it works from the
keyboard. The Nu checker, which judges the HTML, is looked for at ``VNU_JAR``; ``.ci/run`` fetches it.
"""

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
from axe_playwright_python.sync_playwright import Axe

from compendium.paths import BUNDLED_STUDY, ROOT
from compendium.printing.fonts import write_fonts
from compendium.webpage.page import write_plotly

pytestmark = pytest.mark.browser
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PAYLOAD = (
    '<img src=x onerror="window.hacked=1"></script><script>window.hacked=1</script>'
    "<b>=1+1</b> {{7*7}} [a](javascript:1)"
)
WIDTHS = (360, 1024, 1920)
RELEASED = ROOT
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not Path(CHROMIUM).exists() and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


def open_page(browser: Any, path: Path, width: int = 1280, **how: Any) -> tuple[Any, list[str]]:
    """Open a file; the list fills with console errors, exceptions and requests that leave the folder."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=how.get("scheme", "light"))
    if not how.get("plotly", True):
        page.route("**/plotly.min.js", lambda route: route.fulfill(body=""))
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.on("request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else complaints.append(r.url))
    page.on("requestfailed", lambda r: complaints.append(f"not found: {r.url}"))
    page.goto(path.as_uri())
    return page, complaints


def scroll_through(page: Any) -> None:
    """Bring every figure into view, as a reader would, so that it is drawn."""
    for number in range(page.locator(".plot").count()):
        page.locator(".plot").nth(number).scroll_into_view_if_needed()
        page.wait_for_timeout(50)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The released outputs beside Plotly's code, which is not committed."""
    folder = tmp_path_factory.mktemp("released")
    for name in ("figures", "report"):
        shutil.copytree(RELEASED / name, folder / name)
    write_plotly(folder)
    write_fonts(folder)
    return folder


@pytest.fixture
def page(browser: Any, released: Path) -> Iterator[Any]:
    """The released report without Plotly's code; nothing may go wrong while a test uses it."""
    opened, complaints = open_page(browser, released / "report" / "report.html", plotly=False)
    yield opened
    opened.close()
    assert complaints == []


SHORTEN = """() => {
  const same = "tbody tr:nth-child(n+3), .references li:nth-child(n+5), .more li:nth-child(n+3), code > span ~ span";
  document.querySelectorAll(same).forEach((one) => one.remove());
  for (const kind of ["figure.table", "figure.figure"]) {
    document.querySelectorAll("main > section").forEach((section) => {
      [...section.querySelectorAll(kind)].slice(2).forEach((one) => one.remove());
    });
  }
  document.querySelectorAll("details").forEach((details) => { details.open = true; });
}"""
"""Open all that is folded, and leave of what repeats itself a few: axe and the tab key need long for thousands."""


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
        shutil.copytree(RELEASED / name, tmp_path / name, ignore=shutil.ignore_patterns("assets"))
    page, _ = open_page(browser, tmp_path / "report" / "report.html")
    broken = page.evaluate("[...document.images].filter((i) => i.complete && !i.naturalWidth).map((i) => i.src)")
    count = page.locator(".plot img").count()
    page.close()
    assert count > 0
    assert broken == []


def test_every_link_inside_leads_somewhere(browser: Any, released: Path) -> None:
    page, _ = open_page(browser, released / "report" / "report.html")
    links = page.evaluate("[...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href'))")
    told = json.loads(page.locator("#origins").text_content())
    links += [link["href"] for origin in told for kind in ("made", "shown", "claims") for link in origin[kind]]
    ids = set(page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)"))
    page.close()
    assert {link[1:] for link in links if link.startswith("#")} <= ids
    files = [link for link in links if not link.startswith(("#", "http:", "https:"))]
    assert files
    assert [link for link in files if not (released / "report" / link).is_file()] == []


def cells(page: Any, table: str, column: int) -> list[str]:
    """Texts of a column, of the rows that are shown."""
    script = "(rows, column) => rows.filter((row) => !row.hidden).map((row) => row.cells[column].textContent)"
    found: list[str] = page.locator(f"#{table} > .scroll tbody tr").evaluate_all(script, column)
    return found


def test_a_table_is_sorted_as_numbers_and_a_third_click_restores_it(page: Any) -> None:
    head = page.locator("#s-themes thead th", has_text="Words")
    before = cells(page, "s-themes", 6)
    numbers = sorted(map(int, before))
    assert numbers != list(map(int, sorted(before))), "as texts they would come in another order"
    states = []
    for expected in (numbers, numbers[::-1], list(map(int, before))):
        head.locator("button").click()
        states.append(head.get_attribute("aria-sort"))
        assert list(map(int, cells(page, "s-themes", 6))) == expected
    assert states == ["ascending", "descending", "none"]


def test_a_table_is_filtered_by_words_and_by_category(page: Any) -> None:
    claims = page.locator("#claims")
    whole = len(cells(page, "claims", 0))
    claims.get_by_label("Status").select_option(label="inconsistent")
    shown = cells(page, "claims", 8)
    assert set(shown) == {"inconsistent"}
    assert claims.get_by_role("status").text_content() == f"{len(shown)} of {whole} rows"
    name, section = cells(page, "claims", 0)[0], cells(page, "claims", 1)[0]
    claims.get_by_label("Filter", exact=True).fill(f"{section.lower()}  {name.lower()}")
    assert cells(page, "claims", 0) == [name]
    hidden = claims.locator("tbody tr[hidden]").first.get_attribute("id")
    page.evaluate("(id) => { location.hash = id; }", hidden)
    page.wait_for_function("(id) => !document.getElementById(id).hidden", arg=hidden)
    assert len(cells(page, "claims", 0)) == whole


def test_short_tables_have_no_filter(page: Any) -> None:
    assert page.locator("#s-criteria .tools").count() == 0
    assert page.locator("#claims .tools").count() == 1


def test_a_number_shows_where_it_comes_from(page: Any) -> None:
    """Dismissible, hoverable and persistent, as WCAG 2.2 asks of content on hover or focus (1.4.13)."""
    number, box = page.locator("#screening a.num").first, page.locator("#origin")
    number.hover()
    assert number.get_attribute("aria-describedby") == "origin"
    assert {"Result", "Shown in", "Made by", "Claims"} <= set(box.locator("dt").all_text_contents())
    assert box.locator("a", has_text="02_screening.ipynb").count() == 1
    assert box.locator(".status").first.text_content() in {"reproduced", "inconsistent", "not recomputable"}
    place = box.bounding_box()
    page.mouse.move(place["x"] + 20, place["y"] + place["height"] - 5, steps=8)
    page.wait_for_timeout(400)
    assert box.is_visible()
    page.keyboard.press("Escape")
    assert box.is_hidden()


def test_a_number_shows_where_it_comes_from_to_the_keyboard(page: Any) -> None:
    numbers, box = page.locator("#verdict a.num"), page.locator("#origin")
    numbers.nth(0).focus()
    assert box.is_visible()
    page.keyboard.press("Enter")
    focused = "document.activeElement.closest('#origin') !== null"
    assert page.evaluate(focused)
    page.keyboard.press("Escape")
    assert box.is_hidden()
    assert numbers.nth(0).evaluate("(link) => link === document.activeElement")
    page.keyboard.press("Tab")
    assert numbers.nth(1).evaluate("(link) => link === document.activeElement")
    assert box.is_visible()


def test_a_figure_is_downloaded_as_png_at_twice_its_size(browser: Any, released: Path, tmp_path: Path) -> None:
    page, complaints = open_page(browser, released / "report" / "report.html")
    with page.expect_download() as download:
        page.locator("#figure-2 .png button").click()
    download.value.save_as(tmp_path / "made.png")
    content = (tmp_path / "made.png").read_bytes()
    page.close()
    assert complaints == []
    assert download.value.suggested_filename == "figure-2.png"
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(content[16:20]) == 1920


def test_without_plotly_a_figure_says_that_no_png_can_be_made(page: Any) -> None:
    page.locator("#figure-2 .png button").click()
    page.wait_for_function("document.querySelector('#figure-2 [role=status]').textContent.includes('SVG')")


def test_each_figure_has_its_description_its_data_and_its_files(page: Any, released: Path) -> None:
    figures = page.locator("figure.figure")
    for number in range(figures.count()):
        figure = figures.nth(number)
        assert figure.locator("details").first.locator("li").count() > 1, "values are told one by one"
        assert figure.locator("details table tbody tr").count() > 1
        assert {"SVG", "CSV"} <= set(figure.locator(".files a").all_text_contents())
        assert 20 < len(figure.locator(".plot").get_attribute("data-label")) < 300


def test_references_lead_back_to_where_they_are_cited(page: Any) -> None:
    cited = page.locator("#table-1 a.cite").first
    reference = page.locator(cited.get_attribute("href"))
    back = reference.locator(".back a", has_text="Table 1").get_attribute("href")
    assert page.locator(back).evaluate("(link) => link.closest('figure').id") == "table-1"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(browser: Any, released: Path, width: int, scheme: str) -> None:
    for path in (released / "report" / "report.html", released / "figures" / "figure-1.html"):
        page, _ = open_page(browser, path, width, scheme=scheme, plotly=False)
        page.evaluate(SHORTEN)
        if page.locator("a.num").count():
            page.locator("#screening a.num").first.focus()
        options = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
        found = Axe().run(page, options=options).response["violations"]
        page.close()
        told = [(rule["id"], node["html"], node["failureSummary"]) for rule in found for node in rule["nodes"]]
        assert told == [], path.name


def test_everything_is_reached_by_the_tab_key_and_seen(browser: Any, released: Path) -> None:
    page, _ = open_page(browser, released / "report" / "report.html", plotly=False)
    page.evaluate(SHORTEN)
    script = """() => {
      const known = "a[href], button, input, select, summary, [tabindex='0']";
      const wanted = [...document.querySelectorAll(known)].filter((e) => e.checkVisibility() && !e.closest("#origin"));
      wanted.forEach((element, number) => { element.dataset.stop = number; });
      window.reached = [];
      document.addEventListener("focusin", ({ target }) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(target);
        window.reached.push([target.dataset.stop, outlineStyle !== "none" && parseFloat(outlineWidth) > 0]);
      });
      return wanted.length;
    }"""
    stops = page.evaluate(script)
    for _ in range(stops):
        page.keyboard.press("Tab")
    reached = page.evaluate("window.reached")
    page.close()
    assert stops > 200
    assert {str(number) for number in range(stops)} - {stop for stop, _ in reached} == set()
    assert [stop for stop, seen in reached if not seen] == []


def nu_checker() -> list[str]:
    """Command of the Nu checker; without it the test is skipped, or fails where it has to be there."""
    jar, java = os.environ.get("VNU_JAR", ""), shutil.which("java")
    if java and Path(jar).is_file():
        return [java, "-jar", jar]
    missing = "java is not installed" if not java else "VNU_JAR names no file (npm pack vnu-jar, see .ci/run)"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


def test_the_html_is_valid(released: Path) -> None:
    pages = [released / "report" / "report.html", *sorted((released / "figures").glob("*.html"))]
    command = [*nu_checker(), "--errors-only", "--exit-zero-always", "--format", "json", *map(str, pages)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [message["message"] for message in json.loads(done.stderr)["messages"]] == []


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


def use_everything(page: Any) -> None:
    """Open what is folded, sort and filter by what the data say, and look at the origins of numbers."""
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    script = """() => {
      document.querySelectorAll("th:nth-child(2) button").forEach((button) => button.click());
      document.querySelectorAll(".tools input").forEach((field) => {
        field.value = "<img src=x onerror";
        field.dispatchEvent(new Event("input"));
      });
      [...document.querySelectorAll("a.num")].filter((_, place) => place % 9 === 0).forEach((number) => number.focus());
    }"""
    page.evaluate(script)
    page.wait_for_timeout(200)


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
        use_everything(page)
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
