"""Stage 4: which documents speak of what, over time."""

from __future__ import annotations

import pandas as pd

from compendium.analysis import policy, what_if
from compendium.data.choices import ALL
from compendium.data.study import Study
from compendium.data.terms import choose, families
from compendium.explore.controls import Several, Years
from compendium.explore.panel import Panel, State, View, show
from compendium.publishing.publish import StageRun


def panel(study: Study) -> Panel:
    """Offer the families of terms and a span of years."""
    first, last = what_if.read_years(study)
    controls = [
        Several("term_families", "Families of terms", groups={"": families(study)}),
        Years("policy_years", "Years", first=first, last=last),
    ]
    return Panel(controls, lambda state: view(study, state))


def view(study: Study, state: State) -> View:
    """Show occurrences by document, and by year how many documents speak of what."""
    wanted = state["term_families"]
    read = what_if.policy(study, state["policy_years"])
    sentences = policy.terms_sentences(read, wanted)
    told = [*what_if.policy_sentences(study, state["policy_years"]), *sentences]
    picture = {"figure": policy.mentions_chart(read, wanted), "artefact": "s-policy-terms"}
    tables = [("Documents that speak of it, by year", over_time(read, wanted))]
    return View(told, tables, alt=" ".join(map(str, sentences)), **picture)


def over_time(study: Study, term_families: str = ALL) -> pd.DataFrame:
    """Count by year the documents described with a word of each family.

    Returns
    -------
    pandas.DataFrame
        One row per year with a document: ``year``, ``documents`` and one column per family, named by its label.
    """
    table = policy.mentions(study, term_families)
    by_year = table.groupby("year", sort=True)
    found = pd.DataFrame({"documents": by_year.size()})
    for family, label in choose(study, term_families).items():
        found[label] = by_year[f"n_{family}"].agg(lambda counts: int((counts > 0).sum()))
    return found.reset_index()


def play(stage: StageRun, term_families: str = ALL, policy_years: str = ALL, file: str = "") -> None:
    """Show the section; see :func:`compendium.explore.panel.show`."""
    show(stage, panel(stage.study), {"term_families": term_families, "policy_years": policy_years}, file)
