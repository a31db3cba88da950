"""Facts about a stage that take parameters, or that need the tables of more than one stage.

Each is a function of :class:`compendium.audit.facts.Facts` and of the parts of its name in angle brackets; those parts
are slugs of values in the data, and the function looks them up there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pandas as pd

from compendium.audit.facts import Facts, pick, slug, yes_no
from compendium.audit.facts_references import NUMBER
from compendium.data.study import each_row
from compendium.data.terms import families, patterns
from compendium.source.shared_runs import SHORTEST

Family = Callable[..., Any]
_Function = TypeVar("_Function", bound=Family)
FAMILIES: dict[str, Family] = {}
"""Pattern of the name, such as ``policy.reports.<term>``, to the function behind it."""

PLAUSIBLE_WORDS_PER_MINUTE = (80, 220)
"""From slow talk with pauses to fast talk; conversation in English runs at about 150 to 190 words a minute."""


def family(pattern: str) -> Callable[[_Function], _Function]:
    """Register a function under the pattern of its name."""

    def register(function: _Function) -> _Function:
        FAMILIES[pattern] = function
        return function

    return register


def find(name: str) -> Callable[[Facts], Any] | None:
    """Find the family of a full name.

    Returns
    -------
    callable or None
        Computes the member of the family from facts, or raises :class:`compendium.audit.facts.UnknownName` where a part
        of the name is not in the data; ``None`` where no family has such a name.
    """
    parts = name.split(".")
    for pattern, function in FAMILIES.items():
        places = pattern.split(".")
        if len(places) == len(parts) and all(_open(p) or p == part for p, part in zip(places, parts, strict=True)):
            given = [part for p, part in zip(places, parts, strict=True) if _open(p)]
            return lambda facts: function(facts, *given)
    return None


def _open(place: str) -> bool:
    return place.startswith("<")


def _term(facts: Facts, wanted: str, prefix: str) -> str:
    return str(pick(families(facts.study), wanted, prefix))


def _level(facts: Facts, wanted: str, prefix: str) -> str:
    return str(facts.pick("interviews-levels", "level_id", wanted, prefix))


# Screening --------------------------------------------------------------------------


@family("screening.excluded_for.<reason>")
def excluded_for(facts: Facts, reason: str) -> int:
    """Count the reports excluded at full text for a reason."""
    label = facts.pick("screening-reasons", "reason", reason, "screening.excluded_for")
    chosen = facts.where("screening-reasons", "reason", label)["reason_id"]
    return sum(len(facts.where("screening-full-text", "reason_id", identifier)) for identifier in chosen)


@family("screening.full_text_in_reference_list")
def full_text_in_reference_list(facts: Facts) -> int:
    """Count the reports assessed in full text that have a number in the reference list."""
    return len(_full_text_numbers(facts))


@family("screening.full_texts_have_reference_numbers")
def full_texts_have_reference_numbers(facts: Facts) -> str:
    """Tell whether every report assessed in full text has a number in the reference list."""
    return yes_no(len(_full_text_numbers(facts)) == len(facts.table("screening-full-text")))


@family("screening.full_text_reference_range")
def full_text_reference_range(facts: Facts) -> str | None:
    """Write the lowest and the highest reference number of the reports assessed in full text."""
    numbers = _full_text_numbers(facts)
    return f"{min(numbers)}-{max(numbers)}" if numbers else None


def _full_text_numbers(facts: Facts) -> list[int]:
    entries = facts.study.bibliography
    found = [entries.get(key, {}).get(NUMBER) for key in facts.table("screening-full-text")["citation_key"]]
    return [int(number) for number in found if number]


@family("screening.full_texts_at_hand")
def full_texts_at_hand(facts: Facts) -> int:
    """Count the reports assessed in full text, less those whose full paper could not be had."""
    reports, reviews = facts.table("screening-full-text"), facts.table("appraisal-characteristics")
    missing = reviews.loc[reviews["full_paper"] == "no", "review_id"]
    return int((~reports["citation_key"].isin(missing)).sum())


@family("screening.excluded_topics_among_included")
def excluded_topics_among_included(facts: Facts) -> int:
    """Count the included reviews whose focus is a topic for which others were excluded (*Focus on X not Y*)."""
    found = (
        facts.table("screening-reasons")["reason"].str.extract(r"^Focus on (.+?) not ", expand=False).dropna().unique()
    )
    focus = facts.table("appraisal-characteristics")["focus"].str.casefold()
    return int(sum(any(topic.casefold() in text for topic in found) for text in focus))


# Appraisal --------------------------------------------------------------------------


@family("appraisal.terms_without_rung")
def terms_without_rung(facts: Facts) -> int:
    """Count the families of terms of which no rung of the ladder makes use."""
    from compendium.source.report_text import count_terms

    counts = [count_terms(rung, patterns(facts.study)) for rung in facts.table("appraisal-ladder")["rung"]]
    return sum(not any(count[name] for count in counts) for name in families(facts.study))


# Policy -----------------------------------------------------------------------------


@family("policy.reports.<term>")
def reports(facts: Facts, term: str) -> str:
    """Tell whether the report speaks of any document with a word of the family."""
    return yes_no(documents_reporting(facts, term) > 0)


@family("policy.documents_reporting.<term>")
def documents_reporting(facts: Facts, term: str) -> int:
    """Count the documents of which the report speaks with a word of the family, wherever it does."""
    counts = facts.table("policy-mentions")
    used = counts[f"n_{_term(facts, term, 'policy.documents_reporting')}"] > 0
    return int(counts.loc[used, "document_id"].nunique())


@family("policy.documents_reporting.<term>.<place>")
def documents_reporting_in(facts: Facts, term: str, place: str) -> int:
    """Count the same in one place, such as the table."""
    counts = facts.table("policy-mentions")
    where = pick(counts["place"].unique(), place, f"policy.documents_reporting.{term}")
    used = counts[f"n_{_term(facts, term, 'policy.documents_reporting')}"] > 0
    return int(counts.loc[used & (counts["place"] == where), "document_id"].nunique())


@family("policy.documents_without.<term>.<place>")
def documents_without(facts: Facts, term: str, place: str) -> int:
    """Count the documents of which one place speaks without any word of the family."""
    return len(facts.table("policy-documents")) - documents_reporting_in(facts, term, place)


@family("policy.earlier.<document>.<document>")
def earlier(facts: Facts, first: str, second: str) -> str:
    """Tell whether one document is of an earlier year than another."""
    one, other = (_document(facts, name, "policy.earlier")["year"] for name in (first, second))
    return yes_no(bool(one < other))


@family("policy.names_agree.<document>")
def names_agree(facts: Facts, document: str) -> str:
    """Tell whether the two names of a document are the same or one is a shortened form of the other."""
    row = _document(facts, document, "policy.names_agree")
    one, other = slug(row["name"]), slug(row["name_narrative"])
    return yes_no(f"{one}-".startswith(f"{other}-") or f"{other}-".startswith(f"{one}-"))


def _document(facts: Facts, wanted: str, prefix: str) -> pd.Series:
    identifier = facts.pick("policy-documents", "document_id", wanted, prefix)
    return facts.where("policy-documents", "document_id", identifier).iloc[0]


@family("policy.table_and_narrative_orders_agree")
def orders_agree(facts: Facts) -> str:
    """Tell whether reference numbers, given in the order of the narrative, rise in the order of the table."""
    entries = facts.study.bibliography
    numbers = [entries.get(key, {}).get(NUMBER) for key in facts.table("policy-documents")["citation_key"]]
    known = [int(number) for number in numbers if number]
    return yes_no(known == sorted(known))


# Interviews -------------------------------------------------------------------------


@family("interviews.<level>.quoted")
def quoted(facts: Facts, level: str) -> int:
    """Count the interviewees of a level who are quoted."""
    return _voices(_excerpts(facts, _level(facts, level, "interviews")))


@family("interviews.<level>.themes_with_subthemes")
def themes_with_subthemes(facts: Facts, level: str) -> int:
    """Count the themes of a level that have sub-themes."""
    themes = facts.table("interviews-themes")
    mine = themes.loc[themes["level_id"] == _level(facts, level, "interviews"), "theme_id"]
    return int(mine.isin(facts.table("interviews-subthemes")["theme_id"]).sum())


@family("interviews.most_used_term")
def most_used_term(facts: Facts) -> str:
    """Label of the family of terms that occurs most in the excerpts."""
    return _most_used(facts, facts.table("interviews-excerpts"))


@family("interviews.<level>.most_used_term")
def most_used_term_of(facts: Facts, level: str) -> str:
    """Label of the family of terms that occurs most in the excerpts of a level."""
    return _most_used(facts, _excerpts(facts, _level(facts, level, "interviews")))


@family("interviews.<level>.using.<term>")
def using(facts: Facts, level: str, term: str) -> int:
    """Count the interviewees of a level who use a word of the family."""
    mine = _excerpts(facts, _level(facts, level, "interviews"))
    return _voices(mine[mine[f"n_{_term(facts, term, f'interviews.{level}.using')}"] > 0])


@family("interviews.<level>.more_interviewees_than_agencies")
def more_interviewees_than_agencies(facts: Facts, level: str) -> str:
    """Tell whether a level has more interviewees than there are agencies named, so that one cannot tell who is who."""
    people = facts.table("interviews-interviewees")["level_id"] == _level(facts, level, "interviews")
    return yes_no(int(people.sum()) > len(facts.table("interviews-agencies")))


@family("interviews.level_of.<theme>")
def level_of(facts: Facts, identifier: str) -> str:
    """Level of a theme or sub-theme."""
    levels = facts.once("levels of themes", lambda: _levels_of_themes(facts))
    return levels[identifier] if identifier in levels else str(pick(levels, identifier, "interviews.level_of"))


def _levels_of_themes(facts: Facts) -> dict[str, str]:
    """Levels by the slugs of themes and sub-themes."""
    themes, below = facts.table("interviews-themes"), facts.table("interviews-subthemes")
    level = dict(zip(themes["theme_id"], themes["level_id"], strict=True))
    above = {theme: theme for theme in level} | dict(zip(below["subtheme_id"], below["theme_id"], strict=True))
    return {slug(name): str(level[theme]) for name, theme in above.items()}


@family("interviews.quoted_in.<section>.<interviewee>")
def quoted_in(facts: Facts, section: str, interviewee: str) -> str:
    """Tell whether a section has an excerpt of an interviewee."""
    prefix = f"interviews.quoted_in.{section}"
    person = facts.pick("interviews-interviewees", "interviewee_id", interviewee, prefix)
    mine = _in_section(facts, section, "interviews.quoted_in", f".{interviewee}")
    return yes_no(bool((mine["interviewee_id"] == person).any()))


@family("interviews.section_excerpts.<section>.<kind>")
def section_excerpts(facts: Facts, section: str, kind: str) -> int:
    """Count the excerpts of a kind in a section."""
    mine = _in_section(facts, section, "interviews.section_excerpts", f".{kind}")
    wanted = facts.pick("interviews-excerpts", "kind", kind, f"interviews.section_excerpts.{section}")
    return int((mine["kind"] == wanted).sum())


@family("interviews.section_interviewees.<section>")
def section_interviewees(facts: Facts, section: str) -> int:
    """Count the interviewees quoted in a section."""
    return _voices(_in_section(facts, section, "interviews.section_interviewees"))


@family("interviews.guide_has_questions.<heading>")
def guide_has_questions(facts: Facts, heading: str) -> str:
    """Tell whether a heading of the interview guide has a question under it."""
    name = facts.pick("interviews-guide", "section_printed", heading, "interviews.guide_has_questions")
    return yes_no(bool((facts.where("interviews-guide", "section_printed", name)["kind"] == "question").any()))


@family("interviews.themes_with_variant_titles")
def themes_with_variant_titles(facts: Facts) -> int:
    """Count the themes that the report gives more than one title."""
    return int((facts.table("interviews-themes")["variant_titles"] != "").sum())


@family("interviews.words_per_minute")
def words_per_minute(facts: Facts) -> float | None:
    """Words transcribed per minute interviewed, from number, mean length and length of the transcripts as stated."""
    values = dict(zip(*(facts.table("interviews-methods")[column] for column in ("topic", "value")), strict=True))
    stated = [values.get(topic, "") for topic in ("length of the transcripts", "interviews", "average duration")]
    if not all(text.isdecimal() for text in stated):
        return None
    words, interviews, minutes = map(int, stated)
    return words / (interviews * minutes)


@family("interviews.words_per_minute_plausible")
def words_per_minute_plausible(facts: Facts) -> str | None:
    """Tell whether that many words can be spoken in a minute; see :data:`PLAUSIBLE_WORDS_PER_MINUTE`."""
    rate = words_per_minute(facts)
    low, high = PLAUSIBLE_WORDS_PER_MINUTE
    return None if rate is None else yes_no(low <= rate <= high)


@family("interviews.excerpts_sharing_words")
def excerpts_sharing_words(facts: Facts) -> int:
    """Count the pairs of excerpts of different interviewees with a long run of words in common."""
    speaker = facts.table("interviews-excerpts").set_index("excerpt_id")["interviewee_id"]
    pairs = facts.table("interviews-shared-runs")
    return sum(
        pair.n_words >= SHORTEST and speaker[pair.excerpt_id] != speaker[pair.other_excerpt_id]
        for pair in each_row(pairs)
    )


def _excerpts(facts: Facts, level: str) -> pd.DataFrame:
    return facts.where("interviews-excerpts", "level", level)


def _in_section(facts: Facts, section: str, prefix: str, suffix: str = "") -> pd.DataFrame:
    found = facts.pick("interviews-sections", "section_id", section, prefix, suffix)
    return facts.where("interviews-excerpts", "section_id", str(found))


def _voices(excerpts: pd.DataFrame) -> int:
    return int(excerpts.loc[excerpts["interviewee_id"] != "", "interviewee_id"].nunique())


def _most_used(facts: Facts, excerpts: pd.DataFrame) -> str:
    labels = families(facts.study)
    return labels[max(labels, key=lambda name: int(excerpts[f"n_{name}"].sum()))]
