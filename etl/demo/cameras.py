"""Rows of ``cameras``: 400 cameras at the town's crossings and in the wards' centres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from etl.demo.people import STREETS, pick
from etl.demo.zoning import STREET_ANGLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etl.demo.ground import Ground

SEED = 20260705
CAMERAS, IN_TOWN = 400, 240
KINDS = {"traffic": 42, "security": 26, "urban": 14, "flood": 8, "public_service": 6, "environment": 4}
STATUSES = {"online": 86, "offline": 7, "maintenance": 5, "planned": 2}
SYSTEMS = ("IOC tỉnh Đồng Tháp", "Công an tỉnh", "UBND cấp xã", "VNPT Đồng Tháp", "Doanh nghiệp liên kết")
# Field of view in degrees and range in metres by purpose.
VIEW = {"traffic": (62, 120), "security": (90, 60), "urban": (75, 80), "flood": (45, 40),
        "public_service": (104, 15), "environment": (70, 150)}  # fmt: skip


def generate(ground: Ground, zoning: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """400 points; heading in degrees clockwise from north, mostly along the streets."""
    rng = np.random.default_rng(SEED)
    xy = np.vstack([_crossings(ground, zoning, rng), _ward_centres(ground, rng)])
    lonlat = ground.frame.to_lonlat(xy)
    row = ground.locate(lonlat)
    kinds = _weighted(KINDS, CAMERAS, rng)
    along = np.degrees(np.pi / 2 - STREET_ANGLE) + 90 * rng.integers(0, 4, CAMERAS)
    heading = np.round((along + rng.normal(0, 9, CAMERAS)) % 360, 0) % 360
    wards = ground.wards["name"].to_numpy()[row]
    streets = pick(STREETS, CAMERAS, rng)
    numbers, _wider = range(1, CAMERAS + 1), rng.integers(-8, 9, CAMERAS)
    return gpd.GeoDataFrame(
        {
            "name": [
                f"CAM {i + 1:03d} – {s}, {w}" for i, (s, w) in enumerate(zip(streets, wards, strict=True))
            ],
            "kind": kinds,
            "owner_system": pick(SYSTEMS, CAMERAS, rng),
            "heading_deg": heading,
            "field_of_view_deg": [
                float(VIEW[k][0] + d) for k, d in zip(kinds, rng.integers(-8, 9, CAMERAS), strict=True)
            ],
            "range_m": [float(VIEW[k][1]) for k in kinds],
            "status": _weighted(STATUSES, CAMERAS, rng),
            # .invalid never resolves (RFC 2606)
            "stream_url": [f"rtsp://cam-{i:03d}.diaban.invalid/live" for i in numbers],
            "unit": ground.wards["code"].to_numpy()[row],
        },
        geometry=shapely.points(lonlat),
        crs="EPSG:4326",
    )


def _crossings(ground: Ground, zoning: gpd.GeoDataFrame, rng: np.random.Generator) -> NDArray[np.float64]:
    """Beside corners of plots in force, apart from each other; in metres."""
    plots = zoning[zoning["valid_to"].isna() & (zoning["function_code"] != "DAT_HTKT_DuongGT")]
    corners = shapely.get_coordinates(ground.frame.geometry_to_xy(plots.geometry.to_numpy()))
    corners = corners[ground.locate(ground.frame.to_lonlat(corners)) >= 0]
    order = rng.permutation(len(corners))
    chosen: list[NDArray[np.float64]] = []
    for corner in corners[order]:
        if not chosen or np.hypot(*(np.array(chosen) - corner).T).min() > 110:
            chosen.append(corner)
        if len(chosen) == IN_TOWN:
            break
    return np.array(chosen)


def _ward_centres(ground: Ground, rng: np.random.Generator) -> NDArray[np.float64]:
    centres = ground.frame.to_xy(ground.centres)
    weight = np.where(ground.urban, 4.0, 1.0)
    xy = np.empty((0, 2))
    while len(xy) < CAMERAS - IN_TOWN:
        ward = rng.choice(len(centres), size=400, p=weight / weight.sum())
        tried = centres[ward] + rng.normal(0, 420, (400, 2))
        xy = np.vstack([xy, tried[ground.locate(ground.frame.to_lonlat(tried)) >= 0]])
    return xy[: CAMERAS - IN_TOWN]


def _weighted(weights: dict[str, int], count: int, rng: np.random.Generator) -> NDArray[np.object_]:
    share = np.array(list(weights.values()), dtype=float)
    return np.array(list(weights), dtype=object)[rng.choice(len(share), size=count, p=share / share.sum())]
