"""The zone of VN-2000 that words of a table name: in its title for all rows, or in a column row by row."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import shapely

from etl.sources.frames import note
from etl.text import bare, plain
from geo.crs import ZONES, to_wgs84

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MERIDIAN = re.compile(
    r"(?:kinh tuyen truc|ktt|kttw|kinh tuyen)\D{0,25}?(10[2-9]|111)\s*(?:°|º|o|do|d|,|\.|-)?\s*(\d{1,2})?"
)
_ALONE = re.compile(
    r"^\s*+(10[2-9]|111)(?:(?:\s*+(?:[°º˚o-]|do|d)\s*+|\s++)(\d{1,2})?|\s*+([.,]\d{1,2}))?\D*+"
)
_SIX = re.compile(r"mui\s*(?:chieu)?\s*6|utm")
_SIXES = ("6", "6do", "mui6", "mui6do", "utm")
_WIDTHS = ("mui", "muichieu", "loaimui", "dorongmui", "muichieudo")
_COLUMNS = ("kinhtuyen", "ktt", "kttruc")
NO_ZONE = note(
    "zone_unknown",
    "quarantined",
    "Ô kinh tuyến trục không phải múi nào của VN-2000, hoặc khác các dòng trên.",
    "The central meridian of the row is no zone of VN-2000, or not that of the rows above.",
)


def named_zones(texts: Iterable[str]) -> list[int]:
    """EPSG codes of the zones that words name ("KTT 105°45', múi 3°"), in their order, each once."""
    found = []
    for text in texts:
        folded = bare(text)
        match = _MERIDIAN.search(folded)
        if match is not None:
            six = _SIX.search(folded) is not None
            found += _zone(int(match[1]) + int(match[2] or 0) / 60, six=six)
    return list(dict.fromkeys(found))


def zone_column(names: Sequence[str]) -> int | None:
    """The column that says each row's central meridian."""
    return next((at for at, name in enumerate(names) if plain(name).startswith(_COLUMNS)), None)


def width_column(names: Sequence[str]) -> int | None:
    """The column that says whether a row is in a zone of 3° or of 6°."""
    return next((at for at, name in enumerate(names) if plain(name) in _WIDTHS), None)


def told_by(meridian: object, width: object) -> object:
    """What the two columns say together, as one cell would."""
    six = width not in (None, "") and plain(str(width)).removesuffix("0") in _SIXES
    return meridian if meridian in (None, "") or not six else f"{meridian} múi 6"


def zone_of(cell: object) -> int | None:
    """The zone of one cell: ``105°45'``, ``105.75``, ``105-45``, ``KTT 105 45``."""
    if cell in (None, ""):
        return None
    text = bare(str(cell))
    six = _SIX.search(text) is not None
    text, _, _ = text.partition(" mui")
    if (named := named_zones([text + " mui 6" * six])) or (match := _ALONE.fullmatch(text)) is None:
        return named[0] if named else None
    part = float("0" + match[3].replace(",", ".")) if match[3] else int(match[2] or 0) / 60
    return next(iter(_zone(int(match[1]) + part, six=six)), None)


def place(shapes: list[bytes | None], notes: list[str | None], cells: list[object], known: set[int]) -> None:
    """Points of rows that each name their zone: to WGS 84 where ``known`` are several zones.

    A row whose zone is none of them is refused, and so is one that differs from all rows above.
    """
    zone = [zone_of(each) for each in cells]
    for row, epsg in enumerate(zone):
        if shapes[row] is None or (epsg is None and len(known) == 1 and cells[row] in (None, "")):
            continue
        if epsg not in known:
            shapes[row], notes[row] = None, NO_ZONE
    if len(known) == 1:
        return
    for epsg in known:
        at = [row for row, each in enumerate(zone) if each == epsg and shapes[row] is not None]
        points = shapely.from_wkb([shapes[row] for row in at])
        moved = shapely.to_wkb(shapely.transform(points, partial(to_wgs84, source=ZONES[epsg])))
        for row, wkb in zip(at, moved, strict=True):
            shapes[row] = wkb
    first = next((row for row, told in enumerate(notes) if told is None), None)
    if first is not None:
        notes[first] = _by_rows(known)


def _by_rows(known: set[int]) -> str:
    shown = ", ".join(f"{ZONES[epsg].name} (EPSG:{epsg})" for epsg in sorted(known))
    return note(
        "zones_by_row",
        "info",
        f"Mỗi dòng theo kinh tuyến trục của nó ({shown}): đã đưa tất cả về WGS 84 bằng EPSG:6960.",
        f"Each row is in its own zone ({shown}): all were brought to WGS 84 by EPSG:6960.",
    )


def _zone(meridian: float, *, six: bool) -> list[int]:
    scale = 0.9996 if six else 0.9999
    return [
        z.epsg for z in ZONES.values() if abs(z.central_meridian_deg - meridian) < 1e-6 and z.scale == scale
    ]
