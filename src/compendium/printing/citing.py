"""References in the printed forms: entries for citeproc, and the places of a text that refer to one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from compendium.data.bibliography import methods, name_parts, short_citation, surnames
from compendium.data.study import Study
from compendium.printing import pandoc
from compendium.printing.pandoc import Inlines, Node

KEY_COLUMN = "citation_key"
TYPES = {
    "article": "article-journal",
    "book": "book",
    "incollection": "chapter",
    "inbook": "chapter",
    "inproceedings": "paper-conference",
    "techreport": "report",
    "report": "report",
    "phdthesis": "thesis",
    "mastersthesis": "thesis",
    "online": "webpage",
}
"""Types of BibTeX as citeproc calls them; any other is a web page where it has an address, else a document."""
FIELDS = {
    "title": ("title",),
    "container-title": ("journal", "journaltitle", "booktitle"),
    "volume": ("volume",),
    "issue": ("issue", "number"),
    "edition": ("edition",),
    "publisher": ("publisher", "institution", "school", "howpublished"),
    "publisher-place": ("address", "location"),
    "URL": ("url",),
}
"""Variables of citeproc and the fields of BibTeX that they are taken from; the first that is filled."""
FIXED = "\u00a0"
"""Space that keeps a number with the name before it."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR = re.compile(r"\b\d{4}[a-z]?$")
_ADDRESS = re.compile(r"https?://[^\s<>\"']+\Z")


def csl_item(key: str, entry: Mapping[str, str]) -> dict[str, Any]:
    """Write an entry of the bibliography as an item that citeproc reads (CSL-JSON 1.0.2); all of it is plain text."""
    kind = TYPES.get(entry.get("ENTRYTYPE", ""), "webpage" if entry.get("url") else "document")
    item: dict[str, Any] = {"id": key, "type": kind}
    for variable, names in FIELDS.items():
        value = next((entry[name] for name in names if entry.get(name)), "")
        if value:
            item[variable] = value
    # A range whose end has no digit ("944-", "e1-e") is how an exported article number looks.
    pages = re.sub(r"-\D*$", "", entry.get("pages", "").replace("–", "-").strip())
    if pages:
        item["page"] = pages
    for role in ("author", "editor"):
        people = [_person(parts) for parts in name_parts(entry.get(role, ""))]
        if people:
            item[role] = people
    if entry.get("year"):
        item["issued"] = _issued(entry["year"], entry.get("month", ""))
    return item


def _person(parts: list[str]) -> dict[str, str]:
    """Name a body as it is, a person by family name and initials; BibTeX's ``others`` becomes *et al*."""
    if len(parts) == 1:
        return {"literal": parts[0]}
    family, *junior, given = parts
    initials = "".join(word if word.isupper() else word[0] for word in re.split(r"[\s.\-]+", given) if word)
    named = {"family": family, "given": initials}
    return {**named, "suffix": junior[0].rstrip(".")} if junior else named


def _issued(year: str, month: str) -> dict[str, Any]:
    if not year.isdigit():
        return {"literal": " ".join(part for part in (year, month) if part)}
    short = month[:3].lower()
    number = MONTHS.index(short) + 1 if short in MONTHS else int(month) if month.isdigit() else 0
    return {"date-parts": [[int(year), number] if 1 <= number <= len(MONTHS) else [int(year)]]}


def meta_item(value: Any) -> Node:
    """Turn an item, or a part of one, into metadata of a document."""
    if isinstance(value, dict):
        return {"t": "MetaMap", "c": {key: meta_item(member) for key, member in value.items()}}
    if isinstance(value, list):
        return pandoc.meta_list(meta_item(member) for member in value)
    return pandoc.meta_text(value)


class Citing:
    """Turns text into inlines in which known references and artefacts become citations and links.

    Parameters
    ----------
    study
        Its bibliography; tables with a column ``citation_key`` tell which of their texts stand for an entry.
    places
        Label of each artefact of the document (``Table 1``) to its id.
    """

    def __init__(self, study: Study, places: Mapping[str, str]):
        self.entries = {**methods(), **study.bibliography}
        self.listed = list(study.bibliography)
        self._places = dict(places)
        self._cells = _labels_in_tables(study, self.entries)
        shorts = [(short_citation(entry), key) for key, entry in self.entries.items()]
        shorts += [(label, key) for (_, label), key in self._cells.items() if self._names_author(label, key)]
        self._shorts = _unambiguous(shorts)
        wanted = sorted({*self._shorts, *self._places}, key=lambda label: (-len(label), label))
        self._pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, wanted))})(?!\w)") if wanted else None

    def _names_author(self, label: str, key: str) -> bool:
        """Whether a label is of the kind ``Surname et al. 2020``, by which a text may cite."""
        names = surnames(self.entries[key])
        return bool(names) and label.startswith(f"{names[0]} ") and bool(_YEAR.search(label))

    def text(self, text: str) -> Inlines:
        """Turn text into inlines; what it names is cited or linked, everything else stands as it is."""
        parts = self._pattern.split(pandoc.printable(text)) if self._pattern else [text]
        made: Inlines = []
        for number, part in enumerate(parts):
            made += self._reference(part) if number % 2 else pandoc.words(part)
        return made

    def cell(self, column: str, text: str) -> Inlines:
        """Turn a cell into inlines: a text that stands for a reference is followed by its number."""
        if _ADDRESS.match(text):
            return [pandoc.link(pandoc.words(text), text)]
        members = text.split("; ")
        keys = [self._cells.get((column, member)) or self._shorts.get(member) for member in members]
        if not all(keys):
            return pandoc.words(text)
        made: Inlines = []
        for member, key in zip(members, keys, strict=True):
            made += pandoc.words("; ") if made else []
            made += [*pandoc.words(member), *pandoc.words(FIXED), pandoc.citation(str(key))]
        return made

    def marked(self, node: Any) -> Any:
        """Return blocks or inlines in which running text is treated as by :meth:`text`."""
        if isinstance(node, dict):
            if node.get("t") in {"Code", "Link", "Image", "CodeBlock", "Header"}:
                return node
            return {key: self.marked(value) for key, value in node.items()}
        if not isinstance(node, list):
            return node
        made: list[Any] = []
        run = ""
        for member in [*node, None]:
            piece = _running(member)
            if piece is not None:
                run += piece
                continue
            made += self.text(run) if run else []
            run = ""
            made += [] if member is None else [self.marked(member)]
        return made

    def metadata(self, cited: Iterable[str]) -> dict[str, Node]:
        """Give citeproc the entries in the order in which it numbers them: those cited, and the study's other ones."""
        keys = dict.fromkeys([*cited, *self.listed])
        return {
            "references": pandoc.meta_list(meta_item(csl_item(key, self.entries[key])) for key in keys),
            "nocite": {"t": "MetaInlines", "c": [pandoc.citation(*self.listed)] if self.listed else []},
            "link-citations": {"t": "MetaBool", "c": True},
        }

    def _reference(self, label: str) -> Inlines:
        if label in self._places:
            return [pandoc.link(pandoc.words(label), f"#{self._places[label]}")]
        return [*pandoc.words(label), *pandoc.words(FIXED), pandoc.citation(self._shorts[label])]


def _running(member: Any) -> str | None:
    kind = member.get("t") if isinstance(member, dict) else ""
    return str(member["c"]) if kind == "Str" else " " if kind in {"Space", "SoftBreak"} else None


def _labels_in_tables(study: Study, known: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Texts that stand for an entry, with their column.

    A table that has every entry once names it by its first column of texts, keys aside, in which no two rows agree.
    """
    found: list[tuple[tuple[str, str], str]] = []
    for name, resource in study.resources.items():
        columns = [field["name"] for field in resource["schema"]["fields"]]
        if KEY_COLUMN not in columns:
            continue
        table = study.table(name)
        table = table[table[KEY_COLUMN] != ""]
        if not table[KEY_COLUMN].is_unique:
            continue
        keys = {KEY_COLUMN, *study.primary_key(name)}
        texts = (c for c in columns if c not in keys and table[c].dtype == object and table[c].is_unique)
        column = next(texts, "")
        if column:
            found += [((column, text), key) for text, key in zip(table[column], table[KEY_COLUMN], strict=True)]
    return _unambiguous((label, key) for label, key in found if label[1] and key in known)


def _unambiguous(pairs: Iterable[tuple[Any, str]]) -> dict[Any, str]:
    """Labels that always stand for the same key."""
    keys: dict[Any, set[str]] = {}
    for label, key in pairs:
        keys.setdefault(label, set()).add(key)
    return {label: found.pop() for label, found in keys.items() if len(found) == 1}
