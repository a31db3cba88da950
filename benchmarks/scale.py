"""Make a study with many times as many rows: ``python benchmarks/scale.py FACTOR FOLDER``.

Each row of each table is copied with new identifiers, and the copies point at each other as the originals do: row 7 of
copy 3 names rows of copy 3. So a copy is a whole study of its own beside the others, keys within and between tables
hold, and what has to be unique stays unique. The references are copied alike.

The tables in :data:`VOCABULARIES` stay as they are: their rows are the columns and the categories of the others.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BUNDLED = ROOT / "data"
VOCABULARIES = {
    "terms": "each family of terms is a column of two tables and a panel of a figure",
    "appraisal-scale": "its scores are values that the schema lists one by one",
    "appraisal-components": "each component is a column of the appraisal, and every review is judged on each",
    "interviews-levels": "each level is a column of the joint display",
    "conclusions-checklists": "each checklist is a table of its own; their items are copied",
}
"""Tables that are not copied, and why."""
REFERENCES = "references"
ANY_TABLE = {("conclusions-evidence", "target_id"), ("second-extraction", "row_id"), ("extraction-log", "row_id")}
"""Columns that name rows of more than one table, by table and column."""
NUMBERED = {"order", "table_order", "focus_order", "reference_number"}
"""Columns of running numbers, which go on in the next copy."""
CHECKED = ("interviews", "policy")
"""Stages in the names of whose facts identifiers stand."""

Row = dict[str, str]
Change = Callable[[str, int], str]


@dataclass
class Source:
    """A study as it is read for copying: its descriptor, and the rows of its tables by name."""

    package: dict[str, Any]
    rows: dict[str, list[Row]]
    references: str

    @property
    def schemas(self) -> dict[str, dict[str, Any]]:
        """Schemas by the name of their table."""
        return {resource["name"]: resource["schema"] for resource in self.package["resources"]}


def read(folder: Path) -> Source:
    """Read a study."""
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    rows = {}
    for resource in package["resources"]:
        with (folder / resource["path"]).open(encoding="utf-8", newline="") as stream:
            rows[resource["name"]] = list(csv.DictReader(stream))
    return Source(package, rows, (folder / "references.bib").read_text(encoding="utf-8"))


def scale(factor: int, target: Path, folder: Path = BUNDLED) -> dict[str, int]:
    """Write a study with so many times the rows.

    Parameters
    ----------
    factor
        How often each row stands in it, in one form or another; 1 gives the study itself.
    target
        Folder to make.
    folder
        The study to copy from.

    Returns
    -------
    dict
        Number of rows by table.
    """
    source, counts = read(folder), {}
    for resource in source.package["resources"]:
        name, path = resource["name"], target / resource["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as stream:
            fields = [field["name"] for field in resource["schema"]["fields"]]
            writer = csv.DictWriter(stream, fields, lineterminator="\n")
            writer.writeheader()
            writer.writerows(copies(source, name, factor))
        counts[name] = len(source.rows[name]) * (1 if name in VOCABULARIES else factor)
    (target / "references.bib").write_text("".join(references(source.references, factor)), encoding="utf-8")
    (target / "datapackage.json").write_text(json.dumps(relaxed(source), indent=1) + "\n", encoding="utf-8")
    return counts


def copies(source: Source, name: str, factor: int) -> Iterator[Row]:
    """Rows of a table, copy after copy."""
    yield from source.rows[name]
    if name in VOCABULARIES:
        return
    changes = {field["name"]: change for field in fields_of(source, name) if (change := change_of(source, name, field))}
    for number in range(1, factor):
        for row in source.rows[name]:
            yield {**row, **{column: change(row[column], number) for column, change in changes.items() if row[column]}}


def fields_of(source: Source, name: str) -> list[dict[str, Any]]:
    """Fields of a table's schema."""
    return list(source.schemas[name]["fields"])


def change_of(source: Source, name: str, field: dict[str, Any]) -> Change | None:
    """How the cells of a column differ from copy to copy; ``None`` where they do not."""
    column, constraints = field["name"], field.get("constraints", {})
    if is_identifier(source, name, column):
        return renamed
    if field.get("listOf") in source.rows and field["listOf"] not in VOCABULARIES:
        return renamed_list
    if column == "check":
        return Checks(source)
    values = [int(row[column]) for row in source.rows[name] if field["type"] == "integer" and row[column]]
    if values and (column in NUMBERED or constraints.get("unique")) and column not in key_of(source, name):
        return Continued(max(values))
    if constraints.get("unique"):
        return hashed if column == "sha256" else titled
    return None


def is_identifier(source: Source, name: str, column: str) -> bool:
    """Tell whether a column names rows that are copied: of this table, of another, or references."""
    table, root = name, column
    while (found := reference_of(source, table, root)) is not None:
        table, root = found
    if column == "citation_key" or (name, column) in ANY_TABLE:
        return True
    key = key_of(source, table)
    return table not in VOCABULARIES and root in key and (key == [root] or root == "list_id")


def reference_of(source: Source, name: str, column: str) -> tuple[str, str] | None:
    """Table and column that a column points at."""
    for key in source.schemas[name].get("foreignKeys", []):
        if key["fields"] == [column]:
            found = (str(key["reference"]["resource"] or name), str(key["reference"]["fields"][0]))
            return found if found != (name, column) else None
    return None


def key_of(source: Source, name: str) -> list[str]:
    """Columns of a table's primary key."""
    return list(source.schemas[name].get("primaryKey", []))


def renamed(identifier: str, copy: int) -> str:
    """Return the identifier of a copied row."""
    return f"{identifier}-{copy}"


def renamed_list(cell: str, copy: int) -> str:
    """Return the identifiers of copied rows, joined as they were."""
    return "; ".join(renamed(part, copy) for part in cell.split("; "))


def titled(text: str, copy: int) -> str:
    """Text that has to be unique."""
    return f"{text} {copy}"


def hashed(digest: str, copy: int) -> str:
    """Digest of a text that differs from the original's."""
    return hashlib.sha256(f"{digest} {copy}".encode()).hexdigest()


class Continued:
    """Running numbers that go on from the highest of the copy before."""

    def __init__(self, highest: int):
        self._highest = highest

    def __call__(self, cell: str, copy: int) -> str:
        """Return the number in a copy."""
        return str(int(cell) + copy * self._highest)


class Checks:
    """Names of facts, in which the identifiers become those of the copy."""

    def __init__(self, source: Source):
        self._rows: dict[str, dict[str, str]] = {REFERENCES: {slug(key): slug(key) + "-{}" for key in keys(source)}}
        self._columns: dict[str, dict[str, bool]] = {REFERENCES: {}}
        self._identifiers: dict[str, set[str]] = {root: set() for root in CHECKED}
        for name in source.rows:
            own = {field["name"]: is_identifier(source, name, field["name"]) for field in fields_of(source, name)}
            self._columns[name] = {slug(column): copied for column, copied in own.items()}
            self._rows[name] = row_names(source, name, own)
            for root in CHECKED:
                if name.startswith(root) and name not in VOCABULARIES:
                    self._identifiers[root] |= {slug(row[c]) for row in source.rows[name] for c in own if own[c]}
        lists = source.rows.get("conclusions-enumerations", [])
        self._identifiers["lists"] = {slug(row["list_id"]) for row in lists}

    def __call__(self, cell: str, copy: int) -> str:
        """Name the same fact about a copy."""
        root, *parts = cell.split(".")
        if root == "data":
            return ".".join([root, *self._cell(parts, copy)])
        known = self._identifiers.get(root, set())
        return ".".join([root, *(renamed(part, copy) if part in known else part for part in parts)])

    def _cell(self, parts: list[str], copy: int) -> list[str]:
        """Name a cell of a copied row, or the rows that hold a copied identifier."""
        table, first, *rest = parts
        if first in self._columns[table]:
            aggregate = rest[0] in ("distinct", "sum", "min", "max", "list")
            rest = [renamed(rest[0], copy)] if self._columns[table][first] and not aggregate else rest
        else:
            first = self._rows[table].get(first, first).format(copy)
        return [table, first, *rest]


def row_names(source: Source, name: str, copied: dict[str, bool]) -> dict[str, str]:
    """Return the names that facts give to the rows of a table, each with the form that it has in a copy."""
    key = [] if name in VOCABULARIES else key_of(source, name)
    parts = [[(slug(row[column]), "-{}" * copied[column]) for column in key] for row in source.rows[name]]
    return {"-".join(part for part, _ in row): "-".join(part + more for part, more in row) for row in parts}


def slug(value: str) -> str:
    """Write an identifier as the names of facts do; see :func:`compendium.audit.facts.slug`."""
    return re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")


def keys(source: Source) -> list[str]:
    """Return the citation keys of the references."""
    return re.findall(r"^@\w+\{([^,\s]+),", source.references, flags=re.MULTILINE)


def references(text: str, factor: int) -> Iterator[str]:
    """Give copies of a BibTeX file, with keys and running numbers of their own."""
    highest = max([0, *map(int, re.findall(r"\brefnumber = \{(\d+)\}", text))])
    yield text
    for copy in range(1, factor):
        other = re.sub(r"^(@\w+\{[^,\s]+),", rf"\1-{copy},", text, flags=re.MULTILINE)
        continued = Continued(highest)
        parts = re.split(r"(?<=\brefnumber = \{)(\d+)(?=\})", other)
        yield "".join(continued(part, copy) if number % 2 else part for number, part in enumerate(parts))


def relaxed(source: Source) -> dict[str, Any]:
    """Descriptor without what only fits the identifiers and numbers of the original."""
    package = json.loads(json.dumps(source.package))
    for resource in package["resources"]:
        for field in resource["schema"]["fields"]:
            if change_of(source, resource["name"], field) not in (None, hashed):
                for constraint in ("pattern", "maximum"):
                    field.get("constraints", {}).pop(constraint, None)
    return dict(package)


def main() -> int:
    """Make a study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("factor", type=int, help="how many times the rows")
    parser.add_argument("folder", type=Path, help="folder to make")
    options = parser.parse_args()
    counts = scale(options.factor, options.folder)
    print(f"{sum(counts.values()):,} rows in {len(counts)} tables")
    return 0


if __name__ == "__main__":
    sys.exit(main())
