"""Figure 2: the ladder of participation."""

import pytest

from compendium.analysis.ladder_diagram import describe_ladder, ladder_diagram
from compendium.data.study import Study

RUNGS = ["Coercion", "Educating", "Informing", "Consultation", "Engagement", "Co-design", "Co-production"]


@pytest.fixture(scope="module")
def figure(study):
    return ladder_diagram(study)


def _rungs(figure):
    """Rungs by name, with their height and whether they are said to be inferred."""
    found = {}
    for note in figure.layout.annotations:
        name = note.text.split("</b>")[0].removeprefix("<b>")
        if name in RUNGS:
            found[name] = (note.y, "inferred" in note.text)
    return found


def test_the_rungs_read_from_coercion_up_to_co_production(figure):
    rungs = _rungs(figure)
    assert sorted(rungs, key=lambda name: rungs[name][0]) == RUNGS


def test_what_the_text_does_not_name_is_dashed_and_says_so(figure):
    inferred = {name for name, (_, said) in _rungs(figure).items() if said}
    assert inferred == set(RUNGS[:5])
    dashes = {(s.y0 + s.y1) / 2: s.line.dash for s in figure.layout.shapes if s.type == "rect" and s.line.width}
    assert {name: dashes[y] for name, (y, _) in _rungs(figure).items()} == {
        name: "dash" if name in inferred else "solid" for name in RUNGS
    }


def test_the_three_stages_stand_in_order_beside_their_rungs(figure):
    rungs = _rungs(figure)
    stages = {note.text: note.y for note in figure.layout.annotations if "oing" in note.text}
    assert list(stages) == ["<b>Doing to</b>", "<b>Doing for</b>", "<b>Doing with</b>"]
    assert rungs["Coercion"][0] < stages["<b>Doing to</b>"] < rungs["Educating"][0]
    assert stages["<b>Doing for</b>"] == pytest.approx(rungs["Consultation"][0])
    assert rungs["Co-design"][0] < stages["<b>Doing with</b>"] < rungs["Co-production"][0]


def test_each_rung_explains_itself_on_hover(figure):
    hovers = [trace.hovertext[0] for trace in figure.data if trace.hovertext]
    assert [hover.split("</b>")[0].removeprefix("<b>") for hover in hovers] == RUNGS


def test_the_ladder_is_the_same_each_time(figure):
    assert figure.to_json() == ladder_diagram(Study()).to_json()


def test_the_alt_text_names_every_rung_under_its_stage(study):
    told = describe_ladder(study)
    assert "doing to: Coercion (inferred), Educating (inferred)." in told
    assert "doing with: Co-design, Co-production." in told
    assert told.count("(inferred)") == 5
