"""A copy of the compendium with quick notebooks, for tests that kill it, starve it, or take its rights away."""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from compendium.files import sha256
from compendium.paths import ROOT
from compendium.run.check import released_files
from compendium.run.locking import LOCK_NAME
from compendium.stages import STAGES

LEFT_OUT = [".git", ".venv*", "runs", "derived", "assets", "__pycache__", ".*_cache", ".hypothesis", ".c*"]
STAGE_OF = {stage.notebook: stage.name for stage in STAGES}
_DROP_FROM_BOUNDING_SET, _DAC_OVERRIDE = 24, 1
PARAMETERS = {
    "appraisal": ("woe_rule", "woe_threshold"),
    "policy": ("term_families",),
    "interviews": ("term_families",),
}
PUBLISHED = {"woe_rule": "printed", "woe_threshold": "published", "term_families": "all"}
QUICK = """
{uses}
import os
from compendium.publishing import manifest
from compendium.files import sha256, write_json, write_text
from compendium.publishing.manifest import Entry
from compendium.publishing.publish import modules_used, results_path
from compendium.stages import stage
from pathlib import Path
name = {name!r}
out = Path(os.environ["COMPENDIUM_OUT"])
path = f"report/tables/{{name}}.csv"
write_text(out / path, ("a" * 20_000 + "\\n") * 5 + mark)
more = [f"report/tables/{{name}}-{{i}}.csv" for i in range(20)]
for p in more: write_text(out / p, mark)
write_json(results_path(out, name), {{"mark": mark}})
files = {{p: sha256(out / p) for p in [path, *more]}}
made = Entry(name, "table", "T", "A", False, name, stage(name).notebook, files)
manifest.write_fragment(out, name, [made], {inputs!r}, [], modules_used())
print(mark)
"""


SHORT_FORMS = """

def _short(form):
    def write(out, printed):
        from compendium.files import write_text

        write_text(out / "report" / f"report.{form}", form)
        return f"report/report.{form}"

    return write


document.document = lambda *_: None
pdf.write_pdf, word.write_word, jats.write_jats = map(_short, ("pdf", "docx", "xml"))
"""
"""Put at the end of the module that writes the report: its printed forms take longer than all else of a quick run."""


class Site:
    """A copy of the compendium, and its command line."""

    def __init__(self, root: Path):
        self.root = root

    def copy(self, root: Path) -> Site:
        shutil.copytree(self.root, root)
        return Site(root)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self.root / "run_all.py"), *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        known = {k: v for k, v in os.environ.items() if not k.startswith(("COMPENDIUM_", "PYTEST_"))}
        return {**known, "PYTHONIOENCODING": "utf-8", **more}

    def run(
        self, *arguments: str, folder: Path | None = None, first: Callable[[], None] | None = None, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end: in a folder, with more variables, after a function that its process calls first."""
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(**more),
            cwd=folder,
            preexec_fn=first,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=100,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    def write_all(self, mark: str) -> None:
        for stage in STAGES:
            self.write(stage.name, mark)

    def write(
        self, name: str, mark: str, *sources: str, uses: str = "", inputs: tuple[str, ...] = ("terms.csv",)
    ) -> None:
        """Give a stage a notebook that publishes tables full of a mark, then runs further cells."""
        path = next(p for p in (self.root / "notebooks").iterdir() if STAGE_OF[p.name] == name)
        values = {"mark": mark, **{known: PUBLISHED[known] for known in PARAMETERS.get(name, ())}}
        cells = ["\n".join(f"{known} = {value!r}" for known, value in values.items())]
        cells += [QUICK.format(name=name, uses=uses, inputs=list(inputs)), *sources]
        book = {
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"c{number}",
                    "metadata": {"tags": ["parameters"]} if number == 0 else {},
                    "source": source,
                    "outputs": [],
                    "execution_count": None,
                }
                for number, source in enumerate(cells)
            ],
            "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        path.write_text(json.dumps(book), encoding="utf-8")

    def marks(self, name: str, out: Path | None = None) -> set[str]:
        """What the tables of a stage end with; half of one ends with something else."""
        tables = (out or self.root) / "report" / "tables"
        return {path.read_text()[-3:] for path in (tables / f"{name}.csv", *tables.glob(f"{name}-*")) if path.is_file()}

    def left_over(self) -> list[int]:
        """Numbers of processes that still work for this copy."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                told = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
                alive = (folder / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
            except OSError:
                continue
            if alive and str(self.root).encode() in told:
                found.append(int(folder.name))
        return found

    def wait_until_nothing_is_left(self, seconds: float = 3.0) -> list[int]:
        end = time.monotonic() + seconds
        while self.left_over() and time.monotonic() < end:
            time.sleep(0.05)
        return self.left_over()


def real_site(root: Path) -> Site:
    """Make a copy of the compendium with its own notebooks."""
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*LEFT_OUT))
    return Site(root)


def quick_site(root: Path) -> Site:
    """Make a copy whose notebooks, all of one mark, and report are quick; it has no claims to be recomputed."""
    site = real_site(root)
    site.write_all("old")
    for name in ("claims.csv", "inconsistencies.csv"):
        path = root / "data" / "conclusions" / name
        path.write_text(path.read_text(encoding="utf-8").partition("\n")[0] + "\n", encoding="utf-8")
    with (root / "src" / "compendium" / "publishing" / "report.py").open("a", encoding="utf-8") as stream:
        stream.write(SHORT_FORMS)
    return site


def outputs(out: Path) -> dict[str, str]:
    return {name: sha256(path) for name, path in released_files(out).items()}


def lock_is_free(out: Path) -> bool:
    with (out / LOCK_NAME).open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


def mount(folder: Path, options: str) -> bool:
    """Mount a disk in memory on a folder, or change one that is; whether the system let us."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[bool]:
    """Have a disk in memory on a folder for the time of the block; tells whether there is one."""
    done = mount(folder, options)
    try:
        yield done
    finally:
        if done:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def obey_permissions() -> None:
    """Take from this process, and from what it executes, the superuser's right to write where nobody may."""
    ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDING_SET, _DAC_OVERRIDE, 0, 0, 0)


def set_writable(folder: Path, writable: bool) -> None:
    """Set or take the write permission of a folder and all below it."""
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | 0o200 if writable else mode & ~0o222)
