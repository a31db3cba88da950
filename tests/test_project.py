"""The project around the code: tools that pass, pins that agree, and nothing in it that must not be."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from compendium.paths import ROOT
from compendium.run.check import released_files

SHARED = ROOT.parent / "shared"
NO_TIME = "1980-01-01T00:00:00"
"""What stands where a format insists on a time."""
PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)")


def project() -> dict:
    found: dict = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def pyproject_pins() -> dict[str, str]:
    pins = [*project()["dependencies"], *(p for extra in project()["optional-dependencies"].values() for p in extra)]
    return {name: version for name, _, version in (pin.partition("==") for pin in pins)}


def lock_entries() -> list[str]:
    """Requirements of the lock, each with its hashes on one line."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


@pytest.mark.parametrize(
    "command",
    [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]],
    ids=["ruff check", "ruff format", "mypy"],
)
def test_tools_pass(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_dependency_is_pinned_exactly() -> None:
    assert all(re.fullmatch(r"[0-9][0-9A-Za-z.]*", version) for version in pyproject_pins().values())


@pytest.mark.parametrize("folder", ["src", "tests", "docs", "benchmarks"])
def test_what_is_imported_is_declared_and_not_just_there_because_others_need_it(folder: str) -> None:
    declared = (
        {pin.partition("==")[0] for pin in project()["dependencies"]} if folder == "src" else set(pyproject_pins())
    )
    files = list((ROOT / folder).rglob("*.py"))
    own = [path.stem for neighbour in (folder, "benchmarks") for path in (ROOT / neighbour).rglob("*.py")]
    known = {*sys.stdlib_module_names, *own, "compendium"}
    offered = packages_distributions()
    for path in files:
        for name in imported(path) - known:
            packages = {package.lower().replace("_", "-") for package in offered.get(name, [])}
            assert packages & declared, f"{path.relative_to(ROOT)} imports {name}, of {packages or 'no package'}"


def imported(path: Path) -> set[str]:
    """Top-level names of what a module imports, wherever in it."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in names}


def test_environment_has_the_same_pins() -> None:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    packages = text.partition("- pip:")[2]
    assert dict(PIN.findall(packages)) == pyproject_pins()
    oldest = project()["requires-python"].removeprefix(">=")
    python = re.search(r"- python=+([0-9.]+)", text)
    assert python is not None
    assert [int(n) for n in python[1].split(".")] >= [int(n) for n in oldest.split(".")]


def test_lock_has_the_same_pins() -> None:
    locked = {(name.lower(), version) for line in lock_entries() for name, version in PIN.findall(line)}
    assert {(name.lower(), version) for name, version in pyproject_pins().items()} <= locked


def test_every_locked_package_has_hashes_and_no_address() -> None:
    entries = lock_entries()
    assert len(entries) > 100
    assert all(PIN.match(line) for line in entries)
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", line) for line in entries)
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links|@ ", text)


@pytest.mark.skipif(not (SHARED / "report").is_dir(), reason="no copy of the report at ../shared/report")
def test_no_run_of_eight_words_of_the_report() -> None:
    command = [sys.executable, str(SHARED / "tools" / "copied_text.py"), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_released_files_hold_no_path_of_a_machine_and_no_clock() -> None:
    machine = re.compile(r"/(home|root|tmp|Users|work)/\w|[A-Z]:\\\\\w|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}")
    for name, text in released_texts():
        assert str(ROOT) not in text, name
        found = machine.search(text)
        assert found is None, f"{name}: {found}"


def released_texts() -> Iterator[tuple[str, str]]:
    """Texts of the released files; of Word file and workbook each part, of the PDF what is not compressed."""
    for name, path in released_files(ROOT).items():
        if path.suffix in {".docx", ".xlsx"}:
            with zipfile.ZipFile(path) as parts:
                assert {part.date_time[:3] for part in parts.infolist()} == {(1980, 1, 1)}, name
                for part in parts.namelist():
                    yield f"{name}: {part}", parts.read(part).decode("latin-1").replace(NO_TIME, "")
        else:
            yield name, path.read_bytes().decode("latin-1").replace(NO_TIME, "")


def test_executed_notebooks_show_each_figure_as_an_image_too() -> None:
    figures = 0
    for path in sorted((ROOT / "report" / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                if "application/vnd.plotly.v1+json" in data:
                    figures += 1
                    assert "image/svg+xml" in data, path.name
    assert figures == len(list((ROOT / "figures").glob("*.html")))


def test_manifest_lists_every_released_file_with_its_hash() -> None:
    from compendium.files import sha256

    manifest = json.loads((ROOT / "report" / "manifest.json").read_text(encoding="utf-8"))
    listed = {name: digest for entry in manifest["artefacts"] for name, digest in entry["files"].items()}
    listed |= manifest["files"]
    there = released_files(ROOT)
    assert set(there) - set(listed) <= {"report/manifest.json"}
    assert {name: sha256(ROOT / name) for name in listed} == listed


PUBLISHED = [*(f"table-{n}" for n in range(1, 6)), *(f"figure-{n}" for n in range(1, 4))]


def test_the_artefacts_of_the_published_report_are_all_there() -> None:
    manifest = json.loads((ROOT / "report" / "manifest.json").read_text(encoding="utf-8"))
    published = {entry["id"] for entry in manifest["artefacts"] if entry["published"]}
    assert published == set(PUBLISHED)


@pytest.mark.parametrize(
    ("table", "columns", "rows"),
    [
        ("table-1", ["citation", "reference", "reason"], 9),
        ("table-2", ["citation", "aim", "mq", "mr", "tr", "woe", "evidence"], 11),
        ("table-3", ["citation", "focus", "review_type"], 7),
        ("table-4", ["organisation", "url"], 9),
        ("table-5", ["year", "name", "note", "url"], 9),
    ],
)
def test_published_tables_have_the_columns_that_others_rely_on(table: str, columns: list[str], rows: int) -> None:
    from compendium.publishing.tables import read_csv

    found = read_csv(ROOT / "report" / "tables" / f"{table}.csv")
    assert set(columns) <= set(found[0])
    assert len(found) == rows


def test_generated_things_are_ignored_and_released_ones_are_not(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_bytes((ROOT / ".gitignore").read_bytes())
    ignored = [
        ".venv/bin/python",
        ".compendium-lock",
        ".compendium-setup",
        ".compendium-work/search/x",
        "runs/woe_threshold-3/report/report.html",
        "data/derived/state.json",
        "report/assets/plotly.min.js",
        "report/.report.html.12.part",
        "src/compendium/__pycache__/x.pyc",
        "notebooks/.ipynb_checkpoints/x.ipynb",
        ".coverage",
        ".pytest_cache/x",
        ".hypothesis/x",
        ".mypy_cache/x",
        ".ruff_cache/x",
    ]
    kept = ["data/terms.csv", "figures/figure-1.svg", "report/report.html", "report/notebooks/01_search.ipynb"]
    command = ["git", "check-ignore", "--no-index", *ignored, *kept]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ignored


def test_continuous_integration_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "run_all.py test" in script
    assert "run_all.py test" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
