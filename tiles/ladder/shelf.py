"""Where a layer's tiles lie in a file: a dense grid for each zoom, so that a purge is an assignment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo.types import TileId
from tiles.encoding import EMPTY, EncodedTile
from tiles.ladder.blobs import LENGTH_MASK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from numpy.typing import NDArray

    from tiles.encoding import Coding
    from tiles.ground import Ground
    from tiles.ladder.blobs import Blobs

# In order of their places in a grid.
CODINGS: tuple[Coding, ...] = ("gzip", "zstd")
# In a grid, of a tile that is not drawn ahead, of one that is not here, and of one that is being read. Places
# are larger.
ABSENT, WANTED, ASKED = 0, 1, 2
# 1 KB: few tiles far from one another are read from the database.
CELLS_A_TILE = 64
CRC_BYTES, LENGTH_BYTES, DIGEST_BYTES = 4, 4, 24
HEAD_BYTES = CRC_BYTES + LENGTH_BYTES + DIGEST_BYTES

NOTHING = 0, 0, np.zeros((0, 0, len(CODINGS)), np.int64)


class Shelf:
    """One layer's tiles as they follow from ``basis`` on the day ``on``."""

    def __init__(self, basis: str, on: date, tiles: dict[int, tuple[list[int], list[int]]]) -> None:
        """``tiles``: columns and rows of those that are drawn ahead, by zoom."""
        self.basis, self.on = basis, on
        self.live_bytes = 0
        # By zoom: the first column and row, and a grid of column, row, coding.
        self._grids: dict[int, tuple[int, int, NDArray[np.int64]]] = {}
        for zoom, (columns, rows) in sorted(tiles.items()):
            x, y = np.array(columns), np.array(rows)
            west, north = int(x.min()), int(y.min())
            size = int(x.max()) - west + 1, int(y.max()) - north + 1
            if size[0] * size[1] > CELLS_A_TILE * len(columns):
                continue
            grid = np.full((*size, len(CODINGS)), ABSENT, np.int64)
            grid[x - west, y - north] = WANTED
            self._grids[zoom] = west, north, grid

    def place(self, tile: TileId, coding: Coding) -> int:
        """Where the tile lies in the file; at most :data:`ASKED` where it does not."""
        west, north, grid = self._grids.get(tile.z, NOTHING)
        x, y = tile.x - west, tile.y - north
        if not (0 <= x < grid.shape[0] and 0 <= y < grid.shape[1]):
            return ABSENT
        return int(grid[x, y, CODINGS.index(coding)])

    def wanted(self, most: int) -> Iterator[list[TileId]]:
        """The tiles that are not there now, at most so many at once, from the coarsest zoom to the finest."""
        for zoom, (west, north, grid) in self._grids.items():
            found = np.argwhere(grid[..., 0] == WANTED) + np.array((west, north))
            for first in range(0, len(found), most):
                yield [TileId(zoom, x, y) for x, y in found[first : first + most].tolist()]

    @property
    def missing(self) -> int:
        """How many tiles are not there now."""
        grids = (grid[..., 0] for _, _, grid in self._grids.values())
        return sum(int(((grid == WANTED) | (grid == ASKED)).sum()) for grid in grids)

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
        for zoom, (west, north, grid) in self._grids.items():
            if up_to is not None and zoom > up_to:
                continue
            columns, rows = ground.at(zoom)
            touched = grid[
                max(0, columns.start - west) : max(0, columns.stop - west),
                max(0, rows.start - north) : max(0, rows.stop - north),
            ]
            self.live_bytes -= int((touched & LENGTH_MASK)[touched > ASKED].sum())
            touched[touched != ABSENT] = WANTED

    def _set(self, tile: TileId, places: list[int]) -> None:
        west, north, grid = self._grids[tile.z]
        grid[tile.x - west, tile.y - north] = places


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
