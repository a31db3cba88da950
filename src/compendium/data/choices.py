"""Parameters that choose some of what a study has: ``all``, or names joined by commas."""

from __future__ import annotations

from collections.abc import Iterable

from compendium.errors import InputError, Problem, unknown

ALL = "all"


def choose(parameter: str, wanted: str, known: Iterable[str]) -> list[str]:
    """Read a choice.

    Parameters
    ----------
    parameter
        Name of the parameter, for messages.
    wanted
        ``all``, or names joined by commas.
    known
        Names that there are.

    Returns
    -------
    list of str
        The names chosen, in the order of `known`.

    Raises
    ------
    InputError
        Every name that there is not, with the nearest that there is; no name at all.
    """
    names = list(known)
    if wanted.strip() == ALL:
        return names
    parts = [part.strip() for part in wanted.split(",") if part.strip()]
    if not parts:
        allowed = ", ".join([ALL, *names])
        raise InputError(Problem(field=parameter, value=wanted, reason="names nothing", allowed=allowed))
    problems = [p for part in parts if part not in names for p in unknown(parameter, part, [ALL, *names]).problems]
    if problems:
        raise InputError(problems)
    return [name for name in names if name in parts]


def chosen_text(chosen: Iterable[str], known: Iterable[str]) -> str:
    """Write a choice as :func:`choose` reads it: ``all`` where nothing is left out."""
    names, wanted = list(known), set(chosen)
    return ALL if wanted >= set(names) else ",".join(name for name in names if name in wanted)
