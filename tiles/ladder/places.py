"""Which tiles are drawn ahead (:mod:`tiles.ladder.ahead`): those that hold rows, if they are not too many."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, LiteralString

from psycopg import sql

from geo.types import TileId
from tiles.ground import tiles_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from psycopg import Connection

    from layers.description import Layer
    from tiles.ground import Box

    Connected = Connection[tuple[Any, ...]]

# Of a layer: some hundred megabytes, an hour of one core at the most.
TILES_MAX = 160_000
ASKED_AT_ONCE = 2_000
OCCUPIED: LiteralString = """
SELECT asked.number::int
  FROM unnest(%(xs)s::int[], %(ys)s::int[]) WITH ORDINALITY AS asked (x, y, number),
       ST_TileEnvelope(%(z)s, asked.x, asked.y, margin => 0.015625) AS ground
 WHERE EXISTS (SELECT FROM pub.{layer} WHERE geom_3857 && ground AND ST_Intersects(geom_3857, ground))
 ORDER BY asked.number
"""
PLACE: LiteralString = "INSERT INTO ops.tile_ahead (layer, zoom, x, y) VALUES (%s, %s, %s, %s)"


def tiles_ahead(
    connection: Connected, layer: Layer, zooms: Sequence[int], box: Box
) -> dict[int, list[TileId]]:
    """The tiles of ``zooms`` that hold rows, from the coarsest zoom as far as :data:`TILES_MAX` allows.

    ``box``: of all rows, in degrees.
    """
    left, found = TILES_MAX, dict[int, list[TileId]]()
    above: tuple[int, list[TileId]] | None = None
    for zoom in sorted(zooms):
        asked = tiles_of(box, zoom) if above is None else _below(*above, zoom)
        tiles = list(itertools.islice(_occupied(connection, layer, asked), left + 1))
        left -= len(tiles)
        if left < 0:
            break
        above, found[zoom] = (zoom, tiles), tiles
    return found


def _below(zoom: int, tiles: list[TileId], finer: int) -> Iterator[TileId]:
    """The tiles of a finer zoom that cover ``tiles``: below an empty one, margin included, all are."""
    side = 2 ** (finer - zoom)
    for tile in tiles:
        for dx, dy in itertools.product(range(side), repeat=2):
            yield TileId(finer, tile.x * side + dx, tile.y * side + dy)


def _occupied(connection: Connected, layer: Layer, tiles: Iterator[TileId]) -> Iterator[TileId]:
    """Those of ``tiles`` that a row reaches into."""
    statement = sql.SQL(OCCUPIED).format(layer=sql.Identifier(layer.name))
    while some := list(itertools.islice(tiles, ASKED_AT_ONCE)):
        asked = {"z": some[0].z, "xs": [tile.x for tile in some], "ys": [tile.y for tile in some]}
        for (number,) in connection.execute(statement, asked):
            yield some[number - 1]


def places(layer: Layer, tiles: Iterable[TileId]) -> Iterator[tuple[Any, ...]]:
    """The lines of tiles, for :data:`PLACE`."""
    for tile in tiles:
        yield layer.name, tile.z, tile.x, tile.y
