"""Whether every tile of an archive, .pmtiles or .mbtiles, keeps the vector tile specification."""

from __future__ import annotations

import gzip
import sqlite3
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any

from pmtiles.reader import MmapSource, Reader, all_tiles
from pmtiles.tile import Compression, MagicNumberNotFound, SpecVersionUnsupported, TileType

from geo.types import TileId
from tiles.mvt import tile_faults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GZIP_MAGIC = b"\x1f\x8b"


class NoArchive(ValueError):
    """The file is no archive of vector tiles; the text says why."""


def archive_tiles(file: Path) -> Iterator[tuple[TileId, bytes]]:
    """The tiles as they are stored. Raises :class:`NoArchive`."""
    try:
        yield from _of_pmtiles(file) if file.suffix == ".pmtiles" else _of_mbtiles(file)
    except (MagicNumberNotFound, SpecVersionUnsupported) as error:
        raise NoArchive(f"{file}: no PMTiles 3") from error
    except (OSError, sqlite3.DatabaseError, ValueError, EOFError, IndexError) as error:
        raise NoArchive(f"{file}: {error}") from error


def archive_faults(file: Path) -> Iterator[tuple[TileId, list[str]]]:
    """Each tile with its faults, an empty list for a valid one. Raises :class:`NoArchive`."""
    for place, data in archive_tiles(file):
        try:
            raw = gzip.decompress(data) if data.startswith(GZIP_MAGIC) else data
        except (OSError, EOFError, zlib.error) as error:
            yield place, [f"not to be unpacked: {error}"]
        else:
            yield place, list(tile_faults(raw))


def _of_pmtiles(file: Path) -> Iterator[tuple[TileId, bytes]]:
    with file.open("rb") as opened:
        source: Any = MmapSource(opened)  # type: ignore[no-untyped-call]
        header: Any = Reader(source).header()  # type: ignore[no-untyped-call]
        if header["tile_type"] != TileType.MVT:
            raise ValueError("its tiles are no vector tiles")
        if header["tile_compression"] not in (Compression.GZIP, Compression.NONE):
            raise ValueError("its tiles are packed otherwise than by gzip")
        for place, data in all_tiles(source):  # type: ignore[no-untyped-call]
            yield TileId(*place), data


def _of_mbtiles(file: Path) -> Iterator[tuple[TileId, bytes]]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        kind = database.execute("SELECT value FROM metadata WHERE name = 'format'").fetchone()
        if kind != ("pbf",):
            raise ValueError("its tiles are no vector tiles")
        rows = database.execute("SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles")
        for zoom, column, row, data in rows:
            yield TileId(zoom, column, 2**zoom - 1 - row), data
