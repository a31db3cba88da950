"""A reproducible research compendium: the code that its notebooks and ``run_all.py`` share.

Start with :class:`Study`, which opens a study's data, and :func:`open_stage`, which a notebook works with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compendium.data.study import Study
    from compendium.publishing.publish import StageRun, open_stage

__version__ = "0.1.0"
__all__ = ["StageRun", "Study", "open_stage"]

_HOMES = {
    "Study": "compendium.data.study",
    "StageRun": "compendium.publishing.publish",
    "open_stage": "compendium.publishing.publish",
}


def __getattr__(name: str) -> Any:
    """Import on first use: a command that needs no data frame does not wait for pandas."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
