"""Work done in a forked copy of this process, and its answer.

A copy has everything that this process has imported and read, so that it starts at once and nothing needs to be sent to
it. Only a process with a single thread may be copied: locks that other threads hold would stay locked in the copy.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import socket
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
U = TypeVar("U")

_PR_SET_PDEATHSIG = 1


class LostError(RuntimeError):
    """The process that was to answer has ended without an answer."""


def fork_quietly() -> int:
    """Fork as :func:`os.fork` does, without its warning about threads.

    Threads of linear algebra libraries are counted by it; those libraries end them before a fork by themselves.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def die_with(parent: int) -> None:
    """Have the system end this process when its parent ends, where the system can be asked to."""
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def end_group(number: int) -> None:
    """End a process and the group that it leads, at once; one that was forked a moment ago leads none yet."""
    for end in (os.killpg, os.kill):
        with contextlib.suppress(OSError):
            end(number, signal.SIGKILL)


def answer(channel: socket.socket, work: Callable[[], object]) -> None:
    """Do some work and send what it returns, or the exception it raises, to :func:`receive` at the other end."""
    told: tuple[object, Exception | None, str]
    try:
        told = (work(), None, "")
    except Exception as error:
        told = (None, error, f"(in process {os.getpid()})\n{traceback.format_exc()}")
    with channel, contextlib.suppress(OSError):  # nobody may be listening any more
        channel.sendall(_pickled(told))


def _pickled(told: tuple[object, Exception | None, str]) -> bytes:
    """Pickle an answer; one that cannot be pickled, or not be read again, becomes an error that shows it."""
    try:
        packed = pickle.dumps(told)
        pickle.loads(packed)  # noqa: S301 - made on the line before
    except Exception:
        made, error, trace = told
        packed = pickle.dumps((None, RuntimeError(f"no answer could be sent: {error or made!r}"), trace))
    return packed


def receive(channel: socket.socket) -> Any:
    """Wait for the answer that comes through a channel, and close it.

    Returns
    -------
    object
        What the work returned. What the work raised is raised here.

    Raises
    ------
    LostError
        The other end was closed before its answer was complete.
    """
    parts = []
    with channel, contextlib.suppress(ConnectionError):
        while part := channel.recv(1 << 20):
            parts.append(part)
    try:
        made, error, trace = pickle.loads(b"".join(parts))  # noqa: S301 - written by a copy of this process
    except (EOFError, pickle.UnpicklingError):
        raise LostError("the process that did this work has ended") from None
    if error is not None:
        error.add_note(trace)
        raise error
    return made


def in_turn(first: Callable[[], T], second: Callable[[], U]) -> tuple[T, U]:
    """Do two things one after the other; return what they returned."""
    return first(), second()


def side_by_side(beside: Callable[[], T], here: Callable[[], U]) -> tuple[T, U]:
    """Do two things at a time, the first in a forked copy of this process; in turn where none can be made.

    Parameters
    ----------
    beside, here
        The two things; files that they write are all that one may know of the other.

    Returns
    -------
    (object, object)
        What they returned. What they raised is raised here, that of the second first.

    Raises
    ------
    LostError
        The copy has ended before its end.
    """
    ours, theirs = socket.socketpair()
    parent = os.getpid()
    try:
        number = fork_quietly()
    except OSError:  # too many processes, or too little memory for one more
        ours.close()
        theirs.close()
        return in_turn(beside, here)
    if number == 0:
        try:
            ours.close()
            die_with(parent)
            answer(theirs, beside)
        finally:
            os._exit(0)
    theirs.close()
    try:
        second = here()
        return receive(ours), second
    except BaseException:
        end_group(number)
        raise
    finally:
        ours.close()
        with contextlib.suppress(ChildProcessError):  # where signals of ended processes are ignored
            os.waitpid(number, 0)
