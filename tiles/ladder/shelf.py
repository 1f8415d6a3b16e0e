"""Where a layer's tiles lie in a file: a dense grid for each zoom, so that a purge is an assignment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.types import TileId
from tiles.encoding import EMPTY, EncodedTile
from tiles.ladder.blobs import LENGTH_MASK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from tiles.encoding import Coding
    from tiles.ground import Ground
    from tiles.ladder.blobs import Blobs

# In order of their places in a grid.
CODINGS: tuple[Coding, ...] = ("gzip", "zstd")
# In a grid, of a tile that is not there, and of one that is being read. Places are larger.
WANTED, ASKED = 0, 1
CRC_BYTES, LENGTH_BYTES, DIGEST_BYTES = 4, 4, 24
HEAD_BYTES = CRC_BYTES + LENGTH_BYTES + DIGEST_BYTES


@dataclass(frozen=True, slots=True)
class Extent:
    """The tiles of one zoom that are drawn ahead: first and last column, first and last row."""

    zoom: int
    west: int
    east: int
    north: int
    south: int


class Shelf:
    """One layer's tiles as they follow from ``basis`` on the day ``on``."""

    def __init__(self, basis: str, on: date, extents: Iterable[Extent]) -> None:
        self.basis, self.on = basis, on
        self._extents = {extent.zoom: extent for extent in extents}
        # Column, row, coding.
        self._places = {
            zoom: np.zeros((e.east - e.west + 1, e.south - e.north + 1, len(CODINGS)), np.int64)
            for zoom, e in self._extents.items()
        }
        self.live_bytes = 0

    def place(self, tile: TileId, coding: Coding) -> int:
        """Where the tile lies in the file; :data:`WANTED` or :data:`ASKED` where it does not."""
        extent = self._extents.get(tile.z)
        if (
            extent is None
            or not extent.west <= tile.x <= extent.east
            or not extent.north <= tile.y <= extent.south
        ):
            return WANTED
        return int(self._places[tile.z][tile.x - extent.west, tile.y - extent.north, CODINGS.index(coding)])

    def wanted(self, most: int) -> Iterator[list[TileId]]:
        """The tiles that are not there now, at most so many at once, from the coarsest zoom to the finest."""
        for zoom, extent in sorted(self._extents.items()):
            missing = np.argwhere(self._places[zoom][..., 0] == WANTED)
            found = np.add(missing, (extent.west, extent.north))
            for first in range(0, len(found), most):
                yield [TileId(zoom, x, y) for x, y in found[first : first + most].tolist()]

    @property
    def missing(self) -> int:
        """How many tiles are not there now."""
        return sum(int((grid[..., 0] <= ASKED).sum()) for grid in self._places.values())

    def ask(self, tile: TileId) -> None:
        """Say that it is being read; what is purged before it is :meth:`put` was read too early."""
        self._set(tile, [ASKED, ASKED])

    def put(self, tile: TileId, places: list[int]) -> None:
        """What was asked for lies there, in the order of :data:`CODINGS`; without places it stays wanted."""
        if self.place(tile, "gzip") == ASKED:
            self._set(tile, places or [WANTED, WANTED])
            self.live_bytes += sum(place & LENGTH_MASK for place in places)

    def purge(self, ground: Ground, up_to: int | None = None) -> None:
        """The tiles that the ground touches, of zooms no finer than ``up_to``, are wanted anew."""
        for zoom, extent in self._extents.items():
            if up_to is not None and zoom > up_to:
                continue
            columns, rows = ground.at(zoom)
            touched = self._places[zoom][
                max(0, columns.start - extent.west) : max(0, columns.stop - extent.west),
                max(0, rows.start - extent.north) : max(0, rows.stop - extent.north),
            ]
            self.live_bytes -= int((touched & LENGTH_MASK)[touched > ASKED].sum())
            touched[...] = WANTED

    def _set(self, tile: TileId, places: list[int]) -> None:
        extent = self._extents[tile.z]
        self._places[tile.z][tile.x - extent.west, tile.y - extent.north] = places


def pack(tile: EncodedTile) -> bytes:
    """A tile as it lies in the file."""
    head = tile.crc.to_bytes(CRC_BYTES) + tile.raw_length.to_bytes(LENGTH_BYTES)
    return head + tile.digest.encode().ljust(DIGEST_BYTES) + tile.blocks


def held(blobs: Blobs, place: int, coding: Coding) -> EncodedTile:
    """The tile that lies there."""
    data = blobs.get(place)
    length = int.from_bytes(data[CRC_BYTES : CRC_BYTES + LENGTH_BYTES])
    if not length:
        return EMPTY
    digest = data[HEAD_BYTES - DIGEST_BYTES : HEAD_BYTES].decode()
    return EncodedTile(data[HEAD_BYTES:], int.from_bytes(data[:CRC_BYTES]), length, digest, coding)
