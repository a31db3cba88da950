"""Runs that are killed, interrupted, run into a full disk or hang: old or new outputs, never half, and nothing left."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compendium.files import sha256, write_json, write_text
from compendium.paths import ROOT
from compendium.run import state, transaction
from compendium.run.check import released_files
from compendium.run.warm_parent import ENGINES, can_fork
from compendium.stages import STAGES

pytestmark = pytest.mark.skipif(not can_fork(), reason="signals as on POSIX systems")

LEFT_OUT = [".git", ".venv*", "runs", "derived", "assets", "__pycache__", ".*_cache", ".hypothesis", ".c*"]
STAGE_OF = {stage.notebook: stage.name for stage in STAGES}
SHORT, LONG = 6, 50
QUICK = """
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
write_text(out / path, "a\\n" * 50_000 + mark)
more = [f"report/tables/{{name}}-{{i}}.csv" for i in range(20)]
for p in more: write_text(out / p, mark)
write_json(results_path(out, name), {{"mark": mark}})
files = {{p: sha256(out / p) for p in [path, *more]}}
made = Entry(name, "table", "T", "A", False, name, stage(name).notebook, files)
manifest.write_fragment(out, name, [made], ["terms.csv"], [], modules_used())
print(mark)
"""


class Site:
    """A copy of the compendium whose notebooks are quick, and its command line."""

    def __init__(self, root: Path):
        self.root = root

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self.root / "run_all.py"), *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        known = {k: v for k, v in os.environ.items() if not k.startswith(("COMPENDIUM_", "PYTEST_"))}
        return {**known, "PYTHONIOENCODING": "utf-8", **more}

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(**more),
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

    def write(self, name: str, mark: str, *sources: str) -> None:
        """Give a stage a notebook that publishes tables full of a mark, then runs further cells."""
        path = next(p for p in (self.root / "notebooks").iterdir() if STAGE_OF[p.name] == name)
        cells = [f'mark = "{mark}"\nwoe_threshold = "published"\nwoe_rule = "printed"\nterm_families = "all"']
        cells += [QUICK.format(name=name), *sources]
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


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    root = tmp_path / "compendium"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*LEFT_OUT))
    made = Site(root)
    for stage in STAGES:
        made.write(stage.name, "old")
    yield made
    for number in made.left_over():
        os.kill(number, signal.SIGKILL)


def outputs(out: Path) -> dict[str, str]:
    return {name: sha256(path) for name, path in released_files(out).items()}


def wait_until_nothing_is_left(site: Site, seconds: float = 3.0) -> list[int]:
    end = time.monotonic() + seconds
    while site.left_over() and time.monotonic() < end:
        time.sleep(0.05)
    return site.left_over()


def test_committed_outputs_appear_though_the_run_was_killed_while_they_did(tmp_path: Path) -> None:
    """What a kill after the commit leaves: one file moved, one not, the outdated one still there."""
    write_text(tmp_path / "report" / "a.csv", "new")
    write_text(tmp_path / "report" / "gone.csv", "old")
    folder = tmp_path / transaction.COMMITTED
    write_text(folder / "report" / "b.csv", "new")
    journal = {"stage": "search", "outputs": ["report/a.csv", "report/b.csv"], "outdated": ["report/gone.csv"]}
    write_json(folder / transaction.JOURNAL, {**journal, "entry": {"made_from": {}}})
    transaction.finish(tmp_path)
    assert (tmp_path / "report" / "b.csv").read_text() == "new"
    assert not (tmp_path / "report" / "gone.csv").exists()
    assert not folder.exists()
    assert state.recorded(tmp_path)["search"] == {"made_from": {}}


def test_outputs_that_were_not_committed_are_dropped(tmp_path: Path) -> None:
    write_text(tmp_path / transaction.COMMITTED / "report" / "b.csv", "half")
    transaction.finish(tmp_path)
    assert not (tmp_path / transaction.COMMITTED).exists()
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("kills", [SHORT, pytest.param(LONG, marks=pytest.mark.slow)])
def test_killed_at_random_moments_and_run_again(site: Site, kills: int) -> None:
    assert site.run("--jobs", "2").returncode == 0
    for stage in STAGES:
        site.write(stage.name, "new")
    undisturbed = site.root.parent / "undisturbed"
    shutil.copytree(site.root, undisturbed)
    began = time.monotonic()
    assert Site(undisturbed).run("--jobs", "2").returncode == 0
    took = time.monotonic() - began
    moments = random.Random(kills)  # noqa: S311
    for _ in range(kills):
        process = site.start("--jobs", "2")
        time.sleep(moments.uniform(0.1, took))
        process.kill()
        process.communicate()
        for name, path in released_files(site.root).items():
            if name.startswith("report/tables/"):
                assert path.read_text().endswith(("old", "new")), f"{name} is half written"
        assert wait_until_nothing_is_left(site) == []
    done = site.run("--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert outputs(site.root) == outputs(undisturbed)
    assert not list(site.root.glob(".compendium-w*"))
    assert not (site.root / transaction.COMMITTED).exists()


@pytest.mark.parametrize("engine", ENGINES)
def test_interrupt_stops_soon_tells_what_was_finished_and_leaves_nothing(site: Site, engine: str) -> None:
    site.write("policy", "old", "while True: pass")
    process = site.start("--engine", engine, "--jobs", "2")
    assert process.stdout
    for line in process.stdout:
        if "02_screening" in line and "done" in line:
            break
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=20)
    assert time.monotonic() - began < 2.5
    assert process.returncode == 130
    assert "Finished in this run: search, screening" in told
    assert "Traceback" not in told
    assert wait_until_nothing_is_left(site, 1.0) == []


def test_second_run_names_the_first(site: Site) -> None:
    site.write("search", "old", "import time; time.sleep(30)")
    process = site.start("--jobs", "1")
    assert process.stdout
    process.stdout.readline()
    second = site.run()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert second.returncode == 1
    assert f"another run (process {process.pid})" in second.stderr


FAULTS = {
    "never returns": ("while True: pass", ("--timeout", "1"), "longer than 1 s"),
    "is ended": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", (), "its kernel died"),
    "runs out of memory": (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30)); bytearray(8 << 30)",
        (),
        "MemoryError",
    ),
    "finds the disk full": (
        "import errno; raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))",
        (),
        "No space left",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_message_and_the_copy_is_kept_with_the_cell_marked(site: Site, fault: str) -> None:
    source, options, message = FAULTS[fault]
    site.write("screening", "old", source)
    done = site.run("--only", "screening", *options)
    assert done.returncode == 1
    assert "cell 3 of stage screening failed: " in done.stderr
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 2
    kept = (site.root / "runs" / "failed" / "02_screening.ipynb").read_text()
    assert "papermill-error-cell" in kept
    assert (site.root / "report" / "tables" / "search.csv").is_file()
    assert not (site.root / "report" / "tables" / "screening.csv").exists()
    assert site.run("list").stdout.count("up to date") == 1


def test_notebook_that_is_not_json(site: Site) -> None:
    path = site.root / "notebooks" / "02_screening.ipynb"
    path.write_text("{", encoding="utf-8")
    done = site.run()
    assert done.returncode == 1
    assert "02_screening.ipynb is not a notebook that can be read" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_output_folder_that_cannot_be_written(site: Site) -> None:
    done = site.run("--out", "/proc/nowhere")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "/proc/nowhere" in done.stderr


def test_commands_without_work_import_no_data_frames(site: Site) -> None:
    assert site.run().returncode == 0
    for arguments in (["list"], []):
        code = (
            f"import sys; sys.argv = ['run_all.py', *{arguments!r}]; sys.path.insert(0, {str(site.root)!r})\n"
            "import run_all; status = run_all.main()\n"
            "heavy = {'pandas', 'plotly', 'nbconvert', 'zmq', 'numpy', 'papermill'} & set(sys.modules)\n"
            "assert not heavy, heavy\nassert not status"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], env=site.environment(), capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stderr


def test_after_a_change_only_what_depends_on_it_runs(site: Site) -> None:
    assert site.run().returncode == 0
    with (site.root / "src" / "compendium" / "policy.py").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    assert "0 stages run" in site.run().stdout
    site.write("policy", "new")
    done = site.run().stdout
    assert [name for name in STAGE_OF if f"{name:26} done" in done] == [
        "04_policy_review.ipynb",
        "06_conclusions.ipynb",
    ]


def test_outputs_do_not_depend_on_how_they_are_made(site: Site, tmp_path: Path) -> None:
    found = {}
    ways: list[tuple[tuple[str, ...], dict[str, str]]] = [
        (("--jobs", "1", "--engine", "fork"), {}),
        (("--jobs", "2", "--engine", "kernel"), {"LC_ALL": "C", "TZ": "Asia/Tokyo"}),
        (("--jobs", "6", "--engine", "fork"), {"PYTHONHASHSEED": "7", "LC_ALL": "C.UTF-8", "TZ": "America/Lima"}),
    ]
    for number, (options, environment) in enumerate(ways):
        out = tmp_path / str(number)
        done = site.run("--out", str(out), *options, **environment)
        assert done.returncode == 0, done.stderr
        found[number] = outputs(out)
    assert found[0] == found[1] == found[2]
