"""What the front end tells of the cell that runs, so whether anybody is there, and what fits on a screen."""

from __future__ import annotations

import os
from typing import Any

from compendium.paths import EXPLORE_VARIABLE

LIVE_WIDTH = 930
"""Pixels that a laptop's screen leaves for an output beside JupyterLab's list of files."""
LIVE, STATIC = "live", "static"
"""Values of the environment variable that says whether anybody is there to move the controls."""


def cell_metadata() -> dict[str, Any]:
    """Return what the front end sent along with the cell that runs; empty outside of a kernel.

    Runners (papermill, nbconvert) send a cell without metadata; JupyterLab and its kin say which cell they send.
    """
    try:
        from IPython import get_ipython
    except ImportError:
        return {}
    kernel: Any = getattr(get_ipython(), "kernel", None)
    return dict(kernel.get_parent().get("metadata") or {}) if kernel is not None else {}


def running_cell() -> str:
    """Return the identifier of the cell that runs; empty where the front end does not tell it."""
    return str(cell_metadata().get("cellId", ""))


def fitted(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a figure's specification as wide as a notebook's output on a laptop, at most."""
    width = min(LIVE_WIDTH, spec["layout"].get("width") or LIVE_WIDTH)
    return {**spec, "layout": {**spec["layout"], "width": width}}


def is_live() -> bool:
    """Whether somebody may move controls: the environment says so, or a front end that tells of its cells asks."""
    setting = os.environ.get(EXPLORE_VARIABLE, "")
    return setting == LIVE if setting else bool(cell_metadata())
