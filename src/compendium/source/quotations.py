"""Quotations of a report's text: blocks with a speaker's marker, and words between quotation marks in prose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from compendium.source.report_text import ExcerptError

Kind = Literal["block", "inline"]

_PARAGRAPH = re.compile(r"(?:[^\n]*\S[^\n]*(?:\n|\Z))+")
_LEAD_IN = re.compile(r":[\s*]*\Z")
_OPENING = re.compile(r"(?<![^\s(\[*/–—-])[‘'“\"](?=\**(?:\w|\.\.|…|[\[(£$€]))")
_CLOSING = {"single": re.compile(r"(?<=\S)['’](?!\w)"), "double": re.compile(r'["”]')}
_POSSESSIVE = re.compile(r"(?<=[sS])['’] [a-z]")
_SENTENCE_END = re.compile(r"[.?!][)\]*]*\s+(?=[*(\[]*[A-Z])")


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
