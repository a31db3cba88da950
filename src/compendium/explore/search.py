"""Stage 1: which terms are in the search string, on which platform."""

from __future__ import annotations

import pandas as pd

from compendium.analysis import search
from compendium.data.choices import ALL
from compendium.data.study import Study, each_row
from compendium.explore.controls import Choice, Several
from compendium.explore.panel import Panel, State, View, show
from compendium.publishing.publish import StageRun

PLATFORM = "search_platform"


def panel(study: Study) -> Panel:
    """Offer a platform and each term of the strategy."""
    lines = search.terms(study)
    groups: dict[str, dict[str, str]] = {}
    for row in each_row(lines):
        groups.setdefault(row.concept, {})[row.line_id] = f"{row.term} ({row.field})"
    platforms = {name: name for name in search.SYNTAXES}
    controls = [
        Choice(PLATFORM, "Platform", "", options=platforms),
        Several("search_terms", "Terms in the query", groups=groups),
    ]
    return Panel(controls, lambda state: view(study, {**state, PLATFORM: controls[0].value(state[PLATFORM])}))


def view(study: Study, state: State) -> View:
    """Show the search string and what it still asks for."""
    chosen = search.terms(study, state["search_terms"])
    string = search.query(study, state[PLATFORM], state["search_terms"])
    counts = concepts(study, state["search_terms"])
    asked = int((counts["terms_used"] > 0).sum())
    told = f"{len(chosen)} of {int(counts['terms'].sum())} terms, in {asked} of {len(counts)} concepts, are in the "
    told += f"query of {len(string)} characters. How many records it finds only the database can tell."
    without = list(counts.loc[counts["terms_used"] == 0, "concept"])
    more = f"No term of {', '.join(without)} is left: the query no longer asks for it, so it finds more, not less."
    table = pd.DataFrame({"platform": [state[PLATFORM]], "query": [string]})
    tables = [("The query", table), ("Terms by concept", counts)]
    return View([told, *([more] if without else [])], tables)


def concepts(study: Study, search_terms: str = ALL) -> pd.DataFrame:
    """Count the terms of each concept: columns ``concept``, ``terms_used``, ``terms``."""
    lines, chosen = search.terms(study), search.terms(study, search_terms)
    names = list(dict.fromkeys(lines["concept"]))
    used = [int((chosen["concept"] == name).sum()) for name in names]
    total = [int((lines["concept"] == name).sum()) for name in names]
    return pd.DataFrame({"concept": names, "terms_used": used, "terms": total})


def play(stage: StageRun, search_terms: str = ALL, search_platform: str = "", file: str = "") -> None:
    """Show the section; see :func:`compendium.explore.panel.show`."""
    show(stage, panel(stage.study), {"search_terms": search_terms, PLATFORM: search_platform}, file)
