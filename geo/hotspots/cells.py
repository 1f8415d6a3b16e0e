"""H3 cells: the cell of a place, its coarser parents, true areas and outlines. Pure.

Cells are hexadecimal text at doors and in reports, 64-bit integers in counts and in arithmetic.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import h3
import numpy as np
from h3.api import numpy_int

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Cells = NDArray[np.int64]

# Stored with every report: about 0.1 km² here. Coarser resolutions are parents of it, finer ones are not
# offered: they would tell where a report was made.
RESOLUTION = 9
RESOLUTIONS = range(5, RESOLUTION + 1)
_FINEST = 15
_BITS = 3  # of one digit of the index; a digit that is not used is 7


def cell_of(lon: float, lat: float) -> str:
    """The cell of resolution 9 that holds a place (degrees, WGS 84), as hexadecimal text."""
    return str(h3.latlng_to_cell(lat, lon, RESOLUTION))


def as_text(cell: int) -> str:
    """The hexadecimal text of a cell."""
    return f"{cell:x}"


def parents(cells: Cells, resolution: int) -> Cells:
    """The coarser cells that hold ``cells``, one for each (int64)."""
    unused = (np.int64(1) << np.int64(_BITS * (_FINEST - resolution))) - np.int64(1)
    plain = cells & ~(np.int64(0xF) << np.int64(52))
    return plain | (np.int64(resolution) << np.int64(52)) | unused


def resolution_of(cell: int) -> int:
    """The resolution of a cell, 0 to 15."""
    return (cell >> 52) & 0xF


def children(cell: int, resolution: int) -> tuple[int, ...]:
    """The finer cells within a cell by H3's hierarchy, ascending."""
    return tuple(sorted(h3.str_to_int(c) for c in h3.cell_to_children(as_text(cell), resolution)))


def areas_km2(cells: Cells) -> NDArray[np.float64]:
    """The true areas of ``cells``: cells of one resolution differ by 8.8 % within Vietnam."""
    return _measured(cells)["area_km2"]


def boxes(cells: Cells) -> NDArray[np.float64]:
    """The boxes around ``cells`` as rows of west, south, east, north in degrees (n, 4)."""
    return _measured(cells)["box"]


_MEASURES = np.dtype([("cell", np.int64), ("area_km2", np.float64), ("box", np.float64, (4,))])
_known = np.empty(0, dtype=_MEASURES)


def _measured(cells: Cells) -> NDArray[np.void]:
    """What is known of each of ``cells``; asked of H3 once in a process.

    What is known is one sorted array that is replaced whole, so that threads never see half of it.
    """
    global _known  # noqa: PLW0603 - the point of it
    known = _known
    new = unknown(cells, known["cell"])
    if len(new):
        rows = [(cell, h3.cell_area(as_text(cell), "km^2"), _box(ring(cell))) for cell in new.tolist()]
        known = np.concatenate([known, np.array(rows, dtype=_MEASURES)])
        known = _known = known[np.argsort(known["cell"])]
    return known[np.searchsorted(known["cell"], cells)]


def rings_of(cells: Cells, radius: int) -> Cells:
    """The cells exactly ``radius`` steps from each, a row for each (n, 6 × radius); 0 beside a pentagon."""
    if radius == 0:
        return cells[:, np.newaxis]
    found = np.zeros((len(cells), 6 * radius), dtype=np.int64)
    for row, cell in zip(found, cells.tolist(), strict=True):
        ring = numpy_int.grid_ring(cell, radius)
        row[: len(ring)] = ring
    return found


def places_in(known: Cells, cells: Cells) -> Cells:
    """The place of each of ``cells`` (any shape) in ``known`` (ascending); -1 where it is not."""
    if not len(known):
        return np.full(cells.shape, -1, dtype=np.int64)
    at = np.searchsorted(known, cells).clip(max=len(known) - 1)
    return np.where(known[at] == cells, at, -1)


def unknown(cells: Cells, known: Cells) -> Cells:
    """Those of ``cells`` that are not in ``known`` (ascending), each once, ascending."""
    return np.unique(cells[places_in(known, cells) < 0])


def _box(corners: tuple[tuple[float, float], ...]) -> tuple[float, float, float, float]:
    lons, lats = zip(*corners, strict=True)
    return min(lons), min(lats), max(lons), max(lats)


@lru_cache(maxsize=131_072)
def centre(cell: int) -> tuple[float, float]:
    """Longitude and latitude of the cell's centre, degrees."""
    lat, lon = h3.cell_to_latlng(as_text(cell))
    return float(lon), float(lat)


@lru_cache(maxsize=131_072)
def ring(cell: int) -> tuple[tuple[float, float], ...]:
    """The outline as closed ring of lon, lat in degrees, counter-clockwise (RFC 7946), rounded to 0.1 m."""
    corners = [(round(lon, 6), round(lat, 6)) for lat, lon in h3.cell_to_boundary(as_text(cell))]
    return (*corners, corners[0])
