"""Where the vertices of a long file lie: how many in a box, without asking each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etl.geometry.boxes import middles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etl.landing.spool import Spooled

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

# Along each axis, by a sample's order, so that a stray place far away changes nothing.
CELLS = 256


class Density:
    """How many vertices lie in a box, about: counted by shapes' middles in cells that hold equally many.

    ``sample``: middles of some of them, x, y in degrees (n, 2), which tell where cells part.
    """

    def __init__(self, whole: Spooled, sample: Floats) -> None:
        steps = np.linspace(0, 1, CELLS + 1)[1:-1]
        self._edges = [np.unique(np.quantile(axis, steps)) for axis in sample.T]
        sums = np.zeros([len(edges) + 2 for edges in self._edges])
        for known in whole.chunks():
            x, y = self._cells(middles(known["box"]))
            np.add.at(sums, (x + 1, y + 1), known["count"])
        self._sums = sums.cumsum(axis=0).cumsum(axis=1)

    def __call__(self, boxes: Floats) -> Floats:
        """About how many vertices (n,) lie in boxes (n, 4): west, south, east, north in degrees."""
        (west, south), (east, north) = self._cells(boxes[:, :2]), self._cells(boxes[:, 2:])
        sums = self._sums
        found: Floats = (
            sums[east + 1, north + 1] - sums[west, north + 1] - sums[east + 1, south] + sums[west, south]
        )
        return found

    def _cells(self, at: Floats) -> tuple[Ints, Ints]:
        x, y = (np.searchsorted(edges, axis) for edges, axis in zip(self._edges, at.T, strict=True))
        return x, y
