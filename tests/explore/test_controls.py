"""Controls: what is chosen becomes the text of a parameter, and comes back."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.data.study import Study
from compendium.errors import InputError
from compendium.explore import appraisal, conclusions, interviews, policy, screening, search
from compendium.explore.controls import Choice, Control, Counts, Several, Years
from compendium.explore.panel import Panel
from compendium.parameters import all_declared, options, parse
from compendium.paths import BUNDLED_STUDY
from compendium.stages import STAGES

MODULES = {"search": search, "screening": screening, "appraisal": appraisal, "policy": policy}
MODULES |= {"interviews": interviews, "conclusions": conclusions}
STUDY = Study(BUNDLED_STUDY)
PANELS: dict[str, Panel] = {name: module.panel(STUDY) for name, module in MODULES.items()}


def values(control: Control) -> st.SearchStrategy[Any]:
    """Everything that a person can choose in a control."""
    if isinstance(control, Choice):
        return st.sampled_from(list(control.options))
    if isinstance(control, Several):
        return st.sets(st.sampled_from(control.names), min_size=1)
    if isinstance(control, Counts):
        counts = st.one_of(st.none(), st.integers(0, 10**6))
        return st.fixed_dictionaries(dict.fromkeys(control.labels, counts))
    assert isinstance(control, Years)
    years = st.integers(control.first, control.last)
    return st.tuples(years, years).map(lambda pair: (min(pair), max(pair)))


def states(panel: Panel) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({c.name: values(c).map(c.text) for c in panel.controls})


each_panel = pytest.mark.parametrize("name", list(PANELS))


def test_every_stage_has_controls() -> None:
    assert list(PANELS) == [stage.name for stage in STAGES]
    assert all(panel.controls for panel in PANELS.values())


@each_panel
def test_published_values_are_those_of_the_notebook(name: str) -> None:
    declared = all_declared()
    assert PANELS[name].defaults == {key: declared[key].default for key in PANELS[name].defaults}
    assert PANELS[name].values(PANELS[name].defaults) == {}


@each_panel
@given(data=st.data())
def test_what_is_chosen_comes_back(name: str, data: st.DataObject) -> None:
    for control in PANELS[name].controls:
        chosen = data.draw(values(control))
        read = control.value(control.text(chosen))
        assert set(read) == set(chosen) if isinstance(control, Several) else read == chosen


@each_panel
@given(data=st.data())
def test_a_state_comes_back_from_the_options_that_are_copied(name: str, data: st.DataObject) -> None:
    """State to options, options through a shell to parameters, parameters to state."""
    panel = PANELS[name]
    state = data.draw(states(panel))
    words = shlex.split(options(panel.values(state)))
    assert panel.state(parse(words[1::2])) == state


def test_the_first_is_meant_where_nothing_is_said() -> None:
    control = Choice("finding", "Finding", "", options={"F1": "one", "F2": "two"})
    assert (control.value(""), control.text("F1"), control.text("F2")) == ("F1", "", "F2")


@pytest.mark.parametrize(
    ("control", "text"),
    [
        (Choice("rule", "", "mean", options={"mean": "", "worst": ""}), "wort"),
        (Several("term", "", groups={"": {"worst": ""}}), "wort"),
        (Counts("flow", "", labels={"worst": ""}, published={"worst": 1}), "wort=3"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(control: Control, text: str) -> None:
    with pytest.raises(InputError, match=r"did you mean 'worst'\?"):
        control.value(text)


def test_years_outside_the_study_stop_at_its_ends() -> None:
    assert Years("years", "", first=2000, last=2010).value("1990-2005") == (2000, 2005)
