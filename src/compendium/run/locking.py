"""One run at a time on one output folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compendium.errors import BusyError

LOCK_NAME = ".compendium-lock"


@contextmanager
def hold(out: Path) -> Iterator[None]:
    """Hold the output folder for the time of the block.

    The operating system frees the lock when its holder ends, however it ends, so none is ever left behind.

    Raises
    ------
    BusyError
        Another process holds it; its number is named.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / LOCK_NAME).open("a+", encoding="utf-8") as stream:
        if not _try_lock(stream.fileno()):
            stream.seek(0)
            owner = stream.read().strip() or "unknown"
            raise BusyError(f"another run (process {owner}) is working on {out}; wait for it or choose another --out")
        stream.seek(0)
        stream.truncate()
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
