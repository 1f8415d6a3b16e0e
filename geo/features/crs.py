"""The coordinate reference systems in which features are asked for and given (OGC API Features, part 2).

Rule: OGC 18-058r1; coordinates follow the axis order of the named system, so EPSG:4326 is lat, lon and
CRS84 is lon, lat. A system is named only where its transformation is pinned; a deployment offers few of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Transformer

from geo.crs import ZONES, customary, to_wgs84, zone
from geo.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
# Points on each side of a projected box: its sides are curves in degrees.
STEPS_PER_SIDE = 16


@dataclass(frozen=True, slots=True)
class Crs:
    """One system: its URI, PostGIS' SRID, the decimals that are kept, and the range of its coordinates.

    ``limits`` are (first axis low, high, second axis low, high) in the system's own order and unit.
    """

    uri: str
    srid: int
    decimals: int
    limits: tuple[float, float, float, float]
    latitude_first: bool = False

    @property
    def geographic(self) -> bool:
        """Whether coordinates are degrees of WGS 84."""
        return self.srid == 4326


def _vn2000(epsg: int) -> Crs:
    return Crs(f"{EPSG}{epsg}", zone(epsg).srid, 3, (-2e6, 3e6, 0.0, 3.5e6))


WORLD_M = 20037508.342789244
CRS84 = Crs("http://www.opengis.net/def/crs/OGC/1.3/CRS84", 4326, 7, (-180, 180, -90, 90))
_EVERYWHERE = (
    CRS84,
    Crs(f"{EPSG}4326", 4326, 7, (-90, 90, -180, 180), latitude_first=True),
    Crs(f"{EPSG}3857", 3857, 3, (-WORLD_M, WORLD_M, -WORLD_M, WORLD_M)),
    _vn2000(3405),
    _vn2000(3406),
)
# Every system whose transformation is pinned.
KNOWN: dict[str, Crs] = {
    crs.uri: crs for crs in (*_EVERYWHERE, *map(_vn2000, sorted(set(ZONES) - {3405, 3406})))
}


@lru_cache(maxsize=64)
def offered_crs(province_code: str) -> dict[str, Crs]:
    """What a deployment offers: the systems of the whole country and the zones of its province's data."""
    zones = [_vn2000(epsg) for epsg in sorted(customary((province_code,)))]
    return {crs.uri: crs for crs in (*_EVERYWHERE, *zones)}


def parse_crs(parameter: str, text: str, offered: Mapping[str, Crs] = MappingProxyType(KNOWN)) -> Crs:
    """The system of a URI (or safe CURIE ``[EPSG:3857]``); ``InvalidInput`` for one that is not offered."""
    uri = text
    if text.startswith("[EPSG:") and text.endswith("]"):
        uri = EPSG + text[6:-1]
    found = offered.get(uri)
    if found is None:
        listed = ", ".join(offered)
        raise InvalidInput(parameter, text, f"một trong {listed}", f"one of {listed}")
    return found


def vertices_to_degrees(shape: BaseGeometry, crs: Crs) -> BaseGeometry:
    """A shape whose coordinates follow ``crs`` and its axis order as lon, lat; no vertex is added.

    ``InvalidInput`` where it lies outside the system's range.
    """
    low_1, high_1, low_2, high_2 = crs.limits
    first, second, first_most, second_most = shape.bounds
    if not (low_1 <= first and first_most <= high_1 and low_2 <= second and second_most <= high_2):
        span = f"{low_1:.10g} … {high_1:.10g}, {low_2:.10g} … {high_2:.10g}"
        raise InvalidInput("geometry", f"{first:.10g}, {second:.10g}", span, span)
    if crs.latitude_first:
        return shapely.transform(shape, lambda pairs: pairs[:, ::-1])
    if crs.geographic:
        return shape
    if crs.srid == 3857:
        return shapely.transform(shape, _undo_mercator)
    return to_wgs84(shape, zone(int(crs.uri.removeprefix(EPSG))))


def to_degrees(shape: BaseGeometry, crs: Crs) -> BaseGeometry:
    """A shape in ``crs`` (x, y order) as lon, lat; sides are cut before a projection is undone."""
    if crs.geographic:
        return shape
    longest = max(shape.bounds[2] - shape.bounds[0], shape.bounds[3] - shape.bounds[1])
    pieces = shapely.segmentize(shape, longest / STEPS_PER_SIDE) if longest > 0 else shape
    if crs.srid == 3857:
        return shapely.transform(pieces, _undo_mercator)
    return to_wgs84(pieces, zone(int(crs.uri.removeprefix(EPSG))))


def _undo_mercator(metres: NDArray[np.float64]) -> NDArray[np.float64]:
    lon, lat = _mercator().transform(metres[:, 0], metres[:, 1])
    return np.column_stack([lon, lat])


@lru_cache(maxsize=1)
def _mercator() -> Transformer:
    return Transformer.from_crs(3857, 4326, always_xy=True)
