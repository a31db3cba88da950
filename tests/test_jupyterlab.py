"""Each notebook opened alone in a real JupyterLab, in a real browser, runs from top to bottom."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compendium.paths import ROOT
from compendium.stages import STAGES

pytestmark = pytest.mark.browser
CHROMIUM = "/usr/bin/chromium"
SECONDS = 90
TOKEN = "a-token-for-this-test-only"  # noqa: S105 (a server on this machine that lives for one test)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A JupyterLab on copies of the notebooks, started from another folder; gives its address."""
    if not Path(CHROMIUM).exists() and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine")
    home = tmp_path_factory.mktemp("home")
    folder = home / "somewhere else"
    shutil.copytree(ROOT / "notebooks", folder, ignore=shutil.ignore_patterns(".*"))
    environment = os.environ | {
        "HOME": str(home),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "IPYTHONDIR": str(home / "ipython"),
        "COMPENDIUM_OUT": str(home / "out"),
        "PYTHONPATH": str(ROOT / "src"),
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0", "--ip=127.0.0.1"]
    command += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}"]
    command += ["--LabApp.expose_app_in_browser=True", "--LabApp.news_url="]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    log = (home / "lab.log").open("w")
    server = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield _address(home / "runtime", server)
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def _address(runtime: Path, server: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and server.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            try:
                return str(json.loads(path.read_text(encoding="utf-8"))["url"])
            except ValueError:
                continue
        time.sleep(0.2)
    raise AssertionError("JupyterLab did not start")


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_runs_from_top_to_bottom(lab: str, browser: object, stage: object) -> None:
    page = browser.new_page(viewport={"width": 1366, "height": 900})  # type: ignore[attr-defined]
    outside = []
    page.on("request", lambda r: None if r.url.startswith((lab, "data:", "blob:")) else outside.append(r.url))
    page.goto(f"{lab}lab/tree/{stage.notebook}?token={TOKEN}&reset")  # type: ignore[attr-defined]
    page.locator(".jp-NotebookPanel:visible .jp-Cell").first.wait_for(timeout=SECONDS * 1000)
    page.wait_for_function(_IDLE, timeout=SECONDS * 1000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    cells = len([c for c in _source(stage) if c["cell_type"] == "code"])
    # Cells out of sight are not drawn by JupyterLab: what ran is asked of the notebook's own model.
    until = time.monotonic() + SECONDS
    state: dict = {}
    while time.monotonic() < until:
        state = page.evaluate(_STATE)
        if state["errors"] or (state["executed"] == cells and state["last"] == cells):
            break
        page.wait_for_timeout(300)
    assert not state["errors"]
    assert (state["executed"], state["last"]) == (cells, cells)
    figures = [c for c in _source(stage) if "stage.figure(" in "".join(c["source"])]
    assert state["figures"] == len(figures)
    if figures:
        page.locator(".js-plotly-plot").first.scroll_into_view_if_needed(timeout=SECONDS * 1000)
        assert page.locator(".js-plotly-plot .main-svg").first.is_visible()
    page.close()
    assert not outside


def _source(stage: object) -> list[dict]:
    return list(json.loads(stage.path.read_text(encoding="utf-8"))["cells"])  # type: ignore[attr-defined]


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
