"""The list of what was published: everything later (report, verdict, README's list) is derived from it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from compendium.files import read_json, sha256, write_json
from compendium.stages import STAGES

_PUBLISHED_ID = re.compile(r"(table|figure)-(\w+)\Z")


@dataclass
class Entry:
    """One published artefact.

    Parameters
    ----------
    id
        Such as ``table-1`` or ``s-missing-voices``; also the stem of its files.
    kind
        ``table`` or ``figure``.
    title, alt
        Caption, and what the artefact shows in words.
    published
        Whether it stands in the published report.
    stage, notebook
        Where it is made.
    files
        Path relative to the output folder to SHA-256 of the content.
    fields
        Name and type of each column of its CSV file; see :func:`compendium.publishing.table_package.fields_of`.
    """

    id: str
    kind: str
    title: str
    alt: str
    published: bool
    stage: str
    notebook: str
    files: dict[str, str] = field(default_factory=dict)
    fields: list[dict[str, str]] = field(default_factory=list)

    def described(self) -> dict[str, Any]:
        """Describe the artefact in the manifest; one without a CSV file has no columns."""
        return {name: value for name, value in asdict(self).items() if name != "fields" or value}


def fragment_path(out: Path, stage: str) -> Path:
    """Path of one stage's part of the manifest."""
    return out / "data" / "derived" / stage / "manifest.json"


def read_fragment(out: Path, stage: str) -> dict[str, Any]:
    """Read one stage's part: ``artefacts``, the input files it read (``inputs``) and ``missing_images``.

    Where the stage has not run in this folder (a fresh clone), its artefacts are those that the joined manifest
    lists, if all their files are there: so one stage can be run alone without losing the others from the report.
    """
    found = read_json(fragment_path(out, stage))
    if isinstance(found, dict):
        return found
    released = read_json(out / "report" / "manifest.json")
    listed = released.get("artefacts", []) if isinstance(released, dict) else []
    mine = [entry for entry in listed if entry.get("stage") == stage]
    whole = all((out / name).is_file() for entry in mine for name in entry["files"])
    return {"artefacts": mine if whole else [], "inputs": [], "missing_images": []}


def write_fragment(
    out: Path,
    stage: str,
    entries: list[Entry],
    inputs: list[str],
    missing_images: list[str],
    library: Sequence[str] = (),
) -> None:
    """Write one stage's part of the manifest; `library` names the modules of this library that it used."""
    value = {"artefacts": [e.described() for e in entries], "inputs": inputs, "missing_images": missing_images}
    value["library"] = list(library)
    write_json(fragment_path(out, stage), value)


def joined(out: Path) -> list[dict[str, Any]]:
    """Entries of all stages that have run, in running order."""
    return [entry for stage in STAGES for entry in read_fragment(out, stage.name)["artefacts"]]


def labels(entries: list[dict[str, Any]]) -> dict[str, str]:
    """Name the artefacts by id: as the published report does (``Table 1``), or ``Table S1`` in running order."""
    names: dict[str, str] = {}
    numbers = {"table": 0, "figure": 0}
    for entry in entries:
        known = _PUBLISHED_ID.match(entry["id"])
        if entry["published"] and known:
            names[entry["id"]] = f"{known[1].capitalize()} {known[2]}"
        else:
            numbers[entry["kind"]] += 1
            names[entry["id"]] = f"{entry['kind'].capitalize()} S{numbers[entry['kind']]}"
    return names


def join(out: Path, further: list[str]) -> dict[str, Any]:
    """Write ``report/manifest.json`` from the parts.

    Parameters
    ----------
    out
        Output folder.
    further
        Paths of files that are no artefacts (executed notebooks, the report), relative to `out`.

    Returns
    -------
    dict
        ``artefacts`` (list) and ``files`` (path to SHA-256).
    """
    manifest = {"artefacts": joined(out), "files": {name: sha256(out / name) for name in sorted(further)}}
    write_json(out / "report" / "manifest.json", manifest)
    return manifest
