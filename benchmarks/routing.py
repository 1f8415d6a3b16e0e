"""Routing on the real wards of two eras: one point in the database and at the door, a million in memory.

Gates (exit code 1), medians: one point as of a date at most 1 ms in the database, the whole answer of explain
at most 5 ms; in memory at least 3 times geopandas.sjoin and 30 times ST_Contains on whole polygons. The wards
are read from ../shared/data (or --data) into a scratch database beside the configured one, or on a server of
this run. Loading takes minutes; --keep NAME makes the database stay and uses it again.
"""
# ruff: noqa: ANN401 - frames, arrays and connections of other libraries

from __future__ import annotations

import argparse
import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
import uuid
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import psycopg
import shapely
from psycopg import sql
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import make_url

from geo.migrations import upgrade
from geo.publish import publish_folders
from geo.routing.memory import Ground
from geo.settings import Settings
from geo.types import Bbox
from geo.units import Unit

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED = Path(__file__).resolve().parents[2] / "shared/data"
NEW, OLD = "wards_2025/vn_wards_2025.parquet", "wards_2008/vn_communes_2008.parquet"
TODAY, BEFORE, REFORM = "2026-01-01", "2020-01-01", "2025-07-01"
COPY = """
COPY core.admin_units (unit_id, code, name, kind, level, province_code, valid_from, valid_to, geom) FROM STDIN
"""
ONE = "SELECT * FROM pub.units_near(%s, %s, %s, 20)"
IN_SERVER = """
DO $$
DECLARE at timestamptz; p record; took double precision[] := '{{}}';
BEGIN
  FOR p IN SELECT * FROM bench_point LIMIT {count} LOOP
    at := clock_timestamp();
    PERFORM * FROM pub.units_near(p.lon, p.lat, DATE {day}, 20);
    took := took || extract(epoch FROM clock_timestamp() - at)::double precision * 1000;
  END LOOP;
  PERFORM set_config('bench.median', percentile_cont(0.5) WITHIN GROUP (ORDER BY t)::text, false)
     FROM unnest(took) AS t;
END $$
"""
GATES = {"database": 1.0, "explain": 5.0, "sjoin": 3.0, "contains": 30.0}


def main() -> int:
    """Measure and print; the exit code of the gates."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=5_000, help="points for ST_Contains, which is slow")
    parser.add_argument("--keep", metavar="NAME", help="scratch database that stays")
    parser.add_argument("--memory-only", action="store_true")
    options = parser.parse_args()
    if not (options.data / NEW).is_file():
        print(f"skipped: no {options.data / NEW}")
        return 0
    wards = valid(gpd.read_parquet(options.data / NEW))
    lon, lat = scattered(wards, options.points)
    ratios = {} if options.memory_only else database(options, wards, lon, lat)
    ratios |= in_memory(wards, lon, lat)
    return report(ratios, options)


def valid(wards: Any) -> Any:
    """The wards with valid polygons only: 79 of them cross themselves at their source."""
    shapes = shapely.make_valid(wards.geometry.to_numpy())
    wards["geometry"] = [shapely.multipolygons(polygons(shape)) for shape in shapes]
    return wards.set_crs(4326, allow_override=True)


def polygons(shape: Any) -> list[Any]:
    """All polygons in a geometry, however deep."""
    parts = (
        [shape]
        if shape.geom_type == "Polygon"
        else [p for s in getattr(shape, "geoms", ()) for p in polygons(s)]
    )
    return parts


def scattered(wards: Any, count: int) -> tuple[Any, Any]:
    """Places as reports come in: wards equally often, each place in its ward's box; most are inside it."""
    pick = np.random.default_rng(20250701)
    boxes = wards.geometry.bounds.to_numpy()
    # Trường Sa's box is the size of the mainland, and nobody reports from the open sea.
    boxes = boxes[(boxes[:, 2] - boxes[:, 0]) < 1]
    chosen = boxes[pick.integers(0, len(boxes), count)]
    lon = pick.uniform(chosen[:, 0], chosen[:, 2])
    return lon, pick.uniform(chosen[:, 1], chosen[:, 3])


def in_memory(wards: Any, lon: Any, lat: Any) -> dict[str, float]:
    """Points a second of the router in memory and of geopandas.sjoin, on the same points and polygons."""
    ground = Ground([unit(i, row) for i, row in enumerate(wards.itertuples())], list(wards.geometry))
    begun = time.perf_counter()
    ground.assign(lon[:1], lat[:1])  # makes the grid, once for the life of these units
    grid_s = time.perf_counter() - begun
    begun = time.perf_counter()
    found = ground.assign(lon, lat)
    ours = len(lon) / (time.perf_counter() - begun)
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs=4326)
    begun = time.perf_counter()
    # The fastest of its predicates: points indexed, polygons as the query;
    # "intersects" takes twenty times as long.
    joined = gpd.sjoin(points, wards[["ward_code", "geometry"]], predicate="within")
    theirs = len(lon) / (time.perf_counter() - begun)
    placed = int((found >= 0).sum())
    print(f"in memory: {placed:,} of {len(lon):,} points in a ward; sjoin: {joined.index.nunique():,}")
    return {"ours_per_s": ours, "sjoin_per_s": theirs, "sjoin": ours / theirs, "grid_s": grid_s}


def unit(number: int, row: Any) -> Unit:
    """A ward of the file as a unit; what routing does not read is left empty."""
    begin = date.fromisoformat(REFORM)
    box = Bbox(*row.geometry.bounds)
    code, name = row.ward_code, row.ward_name
    return Unit(
        number, f"n-{code}", code, name, "xa", 3, row.province_code, None, None, None, None, begin, None, box
    )


def database(options: argparse.Namespace, wards: Any, lon: Any, lat: Any) -> dict[str, float]:
    """Medians of one point in the database and of the whole answer of explain; ST_Contains a second."""
    with scratch(options) as settings, psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        load(connection, wards, gpd.read_parquet(options.data / OLD))
        connection.execute("CREATE TEMP TABLE bench_point (lon double precision, lat double precision)")
        with connection.cursor() as cursor, cursor.copy("COPY bench_point FROM STDIN") as copy:
            for row in zip(lon[: options.sample].tolist(), lat[: options.sample].tolist(), strict=True):
                copy.write_row(row)
        answer = {"database": in_server(connection, TODAY), "database_before": in_server(connection, BEFORE)}
        answer["round_trip"] = one_point(settings, lon, lat)
        answer["explain"] = explain(settings, lon, lat)
        answer["contains_per_s"] = contains(connection, options.sample)
    return answer


def in_server(connection: Any, day: str, count: int = 2_000) -> float:
    """Median milliseconds of one point as the server itself sees it: no client, no wire."""
    statement = sql.SQL(IN_SERVER).format(day=sql.Literal(day), count=sql.Literal(count))
    connection.execute(statement)
    connection.execute(statement)
    return float(connection.execute("SELECT current_setting('bench.median')").fetchone()[0])


def one_point(settings: Settings, lon: Any, lat: Any, count: int = 1_000) -> float:
    """Median milliseconds of the same question from a client, as the public role."""
    times = []
    with psycopg.connect(settings.role_dsn("diaban_public"), autocommit=True) as connection:
        for x, y in zip(lon[:count].tolist(), lat[:count].tolist(), strict=True):
            begun = time.perf_counter()
            connection.execute(ONE, [x, y, TODAY], prepare=True).fetchall()
            times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times[20:])


def explain(settings: Settings, lon: Any, lat: Any, count: int = 500) -> float:
    """Median milliseconds of GET /api/routing/explain over HTTP, on one kept connection."""
    times = []
    with served(settings) as address:
        connection = http.client.HTTPConnection(address)
        for x, y in zip(lon[:count].tolist(), lat[:count].tolist(), strict=True):
            begun = time.perf_counter()
            connection.request("GET", f"/api/routing/explain?lon={x}&lat={y}&category=GT&at={TODAY}")
            body = connection.getresponse()
            body.read()
            times.append((time.perf_counter() - begun) * 1000)
            if body.status != 200:
                raise RuntimeError(f"explain answered {body.status}")
    return statistics.median(times[20:])


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """The application in a process of its own; its address."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "api.app:create_app"]
    environment = os.environ | {
        "DIABAN_DATABASE_URL": settings.database_url,
        "DIABAN_SECRET": settings.secret.get_secret_value(),
        "DIABAN_HOME": str(settings.home),
        "DIABAN_LOG_LEVEL": "WARNING",
    }
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", port, "--workers", "1"],
        cwd=Path(__file__).parents[1],
        env=environment,
    )
    try:
        until = time.monotonic() + 60
        while not ready(f"http://127.0.0.1:{port}/readyz"):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the application did not start")
            time.sleep(0.1)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def ready(url: str) -> bool:
    """Whether the application says that it is ready."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def contains(connection: Any, sample: int) -> float:
    """Points a second of a join by ST_Contains on the undivided polygons, index and all."""
    begun = time.perf_counter()
    connection.execute(
        "SELECT count(*) FROM bench_point AS p JOIN core.admin_units AS u"
        " ON ST_Contains(u.geom, ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326))"
        " AND daterange(u.valid_from, u.valid_to) @> %s::date",
        [TODAY],
    ).fetchone()
    return sample / (time.perf_counter() - begun)


def load(connection: Any, wards: Any, former: Any) -> None:
    """Both eras by COPY, unless they are there."""
    if connection.execute("SELECT count(*) FROM core.admin_units").fetchone()[0]:
        return
    begun = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for row in wards.itertuples():
            head = (
                f"n-{row.ward_code}",
                row.ward_code,
                row.ward_name,
                "xa",
                3,
                row.province_code,
                REFORM,
                None,
            )
            copy.write_row((*head, wkb(row.geometry)))
        for number, row in enumerate(former.itertuples()):
            name = row.commune_vn or row.commune or "?"
            head = (f"o-{number}", f"{number:05d}", name, "xa", 3, "82", "2008-01-01", REFORM)
            copy.write_row((*head, wkb(row.geometry)))
    connection.execute("VACUUM ANALYZE")
    took_s = time.perf_counter() - begun
    print(f"loaded {len(wards):,} wards of today and {len(former):,} of before in {took_s:.0f} s")


def wkb(shape: Any) -> str:
    """Hexadecimal EWKB of a MultiPolygon."""
    return str(
        shapely.to_wkb(
            shapely.set_srid(shapely.multipolygons(polygons(shape)), 4326), hex=True, include_srid=True
        )
    )


@contextmanager
def scratch(options: argparse.Namespace) -> Iterator[Settings]:
    """A migrated database beside the configured one, or on a server for this run; dropped unless kept."""
    from cli.cluster import temporary_cluster

    name = options.keep or f"bench_{uuid.uuid4().hex[:8]}"
    if "DIABAN_DATABASE_URL" in os.environ:
        # The configured secret too: the roles' passwords follow from it, for all databases of the server.
        with made(Settings(), name, keep=bool(options.keep)) as settings:
            yield settings
        return
    with TemporaryDirectory() as home, temporary_cluster() as cluster:
        secret = SecretStr(uuid.uuid4().hex)
        own = Settings(database_url=cluster.admin_url, secret=secret, home=Path(home))
        with made(own, name, keep=False) as settings:
            yield settings


@contextmanager
def made(server: Settings, name: str, *, keep: bool) -> Iterator[Settings]:
    """Create, migrate, hand out, drop."""
    url = make_url(server.database_url).set(database=name).render_as_string(hide_password=False)
    settings = server.model_copy(update={"database_url": url, "log_level": "WARNING"})
    with psycopg.connect(server.admin_dsn, autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            upgrade(settings)
            publish_folders(settings)
            yield settings
        finally:
            if not keep:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def report(found: dict[str, float], options: argparse.Namespace) -> int:
    """The table, and whether every gate that was measured held."""
    if "contains_per_s" in found:
        found["contains"] = found["ours_per_s"] / found["contains_per_s"]
    table = Table("what", "value", "gate", title=f"routing, {options.points:,} points in memory")
    lines = {
        "database": ("one point today, in the server, median ms", "≤ 1"),
        "database_before": ("one point before the reform, in the server, median ms", ""),
        "round_trip": ("one point from a client, median ms", ""),
        "explain": ("GET /api/routing/explain, median ms", "≤ 5"),
        "grid_s": ("in memory, the grid of the borders, seconds, once", ""),
        "ours_per_s": ("in memory, points a second", ""),
        "sjoin_per_s": ("geopandas.sjoin, points a second", ""),
        "contains_per_s": (f"ST_Contains, points a second (sample of {options.sample:,})", ""),
        "sjoin": ("in memory / sjoin", "≥ 3"),
        "contains": ("in memory / ST_Contains", "≥ 30"),
    }
    for key, (text, gate) in lines.items():
        if key in found:
            table.add_row(text, f"{found[key]:,.2f}", gate)
    Console().print(table)
    slow = [key for key in ("database", "explain") if found.get(key, 0) > GATES[key]]
    small = [key for key in ("sjoin", "contains") if found.get(key, GATES[key]) < GATES[key]]
    return 1 if slow or small else 0


if __name__ == "__main__":
    sys.exit(main())
