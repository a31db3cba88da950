"""The warm process from which kernels are forked, seen from the run that uses it; :mod:`compendium.run.kernel_parent`.

Only the standard library is used here, so that a run can start the process before it imports anything else.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time

from compendium.paths import ROOT
from compendium.run.kernel_parent import HEADER

FORK, KERNEL = "fork", "kernel"
ENGINES = (FORK, KERNEL)
"""What ``--engine`` takes."""
_STARTUP = ("PYTHON", "LC_", "LANG", "LD_", "OMP_", "OPENBLAS_", "MKL_", "TZ", "PYDEVD_", "PLOTLY_", "PANDAS_")
"""Beginnings of the names of variables that are read when a process starts or a library is imported."""
_ENDED_WITH_PARENT = -9
_PATIENCE = 5.0


def can_fork() -> bool:
    """Whether this system can fork kernels; Windows has no fork, and on macOS system libraries do not survive it."""
    return hasattr(os, "fork") and hasattr(socket, "send_fds") and sys.platform != "darwin"


def default_engine() -> str:
    """Return the engine that is used where none is asked for: forked kernels where the system can fork them."""
    return FORK if can_fork() else KERNEL


stopping = threading.Event()
"""Set when a run was stopped: no kernel may start any more."""


def allow_kernels() -> None:
    """Let kernels start (again)."""
    stopping.clear()


class ForkedProcess:
    """A forked kernel, seen as :class:`subprocess.Popen` shows a launched one.

    Parameters
    ----------
    pipe
        Read end of the pipe on which the parent tells of this kernel.
    """

    stdin = stdout = stderr = None

    def __init__(self, pipe: int):
        self._pipe = pipe
        self._unread = b""
        self.returncode: int | None = None
        self.pid = 0
        while not self.pid and self.returncode is None:
            self._listen(None)
        if not self.pid:
            raise OSError("the process that forks kernels has ended")

    def _listen(self, seconds: float | None) -> None:
        """Take in what the parent has told, waiting at most so long for it."""
        if self.returncode is not None or not select.select([self._pipe], [], [], seconds)[0]:
            return
        told = os.read(self._pipe, 4096)
        *lines, self._unread = (self._unread + told).split(b"\n")
        for line in lines:
            message = json.loads(line)
            self.pid = message.get("pid", self.pid)
            self.returncode = message.get("status")
        if not told:
            self.returncode = _ENDED_WITH_PARENT
        if self.returncode is not None:
            os.close(self._pipe)

    def poll(self) -> int | None:
        """Return the exit status, or ``None`` while the kernel runs."""
        self._listen(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit status.

        Raises
        ------
        subprocess.TimeoutExpired
            It has not ended within `timeout` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while self.returncode is None:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired("kernel", timeout or 0)
            self._listen(left)
        return self.returncode

    def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel's process, if it still runs."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it may end in between
                os.kill(self.pid, signum)

    def kill(self) -> None:
        """End the kernel at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)


class KernelParent:
    """The warm process, seen from the run that uses it.

    Parameters
    ----------
    interpreter
        Python and its options.
    environment
        Environment to start in.
    """

    def __init__(self, interpreter: list[str], environment: dict[str, str]):
        self._lock = threading.Lock()
        self._channel, theirs = socket.socketpair()
        source = str(ROOT / "src")
        path = os.pathsep.join(filter(None, [environment.get("PYTHONPATH", ""), source]))
        command = [*interpreter, "-m", "compendium.run.kernel_parent", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                command,
                env={**environment, "PYTHONPATH": path},
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def fork(
        self,
        arguments: list[str],
        environment: dict[str, str],
        directory: str,
        function: str = "",
        channel: socket.socket | None = None,
    ) -> ForkedProcess:
        """Fork a kernel, or a process that calls a function.

        Parameters
        ----------
        arguments, environment, directory, function
            See :class:`compendium.run.kernel_parent.Request`.
        channel
            Socket for the function; this process's own end of it has to be closed by the caller.

        Raises
        ------
        OSError
            The parent has ended.
        """
        told = {"arguments": arguments, "environment": environment, "directory": directory, "function": function}
        body = json.dumps(told).encode()
        reading, writing = os.pipe()
        try:
            with self._lock:
                passed = [writing] if channel is None else [writing, channel.fileno()]
                socket.send_fds(self._channel, [len(body).to_bytes(HEADER, "big")], passed)
                self._channel.sendall(body)
        except OSError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        return ForkedProcess(reading)

    def close(self) -> None:
        """End it, and with it all its kernels."""
        self._channel.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_parents: dict[tuple[str, ...], KernelParent] = {}
_parents_lock = threading.Lock()


def parent_for(interpreter: list[str], environment: dict[str, str]) -> KernelParent:
    """Return the warm process for a kernel; kernels share one where it would start the same for each.

    Parameters
    ----------
    interpreter
        Python and its options.
    environment
        The kernel's whole environment.
    """
    startup = sorted(f"{name}={value}" for name, value in environment.items() if name.startswith(_STARTUP))
    key = (*interpreter, *startup)
    with _parents_lock:
        if key in _parents and not _parents[key].alive:
            _parents.pop(key).close()
        if key not in _parents:
            _parents[key] = KernelParent(interpreter, environment)
        return _parents[key]


def warm(environment: dict[str, str]) -> None:
    """Start the warm process for kernels of this Python, so that it is ready when the first is wanted."""
    parent_for([sys.executable], environment)


@atexit.register
def close_parents() -> None:
    """End every warm process and all their kernels."""
    with _parents_lock:
        while _parents:
            _parents.popitem()[1].close()
