"""The parts of the documentation that follow from other files.

``python -m compendium.data.codebook`` writes them anew: the data dictionary, the README's list of artefacts, and the
picture of the structure. What is text stands between two markers; the prose around it is left alone.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from compendium import paths, structure
from compendium.data.descriptor import as_list
from compendium.data.study import Study
from compendium.errors import CompendiumError
from compendium.files import write_text

DICTIONARY = paths.ROOT / "docs" / "data-dictionary.md"
DATA = "../data/"
"""Where the data lie, seen from the data dictionary."""
README = paths.ROOT / "README.md"
MANIFEST = paths.ROOT / "report" / "manifest.json"
ON_BINDER = "docs/explore.md#on-binder"
"""Where it says how to open a copy of this repository on Binder."""
CITATION = paths.ROOT / "CITATION.cff"
TABLES, ARTEFACTS, BADGE = "tables", "artefacts", "badge"
"""Names of the generated parts; the markers are ``<!-- begin NAME … -->`` and ``<!-- end NAME -->``."""

_MARKUP = re.compile(r"([\\`*<>|\[\]])")
_GENERAL = "(whole study)"


class MarkerError(CompendiumError):
    """A document lacks the markers between which something is to be written."""


def generate(study: Study, base: str = DATA) -> str:
    """Write the data dictionary's tables from a study's descriptor.

    Parameters
    ----------
    study
        Its ``datapackage.json`` says all that is written here.
    base
        Path of the study's folder, seen from the document.

    Returns
    -------
    str
        Markdown: a list of the tables by folder, then a section per table with its path, what a row is, its key,
        and its fields with type, constraints and meaning.
    """
    sections = [_table(resource, base) for resource in study.resources.values()]
    return "\n\n".join([_contents(study), *sections])


def artefacts(manifest: dict[str, Any]) -> str:
    """Write the list of the artefacts that stand in the published report.

    Parameters
    ----------
    manifest
        As ``report/manifest.json`` holds it.

    Returns
    -------
    str
        A Markdown table, figures before tables and each kind by identifier, and a sentence that counts the others.
    """
    published = [entry for entry in manifest["artefacts"] if entry["published"]]
    rows = ["| artefact | shows | made by | files |", "|---|---|---|---|"]
    for entry in sorted(published, key=lambda entry: (entry["kind"], entry["id"])):
        files = " ".join(f"[{name.rpartition('.')[2]}]({name})" for name in entry["files"])
        notebook = f"[{Path(entry['notebook']).stem}](notebooks/{entry['notebook']})"
        rows.append(f"| {entry['id']} | {_plain(entry['title'])} | {notebook} | {files} |")
    kinds = [entry["kind"] for entry in manifest["artefacts"] if not entry["published"]]
    beyond = f"Beyond the published report: {_number(kinds, 'figure')} and {_number(kinds, 'table')}, ids `s-…`."
    return "\n".join([*rows, "", beyond])


def badge(repository: str) -> str:
    """Write the badge that opens the notebooks on Binder.

    Parameters
    ----------
    repository
        Address of the repository, as ``repository-code`` of ``CITATION.cff`` gives it; empty where there is none yet.

    Returns
    -------
    str
        Markdown, with the address that https://mybinder.org gives for GitHub, GitLab and any other Git server; where
        there is no repository, with the page that says how to open a copy on Binder.
    """
    if not repository:
        launch = ON_BINDER
    else:
        url = repository.removesuffix("/").removesuffix(".git")
        host, _, name = url.partition("://")[2].partition("/")
        known = {"github.com": f"gh/{name}", "gitlab.com": f"gl/{quote(name, safe='')}"}
        place = known.get(host.removeprefix("www."), f"git/{quote(url, safe='')}")
        launch = f"https://mybinder.org/v2/{place}/HEAD?urlpath=lab/tree/{paths.NOTEBOOKS.name}"
    return f"[![Open the notebooks on Binder](docs/images/binder.svg)]({launch})"


def repository() -> str:
    """Address of the repository that ``CITATION.cff`` names; empty where it names none."""
    found = re.search(
        r"^repository-code:\s*[\"']?([^\s\"']+)", CITATION.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    return found[1] if found else ""


def between(text: str, name: str) -> str:
    """Return what stands between the markers of a generated part.

    Raises
    ------
    MarkerError
        The text has not exactly one such part.
    """
    return _part(text, name)[1].strip("\n")


def update(path: Path, name: str, content: str) -> bool:
    """Write a generated part of a document anew.

    Parameters
    ----------
    path
        A Markdown file with the markers.
    name
        The part: `TABLES`, `ARTEFACTS` or `BADGE`.
    content
        What to write.

    Returns
    -------
    bool
        Whether the file changed.

    Raises
    ------
    MarkerError
        The file has not exactly one such part; nothing is written.
    """
    old = path.read_text(encoding="utf-8")
    try:
        before, _, after = _part(old, name)
    except MarkerError as error:
        raise MarkerError(f"{path.name} {error}") from None
    text = f"{before}\n{content}\n{after}"
    write_text(path, text)
    return text != old


def main() -> int:
    """Write all generated parts of this compendium, and tell which files changed."""
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    try:
        changed = {
            DICTIONARY: update(DICTIONARY, TABLES, generate(Study(paths.BUNDLED_STUDY))),
            README: update(README, ARTEFACTS, artefacts(manifest)) | update(README, BADGE, badge(repository())),
            structure.PICTURE: structure.update(),
        }
    except CompendiumError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    for path, written in changed.items():
        print(f"{path.relative_to(paths.ROOT).as_posix()}: {'written' if written else 'up to date'}")
    return 0


def _part(text: str, name: str) -> tuple[str, str, str]:
    """Split a text into what ends with the first marker, the generated part, and what starts with the second."""
    found = re.findall(rf"\A(.*<!-- begin {name}\b[^\n]*?-->\n)(.*)(<!-- end {name} -->.*)\Z", text, flags=re.DOTALL)
    if len(found) != 1 or text.count(f"<!-- begin {name}") != 1 or text.count(f"<!-- end {name} -->") != 1:
        raise MarkerError(f"must have the markers <!-- begin {name} --> and <!-- end {name} --> once, in this order")
    before, part, after = found[0]
    return before, part, after


def _contents(study: Study) -> str:
    folders: dict[str, list[str]] = {}
    for name, resource in study.resources.items():
        folders.setdefault(_folder(resource["path"]), []).append(f"[{name}](#{name})")
    rows = [f"| {folder} | {', '.join(links)} |" for folder, links in folders.items()]
    return "\n".join(["| folder | tables |", "|---|---|", *rows])


def _folder(path: str) -> str:
    folder = path.rpartition("/")[0]
    return f"`{folder}/`" if folder else _GENERAL


def _table(resource: dict[str, Any], base: str) -> str:
    schema, path = resource["schema"], resource["path"]
    title = f"**{_plain(resource['title'])}** · " if resource.get("title") else ""
    key = ", ".join(f"`{name}`" for name in as_list(schema.get("primaryKey", []))) or "none"
    targets = _targets(resource)
    lines = [
        f"### {resource['name']}",
        "",
        f"{title}[`{path}`]({base}{path}) · key: {key}",
        "",
        _plain(resource.get("description", "")),
        "",
        "| field | type | constraints | description |",
        "|---|---|---|---|",
        *(_field(field, targets.get(field["name"], [])) for field in schema["fields"]),
    ]
    return "\n".join(lines)


def _targets(resource: dict[str, Any]) -> dict[str, list[str]]:
    """Return where each field of a foreign key points to; an empty name of a table means the table itself."""
    targets: dict[str, list[str]] = {}
    for key in resource["schema"].get("foreignKeys", []):
        table = key["reference"]["resource"] or resource["name"]
        pairs = zip(as_list(key["fields"]), as_list(key["reference"]["fields"]), strict=True)
        for field, target in pairs:
            targets.setdefault(field, []).append(f"in [{table}](#{table}).`{target}`")
    return targets


def _field(field: dict[str, Any], targets: list[str]) -> str:
    limits = field.get("constraints", {})
    said = [word for word in ("required", "unique") if limits.get(word)]
    said += [f"one of {', '.join(_code(value) for value in limits['enum'])}"] if "enum" in limits else []
    said += [f"≥ {limits['minimum']}"] if "minimum" in limits else []
    said += [f"≤ {limits['maximum']}"] if "maximum" in limits else []
    said += [f"pattern {_code(limits['pattern'])}"] if "pattern" in limits else []
    said += targets
    said += [f"list of identifiers in [{field['listOf']}](#{field['listOf']})"] if "listOf" in field else []
    meaning = _plain(field.get("description", ""))
    return f"| `{field['name']}` | {field['type']} | {'; '.join(said)} | {meaning} |"


def _code(value: object) -> str:
    """Set a value as code; inside a Markdown table, a bar must be escaped even there."""
    return "`" + str(value).replace("|", "\\|") + "`"


def _plain(text: str) -> str:
    """Escape what Markdown would take for markup."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _number(kinds: list[str], kind: str) -> str:
    count = kinds.count(kind)
    return f"{count} {kind}" + ("" if count == 1 else "s")


if __name__ == "__main__":
    sys.exit(main())
