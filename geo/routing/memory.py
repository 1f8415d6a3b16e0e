"""The router's ground in memory: the same candidates as PostGIS gives, and a million points at once.

Everything is measured as ``core.metres_between`` does: the nearest point is found in the plane of degrees
with longitudes shortened by the place's latitude, the distance to it on the ellipsoid.
"""

from __future__ import annotations

import math
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Geod

from geo.routing.cells import MIXED, NOBODY, Cells
from geo.routing.disc import disc_wkt, has_disc
from geo.routing.points import Points
from geo.units import Candidate, search_radius_m

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geo.types import LonLat
    from geo.units import Unit

WGS84 = Geod(ellps="WGS84")
# As in pub.units_near: on the border is within 1e-9 degrees, and no unit lies beyond 80° of latitude.
ON_BORDER_DEG = 1e-9
LAT_MAX = 80.0
METRES_PER_DEGREE_MIN = 110_500


class Ground:
    """The units of one day with their shapes (WGS 84 degrees, valid polygons or multipolygons)."""

    def __init__(self, units: Sequence[Unit], shapes: Sequence[Any]) -> None:
        self._units = tuple(units)
        self._shapes: NDArray[np.object_] = np.array(shapes, dtype=object)
        shapely.prepare(self._shapes)
        # GEOS makes the index of a prepared polygon at its first question: now, not under a caller's clock.
        shapely.intersects_xy(self._shapes, *shapely.get_coordinates(shapely.centroid(self._shapes)).T)
        self._areas_m2 = [abs(WGS84.geometry_area_perimeter(_oriented(shape))[0]) for shape in shapes]
        self._tree = shapely.STRtree(self._shapes)
        self._asking = threading.Lock()

    def candidates(self, place: LonLat, accuracy_m: float | None = None) -> list[Candidate]:
        """Units that cover the place or lie within the router's reach, as ``pub.units_near`` finds them."""
        return self._within(place, search_radius_m(accuracy_m))

    def nearest(self, place: LonLat) -> list[Candidate]:
        """Units as near as any to a place outside all of them, as ``core.route_nearest`` finds them."""
        index = self._tree.nearest(shapely.Point(place.lon, place.lat))
        return [] if index is None else self._within(place, metres_between(place, self._shapes[index]) + 1)

    def _within(self, place: LonLat, radius_m: float) -> list[Candidate]:
        if not abs(place.lat) <= LAT_MAX:
            return []
        reach = radius_m / (METRES_PER_DEGREE_MIN * math.cos(math.radians(place.lat))) + ON_BORDER_DEG
        point = shapely.Point(place.lon, place.lat)
        found: list[Candidate] = []
        for index in self._tree.query(point, predicate="dwithin", distance=reach):
            shape = self._shapes[index]
            on_it = shapely.distance(shape, point) <= ON_BORDER_DEG
            distance_m = 0.0 if on_it else metres_between(place, shape)
            if distance_m <= radius_m:
                border_m = metres_between(place, shapely.boundary(shape))
                found.append(Candidate(self._units[index], distance_m, border_m, self._areas_m2[index]))
        return found

    def shares(
        self, place: LonLat, accuracy_m: float | None, candidates: Sequence[Candidate]
    ) -> dict[int, float]:
        """The part of the accuracy's disc in each candidate, by feature id; empty without a disc."""
        if not has_disc(accuracy_m) or accuracy_m is None:
            return {}
        disc = shapely.from_wkt(disc_wkt(place, accuracy_m))
        by_id = {unit.feature_id: index for index, unit in enumerate(self._units)}
        return {
            each.unit.feature_id: shapely.area(
                shapely.intersection(self._shapes[by_id[each.unit.feature_id]], disc)
            )
            / shapely.area(disc)
            for each in candidates
        }

    def assign(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
        """For each point the index of the unit that covers it, -1 where none does; shape (n,).

        Where several cover a point, the smaller area and then the identity decide. The first call makes a
        grid of the borders; from then on only points beside a border meet polygons.
        """
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        answer = self._cells.of(lon, lat)
        near = np.flatnonzero(answer == MIXED)
        with self._asking:
            answer[near] = self._covering(lon[near], lat[near])
        return answer

    @cached_property
    def _cells(self) -> Cells:
        with self._asking:
            return Cells(self._shapes, self._covering)

    def _covering(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
        """As :meth:`assign`, by the polygons alone: points are indexed and polygons asked."""
        shape, point = Points(lon, lat).covered_by(self._shapes)
        answer = np.full(len(lon), NOBODY, dtype=np.int64)
        worst_first = np.argsort(-self._rank[shape], kind="stable")
        answer[point[worst_first]] = shape[worst_first]  # the best is written last, over whatever stood there
        return answer

    @cached_property
    def _rank(self) -> NDArray[np.int64]:
        """The place of each unit in the order of choice: the smaller area, then the identity."""
        order = sorted(
            range(len(self._units)), key=lambda i: (round(self._areas_m2[i]), self._units[i].unit_id)
        )
        return np.argsort(order)


def metres_between(place: LonLat, other: Any) -> float:  # noqa: ANN401 - any geometry of shapely
    """Metres from a place to a geometry in degrees; 0 where it is inside an areal one."""
    shrink = math.cos(math.radians(place.lat))
    # shapely scales an array of coordinates in place of ST_Scale: the same products, bit for bit.
    scaled = shapely.transform(other, lambda xy: xy * (shrink, 1.0))
    line = shapely.shortest_line(scaled, shapely.Point(place.lon * shrink, place.lat))
    lon, lat = shapely.get_coordinates(line)[0]
    return float(WGS84.inv(place.lon, place.lat, lon / shrink, lat)[2])


def _oriented(shape: Any) -> Any:  # noqa: ANN401 - any geometry of shapely
    return shapely.orient_polygons(shape)
