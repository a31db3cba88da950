"""A run as a Provenance Run Crate: a workflow, its steps, what each read and wrote, with what and when.

Sources: RO-Crate Metadata Specification 1.1 (https://w3id.org/ro/crate/1.1); Workflow RO-Crate 1.0; Process, Workflow
and Provenance Run Crate 0.5 (https://w3id.org/ro/wfrun/provenance/0.5; Leo et al. 2024, PLOS ONE 19(9): e0309210).
A stage that was up to date is described by the action that made it, with the times of then.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from compendium import paths
from compendium.crate import software
from compendium.crate.graph import CRATE_VERSION, PROFILES, WORKFLOW_PROFILE, Graph
from compendium.crate.record import LOCK, WORKFLOW, Run, all_parameters, parameters_of
from compendium.data.study import PACKAGE_FILE, read_package
from compendium.files import read_json
from compendium.parameters import Scalar
from compendium.publishing import manifest
from compendium.run import state
from compendium.stages import STAGES, Stage

if TYPE_CHECKING:
    from rocrate.model.entity import Entity

COMPLETED, FAILED = "http://schema.org/CompletedActionStatus", "http://schema.org/FailedActionStatus"
MANIFEST, ASSETS = "report/manifest.json", "report/assets"
_KINDS = {bool: "Boolean", int: "Integer", float: "Float", str: "Text"}


def describe(run: Run) -> Graph:
    """Describe a run.

    Parameters
    ----------
    run
        See :func:`compendium.crate.record.load_run`.

    Returns
    -------
    Graph
        Its JSON-LD, the content of ``ro-crate-metadata.json``, is the same for the same record and files.
    """
    graph = Graph()
    study = _study(graph, run)
    artefacts = _artefacts(graph, run)
    tools = {stage.name: _notebook(graph, run, stage) for stage in STAGES}
    actions = {stage.name: _made(graph, run, stage, tools[stage.name]) for stage in run.made}
    failed = {
        entry["stage"]: _not_made(graph, run, entry, tools[entry["stage"]], study) for entry in run.this["failed"]
    }
    actions |= failed
    begun = [stage.name for stage in STAGES if stage.name in actions]
    workflow = _workflow(graph, run, [tools[name] for name in begun])
    steps = {stage.name: _step(graph, number, stage, tools) for number, stage in enumerate(STAGES, start=1)}
    workflow["step"] = list(steps.values())
    whole = _whole(graph, run, workflow, study, artefacts)
    controls = [_control(graph, name, steps[name], actions[name]) for name in begun]
    engine = _engine(graph, run, controls, whole)
    mentions = [study, engine, whole, *(actions[name] for name in begun)]
    _root(graph, run, workflow, study, mentions)
    return graph


def _root(graph: Graph, run: Run, workflow: Entity, study: Entity, mentions: list[Entity]) -> None:
    crate, root = graph.crate, graph.crate.root_dataset
    crate.metadata["conformsTo"] = [{"@id": f"https://w3id.org/ro/crate/{CRATE_VERSION}"}, {"@id": WORKFLOW_PROFILE}]
    profiles = [
        graph.thing(address, "CreativeWork", name=name, version=address.rpartition("/")[2])
        for address, name in PROFILES.items()
    ]
    title = study["name"]
    root["name"] = f"A run of: {title}"
    root["description"] = (
        f"Six notebooks rebuild the figures, tables and report of this study. {_summary(run)} "
        "What was read and written is listed with its SHA-256."
    )
    root["datePublished"] = run.this["ended"]
    root["conformsTo"], root["mainEntity"], root["mentions"] = profiles, workflow, mentions
    root["license"] = study["license"]
    root["author"] = software.authors(graph)
    if run.holds_code():
        for folder, name in (("src/compendium", "The library"), ("report/template", "What the report is made from")):
            graph.folder(f"{run.code(folder)}/", paths.ROOT / folder, name)
    if (run.out / ASSETS).is_dir():
        graph.folder(f"{ASSETS}/", run.out / ASSETS, "Code and fonts that the report's page needs")


def _summary(run: Run) -> str:
    ran = ", ".join(run.this["ran"]) or "none"
    kept = [stage.name for stage in run.made if stage.name not in run.this["ran"]]
    text = f"Stages run: {ran}."
    text += f" Up to date from an earlier run: {', '.join(kept)}." if kept else ""
    return text + (f" The run failed: {clean(run, run.this['error'])}." if run.this["error"] else "")


def clean(run: Run, text: str) -> str:
    """Take the paths of this machine out of a message."""
    for folder in sorted((run.out, paths.ROOT, run.study), key=lambda path: len(str(path)), reverse=True):
        text = text.replace(f"{folder}/", "").replace(str(folder), ".")
    return text


def _study(graph: Graph, run: Run) -> Entity:
    """Describe the data as a collection of files, with the study's own licence, people and sources."""
    package = read_package(run.study)
    people = [
        graph.thing(f"#contributor-{n}", "Person", name=person["title"])
        for n, person in enumerate(package.get("contributors", []), start=1)
        if person.get("title")
    ]
    sources = [
        graph.thing(s.get("path") or f"#source-{n}", "CreativeWork", name=s.get("title") or s.get("path"))
        for n, s in enumerate(package.get("sources", []), start=1)
        if s.get("title") or s.get("path")
    ]
    inputs = {name: digest for stage in run.made for name, digest in run.entry(stage)["inputs"].items()}
    known = {name: _input(graph, run, name, digest, package) for name, digest in sorted(inputs.items())}
    about = {"name": package.get("title") or package.get("name") or "A study", "author": people, "isBasedOn": sources}
    about |= {"version": package.get("version", ""), "description": package.get("description", "")}
    about |= {"hasPart": list(known.values()), "license": _licence(graph, package)}
    about["mainEntity"] = known.get(PACKAGE_FILE, [])
    return graph.thing("#study", "Collection", **{name: value for name, value in about.items() if value})


def _licence(graph: Graph, package: dict[str, Any]) -> Entity:
    given = [licence for licence in package.get("licenses", []) if licence.get("path") or licence.get("name")]
    if not given:
        return graph.thing("#licence-not-stated", "CreativeWork", name="The study's descriptor states no licence")
    first = given[0]
    name = first.get("title") or first.get("name") or first["path"]
    return graph.thing(first.get("path") or f"#licence-{first['name']}", "CreativeWork", name=name)


def _input(graph: Graph, run: Run, name: str, digest: str, package: dict[str, Any]) -> Entity:
    about: dict[str, Any] = next((r for r in package["resources"] if r.get("path") == name), {})
    said = {"name": about.get("title"), "description": about.get("description"), "alternateName": name}
    properties = {key: value for key, value in said.items() if value}
    return graph.as_it_was(run.data(name), run.study / name, digest, **properties)


def _artefacts(graph: Graph, run: Run) -> list[Entity]:
    """Describe figures, tables and the forms of the report, which are what the whole run is for.

    A run that failed has not written the report: what lies there is an earlier run's.
    """
    there = {stage.name for stage in run.made}
    made = [
        graph.file(name, run.out / name, name=f"{entry['title']} ({name.rpartition('.')[2]})", description=entry["alt"])
        for entry in manifest.joined(run.out)
        for name in entry["files"]
        if entry["stage"] in there and (run.out / name).is_file()
    ]
    written = [*(read_json(run.out / MANIFEST) or {"files": []})["files"], MANIFEST] if not run.this["error"] else []
    return made + [graph.file(name, run.out / name) for name in written if (run.out / name).is_file()]


def _notebook(graph: Graph, run: Run, stage: Stage) -> Entity:
    name = f"notebooks/{stage.notebook}"
    about = {
        "@type": ["File", "SoftwareSourceCode"],
        "name": stage.notebook,
        "version": software.citation()["version"],
        "license": software.licence(graph),
        "programmingLanguage": software.python(graph),
        "input": [_parameter(graph, p.name, p.default, p.help) for p in parameters_of(stage)],
    }
    return graph.file(run.code(name), stage.path, **{key: value for key, value in about.items() if value})


def _parameter(graph: Graph, name: str, default: Scalar, explained: str) -> Entity:
    about = {"name": name, "additionalType": _KINDS[type(default)], "defaultValue": default, "valueRequired": False}
    about |= {"description": explained} if explained else {}
    return graph.thing(f"#parameter-{name}", "FormalParameter", **about)


def _values(graph: Graph, values: dict[str, Scalar]) -> list[Entity]:
    return [
        graph.thing(
            f"#{name}={quote(str(value), safe='')}",
            "PropertyValue",
            name=name,
            value=value,
            exampleOfWork={"@id": f"#parameter-{name}"},
        )
        for name, value in values.items()
    ]


def _made(graph: Graph, run: Run, stage: Stage, tool: Entity) -> Entity:
    """Describe the action that made what there is of a stage."""
    entry, package = run.entry(stage), read_package(run.study)
    read = [_input(graph, run, name, digest, package) for name, digest in entry["inputs"].items()]
    files = [graph.as_it_was(name, run.out / name, digest) for name, digest in entry["outputs"].items()]
    about = f"{stage.notebook}, run by papermill in a kernel of its own"
    if stage.name not in run.this["ran"]:
        about += "; up to date in the last run, so made by an earlier one"
    digest = entry["made_from"]["notebook"]
    if digest != graph.hashes[run.code(f"notebooks/{stage.notebook}")]:
        about += f"; the notebook has changed since, it had the SHA-256 {digest}"
    times = entry.get(state.TIMES, {})
    given = [*read, *_upstream(graph, run, stage), *_values(graph, run.values(stage))]
    return _action(graph, stage.name, tool, about, times, given, files)


def _upstream(graph: Graph, run: Run, stage: Stage) -> list[Entity]:
    """Results of other stages that a stage read, by the hash that they had then where that is known."""
    names = [f"data/derived/{need}/results.json" for need in stage.needs]
    there = [name for name in names if (run.out / name).is_file()]
    known = run.entry(stage).get("made_from", {}).get("upstream", "").split()
    if len(known) == len(names):
        return [graph.as_it_was(name, run.out / name, digest) for name, digest in zip(names, known, strict=True)]
    return [graph.file(name, run.out / name) for name in there]


def _not_made(graph: Graph, run: Run, entry: dict[str, str], tool: Entity, study: Entity) -> Entity:
    """Describe a step that failed; the executed copy, with the failing cell marked, is all that it made."""
    stage = next(s for s in STAGES if s.name == entry["stage"])
    kept = Path(entry["kept"]) if entry["kept"] else None
    inside = kept is not None and kept.is_file() and kept.is_relative_to(run.out)
    said = "Executed copy with the failing cell marked"
    files = [graph.file(kept.relative_to(run.out).as_posix(), kept, description=said)] if kept and inside else []
    given = [study, *_upstream(graph, run, stage), *_values(graph, run.values(stage))]
    error = clean(run, entry["error"])
    return _action(graph, stage.name, tool, f"{stage.notebook}, not run to its end", entry, given, files, error)


def _action(
    graph: Graph,
    name: str,
    tool: Entity,
    about: str,
    times: dict[str, str],
    given: list[Entity],
    made: list[Entity],
    error: str = "",
) -> Entity:
    properties = {
        "name": f"Run of {tool['name']}",
        "description": about,
        "instrument": tool,
        "object": given,
        "result": made,
        "startTime": times.get("started", ""),
        "endTime": times.get("ended", ""),
        "actionStatus": FAILED if error else COMPLETED,
        "error": error,
    }
    return graph.thing(f"#run-{name}", "CreateAction", **{k: v for k, v in properties.items() if v})


def _workflow(graph: Graph, run: Run, tools: list[Entity]) -> Entity:
    cited = software.citation()
    lock = graph.file(
        run.code(LOCK),
        paths.LOCK,
        name="Locked environment",
        description="Every package with its exact version and hashes",
        conformsTo=graph.thing(software.LOCK_FORMAT, "WebPageElement", name="pip's requirements file format"),
    )
    about = {
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": cited["title"],
        "description": "Runs the notebooks in the order of what they need, then writes the report",
        "version": cited["version"],
        "license": software.licence(graph),
        "creator": software.authors(graph),
        "programmingLanguage": software.python(graph),
        "runtimePlatform": software.platform_name(),
        "softwareRequirements": software.packages(graph),
        "buildInstructions": lock,
        "hasPart": tools,
        "input": [_parameter(graph, p.name, p.default, p.help) for p in all_parameters()],
    }
    return graph.file(run.code(WORKFLOW), paths.ROOT / WORKFLOW, **about)


def _step(graph: Graph, number: int, stage: Stage, tools: dict[str, Entity]) -> Entity:
    needs = f"needs {', '.join(stage.needs)}" if stage.needs else "needs no other step"
    about = {"name": stage.name, "position": str(number), "description": needs, "workExample": tools[stage.name]}
    return graph.thing(f"#step-{stage.name}", "HowToStep", **about)


def _whole(graph: Graph, run: Run, workflow: Entity, study: Entity, made: list[Entity]) -> Entity:
    defaults = {p.name: p.default for p in all_parameters()}
    values = {name: run.this["values"].get(name, default) for name, default in defaults.items()}
    given = [study, *_values(graph, values)]
    error = clean(run, run.this["error"])
    return _action(graph, "workflow", workflow, _summary(run), run.this, given, made, error)


def _control(graph: Graph, name: str, step: Entity, action: Entity) -> Entity:
    about = {"name": f"Step {name}", "instrument": step, "object": action, "actionStatus": action["actionStatus"]}
    return graph.thing(f"#control-{name}", "ControlAction", **about)


def _engine(graph: Graph, run: Run, controls: list[Entity], whole: Entity) -> Entity:
    about = {
        "name": "Run of the compendium's scheduler",
        "instrument": software.library(graph),
        "object": controls,
        "result": whole,
        "startTime": run.this["started"],
        "endTime": run.this["ended"],
        "actionStatus": whole["actionStatus"],
    }
    return graph.thing("#run-engine", "OrganizeAction", **about)
