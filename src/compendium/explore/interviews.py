"""Stage 5: the excerpts of some levels, themes and interviewees."""

from __future__ import annotations

from compendium.analysis import interviews, what_if
from compendium.data.choices import ALL
from compendium.data.study import Study, each_row
from compendium.data.terms import families
from compendium.explore.controls import Several
from compendium.explore.panel import Panel, State, View, show
from compendium.publishing.publish import StageRun

FILTERS = ("interview_levels", "interview_themes", "interviewees")


def panel(study: Study) -> Panel:
    """Offer levels, themes, interviewees and families of terms."""
    levels = {row.level_id: row.name for row in each_row(study.table("interviews-levels"))}
    themes = {row.theme_id: f"{row.theme_id}: {row.theme}" for row in each_row(study.table("interviews-themes"))}
    people = study.table("interviews-interviewees")
    voices = {
        level: {name: name for name in people.loc[people["level_id"] == level, "interviewee_id"]} for level in levels
    }
    controls = [
        Several("interview_levels", "Levels", groups={"": levels}),
        Several("interview_themes", "Themes", groups={"": themes}),
        Several("interviewees", "Interviewees", groups=voices),
        Several("term_families", "Families of terms", groups={"": families(study)}),
    ]
    return Panel(controls, lambda state: view(study, state))


def view(study: Study, state: State) -> View:
    """Show the grid of excerpts, the use of the terms, and the excerpts one by one."""
    heard = what_if.interviews(study, **{name: state[name] for name in FILTERS})
    told = [*what_if.interviews_sentences(study, heard), interviews.voices_sentence(heard)]
    tables = [("Use of the terms in these quotations", interviews.term_use(heard, state["term_families"]))]
    details = [("The excerpts, in our own words", interviews.excerpts_table(heard))]
    picture = {"figure": interviews.matrix_chart(heard), "artefact": "s-voices"}
    return View(told, tables, details, alt=interviews.describe_matrix(heard), **picture)


def play(
    stage: StageRun,
    interview_levels: str = ALL,
    interview_themes: str = ALL,
    interviewees: str = ALL,
    term_families: str = ALL,
    file: str = "",
) -> None:
    """Show the section; see :func:`compendium.explore.panel.show`."""
    values = {"interview_levels": interview_levels, "interview_themes": interview_themes}
    show(stage, panel(stage.study), {**values, "interviewees": interviewees, "term_families": term_families}, file)
