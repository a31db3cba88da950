"""How far two independent extractions of the same report agree, table by table.

``python -m compendium.data.agreement`` writes the result into the study's ``README.md``.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from compendium.data.study import Study
from compendium.errors import InputError, Problem
from compendium.files import write_text

CELLS, LOG = "second-extraction", "extraction-log"
ALL_COLUMNS = "all columns"
BEGIN, END = "<!-- agreement:begin -->", "<!-- agreement:end -->"
LEVEL = 0.95
MANY = 50
"""Cells of a column from which on it may be named as the one with least agreement."""
_SAME = str.maketrans(dict.fromkeys("‘’‚‛", "'") | dict.fromkeys("“”„‟", '"') | dict.fromkeys("‐‑‒–—−", "-"))


@dataclass(frozen=True)
class Coefficient:
    """A coefficient of agreement with its confidence interval.

    Attributes
    ----------
    value
        The coefficient; ``nan`` where it is not defined.
    low, high
        Limits of the interval; ``nan`` where the standard error is zero or not defined.
    """

    value: float
    low: float = math.nan
    high: float = math.nan


def same(first: str, second: str) -> bool:
    """Tell whether two values are the same but for case, white space and the style of quotation marks and dashes."""
    return _plain(first) == _plain(second)


def _plain(value: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", value).translate(_SAME).split()).casefold()


def kappa(first: Sequence[str], second: Sequence[str]) -> Coefficient:
    """Compute Cohen's kappa of two raters.

    Chance agreement is the product of both raters' own shares (Cohen 1960, Educ Psychol Meas 20:37-46). The variance
    is linearised case by case, as Gwet (2008, Br J Math Stat Psychol 61:29-48) does for all his coefficients.

    Parameters
    ----------
    first, second
        The category each rater gave to each case, in the same order.

    Returns
    -------
    Coefficient
        Not defined where both raters put all cases into one category.
    """
    a, b = _indicators(first, second)
    chance = float(a.mean(axis=0) @ b.mean(axis=0))
    each = (a @ b.mean(axis=0) + b @ a.mean(axis=0)) / 2
    return _coefficient((a * b).sum(axis=1), chance, each)


def ac1(first: Sequence[str], second: Sequence[str]) -> Coefficient:
    """Compute Gwet's AC1 of two raters.

    Chance agreement comes from the mean shares of both raters, so it stays small where nearly all cases are of one
    category (Gwet 2008, Br J Math Stat Psychol 61:29-48; the variance too, for cases sampled from a large
    population).

    Parameters
    ----------
    first, second
        The category each rater gave to each case, in the same order.

    Returns
    -------
    Coefficient
        Not defined where only one category occurs.
    """
    a, b = _indicators(first, second)
    if a.shape[1] < 2:  # noqa: PLR2004 (one category leaves nothing to classify)
        return Coefficient(math.nan)
    mean = (a.mean(axis=0) + b.mean(axis=0)) / 2
    scale = a.shape[1] - 1
    chance = float((mean * (1 - mean)).sum() / scale)
    each = ((a + b) / 2) @ (1 - mean) / scale
    return _coefficient((a * b).sum(axis=1), chance, each)


def _indicators(first: Sequence[str], second: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    if len(first) != len(second) or not len(first):
        reason = "agreement needs as many values of the second rater as of the first, and at least one"
        raise InputError(Problem(value=f"{len(first)} and {len(second)}", reason=reason))
    left, right = ([_plain(value) for value in values] for values in (first, second))
    categories = np.array(sorted({*left, *right}))
    a, b = ((np.array(values)[:, None] == categories).astype(float) for values in (left, right))
    return a, b


def _coefficient(agree: np.ndarray, chance: float, each: np.ndarray) -> Coefficient:
    """Correct the share agreeing for chance; `each` is every case's own part in the chance agreement."""
    from scipy.special import stdtrit  # quantile of t; scipy.stats has it too, and takes a second to import

    if math.isclose(chance, 1.0):
        return Coefficient(math.nan)
    value = float((agree.mean() - chance) / (1 - chance))
    n = len(agree)
    case = (agree - chance) / (1 - chance) - 2 * (1 - value) * (each - chance) / (1 - chance)
    error = math.sqrt(float(((case - value) ** 2).sum()) / (n * (n - 1))) if n > 1 else 0.0
    if math.isclose(error, 0.0, abs_tol=1e-12):
        return Coefficient(value)
    reach = float(stdtrit(n - 1, (1 + LEVEL) / 2)) * error
    return Coefficient(value, max(-1.0, value - reach), min(1.0, value + reach))


def table(study: Study) -> pd.DataFrame:
    """Compute the agreement of two extractions.

    Parameters
    ----------
    study
        Reads ``second-extraction``: every cell that both extractions filled independently.

    Returns
    -------
    pandas.DataFrame
        For each table one row over all its columns and one for each categorical column: ``table``, ``column``,
        ``cells``, ``agreeing`` (numbers of cells), ``share`` (0 to 1), and for categorical columns ``kappa``, ``ac1``
        and the limits of their 95 % intervals, ``nan`` where not defined. No rows where the study has no second
        extraction. The last row is over all tables.
    """
    rows: list[dict[Hashable, Any]] = []
    cells = study.table(CELLS) if CELLS in study else pd.DataFrame()
    if not cells.empty:
        for name, group in cells.groupby("table", sort=False):
            rows.append(_shares(str(name), ALL_COLUMNS, group))
            classed = group[group["kind"] == "categorical"]
            rows += [_shares(str(name), str(f), part, chance=True) for f, part in classed.groupby("field", sort=False)]
        rows.append(_shares("all tables", ALL_COLUMNS, cells))
    columns = "table column cells agreeing share kappa kappa_low kappa_high ac1 ac1_low ac1_high"
    return pd.DataFrame(rows, columns=columns.split())


def _shares(name: str, column: str, cells: pd.DataFrame, chance: bool = False) -> dict[Hashable, Any]:
    first, second = list(cells["first_value"]), list(cells["second_value"])
    agreeing = sum(map(same, first, second))
    row: dict[Hashable, Any] = {"table": name, "column": column, "cells": len(cells), "agreeing": agreeing}
    row["share"] = agreeing / len(cells)
    for label, found in (("kappa", kappa(first, second)), ("ac1", ac1(first, second))) if chance else ():
        row |= {label: found.value, f"{label}_low": found.low, f"{label}_high": found.high}
    return row


def sentence(study: Study) -> str:
    """Say how far two extractions agree, and how the differences were settled."""
    rows = table(study)
    if rows.empty:
        return "The study was extracted once; how reliably is not known."
    total = rows.iloc[-1]
    text = f"{total['agreeing']} of {total['cells']} cells agree ({total['share']:.1%})"
    told = _settled(study)
    text += f"; of those that do not, {told}" if told else ""
    text += f".{_weakest(study, rows)}"
    once = extracted_once(study)
    return f"{text} No agreement is known for {', '.join(once)}." if once else text


def extracted_once(study: Study) -> list[str]:
    """Name the tables of which no cell was extracted twice, so that nothing is known of how reliable they are."""
    twice = set(study.table(CELLS)["table"]) if CELLS in study else set()
    return [name for name in study.names if name not in {*twice, CELLS, LOG}]


def _weakest(study: Study, rows: pd.DataFrame) -> str:
    """Name the column of fixed values with least agreement, and how often each of its values was given again."""
    many = rows[rows["kappa"].notna() & (rows["cells"] >= MANY)].sort_values("kappa", kind="stable")
    if many.empty:
        return ""
    least = many.iloc[0]
    cells = study.table(CELLS)
    mine = cells[(cells["table"] == least["table"]) & (cells["field"] == least["column"])]
    counts: dict[str, list[bool]] = {}
    for first, second in zip(mine["first_value"], mine["second_value"], strict=True):
        counts.setdefault(first, []).append(same(first, second))
    told = ", ".join(f"{value} {sum(again)} of {len(again)}" for value, again in counts.items())
    text = f" Of columns with fixed values and at least {MANY} cells, they agree least on {least['column']} of "
    text += (
        f"{least['table']} ({least['share']:.1%}, kappa {least['kappa']:.2f}): what the first gave, the second gave "
    )
    return f"{text}again for {told}."


def _settled(study: Study) -> str:
    """Say how many differences were settled for which extraction."""
    if LOG not in study:
        return ""
    counts = study.table(LOG)["decision"].value_counts()
    words = {"first": "settled for the first extraction", "second": "for the second", "other": "for neither"}
    return ", ".join(f"{counts[decision]} {word}" for decision, word in words.items() if decision in counts)


def section(study: Study) -> str:
    """Write the codebook's section on agreement in Markdown, markers included."""
    rows = table(study)
    differing = len(study.table(LOG)) if LOG in study else 0
    once = ", ".join(f"`{name}`" for name in extracted_once(study))
    lines = [
        BEGIN,
        "## Agreement of two extractions",
        "",
        "The tables below were extracted a second time from the report alone, without sight of the first extraction."
        f"{f' No agreement is known for {once}.' if once else ''} Counted"
        " is every cell that both filled independently and that at least one did not leave empty. Not counted:"
        " identifiers, running numbers and values that the coding manual names; texts restated in own words; and what"
        " follows from a cell already counted. Values that differ only in case, spacing, quotation marks or dashes"
        " agree. A row that one extraction lacks counts as one cell that differs. Kappa (Cohen 1960) and AC1 (Gwet"
        " 2008) are given for categorical columns with 95 % intervals; – where not defined: all cases in one category,"
        " or, for an interval, no variance.",
        "",
        f"{differing} cells differ: {_settled(study)}. `extraction_log.csv` has each with its reason."
        f"{_weakest(study, rows)}",
        "",
        "| Table | Column | Cells | Agreeing | Share | Kappa | AC1 |",
        "| --- | --- | ---: | ---: | ---: | --- | --- |",
        *(_markdown_row(row) for row in rows.to_dict("records")),
        END,
    ]
    return "\n".join(lines) + "\n"


def _markdown_row(row: dict[Hashable, Any]) -> str:
    shown = [row["table"], row["column"], row["cells"], row["agreeing"], f"{row['share']:.1%}"]
    if row["column"] == ALL_COLUMNS:
        shown += ["", ""]
    else:
        shown += [_interval(row, "kappa"), _interval(row, "ac1")]
    return f"| {' | '.join(map(str, shown))} |"


def _interval(row: dict[Hashable, Any], label: str) -> str:
    value, low, high = (float(row[label + end]) for end in ("", "_low", "_high"))
    if math.isnan(value):
        return "–"
    return f"{value:.2f}" + ("" if math.isnan(low) else f" ({low:.2f} to {high:.2f})")


def updated(text: str, block: str) -> str:
    """Put the section into a codebook: in place of the one between its markers, else at the end."""
    if BEGIN in text and END in text:
        before, after = text[: text.index(BEGIN)], text[text.index(END) + len(END) :]
        return before + block.rstrip("\n") + after
    return (text.rstrip("\n") + "\n\n" if text.strip() else "") + block


def main(folder: str | Path | None = None) -> None:
    """Bring the section in a study's ``README.md`` up to date."""
    study = Study(folder)
    path = study.folder / "README.md"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    write_text(path, updated(text, section(study)))


if __name__ == "__main__":
    main()
