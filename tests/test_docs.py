"""The documents: their commands, examples, trees, links, lists and pins are those of the project."""

import doctest
import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import tomllib
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from compendium import cli, parameters
from compendium.cli.commands import read_plan
from compendium.cli.options import COMMANDS, EXAMPLES, parse
from compendium.data.study import Study
from compendium.paths import BUNDLED_STUDY, LOCK, ROOT
from compendium.run.check import compare, verdict_table
from compendium.stages import stage

README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", BUNDLED_STUDY / "README.md", *DOCS]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]


def fenced(text, *languages):
    return re.findall(rf"^```(?:{'|'.join(languages)})\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def shell_lines(path):
    lines = "".join(fenced(path.read_text(encoding="utf-8"), "console", "bash", "sh")).splitlines()
    return [shlex.split(line.removeprefix("$ "), comments=True) for line in lines if line.strip()]


def run_all_commands(*texts):
    lines = dict.fromkeys(shlex.join(words[2:]) for words in texts if words[:2] == ["python", "run_all.py"])
    return [pytest.param(shlex.split(line), id=line or "(none)") for line in lines]


SHOWN = [words for path in DOCUMENTS for words in shell_lines(path)]
HELPS = [
    ["python", "run_all.py", *shlex.split(arguments)]
    for arguments, _ in [*EXAMPLES, *(example for command in COMMANDS.values() for example in command.examples)]
]
CHEAP = {"list", "validate"}


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    """A folder of the reader's own, with what the commands shown there name: a parameter file, another study."""
    (state,) = fenced((ROOT / "docs" / "explore.md").read_text(encoding="utf-8"), "yaml")
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "my-state.yml").write_text(state, encoding="utf-8")
    shutil.copytree(BUNDLED_STUDY, tmp_path / "my-review", ignore=shutil.ignore_patterns("derived"))
    monkeypatch.chdir(folder)


@pytest.mark.parametrize("arguments", run_all_commands(*SHOWN, *HELPS))
def test_a_command_shown_is_one_that_the_project_takes(arguments, at_home, capsys):
    """Quick ones are run; of the others everything is read that can be wrong before a notebook starts."""
    options = parse(arguments)
    if options.command == "test":
        assert all((ROOT / word).is_file() for word in options.rest if not word.startswith("-"))
    elif options.help or (options.command in CHEAP and not options.source):
        assert cli.main(arguments) == 0
        assert capsys.readouterr().out
    elif options.command == "build":
        parameters.check(Study(), read_plan(options).values)


@pytest.mark.parametrize("path", [p for p in DOCUMENTS if fenced(p.read_text(encoding="utf-8"), "pycon")], ids=str)
def test_examples_at_the_prompt_give_what_they_show(path):
    for block in fenced(path.read_text(encoding="utf-8"), "pycon"):
        example = doctest.DocTestParser().get_doctest(block, {}, path.name, str(path), 0)
        said = []
        assert doctest.DocTestRunner().run(example, out=said.append).failed == 0, "".join(said)
        assert example.examples


TOUR = runpy.run_path(str(ROOT / "docs" / "pictures.py"))["TOUR"]


@pytest.mark.parametrize(
    ("room", "name", "phrases"),
    [
        ("screening", "tour-1-screening", ["Reviews included → Reviews synthesised"]),
        ("appraisal", "tour-2-appraisal", ["10 of 11 reviews enter", "F28", "F39"]),
        ("policy", "tour-3-policy", []),
        ("interviews", "tour-4-interviews", ["N06."]),
        ("conclusions", "tour-5-conclusions", ["1 that support it, 1 that support it in part."]),
    ],
)
def test_an_answer_of_the_tour_is_what_the_controls_show(room, name, phrases, study):
    panel = import_module(f"compendium.explore.{room}").panel(study)
    notebook, values = TOUR[name]
    assert stage(room).notebook == notebook
    text = (ROOT / "docs" / "explore.md").read_text(encoding="utf-8")
    shown = panel.view({**panel.defaults, **values})
    told = " ".join([*shown.sentences, *(table.to_string() for _, table in shown.tables)])
    answers = " ".join(text.partition("## Answers")[2].split())
    assert f"(images/{name}.png)" in text
    for phrase in phrases:
        assert phrase in told
        assert phrase in answers.replace("*", "")


def test_the_answer_on_policy_is_in_the_data(study):
    mentions = study.policy_mentions
    counts = mentions.groupby("document_id")["n_coproduction"].sum()
    assert counts.max() == 8
    name = study.policy_documents.set_index("document_id")["name"][counts.idxmax()]
    assert name.startswith("Reshaping Care for Older People")
    assert mentions["n_codesign"].sum() == 0


def test_the_parameters_of_the_tour_are_those_of_its_commands():
    shown = [words[2:] for words in shell_lines(ROOT / "docs" / "explore.md")]
    given = [parameters.parse(parse(words).p) for words in shown if "-p" in words]
    for _, values in TOUR.values():
        (found,) = [each for each in given if set(each) == set(values)]
        assert {name: sorted(value.split(",")) for name, value in found.items()} == {
            name: sorted(value.split(",")) for name, value in values.items()
        }


@pytest.mark.parametrize(("name", "limit"), [("report-page", 200), *((name, 150) for name in TOUR)])
def test_a_picture_is_there_and_small(name, limit):
    content = (ROOT / "docs" / "images" / f"{name}.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) < limit * 1024
    if name == "report-page":
        assert (int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")) == (1280, 800)


@pytest.mark.parametrize("words", [pytest.param(words, id=words[0]) for words in SHOWN if words[0] != "python"])
def test_any_other_command_shown_is_a_tool_that_is_pinned_or_named(words):
    pinned = {pin.partition("==")[0] for pin in PINS}
    tool = {"jupyter": "jupyterlab", "python": "compendium"}.get(Path(words[0]).name, Path(words[0]).name)
    assert tool in pinned | {"compendium", "pre-commit", "uv"}
    if Path(words[0]).name == "python" and words[1].endswith(".py"):
        assert (ROOT / words[1]).is_file()
    elif Path(words[0]).name == "python":
        module = words[words.index("-m") + 1]
        assert (ROOT / "src" / Path(*module.split("."))).with_suffix(".py").is_file()
    else:
        assert tool not in pinned or words[0].startswith(".venv/bin/")


def test_the_readme_shows_every_command_that_a_reader_may_type():
    shown = {words[2] for words in shell_lines(README) if words[:2] == ["python", "run_all.py"] and len(words) > 2}
    assert set(COMMANDS) <= shown


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
    folders = (ROOT, ROOT / "data", ROOT / "docs", ROOT / "notebooks", ROOT / "tests")
    found = {path for folder in folders for path in folder.glob("*.md")}
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


def test_what_a_reviewer_is_told_to_see_is_what_check_prints_of_this_release() -> None:
    shown = re.search(r"```text\n(.+?)```", (ROOT / "docs" / "reproduce.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    assert shown[1].rstrip() == verdict_table(compare(ROOT, ROOT))
