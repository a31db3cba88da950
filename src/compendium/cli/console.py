"""Where what a command has to say goes: people or machines, all of it or only the last words."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any, TextIO

from compendium import paths
from compendium.errors import CompendiumError, InputError, NotebookError

_COLOURS = {"red": "31", "green": "32"}
_MARKS = {"ok": "green", "NO": "red"}


class Console:
    """What a command says, and to whom.

    Parameters
    ----------
    quiet
        Say only the last words and errors.
    machine
        Write one JSON document to standard output; what people would read on the way goes to standard error.
    """

    def __init__(self, quiet: bool = False, machine: bool = False):
        self.quiet, self.machine = quiet, machine

    @property
    def stream(self) -> TextIO:
        """Where progress is told."""
        return sys.stderr if self.machine else sys.stdout

    @property
    def live(self) -> bool:
        """Whether a line may be written over: on a terminal that shows it."""
        return not self.quiet and _is_terminal(self.stream)

    def say(self, text: str = "") -> None:
        """Tell something on the way."""
        if not self.quiet:
            print(text, file=self.stream, flush=True)

    def conclude(self, text: str, document: dict[str, Any], last: str = "") -> None:
        """Say the last words.

        Parameters
        ----------
        text
            For people.
        document
            For machines.
        last
            The one line of the text that stands for all of it; its last line when empty.
        """
        if self.machine:
            print(json.dumps(document, indent=1, ensure_ascii=False), flush=True)
        elif self.quiet:
            print(last or text.rstrip().rpartition("\n")[2], flush=True)
        else:
            print(self.marked(text), flush=True)

    def marked(self, text: str) -> str:
        """Colour the marks at the beginnings of lines; the words stay, so that no colour is needed to read them."""
        return re.sub(r"^(ok|NO)\b", lambda mark: colour(mark[1], _MARKS[mark[1]], self.stream), text, flags=re.M)

    def complain(self, error: BaseException, status: int) -> None:
        """Tell what went wrong: a sentence for each fault, or one document with all of them."""
        lines = message(error).splitlines()
        if self.machine:
            document = {"status": status, "error": type(error).__name__, "message": "\n".join(lines)}
            print(json.dumps({**document, **_details(error)}, indent=1, ensure_ascii=False), flush=True)
            return
        if isinstance(error, KeyboardInterrupt):
            print("\n" + lines[0], file=sys.stderr, flush=True)
            return
        label = colour("error:", "red", sys.stderr)
        if isinstance(error, InputError) and len(lines) > 1:
            lines = [f"{len(lines)} problems; nothing was changed", *(f"  {line}" for line in lines)]
        print(label, "\n".join(lines), file=sys.stderr, flush=True)


def message(error: BaseException) -> str:
    """Put an error into words."""
    if isinstance(error, KeyboardInterrupt):
        finished = ", ".join(getattr(error, "finished", [])) or "no stage"
        return f"Stopped. Finished in this run: {finished}. Run the same command to go on."
    if isinstance(error, OSError) and not isinstance(error, CompendiumError):
        return f"{error.strerror or error}: {error.filename}" if error.filename else str(error.strerror or error)
    return str(error)


def _details(error: BaseException) -> dict[str, Any]:
    """Fields of an error that a machine can use."""
    if isinstance(error, InputError):
        return {"problems": [vars(problem) for problem in error.problems]}
    if isinstance(error, NotebookError):
        return {"stage": error.stage, "cell": error.cell, "notebook": error.kept}
    if isinstance(error, KeyboardInterrupt):
        return {"finished": list(getattr(error, "finished", []))}
    return {}


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def colour(text: str, name: str, stream: TextIO) -> str:
    """Colour a text where it is read on a terminal and ``NO_COLOR`` (https://no-color.org) is not set."""
    able = os.name != "nt" or bool(os.environ.get("WT_SESSION"))
    if not able or os.environ.get("NO_COLOR") or not _is_terminal(stream):
        return text
    return f"\x1b[{_COLOURS[name]}m{text}\x1b[0m"


def short(path: Path) -> str:
    """Write a path the shortest way a user in this folder can use."""
    for base in (Path.cwd(), paths.ROOT):
        if path.is_relative_to(base):
            return str(path.relative_to(base))
    return str(path)
