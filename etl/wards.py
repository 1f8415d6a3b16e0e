"""Real ward polygons in place of the demonstration's."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import psycopg
import shapely

from etl.copy import copy_rows, set_note
from etl.dataframe import read_dataframe
from etl.progress import Progress, silent
from etl.units import COMMUNE_LEVEL, REFORM, unit_id
from geo.datasets.land import analyze
from geo.datasets.names import OWNER
from geo.errors import InvalidInput
from geo.geometry.area import area_m2
from geo.geometry.repair import mended
from layers.registry import load as load_layers

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from geo.settings import Settings

CODE_COLUMNS = ("ward_code", "code", "ma_xa", "maxa", "wardcode", "ma_dvhc")
NAME_COLUMNS = ("ward_name", "name", "ten_xa", "tenxa", "wardname", "ten_dvhc")
PROVINCE_COLUMNS = ("province_code", "ma_tinh", "matinh", "provincecode")
PROVINCE_NAME_COLUMNS = ("province_name", "ten_tinh", "tentinh", "provincename")
KINDS = {"phường": "phuong", "xã": "xa", "đặc khu": "dac_khu", "thị trấn": "thi_tran"}
_CODE = re.compile(r"\d{5}", re.ASCII)


def load(settings: Settings, file: Path, province: str, progress: Progress = silent) -> int:
    """Put a province's wards of ``file`` in force from 2025-07-01; how many.

    The units that are there, demonstration or earlier boundaries, are replaced in the same transaction; rows
    of other layers stay. Raises ``InvalidInput`` with the reason where the file cannot serve.
    """
    progress(0.0, file.name)
    frame = prepare(read_dataframe(file, where=("province_code", province)), province, file.name)
    progress(0.5, "admin_units")
    layer = load_layers()["admin_units"]
    _refuse_large(frame, layer.max_vertices)
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection, connection.transaction():
        connection.execute(OWNER)
        connection.execute("DELETE FROM core.admin_units")
        count = copy_rows(connection, layer, frame, lambda rows: progress(0.5 + 0.5 * rows / len(frame)))
        set_note(connection, "admin_units", None)
        analyze(connection, layer)
    progress(1.0)
    return count


def prepare(raw: gpd.GeoDataFrame, province: str, file: str = "") -> gpd.GeoDataFrame:
    """Rows of ``admin_units`` out of a file's rows (EPSG:4326): one province, rings repaired."""
    code, name = _column(raw, CODE_COLUMNS, "mã xã", file), _column(raw, NAME_COLUMNS, "tên xã", file)
    rows = _of_province(raw, province, file)
    codes = rows[code].astype(str).str.strip()
    _refuse_codes(codes.tolist())
    names = [unicodedata.normalize("NFC", str(text).strip()) for text in rows[name]]
    province_name = _found(raw, PROVINCE_NAME_COLUMNS)
    polygons = repaired(rows.geometry.to_numpy(), codes.tolist())
    return gpd.GeoDataFrame(
        {
            "unit_id": [unit_id(province, each, REFORM) for each in codes],
            "code": codes.to_numpy(),
            "name": names,
            "kind": [_kind(each) for each in names],
            "level": COMMUNE_LEVEL,
            "province_code": province,
            "province_name": rows[province_name].to_numpy() if province_name else None,
            "unit": codes.to_numpy(),
            "area_km2": np.round(area_m2(polygons) / 1e6, 2),
            "valid_from": REFORM,
            "valid_to": None,
        },
        geometry=polygons,
        crs="EPSG:4326",
    ).sort_values("code", ignore_index=True)


def repaired(geometry: NDArray[np.object_], codes: list[str]) -> NDArray[np.object_]:
    """MultiPolygons: self-touching rings mended by their structure, lines and points that result dropped.

    ``InvalidInput`` for what is no polygon, and for what cannot be mended within its time and memory.
    """
    there = [shapely.Polygon() if each is None else each for each in geometry]
    polygons = mended(there)
    for code, each in zip(codes, polygons, strict=True):
        if each is None:
            raise InvalidInput("geometry", code, "vùng (polygon) sửa được", "polygons that can be mended")
    return np.array(polygons, dtype=object)


def _of_province(raw: gpd.GeoDataFrame, province: str, file: str) -> gpd.GeoDataFrame:
    column = _found(raw, PROVINCE_COLUMNS)
    if column is None:
        return raw
    rows = raw[raw[column].astype(str).str.zfill(2) == province]
    if rows.empty:
        there = ", ".join(sorted(raw[column].astype(str).str.zfill(2).unique())[:40])
        raise InvalidInput(
            "province", province, f"mã tỉnh có trong {file}: {there}", f"provinces in {file}: {there}"
        )
    return rows


def _refuse_codes(codes: list[str]) -> None:
    for code in codes:
        if not _CODE.fullmatch(code):
            raise InvalidInput("code", code, "mã xã gồm năm chữ số", "five-digit ward codes")
    if repeated := sorted({code for code in codes if codes.count(code) > 1}):
        raise InvalidInput("code", ", ".join(repeated[:5]), "mỗi mã một lần", "every code once")


def _refuse_large(frame: gpd.GeoDataFrame, most: int) -> None:
    vertices = shapely.get_num_coordinates(frame.geometry.to_numpy())
    if len(over := np.flatnonzero(vertices > most)):
        code = frame["code"].iloc[over[0]]
        raise InvalidInput("geometry", code, f"không quá {most} đỉnh", f"at most {most} vertices")


def _kind(name: str) -> str:
    # The official name is right where lists of kinds are not.
    for words, kind in KINDS.items():
        if name.lower().startswith(words + " "):
            return kind
    raise InvalidInput(
        "name", name, "tên đủ loại: Phường …, Xã …, Đặc khu …", "full names: Phường …, Xã …, Đặc khu …"
    )


def _column(frame: gpd.GeoDataFrame, names: tuple[str, ...], meaning: str, file: str) -> str:
    found = _found(frame, names)
    if found is None:
        there = ", ".join(map(str, frame.columns.drop("geometry")[:30]))
        raise InvalidInput(
            "file", file, f"tệp có cột {meaning} ({', '.join(names)}); đang có: {there}",
            f"a file with one of the columns {', '.join(names)}; it has: {there}",
        )  # fmt: skip
    return found


def _found(frame: gpd.GeoDataFrame, names: tuple[str, ...]) -> str | None:
    lower = {str(column).lower(): str(column) for column in frame.columns}
    return next((lower[name] for name in names if name in lower), None)
