"""The notebooks as they are committed: clean, stable, short, and with nothing of the one study in them."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from compendium.data.study import Study
from compendium.paths import NOTEBOOKS, ROOT
from compendium.stages import STAGES

SOURCES = sorted(NOTEBOOKS.glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", SOURCES, ids=[p.stem for p in SOURCES])


def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def code(path: Path) -> list[dict[str, Any]]:
    return [cell for cell in cells(path) if cell["cell_type"] == "code"]


def test_notebooks_are_those_of_the_stages() -> None:
    assert [path.name for path in SOURCES] == [stage.notebook for stage in STAGES]


@each_notebook
def test_no_outputs_and_no_counts(path: Path) -> None:
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code(path))


@each_notebook
def test_ids_are_stable_and_in_order(path: Path) -> None:
    found = [cell["id"] for cell in cells(path)]
    assert all(re.fullmatch(rf"{path.name[:2]}-[0-9]{{2}}[a-z]?", identifier) for identifier in found)
    assert found == sorted(set(found))


@each_notebook
def test_file_is_formatted_so_that_a_change_is_a_small_difference(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"


@each_notebook
def test_one_cell_of_plain_parameters_with_study_and_out(path: Path) -> None:
    (tagged,) = [cell for cell in cells(path) if "parameters" in cell["metadata"].get("tags", [])]
    assert tagged == code(path)[0]
    body = ast.parse("".join(tagged["source"])).body
    values = {
        node.targets[0].id: node.value.value  # type: ignore[union-attr, attr-defined]
        for node in body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    assert len(values) == len(body)
    assert values["study"] == values["out"] == ""
    assert all(isinstance(value, (str, int, float, bool)) for value in values.values())
    assert all("#" in line for line in "".join(tagged["source"]).splitlines())


@each_notebook
def test_code_cells_are_short_and_prose_comes_first(path: Path) -> None:
    assert all(len("".join(cell["source"]).splitlines()) <= 10 for cell in code(path))
    first = cells(path)[0]
    assert first["cell_type"] == "markdown"
    text = "".join(first["source"])
    assert text.startswith(f"# {int(path.name[:2])} · ")
    assert "**Question.**" in text
    assert "**Method.**" in text


@each_notebook
def test_no_notebook_runs_another_or_reads_a_file_itself(path: Path) -> None:
    source = "\n".join("".join(cell["source"]) for cell in code(path))
    assert not re.search(r"%run|ipynb|read_csv|\bopen\(|chdir|os\.|pandas|filterwarnings", source)
    modules = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
    }
    assert modules == {"compendium"}


COMMON = {"health", "care", "review", "national", "local", "resources", "leadership", "network", "others"}
"""Words that a study's names share with the language of the field."""


def study_words() -> set[str]:
    """Names of areas, agencies, organisations, documents, authors, themes and identifiers of interviewees."""
    study = Study()
    columns = [
        ("interviews-areas", "area"),
        ("interviews-agencies", "agency"),
        ("interviews-interviewees", "interviewee_id"),
        ("interviews-themes", "theme"),
        ("interviews-subthemes", "subtheme"),
        ("policy-organisations", "organisation"),
        ("policy-documents", "name"),
        ("policy-documents", "issuer"),
        ("appraisal-synthesis-themes", "theme"),
        ("screening-full-text", "citation_key"),
        ("screening-full-text", "citation"),
        ("search-databases", "name_printed"),
    ]
    words = {str(value) for table, column in columns for value in study.table(table)[column]}
    words |= {str(c["title"]) for c in study.package["contributors"]} | {str(study.package["title"])}
    included = study.table("screening-full-text")["citation_key"]
    for key in included:
        words |= {name.split(",")[0].strip() for name in study.bibliography[key].get("author", "").split(" and ")}
    return {w for w in words if len(w) > 2 and w.lower() not in COMMON}


def project_texts() -> dict[str, str]:
    texts = {path.name: "\n".join("".join(cell["source"]) for cell in cells(path)) for path in SOURCES}
    for path in sorted((ROOT / "src" / "compendium").rglob("*.py")):
        texts[path.name] = path.read_text(encoding="utf-8")
    return texts


CITED_METHODS = {"PubMed", "Web of Science", "Scopus", "Clarke"}
"""Platforms whose syntax the library writes whatever the study, and authors of methods (Braun and Clarke 2006)."""


def test_no_name_of_the_study_stands_in_notebooks_or_library() -> None:
    words = study_words() - CITED_METHODS
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, sorted(words, key=len, reverse=True))) + r")\b")
    found = {(name, hit) for name, text in project_texts().items() for hit in pattern.findall(text)}
    assert not found


def test_no_count_of_the_flow_stands_in_notebooks_or_library() -> None:
    """Counts too small to tell from other numbers (below thirteen) are left out."""
    counts = {int(n) for n in Study().table("screening-flow")["count"].dropna() if int(n) > 20}
    assert counts
    pattern = re.compile(r"(?<![\w.,#-])(" + "|".join(map(str, sorted(counts))) + r")(?![\w.,-]*\w)")
    found = {(name, hit) for name, text in project_texts().items() for hit in pattern.findall(text)}
    assert not found
