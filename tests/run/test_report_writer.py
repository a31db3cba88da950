"""The report written in a process of its own, or here: the same bytes, and an end whatever happens to the process."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import children, gone

from compendium import paths
from compendium.files import read_json, tree, write_json
from compendium.publishing import manifest, report
from compendium.publishing.manifest import Entry
from compendium.publishing.publish import results_path
from compendium.run import warm_parent
from compendium.run.report_writer import ReportWriter
from compendium.run.warm_parent import can_fork

needs_fork = pytest.mark.skipif(not can_fork(), reason="this system launches every process")
STAGE = "policy"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output folder in which one stage has run, from what is released of it."""
    folder, released = tmp_path / "out", paths.ROOT / "report"
    entries = [Entry(**e) for e in read_json(released / "manifest.json")["artefacts"] if e["stage"] == STAGE]
    names = [name for entry in entries for name in entry.files]
    for name in (*names, f"report/notebooks/{entries[0].notebook}"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(paths.ROOT / name, folder / name)
    manifest.write_fragment(folder, STAGE, entries, [], [])
    known = read_json(released / "results.json")
    found = {name.removeprefix(f"{STAGE}."): v for name, v in known.items() if name.startswith(f"{STAGE}.")}
    write_json(results_path(folder, STAGE), found)
    return folder


@pytest.fixture
def no_parent() -> Iterator[None]:
    warm_parent.close_parents()
    yield
    warm_parent.close_parents()


def written(out: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in tree(out / "report").items()}


def write(out: Path, forks: bool, ready: bool = True) -> dict[str, bytes]:
    """Write a report; return all of its files."""
    with ReportWriter(paths.BUNDLED_STUDY, out, forks, out / "scratch") as writer:
        if ready:
            writer.get_ready()
        made = writer.write()
    assert set(made) == {"manifest", "results", "verdict", "written"}
    assert made["results"]["policy.documents"] == 9
    assert all((out / name).is_file() for name in made["written"])
    return written(out)


def not_here(*_: object) -> None:
    raise AssertionError("the report was written by the run itself")


@needs_fork
@pytest.mark.parametrize(("forks", "ready"), [(False, True), (True, False)])
def test_all_ways_write_the_same_and_tell_the_same(
    out: Path, no_parent: None, monkeypatch: pytest.MonkeyPatch, forks: bool, ready: bool
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(report, "write_report", not_here)
        forked = write(out, forks=True)
    for name in ("report.html", "report.pdf", "report.docx", "report.xml", "tables.xlsx", "verdict.json"):
        (out / "report" / name).unlink()
    monkeypatch.setattr(threading, "active_count", lambda: 1)  # other tests may have left idle ones
    assert write(out, forks, ready) == forked


@needs_fork
@pytest.mark.parametrize("whom", ["process", "copy"])
def test_a_process_that_was_ended_is_done_without(out: Path, no_parent: None, whom: str) -> None:
    """The process itself before it writes, or the copy that writes for screens while it does."""
    with ReportWriter(paths.BUNDLED_STUDY, out, True, out / "scratch") as writer:
        writer.get_ready()
        assert writer._process is not None
        number = writer._process.pid

        def end_copy() -> None:
            while not (copies := children(number)):
                time.sleep(0.002)
            os.kill(copies[0], signal.SIGKILL)

        if whom == "process":
            os.kill(number, signal.SIGKILL)
        else:
            threading.Thread(target=end_copy, daemon=True).start()
        made = writer.write()
    assert gone(number)
    assert {"report/report.pdf", "report/report.html"} <= set(made["written"])
    assert all((out / name).is_file() for name in made["written"])


@needs_fork
def test_what_goes_wrong_in_the_process_is_raised_here(out: Path, no_parent: None) -> None:
    folder = out / "report" / "report.html"
    folder.mkdir()
    (folder / "in-the-way").touch()
    with ReportWriter(paths.BUNDLED_STUDY, out, True, out / "scratch") as writer:
        writer.get_ready()
        with pytest.raises(OSError, match=r"report\.html") as caught:
            writer.write()
    assert "in process" in caught.value.__notes__[0]


@needs_fork
def test_a_process_that_is_not_needed_writes_nothing_and_is_gone(out: Path, no_parent: None) -> None:
    before = written(out)
    with ReportWriter(paths.BUNDLED_STUDY, out, True, out / "scratch") as writer:
        writer.get_ready()
        writer.get_ready()
        assert writer._process is not None
        number = writer._process.pid
    assert written(out) == before
    assert gone(number, 5)


def test_nothing_is_started_where_nothing_forks(out: Path) -> None:
    with ReportWriter(paths.BUNDLED_STUDY, out, False, out / "scratch") as writer:
        writer.get_ready()
        assert writer._process is None
