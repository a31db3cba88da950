"""Who made the compendium, under which licence, and with which software it runs."""

from __future__ import annotations

import platform
import tomllib
from functools import cache
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from typing import TYPE_CHECKING, Any

from compendium import paths
from compendium.crate.graph import Graph, slug

if TYPE_CHECKING:
    from rocrate.model.entity import Entity

LOCK_FORMAT = "https://pip.pypa.io/en/stable/reference/requirements-file-format/"
_PYTHON = "https://www.python.org/"


@cache
def _project() -> dict[str, Any]:
    return dict(tomllib.loads((paths.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"])


@cache
def citation() -> dict[str, Any]:
    """Return what ``CITATION.cff`` says: ``title``, ``version``, ``license`` and ``authors``; no more is known."""
    import yaml

    known = {"title": _project()["name"], "version": _project()["version"], "license": "", "authors": []}
    path = paths.ROOT / "CITATION.cff"
    cited = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return known | {name: cited[name] for name in known if name in cited}


def authors(graph: Graph) -> list[Entity]:
    """Return the authors of the compendium: people where they are named, else an organisation."""
    found = []
    for author in citation()["authors"]:
        name = author.get("name") or " ".join(author[k] for k in ("given-names", "family-names") if k in author)
        kind = "Organization" if "name" in author else "Person"
        found.append(graph.thing(author.get("orcid") or f"#author-{slug(name)}", kind, name=name))
    return found


def licence(graph: Graph) -> Entity | str:
    """Return the licence of the code; empty where none is stated."""
    name = citation()["license"]
    return graph.thing(f"https://spdx.org/licenses/{name}", "CreativeWork", name=name) if name else ""


def platform_name() -> str:
    """Name the Python and the system that this runs on."""
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"


def python(graph: Graph) -> Entity:
    """Return the language of the workflow, in the version that this runs on."""
    about = {"name": "Python", "version": platform.python_version(), "url": _PYTHON, "identifier": _PYTHON}
    return graph.thing(_PYTHON, "ComputerLanguage", **about)


def packages(graph: Graph) -> list[Entity]:
    """Return the packages that the compendium asks for, in the versions that are installed; the lock has all."""
    found = []
    for requirement in _project()["dependencies"]:
        name = requirement.partition("==")[0]
        try:
            known = metadata(name)
        except PackageNotFoundError:
            continue
        about = {"name": name, "softwareVersion": known["Version"], "url": _home(known)}
        properties = {key: value for key, value in about.items() if value}
        found.append(graph.thing(f"pkg:pypi/{name}@{known['Version']}", "SoftwareApplication", **properties))
    return found


def _home(known: PackageMetadata) -> str:
    """Find a package's home page in its metadata; of several addresses the one that is called so."""
    listed = [text.partition(",") for text in known.get_all("Project-URL") or []]
    addresses = {label.strip().lower(): address.strip() for label, _, address in listed}
    home = (known.get_all("Home-page") or [""])[0] or addresses.get("homepage") or addresses.get("home")
    return str(home or next(iter(addresses.values()), ""))


def library(graph: Graph) -> Entity:
    """Return the engine of the workflow: the compendium's own library."""
    about = {
        "name": "compendium",
        "description": "Runs the notebooks, side by side where they do not need each other",
        "softwareVersion": _project()["version"],
        "softwareRequirements": packages(graph),
    }
    return graph.thing("#compendium", "SoftwareApplication", **about)
