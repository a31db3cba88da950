"""Run by IPython when a kernel starts, where ``PYTHONSTARTUP`` names this file: ``run_all.py lab`` sets it.

So a notebook explains itself even when its first cells have not run. A user's own start-up file still runs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

STARTUP, USERS_OWN = "PYTHONSTARTUP", "COMPENDIUM_PYTHONSTARTUP"


def environment(now: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with which a Jupyter server has its kernels run this file.

    Parameters
    ----------
    now
        The environment as it is.
    """
    source = str(Path(__file__).resolve().parents[2])
    found = {"PYTHONPATH": os.pathsep.join(filter(None, [source, now.get("PYTHONPATH", "")])), STARTUP: __file__}
    users_own = now.get(STARTUP, "")
    return found | ({USERS_OWN: users_own} if users_own and users_own != __file__ else {})


def _start() -> None:
    try:
        from compendium.explore.guidance import install
    except ImportError:  # a kernel of another environment
        return
    install()
    users_own = Path(os.environ.get(USERS_OWN, ""))
    if users_own.is_file():
        exec(compile(users_own.read_text(encoding="utf-8"), str(users_own), "exec"), globals())  # noqa: S102


if __name__ == "__main__":
    _start()
    del _start, environment, annotations, os, Mapping, Path, STARTUP, USERS_OWN
