"""Each notebook alone in a real JupyterLab, in a real browser: it runs, its controls move, and its state comes back.

One server and one browser serve all tests. The controls of every notebook are moved one by one; then one run from the
command line, with the options that the notebooks gave, has to show what they showed.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from compendium.explore.startup import environment as startup_environment
from compendium.lab import SETTINGS
from compendium.paths import ROOT
from compendium.stages import STAGES, Stage

pytestmark = pytest.mark.browser
CHROMIUM = "/usr/bin/chromium"
SECONDS = 90
TOKEN = "a-token-for-this-test-only"  # noqa: S105 (a server on this machine that lives for one test)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
LAPTOP = {"width": 1366, "height": 768}
PICTURES = "COMPENDIUM_PICTURES"
"""Environment variable: a folder to keep the pictures in, for somebody to look at."""
FIGURES = {"screening": "figure-1", "appraisal": "s-appraisal", "policy": "s-policy-terms", "interviews": "s-voices"}
"""Published figure that each section varies."""


@dataclass
class Lab:
    """A running JupyterLab.

    Parameters
    ----------
    address, folder, pictures
        Where it answers, the folder of the notebooks, and where pictures of them go.
    reached
        By stage: what its section showed in the end, and the command that it gave for it.
    """

    address: str
    folder: Path
    pictures: Path
    reached: dict[str, tuple[dict[str, Any], str]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab on copies of the notebooks, started from another folder."""
    if not Path(CHROMIUM).exists() and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine")
    home = tmp_path_factory.mktemp("home")
    folder = home / "somewhere else"
    shutil.copytree(ROOT / "notebooks", folder, ignore=shutil.ignore_patterns(".*"))
    pictures = Path(os.environ.get(PICTURES) or home / "pictures")
    pictures.mkdir(exist_ok=True)
    settings = {
        "HOME": str(home),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_CONFIG_PATH": str(SETTINGS),
        "IPYTHONDIR": str(home / "ipython"),
        "COMPENDIUM_OUT": str(home / "out"),
    }
    server = _serve(folder, os.environ | startup_environment(os.environ) | settings, home / "lab.log")
    try:
        yield Lab(_address(home / "runtime", server), folder, pictures)
    finally:
        server.terminate()
        server.wait(20)


def _serve(folder: Path, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0", "--ip=127.0.0.1"]
    command += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}"]
    command += ["--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    with log.open("w") as stream:
        return subprocess.Popen(command, cwd=folder.parent, env=environment, stdout=stream, stderr=subprocess.STDOUT)


def _address(runtime: Path, server: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and server.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            try:
                return str(json.loads(path.read_text(encoding="utf-8"))["url"])
            except ValueError:
                continue
        time.sleep(0.1)
    raise AssertionError("JupyterLab did not start")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(lab: Lab, browser: Any) -> Iterator[Any]:
    """A page at a laptop's size that may read the clipboard; nothing it does may leave the machine."""
    outside: list[str] = []
    context = browser.new_context(viewport=LAPTOP)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=lab.address.rstrip("/"))
    page = context.new_page()
    page.on("request", lambda r: None if r.url.startswith((lab.address, "data:", "blob:")) else outside.append(r.url))
    yield page
    context.close()
    assert not outside


def _open(page: Any, lab: Lab, notebook: str) -> None:
    page.goto(f"{lab.address}lab/tree/{notebook}?token={TOKEN}&reset")
    page.locator(".jp-NotebookPanel:visible .jp-Cell").first.wait_for(timeout=SECONDS * 1000)
    page.wait_for_function(_IDLE, timeout=SECONDS * 1000)


def _wait(page: Any, state: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """Ask until it is as wanted or time is up; return the last answer."""
    until = time.monotonic() + SECONDS / 3
    found = state()
    while not wanted(found) and time.monotonic() < until:
        page.wait_for_timeout(100)
        found = state()
    return found


def _source(stage: Stage) -> list[dict[str, Any]]:
    return list(json.loads(stage.path.read_text(encoding="utf-8"))["cells"])


def _shown(page: Any) -> dict[str, Any]:
    """What the last cell shows: the HTML in the notebook's own model, and what Plotly drew."""
    return {"html": page.evaluate(_OUTPUTS), "drawn": page.evaluate(_DRAWN)}


def _settled(page: Any) -> dict[str, Any]:
    """What the last cell shows once the kernel is idle and nothing changes any more: its parts come one by one."""
    page.wait_for_function(_IDLE, timeout=SECONDS * 1000)
    found = _shown(page)
    while True:
        page.wait_for_timeout(300)
        last, found = found, _shown(page)
        if found == last:
            return found


def _move(control: Any) -> None:
    """Move a control as a person would: by mouse and keyboard, to another value than it has."""
    if control.locator("select").count():
        select = control.locator("select")
        number = select.evaluate("(s) => (s.selectedIndex + 1) % s.options.length")
        select.select_option(index=number)
    elif control.locator("input[type=checkbox]").count():
        control.locator("input[type=checkbox]").nth(1).click()
    elif control.locator("[role=slider], .noUi-handle").count():
        control.locator("[role=slider], .noUi-handle").first.press("ArrowRight")
    else:
        box = control.locator("input[type=text]").first
        box.fill(str(int(box.input_value()) + 1))
        box.press("Enter")


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_runs_and_each_control_changes_what_is_shown(lab: Lab, page: Any, stage: Stage) -> None:
    _open(page, lab, stage.notebook)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    source = _source(stage)
    code = [cell for cell in source if cell["cell_type"] == "code"]
    # Cells out of sight are not drawn by JupyterLab: what ran is asked of the notebook's own model.
    done = _wait(
        page, lambda: page.evaluate(_STATE), lambda s: s["errors"] or (s["executed"] == s["last"] == len(code))
    )
    assert not done["errors"]
    assert (done["executed"], done["last"]) == (len(code), len(code))
    assert done["figures"] == sum("stage.figure(" in "".join(cell["source"]) for cell in code)
    _see_every_figure(page, lab, stage, source)
    page.evaluate(_SCROLL, len(source) - 1)
    controls = page.locator("[class*=compendium-control-]")
    controls.first.wait_for(timeout=SECONDS * 1000)
    before = _wait(page, lambda: _shown(page), lambda shown: bool(shown["drawn"]) or stage is STAGES[0])
    page.screenshot(path=lab.pictures / f"{stage.name}-explore.png")
    for number in range(controls.count()):
        controls.nth(number).scroll_into_view_if_needed()
        _move(controls.nth(number))
        assert _wait(page, lambda: _shown(page), lambda shown, before=before: shown != before) != before, number
        after = _settled(page)
        assert not page.locator(".compendium-status[role=alert]:visible").count(), page.locator(
            ".compendium-status"
        ).all_inner_texts()
        before = after
    page.screenshot(path=lab.pictures / f"{stage.name}-moved.png")
    lab.reached[stage.name] = (before, _copied(page))


def _see_every_figure(page: Any, lab: Lab, stage: Stage, source: list[dict[str, Any]]) -> None:
    """Go to each cell that publishes a figure, and see it drawn."""
    for number, cell in enumerate(source):
        if "stage.figure(" in "".join(cell["source"]):
            page.evaluate(_SCROLL, number)
            drawn = page.locator(f".jp-Cell[data-windowed-list-index='{number}'] .js-plotly-plot .main-svg")
            drawn.first.wait_for(timeout=SECONDS * 1000)
            assert drawn.first.is_visible()
            page.screenshot(path=lab.pictures / f"{stage.name}-{cell['id']}.png")


def _copied(page: Any) -> str:
    """Press the button that copies the command; return what is then on the clipboard."""
    field = page.locator(".compendium-command")
    field.scroll_into_view_if_needed()
    page.get_by_role("button", name="Copy", exact=True).click()
    copied = str(page.evaluate("() => navigator.clipboard.readText()"))
    assert copied == field.input_value()
    return copied


def test_copied_options_reproduce_every_state_from_the_command_line(lab: Lab, tmp_path: Path) -> None:
    """One run with the options of all six notebooks: what stands in each copy is what its controls showed."""
    assert set(lab.reached) == {stage.name for stage in STAGES}
    given: dict[str, str] = {}
    for name, (_, command) in lab.reached.items():
        words = shlex.split(command)
        assert words[:4] == ["python", "run_all.py", "--only", name]
        values = dict(word.split("=", 1) for word in words[5::2])
        assert values
        assert all(given.get(key, value) == value for key, value in values.items())
        given |= values
    options = [word for key, value in given.items() for word in ("-p", f"{key}={value}")]
    run = [sys.executable, str(ROOT / "run_all.py"), "--out", str(tmp_path / "out"), *options]
    subprocess.run(run, check=True, cwd=tmp_path, capture_output=True)
    for stage in STAGES:
        copy = json.loads((tmp_path / "out" / "report" / "notebooks" / stage.notebook).read_text(encoding="utf-8"))
        html = ["".join(output["data"].get("text/html", "")) for output in copy["cells"][-1]["outputs"]]
        sentences, tables = lab.reached[stage.name][0]["html"]
        assert sentences in html[0]
        assert len(html) == 1 or tables.startswith(html[-1])
        artefact = FIGURES.get(stage.name)
        if artefact:
            spec = json.loads((tmp_path / "out" / "figures" / f"{artefact}.json").read_text(encoding="utf-8"))
            assert lab.reached[stage.name][0]["drawn"] == [_content(trace) for trace in spec["data"]]


def test_a_cell_run_too_early_says_what_to_run_first(lab: Lab, page: Any) -> None:
    stage = STAGES[2]
    (lab.folder / "early").mkdir()
    shutil.copy(stage.path, lab.folder / "early")
    _open(page, lab, f"early/{stage.notebook}")
    cells = _source(stage)
    number = next(n for n, cell in enumerate(cells) if "stage.table(" in "".join(cell["source"]))
    page.evaluate(_SCROLL, number)
    page.keyboard.press("Control+Enter")
    done = _wait(page, lambda: page.evaluate(_STATE), lambda s: bool(s["errors"]))
    assert done["errors"].startswith(f"RunFirst: 'stage' is not there yet: run code cell 2 of {stage.notebook} first")
    page.screenshot(path=lab.pictures / "too-early.png")


def test_a_copy_elsewhere_with_the_study_set_runs_and_a_cell_may_run_again(
    lab: Lab, page: Any, copy_of_study: Path
) -> None:
    """The copy lies in a folder of its own, and names a folder with data by the parameter ``study``."""
    stage = STAGES[0]
    text = stage.path.read_text(encoding="utf-8")
    changed = text.replace('study = \\"\\"', f'study = \\"{copy_of_study.as_posix()}\\"')
    assert changed != text
    (lab.folder / "mine").mkdir()
    (lab.folder / "mine" / "my copy.ipynb").write_text(changed, encoding="utf-8")
    _open(page, lab, "mine/my copy.ipynb")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    code = sum(cell["cell_type"] == "code" for cell in _source(stage))
    done = _wait(page, lambda: page.evaluate(_STATE), lambda s: s["errors"] or s["executed"] == s["last"] == code)
    assert not done["errors"]
    page.evaluate(_SCROLL, next(n for n, c in enumerate(_source(stage)) if "stage.table(" in "".join(c["source"])))
    page.keyboard.press("Control+Enter")
    again = _wait(page, lambda: page.evaluate(_STATE), lambda s: s["last"] == code + 1)
    assert (again["last"], again["errors"]) == (code + 1, "")
    page.evaluate(_SCROLL, len(_source(stage)) - 1)
    assert shlex.quote(str(copy_of_study)) in page.locator(".compendium-command").input_value()


def _content(trace: dict[str, Any]) -> dict[str, Any]:
    return {name: trace[name] for name in ("type", "x", "y", "text") if name in trace}


_IDLE = "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
_STATE = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const cells = [...panel.content.model.cells].filter((c) => c.type === "code");
  const outputs = cells.flatMap((c) => c.outputs.toJSON());
  return {
    executed: cells.filter((c) => c.executionCount).length,
    last: Math.max(0, ...cells.map((c) => c.executionCount ?? 0)),
    errors: outputs.filter((o) => o.output_type === "error").map((o) => `${o.ename}: ${o.evalue}`).join("; "),
    figures: outputs.filter((o) => o.data?.["application/vnd.plotly.v1+json"]).length,
  };
}"""
_OUTPUTS = """() => {
  const cells = [...window.jupyterapp.shell.currentWidget.content.model.cells];
  const texts = cells[cells.length - 1].outputs.toJSON().map((o) => o.data?.["text/html"]).filter(Boolean);
  return texts.map((text) => Array.isArray(text) ? text.join("") : text);
}"""
_DRAWN = """() => {
  const plots = [...document.querySelectorAll(".jp-Cell:last-child .js-plotly-plot")];
  const plain = (value) => ArrayBuffer.isView(value) ? [...value] : value;
  return plots.filter((plot) => plot._fullData && plot.querySelector(".main-svg")).flatMap((plot) => plot.data.map(
    (trace) => Object.fromEntries(
      ["type", "x", "y", "text"].filter((name) => name in trace).map((name) => [name, plain(trace[name])]))));
}"""
_SCROLL = """async (number) => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = number;
  await notebook.scrollToItem(number, "start");
}"""
