"""A base map out of one PMTiles 3 file on the server's disk: raster or vector, read where it lies.

Source of the format: github.com/protomaps/PMTiles, spec/v3. The directories are kept as they are met, for
unpacking one costs more than reading a tile.
"""

from __future__ import annotations

import gzip
import json
import mmap
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pmtiles.tile import (
    Compression,
    Entry,
    MagicNumberNotFound,
    SpecVersionUnsupported,
    TileType,
    deserialize_directory,
    deserialize_header,
    find_tile,
    zxy_to_tileid,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from geo.types import TileId

HEADER_BYTES = 127
DEPTH_MAX = 4
DIRECTORIES_KEPT = 256
MEDIA_TYPES = {
    TileType.MVT: "application/vnd.mapbox-vector-tile",
    TileType.PNG: "image/png",
    TileType.JPEG: "image/jpeg",
    TileType.WEBP: "image/webp",
    TileType.AVIF: "image/avif",
}
PACKED = {Compression.NONE: None, Compression.GZIP: "gzip"}
DEGREES = 1e-7


class NoBasemap(ValueError):
    """The file cannot be a base map; the text says why."""


class Basemap:
    """The tiles of a PMTiles file. Raises :class:`NoBasemap` for what is none, or not one to be read here."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._header: Any = deserialize_header(self._bytes[:HEADER_BYTES])
        except (OSError, ValueError, IndexError, MagicNumberNotFound, SpecVersionUnsupported) as error:
            raise NoBasemap(f"{path}: {type(error).__name__} {error}".rstrip()) from error
        if self._header["tile_type"] not in MEDIA_TYPES:
            raise NoBasemap(f"{path}: tiles of an unknown kind")
        if not {self._header["tile_compression"], self._header["internal_compression"]} <= set(PACKED):
            raise NoBasemap(f"{path}: packed otherwise than by gzip")
        self._directory: Callable[[int, int], list[Entry]] = lru_cache(DIRECTORIES_KEPT)(self._read_directory)

    @property
    def vector(self) -> bool:
        """Whether the tiles are MVT; else they are pictures."""
        return bool(self._header["tile_type"] == TileType.MVT)

    @property
    def media_type(self) -> str:
        """Of one tile."""
        return MEDIA_TYPES[self._header["tile_type"]]

    @property
    def packed(self) -> str | None:
        """``gzip`` where the stored tiles are compressed beyond their own format."""
        return PACKED[self._header["tile_compression"]]

    def described(self) -> dict[str, Any]:
        """Zooms, bounds (degrees), attribution and, of vector tiles, the layers: as TileJSON names them."""
        header = self._header
        bounds = [header[key] * DEGREES for key in ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7")]
        words = self._words()
        said = {
            "minzoom": header["min_zoom"],
            "maxzoom": header["max_zoom"],
            "bounds": [round(value, 7) for value in bounds],
            "attribution": str(words.get("attribution") or ""),
        }
        return said | ({"vector_layers": words.get("vector_layers") or []} if self.vector else {})

    def tile(self, place: TileId) -> bytes | None:
        """The stored bytes of a tile; ``None`` where the file has none."""
        header = self._header
        if not header["min_zoom"] <= place.z <= header["max_zoom"]:
            return None
        number = zxy_to_tileid(place.z, place.x, place.y)
        offset, length = header["root_offset"], header["root_length"]
        for _ in range(DEPTH_MAX):
            entry = find_tile(self._directory(offset, length), number)
            if entry is None:
                return None
            if entry.run_length:
                begin = header["tile_data_offset"] + entry.offset
                return self._bytes[begin : begin + entry.length]
            offset, length = header["leaf_directory_offset"] + entry.offset, entry.length
        return None

    def _read_directory(self, offset: int, length: int) -> list[Entry]:
        return deserialize_directory(self._bytes[offset : offset + length])

    def _words(self) -> dict[str, Any]:
        begin = self._header["metadata_offset"]
        data = self._bytes[begin : begin + self._header["metadata_length"]]
        if self._header["internal_compression"] == Compression.GZIP:
            data = gzip.decompress(data)
        words = json.loads(data or b"{}")
        return words if isinstance(words, dict) else {}
