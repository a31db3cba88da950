"""The process from which kernels are forked: it has imported what notebooks import, and does nothing else.

Run as ``python -m compendium.run.kernel_parent FD`` by :mod:`compendium.run.warm_parent`, with one end of a socket
pair as ``FD``. A request is four bytes of length, sent together with the write end of a pipe, and then JSON with the
kernel's arguments, environment and directory. Down the pipe goes the number of the kernel's process and, when it
has ended, its exit status. When the socket closes, however that comes about, all kernels are ended.

A request may name a function of this library instead; the forked process then is no kernel and calls it with a socket,
which is sent together with the pipe, and with the arguments.

Nothing here may start a thread or make a ZeroMQ context: neither survives a fork.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from compendium.forking import die_with, end_group, fork_quietly

KERNEL_MODULES = (
    "faulthandler",
    "sqlite3",
    "tornado.platform.asyncio",
    "tornado.queues",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "ipykernel_launcher",
)
"""What a kernel imports while it starts."""
STUDY_MODULES = ("pandas", "plotly.graph_objects", "compendium.publishing.publish")
"""What every notebook imports. No stage's own module: which of those a notebook uses is recorded in the kernel."""

HEADER = 4
"""Bytes of the length that precedes a request."""


@dataclass
class Request:
    """What a forked process is to be.

    Parameters
    ----------
    arguments
        Those of the launcher, or of the function.
    environment, directory
        Its whole environment, and where it starts.
    function
        ``module:function``; empty for a kernel.
    channel
        Number of the socket for the function; -1 for a kernel.
    """

    arguments: list[str]
    environment: dict[str, str]
    directory: str
    function: str = ""
    channel: int = -1


def main() -> None:
    """Serve until the socket closes; in a forked process, be what was asked for."""
    with contextlib.suppress(ValueError):
        sys.path.remove(str(Path.cwd()))
    before, own = dict(os.environ), [name for name in sys.modules if name.startswith("compendium.")]
    warm_up()
    set_by_imports = {name: value for name, value in os.environ.items() if before.get(name) != value}
    channel = socket.socket(fileno=int(sys.argv[1]))
    request = Parent(channel).serve()
    if request is not None:
        request.environment |= set_by_imports
        settle(request)
        for name in own:  # this process needed them, and a kernel would be said to rest on them
            del sys.modules[name]
        (call if request.function else be_kernel)(request)


def warm_up() -> None:
    """Import what notebooks import, and run once what is loaded at first use."""
    import builtins

    # pandas asks at import whether it is in a kernel, to choose how wide it prints.
    builtins.get_ipython = lambda: SimpleNamespace(kernel=None)  # type: ignore[attr-defined]
    for name in (*KERNEL_MODULES, *STUDY_MODULES):
        importlib.import_module(name)
    _use_once()
    del builtins.get_ipython  # type: ignore[attr-defined]
    gc.collect()
    gc.freeze()


def _use_once() -> None:
    import io

    import pandas as pd
    import plotly.graph_objects as go

    frame = pd.read_csv(io.StringIO("a,b\nx,1\n"), dtype=str)
    frame.groupby("a").size().reset_index().merge(frame, on="a").to_csv(io.StringIO())
    figure = go.Figure([go.Scatter(x=[0], y=[0]), go.Bar(x=[0], y=[0]), go.Heatmap(z=[[0]])])
    figure.update_layout(template="plotly", annotations=[{"text": "a"}], shapes=[{"type": "rect"}]).to_json()


class Parent:
    """Forks kernels on request and tells how they end.

    Parameters
    ----------
    channel
        Where requests come from.
    """

    def __init__(self, channel: socket.socket):
        self._channel = channel
        self._reports: dict[int, int] = {}
        self._woken, self._waker = os.pipe()

    def serve(self) -> Request | None:
        """Fork until the channel closes; return ``None`` then, and in each forked process its request."""
        os.set_blocking(self._waker, False)
        os.set_blocking(self._woken, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        while True:
            ready = select.select([self._channel.fileno(), self._woken], [], [])[0]
            if self._woken in ready:
                self._reap()
            if self._channel.fileno() in ready:
                received = self._receive()
                if received is None:
                    self._end_all()
                    return None
                if self._fork(*received):
                    return received[0]

    def _receive(self) -> tuple[Request, int] | None:
        """Read a request and the pipe that came with it; ``None`` when the channel has closed."""
        try:
            header, descriptors, _, _ = socket.recv_fds(self._channel, HEADER, 2)
            if len(header) < HEADER or not descriptors:
                return None
            length, body = int.from_bytes(header, "big"), b""
            while len(body) < length:
                part = self._channel.recv(length - len(body))
                if not part:
                    return None
                body += part
        except OSError:
            return None
        report, *further = descriptors
        told = json.loads(body)
        if further:
            told["channel"] = further[0]
        return Request(**told), report

    def _fork(self, request: Request, report: int) -> bool:
        """Fork; return whether this is the new process."""
        parent = os.getpid()
        try:
            number = fork_quietly()
        except OSError:  # who asked sees the pipe close; what runs already goes on
            os.close(report)
        else:
            if number == 0:
                self._leave(parent, report)
                return True
            self._reports[number] = report
            _tell(report, {"pid": number})
        if request.channel >= 0:
            os.close(request.channel)
        return False

    def _leave(self, parent: int, report: int) -> None:
        """Cut what ties a forked process to the parent, except that it ends with it."""
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        die_with(parent)
        self._channel.close()
        for descriptor in (self._woken, self._waker, report, *self._reports.values()):
            os.close(descriptor)

    def _reap(self) -> None:
        """Tell of each kernel that has ended; what it started ends with it."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._woken, 4096)
        for number in list(self._reports):
            if os.waitid(os.P_PID, number, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            # Not reaped yet, so that the number cannot have passed to another group of processes.
            with contextlib.suppress(OSError):
                os.killpg(number, signal.SIGKILL)
            _, status = os.waitpid(number, 0)
            report = self._reports.pop(number)
            _tell(report, {"status": os.waitstatus_to_exitcode(status)})
            os.close(report)

    def _end_all(self) -> None:
        for number in self._reports:
            end_group(number)
            os.waitpid(number, 0)


def _tell(report: int, message: dict[str, int]) -> None:
    with contextlib.suppress(OSError):  # nobody may be listening any more
        os.write(report, json.dumps(message).encode() + b"\n")


def settle(request: Request) -> None:
    """Give this forked process the surroundings that a launched one would have."""
    os.environ.clear()
    os.environ.update(request.environment, JPY_PARENT_PID=str(os.getppid()))
    time.tzset()
    os.chdir(request.directory)
    _empty_stdin()
    _forget_seeds()


def call(request: Request) -> None:
    """Call the function that was asked for."""
    module, _, name = request.function.partition(":")
    function = getattr(importlib.import_module(module), name)
    function(socket.socket(fileno=request.channel), *request.arguments)


def be_kernel(request: Request) -> None:
    """Turn this forked process into the kernel that a fresh one with the same arguments would be."""
    import ipykernel_launcher

    sys.argv = [str(ipykernel_launcher.__file__), *request.arguments]
    from ipykernel.kernelapp import IPKernelApp

    app: Any = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize(request.arguments)
    app.start()


def _empty_stdin() -> None:
    """Have standard input at its end from the beginning, as a launched kernel has it."""
    reading, writing = os.pipe()
    os.close(writing)
    os.dup2(reading, 0, inheritable=True)
    os.close(reading)


def _forget_seeds() -> None:
    """Seed anew what was seeded in the parent; :mod:`random` does so by itself."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


if __name__ == "__main__":
    main()
