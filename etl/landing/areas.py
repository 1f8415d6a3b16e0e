"""Areas that a file declares beside those of the ellipsoid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etl.attributes.units import SQUARE_METRES

if TYPE_CHECKING:
    from typing import Any

    from etl.geometry import Tally
    from etl.types import Geometries, Rows
    from layers.description import Layer

    Areas = np.ndarray[Any, np.dtype[np.float64]]

DIFFERENT_SHARE = 0.01
DIFFERENT_M2 = 1.0


def declared_field(layer: Layer) -> tuple[str, float] | None:
    """The layer's field that holds a feature's area, and how many square metres its unit is."""
    name = layer.area_field
    return None if name is None else (name, SQUARE_METRES[layer.field(name).unit or "m²"])


def compare(layer: Layer, rows: Rows, shapes: Geometries, measured_m2: Areas, tally: Tally) -> None:
    """Count rows whose declared area is more than 1 % (and a square metre) from the geodesic one."""
    found = declared_field(layer)
    if found is None or found[0] not in rows.values or not measured_m2.any():
        return
    name, unit_m2 = found
    declared = np.array([np.nan if v is None else v for v in rows.values[name]], dtype=np.float64) * unit_m2
    difference = np.abs(declared - measured_m2)
    with np.errstate(invalid="ignore"):
        wrong = (measured_m2 > 0) & (difference > DIFFERENT_M2) & (difference > DIFFERENT_SHARE * measured_m2)
    at = np.flatnonzero(wrong)
    tally.add("area_differs", rows.first_row + at, shapes[at], float(difference[at].sum()))
