"""One run at a time on one output folder, whatever became of the last one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from compendium.errors import BusyError
from compendium.run.locking import LOCK_NAME, hold

HOLD = """
import sys
from pathlib import Path
from compendium.run.locking import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_second_process_is_named_the_first(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match=rf"another run \(process {other.pid}\)"), hold(tmp_path):
            pass
        other.kill()
    with hold(tmp_path):  # a killed run leaves nothing that blocks
        assert (tmp_path / LOCK_NAME).read_text(encoding="utf-8") == str(os.getpid())


def test_lock_is_freed_by_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold(tmp_path / "new"):
        raise ZeroDivisionError
    with hold(tmp_path / "new"):
        pass


def test_other_folder_is_free(tmp_path: Path) -> None:
    with hold(tmp_path / "a"), hold(tmp_path / "b"):
        assert (tmp_path / "b" / LOCK_NAME).is_file()
