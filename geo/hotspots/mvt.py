"""Hexagons as a vector tile (Mapbox Vector Tile 2.1), written out as PostGIS does not hold H3 cells. Pure."""

from __future__ import annotations

import math
import struct
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from geo.hotspots.answer import STATES
from geo.hotspots.cells import as_text, ring
from geo.types import Bbox

if TYPE_CHECKING:
    from geo.hotspots.answer import Shown
    from geo.types import TileId

EXTENT = 4096
LAYER = "hotspots"
# From here on a tile is smaller than its cells; a map draws the tile of this zoom larger.
ZOOM_MAX = 15
# A tile is drawn 512 pixels wide: cells are 10 to 35 pixels across, whatever the zoom.
_BY_ZOOM = {6: 6, 7: 7, 8: 7, 9: 8, 10: 8}
_MOVE, _LINE, _CLOSE = 1, 2, 7
_POLYGON = 3


def resolution_at(zoom: int, finest: int) -> int:
    """The H3 resolution that a zoom shows."""
    return min(5 if zoom < 6 else _BY_ZOOM.get(zoom, 9), finest)


def tile_of(shown: Shown, tile: TileId) -> bytes:
    """The cells that meet a tile, whole: none is cut, none is counted in parts. Empty where there is none."""
    near = shown.touching(_box(tile))
    keys = ["cell", "incidents", "contacts", "rate", *(["state"] if near.significance else [])]
    values: dict[bytes, int] = {}
    features: list[bytes] = []
    levels = near.significance.level.tolist() if near.significance else [None] * len(near.cells)
    columns = (near.cells.tolist(), near.incidents.tolist(), near.contacts.tolist(), near.rate.tolist())
    for cell, incidents, contacts, rate, level in zip(*columns, levels, strict=True):
        geometry = _geometry(cell, tile)
        if not geometry:
            continue
        # An index has more bits than a browser's numbers: there the id is not exact, the text is.
        said = [_text(as_text(cell)), _number(incidents), _number(contacts), _number(rate)]
        if level is not None:
            said.append(_text(STATES[level]))
        tags = b"".join(
            _varint(key) + _varint(values.setdefault(value, len(values))) for key, value in enumerate(said)
        )
        features.append(
            _varint(1 << 3) + _varint(cell) + _field(2, tags) + _varint(3 << 3) + _varint(_POLYGON) + geometry
        )
    if not features:
        return b""
    layer = [
        _varint(15 << 3) + _varint(2),
        _field(1, LAYER.encode()),
        *(_field(2, feature) for feature in features),
        *(_field(3, key.encode()) for key in keys),
        *(_field(4, value) for value in values),
        _varint(5 << 3) + _varint(EXTENT),
    ]
    return _field(3, b"".join(layer))


def _box(tile: TileId) -> Bbox:
    """The tile in degrees, a hair wider: outlines are rounded."""
    count, hair = 2**tile.z, 1e-5
    lon = [(tile.x + step) / count * 360 - 180 for step in (0, 1)]
    lat = [math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * (tile.y + step) / count)))) for step in (1, 0)]
    return Bbox(lon[0] - hair, lat[0] - hair, lon[1] + hair, lat[1] + hair)


@lru_cache(maxsize=131_072)
def _geometry(cell: int, tile: TileId) -> bytes:
    """A cell's outline as a feature's geometry, the same under every filter; empty: off the tile."""
    corners = [_on_tile(x, y, tile) for x, y in map(_mercator, ring(cell)[:-1])]
    if not _meets(corners):
        return b""
    return _field(4, b"".join(_varint(word) for word in _polygon(corners)))


def _mercator(place: tuple[float, float]) -> tuple[float, float]:
    """Degrees as parts of the world's square, from its north-west (0) to its south-east (1)."""
    lon, lat = place
    sine = math.sin(math.radians(lat))
    return lon / 360 + 0.5, 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)


def _on_tile(x: float, y: float, tile: TileId) -> tuple[int, int]:
    scale = 2**tile.z
    return round((x * scale - tile.x) * EXTENT), round((y * scale - tile.y) * EXTENT)


def _meets(corners: list[tuple[int, int]]) -> bool:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs) < EXTENT and max(xs) > 0 and min(ys) < EXTENT and max(ys) > 0


def _polygon(corners: list[tuple[int, int]]) -> list[int]:
    """Commands of one ring, clockwise on the tile (y down), as an outer ring must be."""
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, corners[1:] + corners[:1], strict=True))
    ordered = corners if area > 0 else corners[::-1]
    words = [_MOVE | 1 << 3, *_zigzag(ordered[0], (0, 0)), _LINE | (len(ordered) - 1) << 3]
    for before, now in pairwise(ordered):
        words += _zigzag(now, before)
    return [*words, _CLOSE | 1 << 3]


def _zigzag(now: tuple[int, int], before: tuple[int, int]) -> tuple[int, int]:
    dx, dy = now[0] - before[0], now[1] - before[1]
    return (dx << 1) ^ (dx >> 63), (dy << 1) ^ (dy >> 63)


@lru_cache(maxsize=131_072)
def _text(value: str) -> bytes:
    return _field(1, value.encode())


@lru_cache(maxsize=65_536)
def _number(value: float) -> bytes:
    if float(value).is_integer():
        return _varint(5 << 3) + _varint(int(value))  # uint_value
    return _varint(3 << 3 | 1) + struct.pack("<d", round(value, 3))  # double_value


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


@lru_cache(maxsize=262_144)  # tags and cells come again in every tile
def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
