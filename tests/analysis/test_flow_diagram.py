"""Figure 1: boxes, arrows, counts and reasons."""

import pytest

from compendium.analysis.flow_diagram import describe_flow, flow_diagram
from compendium.data.study import Study


@pytest.fixture(scope="module")
def figure(study):
    return flow_diagram(study)


def _labels(figure):
    return [note.text for note in figure.layout.annotations if note.text and not note.showarrow]


def _arrows(figure):
    return [note for note in figure.layout.annotations if note.showarrow]


def test_one_box_per_stage_one_arrow_between_two_and_one_bar_per_phase(figure, study):
    assert len([s for s in figure.layout.shapes if s.type == "rect"]) == 10 + 4
    assert len(_arrows(figure)) == 9
    assert len(figure.data) == 10  # each box can be pointed at
    bars = {note.text for note in figure.layout.annotations if note.textangle == -90}
    assert bars == {"Identification", "Screening", "Eligibility", "Included"}


@pytest.mark.parametrize(
    ("label", "count"),
    [
        ("Citations found in five databases", "<b>n = 263</b>"),
        ("Excluded on title and abstract", "<b>n = 243</b>"),
        ("Citations retrieved in full", "<b>n = 20</b>"),
        ("Excluded on full text", "<b>n = 9</b>"),
        ("Reviews included", "<b>n = 11</b>"),
        ("Reviews synthesised", "<b>n = 7</b>"),
        ("Duplicates removed", "n = not reported"),
        ("Titles and abstracts screened", "n = not reported"),
        ("Full text not available", "n = not reported"),
    ],
)
def test_each_box_has_its_count_or_says_that_there_is_none(figure, label, count):
    (box,) = [text for text in _labels(figure) if text.startswith(label)]
    assert box.split("<br>")[1] == count


def test_a_derived_count_is_marked_as_such(figure):
    (box,) = [text for text in _labels(figure) if text.startswith("Not synthesised")]
    assert box.endswith("<b>n = 4</b> (derived)")


def test_boxes_without_a_count_and_only_those_are_not_drawn_solid(figure):
    broken = [s for s in figure.layout.shapes if s.type == "rect" and s.line.dash not in (None, "solid")]
    assert len(broken) == 3


def test_the_reasons_stand_in_one_box_and_add_up_to_nine(figure):
    (box,) = [text for text in _labels(figure) if "Not a review of the literature" in text]
    assert box.startswith("Excluded on full text")
    numbers = [int(part) for part in "".join(box).replace(")", "(").split("(") if part.isdigit()]
    assert (len(numbers), sum(numbers)) == (7, 9)


def test_pointing_at_the_exclusions_names_the_citations(figure):
    (hover,) = [trace.hovertext[0] for trace in figure.data if "Freeman et al. 2016" in trace.hovertext[0]]
    assert "Lwembe et al. 2017" in hover.replace("<br>", " ")
    assert "Kislov et al. 2018" in hover.replace("<br>", " ")


def test_no_two_boxes_overlap_and_all_are_on_the_page(figure):
    boxes = [s for s in figure.layout.shapes if s.type == "rect"]
    for number, one in enumerate(boxes):
        assert min(one.x0, one.y0) >= 0
        assert max(one.y0, one.y1) <= figure.layout.height
        for other in boxes[number + 1 :]:
            apart = one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 <= other.y0 or other.y1 <= one.y0
            assert apart, (one, other)


def test_main_boxes_go_down_the_page_and_arrows_between_them_too(figure):
    down = [a for a in _arrows(figure) if a.x == a.ax]
    assert len(down) == 4
    assert all(a.y < a.ay for a in down)
    assert [a.y for a in down] == sorted((a.y for a in down), reverse=True)


def test_the_diagram_is_the_same_each_time(figure):
    assert figure.to_json() == flow_diagram(Study()).to_json()


def test_the_alt_text_names_every_count(study):
    told = describe_flow(study)
    for count in (263, 243, 20, 9, 11, 4, 7):
        assert f": {count}." in told
    assert told.count("not reported") == 3
    assert "Not a review of the literature (2)" in told


def test_reports_not_retrieved_do_not_get_the_reasons_of_those_excluded(copy_of_study):
    path = copy_of_study / "screening" / "flow.csv"
    text = path.read_text(encoding="utf-8")
    old = "Full text not available,full_text,,not reported"
    assert old in text
    path.write_text(text.replace(old, "Full text not available,full_text,2,printed"), encoding="utf-8")
    labels = _labels(flow_diagram(Study(copy_of_study)))
    assert "Full text not available<br><b>n = 2</b>" in labels
    assert sum("Not a review of the literature" in label for label in labels) == 1


def test_text_from_data_is_no_markup(copy_of_study):
    path = copy_of_study / "screening" / "flow.csv"
    text = path.read_text(encoding="utf-8").replace("Reviews included", "<a href='x'>Reviews</a>")
    path.write_text(text, encoding="utf-8")
    assert "<a href" not in flow_diagram(Study(copy_of_study)).to_json().replace("\\u003c", "<")


def test_many_ways_out_of_one_box_are_reached_by_a_turning_arrow(build_study):
    ways = [
        {"stage_id": f"out{n}", "order": n + 2, "role": "excluded", "label": f"way {n}", "from_stage": "found"}
        for n in range(5)
    ]
    rows = [
        {"stage_id": "found", "order": 1, "role": "main", "label": "found", "from_stage": ""},
        *ways,
        {"stage_id": "kept", "order": 9, "role": "main", "label": "kept", "from_stage": "found"},
    ]
    common = {"phase": "screening", "count": 1234, "reported": "printed", "taken_from": "a ledger"}
    report = {"citation_key": "a", "citation": "A 2001", "decision": "included", "reason_id": "", "order": 1}
    study = build_study(
        {
            "screening-flow": [{**row, **common} for row in rows],
            "screening-full-text": [report],
            "screening-reasons": [{"reason_id": "R1", "reason": "none"}],
        }
    )
    figure = flow_diagram(study)
    turning = [shape for shape in figure.layout.shapes if shape.type == "path"]
    assert turning
    assert len(_arrows(figure)) == 6
    assert "<b>n = 1,234</b>" in _labels(figure)[-1]
