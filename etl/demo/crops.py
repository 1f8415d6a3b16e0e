"""Rows of ``crop_areas``: 300 growing areas, each with one row a code (crop and market)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from etl.demo.frame import wiggle
from etl.demo.ground import Ground, dates, multi
from etl.demo.growing import WORDS, places
from etl.demo.people import HAMLETS, names, phones, pick, random_ids
from geo.geometry.area import area_m2

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED = 20260703
AREAS = 300
EXPORT = {
    "mango": ("US", "KR", "JP", "CN", "AU", "NZ", "EU"), "durian": ("CN",),
    "longan": ("CN", "US", "AU", "JP"),
    "lychee": ("CN", "JP", "AU"), "dragon_fruit": ("CN", "US", "EU", "AU", "JP"),
    "pomelo": ("US", "NZ", "EU", "KR"),
    "jackfruit": ("CN",), "star_apple": ("US",), "rambutan": ("CN", "US", "NZ"), "rice": ("CN", "EU"),
    "coconut": ("CN", "US"), "pineapple": ("EU", "KR"), "sweet_potato": ("CN", "JP"), "chili": ("CN", "KR"),
    "lime": ("EU",), "lotus": ("JP",), "banana": ("CN",),
}  # fmt: skip
GAP = ("VietGAP", "GlobalGAP", "TCCS 774:2020/BVTV")
OWNERS = ("Hợp tác xã nông nghiệp", "Tổ hợp tác", "Công ty TNHH nông sản", "Hội quán", "Hộ ông/bà")
# Of ten codes on record seven are in use.
STATUSES = {"issued": 70, "suspended": 9, "revoked": 3, "inspecting": 7, "submitted": 6, "proposed": 5}


def generate(ground: Ground) -> gpd.GeoDataFrame:
    """Around 450 rows on 300 areas that do not overlap; several codes of one area share its geometry."""
    rng = np.random.default_rng(SEED)
    polygons, ward, crop = _areas(ground, rng)
    lonlat = ground.frame.geometry_to_lonlat(polygons)
    hectares = np.round(area_m2(lonlat) / 10_000, 2)
    hamlet, who, people = pick(HAMLETS, AREAS, rng), pick(OWNERS, AREAS, rng), names(AREAS, rng)
    number = phones(AREAS, rng)
    letters = _letters(ground, lonlat)
    ward_names, ward_codes = ground.wards["name"].to_numpy()[ward], ground.wards["code"].to_numpy()[ward]
    hamlet_word = np.where(ground.urban[ward], "khóm", "ấp")
    rows: list[dict[str, Any]] = []
    serial: dict[str, int] = {}
    for i in range(AREAS):
        growers = WORDS[crop[i]].lower()
        area = {
            "area_name": f"Vùng trồng {growers} {hamlet_word[i]} {hamlet[i]}, {ward_names[i]}",
            "crop": crop[i],
            "area_ha": hectares[i],
            "households": max(1, round(hectares[i] / rng.uniform(0.5, 1.4))),
            "owner_name": f"{who[i]} {hamlet[i]}" if "Hộ" not in who[i] else people[i],
            "owner_phone": number[i],
            "unit": ward_codes[i],
            "area": i,
        }
        for market in _markets(crop[i], hectares[i], rng):
            rows.append(area | _code(market, letters[i], serial, rng))
    frame = pd.DataFrame(rows)
    frame["id"] = random_ids(len(frame), rng)
    frame = _dates(frame, rng)
    frame["geometry"] = multi(lonlat)[frame.pop("area").to_numpy()]
    return gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4326")


def _areas(
    ground: Ground, rng: np.random.Generator
) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.object_]]:
    """Bent quadrilaterals of a few to sixty hectares in metres, none touching another, all in one ward."""
    found = places(ground, AREAS * 6, rng)
    sides = np.exp(rng.normal((6.1, 5.75), (0.38, 0.33), (len(found.xy), 2)))
    turn = -0.35 + rng.normal(0, 0.4, len(found.xy))
    corner = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]) + rng.normal(
        0, 0.07, (len(sides), 4, 2)
    )
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    x, y = np.moveaxis(corner * sides[:, None], -1, 0)
    rings = found.xy[:, None] + np.stack([x * cos - y * sin, x * sin + y * cos], axis=-1)
    shapes = shapely.transform(
        shapely.segmentize(shapely.polygons(rings), 60.0), lambda xy: wiggle(xy, seed=99)
    )
    wards = ground.frame.geometry_to_xy(ground.wards.geometry.to_numpy())
    ward = found.ward
    kept: list[int] = []
    for i, shape in enumerate(shapes):
        near = [j for j in kept if abs(found.xy[i] - found.xy[j]).max() < 2500]
        if (
            shapely.contains_properly(wards[ward[i]], shape)
            and not shapely.dwithin(shape, shapes[near], 25).any()
        ):
            kept.append(i)
        if len(kept) == AREAS:
            break
    return shapes[kept], ward[kept], found.crop[kept]


def _letters(ground: Ground, polygons: NDArray[np.object_]) -> list[str]:
    """Codes keep the letters of the old province, whatever it is called today."""
    old = ground.locate(shapely.get_coordinates(shapely.point_on_surface(polygons)), ground.before)
    if not len(ground.before):
        return ["DT"] * len(polygons)
    provinces = ground.before["province_code"].to_numpy()
    return ["TG" if row >= 0 and provinces[row] == "82" else "DT" for row in old]


def _markets(crop: str, hectares: float, rng: np.random.Generator) -> list[str]:
    """Export asks for 10 ha as a rule; smaller areas stand in the domestic register only."""
    abroad = EXPORT.get(crop, ())
    if hectares < 10 or not abroad:
        return ["VN"]
    count = min(len(abroad), 1 + int(rng.geometric(0.5)))
    return [str(m) for m in rng.choice(abroad, size=count, replace=False)]


def _code(market: str, letters: str, serial: dict[str, int], rng: np.random.Generator) -> dict[str, Any]:
    share = np.array(list(STATUSES.values()), dtype=float)
    status = list(STATUSES)[rng.choice(len(share), p=share / share.sum())]
    code = None
    if status in ("issued", "suspended", "revoked"):
        serial[letters] = serial.get(letters, 0) + 1
        code = f"VN-{letters}OR-{serial[letters]:04d}"
    standard = GAP[2] if market != "VN" and rng.random() < 0.6 else GAP[int(rng.integers(2))]
    return {"market": market, "puc_code": code, "status": status, "standard": standard}


def _dates(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Codes were given between 2021 and 2026 for five years; a revoked one ends on its day."""
    given = dates("2021-02-01", rng.integers(0, 1950, len(frame)))
    has_code = frame["puc_code"].notna()
    frame["issued_on"] = given.where(has_code, None)
    frame["expires_on"] = [
        date(d.year + 5, d.month, min(d.day, 28)) if d else None for d in frame["issued_on"]
    ]
    frame["valid_from"] = given
    frame["valid_to"] = [date(2026, 8, 15) if s == "revoked" else None for s in frame["status"]]
    return frame
