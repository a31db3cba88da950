"""Where things are, anchored once; nothing here depends on the current directory."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The compendium's own folder: the one that holds ``notebooks/`` and ``data/``."""

NOTEBOOKS = ROOT / "notebooks"
BUNDLED_STUDY = ROOT / "data"
RUNS = ROOT / "runs"
LOCK = ROOT / "requirements.lock"
TEMPLATES = ROOT / "report" / "template"
METHODS = TEMPLATES / "methods.bib"
"""References of the methods, cited by key whatever the study."""
STATIC_IMAGES = ROOT / "figures"
"""Where images drawn earlier are found again; see :mod:`compendium.publishing.images`."""

STUDY_VARIABLE, OUT_VARIABLE = "COMPENDIUM_STUDY", "COMPENDIUM_OUT"
"""Set by the runner for the kernels, so that no path of a machine enters an executed notebook."""
DRAWN_VARIABLE = "COMPENDIUM_DRAWN"
"""Set likewise: a folder in which static images that were drawn by earlier runs are found again."""
EXPLORE_VARIABLE = "COMPENDIUM_EXPLORE"
"""Set likewise, to ``static``: nobody is there to move a notebook's controls; ``live`` shows them in any case."""
