"""On how many voices each theme rests, and what is left of it without any one of them.

Shares are shares of the words quoted: what the authors chose to print, not what was said. A theme is not wrong for
having few voices; the numbers tell how far it reaches.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from compendium.data.study import Study, each_row, once_per_study
from compendium.publishing import plot_style as style
from compendium.publishing.provenance import computed, count, mark, traced

FEW = 2
"""Themes with at most this many voices are named: what two people say can still be one conversation."""
HALF = 0.5
SHOWN_IN = "s-theme-voices"
"""The table in which a reader finds the numbers of the sentences that are no named results."""
BAR, STEP, TOP, LEFT, RIGHT = 38, 76, 44, 300, 178
SHOWN = 0.075
"""Smallest share of a bar, all of its width being 1, that has room for a name."""


@once_per_study
def contributions(study: Study) -> pd.DataFrame:
    """Count what each interviewee contributes to each theme.

    Returns
    -------
    pandas.DataFrame
        One row per theme and interviewee quoted in it, themes in the study's order, the largest contribution first:
        ``theme_id``, ``level``, ``interviewee_id``, ``excerpts``, ``words`` and ``share`` (of the words quoted in
        the theme from known speakers). Excerpts without a theme or a speaker are left out.
    """
    excerpts = study.table("interviews-excerpts")
    known = excerpts[(excerpts["theme_id"] != "") & (excerpts["interviewee_id"] != "")]
    themes = study.table("interviews-themes")
    rows = []
    for theme in each_row(themes):
        mine = known[known["theme_id"] == theme.theme_id]
        total = int(mine["n_words"].sum())
        for person, said in mine.groupby("interviewee_id"):
            words = int(said["n_words"].sum())
            row = {"theme_id": theme.theme_id, "level": theme.level_id, "interviewee_id": person}
            rows.append({**row, "excerpts": len(said), "words": words, "share": words / total if total else 0.0})
    columns = ["theme_id", "level", "interviewee_id", "excerpts", "words", "share"]
    order = {theme: number for number, theme in enumerate(themes["theme_id"])}
    table = pd.DataFrame(rows, columns=columns)
    table["order"] = table["theme_id"].map(order)
    table = table.sort_values(["order", "words", "interviewee_id"], ascending=[True, False, True])
    return table.drop(columns="order").reset_index(drop=True)


def effective_voices(shares: pd.Series) -> float:
    """Count the equally large voices that would be as concentrated: the inverse of the sum of squared shares.

    Hill (1973, *Ecology* 54(2):427-432), diversity number of order 2; 1 where one voice says all, the number of
    voices where all say the same amount, 0 without voices.
    """
    concentration = float((shares.astype(float) ** 2).sum())
    return 1 / concentration if concentration else 0.0


def voices_by_theme(study: Study) -> pd.DataFrame:
    """Say on whom each theme rests.

    Returns
    -------
    pandas.DataFrame
        One row per theme: ``theme_id``, ``level``, ``theme``, ``interviewees``, ``excerpts``, ``words``,
        ``largest_voice``, ``largest_share`` (of the words), ``effective_voices`` (see :func:`effective_voices`),
        ``fewest_left`` (interviewees left without any one of them) and ``few`` (*yes* at :data:`FEW` or below,
        *without any one* where leaving one out leads there, else *no*).
    """
    table, rows = contributions(study), []
    for theme in each_row(study.table("interviews-themes")):
        mine = table[table["theme_id"] == theme.theme_id]
        voices = len(mine)
        row: dict[str, Any] = {"theme_id": theme.theme_id, "level": theme.level_id, "theme": theme.theme}
        row |= {"interviewees": voices, "excerpts": int(mine["excerpts"].sum()), "words": int(mine["words"].sum())}
        row["largest_voice"] = mine["interviewee_id"].iloc[0] if voices else ""
        row["largest_share"] = float(mine["share"].iloc[0]) if voices else 0.0
        row |= {"effective_voices": effective_voices(mine["share"]), "fewest_left": max(0, voices - 1)}
        row["few"] = "yes" if voices <= FEW else "without any one" if voices - 1 <= FEW else "no"
        rows.append(row)
    return pd.DataFrame(rows)


def leave_one_out(study: Study) -> pd.DataFrame:
    """Take each interviewee out of each theme in turn.

    Returns
    -------
    pandas.DataFrame
        One row per theme and interviewee quoted in it: ``theme_id``, ``theme``, ``left_out``, ``excerpts_left``,
        ``words_left``, ``interviewees_left``, ``share_lost`` (of the theme's words) and ``few_left`` (*yes* where
        :data:`FEW` interviewees or fewer are left).
    """
    titles = study.table("interviews-themes").set_index("theme_id")["theme"]
    rows = []
    for theme, group in contributions(study).groupby("theme_id", sort=False):
        for person in each_row(group):
            left = len(group) - 1
            row = {"theme_id": theme, "theme": titles[theme], "left_out": person.interviewee_id}
            row |= {"excerpts_left": int(group["excerpts"].sum()) - person.excerpts}
            row |= {"words_left": int(group["words"].sum()) - person.words, "interviewees_left": left}
            rows.append({**row, "share_lost": person.share, "few_left": "yes" if left <= FEW else "no"})
    columns = ["theme_id", "theme", "left_out", "excerpts_left", "words_left", "interviewees_left", "share_lost"]
    return pd.DataFrame(rows, columns=[*columns, "few_left"])


@traced("interviews")
def results(study: Study) -> dict[str, Any]:
    """Return the named results: themes on few voices now or without any one of them, and the largest voice."""
    themes = voices_by_theme(study)
    few, falling = themes[themes["few"] == "yes"], themes[themes["few"] == "without any one"]
    half = themes[themes["largest_share"] >= HALF]
    found: dict[str, Any] = {
        "themes_resting_on_two_or_fewer": len(few),
        "themes_resting_on_two_or_fewer_ids": list(few["theme_id"]),
        "themes_falling_to_two_or_fewer": len(falling),
        "themes_falling_to_two_or_fewer_ids": list(falling["theme_id"]),
        "themes_half_from_one_voice": len(half),
        "fewest_voices_in_a_theme": int(themes["interviewees"].min()) if len(themes) else 0,
    }
    if len(themes):
        largest = themes.sort_values("largest_share", ascending=False, kind="stable").iloc[0]
        found |= {"largest_share_theme": largest["theme_id"], "largest_share_interviewee": largest["largest_voice"]}
        found["largest_share"] = float(largest["largest_share"])
    return found


@computed
def sentences(study: Study) -> list[str]:
    """Say which theme rests on few voices, which would without any one, and where one voice weighs most."""
    found, themes = results(study), voices_by_theme(study)
    if themes.empty:
        return ["There are no themes."]
    whole = mark(len(themes), "interviews.themes")
    text = f"{_named(found['themes_resting_on_two_or_fewer_ids'])} of {whole} themes rest on {FEW} interviewees "
    text += f"or fewer; {_named(found['themes_falling_to_two_or_fewer_ids'])} would if any one were left out."
    one = f"One voice weighs most in {found['largest_share_theme']}: {found['largest_share_interviewee']} supplies "
    one += f"{found['largest_share']:.0%} of the words quoted. "
    shares = themes["largest_share"]
    low, high = (mark(float(share), SHOWN_IN) for share in (shares.min(), shares.max()))
    one += f"Over the themes the largest share is {low:.0%} to {high:.0%}, "
    return [text, one + f"and in {found['themes_half_from_one_voice']} of them half the words or more."]


def _named(identifiers: list[str]) -> str:
    return f"{count(identifiers)} ({', '.join(identifiers)})" if identifiers else "None"


def robustness_chart(study: Study) -> go.Figure:
    """Draw each theme as a bar of its interviewees' shares of the words quoted, the largest first and named.

    Returns
    -------
    plotly.graph_objects.Figure
        One bar per theme; at the right, how many voices and words. Themes that rest on few voices, or would without
        any one of them, say so in colour.
    """
    themes, parts = voices_by_theme(study), contributions(study)
    height = STEP * len(themes) + TOP
    sheet = style.Sheet(style.WIDTH, height)
    levels = list(study.original.table("interviews-levels")["level_id"])
    head = "Share of the words quoted in each theme, by interviewee; the largest voice first"
    place = {"x": LEFT, "y": height - TOP / 2 - 6, "xanchor": "left", "showarrow": False}
    sheet.add_annotation(text=head, font={"size": style.SMALL, "color": style.MUTED}, **place)
    for number, theme in enumerate(each_row(themes)):
        y = height - TOP - STEP * (number + 0.5)
        color = style.color_of(theme.level, levels)
        _draw_bar(sheet, parts[parts["theme_id"] == theme.theme_id], y, color)
        _draw_labels(sheet, theme, y)
    return sheet.figure()


def _draw_bar(sheet: style.Sheet, parts: pd.DataFrame, y: float, color: str) -> None:
    start, whole = float(LEFT), style.WIDTH - LEFT - RIGHT
    for number, part in enumerate(each_row(parts)):
        width = part.share * whole
        fill = color if number == 0 else style.TINTS.get(color, style.PAPER)
        percent = f"{part.share:.0%}"
        name = style.text(part.interviewee_id)
        label = f"<b>{name} {percent}</b>" if number == 0 else name if part.share >= SHOWN else ""
        light = number == 0 and color in {style.BLUE, style.VERMILION}
        hover = f"{name}: {part.words} words ({percent}) in {part.excerpts} excerpts"
        font = {"size": style.SMALL, "color": style.PAPER if light else style.INK}
        look: dict[str, Any] = {
            "fill": fill,
            "line": style.PAPER if number == 0 else color,
            "width": 1,
            "font": font,
            "hover": hover,
        }
        style.box(sheet, (start + width / 2, y), (width, BAR), label, **look)
        start += width


def _draw_labels(sheet: style.Sheet, theme: Any, y: float) -> None:
    title = f"<b>{style.text(theme.theme_id)}</b>  {style.wrap(theme.theme, 32)}"
    font = {"size": style.SMALL}
    place = {"showarrow": False, "xanchor": "left", "align": "left", "font": font}
    sheet.add_annotation(x=12, y=y, text=title, **place)
    warning = {"yes": f"{FEW} or fewer", "without any one": f"{theme.fewest_left} without any one"}.get(theme.few, "")
    text = f"<b>{theme.interviewees} voices</b>, {theme.words:,} words"
    text += f"<br><b style='color:{style.VERMILION}'>{warning}</b>" if warning else ""
    sheet.add_annotation(x=style.WIDTH - RIGHT + 12, y=y, text=text, **place)


def describe_robustness(study: Study) -> str:
    """Say in words what the chart shows."""
    parts = contributions(study)
    told = []
    for theme in each_row(voices_by_theme(study)):
        mine = parts[parts["theme_id"] == theme.theme_id]
        shares = ", ".join(f"{row.interviewee_id} {row.share:.0%}" for row in each_row(mine))
        told.append(f"{theme.theme_id}, {theme.interviewees} interviewees, {theme.words:,} words: {shares or 'nobody'}")
    return "Bars of each interviewee's share of the words quoted in each theme, largest first. " + "; ".join(told) + "."
