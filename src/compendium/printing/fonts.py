"""The typeface of the report and of its figures, from the installed package; written by each run and not committed."""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path

from compendium.files import write_bytes

FOLDER = "report/assets"
FAMILY = "Source Sans Pro"
FACES = ("Regular", "It", "Semibold", "SemiboldIt", "Bold", "BoldIt")
"""Faces as the package's files are called, upright and italic of three weights."""
FILES = tuple(f"{FOLDER}/SourceSansPro-{face}.ttf" for face in FACES)
"""Their paths relative to the output folder."""
_UNICODE_TABLES = {(0, 3): 4, (3, 1): 4, (0, 4): 12, (3, 10): 12}
"""Platform and encoding of a character map, and the format that it is read in."""


def source() -> Path:
    """Folder of the installed package that holds the faces."""
    import font_source_sans_pro

    return Path(font_source_sans_pro.font_directory)


def write_fonts(out: Path) -> list[str]:
    """Write the faces into ``report/assets/``, where the page and the print forms find them.

    Returns
    -------
    list of str
        Their paths relative to `out`.
    """
    for name in FILES:
        write_bytes(out / name, (source() / Path(name).name).read_bytes())
    return list(FILES)


def characters() -> set[int]:
    """Code points that every face can show."""
    return set.intersection(*(covered((source() / Path(name).name).read_bytes()) for name in FILES))


def covered(font: bytes) -> set[int]:
    """Code points that a font can show."""
    return set(glyphs(font))


def glyphs(font: bytes) -> dict[int, int]:
    """Read the glyph of each code point from a font's character map (OpenType 1.9, ``cmap``, formats 4 and 12).

    Parameters
    ----------
    font
        Content of a TrueType or OpenType file.
    """
    start = _tables(font)[b"cmap"]
    found: dict[int, int] = {}
    for number in range(_short(font, start + 2)):
        platform, encoding, offset = struct.unpack_from(">HHI", font, start + 4 + 8 * number)
        place = start + offset
        shape = _short(font, place)
        if _UNICODE_TABLES.get((platform, encoding)) == shape:
            found |= _segments(font, place) if shape == 4 else _groups(font, place)  # noqa: PLR2004 (format 4)
    return found


@cache
def advances() -> dict[str, float]:
    """Widths of the characters of the upright face, in sizes of the type (OpenType 1.9, ``hmtx``)."""
    font = (source() / Path(FILES[0]).name).read_bytes()
    tables = _tables(font)
    units, last = _short(font, tables[b"head"] + 18), _short(font, tables[b"hhea"] + 34) - 1
    places = {point: tables[b"hmtx"] + 4 * min(glyph, last) for point, glyph in glyphs(font).items()}
    return {chr(point): _short(font, place) / units for point, place in places.items()}


def _short(font: bytes, place: int) -> int:
    return int(struct.unpack_from(">H", font, place)[0])


def _tables(font: bytes) -> dict[bytes, int]:
    """Where the tables of a font start."""
    records = (struct.unpack_from(">4sIII", font, 12 + 16 * n) for n in range(_short(font, 4)))
    return {tag: offset for tag, _, offset, _ in records}


def _segments(font: bytes, place: int) -> dict[int, int]:
    """Read format 4: segments of code points; where a segment points into a list of glyphs, 0 there is none."""
    count = _short(font, place + 6) // 2
    lists = [struct.unpack_from(f">{count}H", font, place + 14 + 2 * (count * n + (n > 0))) for n in range(4)]
    found: dict[int, int] = {}
    for number, (last, first, delta, shift) in enumerate(zip(*lists, strict=True)):
        address = place + 16 + 2 * (3 * count + number) + shift
        for point in range(first, min(last, 0xFFFE) + 1):
            listed = _short(font, address + 2 * (point - first)) if shift else point
            glyph = (listed + delta) & 0xFFFF if listed or not shift else 0
            if glyph:
                found[point] = glyph
    return found


def _groups(font: bytes, place: int) -> dict[int, int]:
    """Read format 12: groups of code points."""
    count = struct.unpack_from(">I", font, place + 12)[0]
    groups = (struct.unpack_from(">III", font, place + 16 + 12 * n) for n in range(count))
    return {point: glyph + point - first for first, last, glyph in groups for point in range(first, last + 1)}
