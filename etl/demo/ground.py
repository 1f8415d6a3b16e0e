"""The ground that the other generators stand on: ward polygons of any origin, and questions to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from etl.demo.frame import Frame

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

# Cao Lãnh, Mỹ Trà, Mỹ Ngãi: the provincial town whose plan the demonstration draws.
TOWN_CODES = ("29869", "29888", "29884")
TOWN_CENTRE = (105.6335, 10.4605)


@dataclass(frozen=True)
class Ground:
    """Ward polygons in both eras, EPSG:4326: ``code``, ``name``, ``kind``, ``province_code``, geometry.

    ``before`` holds the units until 2025-06-30 and may be empty (where real boundaries are loaded).
    """

    wards: gpd.GeoDataFrame
    before: gpd.GeoDataFrame
    province: str = "Tỉnh Đồng Tháp"

    @classmethod
    def of(cls, units: gpd.GeoDataFrame, province: str = "Tỉnh Đồng Tháp") -> Ground:
        """From rows of the layer ``admin_units``."""
        now = units["valid_to"].isna()
        return cls(units[now].reset_index(drop=True), units[~now].reset_index(drop=True), province)

    @cached_property
    def frame(self) -> Frame:
        """Metres around the town."""
        lon, lat = self.town_centre
        return Frame(round(lon, 4), round(lat, 4))

    @cached_property
    def town(self) -> gpd.GeoDataFrame:
        """The wards of the town: the known ones, else the three wards nearest to the first urban one."""
        known = self.wards[self.wards["code"].isin(TOWN_CODES)]
        if len(known):
            return known
        urban = self.wards[self.wards["kind"] == "phuong"]
        first = (urban if len(urban) else self.wards).geometry.iloc[0].centroid
        nearest = shapely.distance(shapely.centroid(self.wards.geometry.to_numpy()), first).argsort()[:3]
        return self.wards.iloc[np.sort(nearest)]

    @cached_property
    def town_name(self) -> str:
        """The name by which its plans call it."""
        return str(self.town["name"].iloc[0]).removeprefix("Phường ").removeprefix("Xã ")

    @cached_property
    def province_inside(self) -> str:
        """The province's name as it stands within a sentence: "tỉnh Đồng Tháp"."""
        return self.province[:1].lower() + self.province[1:]

    @cached_property
    def town_centre(self) -> tuple[float, float]:
        """Where the streets are densest, lon lat."""
        if self.town.geometry.intersects(shapely.Point(TOWN_CENTRE)).any():
            return TOWN_CENTRE
        point = self.town.geometry.iloc[0].representative_point()
        return (point.x, point.y)

    @cached_property
    def outline(self) -> BaseGeometry:
        """The province."""
        return shapely.union_all(self.wards.geometry.to_numpy())

    @cached_property
    def centres(self) -> NDArray[np.float64]:
        """A point inside each ward, (n, 2) lon lat: the centroid where it is inside."""
        polygons = self.wards.geometry.to_numpy()
        centroid = shapely.centroid(polygons)
        inside = shapely.contains(polygons, centroid)
        return shapely.get_coordinates(np.where(inside, centroid, shapely.point_on_surface(polygons)))

    @cached_property
    def urban(self) -> NDArray[np.bool_]:
        """For each ward, whether it is a phường."""
        return np.asarray(self.wards["kind"] == "phuong")

    def locate(self, lonlat: NDArray[np.float64], era: gpd.GeoDataFrame | None = None) -> NDArray[np.int64]:
        """For each position the row of its ward (``wards`` unless ``era`` is given), -1 outside of all."""
        return locate((self.wards if era is None else era).geometry.to_numpy(), lonlat)

    def codes_at(self, lonlat: NDArray[np.float64]) -> NDArray[np.object_]:
        """For each position the code of its ward today, None outside of all."""
        return self.of_ward("code", self.locate(lonlat))

    def of_ward(self, column: str, row: NDArray[np.int64]) -> NDArray[np.object_]:
        """A column of the wards by row, None for row -1."""
        values = np.array([*self.wards[column], None], dtype=object)
        return values[row]


def locate(polygons: NDArray[np.object_], lonlat: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each position the index of the polygon that covers it (the first on a border), -1 for none."""
    found = np.full(len(lonlat), -1, dtype=np.int64)
    # The points are the tree and the polygons the query: GEOS then prepares each polygon once.
    polygon, point = shapely.STRtree(np.asarray(shapely.points(lonlat))).query(
        polygons, predicate="intersects"
    )
    order = np.argsort(-polygon, kind="stable")
    found[point[order]] = polygon[order]
    return found


def dates(base: str, days: NDArray[np.int64]) -> pd.Series:
    """Dates so many days after ``base``."""
    return pd.Series((np.datetime64(base) + days.astype("timedelta64[D]")).astype(object))


def multi(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """Polygons as MultiPolygons, as the layers' tables want them."""
    return np.array(
        [g if g.geom_type == "MultiPolygon" else shapely.MultiPolygon([g]) for g in geometry], dtype=object
    )
