"""A thin layer over rocrate: files with size and hash, each entity once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compendium.files import sha256, tree

if TYPE_CHECKING:
    from rocrate.model.entity import Entity

CRATE_VERSION = "1.1"
"""Version of RO-Crate that the profiles extend."""
RUN_PROFILE_VERSION = "0.5"
WORKFLOW_PROFILE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = {
    f"https://w3id.org/ro/wfrun/process/{RUN_PROFILE_VERSION}": "Process Run Crate",
    f"https://w3id.org/ro/wfrun/workflow/{RUN_PROFILE_VERSION}": "Workflow Run Crate",
    f"https://w3id.org/ro/wfrun/provenance/{RUN_PROFILE_VERSION}": "Provenance Run Crate",
    WORKFLOW_PROFILE: "Workflow RO-Crate",
}
"""What a crate conforms to: address and name of each profile."""
TERMS = {
    "sha256": "https://w3id.org/ro/terms/workflow-run#sha256",
    "buildInstructions": "https://codemeta.github.io/terms/buildInstructions",
}
"""Terms that RO-Crate 1.1 lacks, as the profiles' own context and the Provenance Run Crate's text define them."""
_FORMATS = {
    ".bib": "application/x-bibtex",
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".lock": "text/plain",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".py": "text/x-python",
    ".svg": "image/svg+xml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xml": "application/xml",
}


class Graph:
    """The entities of a crate while it is made.

    Attributes
    ----------
    hashes : dict
        SHA-256 of each file, by its place in the crate.
    contents : dict
        Where each file is now, by its place in the crate, or its content.
    """

    def __init__(self) -> None:
        from rocrate.rocrate import ROCrate

        self.crate = ROCrate(version=CRATE_VERSION)
        self.crate.metadata.extra_terms.update(TERMS)
        self._files: dict[str, Entity] = {}
        self.hashes: dict[str, str] = {}
        self.contents: dict[str, Path | bytes] = {}

    def file(self, place: str, source: Path, /, **properties: Any) -> Entity:
        """Add a file of the crate, or find it: by its place, with size, hash and format."""
        from rocrate.model.file import File

        if place not in self._files:
            self.hashes[place], self.contents[place] = sha256(source), source
            size = str(source.stat().st_size)
            known = {"name": place.rpartition("/")[2], "contentSize": size, "sha256": self.hashes[place]}
            known["encodingFormat"] = format_of(place)
            self._files[place] = self.crate.add(File(self.crate, source, place, properties={**known, **properties}))
        return self._files[place]

    def as_it_was(self, place: str, source: Path, digest: str, /, **properties: Any) -> Entity:
        """Add a file by the hash that it had; one that has changed since, or is not in the crate, is only named.

        Parameters
        ----------
        place
            Where it stands in the crate; empty when it is not in it.
        source
            The file.
        digest
            SHA-256 of its content when it was used.
        properties
            What else is known; ``alternateName`` is its path as the run knew it.
        """
        if place and source.is_file():
            found = self.file(place, source, **properties)
            if self.hashes[place] == digest:
                return found
        known = {"name": source.name, "alternateName": place or source.name, **properties, "sha256": digest}
        return self.thing(f"#sha256-{digest[:16]}-{slug(known['alternateName'])}", "CreativeWork", **known)

    def folder(self, place: str, source: Path, name: str) -> Entity:
        """Add a folder of the crate, whose files are not described one by one.

        Parameters
        ----------
        place, source
            Where it stands in the crate, and where it is.
        name
            What it holds.
        """
        from rocrate.model.dataset import Dataset

        files = {f"{place}{inner}": path for inner, path in tree(source).items() if "__pycache__" not in inner}
        self.contents |= {inner: path for inner, path in files.items() if inner not in self.contents}
        return self.crate.add(Dataset(self.crate, None, place, properties={"name": name}))

    def text(self, place: str, text: str, /, **properties: Any) -> Entity:
        """Add a file of the crate that is written for it alone."""
        from rocrate.model.file import File

        content = text.encode()
        self.contents[place] = content
        about = {"contentSize": str(len(content)), "encodingFormat": format_of(place), **properties}
        return self.crate.add(File(self.crate, None, place, properties=about))

    def thing(self, identifier: str, kind: str | list[str], /, **properties: Any) -> Entity:
        """Add something that is no file, or find it."""
        from rocrate.model.contextentity import ContextEntity

        known = self.crate.get(identifier)
        if known is not None:
            return known
        return self.crate.add(ContextEntity(self.crate, identifier, properties={"@type": kind, **properties}))

    def generate(self) -> dict[str, Any]:
        """Return the crate's metadata as JSON-LD; a list of one is written as that one, as RO-Crate recommends."""
        made = dict(self.crate.metadata.generate())
        made["@graph"] = [{name: _single(value) for name, value in entity.items()} for entity in made["@graph"]]
        return made


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def format_of(name: str) -> str:
    """Media type of a file by its ending, the same on every machine."""
    return _FORMATS.get(Path(name).suffix, "application/octet-stream")


def slug(name: str) -> str:
    """Return a name that may stand in an identifier."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)
