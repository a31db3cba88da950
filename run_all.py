"""Rebuild the report: ``python run_all.py`` sets up what it needs and runs everything; ``--help`` tells the rest.

Only the standard library is used here. The packages are looked for in the Python that runs this file (conda, Binder, an
active virtual environment); where they are not all there, ``.venv`` beside this file is made from
``requirements.lock`` and the run goes on in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "compendium-lock.sha256"
MARK = ROOT / ".compendium-venv"
OLDEST = (3, 11)


def missing_packages() -> list[str]:
    """Name the pinned packages that this Python lacks or has in another version."""
    import tomllib
    from importlib.metadata import PackageNotFoundError, version

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    missing = []
    for pin in pins:
        name, _, wanted = pin.partition("==")
        try:
            found = version(name)
        except PackageNotFoundError:
            found = ""
        if found != wanted:
            missing.append(name)
    return missing


def venv_python() -> Path:
    """Path of the interpreter of ``.venv``."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def lock_stamp() -> str:
    """Return what a finished ``.venv`` is marked with: the lock and the version of Python it was made for."""
    return hashlib.sha256(LOCK.read_bytes() + repr(sys.version_info[:2]).encode()).hexdigest()


def set_up() -> None:
    """Make ``.venv`` from the lock, hashes required; raise :class:`SystemExit` with a hint where that fails."""
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == lock_stamp() and venv_python().is_file():
        return
    if venv_is_complete():
        finish()
        return
    if VENV.exists() and not (STAMP.is_file() or MARK.is_file()):
        hint = "move it away, or fill it: python -m pip install --require-hashes -r requirements.lock"
        raise SystemExit(f"error: .venv is not this command's own and lacks packages; {hint}")
    MARK.touch()
    total = len(re.findall(r"^[A-Za-z0-9]", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE))
    print(f"Setting up .venv once, with up to {total} pinned packages (about a minute) …", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    uv = shutil.which("uv")
    if not (uv and install_with_uv(uv)):
        install_with_pip(total)
    finish()
    print(".venv is ready.", flush=True)


def venv_is_complete() -> bool:
    """Whether ``.venv`` has all packages, whoever made it: such a one is used, not made anew."""
    if not venv_python().is_file():
        return False
    code = "import sys; sys.path.insert(0, sys.argv[1]); import run_all; sys.exit(bool(run_all.missing_packages()))"
    return subprocess.run([venv_python(), "-c", code, ROOT], check=False, capture_output=True).returncode == 0


def finish() -> None:
    """Let ``.venv`` find the library, and mark it as finished."""
    command: list[str | Path] = [venv_python(), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    Path(site, "compendium.pth").write_text(f"{ROOT / 'src'}\n", encoding="utf-8")
    STAMP.write_text(lock_stamp(), encoding="utf-8")


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Let a second run that finds no environment wait until the first has made it."""
    with (ROOT / ".compendium-setup").open("a", encoding="utf-8") as stream:
        try:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX)
        except ImportError:  # Windows: two first runs at once are left to the user
            pass
        yield


def install_with_uv(uv: str) -> bool:
    """Install with uv; ``False`` where it does not succeed, and pip shall try."""
    made = subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, VENV], check=False)
    if made.returncode:
        return False
    command: list[str | Path] = [uv, "pip", "install", "--python", venv_python(), "--require-hashes", "-r", LOCK]
    return subprocess.run(command, check=False).returncode == 0


def install_with_pip(total: int) -> None:
    """Install with venv and pip, showing how far it is."""
    shutil.rmtree(VENV, ignore_errors=True)
    if subprocess.run([sys.executable, "-m", "venv", VENV], check=False).returncode:
        raise SystemExit("error: this Python cannot make a virtual environment; on Debian: apt install python3-venv")
    command: list[str | Path] = [
        venv_python(),
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--no-deps",
        "--progress-bar",
        "off",
    ]
    command += ["--disable-pip-version-check", "-r", LOCK]
    log = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        seen = 0
        for line in process.stdout or []:
            log.append(line)
            if line.startswith("Collecting"):
                seen += 1
                if seen % 20 == 0:
                    print(f"  {seen} of at most {total} packages found", flush=True)
            elif line.startswith("Installing"):
                print(f"  installing {seen} packages", flush=True)
    if process.returncode:
        tail = "".join(log[-15:])
        raise SystemExit(f"{tail}error: the packages could not be installed; is the package index within reach?")


def main() -> int:
    """Find or make the environment, then hand over to the library."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"error: Python {found} is too old; needed: 3.11 or newer", file=sys.stderr)
        return 2
    missing = missing_packages()
    if missing and Path(sys.prefix).resolve() != VENV.resolve():
        with only_one():
            set_up()
        command = [str(venv_python()), str(ROOT / "run_all.py"), *sys.argv[1:]]
        if os.name == "nt":
            return subprocess.run(command, check=False).returncode
        os.execv(command[0], command)  # noqa: S606 (no shell is wanted)
    if missing:
        STAMP.unlink(missing_ok=True)
        print(f"error: .venv lacks {', '.join(missing)}; run the command again to set it up anew", file=sys.stderr)
        return 2
    sys.path.insert(0, str(ROOT / "src"))
    from compendium.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
