"""Rows of ``zoning``: plots of the provincial town's plans, invented, in the words of a planning dossier."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from etl.attributes.numbers import span
from etl.demo.frame import noise, wiggle
from etl.demo.ground import Ground, multi
from etl.demo.plots import split_town, weave
from etl.demo.zoning_rules import FUNCTIONS, FUNCTIONS_BY_PLACE, ROAD, WATER, Function
from geo.geometry.area import area_m2

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

SEED = 20260701
TOWN_RADIUS_M = 2060.0
STREET_ANGLE = 0.62  # the grid follows the Tiền river, which runs south-east here


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan and the decision that approved it; ``until`` is set where a later plan replaced it."""

    name: str
    level: str
    decision: str
    on: date
    status: str = "in_force"
    until: date | None = None


PLANS = (
    Plan("Quy hoạch phân khu 1/2000 khu trung tâm {town}", "2", "1128/QĐ-UBND", date(2024, 9, 12)),
    Plan("Quy hoạch phân khu 1/2000 khu đô thị phía Bắc {town}", "2", "674/QĐ-UBND", date(2022, 6, 20)),
    Plan(
        "Quy hoạch phân khu 1/2000 khu đô thị phía Đông {town}",
        "2",
        "289/QĐ-UBND",
        date(2023, 3, 15),
        "adjusting",
    ),
    Plan("Quy hoạch phân khu 1/2000 khu ven sông, {town}", "2", "1540/QĐ-UBND", date(2021, 11, 5)),
    Plan("Quy hoạch phân khu 1/2000 khu công nghiệp và kho bãi {town}", "2", "93/QĐ-UBND", date(2020, 2, 11)),
    Plan("Quy hoạch chi tiết 1/500 khu dân cư phía Nam {town}", "3", "411/QĐ-UBND", date(2025, 10, 3)),
    Plan(
        "Điều chỉnh quy hoạch phân khu 1/2000 phía Tây {town}",
        "2",
        "Dự thảo 2026",
        date(2026, 9, 1),
        "proposed",
    ),
)
GENERAL = Plan("Quy hoạch chung đô thị {town} đến năm 2045", "1", "1719/QĐ-UBND", date(2023, 12, 28))
REPLACED = Plan(
    "Quy hoạch phân khu 1/2000 khu trung tâm thành phố {town}", "2", "862/QĐ-UBND", date(2016, 8, 25),
    "superseded", date(2024, 9, 12),
)  # fmt: skip


def generate(ground: Ground) -> gpd.GeoDataFrame:
    """About 2,000 plots and streets of the town; the centre also in its plan of 2016, which was replaced."""
    rng = np.random.default_rng(SEED)
    town = _town_region(ground)
    pieces = split_town(town.envelope.buffer(200, join_style="mitre"), STREET_ANGLE, rng)
    strips = [strip for _, strip in pieces.streets]
    woven, owner = weave([*pieces.plots, *strips], 40.0)
    faces = shapely.transform(woven, lambda xy: wiggle(xy, seed=7))
    centre = shapely.get_coordinates(shapely.centroid(faces))
    street = owner >= len(pieces.plots)
    keep = shapely.intersects(town, shapely.points(centre)) & ~street
    # Streets end with the plots along them.
    built_up = shapely.union_all(faces[keep]).buffer(45, join_style="mitre").buffer(-30)
    faces[street] = shapely.intersection(faces[street], built_up)
    keep |= street & (shapely.get_type_id(faces) == shapely.GeometryType.POLYGON) & (shapely.area(faces) > 50)
    faces, owner, centre = faces[keep], owner[keep], centre[keep]
    quarters = np.array(pieces.quarter + [quarter for quarter, _ in pieces.streets])[owner]
    street = owner >= len(pieces.plots)
    functions = _functions(centre, street, shapely.area(faces), rng)
    faces, functions, centre, quarters = _join_streets(faces, functions, centre, quarters)
    polygons = ground.frame.geometry_to_lonlat(faces)
    current = _rows(polygons, functions, quarters, PLANS, rng)
    old = (quarters % 9 == 0) & (np.array([f.code for f in functions]) != ROAD.code)
    former = _functions(centre[old], np.zeros(old.sum(), bool), shapely.area(faces[old]), rng)
    replaced = _rows(polygons[old], former, quarters[old], (REPLACED,), rng)
    rows = pd.concat([current, replaced], ignore_index=True)
    points = shapely.get_coordinates(shapely.point_on_surface(rows["geometry"].to_numpy()))
    rows["unit"] = ground.codes_at(points)
    rows["plan_name"] = [name.format(town=ground.town_name) for name in rows["plan_name"]]
    rows["authority"] = f"Ủy ban nhân dân {ground.province_inside}"
    return gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326")


def _town_region(ground: Ground) -> BaseGeometry:
    """The built-up area: a blob around the centre, within the town's wards, in metres."""
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    radius = TOWN_RADIUS_M * (1 + 0.45 * noise(circle * 1400, 700.0, 5))
    blob = shapely.Polygon(circle * radius[:, None])
    wards = ground.frame.geometry_to_xy(shapely.union_all(ground.town.geometry.to_numpy()))
    centre = ground.frame.to_xy(np.array([ground.town_centre]))[0]
    moved = shapely.transform(blob, lambda xy: xy + centre)
    parts: list[BaseGeometry] = list(shapely.get_parts(moved.intersection(wards)))
    return max(parts, key=lambda part: part.area)


def _functions(
    centre: NDArray[np.float64],
    street: NDArray[np.bool_],
    area: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.object_]:
    """A function for each plot: by distance from the centre, with industry downstream and water scattered."""
    far = np.hypot(*centre.T) / TOWN_RADIUS_M + 0.15 * noise(centre, 900.0, 11)
    place = np.digitize(far, [0.35, 0.72])
    place[(centre[:, 0] + centre[:, 1] < -2000) & (far > 0.6)] = 3
    chosen = np.empty(len(centre), dtype=object)
    for index, weights in enumerate(FUNCTIONS_BY_PLACE):
        here = np.flatnonzero(place == index)
        share = np.array(list(weights.values()), dtype=float)
        picks = rng.choice(len(share), size=len(here), p=share / share.sum())
        chosen[here] = [FUNCTIONS[list(weights)[pick]] for pick in picks]
    chosen[area < 1200] = FUNCTIONS["DAT_HTXH_CayxanhCC"]
    chosen[street] = ROAD
    canal = street & (np.abs(noise(centre, 2400.0, 23)) > 0.93)
    chosen[canal] = WATER
    return chosen


def _join_streets(
    faces: NDArray[np.object_],
    functions: NDArray[np.object_],
    centre: NDArray[np.float64],
    quarters: NDArray[np.int64],
) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.float64], NDArray[np.int64]]:
    """The streets of one quarter become one feature, as planners draw them; arterials stay apart."""
    is_road = np.array([f is ROAD for f in functions])
    joined = []
    for quarter in np.unique(quarters[is_road & (quarters >= 0)]):
        same = is_road & (quarters == quarter)
        parts = shapely.get_parts(shapely.coverage_union_all(faces[same]))
        joined += [(part, quarter) for part in parts]
    keep = ~is_road | (quarters < 0)
    added = np.array([part for part, _ in joined], dtype=object)
    return (
        np.append(faces[keep], added),
        np.append(functions[keep], [ROAD] * len(joined)),
        np.vstack([centre[keep], shapely.get_coordinates(shapely.centroid(added))]),
        np.append(quarters[keep], [quarter for _, quarter in joined]).astype(int),
    )


def _rows(
    polygons: NDArray[np.object_],
    functions: NDArray[np.object_],
    quarters: NDArray[np.int64],
    plans: tuple[Plan, ...],
    rng: np.random.Generator,
) -> pd.DataFrame:
    areas = np.round(area_m2(polygons), 1)
    counters: dict[tuple[int, str], int] = {}
    rows = []
    for function, quarter, area in zip(functions, quarters.tolist(), areas.tolist(), strict=True):
        number = counters[quarter, function.sign] = counters.get((quarter, function.sign), 0) + 1
        zone = f"{'ABCDEFGH'[quarter % 8]}{quarter // 8 + 1}" if quarter >= 0 else "TC"
        plot_code = f"{zone}-{function.sign}{number:02d}"
        rows.append(_row(plot_code, function, area, _plan(plans, quarter), rng))
    frame = pd.DataFrame(rows)
    frame["geometry"] = multi(polygons)
    return frame


def _plan(plans: tuple[Plan, ...], quarter: int) -> Plan:
    # Arterials belong to the general plan; every thirteenth quarter awaits a decision.
    if quarter < 0:
        return GENERAL
    return plans[-1] if quarter % 13 == 5 else plans[quarter % max(len(plans) - 1, 1)]


def _bounds(**figures: str | None) -> dict[str, float | None]:
    """The bounds that the figures' texts say, as an import reads them."""
    spans = {name: span(text) if text else None for name, text in figures.items()}
    low = {f"{name}_min": found.low if found else None for name, found in spans.items()}
    return low | {f"{name}_max": found.high if found else None for name, found in spans.items()}


def _row(
    plot_code: str, function: Function, area: float, plan: Plan, rng: np.random.Generator
) -> dict[str, Any]:
    density, floors, ratio, per_ha = function.figures(rng)
    return {
        "plot_code": plot_code,
        "function_code": function.code,
        "function_name": function.name,
        "plan_name": plan.name,
        "area_m2": area,
        "density": density,
        "floors": floors,
        "floor_area_ratio": ratio,
        **_bounds(density=density, floors=floors, floor_area_ratio=ratio),
        "population": int(round(area / 10_000 * per_ha, -1)) if per_ha else None,
        "decision_number": None if plan.status == "proposed" else plan.decision,
        "decision_date": None if plan.status == "proposed" else plan.on,
        "planning_level": plan.level,
        "status": plan.status,
        "valid_from": plan.on,
        "valid_to": plan.until,
    }
