"""What a person reads first in a packed crate: a short README, and a page with the steps and the files."""

from __future__ import annotations

import html
from typing import Any

from compendium.crate.graph import Graph
from compendium.crate.record import Run

FORMS = ("report/report.html", "report/report.pdf", "report/report.docx", "report/report.xml", "report/tables.xlsx")
_ACTIONS = ("what", "started (UTC)", "ended (UTC)", "status", "read", "wrote")
_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}"
    "table{border-collapse:collapse;margin:1rem 0}th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;"
    "border-bottom:1px solid #ccc}h1{font-size:1.6rem;line-height:1.25}"
    "code{font-size:.85em;overflow-wrap:anywhere}div{overflow-x:auto}"
)


def readme(run: Run, graph: Graph) -> str:
    """Say what the crate is, where to begin, and how to run it again; in Markdown."""
    root = graph.crate.root_dataset
    forms = "\n".join(f"- [`{name}`]({name})" for name in FORMS if name in graph.contents)
    given = "".join(f" -p {name}={value}" for name, value in run.this["values"].items())
    again = f"`python run_all.py{given}` makes all of it again from `data/`."
    return (
        f"# {_flat(root['name'])}\n\n{_flat(root['description'])}\n\n"
        f"An RO-Crate 1.1 (Provenance Run Crate): `ro-crate-metadata.json` says what each notebook read and "
        f"wrote, when and with what; `ro-crate-preview.html` shows the same to people.\n\n{forms}\n\n"
        f"{again} Python 3.11 or newer is needed, and a package index once.\n"
    )


def _flat(text: str) -> str:
    """Write a text of the data so that Markdown takes it as it is."""
    marks = "\\`*_{}[]<>#|"
    return "".join(f"\\{c}" if c in marks else c for c in " ".join(str(text).split()))


def page(entities: list[dict[str, Any]]) -> str:
    """Write a crate's metadata as a page of HTML that needs no other file.

    Parameters
    ----------
    entities
        The ``@graph``.
    """
    known = {entity["@id"]: entity for entity in entities}
    root = known["./"]
    actions = [known[ref["@id"]] for ref in _many(root["mentions"]) if known[ref["@id"]]["@type"] == "CreateAction"]
    files = sorted((e for e in entities if "sha256" in e and not e["@id"].startswith("#")), key=lambda e: e["@id"])
    forms = [f"<li>{_link(name)}</li>" for name in FORMS if name in known]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{_text(root['name'])}</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{_text(root['name'])}</h1>\n<p>{_text(root['description'])}</p>\n<ul>{''.join(forms)}</ul>\n"
        f"<h2>What ran</h2>\n{_table(_ACTIONS, map(_action, actions))}\n"
        f"<h2>Values of parameters</h2>\n{_table(('parameter', 'value'), _values(actions, known))}\n"
        f"<h2>Files</h2>\n{_table(('file', 'bytes', 'SHA-256'), map(_file, files))}\n"
        "</main>\n</body>\n</html>\n"
    )


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return html.escape(str(value))


def _link(name: str) -> str:
    return f'<a href="{html.escape(name)}">{_text(name)}</a>'


def _table(head: tuple[str, ...], rows: Any) -> str:
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div><table>\n<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>"


def _action(action: dict[str, Any]) -> tuple[str, ...]:
    status = _text(action["actionStatus"].rpartition("/")[2].removesuffix("ActionStatus").lower())
    status += f": {_text(action['error'])}" if "error" in action else ""
    times = [_text(action.get(name, "")[:19].replace("T", " ")) for name in ("startTime", "endTime")]
    numbers = [str(len(_many(action.get(name, [])))) for name in ("object", "result")]
    return (_text(action["name"]), *times, status, *numbers)


def _values(actions: list[dict[str, Any]], known: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    used = {ref["@id"] for action in actions for ref in _many(action.get("object", []))}
    values = [known[name] for name in sorted(used) if known[name]["@type"] == "PropertyValue"]
    return [(_text(value["name"]), _text(value["value"])) for value in values]


def _file(entity: dict[str, Any]) -> tuple[str, ...]:
    return _link(entity["@id"]), _text(entity["contentSize"]), f"<code>{_text(entity['sha256'])}</code>"
