"""Everything that may go wrong in a way a user can mend, and one place that puts it into words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

EXIT_FAILED = 1
"""Status when something ran and failed, or differs."""
EXIT_BAD_INPUT = 2
"""Status when data, a parameter or an option is wrong; outputs are untouched."""

_VALUE_SHOWN = 60


@dataclass(frozen=True, order=True)
class Problem:
    """One fault of the input, told so that it can be mended without reading Python.

    Parameters
    ----------
    file
        Path as the user knows it, relative to the study folder; empty for an option or a parameter.
    row
        Line of the file, counted from 1 with the header as line 1; ``None`` when the whole file is meant.
    field
        Column, parameter or option.
    value
        What stands there; ``None`` when nothing does.
    reason
        What is wrong.
    allowed
        What would be right.
    """

    file: str = ""
    row: int | None = None
    field: str = ""
    value: str | None = None
    reason: str = ""
    allowed: str = ""

    def __str__(self) -> str:
        place = [self.file] if self.file else []
        if self.row is not None:
            place.append(f"row {self.row}")
        if self.field:
            place.append(f"field {self.field!r}" if self.file else f"{self.field!r}")
        if self.value is not None:
            place.append(f"value {shorten(self.value)}")
        text = ", ".join(place)
        text += f": {self.reason}" if text else self.reason
        return f"{text}; allowed: {self.allowed}" if self.allowed else text


def shorten(value: str, width: int = _VALUE_SHOWN) -> str:
    """Quote a value for a message: control characters escaped, at most `width` characters of it."""
    shown = value if len(value) <= width else value[: width - 1] + "…"
    return repr(shown)


class CompendiumError(Exception):
    """Base of all errors that are told to the user in a sentence instead of a traceback."""

    exit_status = EXIT_FAILED

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows in place of a traceback; IPython asks for it."""
        return [f"{type(self).__name__}: {line}" if not n else line for n, line in enumerate(str(self).splitlines())]


class InputError(CompendiumError):
    """Data, parameters or options are wrong.

    Parameters
    ----------
    problems
        All that was found, not just the first.
    """

    exit_status = EXIT_BAD_INPUT

    def __init__(self, problems: Iterable[Problem] | Problem):
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class NotebookError(CompendiumError):
    """A cell of a notebook raised.

    Parameters
    ----------
    stage
        Name of the stage.
    cell
        Number of the failing code cell, counted from 1.
    summary
        Exception class and message.
    kept
        Path of the executed copy that was kept; empty where none could be.
    """

    def __init__(self, stage: str, cell: int | None, summary: str, kept: str):
        self.stage, self.cell, self.summary, self.kept = stage, cell, summary, kept
        super().__init__(stage, cell, summary, kept)

    def __str__(self) -> str:
        where = f"cell {self.cell} of stage {self.stage}" if self.cell else f"stage {self.stage}"
        kept = f"\nThe executed notebook is kept at {self.kept}" if self.kept else ""
        return f"{where} failed: {self.summary}{kept}"


class BusyError(CompendiumError):
    """Another run holds the output folder."""


def unknown(kind: str, name: str, choices: Iterable[str]) -> InputError:
    """Build the error for a name that does not exist, naming the nearest and listing those that do."""
    from difflib import get_close_matches

    known = list(choices)
    near = get_close_matches(name, known, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    return InputError(Problem(field=kind, value=name, reason=f"no such {kind}{hint}", allowed=", ".join(known)))
