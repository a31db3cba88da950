"""What Binder is given, held against what repo2docker accepts (its build packs ``base`` and ``conda``)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from compendium.paths import ROOT

# repo2docker/buildpacks/conda/__init__.py: how the version of Python is found; base.py: what a package may be called.
PYTHON = re.compile(r"python\s*=+\s*([\d\.]*)")
APT_PACKAGE = re.compile(r"[a-z0-9][a-z0-9.+-]+")
GOES_BEFORE = ["binder", ".binder", "Dockerfile", "Project.toml", "REQUIRE", "default.nix", "install.R", "DESCRIPTION"]
"""Files and folders that have repo2docker look elsewhere, or choose another build pack than conda's."""


@pytest.fixture(scope="module")
def environment() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    return found


def test_environment_is_a_mapping_with_the_keys_of_conda(environment: dict[str, Any]) -> None:
    assert set(environment) == {"name", "channels", "dependencies"}
    assert environment["channels"] == ["conda-forge"]


def test_python_is_found_where_repo2docker_looks_for_it(environment: dict[str, Any]) -> None:
    found = [PYTHON.match(entry) for entry in environment["dependencies"] if isinstance(entry, str)]
    (version,) = [match[1] for match in found if match]
    assert version in {"3.11", "3.12", "3.13"}


def test_pip_is_installed_and_its_packages_are_one_list_at_the_end(environment: dict[str, Any]) -> None:
    *names, pip = environment["dependencies"]
    assert "pip" in names
    assert all(isinstance(name, str) for name in names)
    assert list(pip) == ["pip"]
    assert all(isinstance(entry, str) for entry in pip["pip"])


def test_the_library_itself_is_installed_so_that_the_whole_repository_is_there_first(
    environment: dict[str, Any],
) -> None:
    """A local requirement makes repo2docker copy the repository before it installs; see _should_preassemble_env."""
    assert environment["dependencies"][-1]["pip"][-1] == "-e ."


@pytest.mark.parametrize("name", GOES_BEFORE)
def test_nothing_goes_before_the_environment(name: str) -> None:
    assert not (ROOT / name).exists()


def test_apt_names_only_packages() -> None:
    lines = (ROOT / "apt.txt").read_text(encoding="utf-8").splitlines()
    names = [line.partition("#")[0].strip() for line in lines]
    assert any(names)
    assert all(APT_PACKAGE.fullmatch(name) for name in names if name)


def test_apt_asks_for_no_browser_that_is_a_snap_on_ubuntu() -> None:
    assert not re.search(r"^chromium", (ROOT / "apt.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.skipif(os.name == "nt", reason="repo2docker's images are Linux")
def test_what_comes_after_the_build_may_fail_without_harm() -> None:
    script = ROOT / "postBuild"
    assert os.access(script, os.X_OK)
    command = [str(shutil.which("bash")), str(script)]
    done = subprocess.run(command, env={"PATH": "/nowhere"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "will not be redrawn" in done.stdout
