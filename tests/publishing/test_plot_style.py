"""How figures look: text that is never markup, boxes and arrows, colours."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compendium.publishing import plot_style as style


@given(st.text())
def test_text_has_no_tag_and_unescapes_to_itself(value):
    shown = style.text(value)
    assert not set("<>") & set(shown)
    assert html.unescape(shown) == value


WORDS = st.lists(st.text(alphabet="abc<&>", min_size=1, max_size=30), max_size=8).map(" ".join)


@given(WORDS, st.integers(5, 40))
def test_wrapped_lines_are_short_and_lose_no_character(value, width):
    lines = style.wrap(value, width).split("<br>")
    assert all(len(html.unescape(line)) <= width for line in lines)
    assert all("<" not in line for line in lines)
    assert html.unescape("".join(lines)).replace(" ", "") == value.replace(" ", "")


def test_an_empty_text_wraps_to_one_empty_line():
    assert style.wrap("", 10) == ""


def test_a_member_of_a_list_keeps_its_colour_and_colours_repeat_when_they_run_out():
    values = [str(number) for number in range(9)]
    assert style.color_of("0", values) == style.BLUE
    assert style.color_of("0", values) == style.color_of(str(len(style.PALETTE)), values)
    assert len(set(style.PALETTE)) == len(style.PALETTE)


def _luminance(color):
    # WCAG 2.1, relative luminance.
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("ground", [style.PAPER, *style.TINTS.values()])
@pytest.mark.parametrize("ink", [style.INK, style.MUTED])
def test_text_can_be_read_on_every_ground(ink, ground):
    """Contrast of at least 4.5 : 1 (WCAG 2.1, success criterion 1.4.3)."""
    light, dark = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_sheet_counts_in_pixels_upwards():
    layout = style.Sheet(300, 200).figure().layout
    assert (layout.width, layout.height) == (300, 200)
    assert (list(layout.xaxis.range), list(layout.yaxis.range)) == ([0, 300], [0, 200])


def test_a_box_stands_around_its_centre_and_shows_its_hover_only_when_it_has_one():
    sheet = style.Sheet()
    style.box(sheet, (100, 50), (40, 20), "Pear")
    style.box(sheet, (100, 50), (40, 20), "Pear", hover="ripe", dash="dash")
    figure = sheet.figure()
    first, second = figure.layout.shapes
    assert (first.x0, first.x1, first.y0, first.y1) == (80, 120, 40, 60)
    assert second.line.dash == "dash"
    assert [trace.hovertext for trace in figure.data] == [("ripe",)]


def test_an_arrow_points_at_its_end():
    sheet = style.Sheet()
    style.arrow(sheet, (1, 2), (3, 4))
    head = sheet.figure().layout.annotations[0]
    assert (head.ax, head.ay, head.x, head.y, head.showarrow) == (1, 2, 3, 4, True)


def test_a_sheet_draws_what_plotly_would_draw_one_by_one():
    sheet, singly = style.Sheet(300, 200), style.Sheet(300, 200).figure()
    for target in (sheet, singly):
        target.add_shape(type="rect", x0=1, x1=2, y0=3, y1=4)
        target.add_scatter(x=[1], y=[2], mode="markers")
        target.add_annotation(x=5, y=6, text="Plum", showarrow=False)
    assert sheet.figure().to_json() == singly.to_json()


def test_the_template_is_the_same_each_time_and_hides_no_text_size_below_print():
    assert style.template().to_plotly_json() == style.template().to_plotly_json()
    assert style.SMALL >= 14
