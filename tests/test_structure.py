"""The picture of the structure: the rooms of an invented library, and the committed picture."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from compendium import structure
from compendium.stages import STAGES, Stage


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A kitchen that takes from the garden in two places, once inside a function; the garden takes back once."""
    files = {
        "kitchen/__init__.py": '"""Where `food` is made: soups.\n\nMore."""',
        "kitchen/soup.py": "from compendium.garden import leek\nfrom compendium import errors\n",
        "kitchen/stew.py": "def cook():\n    import compendium.garden.carrot\n",
        "garden/__init__.py": '"""Where it grows."""',
        "garden/leek.py": "from compendium.kitchen.soup import taste\nfrom compendium.garden import carrot\n",
        "garden/carrot.py": "import kitchen\n",
        "errors.py": "from compendium.garden import leek\n",
    }
    for name, text in files.items():
        path = tmp_path / "compendium" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "compendium"


def test_rooms_are_the_packages_with_the_first_paragraph_on_each(library: Path) -> None:
    assert structure.rooms(library) == {"garden": "Where it grows.", "kitchen": "Where food is made: soups."}


def test_imports_count_modules_wherever_the_import_stands(library: Path) -> None:
    assert structure.imports(library) == {("kitchen", "garden"): 2, ("garden", "kitchen"): 1}


def test_arrows_go_where_most_imports_go_and_never_in_a_circle() -> None:
    counts = Counter({("a", "b"): 3, ("b", "c"): 2, ("c", "a"): 1, ("b", "a"): 1})
    assert structure.downward(counts) == {("a", "b"), ("b", "c")}


def test_of_two_rooms_with_as_many_imports_the_less_wanted_stands_above() -> None:
    counts = Counter({("low", "high"): 1, ("high", "low"): 1, ("other", "low"): 1})
    assert ("high", "low") in structure.downward(counts)


def test_arrows_that_follow_from_others_are_left_out() -> None:
    assert structure.reduced({("a", "b"), ("b", "c"), ("a", "c")}) == {("a", "b"), ("b", "c")}


def test_a_room_stands_below_all_that_lead_to_it() -> None:
    assert structure.layers("abcd", {("a", "b"), ("b", "d"), ("a", "d")}) == {"a": 0, "b": 1, "c": 0, "d": 2}


def test_the_picture_names_every_stage_and_room_and_is_well_formed(library: Path) -> None:
    stages = [Stage("sow", "01_sow.ipynb"), Stage("reap & eat", "02_reap.ipynb", ("sow",))]
    picture = structure.draw(library, stages)
    texts = [element.text for element in fromstring(picture).iter() if element.tag.endswith("text")]
    assert {"sow", "01", "reap & eat", "02", "kitchen", "garden", "Where food is made"} <= set(texts)
    assert any("and 1 upward, of single modules" in str(text) for text in texts)
    assert picture == structure.draw(library, stages)


def test_the_committed_picture_is_what_the_code_says() -> None:
    stale = "docs/images/structure.svg is out of date: run python -m compendium.data.codebook"
    assert structure.PICTURE.read_text(encoding="utf-8") == structure.draw(), stale
    assert all(f">{stage.name}<" in structure.draw() for stage in STAGES)
