"""Rows of ``admin_units``: the real names and codes of both eras on approximate polygons."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np

from etl.demo.coverage import build
from etl.demo.ground import area_m2

if TYPE_CHECKING:
    import shapely

    from etl.demo.source import Source

REFORM = date(2025, 7, 1)
# The package's list of old units is the state after the last mergers before the reform; how far each unit
# goes back it does not say, so the demonstration does not claim more.
OLD_FROM = date(2024, 11, 1)
# 1 province, 2 district (until 2025-06-30), 3 commune, ward or township: the same number in both eras.
COMMUNE_LEVEL = 3


def generate(source: Source) -> gpd.GeoDataFrame:
    """Units of both eras: old ones valid [2024-11-01, 2025-07-01), new ones from 2025-07-01 on."""
    old, new = build(source)
    rows = [
        _row(w.code, w.name, w.kind, old[w.code], w.province_code, w.province, OLD_FROM)
        | {"district_name": w.district, "unit": w.successors[0], "valid_to": REFORM}
        for w in source.old
    ] + [
        _row(w.code, w.name, w.kind, new[w.code], source.province_code, source.province_name, REFORM)
        | {"district_name": None, "unit": w.code, "valid_to": None}
        for w in source.new
    ]
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326")
    frame["area_km2"] = np.round(area_m2(frame.geometry.to_numpy()) / 1e6, 2)
    return frame


def unit_id(province_code: str, code: str, valid_from: date) -> str:
    """An identity that is never reused: a code alone names other ground before and after the reform."""
    return f"VN-{province_code}-{code}-{valid_from.year}"


def _row(
    code: str,
    name: str,
    kind: str,
    geometry: shapely.MultiPolygon,
    province_code: str,
    province_name: str,
    valid_from: date,
) -> dict[str, Any]:
    return {
        "unit_id": unit_id(province_code, code, valid_from),
        "code": code,
        "name": name,
        "kind": kind,
        "level": COMMUNE_LEVEL,
        "province_code": province_code,
        "province_name": province_name,
        "valid_from": valid_from,
        "geometry": geometry,
    }
