"""What a report reports of what reporting checklists ask for.

The judgements are data: one row per item, or sub-item where a checklist has them, with the place in the report. Here
they are listed and counted. Shares are of the items that apply; an item that does not apply counts for nothing. They
tell how completely a study is reported, not how well it was done.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from compendium.data.study import Study, each_row
from compendium.errors import unknown
from compendium.publishing import plot_style as style
from compendium.publishing.provenance import computed, derived, mark, traced

CHECKLISTS, ITEMS = "conclusions-checklists", "conclusions-checklist-items"
FULLY, PARTLY, NOT, DOES_NOT_APPLY = "yes", "partly", "no", "not applicable"
ANSWERS = {FULLY: "in full", PARTLY: "in part", NOT: "not"}
"""Answers for an item that applies, to the words of the chart."""
COLUMNS = ["item", "topic", "requirement", "reported", "section", "note"]
SUMMARY = ["checklist", "scope", "published_items", "rows", "applicable", "in_full", "in_part", "not_reported"]
SUMMARY += ["not_applicable", "share_in_full", "share_in_part", "share_not_reported"]
SHOWN_IN = "s-reporting-summary"
"""The table in which a reader finds the numbers of the sentences."""
NONE_APPLIED = "The report was held against no reporting checklist."

LEFT, RIGHT, TOP, STEP, BAR = 278, 106, 66, 92, 42
"""Pixels for names, for the number of items that apply, for the key, and for each bar with the room around it."""
COLORS = dict(zip(ANSWERS, (style.BLUE, style.ORANGE, style.RULE), strict=True))
WITH_WORDS, WITH_SHARE, WITH_NUMBER = 128, 46, 18
"""Least width in pixels of a segment that holds number, words and share; number and share; its number."""


def checklists(study: Study) -> dict[str, str]:
    """Names of the checklists by identifier, in the study's order; empty where it has none."""
    if CHECKLISTS not in study or ITEMS not in study:
        return {}
    table = study.table(CHECKLISTS)
    return dict(zip(table["checklist_id"], table["name"], strict=True))


def _items(study: Study, checklist_id: str) -> pd.DataFrame:
    table = study.table(ITEMS)
    return table[table["checklist_id"] == checklist_id].sort_values("order", kind="stable")


def checklist_table(study: Study, checklist_id: str) -> pd.DataFrame:
    """List a checklist, item by item.

    Parameters
    ----------
    study
        Reads ``conclusions-checklists``, ``conclusions-checklist-items`` and ``sections``.
    checklist_id
        One of :func:`checklists`.

    Returns
    -------
    pandas.DataFrame
        Columns ``item`` (number as published), ``topic``, ``requirement``, ``reported`` (*yes*, *partly*, *no* or *not
        applicable*), ``section`` (its title; empty where nothing is reported) and ``note``. Empty where the study has
        no checklists.

    Raises
    ------
    InputError
        The study has checklists, and this is none of them.
    """
    known = checklists(study)
    if not known:
        return pd.DataFrame(columns=COLUMNS, dtype=object)
    if checklist_id not in known:
        raise unknown("checklist", checklist_id, known)
    table = _items(study, checklist_id)
    sections = study.table("sections")
    titles = dict(zip(sections["section_id"], sections["title"], strict=True))
    table["section"] = [titles.get(section, section) for section in table["section"]]
    return table[COLUMNS].reset_index(drop=True)


def describe_checklist(study: Study, checklist_id: str) -> str:
    """Say what the table of a checklist shows: what it was applied to, and that it holds our judgement."""
    mine = next(row for row in each_row(study.table(CHECKLISTS)) if row.checklist_id == checklist_id)
    rows, published = len(_items(study, checklist_id)), int(mine.n_items)
    text = f"{mine.name}, applied to: {_lower(mine.scope)}. One row per item ({_number(published, 'item', 'items')}"
    text += f", {rows} rows with sub-items" if rows > published else ""
    return f"{text}): what it asks for, our judgement whether and where it is reported, what is missing."


def summary_table(study: Study) -> pd.DataFrame:
    """Count the answers by checklist.

    Returns
    -------
    pandas.DataFrame
        One row per checklist: ``checklist``, ``scope``, ``published_items`` (of the published checklist), ``rows``
        (sub-items counted singly), ``applicable``, ``in_full``, ``in_part``, ``not_reported``, ``not_applicable``
        (numbers of rows), ``share_in_full``, ``share_in_part`` and ``share_not_reported`` (of those applicable, 0 to
        1; missing where none applies).
    """
    rows = [_summary(study, row) for row in each_row(study.table(CHECKLISTS))] if checklists(study) else []
    return pd.DataFrame(rows, columns=SUMMARY)


def _summary(study: Study, checklist: Any) -> dict[str, Any]:
    answers = _items(study, checklist.checklist_id)["reported"]
    found = {answer: int((answers == answer).sum()) for answer in (*ANSWERS, DOES_NOT_APPLY)}
    applicable = sum(found[answer] for answer in ANSWERS)
    row: dict[str, Any] = {"checklist": checklist.name, "scope": checklist.scope}
    row |= {"published_items": int(checklist.n_items), "rows": len(answers), "applicable": applicable}
    row |= {"in_full": found[FULLY], "in_part": found[PARTLY], "not_reported": found[NOT]}
    row["not_applicable"] = found[DOES_NOT_APPLY]
    for name in ("in_full", "in_part", "not_reported"):
        row[f"share_{name}"] = row[name] / applicable if applicable else float("nan")
    return row


def answers(study: Study) -> dict[str, dict[str, Any]]:
    """Count the answers by checklist, for the verdict.

    Returns
    -------
    dict
        By checklist id: ``name``, ``yes``, ``partly``, ``no`` and ``not_applicable`` (numbers of items, sub-items
        counted singly).
    """
    columns = {"in_full": FULLY, "in_part": PARTLY, "not_reported": NOT, "not_applicable": "not_applicable"}
    table = zip(checklists(study).items(), each_row(summary_table(study)), strict=True)
    return {
        key: {"name": name, **{answer: int(getattr(row, column)) for column, answer in columns.items()}}
        for (key, name), row in table
    }


@traced("conclusions")
def counts(study: Study) -> dict[str, Any]:
    """Return the named results, for the verdict and the results of the stage.

    Returns
    -------
    dict
        ``checklists``; over all of them ``checklist_items`` (sub-items counted singly), ``checklist_items_applicable``,
        ``…_in_full``, ``…_in_part``, ``…_not_reported`` and ``…_not_applicable``; and by checklist id
        ``reporting_applicable``, ``reporting_in_full``, ``reporting_in_part`` and ``reporting_not_reported``.
    """
    table, ids = summary_table(study), list(checklists(study))
    found: dict[str, Any] = {"checklists": len(table), "checklist_items": int(table["rows"].sum())}
    for name in ("applicable", "in_full", "in_part", "not_reported", "not_applicable"):
        found[f"checklist_items_{name}"] = int(table[name].sum())
    for name in ("applicable", "in_full", "in_part", "not_reported"):
        found[f"reporting_{name}"] = {key: int(n) for key, n in zip(ids, table[name], strict=True)}
    return found


@computed
def sentences(study: Study) -> list[str]:
    """Say over all checklists and for each how much is reported, and name what is not.

    Returns
    -------
    list of str
        Empty where the study has no checklists.
    """
    table, found = summary_table(study), counts(study)
    if table.empty:
        return []
    held = mark(len(table), "conclusions.checklists")
    head = f"Held against {_number(held, 'reporting checklist', 'reporting checklists')}, each sub-item counted "
    head += f"as an item: {_shares(found, 'checklist_items_')}."
    parts = zip(checklists(study), each_row(table), strict=True)
    return [head, *(f"{row.checklist}: {_shares(_marked(row))}.{_silent(study, key)}" for key, row in parts)]


def _marked(row: Any) -> dict[str, Any]:
    return {name: mark(value, SHOWN_IN) for name, value in row._asdict().items()}


def _shares(found: dict[str, Any], prefix: str = "") -> str:
    """Write the answers as counts and shares of the items that apply."""
    total, left = found[f"{prefix}applicable"], found[f"{prefix}not_applicable"]
    if not total:
        return "no item applies"
    names = {"in_full": "in full", "in_part": "in part", "not_reported": "not at all"}
    told = [(found[f"{prefix}{name}"], words) for name, words in names.items()]
    first, *others = [f"{n} {{}}{words} ({derived(n / total, n, total):.0%})" for n, words in told]
    text = f"of {_number(total, 'item that applies', 'items that apply')}, "
    text += first.format("is reported " if told[0][0] == 1 else "are reported ")
    text += f", {others[0].format('')} and {others[1].format('')}"
    return f"{text}; {left} more {'does' if left == 1 else 'do'} not apply" if left else text


def _silent(study: Study, checklist_id: str) -> str:
    """Name the topics of a checklist on which nothing is reported, with the numbers of the items."""
    table = _items(study, checklist_id)
    topics: dict[str, list[str]] = {}
    for row in each_row(table[table["reported"] == NOT]):
        topics.setdefault(row.topic, []).append(row.item)
    named = [f"{_lower(topic)} ({', '.join(items)})" for topic, items in topics.items()]
    return f" Not reported: {'; '.join(named)}." if named else ""


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _lower(text: str) -> str:
    """Write a text inside a sentence; abbreviations keep their capitals."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def reporting_chart(study: Study) -> go.Figure:
    """Draw each checklist as one bar: the items that apply by how they are reported.

    Returns
    -------
    plotly.graph_objects.Figure
        Bars are equally long, segments are shares of the items that apply and hold their numbers; at the right, how
        many items apply.
    """
    table = summary_table(study)
    height = TOP + STEP * max(1, len(table))
    sheet = style.Sheet(style.WIDTH, height)
    if table.empty:
        sheet.add_annotation(x=style.WIDTH / 2, y=height / 2, text=NONE_APPLIED, showarrow=False)
        return sheet.figure()
    _draw_key(sheet, height)
    for number, row in enumerate(each_row(table)):
        y = height - TOP - STEP * (number + 0.5)
        _draw_bar(sheet, row, y)
        _draw_labels(sheet, row, y)
    return sheet.figure()


def _draw_key(sheet: style.Sheet, height: float) -> None:
    """Name the colours above the bars."""
    x, y = float(LEFT), height - TOP / 2
    for (answer, words), width in zip(ANSWERS.items(), (170, 100, 130), strict=True):
        text = {FULLY: f"reported {words}", NOT: f"{words} reported"}.get(answer, words)
        style.box(sheet, (x + 9, y), (18, 18), "", fill=COLORS[answer], line=COLORS[answer])
        place = {"x": x + 26, "y": y, "xanchor": "left", "showarrow": False}
        sheet.add_annotation(text=text, font={"size": style.SMALL}, **place)
        x += width
    place = {"x": style.WIDTH - RIGHT + 12, "y": y, "xanchor": "left", "showarrow": False}
    sheet.add_annotation(text="of the items", font={"size": style.SMALL, "color": style.MUTED}, **place)


def _draw_bar(sheet: style.Sheet, row: Any, y: float) -> None:
    start, whole = float(LEFT), style.WIDTH - LEFT - RIGHT
    if not row.applicable:
        place = {"x": start, "y": y, "xanchor": "left", "showarrow": False}
        sheet.add_annotation(text="no item applies", font={"size": style.SMALL, "color": style.MUTED}, **place)
    for (answer, words), count in zip(ANSWERS.items(), (row.in_full, row.in_part, row.not_reported), strict=True):
        if not count:
            continue
        share = count / row.applicable
        width = share * whole
        _draw_segment(sheet, (start + width / 2, y), width, answer, (count, f"{share:.0%}"))
        hover = f"{style.text(row.checklist)}: {count} of {row.applicable} reported {words} ({share:.0%})"
        sheet.add_scatter(
            x=[start + width / 2],
            y=[y],
            mode="markers",
            marker={"size": BAR, "opacity": 0, "symbol": "square"},
            hovertext=[hover.replace("reported not", "not reported")],
            hoverinfo="text",
        )
        start += width


def _draw_segment(
    sheet: style.Sheet, centre: tuple[float, float], width: float, answer: str, told: tuple[int, str]
) -> None:
    """Draw one segment; a number that has no room in it stands above it."""
    count, percent = told
    words = f" {ANSWERS[answer]}" if width >= WITH_WORDS else ""
    label = f"<b>{count}</b>{words}" + (f", {percent}" if width >= WITH_SHARE else "")
    inside = width >= WITH_NUMBER
    color = style.PAPER if inside and COLORS[answer] == style.BLUE else style.INK
    look: dict[str, Any] = {"fill": COLORS[answer], "line": style.PAPER, "width": 1}
    style.box(sheet, centre, (width, BAR), "", **look)
    place = {"x": centre[0], "y": centre[1] + (0 if inside else BAR / 2 + 10), "showarrow": False}
    sheet.add_annotation(text=label, font={"size": style.SMALL, "color": color}, **place)


def _draw_labels(sheet: style.Sheet, row: Any, y: float) -> None:
    small = f"font-size:{style.SMALL}px"
    name = f"<b>{style.text(row.checklist)}</b>"
    name += f"<br><span style='{small};color:{style.MUTED}'>{style.wrap(row.scope, 36)}</span>"
    place = {"showarrow": False, "xanchor": "left", "align": "left"}
    sheet.add_annotation(x=12, y=y, text=name, **place)
    total = f"<b>{row.applicable}</b> {'applies' if row.applicable == 1 else 'apply'}"
    if row.not_applicable:
        verb = "does" if row.not_applicable == 1 else "do"
        total += f"<br><span style='color:{style.MUTED}'>{row.not_applicable} {verb} not</span>"
    sheet.add_annotation(x=style.WIDTH - RIGHT + 12, y=y, text=total, font={"size": style.SMALL}, **place)


def describe_reporting(study: Study) -> str:
    """Say in words what the chart shows."""
    table = summary_table(study)
    if table.empty:
        return NONE_APPLIED
    told = [f"{row.checklist}, {_shares(row._asdict())}" for row in each_row(table)]
    return "One bar per reporting checklist, divided by how the items that apply are reported. " + ". ".join(told) + "."
