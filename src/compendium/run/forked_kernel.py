"""Kernels forked from a warm process, managed as Jupyter manages launched ones.

A :class:`ForkedKernelManager` differs from Jupyter's own in where the process comes from, and in nothing that a
notebook can see: the same launcher arguments, environment, session, signals and exit statuses.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import uuid
import weakref
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_client.utils import ensure_async
from traitlets import Type

from compendium.forking import end_group
from compendium.run.warm_parent import parent_for, stopping

LAUNCHER = "ipykernel_launcher"
_RECONNECT_MILLISECONDS = 5

_managers: weakref.WeakSet[LaunchedKernelManager] = weakref.WeakSet()


class RunStoppedError(RuntimeError):
    """A kernel was asked for after the run had been stopped."""


def end_kernels() -> None:
    """End every kernel of this process at once, and let none start, so that those who wait for them return."""
    stopping.set()
    for manager in list(_managers):
        group = getattr(manager.provisioner, "pgid", None)
        if manager.has_kernel and group:
            end_group(group)


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

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        _managers.add(self)

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kwargs: Any) -> None:
        if stopping.is_set():
            raise RunStoppedError("the run was stopped")
        await super()._async_launch_kernel(kernel_cmd, **kwargs)

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
