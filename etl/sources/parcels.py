"""A parcel as a list of corners tells it: ring, numbers, and listed lengths against measured ones."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from etl.attributes.numbers import parse
from etl.attributes.units import square_metres
from etl.sources.coordinates import northing_first
from etl.sources.frames import note
from etl.text import bare

# An edge may differ by rounding and the projection's scale.
EDGE_M, EDGE_SHARE = 0.03, 0.0005
_PARCEL = re.compile(r"thua\s*(?:dat)?\s*(?:so)?\s*[:.]?\s*(\d+)")
_SHEET = re.compile(r"\bto\s*(?:ban do)?\s*(?:so)?\s*[:.]?\s*(\d+)")
_USE = re.compile(r"loai dat\s*(?:su dung)?\s*[:.]?\s*\b([A-Z]{3}(?:\s*[+;]\s*[A-Z]{3})*)\b")
_AREA = re.compile(r"dien tich[^\d]{0,20}([\d.,\s]*\d)\s*(m2|m²|ha)?")
# A line of a title that names the table or its coordinate system, not the parcel.
_GENERAL = re.compile(r"he toa do|vn-?2000|kinh tuyen|mui chieu|ktt|bang (ke|liet ke|thong ke)")


@dataclass(slots=True)
class Block:
    """One parcel's corners, as they stand in the list."""

    title: str = ""
    words: str = ""
    row: int = 0
    corners: list[tuple[float, float]] = field(default_factory=list)
    edges: list[float] = field(default_factory=list)
    cells: dict[str, object] = field(default_factory=dict)
    area_m2: float | None = None
    closed: bool = False


def named(block: Block, titles: list[str]) -> None:
    """What the lines above a list say of its parcel: a title, and an area."""
    block.words = " | ".join(titles)
    telling = [text for text in titles if _PARCEL.search(bare(text))]
    telling += [text for text in titles if not _GENERAL.search(bare(text))]
    block.title = telling[0] if telling else titles[-1] if titles else ""
    block.area_m2 = area_in(block.words)


def area_in(words: str) -> float | None:
    """The area that words tell ("Diện tích: 1.234,5 m2"), in square metres."""
    match = _AREA.search(bare(words))
    return None if match is None else _area(match)


def ring(block: Block, *, swap: bool) -> list[tuple[float, float]]:
    """The closed ring, easting first."""
    corners = [(other, one) if swap else (one, other) for one, other in block.corners]
    return [*corners, corners[0]]


def swap_of(found: list[Block]) -> bool:
    """Whether the lists write the northing first; without evidence they do, as the law's forms do."""
    first = northing_first([corner for block in found[:100] for corner in block.corners])
    return True if first is None else first


def findings(block: Block) -> str | None:
    """What is wrong with a parcel's list, as notes of its row."""
    if len(block.corners) < 3:
        return note(
            "corners_too_few",
            "quarantined",
            f"Chỉ có {len(block.corners)} điểm góc (dòng {block.row}): không thành vùng.",
            f"Only {len(block.corners)} corners (row {block.row}): no area.",
        )
    wrong = edge_faults(block)
    if not wrong:
        return None
    number_, listed, computed = wrong[0]
    return note(
        "corners_edge",
        "quarantined",
        f"Cạnh {number_} ghi {listed:.2f} m nhưng tính từ tọa độ là {computed:.2f} m"
        f" ({len(wrong)} cạnh sai): kiểm tra lại tọa độ.",
        f"Edge {number_} is listed as {listed:.2f} m and measures {computed:.2f} m"
        f" ({len(wrong)} edges differ): check the coordinates.",
    )


def edge_faults(block: Block) -> list[tuple[int, float, float]]:
    """Edges whose listed length is not the measured one: number, listed, measured. None listed: none wrong.

    A length may stand at the corner where its edge begins or ends; the reading with fewer faults is taken.
    """
    corners = [*block.corners, block.corners[0]]
    lengths = [math.dist(corners[n], corners[n + 1]) for n in range(len(block.corners))]
    if not block.edges or len(block.edges) > len(lengths) + 1:
        return []
    readings = []
    for offset in (0, -1):
        pairs = [(n + offset) % len(lengths) for n in range(len(block.edges))]
        faults = [
            (at + 1, listed, lengths[at])
            for listed, at in zip(block.edges, pairs, strict=True)
            if listed > 0 and abs(listed - lengths[at]) > EDGE_M + EDGE_SHARE * lengths[at]
        ]
        readings.append(faults)
    return min(readings, key=len)


def numbers_of(block: Block) -> tuple[int | None, int | None]:
    """Parcel and sheet number out of the title."""
    words = bare(block.words or block.title)
    parcel, sheet = _PARCEL.search(words), _SHEET.search(words)
    return (int(parcel[1]) if parcel else None), (int(sheet[1]) if sheet else None)


def names_parcel(words: str) -> bool:
    """Whether words tell the number of a parcel."""
    return _PARCEL.search(bare(words)) is not None


def use_in(words: str) -> str | None:
    """The land-use code that words tell ("Loại đất: LUC"): three capitals."""
    # Marks away, capitals kept: a code is told from a word by them.
    match = _USE.search(re.sub(r"(?i)loại\s+đất", "loai dat", words))
    return None if match is None else match[1]


def _area(match: re.Match[str]) -> float | None:
    try:
        return parse(match[1], "," if "," in match[1] else None) * square_metres(match[2] or "m²")
    except ValueError:
        return None
