"""Kernels forked from a warm process, managed as Jupyter manages launched ones.

A :class:`ForkedKernelManager` differs from Jupyter's own in where the process comes from, and in nothing that a
notebook can see: the same launcher arguments, environment, session, signals and exit statuses.
"""

from __future__ import annotations

import asyncio
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
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_client.utils import ensure_async
from traitlets import Type

from compendium.kernel_parent import HEADER
from compendium.paths import ROOT

LAUNCHER = "ipykernel_launcher"
_STARTUP = ("PYTHON", "LC_", "LANG", "LD_", "OMP_", "OPENBLAS_", "MKL_", "TZ", "PYDEVD_", "PLOTLY_", "PANDAS_")
"""Beginnings of the names of variables that are read when a process starts or a library is imported."""
_ENDED_WITH_PARENT = -9
_PATIENCE = 5.0
_RECONNECT_MILLISECONDS = 5


def can_fork() -> bool:
    """Whether this system can fork kernels; Windows has no fork, and on macOS system libraries do not survive it."""
    return hasattr(os, "fork") and hasattr(socket, "send_fds") and sys.platform != "darwin"


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
        command = [*interpreter, "-m", "compendium.kernel_parent", str(theirs.fileno())]
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

    def fork(self, arguments: list[str], environment: dict[str, str], directory: str) -> ForkedProcess:
        """Fork a kernel.

        Raises
        ------
        OSError
            The parent has ended.
        """
        body = json.dumps({"arguments": arguments, "environment": environment, "directory": directory}).encode()
        reading, writing = os.pipe()
        try:
            with self._lock:
                socket.send_fds(self._channel, [len(body).to_bytes(HEADER, "big")], [writing])
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


@atexit.register
def close_parents() -> None:
    """End every warm process and all their kernels."""
    with _parents_lock:
        while _parents:
            _parents.popitem()[1].close()


class ForkedProvisioner(LocalProvisioner):
    """Provides kernels by forking; a kernel that is not ipykernel's is launched as ever."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork where the command launches ipykernel from a Python module."""
        if LAUNCHER not in cmd:
            return await super().launch_kernel(cmd, **kwargs)
        at = cmd.index(LAUNCHER)
        environment = dict(kwargs.get("env") or os.environ)
        directory = str(kwargs.get("cwd") or Path.cwd())
        parent = parent_for(cmd[: at - 1], environment)
        loop = asyncio.get_running_loop()
        process = await loop.run_in_executor(None, parent.fork, cmd[at + 1 :], environment, directory)
        self.process = process  # type: ignore[assignment]
        self.pid = self.pgid = process.pid
        self.cwd = directory
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """Kill, and return when the process is gone: that takes milliseconds, and asking again takes longer."""
        await super().kill(restart)
        end = time.monotonic() + 1
        while await self.poll() is None and time.monotonic() < end:
            await asyncio.sleep(0.002)


class PromptClient(AsyncKernelClient):
    """A client that is ready as soon as the kernel is, instead of after a fifth of a second without a message."""

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers and its messages arrive.

        Raises
        ------
        RuntimeError
            The kernel died, or did not answer within `timeout` seconds.
        """
        end = time.monotonic() + (float("inf") if timeout is None else timeout)
        while True:
            self.kernel_info()
            with contextlib.suppress(Empty):
                reply = await ensure_async(self.shell_channel.get_msg(timeout=1))
                if reply["msg_type"] == "kernel_info_reply":
                    await ensure_async(self.iopub_channel.get_msg(timeout=0.2))
                    self._handle_kernel_info_reply(reply)
                    return
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > end:
                raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")

    wait_for_ready = _async_wait_for_ready


class LaunchedKernelManager(AsyncKernelManager):
    """Manages an ordinary kernel."""

    client_factory = Type(klass=PromptClient, default_value=PromptClient)

    def client(self, **kwargs: Any) -> Any:
        """Make a client that tries again soon where the kernel is not there yet."""
        self.context.setsockopt(zmq.RECONNECT_IVL, _RECONNECT_MILLISECONDS)
        return super().client(**kwargs)


class ForkedKernelManager(LaunchedKernelManager):
    """Manages a kernel that is forked instead of launched."""

    async def _async_pre_start_kernel(self, **kwargs: Any) -> tuple[list[str], dict[str, Any]]:
        if self.provisioner is None:
            self.kernel_id = self.kernel_id or str(uuid.uuid4())
            self.provisioner = ForkedProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        prepared: tuple[list[str], dict[str, Any]] = await super()._async_pre_start_kernel(**kwargs)
        return prepared
