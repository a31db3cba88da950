"""Stage 5: who was interviewed, what was found, and on whose words it rests."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from compendium.analysis import theme_robustness
from compendium.data.study import Study, each_row
from compendium.data.terms import ALL, choose
from compendium.publishing import plot_style as style
from compendium.publishing.provenance import computed, mark, traced

TOOK_PART, NEVER_QUOTED = "took part", "never quoted"
VOICES = "s-voices-table"
"""The table in which a reader finds what each interviewee contributes."""
PER = 1000
"""Rates of term use are per this many words."""


def themes_table(study: Study) -> pd.DataFrame:
    """List the themes with what they rest on.

    Returns
    -------
    pandas.DataFrame
        Columns ``level``, ``theme``, ``summary``, ``subthemes``, ``excerpts``, ``interviewees`` and ``words`` (quoted).
    """
    excerpts, subthemes = study.table("interviews-excerpts"), study.table("interviews-subthemes")
    levels = study.table("interviews-levels").set_index("level_id")["name"]
    rows = []
    for theme in each_row(study.table("interviews-themes")):
        mine = excerpts[excerpts["theme_id"] == theme.theme_id]
        row = {"level": levels[theme.level_id], "theme": theme.theme, "summary": theme.summary}
        row |= {"subthemes": int((subthemes["theme_id"] == theme.theme_id).sum()), "excerpts": len(mine)}
        rows.append({**row, "interviewees": _voices(mine), "words": int(mine["n_words"].sum())})
    return pd.DataFrame(rows)


def _voices(excerpts: pd.DataFrame) -> int:
    return int(excerpts.loc[excerpts["interviewee_id"] != "", "interviewee_id"].nunique())


def subthemes_table(study: Study) -> pd.DataFrame:
    """List the sub-themes: columns ``level``, ``theme``, ``subtheme``."""
    themes = study.table("interviews-themes").set_index("theme_id")
    levels = study.table("interviews-levels").set_index("level_id")["name"]
    rows = study.table("interviews-subthemes")
    level = [levels[themes.loc[theme, "level_id"]] for theme in rows["theme_id"]]
    return pd.DataFrame(
        {"level": level, "theme": list(rows["theme_id"].map(themes["theme"])), "subtheme": rows["subtheme"]}
    )


def guide_table(study: Study) -> pd.DataFrame:
    """List the interview guide: columns ``section``, ``kind``, ``question``, ``concept``."""
    guide = study.table("interviews-guide").sort_values("order", kind="stable")
    return guide[["section_printed", "kind", "question", "concept"]].rename(columns={"section_printed": "section"})


def methods_table(study: Study) -> pd.DataFrame:
    """List how the interviews were done: ``topic``, ``value``, ``unit``, ``reported`` (*printed* or *counted*)."""
    return study.table("interviews-methods")[["topic", "value", "unit", "reported"]]


def voices_table(study: Study) -> pd.DataFrame:
    """Count what each interviewee contributes.

    Returns
    -------
    pandas.DataFrame
        One row per interviewee: ``interviewee_id``, ``level``, ``excerpts``, ``words``, ``themes`` (number);
        those never quoted have zeros.
    """
    excerpts = study.table("interviews-excerpts")
    by_person, rows = dict(list(excerpts.groupby("interviewee_id"))), []
    for person in each_row(study.table("interviews-interviewees")):
        mine = by_person.get(person.interviewee_id, excerpts.iloc[:0])
        row = {"interviewee_id": person.interviewee_id, "level": person.level_id, "excerpts": len(mine)}
        themes = set(mine["theme_id"]) - {""}
        rows.append({**row, "words": int(mine["n_words"].sum()), "themes": len(themes)})
    return pd.DataFrame(rows)


def matrix(study: Study) -> pd.DataFrame:
    """Count excerpts per interviewee (rows, all of them) and theme (columns, all of them)."""
    excerpts = study.table("interviews-excerpts")
    people = list(study.table("interviews-interviewees")["interviewee_id"])
    themes = list(study.table("interviews-themes")["theme_id"])
    counts = excerpts.groupby(["interviewee_id", "theme_id"]).size().unstack(fill_value=0)
    return counts.reindex(index=people, columns=themes, fill_value=0)


def matrix_table(study: Study) -> pd.DataFrame:
    """List the excerpts per interviewee as the chart draws them: ``interviewee_id``, and one column per theme."""
    return matrix(study).rename_axis(index="interviewee_id", columns=None).reset_index()


def matrix_chart(study: Study) -> go.Figure:
    """Draw the excerpts per interviewee and theme; who is never quoted is named in colour.

    Returns
    -------
    plotly.graph_objects.Figure
        Area of a mark is proportional to the number of excerpts, which stands in it.
    """
    counts = matrix(study)
    themes = study.table("interviews-themes").set_index("theme_id")
    quoted = counts.sum(axis=1)
    figure = go.Figure(layout={"template": style.template(), "height": 180 + 30 * len(counts)})
    levels = list(study.original.table("interviews-levels")["level_id"])
    for level, group in themes.groupby("level_id", sort=False):
        color = style.color_of(str(level), levels)
        _add_level(figure, counts, themes, list(group.index), color, str(level))
    silent = [style.text(person) for person in counts.index if not quoted[person]]
    people = [style.text(person) for person in counts.index]
    heard = {style.text(person) for person in study.original.table("interviews-excerpts")["interviewee_id"]}
    told = {p: _silence(study) if p in heard else NEVER_QUOTED for p in silent}
    ticks = [f"<b style='color:{style.VERMILION}'>{p} – {told[p]}</b>" if p in silent else p for p in people]
    figure.update_yaxes(tickvals=people, ticktext=ticks, autorange="reversed", categoryorder="array")
    figure.update_yaxes(categoryarray=people, showgrid=True)
    labels = [style.wrap(themes.loc[theme, "theme"], 18) for theme in counts.columns]
    figure.update_xaxes(tickvals=list(range(len(labels))), ticktext=labels, side="top", tickangle=0, showgrid=False)
    figure.update_xaxes(range=[-0.6, len(labels) - 0.4], tickfont={"size": 12})
    return figure


def _add_level(
    figure: go.Figure, counts: pd.DataFrame, themes: pd.DataFrame, columns: list[str], color: str, level: str
) -> None:
    xs, ys, sizes, hover = [], [], [], []
    for theme in columns:
        for person, count in counts[theme].items():
            if count:
                xs.append(list(counts.columns).index(theme))
                ys.append(style.text(person))
                sizes.append(int(count))
                title = style.wrap(themes.loc[theme, "theme"], 50)
                hover.append(f"{style.text(person)} ({style.text(level)})<br>{title}<br>excerpts: {count}")
    marker = {"size": sizes, "sizemode": "area", "sizeref": 0.0125, "sizemin": 8, "color": color, "opacity": 1}
    font = {"color": style.PAPER if color == style.BLUE else style.INK, "size": 13}
    texts = {"text": [str(size) for size in sizes], "textfont": font}
    figure.add_scatter(x=xs, y=ys, mode="markers+text", marker=marker, **texts, hovertext=hover, hoverinfo="text")


def term_use(study: Study, term_families: str = ALL) -> pd.DataFrame:
    """Compare the use of the terms between the levels.

    Returns
    -------
    pandas.DataFrame
        One row per level and family: ``level``, ``term``, ``occurrences``, ``per_1000_words``, ``interviewees``
        (who use it), ``interviewees_quoted``.
    """
    excerpts = study.table("interviews-excerpts")
    rows = []
    for level in each_row(study.table("interviews-levels")):
        mine = excerpts[excerpts["level"] == level.level_id]
        words = int(mine["n_words"].sum())
        for family, label in choose(study, term_families).items():
            count = int(mine[f"n_{family}"].sum())
            row = {"level": level.level_id, "term": label, "occurrences": count}
            row |= {"per_1000_words": PER * count / words if words else None}
            using = _voices(mine[mine[f"n_{family}"] > 0])
            rows.append({**row, "interviewees": using, "interviewees_quoted": _voices(mine)})
    return pd.DataFrame(rows)


@traced("interviews")
def results(study: Study, term_families: str = ALL) -> dict[str, Any]:
    """Return named results of the stage: sample, themes, excerpts, who is never quoted, use of the terms.

    What :mod:`compendium.analysis.term_comparison` adds to them takes longer.
    """
    people, excerpts = study.table("interviews-interviewees"), study.table("interviews-excerpts")
    levels, areas = study.table("interviews-levels"), study.table("interviews-areas")
    themes, voices = study.table("interviews-themes"), voices_table(study)
    silent = list(voices.loc[voices["excerpts"] == 0, "interviewee_id"])
    found: dict[str, Any] = {
        "interviews": len(people),
        "interviews_stated": int(levels["n_interviews"].sum()),
        "areas": int((areas["participation"] == TOOK_PART).sum()),
        "areas_unable": int((areas["participation"] != TOOK_PART).sum()),
        "agencies": len(study.table("interviews-agencies")),
        "themes": len(themes),
        "subthemes": len(study.table("interviews-subthemes")),
        "excerpts": len(excerpts),
        "excerpts_block": int((excerpts["kind"] == "block").sum()),
        "excerpts_inline": int((excerpts["kind"] == "inline").sum()),
        "words_quoted": int(excerpts["n_words"].sum()),
        "never_quoted": len(silent),
        "never_quoted_ids": silent,
        "guide_questions": int((study.table("interviews-guide")["kind"] == "question").sum()),
    }
    for level in each_row(levels):
        mine, key = excerpts[excerpts["level"] == level.level_id], level.level_id
        found[f"{key}_interviews"] = int((people["level_id"] == key).sum())
        found[f"{key}_quoted"] = _voices(mine)
        found[f"{key}_themes"] = int((themes["level_id"] == key).sum())
        found[f"{key}_excerpts"] = len(mine)
        found[f"{key}_words"] = int(mine["n_words"].sum())
        for family in choose(study, term_families):
            found[f"{key}_{family}"] = int(mine[f"n_{family}"].sum())
    return found | theme_robustness.results(study)


def _silence(study: Study) -> str:
    """Name what is true of somebody without an excerpt: in a part of a study, silence says less."""
    return NEVER_QUOTED if study.original is study else "not quoted here"


@computed
def voices_sentence(study: Study) -> str:
    """Say who is heard: how many of those interviewed are quoted, and what share of the words the three most have."""
    voices = voices_table(study)
    silent = list(voices.loc[voices["excerpts"] == 0, "interviewee_id"])
    most = voices.sort_values("words", ascending=False, kind="stable").head(3)
    share = mark(float(most["words"].sum() / max(1, voices["words"].sum())), VOICES)
    heard = mark(len(voices) - len(silent), "interviews.interviews", "interviews.never_quoted")
    text = f"{heard} of {mark(len(voices), 'interviews.interviews')} interviewees are quoted"
    text += f"; {_silence(study)}: {', '.join(silent)}" if silent else ""
    return f"{text}. Three of them ({', '.join(most['interviewee_id'])}) supply {share:.0%} of all words quoted."


def excerpts_table(study: Study) -> pd.DataFrame:
    """List the excerpts without their words, in order of appearance."""
    columns = ["excerpt_id", "kind", "interviewee_id", "level", "theme_id", "section_id", "n_words", "codes", "gist"]
    return study.table("interviews-excerpts")[columns]


def describe_matrix(study: Study) -> str:
    """Say in words what the chart of excerpts shows."""
    counts = matrix(study)
    parts = []
    for person, row in counts.iterrows():
        told = ", ".join(f"{theme} {count}" for theme, count in row.items() if count)
        parts.append(f"{person}: {told or _silence(study)}")
    return "Grid of excerpts by interviewee and theme. " + "; ".join(parts) + "."


@computed
def summary(study: Study, found: dict[str, Any]) -> str:
    """Say how large the sample, the themes and the quoted material are."""
    levels = study.table("interviews-levels")["level_id"]
    people = ", ".join(f"{found[f'{level}_interviews']} {level}" for level in levels)
    text = f"{found['interviews']} interviews ({people}) gave {found['themes']} themes with {found['subthemes']} "
    text += f"sub-themes. The report quotes {found['excerpts']} excerpts ({found['excerpts_block']} set off, "
    text += f"{found['excerpts_inline']} in the running text) of {found['words_quoted']:,} words; "
    return text + f"{found['never_quoted']} interviewees are never quoted."
