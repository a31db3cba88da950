"""A reproducible research compendium: the code that its notebooks and ``run_all.py`` share.

At the prompt::

    import compendium

    study = compendium.load()                             # its tables are attributes: study.screening_flow
    compendium.catalogue()                                # every figure and table that the notebooks publish
    compendium.figure("figure-1", study)                  # one of them
    compendium.table("table-3", study, woe_threshold="3")  # another, with a parameter changed

A notebook works with :func:`open_stage`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compendium.data.study import Study
    from compendium.explore.published import catalogue, figure, load, table
    from compendium.publishing.publish import StageRun, open_stage

__version__ = "0.1.0"
__all__ = ["StageRun", "Study", "catalogue", "figure", "load", "open_stage", "table"]

_HOMES = {
    "Study": "compendium.data.study",
    "StageRun": "compendium.publishing.publish",
    "open_stage": "compendium.publishing.publish",
    **dict.fromkeys(("catalogue", "figure", "load", "table"), "compendium.explore.published"),
}


def __getattr__(name: str) -> Any:
    """Import on first use: a command that needs no data frame does not wait for pandas."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
