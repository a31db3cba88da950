"""Static images of figures, drawn only when the figure changed.

A static image carries the hash of what it was drawn from, so a machine without a browser rebuilds everything
whose look did not change, and says which image it could not draw.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

_KEY = re.compile(r'data-spec-sha256="([0-9a-f]{64})"')
PATIENCE = 60.0
"""Seconds within which a browser has to have drawn a figure."""
_started = False
_silent = False


def spec_key(spec: str) -> str:
    """Return the hash that an image is kept under: of the figure's JSON and of the version that draws it."""
    import plotly

    return hashlib.sha256(f"plotly {plotly.__version__}\n{spec}".encode()).hexdigest()


def static_svg(spec: str, name: str, folders: list[Path]) -> str | None:
    """Return a figure as SVG.

    Parameters
    ----------
    spec
        The figure's JSON.
    name
        The figure's id; the image is looked for as ``<name>.svg``.
    folders
        Where images drawn earlier may be found.

    Returns
    -------
    str or None
        ``None`` where the figure changed and no browser is there to draw it.
    """
    key = spec_key(spec)
    for folder in folders:
        path = folder / f"{name}.svg"
        if path.is_file():
            content = path.read_text(encoding="utf-8")
            found = _KEY.search(content)
            if found and found[1] == key:
                return content
    drawn = _draw(spec)
    return None if drawn is None else _settle(drawn, key)


def browser() -> str | None:
    """Path of the browser that draws: ``BROWSER_PATH``, or what the system has; ``None`` where there is none."""
    from choreographer.browsers.chromium import Chromium

    found = Chromium.find_browser(skip_local=False)
    return found if found and Path(found).is_file() else None


def _draw(spec: str) -> str | None:
    """Draw with kaleido; ``None`` where there is no browser or it does not answer.

    Kaleido waits for ever where its browser cannot start, so it is asked from a thread that need not come back.
    """
    global _silent
    if _silent or browser() is None:
        return None
    answers: Queue[str | Exception] = Queue()
    Thread(target=lambda: answers.put(_ask(spec)), daemon=True).start()
    try:
        drawn = answers.get(timeout=PATIENCE)
    except Empty:
        _silent = True
        return None
    if isinstance(drawn, str):
        return drawn
    if "chrome" in str(drawn).lower() or "browser" in str(drawn).lower():
        return None
    raise drawn


def _ask(spec: str) -> str | Exception:
    """Have kaleido draw, through one browser for all figures of the process."""
    global _started
    import plotly.io as pio

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not _started:
                import kaleido

                kaleido.start_sync_server(silence_warnings=True)
                _started = True
            return bytes(pio.to_image(pio.from_json(spec), format="svg")).decode("utf-8")
    except Exception as error:
        return error


def _settle(svg: str, key: str) -> str:
    """Give random ids the numbers in which they appear, and enter the key."""
    seen: dict[str, str] = {}
    for uid in re.findall(r'(?:id="(?:top)?defs-|class="[^"]*\btrace)([0-9a-f]{6})\b', svg):
        seen.setdefault(uid, f"u{len(seen):05d}")
    for uid, number in seen.items():
        svg = svg.replace(uid, number)
    svg = svg.replace("<svg ", f'<svg data-spec-sha256="{key}" ', 1)
    return svg if svg.endswith("\n") else svg + "\n"
