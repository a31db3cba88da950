"""A copy of the report, as text or PDF: read, cut into sections, and searched whatever its lay-out."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path

import pandas as pd

from compendium.errors import InputError, Problem
from compendium.source.excerpt_matching import unbroken
from compendium.source.report_text import normalise

EXACTLY = "exactly"
JOINED = "after joining lines"
UNHYPHENATED = "after removing hyphens"

_PDF_START = b"%PDF-"
_HEAD = 1024
_LINES_AT_EDGE = 4
_PAGES_ALIKE = 3
_SHARE_ALIKE = 0.3
_JUNK_SHARE = 0.02
_LEAST_LETTERS = 200
_LEAST_PER_PAGE = 20
_PASSWORD = "assword"  # noqa: S105 (part of PDFium's message)
_BREAK_MARKS = ("\ufffe\r\n", "\ufffe\n", "\ufffe", "\u0002\r\n", "\u0002\n", "\u0002")
_DROPPED = set("*\\\u00ad\u200b\u2060\ufeff") | set("-‐‑‒–—−")
_SUPERSCRIPTS = set("⁰¹²³⁴⁵⁶⁷⁸⁹")
_QUOTES = str.maketrans(dict.fromkeys("‘’‚‛`", "'") | dict.fromkeys("“”„‟", '"'))
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_TAG = re.compile(r"</?[a-z]+(?: [^<>\n]*)?>")


def read_source(path: str | Path) -> str:
    """Read a copy of the report.

    Parameters
    ----------
    path
        A text file in UTF-8, or a PDF with a text layer.

    Returns
    -------
    str
        Its text with Unix line ends; that of a PDF without running heads and page numbers, and with a hyphen and a
        line end where a line's end divides a word.

    Raises
    ------
    InputError
        There is no such file; it is a folder, empty, not UTF-8, binary, a PDF that is broken or asks for a
        password, or one that holds pictures of pages only.
    """
    file = Path(path)
    if not file.exists():
        raise _unfit(file, "no such file")
    if not file.is_file():
        raise _unfit(file, "is not a file")
    content = file.read_bytes()
    if not content.strip():
        raise _unfit(file, "is empty")
    text = _pdf_text(file, content) if _PDF_START in content[:_HEAD] else _plain_text(file, content)
    return unicodedata.normalize("NFC", text)


def _unfit(file: Path, reason: str) -> InputError:
    allowed = "a copy of the report as text (UTF-8) or PDF"
    return InputError(Problem(field="--source", value=str(file), reason=reason, allowed=allowed))


def _plain_text(file: Path, content: bytes) -> str:
    if b"\0" in content:
        raise _unfit(file, "holds binary content, not text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unfit(file, f"is neither a PDF nor text in UTF-8 (byte 0x{content[error.start]:02x})") from None
    if sum(unicodedata.category(c) == "Cc" and c not in "\t\r\n\f" for c in text) > _JUNK_SHARE * len(text):
        raise _unfit(file, "holds binary content, not text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _pdf_text(file: Path, content: bytes) -> str:
    """Take the text out of a PDF with PDFium."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        locked = _PASSWORD in str(error)
        raise _unfit(file, "is a PDF that asks for a password" if locked else "is a PDF that cannot be read") from None
    try:
        pages = [_page_text(page.get_textpage().get_text_range()) for page in document]
    except pypdfium2.PdfiumError:
        raise _unfit(file, "is a PDF that cannot be read") from None
    finally:
        document.close()
    letters = sum(c.isalpha() for page in pages for c in page)
    if letters < max(_LEAST_LETTERS, _LEAST_PER_PAGE * len(pages)):
        raise _unfit(file, "is a PDF without text, a scan perhaps; recognise its text (OCR) first")
    return "\n".join(page.strip("\n") for page in _without_running_lines(pages))


def _page_text(text: str) -> str:
    """Write a divided word's break as a hyphen and a line end; PDFium has one mark for both."""
    for mark in _BREAK_MARKS:
        text = text.replace(mark, "-\n")
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"(?<=[^\W\d_])- (?=[^\W\d_])", "-\n", unix)


def _without_running_lines(pages: Sequence[str]) -> list[str]:
    """Drop lines at the edge of pages that are a page number, or the same on many pages but for their digits."""
    split = [page.split("\n") for page in pages]
    alike = Counter(shape for lines in split for shape in {_shape(lines[i]) for i in _edges(lines)})
    often = max(_PAGES_ALIKE, _SHARE_ALIKE * len(pages))
    running = {shape for shape, n in alike.items() if shape and n >= often}
    kept = []
    for lines in split:
        gone = {i for i in _edges(lines) if _shape(lines[i]) in running or re.fullmatch(r"\s*\d{1,4}\s*", lines[i])}
        kept.append("\n".join(line for i, line in enumerate(lines) if i not in gone))
    return kept


def _edges(lines: Sequence[str]) -> set[int]:
    full = [i for i, line in enumerate(lines) if line.strip()]
    return {*full[:_LINES_AT_EDGE], *full[-_LINES_AT_EDGE:]}


def _shape(line: str) -> str:
    return re.sub(r"\d+", "#", " ".join(line.split()))


def without_tags(text: str) -> str:
    """Drop the tags and the marks of bold and italics that a text rendition of a report may hold."""
    return _TAG.sub(lambda m: " " if re.match(r"</?(?:p|ul|ol|li|br)\b", m[0]) else "", text).replace("*", "")


def as_one_line(text: str) -> str:
    """Write a passage as it reads: line ends, divided words, tags and page breaks resolved."""
    return " ".join(unbroken(without_tags(text).replace("\u00ad", ""), keep_hyphens=False).split())


@dataclass(frozen=True)
class Match:
    """Where something stands in a passage, and what had to be allowed for to find it."""

    start: int
    end: int
    how: str


class Passage:
    """A stretch of the copy that can be searched.

    Looked for is the sequence of characters without white space, hyphens, dashes, marks of emphasis and raised
    reference numbers, ligatures resolved and quotation marks made straight. Where it stands, the copy's own
    characters tell how it matched.

    Parameters
    ----------
    text
        The stretch.
    """

    def __init__(self, text: str):
        self.text = text

    @cached_property
    def _dense(self) -> tuple[str, list[int]]:
        characters: list[str] = []
        places: list[int] = []
        for place, raw in enumerate(self.text):
            dense = _dense_character(raw)
            characters.append(dense)
            places.extend([place] * len(dense))
        return "".join(characters), places

    def matches(self, wanted: str, start: int = 0, end: int | None = None) -> Iterator[Match]:
        """Yield where `wanted` stands between two places of the text, in order; never within a word or number."""
        text, places = self._dense
        needle = "".join(map(_dense_character, wanted))
        limit = len(text) if end is None else bisect_left(places, end)
        position = bisect_left(places, start)
        while needle and (position := text.find(needle, position, limit)) >= 0:
            first, last = places[position], places[position + len(needle) - 1] + 1
            if not self._within_word(first, last):
                yield Match(first, last, _how(self.text[first:last], wanted))
            position += 1

    def find(self, wanted: str, start: int = 0, end: int | None = None) -> Match | None:
        """Return the best match: the first exact one, else the first."""
        best = None
        for match in self.matches(wanted, start, end):
            if match.how == EXACTLY:
                return match
            best = best or match
        return best

    def _within_word(self, first: int, last: int) -> bool:
        return any(0 < i < len(self.text) and _same_run(self.text[i - 1], self.text[i]) for i in (first, last))


@lru_cache(maxsize=4096)
def _dense_character(raw: str) -> str:
    if raw in _DROPPED or raw in _SUPERSCRIPTS or raw.isspace():
        return ""
    plain = unicodedata.normalize("NFKC", raw).translate(_QUOTES)
    return "".join(c for c in plain if not c.isspace() and c not in _DROPPED)


def _same_run(left: str, right: str) -> bool:
    return (left.isalpha() and right.isalpha()) or (left.isdecimal() and right.isdecimal())


def _how(found: str, wanted: str) -> str:
    if found == wanted:
        return EXACTLY
    same = _style_free(found) == _style_free(wanted)
    return JOINED if same else UNHYPHENATED


def _style_free(text: str) -> str:
    kept = "".join(c for c in text if c not in _SUPERSCRIPTS and c != "\\")
    return normalise(kept.translate(_DASHES))


class Copy:
    """A copy of the report, cut into its sections.

    Parameters
    ----------
    text
        What :func:`read_source` returns.
    sections
        The study's ``sections``: ``section_id`` and ``heading``, in order.

    Attributes
    ----------
    whole : Passage
        All of it.
    missing : list of str
        Sections whose heading is not in the copy; what belongs to them is looked for in the whole copy.
    """

    def __init__(self, text: str, sections: pd.DataFrame):
        self.whole = Passage(text)
        bodies, self.missing = cut(text, sections)
        self._passages = {section_id: Passage(body) for section_id, body in bodies.items()}

    def section(self, section_id: str) -> Passage | None:
        """Return a section's text without its heading; ``None`` where the heading was not found."""
        return self._passages.get(section_id)

    def locate(self, wanted: str, section_id: str) -> tuple[str, str]:
        """Say where something stands (``in its section``, ``elsewhere`` or nothing) and how it matched."""
        within = self._passages.get(section_id)
        if within and (match := within.find(wanted)):
            return "in its section", match.how
        match = self.whole.find(wanted)
        return ("elsewhere", match.how) if match else ("", "")


def cut(text: str, sections: pd.DataFrame) -> tuple[dict[str, str], list[str]]:
    """Cut a copy at the headings that it has.

    Returns
    -------
    tuple
        Text by section, heading included, and the sections whose heading was not found. Where all are there the
        first possible places count; otherwise the longest series of headings that stand in order.
    """
    whole = Passage(text)
    places = [
        (str(s), _heading_places(whole, str(h)))
        for s, h in zip(sections["section_id"], sections["heading"], strict=True)
    ]
    chain = _first_in_order(places) or _longest_rising([(s, p) for s, found in places for p in reversed(found)])
    bodies = {
        section_id: text[start:end]
        for (section_id, _), (start, end) in zip(chain, spans([p for _, p in chain], len(text)), strict=True)
    }
    return bodies, [section_id for section_id, _ in places if section_id not in bodies]


def _first_in_order(places: Sequence[tuple[str, Sequence[int]]]) -> list[tuple[str, int]]:
    """Return the first place of each heading after the one before; nothing where a heading has none."""
    chain: list[tuple[str, int]] = []
    for section_id, found in places:
        after = next((p for p in found if not chain or p > chain[-1][1]), None)
        if after is None:
            return []
        chain.append((section_id, after))
    return chain


def _heading_places(whole: Passage, heading: str) -> list[int]:
    """Return where lines start that begin with the heading and, unless it ends with ``…``, hold nothing else."""
    text = whole.text
    found = []
    for match in whole.matches(heading.removesuffix("…")):
        before = text[text.rfind("\n", 0, match.start) + 1 : match.start]
        after = text[match.end : (text + "\n").find("\n", match.end)]
        alone = not re.sub(r"[\s*#\f]", "", after) or heading.endswith("…")
        if alone and not re.sub(r"[\s*#\f]", "", before):
            found.append(match.start)
    return found


def _longest_rising(places: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the longest series of sections, in the order given, whose places rise; the earliest of several."""
    best: list[list[tuple[str, int]]] = []
    for item in places:
        before = [chain for chain in best if chain[-1][1] < item[1] and chain[-1][0] != item[0]]
        best.append([*max(before, key=lambda chain: (len(chain), -chain[-1][1]), default=[]), item])
    return max(best, key=lambda chain: (len(chain), -chain[-1][1]), default=[])


def spans(starts: Sequence[int], end: int) -> list[tuple[int, int]]:
    """Return the stretches from each place to the next one and to the end."""
    return list(pairwise([*starts, end]))
