"""Where a computed number comes from: its name goes with it into the sentence that it is written in.

Results are numbers that know their names (:func:`traced`). While a function marked with :func:`computed` writes a
sentence, formatting such a number puts its name beside it between characters that no text uses; when the sentence is
done, the names are taken out and kept as spans (:class:`Sentence`). Everywhere else these numbers are plain numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypedDict, TypeVar, cast

BEGIN, OF, END = "\ue0f0", "\ue0f1", "\ue0f2"
"""Characters for private use (Unicode): name of the source between the first two, the number between the last two."""
_MARK = re.compile(f"{BEGIN}([^{BEGIN}{OF}{END}]*){OF}([^{BEGIN}{OF}{END}]*){END}")
_STRAY = re.compile(f"[{BEGIN}{OF}{END}]")
_writing: ContextVar[bool] = ContextVar("writing a computed sentence", default=False)

F = TypeVar("F", bound=Callable[..., Any])


class Span(TypedDict):
    """A number in a sentence: characters `start` to `end`, and the names of what it comes from."""

    start: int
    end: int
    sources: list[str]


class TracedInt(int):
    """A whole number that knows its source; plain except in a sentence being computed."""

    source = ""

    def __format__(self, spec: str) -> str:
        return _marked(int.__format__(self, spec), self.source)


class TracedFloat(float):
    """A number that knows its source; plain except in a sentence being computed."""

    source = ""

    def __format__(self, spec: str) -> str:
        return _marked(float.__format__(self, spec), self.source)


class TracedList(list[Any]):
    """A list that knows its source; see :func:`count`."""

    source = ""


class Sentence(str):
    """A text and the sources of the numbers in it; empty for a text without any."""

    spans: tuple[Span, ...] = ()


def _marked(text: str, source: str) -> str:
    return f"{BEGIN}{source}{OF}{text}{END}" if _writing.get() and source else text


def mark(value: Any, *sources: str) -> Any:
    """Give a number or a list the names of what it comes from; other values stay as they are.

    Parameters
    ----------
    value
        Any value.
    sources
        Dotted names of results (``screening.identified``), or ids of tables (``s-flow``).
    """
    plain = value.item() if hasattr(value, "item") else value
    kinds = ((bool, None), (int, TracedInt), (float, TracedFloat), (list, TracedList))
    kind: Any = next((kind for base, kind in kinds if isinstance(plain, base)), None)
    if kind is None:
        return value
    made = kind(plain)
    made.source = " ".join(sources)
    return made


def derived(value: Any, *numbers: Any) -> Any:
    """Give a number the names of what the numbers that it was computed from come from."""
    sources = " ".join(getattr(number, "source", "") for number in numbers).split()
    return mark(value, *dict.fromkeys(sources))


def trace(stage: str, results: dict[str, Any]) -> dict[str, Any]:
    """Give the results of a stage their names; a member of a mapping is named ``stage.result.member``."""
    return {
        name: trace(f"{stage}.{name}", value) if isinstance(value, dict) else mark(value, f"{stage}.{name}")
        for name, value in results.items()
    }


def traced(stage: str) -> Callable[[F], F]:
    """Mark a function that returns results of a stage: they know their names; see :func:`trace`."""

    def decorate(function: F) -> F:
        @wraps(function)
        def tracing(*arguments: Any, **named: Any) -> dict[str, Any]:
            return trace(stage, function(*arguments, **named))

        return cast(F, tracing)

    return decorate


def count(members: list[Any]) -> int:
    """Count the members of a list; the number knows the list's source."""
    number = len(members)
    return cast(int, mark(number, members.source)) if isinstance(members, TracedList) else number


def computed(function: F) -> F:
    """Mark a function that writes sentences: what it returns, a text or a list of texts, knows its numbers' sources."""

    @wraps(function)
    def writing(*arguments: Any, **named: Any) -> Any:
        if _writing.get():  # called while another sentence is written, which takes the names out
            return function(*arguments, **named)
        token = _writing.set(True)
        try:
            made = function(*arguments, **named)
        finally:
            _writing.reset(token)
        return [parse(text) for text in made] if isinstance(made, list) else parse(made)

    return cast(F, writing)


def parse(text: str) -> Sentence:
    """Take the names out of a text and keep them as spans."""
    clean, spans, at = "", list[Span](), 0
    for found in _MARK.finditer(text):
        clean += _STRAY.sub("", text[at : found.start()])
        start = len(clean)
        clean += found[2]
        spans.append({"start": start, "end": len(clean), "sources": found[1].split()})
        at = found.end()
    return _sentence(clean + _STRAY.sub("", text[at:]), spans)


def joined(sentences: Iterable[str]) -> Sentence:
    """Join sentences with blanks; spans keep pointing at their numbers."""
    text, spans = "", list[Span]()
    for sentence in map(_as_sentence, sentences):
        text += " " if text else ""
        shift = len(text)
        spans += [{**span, "start": span["start"] + shift, "end": span["end"] + shift} for span in sentence.spans]
        text += sentence
    return _sentence(text, spans)


def _as_sentence(text: str) -> Sentence:
    return text if isinstance(text, Sentence) else parse(text)


def _sentence(text: str, spans: list[Span]) -> Sentence:
    made = Sentence(text)
    made.spans = tuple(spans)
    return made
