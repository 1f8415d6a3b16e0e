"""The database of the bench of tiles: a province of plots and points that follow from their number alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

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

PROVINCE = Box(105.2, 10.0, 106.1, 10.75)
# The zooms at which each is drawn.
LAYERS = {
    name: range(layer.tiles.min_zoom, layer.tiles.max_zoom + 1)
    for name, layer in load().items()
    if name in {"land_use", "reports"}
}
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
CREATE SCHEMA peer;
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


def is_filled(settings: Settings) -> bool:
    """Whether a run before this one has filled the database."""
    with psycopg.connect(settings.admin_dsn) as connection:
        row = connection.execute("SELECT obj_description(to_regnamespace('peer'), 'pg_namespace')").fetchone()
    return row is not None and row[0] is not None


def prepare(settings: Settings, rows: int, points: int) -> None:
    """The layers, their rows and ladders; the peers' tables are copies of the public projection."""
    upgrade(settings)
    publish_folders(settings)
    side = round(rows**0.5)
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        connection.execute(NOISE)
        timed("plots", lambda: connection.execute(PLOTS.format(side=side)))
        timed("points", lambda: connection.execute(POINTS, [points]))
        connection.execute(DECISIONS)
        connection.execute("VACUUM ANALYZE")
        for statement in PEER.strip().split(";")[:-1]:
            connection.execute(statement)
        connection.execute("VACUUM ANALYZE")
    for name in LAYERS:
        with psycopg.connect(settings.role_dsn("diaban_pump"), autocommit=True) as connection:
            layer = layer_of(connection, name)
            timed(
                f"ladder of {name}",
                lambda: make_plan(connection, layer, today_ict(), lambda _: None),  # noqa: B023
            )
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        connection.execute("COMMENT ON SCHEMA peer IS 'filled'")


def timed(what: str, work: Any) -> None:  # noqa: ANN401
    """Do it and say how long it took."""
    begun = time.monotonic()
    work()
    print(f"{what}: {time.monotonic() - begun:.1f} s", flush=True)
