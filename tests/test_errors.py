"""Errors: one sentence that says where, what and what would be right."""

import pytest

from compendium.errors import (
    EXIT_BAD_INPUT,
    EXIT_FAILED,
    BusyError,
    CompendiumError,
    InputError,
    NotebookError,
    Problem,
    shorten,
    unknown,
)


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (
            Problem("pears.csv", 7, "weight", "heavy", "wrong type", "a number"),
            "pears.csv, row 7, field 'weight', value 'heavy': wrong type; allowed: a number",
        ),
        (Problem("pears.csv", reason="the file is missing"), "pears.csv: the file is missing"),
        (Problem(field="pear", value="", reason="is empty"), "'pear', value '': is empty"),
        (Problem(reason="nothing to do"), "nothing to do"),
    ],
)
def test_a_problem_names_file_row_field_value_and_what_is_allowed(problem, told):
    assert str(problem) == told


def test_a_value_in_a_message_stays_on_one_line_and_short():
    assert shorten("a\nb\x00") == r"'a\nb\x00'"
    assert shorten("x" * 60) == "'" + "x" * 60 + "'"
    assert shorten("x" * 61) == "'" + "x" * 59 + "…'"


def test_an_input_error_tells_every_problem_on_its_own_line():
    error = InputError([Problem("a.csv", reason="bad"), Problem("b.csv", reason="worse")])
    assert str(error).splitlines() == ["a.csv: bad", "b.csv: worse"]
    assert error.exit_status == EXIT_BAD_INPUT == 2


def test_one_problem_or_a_generator_of_them_is_accepted():
    assert len(InputError(Problem(reason="bad")).problems) == 1
    assert len(InputError(Problem(reason=str(n)) for n in range(3)).problems) == 3


def test_a_notebook_error_says_which_cell_and_where_the_copy_is():
    error = NotebookError("pruning", 4, "KeyError: 'pear'", "kept/02.ipynb")
    assert str(error) == (
        "cell 4 of stage pruning failed: KeyError: 'pear'\nThe executed notebook is kept at kept/02.ipynb"
    )
    assert str(NotebookError("pruning", None, "died", "k")).startswith("stage pruning failed: died")
    assert error.exit_status == EXIT_FAILED == 1


def test_a_busy_folder_is_a_failure_not_bad_input():
    assert issubclass(BusyError, CompendiumError)
    assert BusyError("held").exit_status == 1


def test_an_unknown_name_gets_the_nearest_and_the_whole_list():
    told = str(unknown("fruit", "paer", ["apple", "pear"]))
    assert told == "'fruit', value 'paer': no such fruit (did you mean 'pear'?); allowed: apple, pear"


def test_a_name_like_none_of_those_known_gets_no_hint():
    assert "did you mean" not in str(unknown("fruit", "zzz", iter(["apple", "pear"])))
