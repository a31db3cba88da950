"""Runs of words that two speakers share, on invented talk."""

from __future__ import annotations

import pandas as pd
import pytest

from compendium.source.shared_runs import longest_run, shared_runs

RUN = "we always begin with a pot of tea before anything"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("red green blue", "yellow Green, blue! black", 2),
        ("red green blue", "blue green red", 1),
        ("it’s late", "it's late", 2),
        ("red", "green", 0),
        ("", "green", 0),
    ],
)
def test_longest_run_counts_words_whatever_their_case_and_punctuation(one: str, other: str, expected: int) -> None:
    assert longest_run(one, other) == expected


def test_only_pairs_of_different_known_speakers_with_long_runs_are_listed() -> None:
    excerpts = pd.DataFrame(
        [
            ("E1", "A", f"Well, {RUN} else."),
            ("E2", "B", f"There {RUN.upper()} and then we stop"),
            ("E3", "B", f"{RUN}"),
            ("E4", "", f"{RUN}"),
            ("E5", "C", "we always begin with a pot of coffee"),
        ],
        columns=["excerpt_id", "interviewee_id", "text"],
    )
    assert shared_runs(excerpts).to_numpy().tolist() == [["E1", "E2", 10], ["E1", "E3", 10]]
    assert len(shared_runs(excerpts, shortest=7)) == 2 + 3


def test_nobody_shares_anything() -> None:
    empty = pd.DataFrame(columns=["excerpt_id", "interviewee_id", "text"])
    assert list(shared_runs(empty).columns) == ["excerpt_id", "other_excerpt_id", "n_words"]
