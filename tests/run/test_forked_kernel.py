"""Forked kernels under Jupyter's kernel manager: life, signals and death as of launched ones, and no orphans."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from processes import gone

from compendium.run import kernel_parent, warm_parent
from compendium.run.forked_kernel import ForkedKernelManager
from compendium.run.warm_parent import can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="this system launches every kernel")


@pytest.fixture(autouse=True)
def _quiet_zmq(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST", raising=False)


@asynccontextmanager
async def kernel(folder: Path, name: str = "k") -> AsyncIterator[tuple[ForkedKernelManager, Any]]:
    manager = ForkedKernelManager(kernel_name="python3", transport="ipc", connection_file=str(folder / f"{name}.json"))
    await manager.start_kernel(env=dict(os.environ))
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=30)
        yield manager, client
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


async def value(client: Any, expression: str) -> Any:
    """Value of an expression in a kernel, by way of JSON."""
    request = f"import json; __v = json.dumps({expression})"
    reply = await client._async_execute_interactive(request, user_expressions={"v": "__v"}, output_hook=lambda _: None)
    return json.loads(eval(reply["content"]["user_expressions"]["v"]["data"]["text/plain"]))  # noqa: S307


async def ended(manager: ForkedKernelManager) -> int | None:
    """Exit status of a kernel that is about to end."""
    for _ in range(200):
        status: int | None = await manager.provisioner.poll()
        if status is not None:
            return status
        await asyncio.sleep(0.01)
    return None


def finish(scenario: Any) -> Any:
    """Run a scenario, which may take half a minute."""

    async def bounded() -> Any:
        return await asyncio.wait_for(scenario, 30)

    return asyncio.run(bounded())


def test_kernels_of_one_parent_do_not_share_random_numbers(tmp_path: Path) -> None:
    async def draw() -> list[list[Any]]:
        async with kernel(tmp_path, "a") as (_, one), kernel(tmp_path, "b") as (_, two):
            await value(one, "__import__('numpy') and 1")
            drawn = "[__import__('random').random(), __import__('numpy').random.rand(), __import__('uuid').uuid4().hex]"
            return [await value(client, drawn) for client in (one, two)]

    one, two = finish(draw())
    assert not set(one) & set(two)


def test_interrupt_restart_and_status(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with kernel(tmp_path) as (manager, client):
            first = await value(client, "__import__('os').getpid()")
            request = client.execute("print('started', flush=True); import time; time.sleep(60)")
            while (await client.get_iopub_msg(timeout=30))["content"].get("text") != "started\n":
                pass  # an interrupt that comes before the cell would find nothing to stop
            await manager.interrupt_kernel()
            reply = await client._async_recv_reply(request, timeout=30)
            assert reply["content"]["ename"] == "KeyboardInterrupt"
            # Clients of one manager have one address: were two open, replies would go to whichever connected last.
            client.stop_channels()
            await manager.restart_kernel(now=True)
            fresh = manager.client()
            fresh.start_channels()
            await fresh.wait_for_ready(timeout=30)
            second = await value(fresh, "__import__('os').getpid()")
            fresh.stop_channels()
            assert second != first
            assert gone(first)
            os.kill(second, signal.SIGKILL)
            assert await ended(manager) == -signal.SIGKILL
            assert not await manager.is_alive()

    finish(scenario())


def test_a_polite_shutdown_runs_exit_handlers(tmp_path: Path) -> None:
    said = tmp_path / "said"

    async def scenario() -> None:
        async with kernel(tmp_path) as (manager, client):
            await value(client, f"__import__('atexit').register(__import__('pathlib').Path({str(said)!r}).touch) and 1")
            await manager.shutdown_kernel(now=False)
            assert not manager.has_kernel

    finish(scenario())
    assert said.exists()


def test_what_a_kernel_started_ends_with_it(tmp_path: Path) -> None:
    async def scenario() -> int:
        async with kernel(tmp_path) as (_, client):
            return int(await value(client, "__import__('subprocess').Popen(['sleep', '600']).pid"))

    assert gone(finish(scenario()))


def test_a_parent_that_is_gone_is_replaced(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with kernel(tmp_path, "a") as (manager, client):
            number = await value(client, "__import__('os').getpid()")
            parent = await value(client, "__import__('os').getppid()")
            os.kill(parent, signal.SIGKILL)
            assert gone(number)
            assert await ended(manager) == -signal.SIGKILL
        async with kernel(tmp_path, "b") as (_, client):
            assert await value(client, "1 + 1") == 2

    finish(scenario())


def test_a_fork_that_is_refused_ends_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(kernel_parent, "fork_quietly", refused)
    ours, theirs = socket.socketpair()
    further, channel = socket.socketpair()
    reading, writing = os.pipe()
    parent = kernel_parent.Parent(theirs)
    assert not parent._fork(kernel_parent.Request([], {}, "/", "a:b", channel.detach()), writing)
    assert os.read(reading, 1) == b"", "who asked is told by the pipe's end"
    assert further.recv(1) == b""
    os.close(reading)
    for end in (ours, theirs, further):
        end.close()


def test_a_process_that_was_forked_a_moment_ago_ends_too() -> None:
    """Between its fork and its own first step it is not yet the leader of a group of processes."""
    ours, theirs = socket.socketpair()
    reading, writing = os.pipe()
    parent = kernel_parent.Parent(theirs)
    with subprocess.Popen(["sleep", "60"]) as process:
        parent._reports[process.pid] = writing
        parent._end_all()
        assert gone(process.pid)
    for descriptor in (reading, writing):
        os.close(descriptor)
    ours.close()
    theirs.close()


def test_startup_variables_get_a_parent_of_their_own() -> None:
    plain = warm_parent.parent_for([sys.executable], {**os.environ, "A_TEST": "1"})
    same = warm_parent.parent_for([sys.executable], {**os.environ, "A_TEST": "2"})
    seeded = warm_parent.parent_for([sys.executable], {**os.environ, "PYTHONHASHSEED": "7"})
    assert plain is same
    assert seeded is not plain


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_no_kernel_outlives_its_run(tmp_path: Path, signum: int) -> None:
    script = f"""
        import asyncio, os
        from compendium.run.forked_kernel import ForkedKernelManager
        async def main():
            manager = ForkedKernelManager(kernel_name="python3", transport="ipc",
                                          connection_file={str(tmp_path / "k.json")!r})
            await manager.start_kernel(env=dict(os.environ))
            client = manager.client()
            client.start_channels()
            await client.wait_for_ready(timeout=30)
            await client._async_execute_interactive(
                "import os, subprocess; print(os.getpid(), os.getppid(), subprocess.Popen(['sleep', '600']).pid)")
            client.execute("while True: pass")
            await asyncio.sleep(60)
        asyncio.run(main())
    """
    command = [sys.executable, "-u", "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        numbers = [int(part) for part in process.stdout.readline().split()]
        process.send_signal(signum)
        process.wait(10)
    assert len(numbers) == 3
    assert [number for number in numbers if not gone(number)] == []
