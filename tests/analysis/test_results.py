"""Named results: computed per stage, joined under dotted names."""

import pytest

from compendium.analysis.results import compute, join
from compendium.errors import InputError
from compendium.files import read_json, write_json, write_text
from compendium.publishing.publish import results_path
from compendium.stages import STAGES


@pytest.mark.parametrize(
    ("stage", "name", "value"),
    [
        ("search", "databases", 5),
        ("screening", "identified", 263),
        ("appraisal", "synthesised", 7),
        ("policy", "documents", 9),
        ("interviews", "interviews", 21),
        ("conclusions", "questions", 4),
    ],
)
def test_every_stage_computes_its_results(study, stage, name, value):
    assert compute(stage, study)[name] == value


def test_every_stage_of_the_compendium_can_be_computed(study):
    assert all(compute(stage.name, study) for stage in STAGES)


def test_an_unknown_stage_lists_the_stages(study):
    with pytest.raises(InputError, match=r"did you mean 'screening'\?.*search, screening, appraisal"):
        compute("screning", study)


def test_results_are_joined_under_dotted_names_in_the_order_of_the_stages(tmp_path):
    write_json(results_path(tmp_path, "screening"), {"identified": 12, "by": {"a": 1, "b": None}})
    write_json(results_path(tmp_path, "search"), {"databases": ["x"]})
    expected = {"search.databases": ["x"], "screening.identified": 12, "screening.by.a": 1, "screening.by.b": None}
    joined = join(tmp_path)
    assert joined == expected
    assert list(joined) == list(expected)
    assert read_json(tmp_path / "report" / "results.json") == expected


def test_a_stage_cut_short_counts_as_not_run(tmp_path):
    write_text(results_path(tmp_path, "search"), '{"databases": ')
    assert join(tmp_path) == {}
