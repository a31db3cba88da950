"""Bibliographic entries: read from BibTeX, written as a Vancouver reference or as ``Surname et al. YEAR``."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from compendium.errors import InputError, Problem

_AUTHORS_SHOWN = 6
_PAIR = 2
_SIGNS = {"'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "~": "\u0303", "=": "\u0304", ".": "\u0307"}
_HOOKS = {"c": "\u0327", "v": "\u030c", "H": "\u030b", "u": "\u0306", "k": "\u0328", "r": "\u030a"}
_LETTERS = {"ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ"}
_LETTERS |= {"aa": "å", "AA": "Å", "i": "i", "j": "j"}
_VERBATIM = {"url", "doi", "file", "eprint"}
_NAMES = {"author", "editor", "translator"}
_KEPT = "\u00a0"
"""Space that keeps an ``and`` or a comma inside the name of a body from splitting it."""


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
    from bibtexparser import middlewares

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # what it would say is raised below
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(Problem(file=path.name, reason=f"is not UTF-8 ({error.reason})", allowed="UTF-8")) from None
    names = [middlewares.SeparateCoAuthors(), middlewares.SplitNameParts()]
    library = bibtexparser.parse_string(text, append_middleware=names)
    if library.failed_blocks:
        raise InputError(_failed(path.name, block) for block in library.failed_blocks)
    entries = {}
    for entry in library.entries:
        fields = {field.key.lower(): _field(field.key.lower(), field.value) for field in entry.fields}
        entries[entry.key] = {"ENTRYTYPE": entry.entry_type.lower(), **fields}
    return entries


def methods() -> dict[str, dict[str, str]]:
    """Read the references of the methods, which are cited whatever the study."""
    from compendium.paths import METHODS

    return read_bibliography(METHODS)


def _failed(name: str, block: object) -> Problem:
    line = getattr(block, "start_line", None)
    fault = getattr(block, "error", "")
    error = str(getattr(fault, "abort_reason", "") or fault) or type(block).__name__
    error = " ".join(error.split()).rstrip(". ")
    return Problem(file=name, row=None if line is None else line + 1, reason=f"entry cannot be read ({error})")


def _field(name: str, value: Any) -> str:
    if name in _VERBATIM:
        return str(value).strip()
    return " and ".join(_person(person) for person in value) if name in _NAMES else _plain(str(value))


def _person(name: Any) -> str:
    """Write a name that BibTeX has taken apart as ``Family, Jr, Given``; a body's name stays as it is."""
    family = _plain(" ".join([*name.von, *name.last]))
    family = re.sub(r" and ", f"{_KEPT}and{_KEPT}", family).replace(", ", f",{_KEPT}")
    others = (_plain(" ".join(part)) for part in (name.jr, name.first))
    return ", ".join([family, *(part for part in others if part)])


def _plain(value: str) -> str:
    """Strip the braces and escapes that BibTeX needs and a reader does not."""
    import unicodedata

    value = re.sub(rf"\\({'|'.join(_LETTERS)})(?![A-Za-z])(?:\{{\}}|\s+)?", lambda m: _LETTERS[m[1]], value)
    value = re.sub(r"\\(['`\"^~=.])\s*(?:\{(\w)\}|(\w))", lambda m: (m[2] or m[3]) + _SIGNS[m[1]], value)
    value = re.sub(r"\\([cvHukr])(?:\s*\{(\w)\}|\s+(\w))", lambda m: (m[2] or m[3]) + _HOOKS[m[1]], value)
    value = re.sub(r"\\([&%$#_])", r"\1", value)
    value = value.replace("{", "").replace("}", "").replace("---", "—").replace("--", "–")
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", value)).strip()


def surnames(entry: dict[str, str]) -> list[str]:
    """Surnames (or names of bodies) of the authors, ``others`` for an *et al.* in print."""
    return [name[0] for name in name_parts(entry.get("author") or entry.get("editor") or "")]


def name_parts(people: str) -> list[list[str]]:
    """Take apart a list of names: family (or body), perhaps *Jr*, given names."""
    split = (re.split(rf",(?!{_KEPT})", person) for person in re.split(r" +and +", people) if person.strip())
    return [[part.replace(_KEPT, " ").strip() for part in parts] for parts in split]


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
    place = entry.get("journal") or entry.get("booktitle")
    parts = [_authors(entry), entry.get("title", ""), place or _imprint(entry)]
    text = " ".join(_stopped(part) for part in parts if part)
    date = " ".join(x for x in (entry.get("year", ""), entry.get("month", "")) if x)
    where = entry.get("volume", "")
    where += f"({entry['issue']})" if entry.get("issue") else ""
    where += f":{entry['pages'].replace('–', '-')}" if entry.get("pages") else ""
    if date:
        text = f"{text.removesuffix('.')}; {date}" if parts[2] and not place else f"{text} {date}"
    text = f"{text.removesuffix('.')};{where}" if where else text
    return " ".join(part for part in (_stopped(text), entry.get("url", "")) if part)


def _stopped(text: str) -> str:
    return text if text.endswith(("?", "!")) else text.rstrip(".") + "."


def _authors(entry: dict[str, str]) -> str:
    people = name_parts(entry.get("author", ""))
    names = ["et al" if name == ["others"] else _vancouver_name(name) for name in people]
    if len(names) > _AUTHORS_SHOWN:
        names = [*names[:_AUTHORS_SHOWN], "et al"]
    return ", ".join(names)


def _vancouver_name(name: list[str]) -> str:
    family, *junior, given = name if len(name) > 1 else [*name, ""]
    initials = "".join(word[0] if not word.isupper() else word for word in re.split(r"[\s.\-]+", given) if word)
    return " ".join(part for part in (family, initials, *(j.rstrip(".") for j in junior)) if part)


def _imprint(entry: dict[str, str]) -> str:
    body = entry.get("publisher") or entry.get("institution") or entry.get("howpublished") or ""
    return f"{entry['address']}: {body}" if entry.get("address") and body else body
