"""Areas on the WGS 84 ellipsoid, fast enough for millions of vertices. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Shapes = NDArray[np.object_]

SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1 / 298.257223563
_E2 = FLATTENING * (2 - FLATTENING)
_E = _E2**0.5
_SEMI_MINOR_M = SEMI_MAJOR_M * (1 - FLATTENING)


def equal_area(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degrees (n, 2) to metres of the ellipsoid's cylindrical equal-area projection (n, 2).

    An edge straight in degrees is taken as straight there: for edges of a kilometre the area of a ward is the
    geodesic one within a millionth.
    """
    sin = np.sin(np.radians(lonlat[:, 1]))
    north = (
        _SEMI_MINOR_M**2 / 2 * (sin / (1 - _E2 * sin**2) + np.log((1 + _E * sin) / (1 - _E * sin)) / (2 * _E))
    )
    return np.column_stack([np.radians(lonlat[:, 0]) * SEMI_MAJOR_M, north / SEMI_MAJOR_M])


def area_m2(shapes: Shapes) -> NDArray[np.float64]:
    """The area of each shape (WGS 84 degrees) in square metres."""
    return shapely.area(shapely.transform(shapes, equal_area))
