"""Excerpts found again in any copy of a report, by length and fingerprint alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256 as _sha256
from itertools import accumulate, product

from compendium.source.report_text import ExcerptError, is_word, normalise

__all__ = ["find", "unbroken"]

_BROKEN_WORD = re.compile(r"(\w+)-[ \t]*\n[ \t]*(\w+)")
_BREAK_AFTER_MARK = re.compile(r"(\.\.\.|[…/–—])[ \t]*\n[ \t]*(?=\w)")
_PAGE_NUMBER = re.compile(r"^[ \t]*(?:page[ \t]+)?\d{1,4}[ \t]*$\n?", re.I | re.M)
_ADORNMENT = "\"'()[]{}<>.,;:!?-–—"


def find(section_text: str, n_words: int, sha256: str) -> str | None:
    """Find the excerpt of this length and hash, wherever in a section it stands.

    Every run of `n_words` words is tried, with and without the punctuation, brackets
    and quotation marks at its ends; first in the text as it is, then with words that
    a line end divides put together, and without lines that hold a page number only;
    last with lines joined that end in an ellipsis, a slash or a dash.
    So it works for the text of a PDF, where paragraphs and markers cannot be told.

    Parameters
    ----------
    section_text : str
        The section in some copy of the report, or the whole report.
    n_words : int
        The excerpt's length, see `count_words`.
    sha256 : str
        The excerpt's hash, see `fingerprint`.

    Returns
    -------
    str or None
        The normalised words, or None where no run of words has that hash.

    Raises
    ------
    ExcerptError
        If `n_words` is not positive.
    """
    if n_words < 1:
        raise ExcerptError(f"an excerpt has at least one word, not {n_words}")
    wanted = sha256.lower()
    for reading in _readings(section_text):
        for start, end in reading.runs(n_words):
            if _sha256(reading.encoded[start:end]).hexdigest() == wanted:
                return reading.encoded[start:end].decode("utf-8")
    return None


@dataclass(frozen=True)
class _Reading:
    """A normalised text, encoded, and where each word's run may start and end."""

    encoded: bytes
    starts: Sequence[Sequence[int]]
    ends: Sequence[Sequence[int]]

    def runs(self, n_words: int) -> Iterator[tuple[int, int]]:
        """Yield every run of so many words, adornments varied."""
        for starts, ends in zip(self.starts, self.ends[n_words - 1 :], strict=False):
            yield from product(starts, ends)


@lru_cache(maxsize=64)
def _readings(text: str) -> tuple[_Reading, ...]:
    """Return the readings of a text, the most literal first, each once."""
    unix = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00ad\n", "").replace("\u00ad", "")
    unpaged = _PAGE_NUMBER.sub("", unix.replace("\f", "\n"))
    whole = (unbroken(version, keep) for version in (unix, unpaged) for keep in (False, True))
    glued = unbroken(_BREAK_AFTER_MARK.sub(r"\1", unpaged), keep_hyphens=True)
    return tuple(_reading(plain) for plain in dict.fromkeys(map(normalise, (unix, *whole, glued))))


def unbroken(text: str, keep_hyphens: bool) -> str:
    """Put together the words that a line end divides.

    Where the text has the word without a hyphen elsewhere, the hyphen goes; where it
    has it with one, or another word with the same first part, the hyphen stays; and
    where the text does not tell, `keep_hyphens` does.

    Parameters
    ----------
    text : str
        A passage with its line ends.
    keep_hyphens : bool
        What to do where the passage itself does not tell.

    Returns
    -------
    str
        The passage with whole words.
    """
    known = set(re.findall(r"\w+(?:-\w+)*", _BROKEN_WORD.sub(" ", text).lower()))
    prefixes = {word.partition("-")[0] for word in known if "-" in word}
    known |= {part for word in known for part in word.split("-")}

    def join(match: re.Match[str]) -> str:
        solid, hyphened = match[1] + match[2], f"{match[1]}-{match[2]}"
        if solid.lower() in known:
            return solid
        told = hyphened.lower() in known or match[1].lower() in prefixes
        return hyphened if told or keep_hyphens else solid

    return _BROKEN_WORD.sub(join, text)


def _reading(plain: str) -> _Reading:
    words = [match.span() for match in re.finditer(r"\S+", plain) if is_word(match[0])]
    offsets = [0, *accumulate(len(character.encode("utf-8")) for character in plain)]
    floors = [0, *(end for _, end in words[:-1])]
    ceilings = [*(start for start, _ in words[1:]), len(plain)]
    starts = [_starts(plain, floor, word) for floor, word in zip(floors, words, strict=False)]
    ends = [_ends(plain, word, ceiling) for word, ceiling in zip(words, ceilings, strict=False)]
    return _Reading(
        plain.encode("utf-8"),
        [[offsets[i] for i in places] for places in starts],
        [[offsets[i] for i in places] for places in ends],
    )


def _starts(plain: str, floor: int, word: tuple[int, int]) -> list[int]:
    """Return where a run may start whose first word this is."""
    core = word[1] - len(plain[word[0] : word[1]].lstrip(_ADORNMENT))
    return [i for i in range(floor, core + 1) if not plain[i].isspace()]


def _ends(plain: str, word: tuple[int, int], ceiling: int) -> list[int]:
    """Return where a run may end whose last word this is."""
    core = word[0] + len(plain[word[0] : word[1]].rstrip(_ADORNMENT))
    return [i for i in range(core, ceiling + 1) if not plain[i - 1].isspace()]
