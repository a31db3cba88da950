"""The command line behind ``run_all.py``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from compendium import paths
from compendium.errors import EXIT_FAILED, CompendiumError, InputError, Problem, unknown
from compendium.progress import Reporter

if TYPE_CHECKING:
    from compendium.run.build import Plan
    from compendium.stages import Stage

COMMANDS = {
    "build": "validate the data, run the notebooks in order, write the report (the default)",
    "check": "rebuild into a temporary folder and compare every released file",
    "validate": "check the data package only",
    "list": "show stages, parameters and what is up to date",
    "test": "run the test suite; further arguments go to pytest",
}
EPILOG = """examples:
  python run_all.py                           the published report
  python run_all.py -p woe_threshold=3        the same with a wider net, into runs/
  python run_all.py --only policy --force     one notebook again
  python run_all.py --study ../my-review      another team's data
  python run_all.py --source report.pdf       verify the data against your copy of the report first
"""


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are told like those about data."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with the options."""
        raise InputError(Problem(reason=message, allowed="see --help"))


def make_parser() -> Parser:
    """Make the parser of the command line."""
    commands = "\n".join(f"  {name:9} {text}" for name, text in COMMANDS.items())
    parser = Parser(
        prog="run_all.py",
        description=f"Rebuild the report from its data.\n\ncommands:\n{commands}",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        usage="python run_all.py [command] [options]",
    )
    parser.add_argument("command", nargs="?", default="build", help=argparse.SUPPRESS)
    parser.add_argument(
        "-p", metavar="NAME=VALUE", action="append", default=[], help="set a parameter; may be repeated"
    )
    parser.add_argument("--only", metavar="STAGE", action="append", default=[], help="run this stage and what it needs")
    parser.add_argument("--force", action="store_true", help="run also what is up to date")
    parser.add_argument("--study", metavar="DIR", default="", help="folder of the study (default: data/)")
    parser.add_argument("--out", metavar="DIR", default="", help="output folder (default: released, or runs/<name>)")
    parser.add_argument(
        "--source", metavar="FILE", default="", help="verify every fact against a copy of the report (text or PDF)"
    )
    parser.add_argument("--jobs", metavar="N", default="", help="notebooks side by side (default: number of cores)")
    parser.add_argument("--engine", metavar="NAME", default="", help="kernel (default) or fork: how kernels start")
    parser.add_argument("--timeout", metavar="SECONDS", default="", help="stop a cell that takes longer")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        Without the program's name; those of the process when ``None``.

    Returns
    -------
    int
        0 when all went well; 1 when something failed or differs; 2 when the input is wrong; 130 when interrupted.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments[:1] == ["test"]:
        return run_tests(arguments[1:])
    debug = "--debug" in arguments
    try:
        return _dispatch(parse_options(arguments))
    except CompendiumError as error:
        if debug:
            raise
        _complain(error)
        return error.exit_status
    except KeyboardInterrupt as stopped:
        finished = ", ".join(getattr(stopped, "finished", [])) or "no stage"
        print(f"\nStopped. Finished in this run: {finished}. Run the same command to go on.", file=sys.stderr)
        return 130
    except OSError as error:
        if debug:
            raise
        print(f"error: {error.strerror or error}: {error.filename or ''}", file=sys.stderr)
        return EXIT_FAILED


def parse_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line.

    Raises
    ------
    InputError
        Unknown commands and options, all at once, with the nearest that exist; an option without its value.
    """
    parser = make_parser()
    options, left = parser.parse_known_args(arguments)
    known = sorted(name for action in parser._actions for name in action.option_strings)
    problems: list[Problem] = []
    if options.command not in COMMANDS:
        problems += unknown("command", options.command, COMMANDS).problems
    for argument in left:
        kind, choices = ("option", known) if argument.startswith("-") else ("argument", [])
        problems += unknown(kind, argument.partition("=")[0], choices or ["one command, then options"]).problems
    if problems:
        raise InputError(problems)
    return options


def _complain(error: CompendiumError) -> None:
    lines = str(error).splitlines()
    if isinstance(error, InputError) and len(lines) > 1:
        print(f"error: {len(lines)} problems; nothing was changed", file=sys.stderr)
        print("\n".join(f"  {line}" for line in lines), file=sys.stderr)
    else:
        print("error: " + "\n".join(lines), file=sys.stderr)


def _dispatch(options: argparse.Namespace) -> int:
    if options.command == "test":
        return run_tests([])
    if options.command == "check":
        return _check(options)
    plan = _plan(options)
    if options.source:
        _verify(options, plan.study)
    if options.command == "validate":
        return _validate(plan.study)
    if options.command == "list":
        return _list(plan)
    return _build(plan)


def _plan(options: argparse.Namespace) -> Plan:
    """Read all options and report everything wrong with them at once."""
    from compendium.parameters import Scalar, parse
    from compendium.run.build import plan
    from compendium.stages import stage

    problems: list[Problem] = []
    only: list[str] = []
    values: dict[str, Scalar] = {}
    for name in (part for text in options.only for part in text.split(",")):
        try:
            only.append(stage(name.strip()).name)
        except InputError as error:
            problems += error.problems
    try:
        values = parse(options.p)
    except InputError as error:
        problems += error.problems
    how = _how(options, problems)
    if problems:
        raise InputError(problems)
    return plan(options.study, options.out, values, only, options.force, **how)


def _how(options: argparse.Namespace, problems: list[Problem]) -> dict[str, Any]:
    """Read how to run; what is wrong with it joins the problems."""
    from compendium.run.warm_parent import ENGINES, FORK, can_fork, default_engine

    how: dict[str, Any] = {"engine": options.engine or default_engine(), "jobs": cores(), "timeout": None}
    if how["engine"] not in ENGINES:
        problems += unknown("engine", options.engine, ENGINES).problems
    elif how["engine"] == FORK and not can_fork():
        reason = "this system cannot fork kernels"
        problems.append(Problem(field="--engine", value=FORK, reason=reason, allowed=ENGINES[-1]))
    numbers: tuple[tuple[str, Callable[[str], float], str], ...] = (
        ("jobs", int, "a whole number from 1 on"),
        ("timeout", float, "a number of seconds above 0"),
    )
    for name, read, allowed in numbers:
        text = getattr(options, name)
        try:
            how[name] = read(text) if text else how[name]
        except ValueError:
            how[name] = 0
        if text and not 0 < how[name] < float("inf"):
            problems.append(Problem(field=f"--{name}", value=text, reason="is no such number", allowed=allowed))
    return how


def cores() -> int:
    """Count the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _verify(options: argparse.Namespace, study: Path) -> None:
    """Verify the study against a copy of its report before anything else is done."""
    from compendium.data.validation import require_valid
    from compendium.source.verification import run

    if options.command not in {"build", "validate"}:
        reason = f"{options.command} takes no such option"
        raise InputError(Problem(field="--source", reason=reason, allowed="build, validate"))
    print(run(require_valid(study), options.source) + "\n")


def _validate(study: Path) -> int:
    from compendium.data.validation import require_valid

    found = require_valid(study)
    rows = sum(len(found.table(name)) for name in found.names)
    size = f"{len(found.names)} tables with {rows} rows and {len(found.bibliography)} references"
    print(f"{found.title}\n{size}: no problem found.")
    return 0


def _list(plan: Plan) -> int:
    from compendium.data.study import read_package
    from compendium.parameters import all_declared
    from compendium.run.state import stale_because
    from compendium.stages import STAGES

    read_package(plan.study)
    print(f"study   {_short(plan.study)}\noutputs {_short(plan.out)}\n\nstages")
    for number, stage in enumerate(STAGES, start=1):
        reason = stale_because(stage, plan.out, plan.study, plan.values)
        print(f"  {number} {stage.name:12} {stage.notebook:26} {'to run: ' + reason if reason else 'up to date'}")
    print("\nparameters (set with -p NAME=VALUE)")
    for parameter in all_declared().values():
        value = plan.values.get(parameter.name, parameter.default)
        print(f"  {parameter.name} = {value!r}\n      {parameter.help}")
    return 0


def _build(plan: Plan) -> int:
    from compendium.run.build import build

    started = time.monotonic()
    made = build(plan, Progress())
    print(_summary(plan, made, time.monotonic() - started))
    return 0


def _summary(plan: Plan, made: dict, seconds: float) -> str:
    artefacts = made["manifest"]["artefacts"]
    tables = sum(entry["kind"] == "table" for entry in artefacts)
    published = sum(entry["published"] for entry in artefacts)
    lines = [
        "",
        f"{tables} tables and {len(artefacts) - tables} figures, {published} of them of the published report; "
        f"{len(made['results'])} named results; {len(made['ran'])} stages run in {seconds:.1f} s.",
        f"  report    {_short(plan.out / 'report' / 'report.html')}",
        f"  tables    {_short(plan.out / 'report' / 'tables')}/",
        f"  figures   {_short(plan.out / 'figures')}/",
        f"  notebooks {_short(plan.out / 'report' / 'notebooks')}/",
    ]
    if made["missing_images"]:
        names = ", ".join(made["missing_images"])
        lines.append(f"  not drawn as static images, because no Chromium, Chrome or Edge is installed: {names}")
    return "\n".join(lines)


def _check(options: argparse.Namespace) -> int:
    from compendium.audit import verdict
    from compendium.files import read_json
    from compendium.run.check import SAME, check, verdict_table

    given = {"-p": options.p, "--only": options.only, "--study": options.study, "--out": options.out}
    given["--source"] = options.source
    wrong = [name for name, value in given.items() if value]
    if wrong:
        reason = "check rebuilds the released study and takes no such option"
        raise InputError(Problem(field=name, reason=reason) for name in wrong)
    problems: list[Problem] = []
    how = _how(options, problems)
    if problems:
        raise InputError(problems)
    verdicts = check(Progress(), **how)
    print("\n" + verdict_table(verdicts))
    judged = read_json(paths.ROOT / verdict.FILE)
    if judged:
        print("\n" + verdict.lines(judged))
    return 0 if all(found == SAME for _, found in verdicts) else EXIT_FAILED


def run_tests(arguments: list[str]) -> int:
    """Run the test suite in this environment; arguments go to pytest. The whole suite measures its coverage too."""
    whole = ["--cov", "--cov-report=term:skip-covered"]
    command = [sys.executable, "-m", "pytest", *(arguments or whole)]
    return subprocess.run(command, cwd=paths.ROOT, check=False).returncode


def _short(path: Path) -> str:
    """Write a path the shortest way a user in this folder can use."""
    for base in (Path.cwd(), paths.ROOT):
        if path.is_relative_to(base):
            return str(path.relative_to(base))
    return str(path)


class Progress(Reporter):
    """Tells on the terminal what a run does."""

    def __init__(self) -> None:
        self._started: dict[str, tuple[str, float]] = {}

    def begin(self, out: Path, released: bool) -> None:
        """Tell where the run writes, if that is not the released outputs."""
        if not released:
            print(f"Writing to {_short(out)}; the released outputs stay as they are.")

    def start(self, stage: Stage, number: int, total: int, reason: str) -> None:
        """Tell that a stage starts, and why."""
        place = f"[{number}/{total}] {stage.notebook:26}"
        self._started[stage.name] = (place, time.monotonic())
        print(f"{place} {reason} …", flush=True)

    def skip(self, stage: Stage, number: int, total: int) -> None:
        """Tell that a stage is up to date."""
        print(f"[{number}/{total}] {stage.notebook:26} up to date")

    def done(self, stage: Stage, missing_images: list[str]) -> None:
        """Tell that a stage is finished."""
        place, since = self._started[stage.name]
        print(f"{place} done in {time.monotonic() - since:.1f} s", flush=True)

    def note(self, text: str) -> None:
        """Tell something else."""
        print(f"      {text}")
