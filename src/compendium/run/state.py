"""What each stage was made from, to know by content whether it has to run again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from compendium import paths
from compendium.data.study import PACKAGE_FILE
from compendium.files import read_json, sha256, tree, write_json
from compendium.parameters import Scalar, for_stage
from compendium.stages import Stage

PARTS = {
    "notebook": "its notebook changed",
    "parameters": "its parameters changed",
    "environment": "the locked environment changed",
    "upstream": "a stage it needs changed",
}
REPORT, VALIDATED, RUN = "_report", "_validated", "_run"
"""Names under which the record keeps what is no stage."""
TIMES = "times"
"""What the record says of a stage that has no influence on anything: when it was made."""
_LIBRARY = Path("src") / "compendium"


def state_path(out: Path) -> Path:
    """Path of the record of what was made from what; not committed."""
    return out / "data" / "derived" / "state.json"


def ingredients(stage: Stage, out: Path, values: dict[str, Scalar]) -> dict[str, str]:
    """Hashes of what a stage is made from, apart from the data it reads and the code it uses; keys of :data:`PARTS`."""
    upstream = [out / "data" / "derived" / need / "results.json" for need in stage.needs]
    return {
        "notebook": sha256(stage.path),
        "parameters": json.dumps(for_stage(stage, values), sort_keys=True),
        "environment": sha256(paths.LOCK) if paths.LOCK.is_file() else "",
        "upstream": " ".join(sha256(path) if path.is_file() else "" for path in upstream),
    }


def module_files(names: Iterable[str]) -> list[str]:
    """Paths of modules of this library, relative to the compendium's folder; all modules where none are named."""
    folder = paths.ROOT / _LIBRARY
    if not list(names):
        return [path.relative_to(paths.ROOT).as_posix() for path in sorted(folder.rglob("*.py"))]
    return sorted(_module_file(name).relative_to(paths.ROOT).as_posix() for name in names)


def _module_file(name: str) -> Path:
    """Path of a module's code; that of a package is its ``__init__``."""
    place = paths.ROOT.joinpath(_LIBRARY, *name.split(".")[1:])
    return place / "__init__.py" if place.is_dir() else place.with_name(f"{place.name}.py")


def describe(
    stage: Stage, out: Path, study: Path, values: dict[str, Scalar], fragment: dict[str, Any], made: Mapping[str, Path]
) -> dict[str, Any]:
    """Describe what a stage was made from and what it made.

    Parameters
    ----------
    stage, out, study, values
        As it was run.
    fragment
        Its part of the manifest, which names the inputs it read (``inputs``) and the modules it used (``library``).
    made
        Its outputs: path relative to `out`, and where the file is now.
    """
    used = module_files(fragment.get("library", []))
    return {
        "made_from": ingredients(stage, out, values),
        "library": hashes(paths.ROOT, used),
        "inputs": hashes(study, fragment["inputs"]),
        "outputs": {name: sha256(path) for name, path in made.items()},
    }


def hashes(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of files by their path relative to a folder."""
    return {name: sha256(folder / name) for name in names}


def now() -> str:
    """Return the time as the record keeps it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def save(out: Path, name: str, entry: Any) -> None:
    """Enter a stage's description, or another value, in the record."""
    write_json(state_path(out), {**recorded(out), name: entry})


def recorded(out: Path) -> dict[str, Any]:
    """Read the record; one that was damaged counts as none."""
    state = read_json(state_path(out))
    return state if isinstance(state, dict) else {}


def stale_because(stage: Stage, out: Path, study: Path, values: dict[str, Scalar]) -> str:
    """Say why a stage has to run; empty when it is up to date."""
    known = recorded(out).get(stage.name)
    if not isinstance(known, dict) or not {"made_from", "library", "inputs", "outputs"} <= set(known):
        return "not run yet on this machine"
    now = ingredients(stage, out, values)
    for part, reason in PARTS.items():
        if known["made_from"].get(part) != now[part]:
            return reason
    return changed(paths.ROOT, known["library"]) or changed(study, known["inputs"]) or changed(out, known["outputs"])


def changed(folder: Path, known: dict[str, str]) -> str:
    """Name the first file that is gone or has another content than it had; empty when there is none."""
    for name, digest in known.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is gone"
        if sha256(path) != digest:
            return f"{name} changed"
    return ""


def key_of_study(study: Path) -> str:
    """Hash of all that validation looks at: every file of a study, the library's code, the lock.

    Empty where the folder is no study: it may then be any folder of the machine, and of any size.
    """
    if not (study / PACKAGE_FILE).is_file():
        return ""
    files = {name: path for name, path in tree(study).items() if not name.startswith("derived/")}
    lock = sha256(paths.LOCK) if paths.LOCK.is_file() else ""
    library = hashes(paths.ROOT, module_files([]))
    parts = [{name: sha256(path) for name, path in files.items()}, lock, library]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def key_of_report(out: Path, study_key: str) -> str:
    """Hash of all that the report is made from: the study, what the stages made, and the templates."""
    known = {name: entry for name, entry in recorded(out).items() if not name.startswith("_")}
    stages = {name: {part: v for part, v in entry.items() if part != TIMES} for name, entry in known.items()}
    templates = {name: sha256(path) for name, path in tree(paths.TEMPLATES).items()}
    return hashlib.sha256(json.dumps([study_key, stages, templates], sort_keys=True).encode()).hexdigest()


def report_is_current(out: Path, key: str) -> bool:
    """Whether the report was made from what there is now, and is what was written."""
    known = recorded(out).get(REPORT)
    if not isinstance(known, dict) or known.get("key") != key or not isinstance(known.get("outputs"), dict):
        return False
    return not changed(out, known["outputs"])
