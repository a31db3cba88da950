"""The families of terms that a study follows through its material."""

from __future__ import annotations

from compendium.data.study import Study, each_row, split_list
from compendium.errors import unknown

ALL = "all"


def families(study: Study) -> dict[str, str]:
    """Label of each term family by its name, in the study's order."""
    table = study.table("terms")
    return dict(zip(table["term_family"], table["label"], strict=True))


def patterns(study: Study) -> dict[str, list[str]]:
    """Stems of each family (``*`` stands for any ending), such as ``{'cocreation': ['co-creat*']}``."""
    table = study.table("terms")
    return {row.term_family: split_list(row.patterns) for row in each_row(table)}


def choose(study: Study, wanted: str = ALL) -> dict[str, str]:
    """Return the families that a parameter names.

    Parameters
    ----------
    study
        Reads ``terms``.
    wanted
        ``all``, or names joined by commas.

    Returns
    -------
    dict
        Label by name, in the study's order.

    Raises
    ------
    InputError
        A name that is no family of the study, or no name at all.
    """
    known = families(study)
    names = list(known) if wanted.strip() == ALL else [n.strip() for n in wanted.split(",") if n.strip()]
    for name in names or [wanted]:
        if name not in known:
            raise unknown("term_families", name, [ALL, *known])
    return {name: label for name, label in known.items() if name in names}
