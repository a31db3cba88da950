"""A run as an RO-Crate: judged by the profiles' own validator, without the network."""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crates import EARLIER, TIMES, finish_run, graph, many, refs, run_stage

from compendium import paths
from compendium.crate import crate
from compendium.crate.crate import FILE, pack, write_crate
from compendium.crate.software import citation
from compendium.files import read_json, sha256, write_json, write_text
from compendium.parameters import all_declared
from compendium.publishing import manifest
from compendium.run import state
from compendium.stages import STAGES, Stage, stage


def test_a_run_meets_what_the_profiles_require(run_folder: Path, issues: Callable[..., set[str]]) -> None:
    """What is recommended and missing is what a run does not know and does not make up.

    Who runs it, where it is published, where it can be found.
    """
    found = issues(run_folder, "RECOMMENDED")
    assert not [issue for issue in found if issue.startswith("REQUIRED")]
    unknown = ("url", "URL", "absolute URI", "Bioschemas", "agent", "publisher", "affiliation", "README")
    assert not [issue for issue in found if not any(word in issue for word in unknown)]


def test_every_step_has_an_action_with_times_inputs_and_outputs(run_folder: Path) -> None:
    known = graph(run_folder)
    workflow = known[known["./"]["mainEntity"]["@id"]]
    steps = [known[name] for name in refs(workflow, "step")]
    assert [(step["name"], step["position"]) for step in steps] == [(s.name, str(n)) for n, s in enumerate(STAGES, 1)]
    controls = [known[name] for name in refs(known["#run-engine"], "object")]
    assert [refs(control, "instrument") for control in controls] == [[step["@id"]] for step in steps]
    for one, control, step in zip(STAGES, controls, steps, strict=True):
        action = known[control["object"]["@id"]]
        assert refs(action, "instrument") == refs(step, "workExample")
        assert known[action["instrument"]["@id"]]["name"] == one.notebook
        assert set(action["actionStatus"].rpartition("/")[2:]) == {"CompletedActionStatus"}
        results = {f"data/derived/{need}/results.json" for need in one.needs}
        assert results <= set(refs(action, "object"))
        assert f"report/tables/{one.name}%20table.csv" in refs(action, "result")
    assert refs(known["#run-engine"], "result") == ["#run-workflow"]


def test_a_stage_that_was_up_to_date_keeps_the_times_of_when_it_was_made(run_folder: Path) -> None:
    known = graph(run_folder)
    times = {
        name: (known[f"#run-{name}"]["startTime"], known[f"#run-{name}"]["endTime"]) for name in ("policy", "search")
    }
    assert times == {"policy": tuple(EARLIER.values()), "search": tuple(TIMES.values())}
    assert "Up to date from an earlier run: policy." in known["./"]["description"]


def test_files_bear_their_own_hash_and_size(run_folder: Path) -> None:
    files = [entity for entity in graph(run_folder).values() if "File" in many(entity["@type"])]
    assert len(files) > len(STAGES) * 3
    for entity in files:
        content = (run_folder / entity["@id"].replace("%20", " ")).read_bytes()
        assert (entity["sha256"], entity["contentSize"]) == (hashlib.sha256(content).hexdigest(), str(len(content)))


def test_parameters_are_told_with_their_values(tmp_path: Path) -> None:
    changed = {"woe_threshold": "3"}
    for one in STAGES:
        run_stage(tmp_path, paths.BUNDLED_STUDY, one, changed)
    finish_run(tmp_path, paths.BUNDLED_STUDY, [], values=changed)
    write_crate(tmp_path)
    known = graph(tmp_path)
    workflow = known[known["./"]["mainEntity"]["@id"]]
    declared = {name: p.default for name, p in all_declared().items() if name not in ("study", "out")}
    formal = [known[name] for name in refs(workflow, "input")]
    assert {p["name"]: p["defaultValue"] for p in formal} == declared
    used = [known[name] for name in refs(known["#run-workflow"], "object") if known[name]["@type"] == "PropertyValue"]
    assert {p["name"]: p["value"] for p in used} == declared | changed
    assert {known[p["exampleOfWork"]["@id"]]["name"] for p in used} == set(declared)


def test_software_and_licences_are_told(run_folder: Path) -> None:
    known = graph(run_folder)
    workflow = known[known["./"]["mainEntity"]["@id"]]
    versions = {known[name]["name"]: known[name]["softwareVersion"] for name in refs(workflow, "softwareRequirements")}
    lock = paths.LOCK.read_text(encoding="utf-8")
    assert {"pandas", "papermill", "plotly"} <= set(versions)
    assert not [name for name, version in versions.items() if f"{name}=={version}" not in lock]
    assert known[workflow["programmingLanguage"]["@id"]]["version"] == ".".join(map(str, sys.version_info[:3]))
    assert known[workflow["buildInstructions"]["@id"]]["sha256"] == sha256(paths.LOCK)
    assert workflow["license"]["@id"].endswith(f"/{citation()['license']}")
    assert known["./"]["license"] == known["#study"]["license"]


def test_nobody_is_made_up(run_folder: Path) -> None:
    known = graph(run_folder)
    named = {entity["name"] for entity in known.values() if entity["@type"] in ("Person", "Organization")}
    contributors = read_json(paths.BUNDLED_STUDY / "datapackage.json")["contributors"]
    cited = [author.get("name") or author for author in citation()["authors"]]
    assert named == {person["title"] for person in contributors} | set(cited)
    assert not [entity for entity in known.values() if "agent" in entity]


def test_a_study_that_says_little(tmp_path: Path, issues: Callable[..., set[str]]) -> None:
    """No title, no licence, no people: nothing of it is invented, and the crate is still one."""
    study, out = tmp_path / "study", tmp_path / "out"
    resource = {"name": "t", "path": "terms.csv", "schema": {"fields": [{"name": "a", "type": "string"}]}}
    write_json(study / "datapackage.json", {"resources": [resource]})
    write_text(study / "terms.csv", "a\n1\n")
    run_stage(out, study, stage("search"))
    finish_run(out, study, ["search"])
    write_crate(out)
    known = graph(out)
    assert "states no licence" in known[known["./"]["license"]["@id"]]["name"]
    assert len([entity for entity in known.values() if entity["@type"] == "HowToStep"]) == len(STAGES)
    assert issues(out) == set()


def test_a_run_that_failed_names_the_step_and_why(run_folder: Path, issues: Callable[..., set[str]]) -> None:
    kept = run_folder / "failed" / stage("screening").notebook
    write_text(kept, "{}")
    told = f"ValueError: no table in {run_folder}/data"
    failed = {"stage": "screening", **TIMES, "error": told, "kept": str(kept)}
    finish_run(
        run_folder, paths.BUNDLED_STUDY, ["search"], failed=[failed], error=f"cell 3 of stage screening failed: {told}"
    )
    write_crate(run_folder)
    known = graph(run_folder)
    action = known["#run-screening"]
    assert action["actionStatus"] == "http://schema.org/FailedActionStatus"
    assert action["error"] == "ValueError: no table in data"
    assert refs(action, "result") == ["failed/02_screening.ipynb"]
    assert (
        known["#control-screening"]["actionStatus"] == known["#run-workflow"]["actionStatus"] == action["actionStatus"]
    )
    assert known["#run-search"]["actionStatus"].endswith("/CompletedActionStatus")
    assert "error" not in known["#run-search"]
    assert "report/tables/search%20table.csv" in refs(known["#run-workflow"], "result")
    assert "report/report.html" not in known, "an earlier run's report"
    assert issues(run_folder) == set()


def test_what_has_changed_since_is_named_by_the_hash_it_had(run_folder: Path, copy_of_study: Path) -> None:
    for one in STAGES:
        run_stage(run_folder, copy_of_study, one)
    finish_run(run_folder, copy_of_study, [])
    before = sha256(copy_of_study / "terms.csv")
    write_text(copy_of_study / "terms.csv", "changed\n")
    pack(run_folder, run_folder / "run.zip")
    with zipfile.ZipFile(run_folder / "run.zip") as archive:
        entities = {e["@id"]: e for e in json.loads(archive.read(FILE))["@graph"]}
    read = [entities[name] for name in refs(entities["#run-search"], "object")]
    assert [(e["@type"], e["sha256"]) for e in read if e.get("alternateName") == "terms.csv"] == [
        ("CreativeWork", before)
    ]
    assert entities["data/terms.csv"]["sha256"] == sha256(copy_of_study / "terms.csv")


def test_no_path_of_this_machine_is_in_it(run_folder: Path) -> None:
    text = (run_folder / FILE).read_text(encoding="utf-8")
    for folder in (run_folder, paths.ROOT, Path.home()):
        assert str(folder) not in text


def test_a_build_leaves_a_crate_also_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through :mod:`compendium.run.build`, with an engine that takes no time."""
    from compendium.errors import NotebookError
    from compendium.progress import Reporter
    from compendium.publishing import report
    from compendium.run import execute
    from compendium.run.build import build, plan

    def quick(one: Stage, study: Path, folder: Path, copy: Path, *_: Any) -> None:
        write_text(copy, '{"cells": []}')
        if one.name in broken:
            raise NotebookError(one.name, 2, "ValueError: no", str(copy))
        write_text(folder / "data" / "derived" / one.name / "results.json", "{}")
        manifest.write_fragment(folder, one.name, [], ["terms.csv"], [], ["compendium"])

    broken = {"screening"}
    monkeypatch.setattr(execute, "execute", quick)
    monkeypatch.setattr(report, "write_report", lambda *_: {"manifest": manifest.join(tmp_path, []), "written": []})
    with pytest.raises(NotebookError):
        build(plan(out=str(tmp_path), engine="kernel"), Reporter())
    known = graph(tmp_path)
    assert known["#run-screening"]["error"] == "ValueError: no"
    assert "cell 2 of stage screening failed" in known["#run-workflow"]["error"]
    assert "#run-conclusions" not in known
    broken.clear()
    build(plan(out=str(tmp_path), engine="kernel"), Reporter())
    known = graph(tmp_path)
    assert (
        known["#run-screening"]["startTime"] <= known["#run-screening"]["endTime"] <= known["#run-workflow"]["endTime"]
    )
    assert "error" not in known["#run-workflow"]
    before = (tmp_path / FILE).read_bytes()
    for name in ("results", "verdict"):
        write_json(tmp_path / "report" / f"{name}.json", {})
    build(plan(out=str(tmp_path), engine="kernel"), Reporter())
    assert (tmp_path / FILE).read_bytes() == before
    assert crate.FILE in Path(paths.ROOT / ".gitignore").read_text(encoding="utf-8")


def test_times_have_no_influence_on_what_is_made(run_folder: Path) -> None:
    key = state.key_of_report(run_folder, "study")
    entry = state.recorded(run_folder)["search"]
    state.save(run_folder, "search", {**entry, state.TIMES: EARLIER})
    assert state.key_of_report(run_folder, "study") == key
    state.save(run_folder, "search", {**entry, "outputs": {}})
    assert state.key_of_report(run_folder, "study") != key
