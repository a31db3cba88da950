"""Bibliographic entries: read from BibTeX, written as a Vancouver reference or as ``Surname et al. YEAR``."""

from __future__ import annotations

import re
from pathlib import Path

from compendium.errors import InputError, Problem

_AUTHORS_SHOWN = 6
_PAIR = 2
_ACCENTS = {"\\'": "\u0301", "\\`": "\u0300", '\\"': "\u0308", "\\^": "\u0302", "\\~": "\u0303"}


def read_bibliography(path: Path) -> dict[str, dict[str, str]]:
    """Read a BibTeX file.

    Parameters
    ----------
    path
        A ``.bib`` file in UTF-8.

    Returns
    -------
    dict
        Citation key to fields (lower-case names; ``ENTRYTYPE`` holds the type), in the order of the file.

    Raises
    ------
    InputError
        The file is not UTF-8, or entries are malformed or repeat a key; all are named.
    """
    import bibtexparser

    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(Problem(file=path.name, reason=f"is not UTF-8 ({error.reason})", allowed="UTF-8")) from None
    library = bibtexparser.parse_string(text)
    if library.failed_blocks:
        raise InputError(_failed(path.name, block) for block in library.failed_blocks)
    entries = {}
    for entry in library.entries:
        fields = {field.key.lower(): _plain(str(field.value)) for field in entry.fields}
        entries[entry.key] = {"ENTRYTYPE": entry.entry_type.lower(), **fields}
    return entries


def _failed(name: str, block: object) -> Problem:
    line = getattr(block, "start_line", None)
    error = str(getattr(block, "error", "")) or type(block).__name__
    return Problem(file=name, row=None if line is None else line + 1, reason=f"entry cannot be read ({error})")


def _plain(value: str) -> str:
    """Strip the braces and escapes that BibTeX needs and a reader does not."""
    import unicodedata

    for escape, combining in _ACCENTS.items():
        value = re.sub(re.escape(escape) + r"\{?(\w)\}?", lambda m, c=combining: m[1] + c, value)  # type: ignore[misc]
    value = re.sub(r"\\([&%$#_])", r"\1", value)
    value = value.replace("{", "").replace("}", "").replace("---", "—").replace("--", "–")
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", value)).strip()


def surnames(entry: dict[str, str]) -> list[str]:
    """Surnames (or names of bodies) of the authors, ``others`` for an *et al.* in print."""
    people = re.split(r"\s+and\s+", entry.get("author") or entry.get("editor") or "")
    return [p.split(",")[0].strip() for p in people if p.strip()]


def short_citation(entry: dict[str, str]) -> str:
    """Write ``Surname YEAR``, ``Surname and Surname YEAR`` or ``Surname et al. YEAR``."""
    names = surnames(entry) or ["Anonymous"]
    if len(names) == 1:
        who = names[0]
    elif len(names) == _PAIR and names[1] != "others":
        who = f"{names[0]} and {names[1]}"
    else:
        who = f"{names[0]} et al."
    return f"{who} {entry.get('year', 'n.d.')}".strip()


def full_reference(entry: dict[str, str]) -> str:
    """Write a reference in the Vancouver order (ICMJE recommendations, 2024): authors, title, place, date, pages."""
    parts = [_authors(entry), entry.get("title", "")]
    parts.append(entry.get("journal") or entry.get("booktitle") or _imprint(entry))
    text = ". ".join(part.rstrip(".") for part in parts if part)
    date = " ".join(x for x in (entry.get("year", ""), entry.get("month", "")) if x)
    where = entry.get("volume", "")
    where += f"({entry['issue']})" if entry.get("issue") else ""
    where += f":{entry['pages']}" if entry.get("pages") else ""
    text += f". {date}" if date else ""
    text += f";{where}" if where else ""
    text += f". {entry['url']}" if entry.get("url") else ""
    return text if text.endswith(".") or entry.get("url") else text + "."


def _authors(entry: dict[str, str]) -> str:
    people = [p.strip() for p in re.split(r"\s+and\s+", entry.get("author", "")) if p.strip()]
    names = ["et al" if p == "others" else _vancouver_name(p) for p in people]
    if len(names) > _AUTHORS_SHOWN:
        names = [*names[:_AUTHORS_SHOWN], "et al"]
    return ", ".join(names)


def _vancouver_name(person: str) -> str:
    if "," not in person:
        return person
    family, given = (part.strip() for part in person.split(",", 1))
    initials = "".join(word[0] if not word.isupper() else word for word in re.split(r"[\s.\-]+", given) if word)
    return f"{family} {initials}"


def _imprint(entry: dict[str, str]) -> str:
    body = entry.get("publisher") or entry.get("institution") or entry.get("howpublished") or ""
    return f"{entry['address']}: {body}" if entry.get("address") and body else body
