"""What each stage was made from, to know by content whether it has to run again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from compendium import paths
from compendium.files import read_json, sha256, write_json
from compendium.parameters import Scalar, for_stage
from compendium.stages import Stage

PARTS = {
    "notebook": "its notebook changed",
    "library": "the library code changed",
    "parameters": "its parameters changed",
    "environment": "the locked environment changed",
    "upstream": "a stage it needs changed",
}


def state_path(out: Path) -> Path:
    """Path of the record of what was made from what; not committed."""
    return out / "data" / "derived" / "state.json"


def library_hash() -> str:
    """Hash of the library's code."""
    files = sorted((paths.ROOT / "src" / "compendium").rglob("*.py"))
    files += sorted(paths.TEMPLATES.glob("*")) if paths.TEMPLATES.is_dir() else []
    joined = "\n".join(f"{p.name} {sha256(p)}" for p in files)
    return hashlib.sha256(joined.encode()).hexdigest()


def ingredients(stage: Stage, out: Path, values: dict[str, Scalar]) -> dict[str, str]:
    """Hashes of what a stage is made from, apart from the data it reads; keys as in :data:`PARTS`."""
    upstream = [out / "data" / "derived" / need / "results.json" for need in stage.needs]
    return {
        "notebook": sha256(stage.path),
        "library": library_hash(),
        "parameters": json.dumps(for_stage(stage, values), sort_keys=True),
        "environment": sha256(paths.LOCK) if paths.LOCK.is_file() else "",
        "upstream": " ".join(sha256(path) if path.is_file() else "" for path in upstream),
    }


def record(
    stage: Stage, out: Path, study: Path, values: dict[str, Scalar], inputs: list[str], outputs: list[str]
) -> None:
    """Note what a stage was made from and what it made."""
    state = _recorded(out)
    state[stage.name] = {
        "made_from": ingredients(stage, out, values),
        "inputs": {name: sha256(study / name) for name in inputs},
        "outputs": {name: sha256(out / name) for name in outputs},
    }
    write_json(state_path(out), state)


def _recorded(out: Path) -> dict[str, Any]:
    """Read the record; one that was damaged counts as none."""
    state = read_json(state_path(out))
    return state if isinstance(state, dict) else {}


def stale_because(stage: Stage, out: Path, study: Path, values: dict[str, Scalar]) -> str:
    """Say why a stage has to run; empty when it is up to date."""
    known = _recorded(out).get(stage.name)
    if not isinstance(known, dict) or not {"made_from", "inputs", "outputs"} <= set(known):
        return "not run yet on this machine"
    now = ingredients(stage, out, values)
    for part, reason in PARTS.items():
        if known["made_from"].get(part) != now[part]:
            return reason
    for kind, folder in (("inputs", study), ("outputs", out)):
        for name, digest in known[kind].items():
            path = folder / name
            if not path.is_file():
                return f"{name} is gone"
            if sha256(path) != digest:
                return f"{name} changed"
    return ""
