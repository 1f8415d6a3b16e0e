"""Rows of ``admin_units``: the real names and codes of both eras on approximate polygons."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np

from etl.demo.coverage import build
from etl.units import COMMUNE_LEVEL, REFORM, unit_id
from geo.geometry.area import area_m2

if TYPE_CHECKING:
    import shapely

    from etl.demo.source import NewWard, OldWard, Source

# The package's list of old units is the state after the last mergers before the reform; how far each unit
# goes back it does not say, so the demonstration does not claim more.
OLD_FROM = date(2024, 11, 1)
# People on a km² of a ward, a commune and a special zone: invented, of the size that the delta's provinces
# publish. Wards differ from each other as a log-normal with this sigma.
PEOPLE_PER_KM2 = {"phuong": 1_900, "xa": 560, "dac_khu": 120}
SPREAD = 0.35


def generate(source: Source) -> gpd.GeoDataFrame:
    """Units of both eras: old ones valid [2024-11-01, 2025-07-01), new ones from 2025-07-01 on."""
    old, new = build(source)
    rows = [_old_row(ward, old[ward.code]) for ward in source.old]
    rows += [_new_row(ward, new[ward.code], source) for ward in source.new]
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326")
    frame["area_km2"] = np.round(area_m2(frame.geometry.to_numpy()) / 1e6, 2)
    columns = (frame[name] for name in ("code", "kind", "area_km2", "valid_to"))
    frame["population"] = [_people(*row) for row in zip(*columns, strict=True)]
    return frame


def _people(code: str, kind: str, area_km2: float, valid_to: date | None) -> int | None:
    """How many people live in a unit of today, in tens and the same in every run; None of former units."""
    if valid_to is not None:
        return None
    factor = np.random.default_rng(int(code)).lognormal(-(SPREAD**2) / 2, SPREAD)
    return int(round(area_km2 * PEOPLE_PER_KM2[kind] * factor, -1))


def _old_row(ward: OldWard, polygon: shapely.MultiPolygon) -> dict[str, Any]:
    return {
        "unit_id": unit_id(ward.province_code, ward.code, OLD_FROM),
        "code": ward.code,
        "name": ward.name,
        "kind": ward.kind,
        "level": COMMUNE_LEVEL,
        "province_code": ward.province_code,
        "province_name": ward.province,
        "district_name": ward.district,
        "unit": ward.successors[0],
        "valid_from": OLD_FROM,
        "valid_to": REFORM,
        "geometry": polygon,
    }


def _new_row(ward: NewWard, polygon: shapely.MultiPolygon, source: Source) -> dict[str, Any]:
    return {
        "unit_id": unit_id(source.province_code, ward.code, REFORM),
        "code": ward.code,
        "name": ward.name,
        "kind": ward.kind,
        "level": COMMUNE_LEVEL,
        "province_code": source.province_code,
        "province_name": source.province_name,
        "district_name": None,
        "unit": ward.code,
        "valid_from": REFORM,
        "valid_to": None,
        "geometry": polygon,
    }
