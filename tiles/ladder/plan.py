"""At which zooms a layer needs a rung: measured on its own fullest ground against the budget of a tile."""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

import numpy as np
from psycopg import sql

from geo.types import TileId
from tiles.ground import Box, tiles_of
from tiles.ladder.build import build_stale, cell_line
from tiles.ladder.outline import pixel_m
from tiles.ladder.places import PLACE, places, tiles_ahead
from tiles.ladder.points import fill, one_snapshot
from tiles.ladder.query import rung_query
from tiles.points import EXACT_POINTS_ZOOM, counts_points
from tiles.query import TileQuery, tile_query

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from psycopg import Connection

    from layers.description import Layer

    Connected = Connection[tuple[Any, ...]]

BUDGET_BYTES = 200_000
BUDGET_MS = 50.0
# A smaller layer is drawn from its rows at every zoom.
FEW_ROWS, FEW_VERTICES = 1_000, 50_000
# Below this a plot is a dot: its class is what can be seen.
SEEN_PIXELS = 2.0
# From here on a plot is a shape that people read, and a point a place: a slow machine does not
# take them away.
READ_PIXELS = 4.0
READ_POINTS_ZOOM = 14
SAMPLED_ROWS, MEASURED_TILES, REPEATS = 200, 12, 3
# Merged areas and counts are small, few and edited with every row below them.
DRAWN_AHEAD = ("exact", "outline")
STATEMENT_TIMEOUT: LiteralString = "SET statement_timeout = '120s'"
# One builder a layer, whoever started it. Of the session, which may take it more than once.
LOCK: LiteralString = "SELECT pg_advisory_lock(hashtext('diaban ladder'), hashtext(%s))"
UNLOCK: LiteralString = "SELECT pg_advisory_unlock(hashtext('diaban ladder'), hashtext(%s))"
SUMMARY: LiteralString = """
SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box), row_count, vertices, side_m
  FROM (SELECT ST_Extent(geom) AS box, count(*) AS row_count, coalesce(sum(ST_NPoints(geom)), 0) AS vertices,
               coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY sqrt(ST_Area(geom_3857))), 0) AS side_m
          FROM pub.{layer}) AS summary
"""
SAMPLE: LiteralString = """
SELECT ST_X(middle), ST_Y(middle)
  FROM (SELECT ST_Centroid(ST_Envelope(geom)) AS middle FROM pub.{layer} ORDER BY random() LIMIT %s) AS sample
"""
LINE: LiteralString = """
INSERT INTO ops.ladder (layer, zoom, kind, source_rows, tiles, p95_bytes, p95_ms, ahead, description)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
# Read before anything is built: who publishes another meanwhile finds a plan of the one before.
DESCRIBED: LiteralString = "SELECT ops.ladder_basis(description) FROM ops.layer WHERE name = %s"
CELL: LiteralString = """
INSERT INTO ops.rung_cell (layer, zoom, x, y, west, south, east, north)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
RUNG: LiteralString = """
UPDATE ops.ladder SET tiles = %(tiles)s, p95_bytes = %(p95_bytes)s, p95_ms = %(p95_ms)s,
  features = (SELECT count(*) FROM ops.rung WHERE layer = %(layer)s AND zoom = %(zoom)s)
           + (SELECT count(DISTINCT (x, y)) FROM ops.point_count
               WHERE layer = %(layer)s AND level = %(zoom)s + 3),
  dropped = (SELECT coalesce(sum(dropped), 0) FROM ops.rung_cell WHERE layer = %(layer)s AND zoom = %(zoom)s)
 WHERE layer = %(layer)s AND zoom = %(zoom)s
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Tiles drawn, and the 95th percentile of their uncompressed bytes and of the milliseconds they took."""

    tiles: int
    p95_bytes: int
    p95_ms: float


def make_plan(connection: Connected, layer: Layer, on: date, tell: Callable[[int], None]) -> None:
    """Measure, decide, build and store the ladder of ``layer``; ``tell`` hears of each zoom that is done.

    ``connection`` is autocommit and of the role ``diaban_pump``. The old ladder serves until the new plan
    stands; then counts are there at once, and other tiles come from the rows until their cell is built.
    """
    connection.execute(STATEMENT_TIMEOUT)
    connection.execute(LOCK, [layer.name])
    try:
        _make_plan(connection, layer, on, tell)
    finally:
        connection.execute(UNLOCK, [layer.name])


def _make_plan(connection: Connected, layer: Layer, on: date, tell: Callable[[int], None]) -> None:
    described = connection.execute(DESCRIBED, [layer.name]).fetchone()
    west, south, east, north, rows, vertices, side_m = _one(connection, SUMMARY, layer)
    zooms = range(layer.tiles.max_zoom, layer.tiles.min_zoom - 1, -1)
    sample = connection.execute(
        sql.SQL(SAMPLE).format(layer=sql.Identifier(layer.name)), [SAMPLED_ROWS]
    ).fetchall()
    few = rows < FEW_ROWS and vertices < FEW_VERTICES
    lines: list[tuple[int, str, Measured]] = []
    kind = "exact"
    for zoom in zooms:
        found = Measured(0, 0, 0.0)
        if kind == "exact":
            found = measured(connection, [_from_rows(layer, t, on) for t in _fullest(sample, zoom)])
            if not few and zoom < layer.tiles.max_zoom:
                kind = _kind(layer, zoom, found, side_m / pixel_m(zoom))
        lines.append((zoom, kind, found))
        tell(zoom)
    box = Box(west, south, east, north) if rows else None
    ready = [zoom for zoom, kind, _ in lines if kind in DRAWN_AHEAD]
    ahead = tiles_ahead(connection, layer, ready, box) if box is not None and not few else {}
    basis = described[0] if described else ""
    _write(connection, layer, rows, box, lines, ahead=ahead, basis=basis, on=on)
    build_stale(connection, layer, on)
    for zoom, chosen, _ in lines:
        if chosen != "exact":
            queries = [rung_query(layer, chosen, t, on, staff=False) for t in _fullest(sample, zoom)]
            found = measured(connection, queries)
            figures = {"tiles": found.tiles, "p95_bytes": found.p95_bytes, "p95_ms": found.p95_ms}
            connection.execute(RUNG, {"layer": layer.name, "zoom": zoom, **figures})


def _from_rows(layer: Layer, tile: TileId, on: date) -> TileQuery:
    """As the zoom would be drawn without a rung; points from afar are counted in any case."""
    return tile_query(layer, "pub", tile, on, staff=False)


def _kind(layer: Layer, zoom: int, found: Measured, pixels: float) -> str:
    """What a zoom is drawn from: once a zoom needs a rung, all below it do."""
    read = zoom >= READ_POINTS_ZOOM if counts_points(layer) else pixels >= READ_PIXELS
    fits = found.p95_bytes <= BUDGET_BYTES and (found.p95_ms <= BUDGET_MS or read)
    if counts_points(layer):
        return "exact" if fits and zoom >= EXACT_POINTS_ZOOM else "counted"
    if not layer.geometry.endswith("Polygon"):
        return "exact"
    if layer.legend.field is None:
        return "outline"
    return "exact" if fits and pixels >= SEEN_PIXELS else "merged"


def _fullest(sample: list[tuple[Any, ...]], zoom: int) -> list[TileId]:
    """The tiles that hold most of a random sample of rows."""
    places = (next(tiles_of(Box(lon, lat, lon, lat), zoom)) for lon, lat in sample)
    return [tile for tile, _ in Counter(places).most_common(MEASURED_TILES)]


def measured(connection: Connected, queries: list[TileQuery]) -> Measured:
    """Run each statement and measure what it answers."""
    sizes, times = [0], [0.0]
    for query in queries:
        best = math.inf
        for _ in range(REPEATS):  # the best of several: what else the machine does is not the layer's
            started = time.perf_counter()
            row = connection.execute(query.statement, query.parameters, binary=True).fetchone()
            best = min(best, (time.perf_counter() - started) * 1000)
        times.append(best)
        sizes.append(len(row[0] or b"") if row else 0)
    return Measured(len(queries), int(np.percentile(sizes, 95)), float(np.percentile(times, 95)))


def _write(
    connection: Connected,
    layer: Layer,
    rows: int,
    box: Box | None,
    lines: list[tuple[int, str, Measured]],
    *,
    ahead: dict[int, list[TileId]],
    basis: str,
    on: date,
) -> None:
    counted = [zoom for zoom, kind, _ in lines if kind == "counted"]
    with one_snapshot(connection), connection.cursor() as cursor:
        for table in ("ladder", "rung_cell", "rung", "tile_ahead"):
            statement = sql.SQL("DELETE FROM ops.{} WHERE layer = %s").format(sql.Identifier(table))
            cursor.execute(statement, [layer.name])
        cursor.execute("INSERT INTO ops.change_log (layer, op, vis) VALUES (%s, 'ladder', 0)", [layer.name])
        for zoom, kind, found in lines:
            values = (found.tiles, found.p95_bytes, found.p95_ms)
            cursor.execute(LINE, [layer.name, zoom, kind, rows, *values, zoom in ahead, basis])
            if box is not None:
                cells = _cells(kind, box, zoom)
                cursor.executemany(CELL, [(layer.name, t.z, t.x, t.y, *ground) for t, ground in cells])
            cursor.executemany(PLACE, list(places(layer, ahead.get(zoom, []))))
        fill(connection, layer, counted, on)


def _cells(kind: str, box: Box, zoom: int) -> list[tuple[TileId, tuple[float, float, float, float]]]:
    if kind == "merged":
        return [(tile, cell_line(tile)) for tile in tiles_of(box, zoom)]
    # Borders hang together over the whole layer: an edit anywhere makes the rung stale.
    return [(TileId(zoom, 0, 0), (-180.0, -90.0, 180.0, 90.0))] if kind == "outline" else []


def _one(connection: Connected, statement: LiteralString, layer: Layer) -> tuple[Any, ...]:
    row = connection.execute(sql.SQL(statement).format(layer=sql.Identifier(layer.name))).fetchone()
    assert row is not None  # noqa: S101 - an aggregate answers one row
    return row
