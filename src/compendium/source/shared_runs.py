"""Runs of words that the excerpts of two interviewees have in common, measured on a copy of a report.

Two people do not say the same long run of words. Where their excerpts do, one may be attributed to the wrong speaker.
The words stay out of the data: only which excerpts share a run, and how long it is.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import combinations

import pandas as pd

from compendium.data.study import each_row

SHORTEST = 8
"""Words in a row that two people do not happen to have in common."""


def longest_run(one: str, other: str) -> int:
    """Count the words in the longest run that two texts share; case and punctuation do not count."""
    a, b = (re.findall(r"[\w']+", text.casefold().replace("’", "'")) for text in (one, other))
    return SequenceMatcher(None, a, b, autojunk=False).find_longest_match().size


def shared_runs(excerpts: pd.DataFrame, shortest: int = SHORTEST) -> pd.DataFrame:
    """Find the excerpts of different interviewees that share a run of words.

    Parameters
    ----------
    excerpts
        ``excerpt_id``, ``interviewee_id`` and ``text``, as :func:`compendium.source.excerpts.locate` gives them.
    shortest
        Number of words from which on a run counts.

    Returns
    -------
    pandas.DataFrame
        One row per pair: ``excerpt_id``, ``other_excerpt_id`` (the later one), ``n_words`` (of the longest run).
    """
    columns = ["excerpt_id", "other_excerpt_id", "n_words"]
    rows = []
    for one, other in combinations(each_row(excerpts), 2):
        if one.interviewee_id and other.interviewee_id and one.interviewee_id != other.interviewee_id:
            rows.append((one.excerpt_id, other.excerpt_id, longest_run(one.text, other.text)))
    return pd.DataFrame([row for row in rows if row[2] >= shortest], columns=columns)
