"""Static images: found again by the hash of their figure, drawn once, and the same bytes every time."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import plotly.io as pio
import pytest

from compendium.paths import ROOT
from compendium.publishing import images
from compendium.publishing.images import spec_key, static_svg

DRAWN = '<svg class="m"><clipPath id="defs-a1b2c3"/><g id="topdefs-0f0f0f" ref="a1b2c3"/></svg>'
SPEC = '{"data": []}'


def drawing(monkeypatch: pytest.MonkeyPatch, answer: str | Exception) -> list[str]:
    """Put something else in place of the browser; the calls are listed."""
    calls: list[str] = []

    def draw(figure: Any, **_: Any) -> bytes:
        calls.append("drawn")
        if isinstance(answer, Exception):
            raise answer
        return answer.encode()

    monkeypatch.setattr(images, "_started", True)
    monkeypatch.setattr(images, "browser", lambda: "/usr/bin/chromium")
    monkeypatch.setattr(pio, "to_image", draw)
    return calls


def test_random_ids_are_numbered_and_the_key_is_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing(monkeypatch, DRAWN)
    assert static_svg(SPEC, "f", []) == (
        f'<svg data-spec-sha256="{spec_key(SPEC)}" class="m"><clipPath id="defs-u00000"/>'
        '<g id="topdefs-u00001" ref="u00000"/></svg>\n'
    )


def test_image_is_drawn_once_and_again_when_the_figure_changes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls = drawing(monkeypatch, DRAWN)
    first = static_svg(SPEC, "f", [tmp_path])
    (tmp_path / "f.svg").write_text(str(first), encoding="utf-8")
    assert static_svg(SPEC, "f", [tmp_path / "none", tmp_path]) == first
    assert len(calls) == 1
    assert static_svg('{"data": [], "layout": {}}', "f", [tmp_path]) != first
    assert len(calls) == 2


@pytest.mark.parametrize(
    "error", [RuntimeError("Kaleido requires Google Chrome"), ValueError("no browser"), OSError("Chrome is missing")]
)
def test_no_browser_is_no_image(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    drawing(monkeypatch, error)
    assert static_svg(SPEC, "f", []) is None


def test_other_errors_are_not_taken_for_a_missing_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing(monkeypatch, ValueError("Invalid property"))
    with pytest.raises(ValueError, match="Invalid property"):
        static_svg(SPEC, "f", [])


def test_machine_without_a_browser_is_known_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER_PATH", "/nowhere/chromium")
    assert images.browser() is None
    monkeypatch.setattr(images, "_ask", lambda _: pytest.fail("kaleido would wait for ever"))
    assert static_svg(SPEC, "f", []) is None


def test_browser_that_does_not_answer_is_given_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    never = threading.Event()

    def ask(spec: str) -> str:
        asked.append(spec)
        never.wait(5)
        return ""

    monkeypatch.setattr(images, "browser", lambda: "/usr/bin/chromium")
    monkeypatch.setattr(images, "_ask", ask)
    monkeypatch.setattr(images, "_silent", False)
    monkeypatch.setattr(images, "PATIENCE", 0.05)
    assert static_svg(SPEC, "f", []) is None
    assert static_svg('{"other": 1}', "f", []) is None
    assert asked == [SPEC]
    never.set()


def test_committed_images_belong_to_the_committed_figures() -> None:
    """So a machine without a browser rebuilds everything."""
    for path in sorted(p.with_suffix(".json") for p in (ROOT / "figures").glob("*.html")):
        spec = path.read_text(encoding="utf-8").strip()
        assert f'data-spec-sha256="{spec_key(spec)}"' in path.with_suffix(".svg").read_text(encoding="utf-8"), path


@pytest.mark.browser
@pytest.mark.skipif(
    not Path("/usr/bin/chromium").exists() and os.environ.get("CI") != "true", reason="no Chromium on this machine"
)
def test_real_browser_draws_the_same_bytes_twice() -> None:
    spec = go.Figure(go.Scatter(x=[1, 2], y=[3, 4])).to_json()
    first = static_svg(spec, "f", [])
    assert first is not None
    assert first == static_svg(spec, "f", [])
    assert first.startswith("<svg data-spec-sha256=")
