"""Tiles drawn ahead, from rows and from outlines: nobody is the first who has to wait for one.

The plan names the tiles (:mod:`tiles.ladder.places`), the keeper draws them, workers copy what is drawn
(:mod:`tiles.ladder.replica`) or read a line where they have not yet (:mod:`tiles.ladder.gathered`). The bytes
are those that a worker would have drawn itself, compressed. A line is as fresh as a cell of a rung, by marks
of the same kind (:mod:`tiles.ladder`); one that was edited a moment ago is left to the rows: it may be edited
again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from geo.types import TileId
from layers.derived import Derived
from tiles.encoding import digest_of, encode
from tiles.fields import first_text, tile_fields, told_from
from tiles.ground import BUFFER_SHARE, mercator_box
from tiles.ladder.query import rung_query
from tiles.ladder.rows import turning_days
from tiles.query import tile_query

if TYPE_CHECKING:
    from datetime import date

    from psycopg import Connection

    from layers.description import Layer

    Connected = Connection[tuple[Any, ...]]

# To be changed with the statement that draws, or with the encoding: what was drawn by another is drawn anew.
DRAWING = "2"
# Ground is left to the rows for half a minute after an edit: who edits there edits more than once. A few at a
# time: then the builder looks whether rungs have become stale, which are more urgent.
STALE: LiteralString = """
SELECT tile.zoom, tile.x, tile.y, ladder.kind
  FROM ops.tile_ahead AS tile JOIN ops.ladder USING (layer, zoom) JOIN ops.layer ON layer.name = tile.layer
  LEFT JOIN ops.rung_cell AS outline
    ON ladder.kind = 'outline' AND outline.layer = tile.layer AND outline.zoom = tile.zoom
 WHERE tile.layer = %(layer)s AND (ladder.kind = 'exact' OR outline.stale IS NOT TRUE
       AND ladder.description = ops.ladder_basis(layer.description))
   AND ((tile.stale AND marked_at < now() - interval '30 s')
        OR NOT (tile.stale OR tile.holds @> %(on)s::date AND basis = %(basis)s))
 ORDER BY zoom, x, y LIMIT 500
"""
# Layers with work to be done. The builder alone knows what a drawing follows from: so all of them at first.
BEHIND: LiteralString = """
SELECT DISTINCT layer, false FROM ops.tile_ahead
 WHERE (stale AND marked_at < now() - interval '30 s') OR NOT (stale OR holds @> %(on)s::date) OR %(first)s
 ORDER BY layer
"""
MARKS: LiteralString = """
SELECT marks FROM ops.tile_ahead WHERE layer = %(layer)s AND zoom = %(z)s AND x = %(x)s AND y = %(y)s
"""
# An edit that came while the tile was drawn has counted up: the line stays stale.
DONE: LiteralString = """
UPDATE ops.tile_ahead SET stale = marks <> %(marks)s, holds = daterange(%(first)s::date, %(until)s::date),
       basis = %(basis)s, raw_length = %(raw_length)s, crc = %(crc)s, gzip = %(gzip)s, zstd = %(zstd)s,
       gzip_digest = %(gzip_digest)s, zstd_digest = %(zstd_digest)s
 WHERE layer = %(layer)s AND zoom = %(z)s AND x = %(x)s AND y = %(y)s
"""
_BASES = Derived[str]()


def basis(layer: Layer) -> str:
    """What a drawn tile follows from beside the rows; differs where the description may draw it otherwise."""
    return _BASES.of(layer, lambda: _basis(layer))


def _basis(layer: Layer) -> str:
    parts = {"geometry", "fields", "legend", "label", "tiles", "valid_time", "public_grid_deg"}
    told = [(field.name, told_from(layer, field)) for field in tile_fields(layer, staff=False)]
    return digest_of(f"{DRAWING} {first_text(layer)} {told} {layer.model_dump_json(include=parts)}".encode())


def draw_ahead(connection: Connected, layer: Layer, on: date) -> int:
    """Draw some of what is not fresh on the day ``on``; how many. ``connection``: autocommit, the pump's."""
    bound = {"layer": layer.name, "on": on, "basis": basis(layer)}
    tiles = connection.execute(STALE, bound).fetchall()
    for z, x, y, kind in tiles:
        _draw(connection, layer, TileId(z, x, y), kind, on)
    return len(tiles)


def _draw(connection: Connected, layer: Layer, tile: TileId, kind: str, on: date) -> None:
    line: dict[str, Any] = {"layer": layer.name, "z": tile.z, "x": tile.x, "y": tile.y}
    # Before the rows are read.
    marks = connection.execute(MARKS, line).fetchone()
    first = until = None
    if layer.valid_time:
        values = {"on": on, **mercator_box(tile, BUFFER_SHARE)._asdict()}
        first, until = connection.execute(turning_days(layer), values).fetchone() or (None, None)
    if kind == "outline":
        query = rung_query(layer, kind, tile, on, staff=False)
    else:
        query = tile_query(layer, "pub", tile, on, staff=False)
    row = connection.execute(query.statement, query.parameters, binary=True).fetchone()
    if row is None:  # its rung has just become stale: it comes again
        return
    raw = bytes(row[0]) if row[0] else b""
    zipped, zstd = encode(raw), encode(raw, "zstd")
    line |= {"marks": marks[0] if marks else 0, "first": first, "until": until, "basis": basis(layer)}
    line |= {"raw_length": len(raw), "crc": zipped.crc, "gzip": zipped.blocks, "zstd": zstd.blocks}
    line |= {"gzip_digest": zipped.digest, "zstd_digest": zstd.digest}
    connection.execute(DONE, line)
