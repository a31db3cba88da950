"""The bootstrap in ``run_all.py``: what it needs, how it makes ``.venv``, and what it says where it cannot."""

from __future__ import annotations

import ast
import importlib.util
import io
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from compendium.paths import ROOT

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """A fresh import of the file, with a folder of the test as its root."""
    spec = importlib.util.spec_from_file_location("run_all_under_test", ROOT / "run_all.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    lock = tmp_path / "requirements.lock"
    lock.write_text("one==1 \\\n    --hash=sha256:0\ntwo==2 \\\n    --hash=sha256:1\n", encoding="utf-8")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "LOCK", lock)
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "compendium-lock.sha256")
    monkeypatch.setattr(module, "MARK", tmp_path / ".compendium-venv")
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    return module


@pytest.fixture
def commands(runner: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands that the bootstrap would run; making an environment puts an interpreter there."""
    seen: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", recorder(seen, runner, {}))
    return seen


def recorder(seen: list[list[str]], runner: ModuleType, status: dict[str, int]) -> Callable[..., Any]:
    def run(command: list[Any], **_: Any) -> subprocess.CompletedProcess[str]:
        words = [str(word) for word in command]
        seen.append(words)
        if "venv" in words:
            runner.venv_python().parent.mkdir(parents=True, exist_ok=True)
            runner.venv_python().write_text("", encoding="utf-8")
        asked = next((status[word] for word in words if word in status), 0)
        return subprocess.CompletedProcess(words, asked, stdout=f"{runner.ROOT}\n", stderr="")

    return run


def pip(monkeypatch: pytest.MonkeyPatch, lines: list[str], status: int) -> list[list[str]]:
    """Put something in place of pip's process."""
    seen: list[list[str]] = []

    class Process:
        def __init__(self, command: list[Any], **_: Any) -> None:
            seen.append([str(word) for word in command])
            self.stdout = io.StringIO("".join(line + "\n" for line in lines))
            self.returncode = status

        def __enter__(self) -> Process:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(subprocess, "Popen", Process)
    return seen


def test_old_python_is_told_and_can_read_the_file(
    runner: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    assert runner.main() == 2
    assert capsys.readouterr().err == "error: Python 3.9.18 is too old; needed: 3.11 or newer\n"
    ast.parse((ROOT / "run_all.py").read_text(encoding="utf-8"), feature_version=(3, 8))


def test_only_the_standard_library_is_imported() -> None:
    tree = ast.parse((ROOT / "run_all.py").read_text(encoding="utf-8"))
    names = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) == {"compendium"}


def test_nothing_is_missing_here(runner: ModuleType) -> None:
    assert runner.missing_packages() == []


def test_missing_and_other_versions_are_named(runner: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    real = metadata.version

    def version(name: str) -> str:
        if name == "pandas":
            raise metadata.PackageNotFoundError(name)
        return "0.1" if name == "plotly" else real(name)

    monkeypatch.setattr(metadata, "version", version)
    assert runner.missing_packages() == ["pandas", "plotly"]


def test_environment_is_made_with_uv(
    runner: ModuleType, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(runner.shutil, "which", lambda _: "/bin/uv")
    runner.set_up()
    made, installed = commands[0], commands[1]
    assert made[:2] == ["/bin/uv", "venv"]
    assert made[-2:] == [sys.executable, str(runner.VENV)]
    assert installed[:3] == ["/bin/uv", "pip", "install"]
    assert "--require-hashes" in installed
    assert runner.STAMP.read_text(encoding="utf-8") == runner.lock_stamp()
    assert (runner.ROOT / "compendium.pth").read_text(encoding="utf-8") == f"{runner.ROOT / 'src'}\n"
    told = capsys.readouterr().out
    assert "up to 2 pinned packages" in told
    assert told.endswith(".venv is ready.\n")
    commands.clear()
    runner.set_up()
    assert commands == []


def test_changed_lock_makes_it_anew(
    runner: ModuleType, monkeypatch: pytest.MonkeyPatch, commands: list[list[str]]
) -> None:
    monkeypatch.setattr(runner.shutil, "which", lambda _: "/bin/uv")
    runner.set_up()
    runner.LOCK.write_text("one==2 --hash=sha256:0\n", encoding="utf-8")
    commands.clear()
    monkeypatch.setattr(subprocess, "run", recorder(commands, runner, {"-c": 1, "uv": 0}))
    monkeypatch.setattr(runner, "finish", lambda: None)
    (runner.VENV / "old").write_text("", encoding="utf-8")
    runner.set_up()
    assert not (runner.VENV / "old").exists()
    assert ["/bin/uv", "venv"] in [command[:2] for command in commands]


def test_incomplete_environment_that_somebody_made_is_left_alone(
    runner: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "venv_is_complete", lambda: False)
    runner.VENV.mkdir()
    (runner.VENV / "pyvenv.cfg").write_text("home = elsewhere\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="move it away"):
        runner.set_up()
    assert (runner.VENV / "pyvenv.cfg").is_file()


def test_complete_environment_that_somebody_made_is_used(
    runner: ModuleType, commands: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner.shutil, "which", lambda _: "/bin/uv")
    runner.venv_python().parent.mkdir(parents=True)
    runner.venv_python().write_text("", encoding="utf-8")
    runner.set_up()
    assert not any("venv" in command for command in commands)
    assert runner.STAMP.is_file()


def test_real_environment_is_found_complete() -> None:
    """The question put to the interpreter of ``.venv`` is one that it can answer."""
    spec = importlib.util.spec_from_file_location("run_all_here", ROOT / "run_all.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.venv_python = lambda: Path(sys.executable)
    assert module.venv_is_complete()
    module.venv_python = lambda: Path(sys.executable).with_name("no-python")
    assert not module.venv_is_complete()


@pytest.mark.parametrize("uv", [None, "/bin/uv"])
def test_pip_takes_over_where_uv_is_missing_or_fails(
    runner: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: Capture, uv: str | None
) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", recorder(seen, runner, {"/bin/uv": 1}))
    monkeypatch.setattr(runner.shutil, "which", lambda _: uv)
    piped = pip(monkeypatch, [*["Collecting x"] * 20, "Installing collected packages: x"], 0)
    runner.set_up()
    assert [sys.executable, "-m", "venv", str(runner.VENV)] in seen
    assert "--require-hashes" in piped[0]
    assert "--no-deps" in piped[0]
    told = capsys.readouterr().out
    assert "  20 of at most 2 packages found\n  installing 20 packages\n" in told
    assert runner.STAMP.is_file()


def test_packages_that_cannot_be_installed(runner: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", recorder([], runner, {}))
    monkeypatch.setattr(runner.shutil, "which", lambda _: None)
    pip(monkeypatch, ["Collecting x", "ERROR: hashes do not match"], 1)
    with pytest.raises(SystemExit) as raised:
        runner.set_up()
    assert "ERROR: hashes do not match" in str(raised.value)
    assert "is the package index within reach?" in str(raised.value)
    assert not runner.STAMP.exists()


def test_python_without_venv(runner: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", recorder([], runner, {"-m": 1}))
    monkeypatch.setattr(runner.shutil, "which", lambda _: None)
    with pytest.raises(SystemExit, match="python3-venv"):
        runner.set_up()


def test_run_goes_on_in_the_environment_made(runner: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    class ReplacedError(Exception):
        pass

    def execv(path: str, command: list[str]) -> None:
        raise ReplacedError(path, command)

    monkeypatch.setattr(runner, "missing_packages", lambda: ["pandas"])
    monkeypatch.setattr(runner, "set_up", lambda: None)
    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setattr(sys, "argv", ["run_all.py", "list", "--debug"])
    with pytest.raises(ReplacedError) as raised:
        runner.main()
    python = str(runner.venv_python())
    assert raised.value.args == (python, [python, str(runner.ROOT / "run_all.py"), "list", "--debug"])


def test_broken_environment_is_marked_to_be_made_anew(
    runner: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(runner, "missing_packages", lambda: ["pandas"])
    monkeypatch.setattr(sys, "prefix", str(runner.VENV))
    runner.VENV.mkdir()
    runner.STAMP.write_text("x", encoding="utf-8")
    assert runner.main() == 2
    assert "lacks pandas; run the command again" in capsys.readouterr().err
    assert not runner.STAMP.exists()


def test_everything_there_hands_over(runner: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "missing_packages", list)
    monkeypatch.setattr("compendium.cli.main", lambda: 7)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert runner.main() == 7
