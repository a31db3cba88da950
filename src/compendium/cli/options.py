"""The commands and options of ``run_all.py``, their help, and how they are read."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from compendium.errors import InputError, Problem, unknown

WIDTH = 100
"""Columns that a help takes at most."""


@dataclass(frozen=True)
class Option:
    """An option: how it is called, what stands after it (nothing where empty), and what it is for."""

    metavar: str
    help: str
    repeated: bool = False


@dataclass(frozen=True)
class Command:
    """A command.

    Parameters
    ----------
    summary
        What it does, for the list of commands.
    options
        Names of the options it takes.
    examples
        Arguments, and what they do.
    rest
        Program to which further arguments go; empty where there are none.
    """

    summary: str
    options: tuple[str, ...]
    examples: tuple[tuple[str, str], ...]
    rest: str = ""


OPTIONS = {
    "-p": Option("NAME=VALUE", "set a parameter; may be repeated", repeated=True),
    "--parameters": Option("FILE", "set the parameters that a YAML or JSON file names; -p wins"),
    "--only": Option("STAGE", "run this stage and what it needs; may be repeated", repeated=True),
    "--force": Option("", "run also what is up to date"),
    "--study": Option("DIR", "folder of the study (default: data/)"),
    "--out": Option("DIR", "output folder (default: the released outputs, or runs/<name>)"),
    "--source": Option("FILE", "verify every fact against a copy of the report first (text or PDF)"),
    "--crate": Option("FILE.zip", "pack the finished run as an RO-Crate"),
    "--jobs": Option("N", "notebooks side by side (default: number of cores)"),
    "--engine": Option("NAME", "how kernels start: kernel (default) or fork"),
    "--timeout": Option("SECONDS", "stop a cell that takes longer"),
    "--no-browser": Option("", "print the address and open no browser"),
    "--quiet": Option("", "say only the last line, and errors"),
    "--json": Option("", "one JSON document on standard output, progress on standard error"),
    "--debug": Option("", "show tracebacks"),
}
_RUN = ("--jobs", "--engine", "--timeout")
_TELL = ("--quiet", "--json", "--debug")

COMMANDS = {
    "build": Command(
        "validate the data, run the notebooks, write the report (the default)",
        ("-p", "--parameters", "--only", "--force", "--study", "--out", "--source", "--crate", *_RUN, *_TELL),
        (
            ("build --only policy --force", "one notebook again"),
            ("-p woe_threshold=3", "the report with a wider net, into runs/"),
        ),
    ),
    "check": Command(
        "rebuild into a temporary folder and compare every released file",
        (*_RUN, *_TELL),
        (("check", "status 0 where every file is the same, 1 where one is not"),),
    ),
    "validate": Command(
        "check the data package only",
        ("--study", "--source", *_TELL),
        (("validate --study ../my-review", "every problem of another study"),),
    ),
    "list": Command(
        "show stages, what is up to date, how long each took, and the parameters",
        ("-p", "--parameters", "--study", "--out", "--json", "--debug"),
        (("list -p woe_threshold=3", "what that run would have to do"),),
    ),
    "lab": Command(
        "open JupyterLab on the notebooks",
        ("--study", "--no-browser"),
        (
            ("lab", "on a free port; the address is told"),
            ("lab --no-browser --port=9000", "--port is an option of jupyter lab"),
        ),
        rest="jupyter lab",
    ),
    "test": Command(
        "run the test suite",
        (),
        (("test", "all tests"), ("test tests/test_docs.py -x", "one file, up to its first failure")),
        rest="pytest",
    ),
}
EXAMPLES = (
    ("", "the published report"),
    ("check", "the same elsewhere, compared byte by byte"),
    ("-p woe_threshold=3", "the report with a wider net, into runs/"),
    ("--study ../my-review", "another team's data"),
    ("lab", "change something and look at what follows"),
)


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are told like those about data."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with an option."""
        found = re.match(r"argument ([^:]+): (.*)", message)
        name, reason = found.groups() if found else ("option", message)
        option = OPTIONS.get(name)
        if option and reason.startswith("expected one argument"):
            raise InputError(Problem(field=name, reason="has no value", allowed=f"{name} {option.metavar}"))
        if option and reason.startswith("ignored explicit argument"):
            raise InputError(Problem(field=name, reason="takes no value", allowed=name))
        raise InputError(Problem(field=name, reason=reason, allowed="see --help"))


def destination(name: str) -> str:
    """Name of an option's value among those that were read."""
    return name.lstrip("-").replace("-", "_")


def make_parser() -> Parser:
    """Make the parser of all options; which of them a command takes is looked at later, to say it in a sentence."""
    parser = Parser(add_help=False, allow_abbrev=False)
    for name, option in OPTIONS.items():
        if option.repeated:
            parser.add_argument(name, action="append", default=[], metavar=option.metavar)
        elif option.metavar:
            parser.add_argument(name, default="", metavar=option.metavar)
        else:
            parser.add_argument(name, action="store_true")
    return parser


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line.

    Returns
    -------
    argparse.Namespace
        ``command``; ``help``, whether it was asked for; ``rest``, what goes on to another program; and every option.

    Raises
    ------
    InputError
        Unknown commands and options, all at once, with the nearest that exist; options that the command does not
        take; an option without its value.
    """
    command, own, rest = _split(arguments)
    if command not in COMMANDS:
        raise unknown("command", command, COMMANDS)
    wants_help = bool({"-h", "--help"} & {*own, *rest})
    parsed, left = make_parser().parse_known_args([a for a in own if a not in {"-h", "--help"}])
    if COMMANDS[command].rest:
        left, rest = [], [*left, *rest]
    misspelt = [argument for argument in left if argument.startswith("-")]
    problems = [problem for argument in misspelt or left for problem in _unknown(command, argument).problems]
    given = [name for name in OPTIONS if getattr(parsed, destination(name))]
    problems += [_refused(command, name) for name in given if name not in (*COMMANDS[command].options, "--debug")]
    if problems and not wants_help:
        raise InputError(problems)
    parsed.command, parsed.help, parsed.rest = command, wants_help, [a for a in rest if a not in {"-h", "--help"}]
    parsed.named = command in arguments
    return parsed


def _split(arguments: Sequence[str]) -> tuple[str, list[str], list[str]]:
    """Tell the command, its own arguments, and those that go on to another program."""
    left, before = list(arguments), []
    while left and left[0].startswith("-"):
        before.append(left.pop(0))
        if before[-1] in OPTIONS and OPTIONS[before[-1]].metavar and left:
            before.append(left.pop(0))
    misspelt = [a for a in before if a.startswith("-") and a.partition("=")[0] not in {*OPTIONS, "-h", "--help"}]
    # What stands after a misspelt option may be its value.
    command = left.pop(0) if left and (left[0] in COMMANDS or not misspelt) else "build"
    if command not in COMMANDS or not COMMANDS[command].rest:
        return command, before + left, []
    own = before
    rest: list[str] = []
    while left:
        argument = left.pop(0)
        name = argument.partition("=")[0]
        (own if name in COMMANDS[command].options else rest).append(argument)
        if argument in COMMANDS[command].options and OPTIONS[argument].metavar and left:
            own.append(left.pop(0))
    return command, own, rest


def _unknown(command: str, argument: str) -> InputError:
    if not argument.startswith("-"):
        return unknown("argument", argument, ["one command, then options"])
    return unknown("option", argument.partition("=")[0], [*COMMANDS[command].options, "--help"])


def _refused(command: str, name: str) -> Problem:
    others = [other for other, known in COMMANDS.items() if name in known.options]
    reason = f"{command} takes no such option; {' and '.join(others)} {'does' if len(others) == 1 else 'do'}"
    return Problem(field=name, reason=reason, allowed=", ".join(COMMANDS[command].options) or "none")


def general_help() -> str:
    """Help on the whole: the commands, and where to find more."""
    commands = "\n".join(f"  {name:9} {command.summary}" for name, command in COMMANDS.items())
    return (
        "usage: python run_all.py [command] [options]\n\nRebuild the report from its data.\n\n"
        f"commands:\n{commands}\n\noptions of a command: python run_all.py COMMAND --help\n\n"
        f"{_examples(EXAMPLES)}"
    )


def command_help(name: str) -> str:
    """Help on one command: every option it takes, and an example."""
    command = COMMANDS[name]
    further = f" [options of {command.rest}]" if command.rest else ""
    lines = [f"usage: python run_all.py {name} [options]{further}"]
    lines += ["", f"{command.summary[0].upper()}{command.summary[1:]}.", "", "options:"]
    shown = {f"{option} {OPTIONS[option].metavar}".strip(): OPTIONS[option].help for option in command.options}
    shown["-h, --help"] = "show this help"
    lines += [f"  {option:20} {text}" for option, text in shown.items()]
    if command.rest:
        lines += textwrap.wrap(f"Anything else goes to {command.rest}.", WIDTH)
    return "\n".join([*lines, "", _examples(command.examples)])


def _examples(examples: tuple[tuple[str, str], ...]) -> str:
    shown = [(f"python run_all.py {arguments}".rstrip(), text) for arguments, text in examples]
    width = max(len(command) for command, _ in shown)
    heading = "example:" if len(shown) == 1 else "examples:"
    return "\n".join([heading, *(f"  {command:{width}}   {text}" for command, text in shown)])
