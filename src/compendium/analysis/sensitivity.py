"""How far the selection of reviews, and what is concluded from them, hangs on a rule that the framework leaves open.

Every rule of :mod:`compendium.analysis.weight_of_evidence` is tried with every threshold. A finding *loses support*
when a row of evidence that counted with the published selection no longer counts: a row that names a review counts
while that review is selected, a row that names a theme of the literature while at least one review under that theme is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from compendium.analysis.weight_of_evidence import (
    PRINTED,
    citations,
    component_ranks,
    overall,
    ranks,
    rule_labels,
    rules,
    same_components_different_overall,
    synthesised,
    threshold_rank,
)
from compendium.analysis.weight_of_evidence import sensitivity as rules_by_thresholds
from compendium.data.study import Study, each_row, split_list
from compendium.publishing.provenance import computed, count, mark, traced

SUPPORTING = ("supports", "partly supports")
REVIEW, THEME = "review", "literature_theme"
EVIDENCE = "conclusions-evidence"
SHOWN_IN = "s-sensitivity"
"""The table in which a reader finds the numbers of the sentences that are no named results."""


CONSEQUENCES = (
    "findings_losing_support",
    "findings_left_without",
    "findings_gaining_support",
    "themes_losing_support",
    "themes_left_without",
)
"""What :meth:`Support.consequences` tells, in the order of the tables' columns."""


@dataclass(frozen=True)
class Support:
    """What the reviews carry.

    Parameters
    ----------
    findings
        Finding (limitations and recommendations too) to one set a supporting row of evidence from the literature: the
        reviews of which any one keeps that row alive.
    themes
        Theme of the literature to the reviews that contribute a point.
    published
        The reviews selected in print.
    """

    findings: dict[str, list[set[str]]]
    themes: dict[str, set[str]]
    published: list[str]

    def consequences(self, chosen: Collection[str]) -> dict[str, list[str]]:
        """Compare the support under a selection with that under the published one.

        Parameters
        ----------
        chosen
            Reviews selected instead of the published ones.

        Returns
        -------
        dict
            Identifiers: ``findings_losing_support`` (at least one row falls), ``findings_left_without`` (had rows from
            the literature, keeps none), ``findings_gaining_support``, ``themes_losing_support`` (at least one review
            falls), ``themes_left_without`` (no review is left).
        """
        before, after = set(self.published), set(chosen)
        found: dict[str, list[str]] = {name: [] for name in CONSEQUENCES}
        for finding in _those(self._findings_of, before ^ after):
            pairs = [(bool(row & before), bool(row & after)) for row in self.findings[finding]]
            found["findings_losing_support"] += [finding] * ((True, False) in pairs)
            found["findings_left_without"] += [finding] * (
                any(had for had, _ in pairs) and not any(h for _, h in pairs)
            )
            found["findings_gaining_support"] += [finding] * ((False, True) in pairs)
        for theme in _those(self._themes_of, before - after):
            found["themes_losing_support"].append(theme)
            found["themes_left_without"] += [theme] * (not self.themes[theme] & after)
        return found

    @cached_property
    def _findings_of(self) -> Groups:
        """Findings by review: those that have a row which the review keeps alive; no other can gain or lose with it."""
        return _by_member({finding: set().union(*rows) for finding, rows in self.findings.items()})

    @cached_property
    def _themes_of(self) -> Groups:
        return _by_member(self.themes)


Groups = dict[str, dict[int, str]]
"""By member of groups, the names of its groups by their place among all groups."""


def _by_member(groups: dict[str, set[str]]) -> Groups:
    found: Groups = {}
    for place, (name, members) in enumerate(groups.items()):
        for member in members:
            found.setdefault(member, {})[place] = name
    return found


def _those(by_member: Groups, members: Collection[str]) -> list[str]:
    """Name the groups that have one of the members, in the order of all groups."""
    found = {place: name for member in members for place, name in by_member.get(member, {}).items()}
    return [found[place] for place in sorted(found)]


def support(study: Study) -> Support:
    """Read what the reviews carry from the evidence of the findings (where a study has it) and of the themes."""
    points, findings = study.table("appraisal-theme-support"), dict[str, list[set[str]]]()
    ids = study.table("appraisal-synthesis-themes")["theme_id"]
    themes = {theme: set(points.loc[points["theme_id"] == theme, "review_id"]) for theme in ids}
    for row in each_row(study.table(EVIDENCE)) if EVIDENCE in study else []:
        if row.relation in SUPPORTING and row.target_kind in (REVIEW, THEME):
            reviews = {row.target_id} if row.target_kind == REVIEW else themes.get(row.target_id, set())
            findings.setdefault(row.finding_id, []).append(reviews)
    return Support(findings, themes, synthesised(study))


def sensitivity_table(study: Study) -> pd.DataFrame:
    """Try every rule with every threshold, and count what the conclusions would lose or gain.

    Returns
    -------
    pandas.DataFrame
        One row per rule and threshold: ``rule``, ``threshold`` (worst score that enters), ``matches_printed`` (reviews
        whose judgement is the printed one) of ``compared``, ``n_synthesised``, ``gained`` and ``lost`` (citations,
        against the published selection), and the numbers of :data:`CONSEQUENCES`.
    """
    names, labels, rests = citations(study), rule_labels(study), support(study)
    table = rules_by_thresholds(study)
    selections = [
        (set(rests.published) | set(split_list(row.gained))) - set(split_list(row.lost)) for row in each_row(table)
    ]
    found = [rests.consequences(chosen) for chosen in selections]
    for column in ("gained", "lost"):
        table[column] = ["; ".join(names[r] for r in split_list(cell)) for cell in table[column]]
    table["rule"] = [labels[rule] for rule in table["rule"]]
    for name in CONSEQUENCES:
        table[name] = [len(row[name]) for row in found]
    return table


def dependence_table(study: Study) -> pd.DataFrame:
    """Say for each review under how many rules it enters, and what would change if it alone changed sides.

    Returns
    -------
    pandas.DataFrame
        One row per review: ``citation``, ``published`` (*in* or *out*), ``rules_admitting`` of ``rules`` (at the
        published threshold; the printed judgement is no rule) and the numbers of :data:`CONSEQUENCES` if it left the
        published selection, or for a review left out, joined it.
    """
    rests, admitted, rows = support(study), selections_by_rule(study), []
    published, names = rests.published, citations(study)
    for review in component_ranks(study).index:
        inside = review in published
        other = [r for r in published if r != review] if inside else [*published, review]
        row: dict[str, Any] = {"citation": names[review], "published": "in" if inside else "out"}
        row |= {"rules_admitting": sum(review in chosen for chosen in admitted.values()), "rules": len(admitted)}
        rows.append(row | {name: len(ids) for name, ids in rests.consequences(other).items()})
    return pd.DataFrame(rows)


def selections_by_rule(study: Study) -> dict[str, list[str]]:
    """Reviews that enter at the published threshold, by rule; the printed judgement is left out."""
    return {rule: synthesised(study, rule) for rule in rules(study) if rule != PRINTED}


def agreement(study: Study) -> dict[str, tuple[int, int]]:
    """Return by rule how many printed judgements it gives, and of how many it can be said."""
    table = rules_by_thresholds(study).drop_duplicates("rule")
    return {row.rule: (row.matches_printed, row.compared) for row in each_row(table)}


@traced("appraisal")
def results(study: Study) -> dict[str, Any]:
    """Return the named results: rules that leave the selection as it is, reviews that enter under all, some or none.

    ``selection_rules`` counts the rules tried, ``selection_outcomes`` how many of them give different judgements.
    Everything holds for the published threshold.
    """
    rests, chosen = support(study), selections_by_rule(study)
    robust = [rule for rule, reviews in chosen.items() if reviews == rests.published]
    entering = {r: sum(r in reviews for reviews in chosen.values()) for r in component_ranks(study).index}
    matches = {rule: pair for rule, pair in agreement(study).items() if rule != PRINTED}
    best = max((pair[0] for pair in matches.values()), default=0)
    changed = [rests.consequences(reviews) for rule, reviews in chosen.items() if rule not in robust]
    alone = [rests.consequences([x for x in rests.published if x != r]) for r in rests.published]
    return {
        "selection_rules": len(chosen),
        "selection_outcomes": len({tuple(overall(study, rule).fillna(0)) for rule in chosen}),
        "selection_robust_rules": len(robust),
        "selection_robust_rule_names": robust,
        "selected_under_every_rule": [r for r, count in entering.items() if count == len(chosen)],
        "selected_under_some_rules": {r: count for r, count in entering.items() if 0 < count < len(chosen)},
        "selected_under_no_rule": [r for r, count in entering.items() if count == 0],
        "best_rule_matches": best,
        "best_rules": [rule for rule, pair in matches.items() if pair[0] == best],
        "rules_reproducing_every_judgement": sum(pair[0] == pair[1] for pair in matches.values()),
        "findings_resting_on_literature": len(rests.findings),
        "findings_losing_under_some_rule": _union(changed, "findings_losing_support"),
        "findings_gaining_under_some_rule": _union(changed, "findings_gaining_support"),
        "findings_resting_on_one_review": _union(alone, "findings_left_without"),
        "themes_hanging_on_one_review": _union(alone, "themes_left_without"),
    }


def _union(found: list[dict[str, list[str]]], name: str) -> list[str]:
    return sorted({identifier for row in found for identifier in row[name]})


@computed
def sentences(study: Study) -> list[str]:
    """Say what is robust and what hangs on a judgement: the selection, the weights, the threshold, the findings."""
    found = results(study)
    return [_selection(study, found), _weights(study, found), _threshold(study), _findings(study, found)]


def _selection(study: Study, found: dict[str, Any]) -> str:
    names, rule_names = citations(study), rule_labels(study)
    selected = mark(len(synthesised(study)), "appraisal.synthesised_published")
    kept, tried = found["selection_robust_rules"], found["selection_rules"]
    text = (
        f"What is robust: at the published threshold {kept} of {tried} rules (which give {found['selection_outcomes']} "
    )
    text += f"different sets of judgements) select the same {selected} reviews as published"
    others = [rule for rule in selections_by_rule(study) if rule not in found["selection_robust_rule_names"]]
    text += (
        f"; another selection comes from {'; '.join(_inline(rule_names[rule]) for rule in others)}. "
        if others
        else ". "
    )
    text += f"{count(found['selected_under_every_rule'])} reviews enter under every rule. What hangs on a judgement: "
    some = [f"{names[r]} ({number} of {tried} rules)" for r, number in found["selected_under_some_rules"].items()]
    never = ", ".join(names[r] for r in found["selected_under_no_rule"])
    text += f"only under some enter {', '.join(some)}" if some else "no review enters only under some"
    return f"{text}. Under none: {never}." if never else f"{text}."


def _weights(study: Study, found: dict[str, Any]) -> str:
    if found["rules_reproducing_every_judgement"]:
        return f"{found['rules_reproducing_every_judgement']} rules give every printed judgement."
    rule_names = rule_labels(study)
    compared = mark(max(pair[1] for pair in agreement(study).values()), SHOWN_IN)
    best = "; ".join(_inline(rule_names[rule]) for rule in found["best_rules"])
    text = f"No rule gives every printed judgement; the most, {found['best_rule_matches']} of {compared}, "
    text += f"come from: {best}."
    pairs = mark(len(same_components_different_overall(study)), "appraisal.same_components_different_overall")
    one = "pair of reviews has" if pairs == 1 else "pairs of reviews have"
    return f"{text} {pairs} {one} the same components and different weights, which no rule can give." if pairs else text


def _threshold(study: Study) -> str:
    table, published = rules_by_thresholds(study), threshold_rank(study)
    scale = study.table("appraisal-scale").set_index("score")["label"]
    parts = []
    for score, rank in ranks(study).items():
        label = f"{scale[score]!r}{' (published)' if rank == published else ''}"
        parts.append(f"{_range(table.loc[table['threshold'] == score, 'n_synthesised'])} with {label}")
    text = "The worst weight let in matters as well: over all rules the number of reviews that enter is "
    text += f"{', '.join(parts)}; with the printed weights alone it is "
    return text + f"{_range(table.loc[table['rule'] == PRINTED, 'n_synthesised'])} over the thresholds."


def _range(numbers: pd.Series) -> str:
    low, high = (mark(int(number), SHOWN_IN) for number in (numbers.min(), numbers.max()))
    return f"{low}" if low == high else f"{low} to {high}"


def _findings(study: Study, found: dict[str, Any]) -> str:
    total = found["findings_resting_on_literature"]
    if not total:
        return "No finding points at a review or a theme of the literature."
    lose, gain = found["findings_losing_under_some_rule"], found["findings_gaining_under_some_rule"]
    text = f"{total} findings, limitations and recommendations point at the literature for support. At the published "
    text += f"threshold {_some(lose)} would lose a row of it under another rule, {_some(gain)} would gain one. "
    one, theme = found["findings_resting_on_one_review"], found["themes_hanging_on_one_review"]
    text += f"Were a single review to fall, {_some(one)} could be left with no support from the literature, and "
    return text + f"{_some(theme)} of the themes of the literature with no review."


def _some(identifiers: list[str]) -> str:
    return f"{count(identifiers)} ({', '.join(identifiers)})" if identifiers else "none"


def _inline(label: str) -> str:
    """Write a rule's name inside a sentence; abbreviations keep their capitals."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]
