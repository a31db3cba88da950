"""What each command does."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compendium import paths
from compendium.cli.console import Console, short
from compendium.errors import EXIT_FAILED, InputError, Problem, unknown

if TYPE_CHECKING:
    from compendium.parameters import Scalar
    from compendium.run.build import Plan


def build(options: argparse.Namespace, console: Console) -> int:
    """Validate, run what has to run, write the report, and pack it where that is wanted."""
    from compendium.cli.progress import Progress
    from compendium.run.build import build as run
    from compendium.stages import STAGES, with_needs

    plan = read_plan(options)
    source, status = _verify(options, plan.study, console)
    started = time.monotonic()
    stages = with_needs(plan.only) if plan.only else list(STAGES)
    with Progress(console, stages, plan.jobs, plan.out) as progress:
        made = run(plan, progress)
    seconds = time.monotonic() - started
    crate = _pack(plan, options.crate, console)
    lines = summary(plan, made, seconds)
    if crate:
        lines.append(f"  crate     {short(Path(crate))}")
    document = {"command": "build", "status": status, "out": str(plan.out), "released": plan.released}
    document |= {"ran": made["ran"]}
    document |= {"seconds": {name: round(took, 2) for name, took in progress.measured.items()}, "crate": crate}
    document |= {"artefacts": [entry["id"] for entry in made["manifest"]["artefacts"] if "id" in entry]}
    document |= {"missing_images": made["missing_images"], "source": source}
    console.conclude("\n".join(["", *lines]), document, lines[0])
    return status


def _pack(plan: Plan, target: str, console: Console) -> str:
    """Pack the run as a crate where that is wanted; return the crate's path."""
    if not target:
        return ""
    from compendium.crate import crate

    console.say("      packing the crate")
    crate.pack(plan.out, Path(target).resolve())
    return str(Path(target).resolve())


def summary(plan: Plan, made: dict[str, Any], seconds: float) -> list[str]:
    """Sum a run up: a line that counts, then where things are."""
    artefacts = made["manifest"]["artefacts"]
    tables = sum(entry["kind"] == "table" for entry in artefacts)
    published = sum(entry["published"] for entry in artefacts)
    lines = [
        f"{tables} tables and {len(artefacts) - tables} figures, {published} of them of the published report; "
        f"{len(made['results'])} named results; {len(made['ran'])} stages run in {seconds:.1f} s.",
        f"  report    {short(plan.out / 'report' / 'report.html')}",
        f"  tables    {short(plan.out / 'report' / 'tables')}/",
        f"  figures   {short(plan.out / 'figures')}/",
        f"  notebooks {short(plan.out / 'report' / 'notebooks')}/",
    ]
    if made["missing_images"]:
        names = ", ".join(made["missing_images"])
        lines.append(f"  not drawn as static images, because no Chromium, Chrome or Edge is installed: {names}")
    return lines


def check(options: argparse.Namespace, console: Console) -> int:
    """Rebuild elsewhere and compare every released file."""
    from compendium.audit import verdict
    from compendium.cli.progress import Progress
    from compendium.files import read_json
    from compendium.run.check import SAME, verdict_table
    from compendium.run.check import check as run
    from compendium.stages import STAGES

    problems: list[Problem] = []
    how = _how(options, problems)
    if problems:
        raise InputError(problems)
    with Progress(console, list(STAGES), how["jobs"], paths.ROOT) as progress:
        verdicts = run(progress, **how)
    differing = [{"file": name, "verdict": found} for name, found in verdicts if found != SAME]
    status = EXIT_FAILED if differing else 0
    judged = read_json(paths.ROOT / verdict.FILE)
    table = verdict_table(verdicts)
    text = f"\n{table}" + (f"\n\n{verdict.lines(judged)}" if judged else "")
    document = {"command": "check", "status": status, "files": len(verdicts), "differing": differing}
    console.conclude(text, {**document, "verdict": judged}, table.rpartition("\n")[2])
    return status


def validate(options: argparse.Namespace, console: Console) -> int:
    """Check the data package."""
    from compendium.data.validation import require_valid
    from compendium.run.build import plan

    study = plan(options.study).study
    source, status = _verify(options, study, console)
    found = require_valid(study)
    rows = sum(len(found.table(name)) for name in found.names)
    size = f"{len(found.names)} tables with {rows} rows and {len(found.bibliography)} references"
    document = {"command": "validate", "status": status, "study": str(study), "title": found.title, "problems": []}
    document |= {"tables": len(found.names), "rows": rows, "references": len(found.bibliography), "source": source}
    console.conclude(f"{found.title}\n{size}: no problem found.", document)
    return status


def listing(options: argparse.Namespace, console: Console) -> int:
    """Show stages and parameters."""
    from compendium.data.study import read_package
    from compendium.parameters import all_declared
    from compendium.run import durations
    from compendium.run.state import stale_because
    from compendium.stages import STAGES

    plan = read_plan(options)
    read_package(plan.study)
    took = durations.recorded(plan.out)
    stages: list[dict[str, Any]] = [
        {
            "name": stage.name,
            "notebook": stage.notebook,
            "needs": list(stage.needs),
            "to_run": stale_because(stage, plan.out, plan.study, plan.values),
            "seconds": took.get(stage.name),
        }
        for stage in STAGES
    ]
    parameters: list[dict[str, Any]] = [
        {**vars(parameter), "value": plan.values.get(parameter.name, parameter.default)}
        for parameter in all_declared().values()
    ]
    document = {"command": "list", "status": 0, "study": str(plan.study), "out": str(plan.out)}
    console.conclude(_listed(plan, stages, parameters), {**document, "stages": stages, "parameters": parameters})
    return 0


def _listed(plan: Plan, stages: list[dict[str, Any]], parameters: list[dict[str, Any]]) -> str:
    lines = [f"study   {short(plan.study)}", f"outputs {short(plan.out)}", "", "stages"]
    for number, stage in enumerate(stages, start=1):
        last = "" if stage["seconds"] is None else f"{stage['seconds']:5.1f} s"
        state = f"to run: {stage['to_run']}" if stage["to_run"] else "up to date"
        lines.append(f"  {number} {stage['name']:12} {stage['notebook']:26} {last:8} {state}")
    lines += ["", "parameters (set with -p NAME=VALUE)"]
    lines += [f"  {entry['name']} = {entry['value']!r}\n      {entry['help']}" for entry in parameters]
    return "\n".join(lines)


def lab(options: argparse.Namespace, console: Console) -> int:
    """Open JupyterLab; further arguments go to it."""
    from compendium.data.study import read_package
    from compendium.lab import has_desktop, open_lab

    study = Path(options.study).resolve() if options.study else None
    if study is not None:
        read_package(study)
    return open_lab(options.rest, study, has_desktop() and not options.no_browser)


def test(options: argparse.Namespace, console: Console) -> int:
    """Run the test suite in this environment; arguments go to pytest. The whole suite measures its coverage too."""
    whole = ["--cov", "--cov-report=term:skip-covered"]
    command = [sys.executable, "-m", "pytest", *(options.rest or whole)]
    return subprocess.run(command, cwd=paths.ROOT, check=False).returncode


RUN: dict[str, Callable[[argparse.Namespace, Console], int]] = {
    "build": build,
    "check": check,
    "validate": validate,
    "list": listing,
    "lab": lab,
    "test": test,
}
"""Command to what it does."""


def read_plan(options: argparse.Namespace) -> Plan:
    """Read what a run is to do.

    Raises
    ------
    InputError
        Everything that is wrong with the options, all at once.
    """
    from compendium.run.build import plan
    from compendium.stages import stage

    problems: list[Problem] = []
    only: list[str] = []
    for name in (part for text in options.only for part in text.split(",")):
        try:
            only.append(stage(name.strip()).name)
        except InputError as error:
            problems += error.problems
    values = _values(options, problems)
    how = _how(options, problems)
    if options.crate:
        problems += _crate_problems(Path(options.crate))
    if problems:
        raise InputError(problems)
    return plan(options.study, options.out, values, only, options.force, **how)


def _values(options: argparse.Namespace, problems: list[Problem]) -> dict[str, Scalar]:
    """Read the parameters: those of a file, then those of the command line, which win."""
    from compendium import parameters

    values: dict[str, Scalar] = {}
    readers: list[Callable[[], dict[str, Scalar]]] = [lambda: parameters.parse(options.p)]
    if options.parameters:
        readers.insert(0, lambda: parameters.read_file(Path(options.parameters)))
    for read in readers:
        try:
            values |= read()
        except InputError as error:
            problems += error.problems
    return values


def _crate_problems(target: Path) -> list[Problem]:
    """Say before anything runs where a crate could not be written."""
    if target.suffix != ".zip":
        return [Problem(field="--crate", value=str(target), reason="is no name of a ZIP file", allowed="FILE.zip")]
    if target.is_dir() or not target.resolve().parent.is_dir():
        reason = "is a folder" if target.is_dir() else "lies in a folder that does not exist"
        return [Problem(field="--crate", value=str(target), reason=reason, allowed="a file in a folder that exists")]
    return []


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


def _verify(options: argparse.Namespace, study: Path, console: Console) -> tuple[str, int]:
    """Verify the study against a copy of its report before anything else is done, where one is given.

    Returns what was told, and the exit status that the command has when all else goes well.
    """
    if not options.source:
        return "", 0
    from compendium.data.validation import require_valid
    from compendium.source.verification import run

    found = run(require_valid(study), options.source)
    console.say(found.text + "\n")
    return found.text, EXIT_FAILED if found.missing else 0
