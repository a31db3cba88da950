"""The verdict: how much of a report was rebuilt, how much of what it says holds, and one sentence on the whole."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from compendium import paths
from compendium.audit import claims, reporting
from compendium.audit.facts import facts_of
from compendium.data.study import Study, each_row
from compendium.publishing import manifest
from compendium.publishing.provenance import computed, derived, mark, trace

ARTEFACTS = "conclusions-artefacts"
FILE = "report/verdict.json"
OWN_COUNT = "verdict"
"""Source of the numbers that the verdict counts itself."""
GRADES = (
    (0.95, "reproducible"),
    (0.8, "largely reproducible"),
    (0.5, "partly reproducible"),
    (0.0, "hardly reproducible"),
)
"""Share of the checkable claims that are reproduced, from which on a word is used; the highest that fits."""


def verdict(study: Study, out: Path) -> dict[str, Any]:
    """Judge a report by its data and by what a run made.

    Parameters
    ----------
    study
        Reads ``conclusions-artefacts``, the claims and the inconsistencies.
    out
        Output folder, whose artefacts are looked for.

    Returns
    -------
    dict
        ``judgement`` (a sentence), ``artefacts`` (``expected``, ``rebuilt``, ``missing``), ``claims`` (by status, and
        ``total``), ``inconsistencies`` (``total``, ``by_severity``, ``by_kind``, ``by_what_shows_them``),
        ``reporting`` (by checklist; see :func:`compendium.audit.reporting.answers`), ``matter_most`` (the ranked
        ones, with both places) and ``versions`` (of the packages depended on).
    """
    facts = facts_of(study)
    checked, found = claims.claims(study, facts), claims.inconsistencies(study, facts)
    parts: dict[str, Any] = {
        "artefacts": artefacts(study, out),
        "claims": {**_counts(checked["status"], claims.STATUSES), "total": len(checked)},
        "inconsistencies": {
            "total": len(found),
            "by_severity": _counts(found["severity"], claims.SEVERITIES),
            "by_kind": _counts(found["kind"], found["kind"].value_counts().index),
            "by_what_shows_them": _counts(found["shown_by"], (claims.COMPUTED, claims.READING, claims.NOT_SHOWN)),
        },
        "reporting": reporting.answers(study),
        "matter_most": matter_most(study, found),
    }
    return {"judgement": judgement(parts), **parts, "versions": versions()}


def _counts(column: pd.Series, names: Any) -> dict[str, int]:
    return {str(name): int((column == name).sum()) for name in names}


def artefacts(study: Study, out: Path) -> dict[str, Any]:
    """Compare the artefacts that the published report has with those that a run made, files and all."""
    expected = list(study.table(ARTEFACTS)["artefact_id"]) if ARTEFACTS in study else []
    made = {
        e["id"] for e in manifest.joined(out) if e["published"] and all((out / name).is_file() for name in e["files"])
    }
    missing = [name for name in expected if name not in made]
    return {"expected": len(expected), "rebuilt": len(expected) - len(missing), "missing": missing}


def matter_most(study: Study, found: pd.DataFrame) -> list[dict[str, Any]]:
    """List the inconsistencies that have a rank, first the one that matters most, with the titles of both places."""
    ranked = found[found["rank"].notna()].sort_values("rank")
    title = _titles(study)
    return [
        {
            "rank": int(row.rank),
            "inconsistency_id": row.inconsistency_id,
            "kind": row.kind,
            "severity": row.severity,
            "title": row.title,
            "statement": row.statement,
            "place": title.get(row.section, row.section),
            "other": row.other,
            "other_place": title.get(row.other_section, row.other_section),
            "consequence": row.consequence,
            "innocent": row.innocent,
            "shown_by": row.shown_by,
        }
        for row in each_row(ranked)
    ]


def _titles(study: Study) -> dict[str, str]:
    sections = study.table("sections")
    return dict(zip(sections["section_id"], sections["title"], strict=True))


@computed
def judgement(parts: Mapping[str, Any]) -> str:
    """Write the overall judgement from the counts of a verdict."""
    made = trace(OWN_COUNT, parts["artefacts"])
    said = {s: mark(n, f"conclusions.claims_{s.replace(' ', '_')}") for s, n in parts["claims"].items()}
    high = mark(parts["inconsistencies"]["by_severity"]["high"], "conclusions.inconsistencies_high")
    total = mark(parts["inconsistencies"]["total"], "conclusions.inconsistencies")
    hold, fail = said[claims.REPRODUCED], said[claims.INCONSISTENT]
    checkable = derived(hold + fail, hold, fail)
    share = derived(hold / checkable if checkable else 0.0, checkable)
    grade = next(word for least, word in GRADES if share >= least) if checkable else "not checkable"
    text = (
        f"What the report counts and cites is {grade}: {made['rebuilt']} of {made['expected']} tables and figures were "
    )
    text += f"rebuilt, and {said[claims.REPRODUCED]} of the {checkable} claims that its data can check hold"
    text += f" ({share:.0%})" if checkable else ""
    beyond = said[claims.NOT_RECOMPUTABLE]
    text += f", while {beyond} more cannot be recomputed; " if beyond else "; "
    if not total:
        return text + "it nowhere contradicts itself."
    return text + (
        f"of {total} places where it disagrees with itself or with its references, {high} are of high severity, so "
        "that its conclusions need more care than its numbers."
        if high
        else f"none of {total} places where it disagrees with itself or with its references is of high severity."
    )


def versions() -> dict[str, str]:
    """Return the locked version of each package that the compendium depends on directly."""
    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    direct = [re.split(r"[<>=!~;\[ ]", pin, maxsplit=1)[0] for pin in project["dependencies"]]
    lock = paths.LOCK.read_text(encoding="utf-8") if paths.LOCK.is_file() else ""
    locked = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", lock, flags=re.MULTILINE))
    return {name: locked[name] for name in sorted(direct) if name in locked}


def lines(found: Mapping[str, Any]) -> str:
    """Write a verdict as text for a terminal."""
    made, said, wrong = found["artefacts"], found["claims"], found["inconsistencies"]
    severities = ", ".join(f"{count} {name}" for name, count in wrong["by_severity"].items())
    text = [
        "Verdict",
        f"  artefacts        {made['rebuilt']} of {made['expected']} rebuilt"
        + (f"; missing: {', '.join(made['missing'])}" if made["missing"] else ""),
        "  claims           " + ", ".join(f"{said[status]} {status}" for status in claims.STATUSES),
        f"  inconsistencies  {wrong['total']}: {severities}",
        *_reporting_lines(found.get("reporting", {})),
        "",
        f"  {found['judgement']}",
    ]
    if found["matter_most"]:
        text += ["", "  The inconsistencies that matter most"]
    for item in found["matter_most"]:
        places = " – ".join(dict.fromkeys(place for place in (item["place"], item["other_place"]) if place))
        text.append(f"  {item['rank']:>2}. [{item['severity']}] {item['title']} ({places})")
    return "\n".join(text)


def _reporting_lines(answers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    head = f"  {'checklists':17}"
    words = {"yes": "in full", "partly": "in part", "no": "not reported", "not_applicable": "not applicable"}
    lines = [f"{a['name']}: {', '.join(f'{a[key]} {word}' for key, word in words.items())}" for a in answers.values()]
    return [f"{head if number == 0 else ' ' * len(head)}{line}" for number, line in enumerate(lines)]
