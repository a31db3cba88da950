"""Interview excerpts: found in a copy of a report, and described without their words.

A study that may not redistribute what its interviewees said can still say exactly
which passages it worked with. Each excerpt is a row with its speaker, its place, its
length, how often it uses the terms studied, and the SHA-256 of its normalised words.
This module makes those rows from a copy of the report (`locate`) and, for somebody
who has another copy, :mod:`compendium.excerpt_matching` finds the words again from length and hash
alone.

Two kinds of excerpt are told apart:

block
    Paragraphs of their own that end with the speaker's identifier in brackets. They
    are found without help: from that marker back to the paragraph that announces the
    excerpt (it ends with a colon), to the marker before, or to the section's start.
inline
    Words between quotation marks in running prose. The candidates are found; which
    of them are an interviewee's words is a judgement, and judgements are data: a
    table of locators decides on the n-th candidate of a section.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256 as _sha256
from typing import Any, Literal

import pandas as pd

from compendium.errors import EXIT_BAD_INPUT, CompendiumError

__all__ = [
    "ExcerptError",
    "LocatorError",
    "Quotation",
    "SectionError",
    "Speakers",
    "count_terms",
    "count_words",
    "find_blocks",
    "find_inline",
    "fingerprint",
    "is_word",
    "locate",
    "normalise",
    "section_bodies",
    "without_words",
]

Kind = Literal["block", "inline"]

ACCEPTED = "excerpt"
"""The decision by which a locator accepts a candidate as an interviewee's words."""

_STRAIGHT = str.maketrans(dict.fromkeys("‘’‚‛", "'") | dict.fromkeys("“”„‟", '"') | {"*": None})
_HYPHENS = "[-\u2010\u2011]"  # hyphen-minus, hyphen, non-breaking hyphen
_DASHES = "[-–—\u2010\u2011]"
_PARAGRAPH = re.compile(r"(?:[^\n]*\S[^\n]*(?:\n|\Z))+")
_LEAD_IN = re.compile(r":[\s*]*\Z")
_OPENING = re.compile(r"(?<![^\s(\[*/–—-])[‘'“\"](?=\**(?:\w|\.\.|…|[\[(£$€]))")
_CLOSING = {"single": re.compile(r"(?<=\S)['’](?!\w)"), "double": re.compile(r'["”]')}
_POSSESSIVE = re.compile(r"(?<=[sS])['’] [a-z]")
_SENTENCE_END = re.compile(r"[.?!][)\]*]*\s+(?=[*(\[]*[A-Z])")


class ExcerptError(CompendiumError, ValueError):
    """Excerpts cannot be located or computed from what was given."""

    exit_status = EXIT_BAD_INPUT


class SectionError(ExcerptError):
    """A section heading is not in the text, or not where its order says."""


class LocatorError(ExcerptError):
    """Locators and the quotations of the text do not fit each other."""


@dataclass(frozen=True)
class Quotation:
    """A quotation as it stands in a text.

    Attributes
    ----------
    kind : {"block", "inline"}
        Whether it is set as paragraphs of its own or inside a sentence.
    start, end : int
        Where its words begin and end in the text it was found in.
    text : str
        Its words as they stand there, marks of lay-out included.
    speaker : str
        The speaker's identifier where one stands with it, else empty.
    """

    kind: Kind
    start: int
    end: int
    text: str
    speaker: str


@dataclass(frozen=True)
class Speakers:
    """The identifiers of a study's speakers, however many zeros they are printed with.

    Attributes
    ----------
    pattern : re.Pattern of str
        Matches every printed form of an identifier, and nothing longer.
    canonical : mapping of str to str
        The identifier by its form without leading zeros.
    """

    pattern: re.Pattern[str]
    canonical: Mapping[str, str]

    @classmethod
    def from_ids(cls, ids: Iterable[str]) -> Speakers:
        """Make the pattern for these identifiers.

        Parameters
        ----------
        ids : iterable of str
            Identifiers such as ``P07``; a trailing number may be printed with more
            or fewer leading zeros.

        Raises
        ------
        ExcerptError
            If there is none, or if two differ in leading zeros only.
        """
        canonical: dict[str, str] = {}
        for identifier in ids:
            bare = _without_zeros(identifier)
            if canonical.setdefault(bare, identifier) != identifier:
                raise ExcerptError(
                    f"speakers {canonical[bare]!r} and {identifier!r} differ in "
                    "leading zeros only, so their markers cannot be told apart"
                )
        if not canonical:
            raise ExcerptError("no speaker identifier was given")
        forms = sorted((_any_zeros(bare) for bare in canonical), key=len, reverse=True)
        return cls(re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)"), canonical)

    def named_in(self, text: str) -> list[str]:
        """Return the identifiers that stand in a text, in order, each once."""
        found = (self.canonical[_without_zeros(m[0])] for m in self._matches(text))
        return list(dict.fromkeys(found))

    def marker_at_end(self, text: str) -> tuple[int, str] | None:
        """Return where the bracketed marker that ends a text starts, and whose it is.

        A full stop after the marker makes it part of a sentence: no marker then.
        """
        match = re.search(rf"\(\s*({self.pattern.pattern})\s*\)[\s*]*\Z", text)
        if match is None:
            return None
        return match.start(), self.canonical[_without_zeros(match[1])]

    def marker_at_start(self, text: str) -> str:
        """Return whose bracketed marker a text starts with, or an empty string."""
        match = re.match(rf"[\s*,;.]*\(\s*({self.pattern.pattern})\s*\)", text)
        return self.canonical[_without_zeros(match[1])] if match else ""

    def _matches(self, text: str) -> Iterator[re.Match[str]]:
        return self.pattern.finditer(text)


def _without_zeros(identifier: str) -> str:
    return re.sub(r"0+(?=\d+\Z)", "", identifier) if identifier else identifier


def _any_zeros(bare: str) -> str:
    number = re.search(r"\d+\Z", bare)
    if number is None:
        return re.escape(bare)
    return f"{re.escape(bare[: number.start()])}0*{number[0]}"


# Words, hashes and counts -----------------------------------------------------------


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


# Sections and paragraphs ------------------------------------------------------------


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


def _paragraphs(text: str) -> list[tuple[int, int]]:
    """Return where each paragraph (run of lines that are not blank) starts and ends."""
    spans = []
    for match in _PARAGRAPH.finditer(text):
        lead = len(match[0]) - len(match[0].lstrip())
        spans.append((match.start() + lead, match.start() + len(match[0].rstrip())))
    return spans


# Block excerpts ---------------------------------------------------------------------


def find_blocks(text: str, speakers: Speakers) -> list[Quotation]:
    """Find the excerpts that are set as paragraphs of their own.

    A block ends before a speaker's bracketed marker at the end of a paragraph (or in
    a paragraph by itself). It starts after the nearest earlier paragraph that ends
    with a colon or with a marker, or else with the text; so a block that a page break
    cuts, or that is printed as several paragraphs, is one.

    Parameters
    ----------
    text : str
        The body of one section.
    speakers : Speakers
        Whose markers end a block.

    Returns
    -------
    list of Quotation
        In order of appearance.
    """
    blocks: list[Quotation] = []
    first, announced = None, False
    for start, end in _paragraphs(text):
        paragraph = text[start:end]
        marker = speakers.marker_at_end(paragraph)
        if marker is None:
            leads_in = _LEAD_IN.search(paragraph) is not None
            announced = announced or leads_in
            first = None if leads_in else start if first is None else first
            continue
        first = start if first is None else first
        words = text[first : start + marker[0]].rstrip()
        if words and (announced or not _ends_quoting(paragraph[: marker[0]])):
            blocks.append(Quotation("block", first, first + len(words), words, marker[1]))
        first, announced = None, False
    return blocks


def _ends_quoting(paragraph: str) -> bool:
    """Tell whether a paragraph ends with quoted words and has other words before."""
    spans = _quoted_spans(paragraph)
    if not spans:
        return False
    start, end = spans[-1]
    before, after = paragraph[: start - 1], paragraph[end + 1 :]
    return bool(before.strip("* \n\t")) and not after.strip("* \n\t")


# Inline excerpts --------------------------------------------------------------------


def find_inline(text: str, speakers: Speakers) -> list[Quotation]:
    """Find the candidates for inline excerpts: all that prose puts in quotation marks.

    Blocks are left aside, quotation marks inside them included. Apostrophes do not
    end a quotation, marks of unlike style may pair, and a quotation may run on over a
    page break. The speaker is whose marker follows the closing mark, or else the only
    one named in the sentence.

    Parameters
    ----------
    text : str
        The body of one section.
    speakers : Speakers
        Who may be named with a quotation.

    Returns
    -------
    list of Quotation
        In order of appearance, authors' scare quotes and all.
    """
    found: list[Quotation] = []
    for run_start, run_end in _prose_runs(text, find_blocks(text, speakers)):
        run = text[run_start:run_end]
        spans = _quoted_spans(run)
        masked = _mask(run, spans)
        for start, end in spans:
            speaker = _speaker_of(masked, start, end, speakers)
            span = (run_start + start, run_start + end)
            found.append(Quotation("inline", *span, run[start:end], speaker))
    return found


def _prose_runs(text: str, blocks: Sequence[Quotation]) -> list[tuple[int, int]]:
    """Return the stretches of prose; a sentence that a page break cuts is in one."""
    runs: list[tuple[int, int]] = []
    broken = False
    for start, end in _paragraphs(text):
        if any(start < block.end and block.start < end for block in blocks):
            broken = False
            continue
        runs.append((runs.pop()[0] if broken else start, end))
        last = text[start:end].rstrip("* \t\n")[-1:]
        broken = last.isalnum() or last in {",", "-", "–", "—"}
    return runs


def _quoted_spans(run: str) -> list[tuple[int, int]]:
    """Return where the words between quotation marks start and end."""
    spans: list[tuple[int, int]] = []
    position = 0
    while opening := _OPENING.search(run, position):
        end = _closing_mark(run, opening)
        if end is not None:
            spans.append((opening.end(), end))
        position = opening.end() if end is None else end + 1
    return spans


def _closing_mark(run: str, opening: re.Match[str]) -> int | None:
    style = "single" if opening[0] in "'‘" else "double"
    marks = [m.start() for m in _CLOSING[style].finditer(run, opening.end() + 1)]
    if not marks:
        return None
    nested = _OPENING.search(run, opening.end())
    limit = nested.start() if nested else len(run)
    while len(marks) > 1 and marks[1] < limit and _POSSESSIVE.match(run, marks[0]):
        del marks[0]
    return marks[0]


def _mask(run: str, spans: Sequence[tuple[int, int]]) -> str:
    """Blank quoted words so that sentences and names are sought in the prose alone."""
    for start, end in spans:
        blank = ("X" if run[start:end].lstrip("*")[:1].isupper() else "x").ljust(end - start, "x")
        run = f"{run[: start - 1]}{blank[0]}{blank}{blank[0]}{run[end + 1 :]}"
    return run


def _speaker_of(masked: str, start: int, end: int, speakers: Speakers) -> str:
    marked = speakers.marker_at_start(masked[end + 1 :])
    if marked:
        return marked
    breaks = [m.end() for m in _SENTENCE_END.finditer(masked)]
    first = max((b for b in breaks if b <= start), default=0)
    last = min((b for b in breaks if b > end), default=len(masked))
    named = speakers.named_in(masked[first:last])
    return named[0] if len(named) == 1 else ""


# The table --------------------------------------------------------------------------


def locate(
    text: str,
    sections: pd.DataFrame,
    locators: pd.DataFrame,
    *,
    interviewees: pd.DataFrame,
    themes: pd.DataFrame,
    families: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """Locate every excerpt in a copy of a report and compute its columns.

    Parameters
    ----------
    text : str
        The report.
    sections : pandas.DataFrame
        ``section_id`` and ``heading`` of all its sections, in order.
    locators : pandas.DataFrame
        The decision on every inline candidate: ``section_id``, ``position`` (1 is the
        section's first), ``decision`` (`ACCEPTED` or the reason for which it is
        none), and, where no identifier stands with it, the ``interviewee_id`` that
        the context gives, or at least the ``level_id``.
    interviewees : pandas.DataFrame
        ``interviewee_id`` and ``level_id`` of everybody who may be quoted.
    themes : pandas.DataFrame
        ``section_id`` and ``theme_id`` of the sections that report the interviews.
        These and the locators' sections are the ones read.
    families : mapping of str to sequence of str
        Stems by family of terms, see `count_terms`.

    Returns
    -------
    pandas.DataFrame
        A row per excerpt in order of appearance: ``excerpt_id``, ``kind``,
        ``interviewee_id``, ``attribution``, ``level``, ``theme_id``, ``section_id``,
        ``order`` (in its section), ``n_words``, ``sha256``, ``n_<family>``, ``text``.

    Raises
    ------
    SectionError
        If a heading is missing.
    LocatorError
        If candidates and locators do not match one to one; all mismatches are named.
    """
    speakers = Speakers.from_ids(interviewees["interviewee_id"])
    level_of = dict(zip(interviewees["interviewee_id"], interviewees["level_id"], strict=True))
    theme_of = dict(zip(themes["section_id"], themes["theme_id"], strict=True))
    decisions = _decisions(locators, set(sections["section_id"]), set(level_of))
    read = set(theme_of) | {section_id for section_id, _ in decisions}
    rows: list[dict[str, Any]] = []
    problems: list[str] = []
    for section_id, body in section_bodies(text, sections).items():
        if section_id in read:
            accepted = _accepted(section_id, body, speakers, decisions, problems)
            for order, (quotation, locator) in enumerate(accepted, start=1):
                place = {
                    "excerpt_id": f"E{len(rows) + 1:03d}",
                    "theme_id": theme_of.get(section_id, ""),
                    "section_id": section_id,
                    "order": order,
                }
                said = _attribution(quotation, locator, level_of)
                rows.append(place | said | _measures(quotation.text, families))
    if problems:
        raise LocatorError("locators do not fit this report: " + "; ".join(problems))
    return pd.DataFrame(rows, columns=_columns(families))


def _attribution(quotation: Quotation, locator: Mapping[str, str], level_of: Mapping[str, str]) -> dict[str, Any]:
    speaker = quotation.speaker or locator.get("interviewee_id", "")
    return {
        "kind": quotation.kind,
        "interviewee_id": speaker,
        "attribution": "marker" if quotation.speaker else "context",
        "level": level_of.get(speaker) or locator.get("level_id", ""),
    }


def _columns(families: Mapping[str, Sequence[str]]) -> list[str]:
    place = "excerpt_id kind interviewee_id attribution level theme_id section_id order"
    counts = [f"n_{family}" for family in families]
    return [*place.split(), "n_words", "sha256", *counts, "text"]


def _measures(text: str, families: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    counts = count_terms(text, families)
    return {
        "n_words": count_words(text),
        "sha256": fingerprint(text),
        **{f"n_{family}": count for family, count in counts.items()},
        "text": normalise(text),
    }


_Decisions = dict[tuple[str, int], dict[str, str]]


def _decisions(locators: pd.DataFrame, section_ids: set[str], interviewee_ids: set[str]) -> _Decisions:
    """Return the locators by section and position, with empty cells as empty text."""
    decisions: _Decisions = {}
    problems = []
    cells = locators.astype(object).where(locators.notna(), "").astype(str)
    for row in cells.to_dict("records"):
        place = f"section {row['section_id']}, quotation {row['position']}"
        speaker = row.get("interviewee_id", "")
        if row["section_id"] not in section_ids:
            problems.append(f"{place}: no such section")
        elif speaker and speaker not in interviewee_ids:
            problems.append(f"{place}: no such interviewee {speaker!r}")
        elif (key := (row["section_id"], int(row["position"]))) in decisions:
            problems.append(f"{place}: decided more than once")
        else:
            decisions[key] = {str(name): value for name, value in row.items()}
    if problems:
        raise LocatorError("locators cannot be used: " + "; ".join(problems))
    return decisions


def _accepted(
    section_id: str,
    body: str,
    speakers: Speakers,
    decisions: _Decisions,
    problems: list[str],
) -> list[tuple[Quotation, dict[str, str]]]:
    """Return a section's excerpts in order, each with its locator (blocks have none)."""
    excerpts: list[tuple[Quotation, dict[str, str]]]
    excerpts = [(block, {}) for block in find_blocks(body, speakers)]
    candidates = find_inline(body, speakers)
    for position, candidate in enumerate(candidates, start=1):
        locator = decisions.get((section_id, position))
        place = f"section {section_id}, quotation {position}"
        if locator is None:
            problems.append(f"{place} is not decided")
        elif locator["decision"] == ACCEPTED:
            given = locator.get("interviewee_id", "")
            if candidate.speaker and given not in {"", candidate.speaker}:
                problems.append(f"{place} is marked {candidate.speaker} but located as {given}")
            excerpts.append((candidate, locator))
    beyond = [p for s, p in decisions if s == section_id and p > len(candidates)]
    problems.extend(f"section {section_id} has no quotation {p}" for p in beyond)
    return sorted(excerpts, key=lambda pair: pair[0].start)


def without_words(located: pd.DataFrame, judgements: pd.DataFrame) -> pd.DataFrame:
    """Replace the words of located excerpts by what the analysts say of them.

    Parameters
    ----------
    located : pandas.DataFrame
        What `locate` returns.
    judgements : pandas.DataFrame
        ``sha256`` and the analysts' columns (codes, gist); other columns that both
        tables have are taken from `located`.

    Returns
    -------
    pandas.DataFrame
        The table that may be redistributed: no ``text``; judgements come last and
        are empty where an excerpt has none yet.
    """
    new = [name for name in judgements.columns if name not in located.columns]
    return (
        located.drop(columns="text")
        .merge(judgements[["sha256", *new]], how="left", on="sha256", validate="1:1")
        .fillna(dict.fromkeys(new, ""))
    )
