"""Building rungs: stale cells from the finest zoom up, each one in a short transaction of its own."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, LiteralString

import numpy as np
import shapely

from geo.types import TileId
from tiles.fields import DROPPED, FEATURE_COUNT, tile_fields
from tiles.ground import BUFFER_SHARE, degrees, mercator_box
from tiles.ladder.merge import grid_of, merged
from tiles.ladder.outline import outlined
from tiles.ladder.rows import outline_rows, source_rows, turning_days

if TYPE_CHECKING:
    from datetime import date

    from psycopg import Connection

    from layers.description import Layer

    Connected = Connection[tuple[Any, ...]]

STALE: LiteralString = """
SELECT cell.zoom, cell.x, cell.y FROM ops.rung_cell AS cell JOIN ops.ladder USING (layer, zoom)
 WHERE cell.layer = %(layer)s AND ladder.kind = %(kind)s AND (cell.stale OR NOT cell.holds @> %(on)s::date)
 ORDER BY cell.zoom DESC, cell.x, cell.y
"""
MARKS: LiteralString = """
SELECT marks FROM ops.rung_cell WHERE layer = %(layer)s AND zoom = %(z)s AND x = %(x)s AND y = %(y)s
"""
# The four tiles below, and a row and a column of their neighbours for the margin.
BELOW: LiteralString = """
SELECT properties, x BETWEEN 2 * %(x)s AND 2 * %(x)s + 1 AND y BETWEEN 2 * %(y)s AND 2 * %(y)s + 1,
       ST_AsBinary(geom)
  FROM ops.rung WHERE layer = %(layer)s AND zoom = %(z)s + 1
   AND x BETWEEN 2 * %(x)s - 1 AND 2 * %(x)s + 2 AND y BETWEEN 2 * %(y)s - 1 AND 2 * %(y)s + 2
 ORDER BY properties::text, x, y
"""
BELOW_CELLS: LiteralString = """
SELECT max(lower(holds)), min(upper(holds)), coalesce(sum(dropped) FILTER (
         WHERE x BETWEEN 2 * %(x)s AND 2 * %(x)s + 1 AND y BETWEEN 2 * %(y)s AND 2 * %(y)s + 1), 0)
  FROM ops.rung_cell WHERE layer = %(layer)s AND zoom = %(z)s + 1
   AND x BETWEEN 2 * %(x)s - 1 AND 2 * %(x)s + 2 AND y BETWEEN 2 * %(y)s - 1 AND 2 * %(y)s + 2
"""
CLEAR: LiteralString = (
    "DELETE FROM ops.rung WHERE layer = %(layer)s AND zoom = %(z)s AND x = %(x)s AND y = %(y)s"
)
PUT: LiteralString = """
INSERT INTO ops.rung (layer, zoom, x, y, id, valid_from, valid_to, properties, geom, drawn)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, ST_SetSRID(%s::geometry, 3857), %s::geometry)
"""
# An edit that came while the cell was built has counted up: the cell stays stale.
DONE: LiteralString = """
WITH done AS (
  UPDATE ops.rung_cell SET stale = marks <> %(marks)s, dropped = %(dropped)s,
         holds = daterange(%(first)s::date, %(until)s::date)
   WHERE layer = %(layer)s AND zoom = %(z)s AND x = %(x)s AND y = %(y)s
  RETURNING west, south, east, north)
INSERT INTO ops.change_log (layer, op, vis, west, south, east, north)
SELECT %(layer)s, 'ladder', 0, west, south, east, north FROM done
"""


@dataclass(slots=True)
class _Ground:
    """What a cell is built from: classes as JSON texts and their shapes, and rows counted by class."""

    first: date | None
    until: date | None
    dropped: int = 0
    classes: list[str] = field(default_factory=list)
    shapes: list[bytes] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)


def build_stale(connection: Connected, layer: Layer, on: date) -> int:
    """Build every cell of the layer's ladder that is stale on the day ``on``; how many there were.

    ``connection`` is autocommit and of the role ``diaban_pump``, which reads public rows only.
    """
    done = 0
    wanted = {"layer": layer.name, "on": on}
    cells = connection.execute(STALE, {**wanted, "kind": "merged"}).fetchall()
    finest = connection.execute(
        "SELECT max(zoom) FROM ops.ladder WHERE layer = %s AND kind = 'merged'", [layer.name]
    ).fetchone()
    for z, x, y in cells:
        _merge_cell(connection, layer, TileId(z, x, y), on, base=finest is not None and z == finest[0])
        done += 1
    outlines = connection.execute(STALE, {**wanted, "kind": "outline"}).fetchall()
    if outlines:
        _outline(connection, layer, [z for z, _, _ in outlines])
    return done + len(outlines)


def _merge_cell(connection: Connected, layer: Layer, tile: TileId, on: date, *, base: bool) -> None:
    cell: dict[str, Any] = {"layer": layer.name, "z": tile.z, "x": tile.x, "y": tile.y}
    cell["marks"] = _marks(connection, cell)
    ground = _rows(connection, layer, tile, on) if base else _below(connection, cell)
    names = sorted(set(ground.classes))
    numbers = {name: number for number, name in enumerate(names)}
    grid = grid_of(*mercator_box(tile))
    areas = merged(shapely.from_wkb(ground.shapes), [numbers[name] for name in ground.classes], grid)
    kept = {names[area.class_index] for area in areas}
    dropped = ground.dropped + sum(count for name, count in ground.counted.items() if name not in kept)
    features: list[tuple[Any, ...]] = []
    for area in areas:
        name = names[area.class_index]
        properties = {**json.loads(name), FEATURE_COUNT: ground.counted[name]}
        if dropped and not features:
            properties[DROPPED] = dropped
        shapes = [shapely.to_wkb(shape) for shape in (area.on_ground(grid), area.on_tile())]
        features.append((None, None, None, json.dumps(properties), *shapes))
    _store(connection, cell, features, dropped, (ground.first, ground.until))


def _rows(connection: Connected, layer: Layer, tile: TileId, on: date) -> _Ground:
    box, own = mercator_box(tile, BUFFER_SHARE), mercator_box(tile)
    values = {"on": on, **box._asdict(), **{f"own_{side}": value for side, value in own._asdict().items()}}
    found = _Ground(None, None)
    if layer.valid_time:
        found.first, found.until = connection.execute(turning_days(layer), values).fetchone() or (None, None)
    for properties, is_own, shape in connection.execute(source_rows(layer), values, binary=True):
        _add(found, json.dumps(properties, sort_keys=True), 1 if is_own else 0, shape)
    return found


def _below(connection: Connected, cell: dict[str, Any]) -> _Ground:
    found = _Ground(*(connection.execute(BELOW_CELLS, cell).fetchone() or (None, None, 0)))
    for properties, is_own, shape in connection.execute(BELOW, cell, binary=True):
        count = properties.pop(FEATURE_COUNT)
        properties.pop(DROPPED, None)
        _add(found, json.dumps(properties, sort_keys=True), count if is_own else 0, shape)
    return found


def _add(ground: _Ground, name: str, count: int, shape: bytes) -> None:
    ground.classes.append(name)
    ground.counted[name] += count
    ground.shapes.append(shape)


def _outline(connection: Connected, layer: Layer, zooms: list[int]) -> None:
    """Rungs of all rows, each zoom's from the one below it, so that rows are read once."""
    marks = {z: _marks(connection, {"layer": layer.name, "z": z, "x": 0, "y": 0}) for z in zooms}
    rows = connection.execute(outline_rows(layer), binary=True).fetchall()
    shapes = shapely.from_wkb([row[4] for row in rows])
    for z in zooms:
        shapes = outlined(np.asarray(shapes), z)
        told = {field.name for field in tile_fields(layer, staff=False, zoom=z)}
        features = [
            (*row[:3], json.dumps({name: row[3][name] for name in told}), shapely.to_wkb(shape), None)
            for row, shape in zip(rows, shapes, strict=True)
            if not shape.is_empty
        ]
        cell = {"layer": layer.name, "z": z, "x": 0, "y": 0, "marks": marks[z]}
        _store(connection, cell, features, len(rows) - len(features), (None, None))


def _marks(connection: Connected, cell: dict[str, Any]) -> int:
    row = connection.execute(MARKS, cell).fetchone()
    return int(row[0]) if row else 0


def _store(
    connection: Connected,
    cell: dict[str, Any],
    features: list[tuple[Any, ...]],
    dropped: int,
    holds: tuple[date | None, date | None],
) -> None:
    place = (cell["layer"], cell["z"], cell["x"], cell["y"])
    done = {**cell, "dropped": dropped, "first": holds[0], "until": holds[1]}
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(CLEAR, cell)
        cursor.executemany(PUT, [(*place, *feature) for feature in features])
        cursor.execute(DONE, done)


def cell_line(tile: TileId) -> tuple[float, float, float, float]:
    """The ground of a tile in degrees, its buffer included: an edit there makes the cell stale."""
    return degrees(mercator_box(tile, BUFFER_SHARE))
