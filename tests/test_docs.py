"""The documents at the top: their commands, trees, links, lists and pins are those of the project."""

import json
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from compendium import cli, parameters
from compendium.data.study import Study
from compendium.paths import BUNDLED_STUDY, LOCK, ROOT
from compendium.stages import stage

README = ROOT / "README.md"
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", BUNDLED_STUDY / "README.md"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]


def fenced(text, *languages):
    return re.findall(rf"^```(?:{'|'.join(languages)})\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def shell_lines(path):
    lines = "".join(fenced(path.read_text(encoding="utf-8"), "console", "bash", "sh")).splitlines()
    return [shlex.split(line.removeprefix("$ "), comments=True) for line in lines if line.strip()]


def run_all_commands(*texts):
    lines = [words for words in texts if words[:2] == ["python", "run_all.py"]]
    return [pytest.param(words[2:], id=" ".join(words[2:]) or "(none)") for words in lines]


SHOWN = [words for path in DOCUMENTS for words in shell_lines(path)]
EPILOG = [re.split(r"\s{2,}", line.strip())[0].split() for line in cli.EPILOG.splitlines() if "run_all.py" in line]


@pytest.mark.parametrize("arguments", run_all_commands(*SHOWN, *EPILOG))
def test_a_command_shown_is_one_that_the_project_takes(arguments):
    if arguments[:1] == ["test"]:
        files = [ROOT / word for word in arguments[1:] if not word.startswith("-")]
        assert all(path.is_file() for path in files)
        return
    options = cli.make_parser().parse_args(arguments)
    assert options.command in cli.COMMANDS
    parameters.check(Study(), parameters.parse(options.p))
    for name in options.only:
        assert stage(name).path.is_file()


@pytest.mark.parametrize("words", [pytest.param(words, id=words[0]) for words in SHOWN if words[0] != "python"])
def test_any_other_command_shown_is_a_tool_that_is_pinned_or_named(words):
    pinned = {pin.partition("==")[0] for pin in PINS}
    tool = {"jupyter": "jupyterlab", "python": "compendium"}.get(Path(words[0]).name, Path(words[0]).name)
    assert tool in pinned | {"compendium", "pre-commit", "uv"}
    if Path(words[0]).name == "python":
        module = words[words.index("-m") + 1]
        assert (ROOT / "src" / Path(*module.split("."))).with_suffix(".py").is_file()
    else:
        assert tool not in pinned or words[0].startswith(".venv/bin/")


def test_the_readme_shows_every_command_that_a_reader_may_type():
    shown = {words[2] for words in shell_lines(README) if words[:2] == ["python", "run_all.py"] and len(words) > 2}
    assert set(cli.COMMANDS) - {"build"} <= shown


def test_the_readme_and_the_lock_are_for_the_oldest_python_that_is_taken():
    oldest = PROJECT["requires-python"].removeprefix(">=")
    assert f"Python {oldest} or newer" in README.read_text(encoding="utf-8")
    (command,) = [words for words in shell_lines(ROOT / "CONTRIBUTING.md") if words[0] == "uv"]
    assert command[command.index("--python-version") + 1] == oldest


def visible_names():
    """Top-level names of the repository; a visitor's own stray files are none of it where git can tell."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        names = {line.split("/")[0] for line in listed.stdout.splitlines()}
    else:
        patterns = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
        names = {p.name for p in ROOT.iterdir() if not any(p.match(pattern.strip("/")) for pattern in patterns)}
    return {name for name in names if not name.startswith(".")}


def tree_names():
    (tree,) = fenced(README.read_text(encoding="utf-8"), "text")
    names = set()
    for line in tree.splitlines():
        words = line.split()
        names |= set(words) if all("." in w or w.isupper() for w in words) else {words[0]}
        names |= set(re.findall(r"(?<!\S)[\w.]+/[\w./]*", line))
    return {name.strip(",;") for name in names if "<" not in name}


def test_the_tree_of_the_readme_names_what_exists():
    missing = [name for name in tree_names() if not (ROOT / name).exists()]
    assert not missing


def test_the_tree_of_the_readme_names_all_that_a_visitor_sees():
    assert visible_names() <= {name.split("/")[0] for name in tree_names()}


def test_the_readme_names_every_artefact_of_the_published_report_and_its_files():
    manifest = json.loads((ROOT / "report" / "manifest.json").read_text(encoding="utf-8"))
    text = README.read_text(encoding="utf-8")
    published = [entry for entry in manifest["artefacts"] if entry["published"]]
    assert {entry["id"] for entry in published} == set(re.findall(r"^\| ((?:figure|table)-\d+) \|", text, re.MULTILINE))
    for entry in published:
        for name in entry["files"]:
            assert f"({name})" in text
            assert (ROOT / name).is_file()


def slugs(path):
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_relative_links_lead_somewhere(path):
    text = re.sub(r"^```.*?^```|(?<!`)`[^`\n]+`(?!`)", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", link)]
    broken = []
    for link in links:
        name, _, anchor = unquote(link).partition("#")
        target = path.parent / name if name else path
        if not target.exists() or (anchor and anchor not in slugs(target)):
            broken.append(link)
    assert not broken


def test_the_list_of_documents_tested_is_complete():
    found = {p for folder in (ROOT, ROOT / "data", ROOT / "notebooks", ROOT / "tests") for p in folder.glob("*.md")}
    assert found == set(DOCUMENTS)


def test_the_citation_file_has_what_the_format_requires_and_cites_the_report():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == PROJECT["version"]
    (report,) = citation["references"]
    names = [f"{person['given-names']} {person['family-names']}" for person in report["authors"]]
    package = Study().package
    assert names == [person["title"] for person in package["contributors"]]
    assert report["title"] == package["title"]
    assert (report["year"], report["month"]) == (2020, 4)


def test_the_newest_release_of_the_changelog_is_the_version_and_the_date_cited():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version, date = re.findall(r"^## \[(\d[^\]]*)\] - (\d{4}-\d\d-\d\d)$", text, flags=re.MULTILINE)[0]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (version, date) == (PROJECT["version"], str(citation["date-released"]))


def test_the_licences_are_those_that_the_readme_names():
    text = README.read_text(encoding="utf-8")
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert licence.startswith("MIT License\n")
    assert f"[{citation['license']} licence](LICENSE)" in text
    assert citation["authors"][0]["name"] in licence
    (data,) = Study().package["licenses"]
    assert data["path"] in text
    assert data["path"] in (BUNDLED_STUDY / "README.md").read_text(encoding="utf-8")


def test_the_environment_has_the_pins_of_the_project_and_of_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *plain, pip = environment["dependencies"]
    assert pip["pip"] == [*PINS, "-e ."]
    python = next(pin for pin in plain if pin.startswith("python="))
    assert python.removeprefix("python=") >= PROJECT["requires-python"].removeprefix(">=")
    locked = set(re.findall(r"^([a-z0-9.-]+==[^\s;]+)", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert set(PINS) <= locked


def test_the_lock_holds_no_index_address_and_opens_with_the_comment():
    text = LOCK.read_text(encoding="utf-8")
    assert text.startswith("# Exact versions with hashes; made from pyproject.toml (see CONTRIBUTING.md)")
    assert not re.search(r"https?://|--(?:extra-)?index-url|--find-links", text)


def test_contributing_says_how_the_lock_is_made():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (command,) = [words for words in shell_lines(ROOT / "CONTRIBUTING.md") if words[0] == "uv"]
    assert {"--universal", "--generate-hashes", "--no-emit-index-url", "pyproject.toml", "test"} <= set(command)
    assert command[command.index("-o") + 1] == LOCK.name
    assert len(text.splitlines()) <= 66, "CONTRIBUTING.md fits one screen"


def test_every_hook_runs_a_tool_that_is_pinned_and_configured():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    for hook in config["repos"][0]["hooks"]:
        tool = Path(hook["entry"].split()[0]).name
        assert tool in tools
        assert any(pin.startswith(f"{tool}==") for pin in PINS)


def test_editors_and_linters_have_no_other_configuration_than_pyproject():
    names = ("ruff.toml", ".ruff.toml", "mypy.ini", ".mypy.ini", "pytest.ini", "tox.ini", "setup.cfg", ".coveragerc")
    assert not [name for name in names if (ROOT / name).exists()]


@pytest.mark.skipif(os.name == "nt", reason="continuous integration runs on Linux")
def test_the_script_of_continuous_integration_runs_what_the_readme_says():
    script = ROOT / ".ci" / "run"
    text = script.read_text(encoding="utf-8")
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    assert "set -euo pipefail" in text
    assert text.rstrip().endswith('"$python" run_all.py test')
    readme = README.read_text(encoding="utf-8")
    for package in re.findall(r"wanted\+=\((\S+)\)", text):
        assert f"apt-get install {package}" in readme
