"""Check a study before anything is computed from it: every problem at once, each with its place.

The descriptor is checked by :mod:`compendium.data.descriptor`, each table against its schema by
:mod:`compendium.data.table_checks`; what a schema cannot say (encoding, binary content, paths that leave the folder,
citations, anonymity) is checked here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from compendium.data.bibliography import methods
from compendium.data.descriptor import as_list
from compendium.data.study import BIBLIOGRAPHY_FILE, PACKAGE_FILE, Study, split_list
from compendium.data.table_checks import Row, Table, check_foreign_keys, check_table, listed, read_table
from compendium.errors import InputError, Problem

NEEDED = (
    *("terms", "search-databases", "search-strategy"),
    *("screening-flow", "screening-criteria", "screening-reasons", "screening-full-text"),
    *("appraisal-scale", "appraisal-components", "appraisal-scores", "appraisal-overall"),
    *("appraisal-characteristics", "appraisal-synthesis-themes", "appraisal-theme-support", "appraisal-ladder"),
    *("policy-organisations", "policy-documents", "policy-mentions"),
    *("interviews-levels", "interviews-methods", "interviews-areas", "interviews-agencies"),
    *("interviews-interviewees", "interviews-themes", "interviews-subthemes", "interviews-excerpts"),
    *("interviews-guide", "conclusions-questions", "conclusions-findings", "conclusions-evidence"),
)
"""Tables that the notebooks read: each has to be there and to hold rows."""

PERSON, PLACES = "interviewee_id", ("area", "agency")

Tables = dict[str, Table]
_WORD = re.compile(r"\w+")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def validate(folder: str | Path | None = None) -> list[Problem]:
    """Check a study's data package.

    Parameters
    ----------
    folder
        The study folder; the bundled study when ``None``.

    Returns
    -------
    list of Problem
        Sorted by file and row; empty when all is well.
    """
    try:
        study = Study(folder)
    except InputError as error:
        return error.problems
    problems: list[Problem] = []
    tables: Tables = {}
    for resource in study.package["resources"]:
        read = _read(study, resource["name"], str(resource["path"]))
        if isinstance(read, Problem):
            problems.append(read)
        elif read is not None:
            tables[read.name] = read
    problems += _check_tables(tables)
    problems += [p for check in CHECKS for p in check(study, tables)]
    if not problems:
        problems += _check_audit(study)
    return sorted(set(problems), key=lambda p: (p.file, p.row or 0, p.field, p.reason, p.value or ""))


def require_valid(folder: str | Path | None = None) -> Study:
    """Return the study, or raise :class:`InputError` with all its problems."""
    problems = validate(folder)
    if problems:
        raise InputError(problems)
    return Study(folder)


def _read(study: Study, name: str, relative: str) -> Table | Problem | None:
    """Read a resource's file, if it is a table; say what makes it unfit to be read at all."""
    path = study.folder / relative
    if Path(relative).is_absolute() or not path.resolve().is_relative_to(study.folder.resolve()):
        reason = f"{name} lies outside the study folder"
        return Problem(PACKAGE_FILE, None, "path", relative, reason, "a path inside the study folder")
    if not path.is_file():
        reason = "is not a file" if path.exists() else "the file is missing"
        return Problem(relative, reason=reason, allowed=f"the file of {name}, as {PACKAGE_FILE} names it")
    if name not in study:
        return None
    content = path.read_bytes()
    if not content.strip():
        return Problem(relative, reason="the file is empty", allowed="a header row and rows of data")
    text = _text(relative, content)
    return text if isinstance(text, Problem) else read_table(name, relative, text, study.resources[name]["schema"])


def _text(relative: str, content: bytes) -> str | Problem:
    """Decode a file; a problem where it is not plain text in UTF-8."""
    control = _CONTROL.search(content)
    if control and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        row = content.count(b"\n", 0, control.start()) + 1
        return Problem(relative, row, "", f"byte 0x{control[0][0]:02x}", "holds binary content", "UTF-8 text")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        return Problem(relative, row, "", f"byte 0x{content[error.start]:02x}", "is not UTF-8", "UTF-8 text")
    if text.startswith("\ufeff"):
        return Problem(relative, row=1, reason="starts with a byte-order mark", allowed="UTF-8 without one")
    return text


def _check_tables(tables: Tables) -> list[Problem]:
    found = [problem for table in tables.values() for problem in check_table(table)]
    for table in tables.values():
        faulty = {(p.row, p.field) for p in found if p.file == table.path and p.row is not None}
        found += check_foreign_keys(table, tables, faulty)
    return found


def _check_needed(study: Study, tables: Tables) -> Iterator[Problem]:
    """Tables that the notebooks read are in the package and hold rows."""
    for name in NEEDED:
        if name not in study:
            allowed = "a resource of that name with a schema; the bundled study shows its columns"
            yield Problem(PACKAGE_FILE, None, "resources", name, "a table that the notebooks read is missing", allowed)
        elif name in tables and not tables[name].rows and not tables[name].problems:
            yield Problem(tables[name].path, reason="has a header and no rows", allowed="at least one row")


def _check_bibliography(study: Study, tables: Tables) -> Iterator[Problem]:
    """Check that the bibliography can be read and that columns named ``citation_key`` point into it."""
    cited = [(table, row) for table in tables.values() for row in table.rows if row.cells.get("citation_key")]
    path = study.folder / BIBLIOGRAPHY_FILE
    if not path.is_file():
        if cited:
            yield Problem(BIBLIOGRAPHY_FILE, reason="the file is missing", allowed="the references cited, in BibTeX")
        return
    if not path.resolve().is_relative_to(study.folder.resolve()):
        yield Problem(BIBLIOGRAPHY_FILE, reason="lies outside the study folder", allowed="a file in the study folder")
        return
    text = _text(BIBLIOGRAPHY_FILE, path.read_bytes())
    if isinstance(text, Problem):
        yield text
        return
    try:
        known = {**methods(), **study.bibliography}
    except InputError as error:
        yield from error.problems
        return
    for table, row in cited:
        key = row.cells["citation_key"]
        if key not in known:
            reason = f"not in {BIBLIOGRAPHY_FILE}"
            yield table.problem(row.line, "citation_key", key, reason, listed(list(known)))


def _check_anonymity(study: Study, tables: Tables) -> Iterator[Problem]:
    """No table links an interviewee to an area or agency, neither by a column nor by naming it in a text."""
    names = [name for place in PLACES for table in tables.values() for name in _names(table, place)]
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b") if names else None
    begins = {word for name in names for word in _WORD.findall(name)[:1]}
    for table in tables.values():
        people = _pointing(table, tables, PERSON)
        places = [column for place in PLACES for column in _pointing(table, tables, f"{place}_id", place)]
        if people and places:
            reason = "an interviewee must not be linked to an area or agency"
            yield table.problem(1, places[0], None, reason, "no such column in a table of interviewees")
        elif people and pattern:
            yield from _check_mentions(table, people, pattern, begins)


def _names(table: Table, place: str) -> list[str]:
    own = as_list(table.schema.get("primaryKey", [])) == [f"{place}_id"]
    return [row.cells[place] for row in table.rows if own and row.cells.get(place)]


def _pointing(table: Table, tables: Tables, identifier: str, *others: str) -> list[str]:
    """Columns that hold identifiers of a kind: by their name, or by a key into the table that they identify."""
    found = [column for column in table.header if column in (identifier, *others)]
    for key in as_list(table.schema.get("foreignKeys", [])):
        if as_list(key["reference"]["fields"]) == [identifier]:
            found += [c for c in as_list(key["fields"]) if c in table.header]
    return found


def _check_mentions(
    table: Table, people: list[str], pattern: re.Pattern[str], begins: Collection[str]
) -> Iterator[Problem]:
    """Look for names in the texts beside people; only where the first word of one stands, since names may be many."""
    for row in table.rows:
        if not any(row.cells[column] for column in people):
            continue
        for column, cell in row.cells.items():
            named = pattern.search(cell) if any(word in begins for word in _WORD.findall(cell)) else None
            if named:
                reason = "an area or agency is named beside an interviewee"
                yield table.problem(row.line, column, named[1], reason, "a text that names no area or agency")


def _check_list_columns(study: Study, tables: Tables) -> Iterator[Problem]:
    """Cells that hold lists of identifiers (``"listOf"`` in the descriptor) name rows that exist."""
    for table in tables.values():
        for column, described in table.fields.items():
            target = tables.get(str(described.get("listOf", "")))
            if target is None or column not in table.header:
                continue
            known = _identifiers(target)
            for row in table.rows:
                yield from _check_members(table, row, column, known, target.path)


def _identifiers(table: Table) -> dict[str, None]:
    """Return the identifiers of a table in its order, as a dictionary, since every row of others is looked up there."""
    key = as_list(table.schema.get("primaryKey", []))
    return dict.fromkeys(cells[0] for _, cells in table.keys(key)) if key and table.has(key) else {}


def _check_members(table: Table, row: Row, column: str, known: Collection[str], path: str) -> Iterator[Problem]:
    for member in split_list(row.cells[column]):
        if member not in known:
            yield table.problem(row.line, column, member, f"no such row in {path}", listed(list(known)))


def _check_evidence(study: Study, tables: Tables) -> Iterator[Problem]:
    """Check that what a finding rests on exists; the kind of the target says in which table."""
    from compendium.analysis.conclusions import TARGETS

    evidence = tables.get("conclusions-evidence")
    if evidence is None or not evidence.has(["target_kind", "target_id"]):
        return
    targets = {kind: tables[name] for kind, (name, _) in TARGETS.items() if name in tables}
    identifiers = {kind: _identifiers(target) for kind, target in targets.items()}
    for row, (kind, identifier) in evidence.keys(["target_kind", "target_id"]):
        target, known = targets.get(kind), identifiers.get(kind, {})
        if target and identifier and identifier not in known:
            reason = f"no such row in {target.path}"
            yield evidence.problem(row.line, "target_id", identifier, reason, listed(list(known)))


def _check_audit(study: Study) -> Iterator[Problem]:
    """Check that the claims and inconsistencies name results that exist; needs a study that is sound otherwise."""
    from compendium.audit.claims import CLAIMS, INCONSISTENCIES, unknown_checks

    if CLAIMS in study or INCONSISTENCIES in study:
        yield from unknown_checks(study)


Check = Callable[[Study, Tables], Iterator[Problem]]

CHECKS: list[Check] = [_check_needed, _check_bibliography, _check_anonymity, _check_list_columns, _check_evidence]
"""Checks beyond the schema, run on all tables that can be read; a stage module may add its own."""
