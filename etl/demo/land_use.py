"""Rows of ``land_use``: 20,000 parcels, long and thin along canals, short ones in the town's blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from etl.demo.fields import Grid, strips
from etl.demo.frame import noise
from etl.demo.ground import Ground, dates, multi
from geo.geometry.area import area_m2

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

SEED = 20260702
PARCELS = 20_000
URBAN_PARCELS = 5_500
FIELD_ANGLE = -0.35
# What stands among the houses along a canal, and how often.
HOUSE_BAND = {"ONT": 66, "CLN": 20, "HNK": 5, "TMD": 2.5, "SKC": 1, "TIN": 0.6, "TON": 0.4, "DGD": 0.5,
              "DSH": 0.4, "DCH": 0.2, "NTD": 0.9, "BCS": 0.5, "TSC": 0.2, "DYT": 0.2, "DVH": 0.1}  # fmt: skip
# Fields, by what a stretch of land is used for.
FIELD_BANDS: tuple[dict[str, float], ...] = (
    {"LUC": 94, "HNK": 3, "NTS": 1.5, "CLN": 1.5},
    {"CLN": 88, "HNK": 6, "NTS": 4, "NKH": 2},
    {"NTS": 78, "CLN": 8, "LUC": 10, "MNC": 4},
    {"HNK": 70, "LUC": 18, "CLN": 12},
)
TOWN_LOTS = {"ODT": 84, "TMD": 9, "CLN": 3, "BCS": 2, "TIN": 0.6, "TON": 0.4, "SKC": 1}


def generate(ground: Ground, zoning: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Exactly 20,000 parcels; those of the town lie inside housing plots of ``zoning``."""
    rng = np.random.default_rng(SEED)
    town, town_codes, town_block = _town(ground, zoning, rng)
    blocked = shapely.union_all(town).buffer(12)
    fields, codes, cell = _fields(ground, blocked, PARCELS - len(town), rng)
    polygons = ground.frame.geometry_to_lonlat(np.append(town, fields))
    frame = pd.DataFrame(
        {"code": np.append(town_codes, codes), "block": np.append(town_block - 100_000, cell)}
    )
    return _describe(ground, polygons, frame, rng)


def _town(
    ground: Ground, zoning: gpd.GeoDataFrame, rng: np.random.Generator
) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.int64]]:
    """House lots 5 m wide and more, two rows to a housing plot near the centre."""
    housing = zoning[
        zoning["function_code"].isin(["DAT_O_Nhomnhao", "DAT_O_Langxom"]) & zoning["valid_to"].isna()
    ]
    plots = ground.frame.geometry_to_xy(housing.geometry.to_numpy())
    plots = plots[np.argsort(shapely.distance(plots, shapely.Point(0, 0)), kind="stable")]
    lots: list[NDArray[np.object_]] = []
    block: list[int] = []
    for number, plot in enumerate(plots):
        ring = shapely.get_coordinates(shapely.minimum_rotated_rectangle(plot))[:4]
        if np.linalg.norm(ring[1] - ring[0]) < np.linalg.norm(ring[3] - ring[0]):
            ring = np.roll(ring, 1, axis=0)
        rings, _ = strips(ring, rng.uniform(5.5, 9.5), False, rng)
        cut = shapely.intersection(shapely.polygons(rings), plot)
        cut = cut[(shapely.get_type_id(cut) == shapely.GeometryType.POLYGON) & (shapely.area(cut) > 36)]
        lots.append(cut)
        block += [number] * len(cut)
        if len(block) > URBAN_PARCELS:
            break
    return np.concatenate(lots), _pick(TOWN_LOTS, len(block), rng), np.array(block)


def _fields(
    ground: Ground, blocked: BaseGeometry, wanted: int, rng: np.random.Generator
) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.int64]]:
    """The cells nearest to the town are used first; the last cell is cut off at the wanted number."""
    grid = Grid.make(56, 90, FIELD_ANGLE, rng)
    cells = shapely.polygons(grid.inner)
    outline = ground.frame.geometry_to_xy(ground.outline).buffer(-150)
    shapely.prepare(outline)
    shapely.prepare(blocked)
    free = shapely.contains(outline, cells) & ~shapely.intersects(blocked, cells)
    distance = np.where(free, np.hypot(*np.moveaxis(grid.centres(), -1, 0)), np.inf)
    used = np.zeros_like(free)
    rings: list[NDArray[np.float64]] = []
    codes: list[NDArray[np.object_]] = []
    owner: list[int] = []
    for index in np.argsort(distance, axis=None, kind="stable"):
        at = np.unravel_index(index, free.shape)
        parcels, parcel_codes = _cell(grid.inner[at], rng)
        rings.append(parcels)
        codes.append(parcel_codes)
        owner += [int(index)] * len(parcels)
        used[at] = True
        canals, roads = grid.ways(used)
        crossings = grid.crossings(used)
        ways = len(canals) + len(roads) + len(crossings)
        if len(owner) + ways >= wanted:
            break
    room = wanted - ways
    all_rings = np.concatenate([*(np.concatenate(rings)[:room],), canals, roads, crossings])
    water = np.where(rng.random(len(canals)) < 0.75, "DTL", "SON").astype(object)
    all_codes = np.concatenate(
        [np.concatenate(codes)[:room], water, ["DGT"] * len(roads), ["DTL"] * len(crossings)]
    )
    numbers = np.concatenate([owner[:room], [10**6] * ways]).astype(int)
    return np.asarray(shapely.polygons(all_rings)), all_codes, numbers


def _cell(
    ring: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    """One cell: its use follows a smooth field, so that orchards, rice and ponds lie together."""
    centre = ring.mean(axis=0)[None]
    wet, fruit = noise(centre, 3800.0, 41)[0], noise(centre, 5200.0, 43)[0]
    use = 2 if wet > 0.62 else 1 if fruit > 0.05 else 3 if fruit < -0.72 else 0
    rings, band = strips(
        ring, rng.uniform(17, 36) * (1.5 if use == 0 else 1.0), bool(rng.random() < 0.72), rng
    )
    codes = np.empty(len(rings), dtype=object)
    codes[band == 0] = _pick(HOUSE_BAND, int((band == 0).sum()), rng)
    codes[band > 0] = _pick(FIELD_BANDS[use], int((band > 0).sum()), rng)
    return rings, codes


def _pick(weights: dict[str, float], count: int, rng: np.random.Generator) -> NDArray[np.object_]:
    share = np.array(list(weights.values()))
    return np.array(list(weights), dtype=object)[rng.choice(len(share), size=count, p=share / share.sum())]


def _describe(
    ground: Ground, polygons: NDArray[np.object_], frame: pd.DataFrame, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    centre = shapely.get_coordinates(shapely.point_on_surface(polygons))
    row = ground.locate(centre)
    frame["unit"], names = ground.of_ward("code", row), ground.of_ward("name", row)
    urban = np.append(ground.urban, False)[row]
    # A phường has urban housing, a xã rural: by law, whatever the block looks like.
    frame.loc[frame["code"].isin(["ONT", "ODT"]), "code"] = np.where(urban, "ODT", "ONT")[
        frame["code"].isin(["ONT", "ODT"])
    ]
    # A map sheet covers some kilometre; within it parcels are numbered from north to south.
    sheet = pd.Series(list(zip(row, np.floor(centre[:, 0] * 90), np.floor(centre[:, 1] * 90), strict=True)))
    frame["sheet_number"] = pd.factorize(sheet)[0] + 1
    order = np.lexsort((centre[:, 0], -centre[:, 1], frame["sheet_number"]))
    frame.loc[order, "parcel_number"] = frame.loc[order].groupby("sheet_number").cumcount().to_numpy() + 1
    frame["parcel_number"] = frame["parcel_number"].astype(int)
    frame["parcel"] = frame["sheet_number"].astype(str) + "/" + frame["parcel_number"].astype(str)
    frame["surveyed_on"] = dates(
        "2019-03-01",
        np.sort(rng.integers(0, 2500, frame["sheet_number"].max() + 1))[frame["sheet_number"].to_numpy()],
    )
    after = frame["surveyed_on"] >= pd.Timestamp("2024-08-01").date()
    frame["scheme"] = np.where(after, "TT08_2024", "TT27_2018")
    for old, new in (("BHK", "HNK"), ("DSH", "DKV")):
        frame.loc[frame["code"].isin([old, new]), "code"] = np.where(after, new, old)[
            frame["code"].isin([old, new])
        ]
    frame["area_m2"] = np.round(area_m2(polygons), 1)
    frame["address"] = [f"{name}, {ground.province_inside}" if name else None for name in names]
    frame["geometry"] = multi(polygons)
    return gpd.GeoDataFrame(frame.drop(columns="block"), geometry="geometry", crs="EPSG:4326")
