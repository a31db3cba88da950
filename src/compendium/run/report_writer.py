"""Writing the report: in a process that gets ready while the last notebook runs, or else in the run's own.

The process is forked from the warm one, as kernels are, and what it writes in two halves is written side by side.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from compendium.forking import LostError, answer, in_turn, receive, side_by_side
from compendium.run.execute import kernel_environment
from compendium.run.warm_parent import ForkedProcess, parent_for

_WRITE = b"w"


class ReportWriter:
    """Writes the report of a run; used in a ``with`` statement, whose end ends the process.

    Parameters
    ----------
    study, out
        Study and output folder.
    forks
        Whether to write in a process of its own, or, where none got ready, at least side by side.
    scratch
        Folder for the process's temporary files; whoever ends it in the middle of its work has to empty it.
    """

    def __init__(self, study: Path, out: Path, forks: bool, scratch: Path):
        self._study, self._out, self._forks, self._scratch = study, out, forks, scratch
        self._tried = False
        self._process: ForkedProcess | None = None
        self._channel: socket.socket | None = None

    def __enter__(self) -> ReportWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def get_ready(self) -> None:
        """Start the process, if there is to be one: the last notebook runs, and the report comes next."""
        if not self._forks or self._tried:
            return
        self._tried = True
        environment = kernel_environment(self._study, self._out)
        arguments = [str(path) for path in (self._study, self._out, self._scratch)]
        with contextlib.suppress(OSError):  # without it, the report is written here
            self._channel, theirs = socket.socketpair()
            with theirs:
                parent = parent_for([sys.executable], environment)
                function = f"{__name__}:{serve.__name__}"
                self._process = parent.fork(arguments, environment, str(Path.cwd()), function, theirs)

    def write(self) -> dict[str, Any]:
        """Write the report; return what :func:`compendium.publishing.report.write_report` returns."""
        if self._process is not None and self._channel is not None:
            with contextlib.suppress(LostError):  # somebody has ended it, so that it is done here
                with contextlib.suppress(OSError):
                    self._channel.sendall(_WRITE)
                made: dict[str, Any] = receive(self._channel)
                return made
        from compendium.data.study import Study
        from compendium.publishing import report

        study = Study(self._study)
        if self._forks and threading.active_count() == 1:
            with contextlib.suppress(LostError):
                return report.write_report(study, self._out, side_by_side)
        return report.write_report(study, self._out, in_turn)


def serve(channel: socket.socket, study: str, out: str, scratch: str) -> None:
    """Be the process: get ready, wait for the word, write, and answer."""
    from compendium.data.study import Study
    from compendium.publishing import report

    def work() -> dict[str, Any]:
        read = Study(study)
        report.get_ready(read)
        told = channel.recv(len(_WRITE))
        Path(scratch).mkdir(exist_ok=True)
        tempfile.tempdir = scratch
        return report.write_report(read, Path(out), side_by_side) if told else {}

    answer(channel, work)
