"""Make the pictures of the README and the tour from the real thing: ``.venv/bin/python docs/pictures.py``.

The report is opened in a browser, and each notebook of the tour in a JupyterLab, on a copy with the parameters that the
tour asks for. Needs Chromium, and the report as ``python run_all.py`` writes it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SCREEN = {"width": 1280, "height": 800}
PATIENCE = 120_000
"""Milliseconds that a notebook may take."""

TOUR: dict[str, tuple[str, dict[str, str]]] = {
    "tour-1-screening": ("02_screening.ipynb", {"flow_counts": "synthesised=8"}),
    "tour-2-appraisal": ("03_appraisal.ipynb", {"woe_threshold": "3"}),
    "tour-3-policy": ("04_policy_review.ipynb", {"term_families": "codesign,coproduction"}),
    "tour-4-interviews": ("05_interview_themes.ipynb", {"interview_levels": "national"}),
    "tour-5-conclusions": ("06_conclusions.ipynb", {"finding": "F07"}),
}
"""Picture to the notebook it shows, and the parameters that differ from the published ones."""

TALLEST = 980
_BAR = 64
"""Pixels at the left of a cell that JupyterLab keeps for itself."""
OUT = Path("runs") / "explore"
"""What the notebooks write goes there, below a temporary folder; in the pictures the folder is not seen."""
_OWN_PATHS = """(folders) => {
  for (const field of document.querySelectorAll("input"))
    for (const folder of folders) field.value = field.value.replace(folder + "/", "");
}"""
_IDLE = """() => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  const cells = panel?.content?.model ? [...panel.content.model.cells].filter((c) => c.type === "code") : [];
  return cells.length > 0 && cells.every((c) => c.executionCount)
    && panel.sessionContext.session.kernel.status === "idle";
}"""
_READY = "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"


def main(folder: Path = IMAGES) -> int:
    """Make all pictures."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        picture_of_report(chromium, folder / "report-page.png")
        pictures_of_tour(chromium, folder)
        chromium.close()
    for path in sorted(folder.glob("*.png")):
        print(f"{path.name}: {path.stat().st_size // 1024} KB")
    return 0


def picture_of_report(browser: Any, path: Path) -> None:
    """Picture the upper end of the report's page."""
    page = browser.new_page(viewport=SCREEN)
    page.goto((ROOT / "report" / "report.html").as_uri())
    page.wait_for_timeout(1500)
    page.screenshot(path=path)
    page.close()


def pictures_of_tour(browser: Any, folder: Path) -> None:
    """Picture the last section of each notebook of the tour."""
    with tempfile.TemporaryDirectory(prefix="compendium-pictures-") as temporary:
        copy = Path(temporary)
        for notebook, values in TOUR.values():
            own = {**values, "out": str(copy / OUT)}
            with_parameters(ROOT / "notebooks" / notebook, copy / "notebooks" / notebook, own)
        with lab(copy) as (address, token):
            for name, (notebook, _) in TOUR.items():
                page = f"{address}/lab/tree/notebooks/{notebook}?token={token}&reset"
                picture_of_notebook(browser, page, folder / f"{name}.png", copy)


def with_parameters(source: Path, target: Path, values: dict[str, str]) -> None:
    """Copy a notebook with other values in its cell of parameters."""
    notebook = json.loads(source.read_text(encoding="utf-8"))
    (cell,) = [c for c in notebook["cells"] if "parameters" in c["metadata"].get("tags", [])]
    text = "".join(cell["source"])
    for name, value in values.items():
        text, changed = re.subn(rf'^{name} = ".*?"', f'{name} = "{value}"', text, flags=re.MULTILINE)
        if not changed:
            raise SystemExit(f"error: {source.name} has no parameter {name}")
    cell["source"] = text.splitlines(keepends=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(notebook), encoding="utf-8")


@contextmanager
def lab(folder: Path) -> Iterator[tuple[str, str]]:
    """Open the lab on a folder; gives its address and the token."""
    environment = os.environ | {"HOME": str(folder), "JUPYTER_RUNTIME_DIR": str(folder / "runtime")}
    environment |= {"JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"), "IPYTHONDIR": str(folder / "ipython")}
    command = [sys.executable, str(ROOT / "run_all.py"), "lab", "--no-browser", f"--ServerApp.root_dir={folder}"]
    command.append("--LabApp.expose_app_in_browser=True")
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        line = server.stdout.readline() if server.stdout else ""
        found = re.search(r"(http://[^/]+)/\S*token=(\w+)", line)
        if not found:
            raise SystemExit(f"error: JupyterLab did not start: {line}")
        yield found[1], found[2]
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)


def picture_of_notebook(browser: Any, address: str, path: Path, folder: Path) -> None:
    """Run a notebook of a folder and picture what its last cell shows."""
    page = browser.new_page(viewport={"width": 1100, "height": 1500})
    page.goto(address)
    page.locator(".jp-NotebookPanel:visible .jp-Cell").first.wait_for(timeout=PATIENCE)
    page.wait_for_function(_READY, timeout=PATIENCE)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(_IDLE, timeout=PATIENCE)
    page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.scrollToItem("
        "window.jupyterapp.shell.currentWidget.content.widgets.length - 1, 'start')"
    )
    output = page.locator(".jp-NotebookPanel:visible .jp-CodeCell").last.locator(".jp-Cell-outputWrapper")
    output.wait_for(timeout=PATIENCE)
    page.wait_for_timeout(2500)
    page.evaluate(_OWN_PATHS, [str(folder), str(ROOT)])
    box = output.bounding_box()
    clip = {"x": box["x"] + _BAR, "y": box["y"], "width": box["width"] - _BAR, "height": min(box["height"], TALLEST)}
    page.screenshot(path=path, clip=clip)
    page.close()


if __name__ == "__main__":
    sys.exit(main())
