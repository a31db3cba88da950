"""A run as an RO-Crate: its metadata beside its outputs, and all of it in one archive."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from compendium import paths
from compendium.crate.record import COPIES, LOCK, WORKFLOW, Run, load_run, save_run
from compendium.data.study import BIBLIOGRAPHY_FILE, PACKAGE_FILE, read_package
from compendium.errors import InputError, Problem
from compendium.files import as_json, write_bytes, write_json
from compendium.stages import STAGES

FILE = "ro-crate-metadata.json"
PREVIEW = "ro-crate-preview.html"
PROJECT_FILES = ("LICENSE", "CITATION.cff", "pyproject.toml")
CODEBOOK = "README.md"
"""What a packed crate holds besides, so that it may be reused and run again."""
_EARLIEST = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o644 << 16
__all__ = ["FILE", "pack", "save_run", "write_crate"]


def write_crate(out: Path) -> bool:
    """Describe the last run that wrote to a folder in ``ro-crate-metadata.json``, by its record.

    Parameters
    ----------
    out
        Output folder.

    Returns
    -------
    bool
        Whether there was a run to describe.
    """
    from compendium.crate.metadata import describe

    run = load_run(out)
    if run is None:
        return False
    keep_code(run)
    write_json(out / FILE, describe(run).generate())
    return True


def keep_code(run: Run) -> None:
    """Keep a copy of what was run beside a record that does not lie in the compendium's own folder."""
    for name in (WORKFLOW, LOCK, *(f"notebooks/{stage.notebook}" for stage in STAGES)):
        if run.code(name) == f"{COPIES}/{name}":
            write_bytes(run.out / COPIES / name, (paths.ROOT / name).read_bytes())


def pack(out: Path, target: Path) -> None:
    """Pack a run with everything needed to look at it, and to run it again: code, data, outputs, environment.

    Only what the crate names enters it, by its name: nothing that lies beside the outputs, no environment, no history,
    no other run. The same run gives the same bytes.

    Parameters
    ----------
    out
        Output folder.
    target
        The archive, ``.zip``; an earlier one is replaced.

    Raises
    ------
    InputError
        The folder holds no run, a file of it lies elsewhere, or the archive cannot be written.
    """
    run = load_run(out, packed=True)
    if run is None:
        raise InputError(Problem(field="--crate", value=str(out), reason="this folder holds no run", allowed="a run"))
    try:
        check_target(target)
        contents = contents_of(run)
        wrong = [place for place, content in contents.items() if not _belongs(run, place, content)]
        if wrong:
            reason, allowed = "lies outside the run", "files of the run"
            raise InputError(Problem(place, reason=reason, allowed=allowed) for place in wrong)
        _write_zip(target, contents)
    except OSError as error:
        reason = f"cannot be written ({error.strerror or error})"
        raise InputError(Problem(field="--crate", value=str(target), reason=reason)) from None


def check_target(target: Path) -> None:
    """Refuse a target that could not be written, or would replace something else than an archive."""
    problem = ""
    if target.suffix.lower() != ".zip":
        problem = "is no name of a ZIP file"
    elif not target.parent.is_dir():
        problem = "lies in a folder that does not exist"
    elif target.is_dir():
        problem = "is a folder"
    if problem:
        raise InputError(Problem(field="--crate", value=str(target), reason=problem, allowed="FILE.zip"))


def contents_of(run: Run) -> dict[str, Path | bytes]:
    """Return what a packed crate holds: where each file is now, or its content, by its place in the crate."""
    from compendium.crate import preview
    from compendium.crate.metadata import describe

    graph = describe(run)
    package = read_package(run.study)
    data = [PACKAGE_FILE, BIBLIOGRAPHY_FILE, CODEBOOK, *(str(resource["path"]) for resource in package["resources"])]
    wanted = {run.data(name): run.study / name for name in data} | {n: paths.ROOT / n for n in PROJECT_FILES}
    for place, path in wanted.items():
        if path.is_file():
            graph.file(place, path)
    root = {"@id": "./"}
    graph.text("README.md", preview.readme(run, graph), name="How to read this crate", about=root)
    graph.thing(PREVIEW, "CreativeWork", name="The crate as a page", about=root, encodingFormat="text/html")
    described = graph.generate()
    page = preview.page(described["@graph"])
    return {**graph.contents, FILE: as_json(described).encode(), PREVIEW: page.encode()}


def _belongs(run: Run, place: str, content: Path | bytes) -> bool:
    """Whether a file has a place within the archive, and is what it seems to be: a file of the run."""
    parts = PurePosixPath(place).parts
    if place.startswith("/") or ".." in parts or "\\" in place or ":" in place:
        return False
    if isinstance(content, bytes):
        return True
    folders = [folder.resolve() for folder in (run.out, run.study, paths.ROOT)]
    return any(content.resolve().is_relative_to(folder) for folder in folders)


def _write_zip(target: Path, contents: Mapping[str, Path | bytes]) -> None:
    """Write an archive that is the same for the same content, beside its place and then moved into it."""
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(beside, "w") as archive:
            for place in sorted(contents):
                content = contents[place]
                entry = zipfile.ZipInfo(place, _EARLIEST)
                entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, _READABLE, 3
                archive.writestr(entry, content if isinstance(content, bytes) else content.read_bytes())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
