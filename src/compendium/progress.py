"""What a run tells while it goes on; the command line overrides how."""

from __future__ import annotations

from pathlib import Path

from compendium.stages import Stage


class Reporter:
    """Says what a run does; the command line gives its own."""

    def begin(self, out: Path, released: bool) -> None:
        """Tell that the input is sound and where the run writes."""

    def start(self, stage: Stage, number: int, total: int, reason: str) -> None:
        """Tell that a stage starts, and why."""

    def skip(self, stage: Stage, number: int, total: int) -> None:
        """Tell that a stage is up to date."""

    def done(self, stage: Stage, missing_images: list[str]) -> None:
        """Tell that a stage is finished."""

    def note(self, text: str) -> None:
        """Tell something else."""
