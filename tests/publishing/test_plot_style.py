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


def test_a_canvas_counts_in_pixels_upwards():
    figure = style.canvas(300, 200)
    assert (figure.layout.width, figure.layout.height) == (300, 200)
    assert (list(figure.layout.xaxis.range), list(figure.layout.yaxis.range)) == ([0, 300], [0, 200])


def test_a_box_stands_around_its_centre_and_shows_its_hover_only_when_it_has_one():
    figure = style.canvas()
    style.box(figure, (100, 50), (40, 20), "Pear")
    shape = figure.layout.shapes[0]
    assert (shape.x0, shape.x1, shape.y0, shape.y1) == (80, 120, 40, 60)
    assert len(figure.data) == 0
    style.box(figure, (100, 50), (40, 20), "Pear", hover="ripe", dash="dash")
    assert figure.data[0].hovertext == ("ripe",)
    assert figure.layout.shapes[1].line.dash == "dash"


def test_an_arrow_points_at_its_end():
    figure = style.canvas()
    style.arrow(figure, (1, 2), (3, 4))
    head = figure.layout.annotations[0]
    assert (head.ax, head.ay, head.x, head.y, head.showarrow) == (1, 2, 3, 4, True)


def test_the_template_is_the_same_each_time_and_hides_no_text_size_below_print():
    assert style.template().to_plotly_json() == style.template().to_plotly_json()
    assert style.SMALL >= 14
