"""Writing files so that a reader sees the old or the new one, never half of one."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any


def write_text(path: Path, text: str) -> None:
    """Write text in UTF-8 with LF line ends, beside the file and then moved into place; unchanged content stays."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes beside the file and move them into place; a file that already holds them is not touched."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def remove_partial(out: Path) -> None:
    """Remove what a run that was killed while it wrote has left beside the files of an output folder."""
    for folder in (out / "figures", out / "report", out / "data" / "derived"):
        for left in folder.rglob(".*.part"):
            left.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write JSON as people read it; see :func:`as_json`."""
    write_text(path, as_json(value))


def as_json(value: Any) -> str:
    """Return JSON as people read it: indented, in the order given, without escapes, with a final newline."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def read_json(path: Path) -> Any:
    """Read a JSON file; ``None`` where there is none or it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tree(folder: Path) -> dict[str, Path]:
    """Files below a folder by their path relative to it, sorted; hidden ones left out."""
    if not folder.is_dir():
        return {}
    found = (p for p in folder.rglob("*") if p.is_file())
    files = {p.relative_to(folder).as_posix(): p for p in found}
    return {name: files[name] for name in sorted(files) if not any(part.startswith(".") for part in name.split("/"))}
