"""What the tests of crates share: runs that take no time, and how to read what describes them."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

from compendium.crate.crate import FILE, save_run
from compendium.files import read_json, sha256, write_text
from compendium.publishing import manifest
from compendium.publishing.manifest import Entry
from compendium.run import state
from compendium.stages import Stage

TIMES = {"started": "2026-01-02T03:04:05.000+00:00", "ended": "2026-01-02T03:04:07.500+00:00"}
EARLIER = {"started": "2025-01-01T00:00:00.000+00:00", "ended": "2025-01-01T00:00:01.000+00:00"}
OLD_TERMS = {
    "ComputationalWorkflow": "https://bioschemas.org/ComputationalWorkflow",
    "FormalParameter": "https://bioschemas.org/FormalParameter",
    "input": "https://bioschemas.org/ComputationalWorkflow#input",
    "output": "https://bioschemas.org/ComputationalWorkflow#output",
}
"""What RO-Crate 1.1 calls otherwise than 1.3, whose context rocrate brings along."""


class Answer:
    """What the server would answer: RO-Crate's context."""

    status_code, ok, headers = 200, True, {"Content-Type": "application/ld+json"}

    def __init__(self) -> None:
        text = (resources.files("rocrate") / "data" / "ro-crate.jsonld").read_text(encoding="utf-8")
        self.document = json.loads(text)
        self.document["@context"] |= OLD_TERMS

    def json(self) -> Any:
        return self.document


def run_stage(out: Path, study: Path, one: Stage, values: dict[str, Any] | None = None, **times: Any) -> None:
    """Leave in a folder what a stage leaves there."""
    table = f"report/tables/{one.name} table.csv"
    files = [f"report/notebooks/{one.notebook}", f"data/derived/{one.name}/results.json", table]
    for name in files:
        write_text(out / name, f'{{"made by": "{one.name}"}}\n')
    entry = Entry(one.name, "table", f"Title <{one.name}>", "Alt & more", True, one.name, one.notebook)
    entry.files = {table: sha256(out / table)}
    manifest.write_fragment(out, one.name, [entry], ["datapackage.json", "terms.csv"], [], ["compendium"])
    fragment = manifest.read_fragment(out, one.name)
    described = state.describe(one, out, study, values or {}, fragment, {name: out / name for name in files})
    state.save(out, one.name, {**described, state.TIMES: {**TIMES, **times}})


def finish_run(out: Path, study: Path, ran: list[str], **more: Any) -> None:
    write_text(
        out / "report" / "report.html", '<!DOCTYPE html>\n<title>Report</title>\n<script src="assets/a.js"></script>'
    )
    write_text(out / "report" / "assets" / "a.js", "document.title = 'works';")
    manifest.join(out, ["report/report.html"])
    save_run(out, study, {**TIMES, "values": {}, "ran": ran, "failed": [], "error": "", **more})


def graph(folder: Path) -> dict[str, dict[str, Any]]:
    entities = read_json(folder / FILE)["@graph"]
    assert len({entity["@id"] for entity in entities}) == len(entities)
    return {entity["@id"]: entity for entity in entities}


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def refs(entity: dict[str, Any], name: str) -> list[str]:
    return [value["@id"] for value in many(entity.get(name, []))]
