"""Where a reader finds a named result: the artefact that shows it, and the claims of the report about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

SHOWN_IN: dict[str, str] = {
    "search.database*": "s-databases",
    "search.identified*": "s-flow",
    "search.*": "s-strategy",
    "screening.excluded_listed": "table-1",
    "screening.excluded_with_reason": "table-1",
    "screening.included_listed": "table-2",
    "screening.reason*": "s-reasons",
    "screening.every_reason_tied_to_a_criterion": "s-reasons",
    "screening.criteria": "s-criteria",
    "screening.steps_that_do_not_add_up": "s-conservation",
    "screening.*": "s-flow",
    "appraisal.synthesised_in_table": "table-3",
    "appraisal.synthesis_table_matches_overall": "table-3",
    "appraisal.theme_points": "s-theme-support",
    "appraisal.reviews_supporting_themes": "s-theme-support",
    "appraisal.themes_hanging_on_one_review": "s-review-dependence",
    "appraisal.themes*": "s-literature-themes",
    "appraisal.rungs*": "figure-2",
    "appraisal.selected_under_*": "s-review-dependence",
    "appraisal.findings_resting_on_one_review": "s-review-dependence",
    "appraisal.selection_follows_threshold": "table-2",
    "appraisal.selection_*": "s-sensitivity",
    "appraisal.best_rule*": "s-sensitivity",
    "appraisal.rules_*": "s-sensitivity",
    "appraisal.findings_*": "s-sensitivity",
    "appraisal.*": "table-2",
    "policy.organisations": "table-4",
    "policy.documents": "table-5",
    "policy.year*": "table-5",
    "policy.names_*": "table-5",
    "policy.*": "s-policy-mentions",
    "interviews.interviews*": "figure-3",
    "interviews.areas*": "figure-3",
    "interviews.agencies": "figure-3",
    "interviews.<level>_interviews": "figure-3",
    "interviews.never_quoted*": "s-voices-table",
    "interviews.<level>_quoted": "s-voices-table",
    "interviews.subthemes": "s-subthemes",
    "interviews.guide_questions": "s-guide",
    "interviews.excerpts*": "s-excerpts",
    "interviews.words_quoted": "s-excerpts",
    "interviews.<level>_excerpts": "s-excerpts",
    "interviews.<level>_words": "s-excerpts",
    "interviews.themes": "s-themes",
    "interviews.<level>_themes": "s-themes",
    "interviews.themes_*": "s-theme-voices",
    "interviews.fewest_voices_in_a_theme": "s-theme-voices",
    "interviews.largest_share*": "s-theme-voices",
    "interviews.term_tests*": "s-term-test",
    "interviews.*": "s-term-use",
    "conclusions.questions": "s-questions",
    "conclusions.findings": "s-findings",
    "conclusions.findings_*": "s-findings",
    "conclusions.limitations": "s-findings",
    "conclusions.recommendations": "s-findings",
    "conclusions.evidence_*": "s-evidence",
    "conclusions.cells_*": "s-joint-display-table",
    "conclusions.claims*": "claims",
    "conclusions.citation*": "claims",
    "conclusions.references_*": "claims",
    "conclusions.inconsistencies*": "inconsistencies",
    "conclusions.checklist*": "s-reporting-summary",
    "conclusions.reporting_*": "s-reporting-summary",
}
"""Pattern of a result's name to the artefact that shows it; the first that fits.

``*`` stands for any characters, ``<level>`` for the identifier of a level.
"""

CLAIMED_AS: dict[str, tuple[str, ...]] = {
    "search.databases": ("data.search-databases.rows",),
    "search.identified": ("screening.identified_from_parts",),
    "screening.identified": ("screening.identified_from_parts",),
    "screening.excluded_title_abstract": ("screening.excluded_title_abstract_from_parts",),
    "screening.full_text": ("screening.full_text_from_parts",),
    "screening.excluded_full_text": ("screening.excluded_listed",),
    "screening.included": ("screening.included_listed",),
    "screening.synthesised": ("appraisal.synthesised_published",),
    "appraisal.reviews": ("data.appraisal-overall.rows", "screening.included_listed"),
    "appraisal.rated": ("appraisal.reviews_rated_on_every_component",),
    "appraisal.synthesised": ("appraisal.synthesised_published", "data.appraisal-overall.synthesised.yes"),
    "appraisal.synthesised_published": ("data.appraisal-overall.synthesised.yes",),
    "appraisal.themes": ("data.appraisal-synthesis-themes.rows",),
    "policy.documents": ("data.policy-documents.rows",),
    "policy.year_first": ("data.policy-documents.year.min",),
    "policy.year_last": ("data.policy-documents.year.max",),
    "policy.<term>_documents": ("policy.documents_reporting.<term>",),
    "interviews.interviews": ("data.interviews-interviewees.rows", "data.interviews-levels.n-interviews.sum"),
    "interviews.areas": ("data.interviews-areas.participation.took-part",),
    "interviews.<level>_interviews": (
        "data.interviews-interviewees.level-id.<level>",
        "data.interviews-levels.<level>.n-interviews",
    ),
    "interviews.<level>_themes": ("data.interviews-themes.level-id.<level>",),
    "conclusions.questions": ("data.conclusions-questions.rows",),
}
"""Pattern of a result's name to the names under which claims are checked against the same number."""


def artefact_of(result: str) -> str:
    """Id of the artefact that shows a result; empty where none is known to."""
    return next((artefact for pattern, artefact in SHOWN_IN.items() if _pattern(pattern).fullmatch(result)), "")


def checks_of(result: str) -> list[str]:
    """Names under which claims are checked against a result: its own first."""
    found = [result]
    for pattern, names in CLAIMED_AS.items():
        match = _pattern(pattern).fullmatch(result)
        if match:
            found += [_filled(name, match.groups()) for name in names]
    return list(dict.fromkeys(found))


def claims_on(results: Iterable[str], claims: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Those of the claims (rows of the table of claims) that are checked against one of the results."""
    checks = {check for result in results for check in checks_of(result)}
    return [claim for claim in claims if claim.get("check") in checks]


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*"}.get(part, _part(part)) for part in re.split(r"(\*|<\w+>)", text)))


def _part(part: str) -> str:
    return "([a-z0-9-]+)" if part.startswith("<") else re.escape(part)


def _filled(name: str, values: tuple[str, ...]) -> str:
    parts = iter(values)
    return re.sub(r"<\w+>", lambda _: next(parts), name)
