"""The text of a report: normalised, fingerprinted, counted, and cut at its headings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from hashlib import sha256 as _sha256

import pandas as pd

from compendium.errors import EXIT_BAD_INPUT, CompendiumError

_STRAIGHT = str.maketrans(dict.fromkeys("‘’‚‛", "'") | dict.fromkeys("“”„‟", '"') | {"*": None})
_HYPHENS = "[-\u2010\u2011]"  # hyphen-minus, hyphen, non-breaking hyphen
_DASHES = "[-–—\u2010\u2011]"


class ExcerptError(CompendiumError, ValueError):
    """Excerpts cannot be located or computed from what was given."""

    exit_status = EXIT_BAD_INPUT


class SectionError(ExcerptError):
    """A section heading is not in the text, or not where its order says."""


class LocatorError(ExcerptError):
    """Locators and the quotations of the text do not fit each other."""


def normalise(text: str) -> str:
    """Return the form of an excerpt that is hashed, counted and compared.

    Compatibility characters are resolved (NFKC), typographic quotation marks made
    straight, the asterisks of a rendition's italics removed, white space collapsed
    to single spaces, and the ends stripped.

    Parameters
    ----------
    text : str
        Words as they stand in some copy of a report.

    Returns
    -------
    str
        The same for every copy that differs in lay-out only; normalising it once
        more changes nothing.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_STRAIGHT)
    # Removing an asterisk can bring a letter and its accent together.
    return unicodedata.normalize("NFKC", " ".join(plain.split()))


def fingerprint(text: str) -> str:
    """Return the SHA-256 of the normalised text (UTF-8) as 64 hexadecimal digits."""
    return _sha256(normalise(text).encode("utf-8")).hexdigest()


def count_words(text: str) -> int:
    """Count the space-separated tokens of the normalised text with a letter or digit.

    A free-standing ellipsis or dash is no word.
    """
    return sum(is_word(token) for token in normalise(text).split())


def count_terms(text: str, families: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Count how often each family of terms occurs in the normalised text.

    Parameters
    ----------
    text : str
        An excerpt.
    families : mapping of str to sequence of str
        The stems of each family. A final ``*`` stands for any ending, a hyphen may
        be left out or be one of its typographic variants, and case is ignored:
        ``self-manag*`` counts *Self-management* and *selfmanaging*, not *self manage*.

    Returns
    -------
    dict of str to int
        The number of occurrences by family, in the order given.
    """
    plain = normalise(text)
    return {
        family: len(re.findall("|".join(map(_stem_pattern, stems)), plain, re.I)) for family, stems in families.items()
    }


def _stem_pattern(stem: str) -> str:
    if not stem.strip("* -"):
        raise ExcerptError(f"term stem {stem!r} has no letters to look for")
    pattern = f"{_HYPHENS}?".join(re.escape(part) for part in stem.split("-"))
    return pattern.removesuffix(r"\*") + (r"\w*" if stem.endswith("*") else r"\b")


def is_word(token: str) -> bool:
    """Tell whether a token holds a letter or a digit."""
    return any(character.isalnum() for character in token)


def section_bodies(text: str, sections: pd.DataFrame) -> dict[str, str]:
    """Cut a report at its headings.

    Parameters
    ----------
    text : str
        The whole report.
    sections : pandas.DataFrame
        ``section_id`` and ``heading`` of every section, in the report's order. A
        heading stands on lines of its own; the same heading may come several times.

    Returns
    -------
    dict of str to str
        What stands between each heading and the next, by section, with the
        compatibility characters of a PDF resolved and Unix line ends.

    Raises
    ------
    SectionError
        If a heading does not follow the headings before it.
    """
    plain = unicodedata.normalize("NFKC", text).replace("\r\n", "\n")
    spans: list[tuple[str, int, int]] = []
    position = 0
    for section_id, heading in zip(sections["section_id"], sections["heading"], strict=True):
        match = _heading_pattern(str(heading)).search(plain, position)
        if match is None:
            after = f" after section {spans[-1][0]}" if spans else ""
            raise SectionError(
                f"section {section_id}: heading {heading!r} is not on a line "
                f"of its own{after} in this copy of the report"
            )
        spans.append((str(section_id), match.start(), match.end()))
        position = match.end()
    ends = [start for _, start, _ in spans[1:]] + [len(plain)]
    return {section_id: plain[start:end] for (section_id, _, start), end in zip(spans, ends, strict=True)}


def _heading_pattern(heading: str) -> re.Pattern[str]:
    """Match a heading on lines of its own; one that ends with ``…`` is the beginning of its line."""
    words = [re.escape(word) for word in normalise(heading.removesuffix("…")).split()]
    pattern = r"[ \t]*\s[ \t]*".join(words).replace("'", "['‘’]")
    pattern = re.sub(r"\\-|[–—]", lambda _: rf"{_DASHES}\s?", pattern)
    rest = r"[^\n]*" if heading.endswith("…") else r"[ \t*#]*"
    return re.compile(rf"^[ \t*#]*{pattern}{rest}$", re.M)
