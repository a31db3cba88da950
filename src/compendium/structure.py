"""The picture of how the compendium is built, drawn from its code: the stages, and the rooms of the library.

``python -m compendium.data.codebook`` writes ``docs/images/structure.svg`` anew.
"""

from __future__ import annotations

import ast
import textwrap
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from compendium import paths
from compendium.files import write_text
from compendium.stages import STAGES, Stage

PICTURE = paths.ROOT / "docs" / "images" / "structure.svg"
LIBRARY = paths.ROOT / "src" / "compendium"
WIDTH = 960
_PACKAGE = LIBRARY.name
_ROOM, _STAGE = (252, 70), (128, 40)
_GAP, _MARGIN = 46, 24
_STYLE = (
    "text{font-family:'Source Sans 3','Source Sans Pro',Arial,sans-serif;font-size:14px;fill:#1f2933}"
    ".t{font-size:18px;font-weight:600}.n{font-weight:600;font-size:15px}.s{font-size:12px;fill:#52606d}"
    ".b{fill:#ffffff;stroke:#486581;stroke-width:1.2}.d{fill:#f0f4f8;stroke:#9fb3c8}"
    ".e{fill:none;stroke:#627d98;stroke-width:1.3;marker-end:url(#a)}"
)
Edge = tuple[str, str]


@dataclass(frozen=True)
class Box:
    """A rectangle with a name and a line or two below it; `x` and `y` are its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    name: str
    lines: tuple[str, ...] = ()
    kind: str = "b"

    def svg(self) -> str:
        """Draw it."""
        middle = self.x + self.width / 2
        top = self.y + self.height / 2 + 5 - 8 * len(self.lines)
        drawn = [f'<rect class="{self.kind}" {_at(self)} rx="5"/>', _text(middle, top, self.name, "n")]
        drawn += [_text(middle, top + 17 + 15 * n, line, "s") for n, line in enumerate(self.lines)]
        return "\n".join(drawn)


def rooms(library: Path = LIBRARY) -> dict[str, str]:
    """Sub-packages of the library, and the first sentence on each."""
    found = {}
    for path in sorted(library.glob("*/__init__.py")):
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        found[path.parent.name] = " ".join(doc.partition("\n\n")[0].replace("`", "").split())
    return found


def imports(library: Path = LIBRARY) -> Counter[Edge]:
    """Count, for each pair of rooms, the modules of the first that import from the second, wherever they do."""
    names = set(rooms(library))
    counts: Counter[Edge] = Counter()
    for path in sorted(library.rglob("*.py")):
        room = path.relative_to(library).parts[0]
        if room in names:
            counts.update((room, other) for other in _imported(path) & names - {room})
    return counts


def _imported(path: Path) -> set[str]:
    """Rooms, or top-level modules, of the library that a module imports from."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in modules if name.startswith(f"{_PACKAGE}.")}
    return found


def downward(counts: Mapping[Edge, int]) -> set[Edge]:
    """Choose the arrows that all point one way: most imports first, and none that would close a circle.

    Of two rooms that import from each other as often, the one that fewer rooms import from stands above.
    """
    wanted = Counter(target for _, target in counts)
    chosen: set[Edge] = set()
    for a, b in sorted(counts, key=lambda e: (-counts[e], wanted[e[0]] - wanted[e[1]], e)):
        if a not in reachable(b, chosen):
            chosen.add((a, b))
    return chosen


def reachable(start: str, edges: Collection[Edge]) -> set[str]:
    """Names that arrows lead to from a name, itself included."""
    found, new = {start}, {start}
    while new:
        new = {b for a, b in edges if a in new} - found
        found |= new
    return found


def reduced(edges: Collection[Edge]) -> set[Edge]:
    """Leave out the arrows that follow from others."""
    return {(a, b) for a, b in edges if b not in reachable(a, [edge for edge in edges if edge != (a, b)])}


def layers(names: Iterable[str], edges: Collection[Edge]) -> dict[str, int]:
    """Give each name the number of its row: below all whose arrows lead to it."""
    row = dict.fromkeys(names, 0)
    for _ in row:
        for a, b in edges:
            row[b] = max(row[b], row[a] + 1)
    return row


def draw(library: Path = LIBRARY, stages: Iterable[Stage] = STAGES) -> str:
    """Draw the stages above and the rooms below, as SVG that is the same every time."""
    flow, height = _flow(list(stages))
    found, bottom = _library(library, height + 60)
    described = "How the compendium is built: the stages of a run, and the rooms of its library."
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom:g}" role="img" aria-label="{described}">'
        f"<title>{described}</title><style>{_STYLE}</style>"
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#627d98"/></marker></defs>'
        f'<rect width="{WIDTH}" height="{bottom:g}" fill="#ffffff"/>'
    )
    return "\n".join([head, *flow, *found, "</svg>"]) + "\n"


def update(picture: Path = PICTURE) -> bool:
    """Write the picture anew; return whether it changed."""
    old = picture.read_text(encoding="utf-8") if picture.is_file() else ""
    new = draw()
    write_text(picture, new)
    return new != old


def _flow(stages: list[Stage]) -> tuple[list[str], float]:
    """Draw the stages from the data on the left to what is released on the right."""
    edges = reduced({(need, stage.name) for stage in stages for need in stage.needs})
    column = layers([stage.name for stage in stages], edges)
    width, height = _STAGE
    step = (WIDTH - 2 * _MARGIN - 2 * 110 - width) / (max(column.values()) + 1)
    boxes: dict[str, Box] = {}
    rows = 0
    for stage in stages:
        first = not [a for a, b in edges if b == stage.name]
        rows += first and column[stage.name] == 0
        row = rows - 1 if column[stage.name] < max(column.values()) else 1
        x = _MARGIN + 110 + step / 2 + column[stage.name] * step
        boxes[stage.name] = Box(x, 62 + row * 58, width, height, stage.name, (stage.notebook[:2],))
    tall = 58 * rows - 18
    data = Box(_MARGIN, 62, 110, tall, "data/", ("validated", "first"), "d")
    made = Box(WIDTH - _MARGIN - 110, 62, 110, tall, "report/", ("figures/", "verdict"), "d")
    lines = [_right(data, boxes[s.name]) for s in stages if not s.needs]
    lines += [_right(boxes[a], boxes[b]) for a, b in sorted(edges)]
    lines += [_right(boxes[s.name], made) for s in stages if s.name not in {a for a, _ in edges}]
    title = _text(_MARGIN, 34, "A run: from the data through the notebooks to the report", "t", "start")
    return [title, *lines, *(box.svg() for box in (data, *boxes.values(), made))], 62 + tall


def _library(library: Path, top: float) -> tuple[list[str], float]:
    """Draw the rooms in rows; each arrow leads from a room to one that it imports from."""
    described, counts = rooms(library), imports(library)
    edges = downward(counts)
    row = layers(described, edges)
    width, height = _ROOM
    boxes: dict[str, Box] = {}
    for number in range(max(row.values()) + 1):
        names = [name for name in described if row[name] == number]
        free = (WIDTH - len(names) * width) / (len(names) + 1)
        for place, name in enumerate(names):
            x = free + place * (width + free)
            lines = tuple(textwrap.wrap(described[name].partition(":")[0].rstrip("."), 40)[:2])
            boxes[name] = Box(x, top + 46 + number * (height + _GAP), width, height, name, lines)
    bottom = top + 46 + (max(row.values()) + 1) * (height + _GAP)
    arrows = [_down(boxes[a], boxes[b], boxes.values()) for a, b in sorted(reduced(edges))]
    against = sum(count for edge, count in counts.items() if edge not in edges)
    note = f"Arrows: imports from. Left out: those that follow from others, and {against} upward, of single modules."
    base = ", ".join(sorted(p.stem for p in library.glob("*.py") if not p.stem.startswith("_")))
    foot = [
        _text(_MARGIN, bottom, note, "s", "start"),
        _text(_MARGIN, bottom + 18, f"Beside them: {base}.", "s", "start"),
    ]
    title = _text(_MARGIN, top + 18, "The library: src/compendium/", "t", "start")
    return [title, *arrows, *(box.svg() for box in boxes.values()), *foot], bottom + 34


def _right(a: Box, b: Box) -> str:
    """Arrow from the right side of a box to the left side of another; level where one of them is tall."""
    y2 = b.y + b.height / 2
    y1 = a.y + a.height / 2
    if a.height > b.height:
        y1 = y2
    elif b.height > a.height:
        y2 = y1
    x1, x2 = a.x + a.width, b.x - 2
    bend = x1 + 0.82 * (x2 - x1)
    return f'<path class="e" d="M{x1:g} {y1:g} C{bend:g} {y1:g} {bend:g} {y2:g} {x2:g} {y2:g}"/>'


def _down(a: Box, b: Box, boxes: Iterable[Box]) -> str:
    """Arrow from the lower side of a box to the upper side of another, past those in the rows between."""
    between = [box for box in boxes if a.y < box.y < b.y]
    x1, x2 = a.x + a.width / 2, b.x + b.width / 2
    shift = max(-a.width / 3, min(a.width / 3, (x2 - x1) / 4))
    x1, x2 = x1 + shift, x2 - shift
    y1, y2 = a.y + a.height, b.y - 2
    path = f"M{x1:g} {y1:g}"
    if between:
        free = [x for x in range(_MARGIN, WIDTH - _MARGIN, 8) if not any(_covers(box, x) for box in between)]
        x = min(free, key=lambda x: abs(x - x1) + abs(x - x2))
        path += f"{_bend(x1, y1, x, y1 + _GAP)} L{x:g} {y2 - _GAP + 2:g}"
        x1, y1 = x, y2 - _GAP + 2
    return f'<path class="e" d="{path}{_bend(x1, y1, x2, y2)}"/>'


def _covers(box: Box, x: float) -> bool:
    return box.x - 12 <= x <= box.x + box.width + 12


def _bend(x1: float, y1: float, x2: float, y2: float) -> str:
    """Continue a path downwards to a point."""
    middle = (y1 + y2) / 2
    return f" C{x1:g} {middle:g} {x2:g} {middle:g} {x2:g} {y2:g}"


def _at(box: Box) -> str:
    return f'x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}"'


def _text(x: float, y: float, text: str, kind: str, anchor: str = "middle") -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'
