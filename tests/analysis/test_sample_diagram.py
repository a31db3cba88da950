"""Figure 3: the sample, in which nobody can be recognised."""

import pytest

from compendium.analysis.sample_diagram import bodies, describe_sample, sample_diagram
from compendium.data.study import Study


@pytest.fixture(scope="module")
def figure(study):
    return sample_diagram(study)


def test_every_interview_is_one_mark(figure):
    marks = [list(trace.text) for trace in figure.data]
    assert sorted(len(group) for group in marks) == [6, 15]
    assert sorted(mark for group in marks for mark in group) == [f"L{n:02}" for n in range(1, 16)] + [
        f"N{n:02}" for n in range(1, 7)
    ]


def test_both_levels_say_how_many_and_who(figure):
    texts = [note.text for note in figure.layout.annotations]
    assert "<b>15</b> interviews" in texts
    assert "<b>6</b> interviews" in texts
    assert sum("invited, unable" in text for text in texts) == 2
    assert {"Fife", "Dundee", "COSLA", "Scottish Government"} <= set(texts)


def test_national_agencies_stand_above_and_can_span_to_the_local_level(figure):
    (national, local) = sorted(figure.data, key=lambda trace: -max(trace.y))
    assert (len(national.x), len(local.x)) == (6, 15)
    assert min(national.y) > max(local.y)
    assert any(note.text == "National agencies can also work at the local level" for note in figure.layout.annotations)
    assert len([note for note in figure.layout.annotations if note.showarrow]) == 1


def test_nothing_links_an_interviewee_to_an_area_or_agency(figure, study):
    people = list(study["interviews-interviewees"]["interviewee_id"])
    places = [*study["interviews-areas"]["area"], *study["interviews-agencies"]["agency"]]
    texts = [note.text for note in figure.layout.annotations] + [n.hovertext or "" for n in figure.layout.annotations]
    for trace in figure.data:
        assert not trace.customdata
        assert not trace.name
        texts += [*trace.text, *trace.hovertext]
    for text in texts:
        assert not (any(p in text for p in people) and any(p in text for p in places)), text
    # Marks and names share no position either: all marks stand left of all names.
    rightmost = max(x for trace in figure.data for x in trace.x)
    assert all(note.x > rightmost for note in figure.layout.annotations if any(p in note.text for p in places))


def test_marks_follow_the_order_of_the_identifiers_not_of_the_places(figure):
    for trace in figure.data:
        assert list(trace.text) == sorted(trace.text)
        assert [h.removeprefix("Interview ") for h in trace.hovertext] == list(trace.text)


def test_all_marks_are_inside_their_panel(figure):
    panels = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert len(panels) == 2
    for trace in figure.data:
        inside = [p for p in panels if p.y0 < min(trace.y) and max(trace.y) < p.y1 and p.x0 < min(trace.x)]
        assert len(inside) == 1


def test_bodies_are_agencies_at_the_macro_level_and_areas_below(study):
    assert len(bodies(study, "macro")) == 6
    areas = bodies(study, "meso")
    assert (len(areas), int(areas["took_part"].sum())) == (10, 8)


def test_the_sample_is_the_same_each_time(figure):
    assert figure.to_json() == sample_diagram(Study()).to_json()


def test_the_alt_text_names_every_count(study):
    told = describe_sample(study)
    assert "15 interviews, drawn from 8 bodies; 2 more were invited but unable" in told
    assert "6 interviews, drawn from 6 bodies; can also work at the local level" in told
