"""A pyramid of public tiles in one file: MBTiles 1.3, or PMTiles 3 made from it. The live bytes.

The work is done in an MBTiles file, column by column, each in a transaction: after a stop the next run goes
on where the last one ended, unless layers or data have moved since; then it begins anew.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from geo.database import Caller
from geo.types import TileId
from tiles.ground import Box, Ground
from tiles.tilejson import tilejson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from geo.catalogue import Catalogue
    from layers.description import Layer
    from tiles.encoding import EncodedTile
    from tiles.service import TileService

ANONYMOUS = Caller.anonymous()
SCHEMA = """
CREATE TABLE IF NOT EXISTS metadata (name text PRIMARY KEY, value text);
CREATE TABLE IF NOT EXISTS tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob,
  PRIMARY KEY (zoom_level, tile_column, tile_row)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS finished (zoom_level integer, tile_column integer,
  PRIMARY KEY (zoom_level, tile_column));
"""
PUT = "INSERT OR REPLACE INTO tiles VALUES (?, ?, ?, ?)"
IS_FINISHED = "SELECT 1 FROM finished WHERE (zoom_level, tile_column) = (?, ?)"
AT_ONCE = 2 * (os.cpu_count() or 1)
LAST_ZOOM = 22
MICRODEGREES = 10_000_000


async def export(
    service: TileService,
    catalogue: Catalogue,
    layers: list[Layer],
    file: Path,
    *,
    on: date,
    to_zoom: int = LAST_ZOOM,
    tell: Callable[[float, str], None],
) -> int:
    """Write all tiles of ``layers`` from their first to their last zoom or to ``to_zoom``; how many are full.

    ``file`` ends in .mbtiles or .pmtiles; ``on`` is the day for valid time; ``tell`` hears the share done.
    """
    work = file if file.suffix == ".mbtiles" else file.with_name(file.name + ".part")
    bounds = await service.bounds(layers)
    ladders = await service.ladders(layers)
    notes = catalogue.notes(layers)
    document = tilejson(layers, bounds, "", staff=False, ladders=ladders, notes=notes)
    document["maxzoom"] = max(document["minzoom"], min(document["maxzoom"], to_zoom))
    state = [[layer.name, catalogue.epoch(layer.name, ANONYMOUS)] for layer in layers]
    version = json.dumps([catalogue.revision, on.isoformat(), document["maxzoom"], state])
    with closing(sqlite3.connect(work, isolation_level=None)) as database:
        _begin(database, version, document)
        columns = list(_columns(document)) if bounds else []
        for number, (zoom, x, rows) in enumerate(columns):
            if not database.execute(IS_FINISHED, [zoom, x]).fetchone():
                _put(
                    database, zoom, x, await _column(service, layers, [TileId(zoom, x, y) for y in rows], on)
                )
            tell((number + 1) / len(columns), f"z{zoom}")
        (count,) = database.execute("SELECT count(*) FROM tiles").fetchone()
        if work != file:
            _pmtiles(database, file, document)
    if work != file:
        work.unlink()
    return int(count)


async def _column(
    service: TileService, layers: list[Layer], tiles: list[TileId], on: date
) -> list[tuple[TileId, EncodedTile]]:
    """The tiles, several at a time: the database draws one while another is compressed."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(tile: TileId) -> tuple[TileId, EncodedTile]:
        async with gate:
            return tile, await service.tile(layers, tile, on, ANONYMOUS)

    return await asyncio.gather(*map(one, tiles))


def _begin(database: sqlite3.Connection, version: str, document: dict[str, Any]) -> None:
    database.executescript(SCHEMA)
    known = database.execute("SELECT value FROM metadata WHERE name = 'diaban_version'").fetchone()
    database.execute("BEGIN")
    if known is None or known[0] != version:
        for table in ("metadata", "tiles", "finished"):
            database.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own
    said = {
        "name": document["name"],
        "format": "pbf",
        "type": "overlay",
        "description": document["description"],
        "attribution": document["attribution"],
        "bounds": ",".join(map(str, document["bounds"])),
        "minzoom": document["minzoom"],
        "maxzoom": document["maxzoom"],
        "json": json.dumps({"vector_layers": document["vector_layers"]}, ensure_ascii=False),
        "diaban_version": version,
    }
    database.executemany(
        "INSERT OR REPLACE INTO metadata VALUES (?, ?)", [(k, str(v)) for k, v in said.items()]
    )
    database.execute("COMMIT")


def _columns(document: dict[str, Any]) -> Iterator[tuple[int, int, range]]:
    """Zoom, column and rows of everything within the bounds."""
    ground = Ground.of(Box(*document["bounds"]))
    for zoom in range(document["minzoom"], document["maxzoom"] + 1):
        columns, rows = ground.at(zoom)
        for x in columns:
            yield zoom, x, rows


def _put(database: sqlite3.Connection, zoom: int, x: int, found: list[tuple[TileId, EncodedTile]]) -> None:
    full = [
        # MBTiles counts rows from the south.
        (zoom, x, 2**zoom - 1 - tile.y, encoded.gzip())
        for tile, encoded in found
        if encoded.raw_length
    ]
    database.execute("BEGIN")
    database.executemany(PUT, full)
    database.execute("INSERT INTO finished VALUES (?, ?)", [zoom, x])
    database.execute("COMMIT")


def _pmtiles(database: sqlite3.Connection, file: Path, document: dict[str, Any]) -> None:
    places = [
        (zxy_to_tileid(z, x, 2**z - 1 - row), z, x, row)
        for z, x, row in database.execute("SELECT zoom_level, tile_column, tile_row FROM tiles")
    ]
    west, south, east, north = (round(value * MICRODEGREES) for value in document["bounds"])
    with file.open("wb") as target:
        writer: Any = Writer(target)  # type: ignore[no-untyped-call]
        for number, *place in sorted(places):
            (data,) = database.execute(
                "SELECT tile_data FROM tiles WHERE (zoom_level, tile_column, tile_row) = (?, ?, ?)", place
            ).fetchone()
            writer.write_tile(number, data)
        header = {
            "tile_type": TileType.MVT,
            "tile_compression": Compression.GZIP,
            "min_lon_e7": west,
            "min_lat_e7": south,
            "max_lon_e7": east,
            "max_lat_e7": north,
            "center_zoom": document["minzoom"],
            "center_lon_e7": (west + east) // 2,
            "center_lat_e7": (south + north) // 2,
        }
        names = ("name", "description", "attribution", "vector_layers")
        writer.finalize(header, {name: document[name] for name in names})
