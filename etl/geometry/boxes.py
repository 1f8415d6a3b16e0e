"""Boxes of shapes, shape (n, 4): west, south, east, north, as ``shapely.bounds`` gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def middles(boxes: Floats) -> Floats:
    """The middle of each box, x and y, shape (n, 2); NaN of an empty shape's."""
    found: Floats = (boxes[:, :2] + boxes[:, 2:]) / 2
    return found
