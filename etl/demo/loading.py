"""The demonstration province into a database: one transaction a layer, layers with rows left alone."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import psycopg
import shapely
from psycopg import sql

from etl.copy import copy_rows, set_note
from etl.demo import cameras, crops, farms, land_use, reports, succession, wards, zoning
from etl.demo.ground import Ground
from etl.demo.source import read
from etl.progress import Progress, silent
from geo.datasets.land import analyze
from geo.datasets.names import OWNER
from geo.errors import Conflict
from geo.reports.codes import prefix_of
from layers.registry import load as load_layers

if TYPE_CHECKING:
    from collections.abc import Callable

    from geo.settings import Settings

# Layers in the order in which they are loaded, with their share of the time.
SHARES = {
    "admin_units": 0.05, "zoning": 0.06, "land_use": 0.22, "crop_areas": 0.02, "farms": 0.01, "cameras": 0.01,
    "reports": 0.63,
}  # fmt: skip
APPROXIMATE = {
    "vi": "Ranh giới gần đúng để minh họa, không phải ranh giới pháp lý; dân số là số mô phỏng;"
    " tên và mã đơn vị là thật.",
    "en": "Boundaries are an approximation for demonstration, not legal ones; numbers of people are invented;"
    " names and codes are real.",
}
INVENTED = {
    "vi": "Dữ liệu mô phỏng để minh họa, không phải số liệu thật.",
    "en": "Invented for demonstration; not real data.",
}


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """Rows loaded by layer, layers that had rows and were left alone, and the time that it took."""

    loaded: dict[str, int]
    kept: tuple[str, ...]
    seconds: float


def load(settings: Settings, progress: Progress = silent) -> DemoSummary:
    """Fill every empty layer of the database behind ``settings.database_url``.

    Units that are there (say, real boundaries) are the ground on which the rest is made. Raises
    ``Unavailable`` where the source of the units is not installed, ``Conflict`` where no unit is in force.
    """
    started = time.monotonic()
    loaded: dict[str, int] = {}
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        empty = [name for name in SHARES if _is_empty(connection, name)]
        progress(0.0, "admin_units")
        if "admin_units" in empty:
            source = read(settings.province_code)
            _fill(connection, "admin_units", wards.generate(source), loaded, progress)
            succession.load(connection, source)
        ground = Ground.of(_units(connection), settings.province_name)
        makers = _makers(ground, prefix_of(settings.province_name))
        # The next layers are made while the database takes in the one before.
        with ThreadPoolExecutor(max_workers=1) as workshop:
            frames = {name: workshop.submit(make) for name, make in makers.items() if name in empty}
            for name, frame in frames.items():
                progress(_share_before(name), name)
                _fill(connection, name, frame.result(), loaded, progress)
    progress(1.0)
    kept = tuple(name for name in SHARES if name not in empty)
    return DemoSummary(loaded, kept, time.monotonic() - started)


def _makers(ground: Ground, prefix: str) -> dict[str, Callable[[], gpd.GeoDataFrame]]:
    plan: list[gpd.GeoDataFrame] = []

    def planned() -> gpd.GeoDataFrame:
        if not plan:
            plan.append(zoning.generate(ground))
        return plan[0]

    return {
        "zoning": planned,
        "land_use": lambda: land_use.generate(ground, planned()),
        "crop_areas": lambda: crops.generate(ground),
        "farms": lambda: farms.generate(ground),
        "cameras": lambda: cameras.generate(ground, planned()),
        "reports": lambda: reports.generate(ground, prefix),
    }


def _fill(
    connection: psycopg.Connection[tuple[Any, ...]],
    name: str,
    frame: gpd.GeoDataFrame,
    loaded: dict[str, int],
    progress: Progress,
) -> None:
    layer = load_layers()[name]
    note = APPROXIMATE if name == "admin_units" else INVENTED
    with connection.transaction():
        connection.execute(OWNER)
        before = _share_before(name)

        def done(rows: int) -> None:
            progress(round(before + SHARES[name] * rows / len(frame), 6), name)

        loaded[name] = copy_rows(connection, layer, frame, done)
        set_note(connection, name, json.dumps(note, ensure_ascii=False))
        analyze(connection, layer)


def _share_before(name: str) -> float:
    names = list(SHARES)
    return round(sum(SHARES[earlier] for earlier in names[: names.index(name)]), 6)


def _is_empty(connection: psycopg.Connection[tuple[Any, ...]], name: str) -> bool:
    query = sql.SQL("SELECT EXISTS (SELECT FROM core.{})").format(sql.Identifier(name))
    with connection.transaction():
        connection.execute(OWNER)
        row = connection.execute(query).fetchone()
    return row is not None and not row[0]


def _units(connection: psycopg.Connection[tuple[Any, ...]]) -> gpd.GeoDataFrame:
    """The wards that the database has, in both eras."""
    with connection.transaction():
        connection.execute(OWNER)
        rows = connection.execute(
            "SELECT code, name, kind, province_code, valid_from, valid_to, ST_AsBinary(geom) "
            "FROM core.admin_units WHERE kind IN ('phuong', 'xa', 'dac_khu', 'thi_tran') ORDER BY unit_id"
        ).fetchall()
    if not any(row[5] is None for row in rows):
        raise Conflict("Chưa có xã, phường nào đang hiệu lực.", "No ward is in force.")
    names = ("code", "name", "kind", "province_code", "valid_from", "valid_to")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    return gpd.GeoDataFrame(columns, geometry=shapely.from_wkb([row[6] for row in rows]), crs="EPSG:4326")
