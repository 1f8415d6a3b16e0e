"""What policies cost: the canonical z14 tile, plain, projected and under row-level security.

Gate (exit code 1): the median under policies is at most 1.5 times the plain one.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

import psycopg
from rich.console import Console
from rich.table import Table

from geo.settings import Settings

GATE = 1.5
FLAG = "ALTER FUNCTION public.geometry_overlaps(public.geometry, public.geometry) {} LEAKPROOF"
TILE = (
    "SELECT ST_AsMVT(t, 'x') FROM (SELECT id, ST_AsMVTGeom(geom_3857, ST_TileEnvelope(14, %s, %s)) g"
    " FROM {} WHERE geom_3857 && ST_TileEnvelope(14, %s, %s)) t"
)
FILL = """
INSERT INTO core.bench_points (geom, visibility, unit)
SELECT ST_SetSRID(ST_MakePoint(105.2 + random(), 10 + random() * 0.8), 4326),
       CASE WHEN random() < 0.9 THEN 0 ELSE 2 END, (29000 + (random() * 200)::int)::text
  FROM generate_series(1, %s)
"""


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--tiles", type=int, default=60)
    options = parser.parse_args()
    settings = Settings()
    with psycopg.connect(settings.admin_dsn, autocommit=True) as admin:
        try:
            prepare(admin, options.rows)
            return report(settings, admin, options)
        finally:
            admin.execute(FLAG.format(""))
            admin.execute("DROP TABLE IF EXISTS core.bench_points, pub.bench_points, ops.bench_plain")


def prepare(admin: psycopg.Connection, rows: int) -> None:
    """The same rows three times: under policies, in the projection, and plain."""
    from geo.tables.rules import READABLE

    admin.execute("DROP TABLE IF EXISTS core.bench_points, pub.bench_points, ops.bench_plain")
    admin.execute(
        "CREATE TABLE core.bench_points (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        " geom geometry(Point, 4326), visibility smallint, unit text,"
        " geom_3857 geometry(Point, 3857) GENERATED ALWAYS AS (ST_Transform(geom, 3857)) STORED)"
    )
    admin.execute(FILL, [rows])
    admin.execute("CREATE TABLE ops.bench_plain AS SELECT * FROM core.bench_points")
    admin.execute("CREATE TABLE pub.bench_points AS SELECT * FROM core.bench_points WHERE visibility = 0")
    for table in ("core.bench_points", "ops.bench_plain", "pub.bench_points"):
        admin.execute(f"CREATE INDEX ON {table} USING gist (geom_3857)")
        admin.execute(f"GRANT SELECT ON {table} TO diaban_reader")
        admin.execute(f"VACUUM ANALYZE {table}")
    admin.execute("ALTER TABLE core.bench_points ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    admin.execute(f"CREATE POLICY read ON core.bench_points FOR SELECT TO diaban_reader USING ({READABLE})")


def report(settings: Settings, admin: psycopg.Connection, options: argparse.Namespace) -> int:
    """Time the four ways; the exit code of the gate."""
    plain = measure(settings, "ops.bench_plain", options.tiles)
    projection = measure(settings, "pub.bench_points", options.tiles)
    policies = measure(settings, "core.bench_points", options.tiles)
    admin.execute(FLAG.format("NOT"))
    without = measure(settings, "core.bench_points", max(5, options.tiles // 10))
    table = Table("way", "median ms", "ratio to plain", title=f"z14 tile, {options.rows:,} points")
    ways = {
        "plain table": plain,
        "public projection": projection,
        "row-level security": policies,
        "the same, && not LEAKPROOF": without,
    }
    for name, median in ways.items():
        table.add_row(name, f"{median:.2f}", f"{median / plain:.2f}")
    Console().print(table)
    return 0 if policies <= GATE * plain else 1


def measure(settings: Settings, table: str, tiles: int) -> float:
    """Median milliseconds of a tile as a member of staff."""
    times = []
    with psycopg.connect(settings.role_dsn("diaban_reader")) as connection:
        connection.execute("SET LOCAL statement_timeout = 0")
        claims = '{"sub":"bench","clearance":1,"units":["29010","29020"]}'
        connection.execute("SELECT set_config('diaban.claims', %s, true)", [claims])
        for number in range(tiles + 3):
            x, y = 12980 + number % 40, 7706 + number // 40
            begun = time.perf_counter()
            connection.execute(TILE.format(table), [x, y, x, y]).fetchone()  # type: ignore[arg-type]
            times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times[3:])


if __name__ == "__main__":
    sys.exit(main())
