"""The database of the bench of tiles: plots and points that follow from their number, and real wards."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas
import psycopg

from geo.calendar import today_ict
from geo.migrations import upgrade
from geo.publish import publish_folders
from layers.registry import load
from tiles.ground import Box
from tiles.ladder.keeper import layer_of
from tiles.ladder.plan import make_plan

if TYPE_CHECKING:
    from geo.settings import Settings

    Connection = psycopg.Connection[Any]

PROVINCE = Box(105.2, 10.0, 106.1, 10.75)
# The zooms at which each is drawn.
LAYERS = {
    name: range(layer.tiles.min_zoom, layer.tiles.max_zoom + 1)
    for name, layer in load().items()
    if name in {"land_use", "reports", "admin_units"}
}
# The country's, where they are; never part of the project.
WARDS = Path(__file__).parents[3] / "shared/data/wards_2025/vn_wards_2025.parquet"
WARD = """
INSERT INTO core.admin_units (geom, unit_id, code, name, kind, level, province_code, valid_from)
SELECT ST_Multi(ST_CollectionExtract(ST_MakeValid(ST_GeomFromWKB(%s, 4326)), 3)), 'vn-' || %s::text, %s, %s,
       CASE %s WHEN 'phường' THEN 'phuong' WHEN 'xã' THEN 'xa' ELSE 'dac_khu' END, 3, %s, DATE '2025-07-01'
"""
# Plots of a grid whose corners and edges are shaken, so that neighbours share crooked edges.
PLOTS = """
WITH shaken AS (
  SELECT i, j, kind,
         105.2 + 0.9 / {side} * (i + CASE kind WHEN 1 THEN 0.5 ELSE 0 END
                                 + 0.3 * (ops_noise(i * 3 + kind, j) - 0.5)) AS x,
         10 + 0.75 / {side} * (j + CASE kind WHEN 2 THEN 0.5 ELSE 0 END
                               + 0.3 * (ops_noise(j * 3 + kind, i + 7) - 0.5)) AS y
    FROM generate_series(0, {side}) AS i, generate_series(0, {side}) AS j, generate_series(0, 2) AS kind
), corner AS MATERIALIZED (
  SELECT i, j, max(x) FILTER (WHERE kind = 0) AS x, max(y) FILTER (WHERE kind = 0) AS y,
         max(x) FILTER (WHERE kind = 1) AS ex, max(y) FILTER (WHERE kind = 1) AS ey,
         max(x) FILTER (WHERE kind = 2) AS nx, max(y) FILTER (WHERE kind = 2) AS ny
    FROM shaken GROUP BY i, j
)
INSERT INTO core.land_use (geom, sheet_number, parcel_number, parcel, code, scheme, area_m2)
SELECT ST_Multi(ST_SetSRID(ST_MakePolygon(ST_MakeLine(ARRAY[
         ST_MakePoint(a.x, a.y), ST_MakePoint(a.ex, a.ey), ST_MakePoint(b.x, b.y), ST_MakePoint(b.nx, b.ny),
         ST_MakePoint(c.x, c.y), ST_MakePoint(d.ex, d.ey), ST_MakePoint(d.x, d.y), ST_MakePoint(a.nx, a.ny),
         ST_MakePoint(a.x, a.y)])), 4326)),
       a.i, a.j, a.i || '/' || a.j,
       (ARRAY['LUC','ODT','CLN','DGT','NTS','ONT','HNK','SON'])
         [1 + floor(8 * ops_noise(a.i / 12, a.j / 12))::int],
       'TT08/2024', 8000
  FROM corner AS a JOIN corner AS b ON (b.i, b.j) = (a.i + 1, a.j)
       JOIN corner AS c ON (c.i, c.j) = (a.i + 1, a.j + 1) JOIN corner AS d ON (d.i, d.j) = (a.i, a.j + 1)
"""
NOISE = """
CREATE FUNCTION ops_noise(a bigint, b bigint) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT abs(hashint8(a * 1000003 + b)::double precision) / 2147483648 $$
"""
POINTS = """
INSERT INTO core.reports (geom, code, category, status, channel, received_at, h3_9)
SELECT ST_Point(105.2 + 0.9 * least(0.999, abs(random() + random() - 1) + 0.3 * random()),
                10 + 0.75 * random(), 4326),
       'B-' || n, (ARRAY['MT','GT','DVT','XD'])[1 + n %% 4], 'received', 'app', now(), 'x'
  FROM generate_series(1, %s) AS n
"""
# As every report has one that came by a door; else the server would place a million of them meanwhile.
DECISIONS = """
INSERT INTO core.route_decision (report_id, as_of, confidence, candidates, boundaries, rule, rule_version,
                                 reason_vi, reason_en, actor)
SELECT id, received_at::date, 'outside', '[]', '{}', 'ward-default', 1, '-', '-', 'benchmark'
  FROM core.reports
"""
PEER = """
CREATE TABLE peer.land_use AS
  SELECT id::int AS id, code, parcel, area_m2, geom_3857::geometry(MultiPolygon, 3857) AS geom
    FROM pub.land_use;
CREATE TABLE peer.reports AS
  SELECT id, code, category, status, received_at, geom_3857::geometry(Point, 3857) AS geom FROM pub.reports;
CREATE INDEX ON peer.land_use USING gist (geom);
CREATE INDEX ON peer.reports USING gist (geom);
ALTER TABLE peer.land_use ADD PRIMARY KEY (id);
ALTER TABLE peer.reports ADD PRIMARY KEY (id);
"""
PEER_WARDS = """
CREATE TABLE peer.admin_units AS
  SELECT id::int AS id, code, name, kind, geom_3857::geometry(MultiPolygon, 3857) AS geom
    FROM pub.admin_units;
CREATE INDEX ON peer.admin_units USING gist (geom);
ALTER TABLE peer.admin_units ADD PRIMARY KEY (id);
"""


def prepare(settings: Settings, rows: int, points: int) -> None:
    """The layers, their rows and ladders, what is not there yet; the peers' tables are copies."""
    upgrade(settings)
    publish_folders(settings)
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS peer")
        if not _is_there(connection, "land_use"):
            connection.execute(NOISE)
            timed("plots", lambda: connection.execute(PLOTS.format(side=round(rows**0.5))))
            timed("points", lambda: connection.execute(POINTS, [points]))
            connection.execute(DECISIONS)
            _finish(settings, connection, PEER, ("land_use", "reports"))
        if WARDS.exists() and not _is_there(connection, "admin_units"):
            timed("wards", lambda: _wards(connection))
            _finish(settings, connection, PEER_WARDS, ("admin_units",))


def _is_there(connection: Connection, layer: str) -> bool:
    """Whether a run before this one has filled the layer and built its ladder."""
    row = connection.execute(
        "SELECT obj_description(to_regclass(%s), 'pg_class')", [f"peer.{layer}"]
    ).fetchone()
    return row is not None and row[0] is not None


def _wards(connection: Connection) -> None:
    wards = geopandas.read_parquet(WARDS)
    rows = zip(
        wards.geometry.to_wkb(), wards.ward_code, wards.ward_code, wards.ward_name, wards.unit_type,
        wards.province_code, strict=True,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.executemany(WARD, list(rows))


def _finish(settings: Settings, connection: Connection, peers: str, layers: tuple[str, ...]) -> None:
    connection.execute("VACUUM ANALYZE")
    for statement in peers.strip().split(";")[:-1]:
        connection.execute(statement)
    connection.execute("VACUUM ANALYZE")
    for name in layers:
        with psycopg.connect(settings.role_dsn("diaban_pump"), autocommit=True) as builder:
            layer = layer_of(builder, name)
            timed(
                f"ladder of {name}",
                lambda: make_plan(builder, layer, today_ict(), lambda _: None),  # noqa: B023
            )
        connection.execute(f"COMMENT ON TABLE peer.{name} IS 'filled'")


def timed(what: str, work: Any) -> None:  # noqa: ANN401
    """Do it and say how long it took."""
    begun = time.monotonic()
    work()
    print(f"{what}: {time.monotonic() - begun:.1f} s", flush=True)
