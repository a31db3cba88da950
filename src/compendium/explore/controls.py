"""What can be moved in a notebook: each control reads and writes the text of one parameter.

A control knows nothing of widgets. Its *value* is what a person chose (a name, a set of names, numbers, a span); its
*text* is what follows ``-p NAME=``. What :meth:`Control.text` writes, :meth:`Control.value` reads back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from compendium.analysis.what_if import PRINTED, counts_text, parse_counts, parse_years
from compendium.data.choices import ALL, chosen_text
from compendium.data.choices import choose as read_choice
from compendium.errors import unknown


@dataclass(frozen=True)
class Control(ABC):
    """A control.

    Parameters
    ----------
    name
        The parameter that it sets; for a view, any name.
    label
        What people read beside it.
    default
        Text of the published value.
    """

    name: str
    label: str
    default: str = ALL

    @abstractmethod
    def value(self, text: str) -> Any:
        """Read the text of a parameter.

        Raises
        ------
        InputError
            The study does not allow it.
        """

    @abstractmethod
    def text(self, value: Any) -> str:
        """Write a value as the text of a parameter."""


@dataclass(frozen=True)
class Choice(Control):
    """One of several names; `options` holds what people read by name."""

    options: Mapping[str, str] = field(default_factory=dict)

    def value(self, text: str) -> str:
        """Return the name that is meant; the first where neither the text nor the default names one."""
        wanted = text or self.default or next(iter(self.options), "")
        if wanted not in self.options:
            raise unknown(self.name, wanted, self.options)
        return wanted

    def text(self, value: str) -> str:
        """Return the name, or nothing for the first where nothing means the first."""
        return "" if not self.default and value == next(iter(self.options)) else value


@dataclass(frozen=True)
class Several(Control):
    """Any of several names; `groups` holds, under a heading, what people read by name."""

    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """All names in order."""
        return [name for group in self.groups.values() for name in group]

    def value(self, text: str) -> tuple[str, ...]:
        """Return the names chosen."""
        return tuple(read_choice(self.name, text, self.names))

    def text(self, value: Iterable[str]) -> str:
        """Write ``all``, or the names joined by commas."""
        return chosen_text(value, self.names)


@dataclass(frozen=True)
class Counts(Control):
    """A number for each of several boxes, those that are not reported included.

    Parameters
    ----------
    labels
        What people read by identifier of the box.
    published
        Published count by identifier; ``None`` where it is not reported.
    """

    default: str = PRINTED
    labels: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[str, int | None] = field(default_factory=dict)

    def value(self, text: str) -> dict[str, int | None]:
        """Return the count of every box."""
        return {**self.published, **parse_counts(text, list(self.labels))}

    def text(self, value: Mapping[str, int | None]) -> str:
        """Write the counts that differ from the published ones."""
        return counts_text({box: count for box, count in value.items() if count != self.published[box]})


@dataclass(frozen=True)
class Years(Control):
    """A span of years between the first and the last that there are."""

    first: int = 0
    last: int = 0

    def value(self, text: str) -> tuple[int, int]:
        """Return first and last year."""
        low, high = parse_years(text, (self.first, self.last))
        return max(low, self.first), min(high, self.last)

    def text(self, value: tuple[int, int]) -> str:
        """Write ``all``, one year or ``FROM-TO``."""
        low, high = value
        if (low, high) == (self.first, self.last):
            return ALL
        return str(low) if low == high else f"{low}-{high}"
