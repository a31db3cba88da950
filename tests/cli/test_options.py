"""Reading the command line: what belongs to which command."""

from __future__ import annotations

import pytest

from compendium.cli.options import COMMANDS, OPTIONS, parse
from compendium.errors import InputError


@pytest.mark.parametrize(
    ("arguments", "command", "rest"),
    [
        ([], "build", []),
        (["--only", "list"], "build", []),
        (["--json", "list", "--out", "x"], "list", []),
        (["--debug", "test", "-k", "x"], "test", ["-k", "x"]),
        (["test", "--cov", "-p", "no:cacheprovider"], "test", ["--cov", "-p", "no:cacheprovider"]),
        (["lab", "--study", "x", "--port", "9000"], "lab", ["--port", "9000"]),
        (["lab", "--study=x", "--no-browser"], "lab", []),
    ],
)
def test_command_and_what_goes_on(arguments: list[str], command: str, rest: list[str]) -> None:
    parsed = parse(arguments)
    assert (parsed.command, parsed.rest) == (command, rest)


def test_option_of_another_command_is_refused_in_a_sentence() -> None:
    with pytest.raises(InputError, match="'--force': list takes no such option; build does; allowed: -p, "):
        parse(["--force", "list"])


def test_options_of_lab_are_its_own() -> None:
    parsed = parse(["lab", "--study=x", "--no-browser"])
    assert (parsed.study, parsed.no_browser) == ("x", True)


def test_help_of_a_command_is_asked_for_anywhere() -> None:
    for arguments in (["test", "--help"], ["--help", "check"], ["check", "--out", "x", "-h"]):
        assert parse(arguments).help


def test_what_follows_a_misspelt_option_is_no_command() -> None:
    with pytest.raises(InputError) as raised:
        parse(["--onyl", "policy", "--forse"])
    told = str(raised.value).splitlines()
    assert ["did you mean '--only'" in told[0], "did you mean '--force'" in told[1], len(told)] == [True, True, 2]


def test_every_option_is_taken_by_a_command_and_every_command_knows_its_options() -> None:
    taken = {name for command in COMMANDS.values() for name in command.options}
    assert taken == set(OPTIONS)
