"""The main job in a fresh copy of the repository: real processes, real kernels, real files."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from compendium.files import sha256
from compendium.paths import ROOT
from compendium.run.check import compare, released_files
from compendium.run.locking import hold
from compendium.stages import STAGES

LEFT_OUT = [".git", ".venv*", "runs", "derived", "assets", "__pycache__", ".*_cache", ".hypothesis", ".c*", "kernel-*"]
POLICY = "04_policy_review.ipynb"


class Copy:
    """A copy of the repository, and its command line."""

    def __init__(self, root: Path):
        self.root = root

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self.root / "run_all.py"), *arguments]

    def run(self, *arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        known = {name: value for name, value in os.environ.items() if not name.startswith("COMPENDIUM_")}
        return subprocess.run(
            self.command(*arguments),
            cwd=cwd or self.root,
            env={**known, "PYTHONIOENCODING": "utf-8", **environment},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )

    def released(self) -> dict[str, str]:
        return {name: sha256(path) for name, path in released_files(self.root).items()}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy in which the report has been built once, as on a fresh machine."""
    root = tmp_path_factory.mktemp("clone") / "compendium"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*LEFT_OUT))
    made = Copy(root)
    done = made.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    for number, stage in enumerate(STAGES, start=1):
        assert f"[{number}/{len(STAGES)}] {stage.notebook}" in done.stdout
    assert "report    report/report.html" in done.stdout
    return made


def test_fresh_build_gives_the_committed_bytes(copy: Copy) -> None:
    """What ``python run_all.py check`` says of the repository."""
    assert [(name, verdict) for name, verdict in compare(ROOT, copy.root) if verdict != "same"] == []


def test_second_run_has_nothing_to_do(copy: Copy) -> None:
    before = copy.released()
    done = copy.run()
    assert done.returncode == 0
    assert done.stdout.count("up to date") == len(STAGES)
    assert "0 stages run" in done.stdout
    assert copy.released() == before


def test_forced_run_elsewhere_in_another_locale_gives_the_same_bytes(copy: Copy, tmp_path: Path) -> None:
    before = copy.released()
    varied = {"PYTHONHASHSEED": "7", "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "C", "COLUMNS": "40"}
    done = copy.run("--force", cwd=tmp_path, **varied)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("forced") == len(STAGES)
    assert copy.released() == before
    assert list(tmp_path.iterdir()) == []


def test_wider_net_goes_to_runs_and_leaves_released_files(copy: Copy) -> None:
    """One review is rated 1, six are rated 2 and three are rated 3: ten pass a threshold of 3."""
    before = copy.released()
    done = copy.run("-p", "woe_threshold=3", "--only", "appraisal")
    assert done.returncode == 0, done.stderr
    assert "Writing to runs/woe_threshold-3; the released outputs stay as they are." in done.stdout
    with (copy.root / "runs" / "woe_threshold-3" / "report" / "tables" / "table-3.csv").open(
        encoding="utf-8"
    ) as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 10
    assert {"Buyck et al. 2017", "Kenny et al. 2015"} <= {row["citation"] for row in rows}
    assert not any("Costa" in row["citation"] for row in rows)
    assert copy.released() == before


def test_one_stage_alone_keeps_the_whole_report(copy: Copy) -> None:
    before = copy.released()
    derived = copy.root / "data" / "derived"
    derived.rename(copy.root / "runs" / "derived")
    done = copy.run("--only", "policy")
    shutil.rmtree(derived)
    (copy.root / "runs" / "derived").rename(derived)
    assert done.returncode == 0, done.stderr
    assert f"[1/1] {POLICY}" in done.stdout
    assert copy.released() == before


def test_failing_notebook_is_kept_and_the_next_run_goes_on(copy: Copy) -> None:
    before = copy.released()
    source = copy.root / "notebooks" / POLICY
    sound = source.read_text(encoding="utf-8")
    notebook = json.loads(sound)
    cell = {"cell_type": "code", "id": "04-99", "metadata": {}, "outputs": [], "execution_count": None}
    notebook["cells"].append({**cell, "source": ["raise ValueError('on purpose')"]})
    source.write_text(json.dumps(notebook), encoding="utf-8")
    done = copy.run()
    kept = copy.root / "runs" / "failed" / POLICY
    assert done.returncode == 1
    assert "stage policy failed: ValueError: on purpose" in done.stderr
    assert f"kept at {kept}" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "papermill-error-cell" in kept.read_text(encoding="utf-8")
    assert copy.released() == before
    source.write_text(sound, encoding="utf-8")
    done = copy.run()
    assert done.returncode == 0
    assert [line.endswith("up to date") for line in done.stdout.splitlines()[:3]] == [True] * 3
    assert copy.released() == before


def test_second_run_on_the_same_folder_stops(copy: Copy) -> None:
    before = copy.released()
    with hold(copy.root):
        done = copy.run("--force")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: another run (process {os.getpid()}) is working on {copy.root}; wait for it")
    assert done.stdout == ""
    assert copy.released() == before


def test_killed_run_leaves_whole_files_and_the_next_one_repairs(copy: Copy) -> None:
    before = copy.released()
    with subprocess.Popen(copy.command("--force"), stdout=subprocess.PIPE, text=True, cwd=copy.root) as process:
        assert process.stdout is not None
        seen = ""
        while "[2/6]" not in seen:
            seen += process.stdout.read(1)
        process.send_signal(signal.SIGKILL)
    assert copy.released() == before
    done = copy.run()
    assert done.returncode == 0, done.stderr
    assert copy.released() == before
    assert not (copy.root / ".compendium-work").exists()


def test_machine_without_a_browser_builds_all_but_the_changed_image(copy: Copy, tmp_path: Path) -> None:
    before = copy.released()
    image = copy.root / "figures" / "s-policy-terms.svg"
    drawn = image.read_bytes()
    image.unlink()
    done = copy.run(BROWSER_PATH=str(tmp_path / "none"))
    assert done.returncode == 0, done.stderr
    assert "not drawn as static images, because no Chromium, Chrome or Edge is installed: s-policy-terms" in done.stdout
    after = copy.released()
    assert set(before) - set(after) == {"figures/s-policy-terms.svg"}
    assert after["figures/s-policy-terms.json"] == before["figures/s-policy-terms.json"]
    again = copy.run(BROWSER_PATH=str(tmp_path / "none"))
    assert "0 stages run" in again.stdout
    assert "s-policy-terms" in again.stdout
    image.write_bytes(drawn)
    assert copy.run("--only", "policy", "--force", BROWSER_PATH=str(tmp_path / "none")).returncode == 0
    assert copy.released() == before


def test_broken_data_stop_the_run_and_leave_everything(copy: Copy) -> None:
    before = copy.released()
    path = copy.root / "data" / "appraisal" / "scores.csv"
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound.replace("voorberg2015,mq,2", "voorberg2015,mq,5"), encoding="utf-8")
    done = copy.run("--force")
    path.write_text(sound, encoding="utf-8")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "error: appraisal/scores.csv, row 2, field 'score', value '5': value is not allowed; allowed: 1, 2, 3, 4, ?\n"
    )
    assert copy.released() == before
