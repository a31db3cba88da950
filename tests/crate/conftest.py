"""What the tests of crates share: a run of all stages, and the profiles' own validator."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from crates import EARLIER, Answer, finish_run, run_stage

from compendium import paths
from compendium.crate.crate import write_crate
from compendium.stages import STAGES


@pytest.fixture
def issues(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[Path, str], set[str]]]:
    """Validate a crate; return what is wrong, as *severity check: message*. Nothing but the context is asked for."""
    from rocrate_validator import models, services
    from rocrate_validator.utils.http import HttpRequester

    asked: list[str] = []

    def get(_: Any, url: str, *__: Any, **___: Any) -> Answer:
        asked.append(url)
        return Answer()

    monkeypatch.setattr(HttpRequester, "get", get, raising=False)
    monkeypatch.setattr(HttpRequester, "head", get, raising=False)

    def validate(folder: Path, level: str = "REQUIRED") -> set[str]:
        settings = services.ValidationSettings(
            rocrate_uri=str(folder),
            profile_identifier="provenance-run-crate",
            requirement_severity=models.Severity[level],
            offline=True,
            cache_path=tmp_path / "validator",
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the validator's own libraries
            found = services.validate(settings)
        return {f"{issue.severity.name} {issue.check.identifier}: {issue.message}" for issue in found.get_issues()}

    yield validate
    assert set(asked) <= {"https://w3id.org/ro/crate/1.1/context"}


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """An output folder in which all stages have run, one of them earlier."""
    folder = tmp_path / "out-folder"
    for one in STAGES:
        run_stage(folder, paths.BUNDLED_STUDY, one, **(EARLIER if one.name == "policy" else {}))
    finish_run(folder, paths.BUNDLED_STUDY, [one.name for one in STAGES if one.name != "policy"])
    assert write_crate(folder)
    return folder
