"""Colours only where they are read, and never alone."""

from __future__ import annotations

import io
import sys

import pytest

from compendium.cli.console import Console, colour
from compendium.errors import BusyError


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Put a terminal that shows colours in place of both streams; a fixture would be undone by pytest's capture."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return shown


def test_a_terminal_shows_colour_and_the_words_too(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = terminal(monkeypatch)
    Console().complain(BusyError("another run"), 1)
    Console().conclude("ok     3       3  figures/\nNO  missing: okra.csv", {})
    assert screen.getvalue() == (
        "\x1b[31merror:\x1b[0m another run\n\x1b[32mok\x1b[0m     3       3  figures/\n"
        "\x1b[31mNO\x1b[0m  missing: okra.csv\n"
    )


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_where_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    assert colour("done", "green", sys.stdout) == "done"


def test_an_empty_no_color_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "")
    assert colour("done", "green", sys.stdout) == "\x1b[32mdone\x1b[0m"


def test_no_colour_in_a_file_or_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert colour("done", "green", io.StringIO()) == "done"


def test_the_quiet_get_no_line_that_is_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal(monkeypatch)
    assert Console().live
    assert not Console(quiet=True).live
