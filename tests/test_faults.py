"""Runs that are killed, interrupted, run into a full disk or hang: old or new outputs, never half, and nothing left."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from fault_site import (
    STAGE_OF,
    Site,
    lock_is_free,
    mount,
    mounted,
    obey_permissions,
    outputs,
    quick_site,
    real_site,
    set_writable,
)

from compendium.files import write_json, write_text
from compendium.run import state, transaction
from compendium.run.warm_parent import ENGINES, can_fork
from compendium.stages import STAGES

pytestmark = pytest.mark.skipif(not can_fork(), reason="signals as on POSIX systems")

SHORT, LONG = 2, 50


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site whose run is finished; copied, never changed."""
    site = quick_site(tmp_path_factory.mktemp("finished") / "compendium")
    done = site.run("--jobs", "2")
    assert done.returncode == 0, done.stderr
    return site


@pytest.fixture
def site(finished: Site, tmp_path: Path) -> Iterator[Site]:
    made = finished.copy(tmp_path / "compendium")
    yield made
    for number in made.left_over():
        os.kill(number, signal.SIGKILL)


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
@pytest.mark.parametrize("engine", ENGINES)
def test_killed_at_random_moments_and_run_again(site: Site, tmp_path: Path, engine: str, kills: int) -> None:
    """A run that is killed is run again; one that gets through is compared, and then all notebooks change."""
    how = ("--jobs", "2", "--engine", engine)
    reference = {"old": outputs(site.root)}
    undisturbed = site.copy(tmp_path / "undisturbed")
    undisturbed.write_all("new")
    began = time.monotonic()
    assert undisturbed.run(*how).returncode == 0
    took = time.monotonic() - began
    reference["new"] = outputs(undisturbed.root)
    assert reference["new"] != reference["old"]
    moments = random.Random(f"{engine} {kills}")  # noqa: S311
    mark, killed = "new", 0
    site.write_all(mark)
    while killed < kills:
        if killed_run(site, how, moments.uniform(0.05, took)):
            killed += 1
            continue
        assert outputs(site.root) == reference[mark]
        mark = "old" if mark == "new" else "new"
        site.write_all(mark)
    done = site.run(*how)
    assert done.returncode == 0, done.stderr
    assert outputs(site.root) == reference[mark]
    assert not list(site.root.glob(".compendium-w*"))
    assert not (site.root / transaction.COMMITTED).exists()


def killed_run(site: Site, how: tuple[str, ...], seconds: float) -> bool:
    """Start a run, kill it, and look at what it leaves; tell whether it was still running."""
    process = site.start(*how)
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    running = process.poll() is None
    process.kill()
    _, told = process.communicate()
    assert running or process.returncode == 0, told
    assert site.wait_until_nothing_is_left() == []
    assert lock_is_free(site.root)
    moving = (site.root / transaction.COMMITTED / transaction.JOURNAL).exists()
    for stage in STAGES:
        marks = site.marks(stage.name)
        assert marks <= {"old", "new"}, f"a table of {stage.name} is half written"
        assert len(marks) == 1 or moving, f"tables of {stage.name} are of two runs, and no journal says so"
    return running


@pytest.mark.parametrize("engine", ENGINES)
def test_interrupt_stops_soon_tells_what_was_finished_and_leaves_nothing(site: Site, engine: str) -> None:
    site.write_all("new")
    site.write("policy", "new", "while True: pass")
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
    assert site.wait_until_nothing_is_left(1.0) == []
    assert lock_is_free(site.root)
    assert [site.marks(name) for name in ("screening", "policy")] == [{"new"}, {"old"}]


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
    "is ended for its memory": (
        "import os, resource; resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
        "try: bytearray(8 << 30)\nexcept MemoryError: os.abort()  # as allocators do that cannot raise",
        (),
        "its kernel died (was it ended, or was there too little memory?)",
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
    engine = ENGINES[list(FAULTS).index(fault) % len(ENGINES)]
    site.write("search", "new")
    site.write("screening", "new", source)
    done = site.run("--only", "screening", "--engine", engine, *options)
    assert done.returncode == 1
    assert "cell 3 of stage screening failed: " in done.stderr
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 2
    kept = (site.root / "runs" / "failed" / "02_screening.ipynb").read_text()
    assert "papermill-error-cell" in kept
    assert [site.marks(name) for name in ("search", "screening", "appraisal")] == [{"new"}, {"old"}, {"old"}]
    assert stale(site) == {"screening": "its notebook changed", "conclusions": "a stage it needs changed"}
    assert site.wait_until_nothing_is_left() == []


def test_notebook_that_is_not_json(site: Site) -> None:
    before = outputs(site.root)
    path = site.root / "notebooks" / "02_screening.ipynb"
    path.write_text("{", encoding="utf-8")
    done = site.run()
    assert done.returncode == 1
    assert "02_screening.ipynb is not a notebook that can be read" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert outputs(site.root) == before


def test_disk_that_is_full(site: Site, tmp_path: Path) -> None:
    """In a cell, and then while the report is written; the run goes on where it stopped once there is room."""
    disk, room = tmp_path / "disk", 2 << 20
    with mounted(disk, f"size={room}") as done:
        if not done:
            pytest.skip("no disk can be mounted here; that a cell finds it full is tested above")
        site.write("screening", "old", f"(out / 'much.csv').write_text('x' * {2 * room})  # stays, as much as fits")
        told = full(site, disk)
        assert "cell 3 of stage screening failed: " in told
        assert "papermill-error-cell" in (disk / "out" / "failed" / "02_screening.ipynb").read_text()
        assert site.marks("search", disk / "out") == {"old"}
        assert not site.marks("screening", disk / "out")
        site.write("screening", "old")
        full(site, disk)
        assert site.marks("conclusions", disk / "out") == {"old"}
        assert mount(disk, f"remount,size={64 << 20}")
        after = site.run("--out", str(disk / "out"))
        assert after.returncode == 0, after.stderr
        assert "0 stages run" in after.stdout
        assert outputs(disk / "out") == outputs(site.root)


def full(site: Site, disk: Path) -> str:
    """Run on a disk that is too small; return what is told."""
    done = site.run("--out", str(disk / "out"), "--jobs", "1")
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert str(disk / "out") in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert not list(disk.rglob(".*.part"))
    assert lock_is_free(disk / "out")
    return done.stderr


@pytest.mark.parametrize("form", ["mounted so", "without permission"])
def test_output_folder_that_is_read_only(site: Site, tmp_path: Path, form: str) -> None:
    out, real = tmp_path / "disk" / "out", form == "mounted so"
    out.parent.mkdir()
    with mounted(out.parent, "size=64m") if real else mounted(tmp_path / "other", "size=1m") as done:
        if real and not done:
            pytest.skip("no disk can be mounted here; the other form tells the same")
        assert site.run("--out", str(out), "--only", "policy").returncode == 0
        site.write("policy", "new")
        before = outputs(out)
        assert before
        assert mount(out.parent, "remount,ro") if real else set_writable(out, False) is None
        refused = site.run("--out", str(out), first=None if real else obey_permissions)
        listed = site.run("list", "--out", str(out))
        assert mount(out.parent, "remount,rw") if real else set_writable(out, True) is None
        assert outputs(out) == before
        assert site.run("--out", str(out), "--only", "policy").returncode == 0
        assert site.marks("policy", out) == {"new"}
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert ("Read-only file system" if real else "Permission denied") in refused.stderr
    assert str(out) in refused.stderr
    assert (listed.returncode, listed.stderr) == (0, "")


def test_output_folder_that_cannot_be_made(site: Site) -> None:
    done = site.run("--out", "/proc/nowhere")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "/proc/nowhere" in done.stderr


def test_commands_without_work_import_no_data_frames(site: Site) -> None:
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


def ran(site: Site) -> list[str]:
    """Run, and return the stages that ran."""
    done = site.run()
    assert done.returncode == 0, done.stderr
    return [stage for notebook, stage in STAGE_OF.items() if f"{notebook:26} done" in done.stdout]


def stale(site: Site, *options: str) -> dict[str, str]:
    """Stages that would run, each with what ``list`` says made it stale."""
    told = json.loads(site.run("list", "--json", *options).stdout)["stages"]
    return {stage["name"]: stage["to_run"] for stage in told if stage["to_run"]}


@contextmanager
def changed(path: Path, content: str) -> Iterator[None]:
    """Have another content in a file for the time of the block."""
    before = path.read_bytes()
    path.write_text(content, encoding="utf-8")
    yield
    path.write_bytes(before)


def test_list_names_what_made_a_stage_stale_and_nothing_else_does(site: Site, tmp_path: Path) -> None:
    module, data = "src/compendium/analysis/policy.py", "policy/documents.csv"
    site.write("policy", "old", uses="import compendium.analysis.policy", inputs=(data,))
    assert stale(site) == {"policy": "its notebook changed"}
    assert ran(site) == ["policy"], "what needs it reads the same results as before"
    assert stale(site) == {}
    for name in (module, f"data/{data}", "report/tables/policy.csv"):
        path = site.root / name
        with changed(path, path.read_text(encoding="utf-8") + "\n"):
            assert stale(site) == {"policy": f"{name.removeprefix('data/')} changed"}
    for name in ("src/compendium/analysis/ladder_diagram.py", "data/policy/organisations.csv", "README.md"):
        path = site.root / name
        with changed(path, path.read_text(encoding="utf-8") + "\n"):
            assert stale(site) == {}
    with changed(site.root / "requirements.lock", ""):
        assert stale(site) == dict.fromkeys(STAGE_OF.values(), "the locked environment changed")
    elsewhere = ("--out", str(site.copy(tmp_path / "elsewhere").root))
    assert stale(site, *elsewhere, "-p", "woe_threshold=3") == {"appraisal": "its parameters changed"}


def test_after_a_change_only_what_depends_on_it_runs(site: Site) -> None:
    site.write("policy", "new")
    assert ran(site) == ["policy", "conclusions"]
    assert ran(site) == []


FEATURES = {
    "jobs": ("--jobs", "1", "3"),
    "engine": ("--engine", *ENGINES),
    "locale": ("LC_ALL", "C.UTF-8", "C"),
    "time zone": ("TZ", "UTC", "Asia/Kathmandu"),
    "hash seed": ("PYTHONHASHSEED", "0", "7"),
    "folder": ("", "/", ""),
}
"""What outputs must not depend on: option or variable, one value and another."""


@pytest.mark.parametrize("feature", ["all", *(pytest.param(name, marks=pytest.mark.slow) for name in FEATURES)])
def test_outputs_do_not_depend_on_how_they_are_made(tmp_path: Path, feature: str) -> None:
    """The study's own notebooks; the long form varies one thing at a time, to tell which it was."""
    real = real_site(tmp_path / "compendium")
    usual, other = ({name: values[way] for name, values in FEATURES.items()} for way in (1, 2))
    changed_way = other if feature == "all" else usual | {feature: other[feature]}
    made = [made_so(real, way, tmp_path / str(number)) for number, way in enumerate((usual, changed_way))]
    assert len(made[0]) > 50
    assert made[0] == made[1]


def made_so(site: Site, way: dict[str, str], out: Path) -> dict[str, str]:
    """Outputs of a run that is made in a certain way."""
    options = [part for name in ("jobs", "engine") for part in (FEATURES[name][0], way[name])]
    variables = {FEATURES[name][0]: way[name] for name in ("locale", "time zone", "hash seed")}
    folder = Path(way["folder"] or site.root / "notebooks")
    done = site.run("--out", str(out), *options, folder=folder, **variables)
    assert done.returncode == 0, done.stderr
    return outputs(out)
