"""The units of the demonstration province, out of the data file of the package ``vietnamadminunits`` (MIT).

Only its data are read; none of its code runs. Positions are WGS 84 degrees, lon lat.
"""

from __future__ import annotations

import json
import math
import sqlite3
import unicodedata
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from geo.errors import Unavailable

PACKAGE = "vietnamadminunits"
# The mapping confuses wards of one name ("Phường 4" of four towns): a new ward whose point lies farther from
# the old one than this cannot hold a part of it.
SPLIT_MAX_KM = 20.0
KINDS = {"Phường": "phuong", "Xã": "xa", "Đặc khu": "dac_khu", "Thị trấn": "thi_tran"}


@dataclass(frozen=True, slots=True)
class NewWard:
    """A unit since 2025-07-01 with the one point that the package gives it."""

    code: str
    name: str
    kind: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class OldWard:
    """A unit until 2025-06-30: point, bounds (west, south, east, north), the new wards that took it over."""

    code: str
    name: str
    kind: str
    district: str
    province_code: str
    province: str
    lon: float
    lat: float
    bounds: tuple[float, float, float, float]
    successors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A province's units in both eras, and the points of old wards of other provinces around it."""

    province_code: str
    province_name: str
    new: tuple[NewWard, ...]
    old: tuple[OldWard, ...]
    neighbours: tuple[tuple[float, float], ...]


def read(province_code: str) -> Source:
    """The units of one of the 34 provinces; ``Unavailable`` without the package or the province."""
    folder = _data_folder()
    mapping = json.loads((folder / "converter_2025.json").read_text(encoding="utf-8"))
    connection = sqlite3.connect(f"file:{folder / 'dataset.db'}?mode=ro", uri=True)
    try:
        return _read(connection, mapping, province_code)
    finally:
        connection.close()


def _data_folder() -> Path:
    try:
        found = metadata.distribution(PACKAGE).locate_file(f"{PACKAGE}/data")
    except metadata.PackageNotFoundError:
        raise Unavailable(
            f"Thiếu gói {PACKAGE}; cài phần «demo» của dự án.",
            f"The package {PACKAGE} is missing; install the project's extra 'demo'.",
        ) from None
    return Path(str(found))


def _read(connection: sqlite3.Connection, mapping: dict[str, Any], province_code: str) -> Source:
    new_rows = connection.execute(
        "SELECT wardKey, wardCode, ward, wardType, wardLon, wardLat, provinceKey, province FROM admin_units "
        "WHERE provinceCode = ? ORDER BY wardCode",
        (province_code,),
    ).fetchall()
    if not new_rows:
        raise Unavailable(
            f"Gói {PACKAGE} không có tỉnh mã {province_code}.",
            f"The package {PACKAGE} has no province {province_code}.",
        )
    province_key, province_name = new_rows[0][6:8]
    new = {row[0]: NewWard(row[1], _nfc(row[2]), KINDS[_nfc(row[3])], row[4], row[5]) for row in new_rows}
    old_keys = mapping["DICT_PROVINCE"][province_key]
    old_rows = connection.execute(
        "SELECT provinceKey || '_' || districtKey || '_' || wardKey, wardCode, ward, wardType, district, "
        "provinceCode, province, wardLon, wardLat, wardBounds, provinceKey "
        "FROM admin_units_legacy WHERE wardCode IS NOT NULL AND wardLon IS NOT NULL ORDER BY wardCode"
    ).fetchall()
    successors = _successors(mapping, province_key, new)
    old = tuple(_old_ward(row, successors.get(row[0], ()), new) for row in old_rows if row[10] in old_keys)
    west, south = min(w.bounds[0] for w in old) - 0.3, min(w.bounds[1] for w in old) - 0.3
    east, north = max(w.bounds[2] for w in old) + 0.3, max(w.bounds[3] for w in old) + 0.3
    neighbours = {
        (row[7], row[8])
        for row in old_rows
        if row[10] not in old_keys and west < row[7] < east and south < row[8] < north
    }
    return Source(province_code, _nfc(province_name), tuple(new.values()), old, tuple(sorted(neighbours)))


def _successors(
    mapping: dict[str, Any], province_key: str, new: dict[str, NewWard]
) -> dict[str, tuple[str, ...]]:
    """From the key of an old ward to the keys of the new ones, the one that took most of it first."""
    whole = mapping["DICT_PROVINCE_WARD_NO_DIVIDED"].get(province_key, {})
    found: dict[str, tuple[str, ...]] = {old: (key,) for key, olds in whole.items() for old in olds}
    by_place = {(ward.lon, ward.lat): key for key, ward in new.items()}
    for old, parts in mapping["DICT_PROVINCE_WARD_DIVIDED"].get(province_key, {}).items():
        ranked = sorted(parts, key=lambda part: not part["isDefaultNewWard"])
        # Keys of this list are spelt differently ("xãtânthạnh"), so the points identify the wards.
        keys = [by_place.get((part["newWardLon"], part["newWardLat"])) for part in ranked]
        found[old] = tuple(key for key in keys if key is not None)
    return found


def _old_ward(row: tuple[Any, ...], keys: tuple[str, ...], new: dict[str, NewWard]) -> OldWard:
    lon, lat = row[7], row[8]
    near = [new[key].code for key in keys[1:] if _km(lon, lat, new[key].lon, new[key].lat) <= SPLIT_MAX_KM]
    south_west, north_east = (part.split(",") for part in row[9].split("–"))
    bounds = (float(south_west[1]), float(south_west[0]), float(north_east[1]), float(north_east[0]))
    name, kind, district, province = (_nfc(row[i]) for i in (2, 3, 4, 6))
    first = [new[key].code for key in keys[:1]]
    return OldWard(
        row[1], name, KINDS[kind], district, row[5], province, lon, lat, bounds, tuple(first + near)
    )


def _km(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    east = (lon - other_lon) * math.cos(math.radians(lat))
    return 111.2 * math.hypot(east, lat - other_lat)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip())
