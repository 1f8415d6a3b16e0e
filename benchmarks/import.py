"""Loading: generated parcels and the country's wards by ./diaban import, beside ogr2ogr into the same tables.

Both tools load the same GeoPackage into the same database, into the layer's own table with all its indexes,
triggers and checks; ogr2ogr also into a bare copy with the same indexes, to show what the triggers cost. Ours
runs with every check on: validity, repair, neighbours, declared areas, comparison with the layer.
Gate (exit code 1): at most 1.5 times ogr2ogr's time, and less than 2 GB of memory.

With ``--table ROWS``: parcels as WKT in a CSV of so many rows (300 bytes each), by ./diaban import alone; the
gate is the memory.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import psycopg
import pyogrio
import shapely
from psycopg import sql
from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import make_url

from benchmarks import own
from cli.cluster import temporary_cluster
from geo.migrations import upgrade
from geo.publish import publish_folders
from geo.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

GATE_TIMES, GATE_BYTES = 1.5, 2 * 2**30
WARDS = Path(__file__).parents[2] / "shared/data/wards_2025/vn_wards_2025.parquet"
DATABASE = "diaban_bench_import"
WARDS_LAYER = """
name: bench_wards
title: {vi: Xã phường, en: Wards}
description: {vi: Đo tốc độ, en: For measuring}
owner: {vi: "-", en: "-"}
licence: {vi: "-", en: "-"}
geometry: MultiPolygon
max_vertices: 100000
identity: [ward_code]
coverage: true
legend: {color: "#808080"}
fields:
  - {name: ward_code, type: text, title: {vi: Mã, en: Code}, required: true}
  - {name: ward_name, type: text, title: {vi: Tên, en: Name}, required: true}
"""
OURS = """
import json, resource, sys, time
from pathlib import Path
from etl.landing import Wanted, prepare
from etl.sources.nursery import NURSERY
from geo.datasets import land
from geo.settings import Settings

settings, started = Settings(), time.monotonic()
done = prepare(settings, Wanted(Path(sys.argv[1]), sys.argv[2], "bench"))
assert done.number is not None and done.plan is not None, done.report
read = time.monotonic()
found = land(settings, done.number, done.plan)
seconds = time.monotonic() - read
NURSERY.close()  # what its workers used counts once it has ended
peak = [resource.getrusage(who).ru_maxrss * 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({"read_s": read - started, "land_s": seconds, "rss": peak,
                  "rows": found.writes, "quarantined": done.report["rows"]["quarantined"]}))
"""


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=1_000_000)
    parser.add_argument("--no-wards", action="store_true")
    parser.add_argument("--table", type=int, metavar="ROWS", help="one long CSV, without ogr2ogr")
    options = parser.parse_args()
    if not options.table and shutil.which("ogr2ogr") is None:
        Console().print("ogr2ogr is not installed (Debian: gdal-bin): nothing to compare with")
        return 2
    table = Table("data", "rows", "ogr2ogr s", "bare table s", "ours s (read + land)", "times", "RSS MB")
    fine = True
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="diaban-bench-")))
        (folder / "layers/bench_wards").mkdir(parents=True)
        (folder / "layers/bench_wards/layer.yaml").write_text(WARDS_LAYER, encoding="utf-8")
        settings = _database(held, folder)
        if options.table:
            return _long(settings, folder / "parcels.csv", options.table)
        sets = [("parcels", parcels(folder / "parcels.gpkg", options.parcels), "land_use")]
        if WARDS.exists() and not options.no_wards:
            sets.append(("wards", wards(folder / "wards.gpkg"), "bench_wards"))
        for label, file, layer in sets:
            fine &= _measure(table, settings, label, file, layer)
    Console().print(table)
    return 0 if fine else 1


def parcels(file: Path, count: int) -> Path:
    """The generated parcels as a GeoPackage."""
    for start, frame in enumerate(_parcels(count)):
        pyogrio.write_dataframe(frame, file, layer="parcels", append=start > 0, geometry_type="Polygon")
    return file


def lines(file: Path, count: int) -> Path:
    """The generated parcels as a CSV with a column of WKT, as spatial databases write it out."""
    for start, frame in enumerate(_parcels(count)):
        shapes = shapely.to_wkt(frame.geometry.to_numpy(), rounding_precision=8)
        frame.drop(columns="geometry").assign(wkt=shapes).to_csv(
            file, mode="a", index=False, header=start == 0
        )
    return file


def _parcels(count: int) -> Iterator[gpd.GeoDataFrame]:
    """Parcels of nine vertices that share their edges, in a province; attributes as a clerk's file."""
    side = int(np.ceil(np.sqrt(count)))
    rng = np.random.default_rng(1)
    at = np.arange(2 * side + 1)
    x, y = np.meshgrid(at, at, indexing="ij")
    x = 105.2 + (x + rng.uniform(-0.2, 0.2, x.shape)) * 1.5e-4
    y = 10.2 + (y + rng.uniform(-0.2, 0.2, y.shape)) * 1.5e-4
    for start in range(0, count, 100_000):
        number = np.arange(start, min(start + 100_000, count))
        i, j = number // side * 2, number % side * 2
        corners = ((0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1), (0, 0))
        rings = np.stack([np.stack([x[i + a, j + b], y[i + a, j + b]], -1) for a, b in corners], 1)
        shapes = shapely.polygons(rings)
        yield gpd.GeoDataFrame(
            {
                "unit": [f"{29_000 + n:05d}" for n in number // 10_000],
                "sheet_number": number // 500 % 20 + 1,
                "parcel_number": number % 500 + 1,
                "parcel": [f"{n // 500 % 20 + 1}/{n % 500 + 1}" for n in number],
                "code": np.array(["LUC", "CLN", "ONT", "NTS"])[number % 4],
                "scheme": "TT27_2018",
                "area_m2": np.round(shapely.area(shapes) * 111_000**2 * 0.98, 1),
                "address": [f"Ấp {n % 40 + 1}" for n in number],
            },
            geometry=shapes,
            crs="EPSG:4326",
        )


def wards(file: Path) -> Path:
    """The country's wards, made valid: ogr2ogr could not put the others into the layer's table."""
    frame = gpd.read_parquet(WARDS)[["ward_code", "ward_name", "geometry"]]
    made = shapely.make_valid(frame.geometry.to_numpy(), method="structure", keep_collapsed=False)
    pyogrio.write_dataframe(
        frame.set_geometry(made, crs="EPSG:4326"), file, layer="wards", promote_to_multi=True
    )
    return file


def _database(held: ExitStack, folder: Path) -> Settings:
    """A database of its own, on the server that runs or on one for the time being."""
    given = os.environ.get("DIABAN_DATABASE_URL") or held.enter_context(temporary_cluster()).admin_url
    admin = make_url(given).set(drivername="postgresql").render_as_string(hide_password=False)
    held.callback(_execute, admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)")
    _execute(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)")
    _execute(admin, "CREATE DATABASE {}")
    url = make_url(admin).set(database=DATABASE).render_as_string(hide_password=False)
    settings = Settings(
        database_url=url,
        secret=os.environ.get("DIABAN_SECRET") or "only-for-measuring-0123456789",  # type: ignore[arg-type]
        home=folder,
        layers_dirs=[folder / "layers"],
    )
    upgrade(settings)
    publish_folders(settings)
    return settings


def _execute(url: str, statement: str) -> None:
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(DATABASE)))  # type: ignore[arg-type]


def _measure(table: Table, settings: Settings, label: str, file: Path, layer: str) -> bool:
    theirs = _ogr2ogr(settings, file, f"core.{layer}")
    _empty(settings, f"core.{layer}")
    with closing(psycopg.connect(settings.admin_dsn, autocommit=True)) as connection:
        connection.execute(
            f"CREATE TABLE public.bare (LIKE core.{layer} INCLUDING INDEXES INCLUDING GENERATED "
            "INCLUDING DEFAULTS INCLUDING IDENTITY)"
        )
    bare = _ogr2ogr(settings, file, "public.bare")
    with closing(psycopg.connect(settings.admin_dsn, autocommit=True)) as connection:
        connection.execute("DROP TABLE public.bare")
        connection.execute("CHECKPOINT")
    ours = _ours(settings, file, layer)
    seconds, peak = ours["read_s"] + ours["land_s"], max(ours["rss"])
    table.add_row(
        label,
        str(ours["rows"]),
        f"{theirs:.1f}",
        f"{bare:.1f}",
        f"{seconds:.1f} ({ours['read_s']:.1f} + {ours['land_s']:.1f})",
        f"{seconds / theirs:.2f}",
        f"{sum(ours['rss']) / 2**20:.0f}",
    )
    return bool(seconds <= GATE_TIMES * theirs and peak < GATE_BYTES)


def _long(settings: Settings, file: Path, rows: int) -> int:
    size = lines(file, rows).stat().st_size
    ours = _ours(settings, file, "land_use")
    Console().print(
        f"{size / 1e9:.2f} GB, {ours['rows']} rows landed, {ours['quarantined']} set aside: "
        f"read {ours['read_s']:.0f} s, land {ours['land_s']:.0f} s; "
        f"memory at most {ours['rss'][0] / 2**20:.0f} MB, of a reader {ours['rss'][1] / 2**20:.0f} MB"
    )
    return 0 if ours["rows"] == rows and max(ours["rss"]) < GATE_BYTES else 1


def _ogr2ogr(settings: Settings, file: Path, table: str) -> float:
    url = make_url(settings.admin_dsn)
    words = f"PG:host={url.host} port={url.port} user={url.username} dbname={url.database}"
    command = ["ogr2ogr", "-f", "PostgreSQL", words, str(file), "-nln", table, "-append", "-nlt",
               "PROMOTE_TO_MULTI", "-gt", "65536"]  # fmt: skip
    started = time.monotonic()
    subprocess.run(
        command, check=True, env=os.environ | {"PGPASSWORD": str(url.password), "PG_USE_COPY": "YES"}
    )
    return time.monotonic() - started


def _ours(settings: Settings, file: Path, layer: str) -> dict[str, Any]:
    environment = os.environ | own.environment(settings) | {"PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", OURS, str(file), layer], check=True, env=environment, stdout=subprocess.PIPE
    )
    return dict(json.loads(done.stdout))


def _empty(settings: Settings, table: str) -> None:
    with closing(psycopg.connect(settings.admin_dsn, autocommit=True)) as connection:
        connection.execute(f"TRUNCATE {table} CASCADE".encode())
        connection.execute("CHECKPOINT")


if __name__ == "__main__":
    sys.exit(main())
