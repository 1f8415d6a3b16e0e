"""How a row of ``pub.admin_units`` becomes a :class:`Unit`."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from geo.types import Bbox
from geo.units.types import Unit

NAMES = tuple(field.name for field in fields(Unit) if field.name != "bbox")
COLUMNS = (
    ", ".join(f"u.{'id' if name == 'feature_id' else name}" for name in NAMES)
    + ", ST_XMin(u.geom), ST_YMin(u.geom), ST_XMax(u.geom), ST_YMax(u.geom)"
)
WIDTH = len(NAMES) + 4
IN_FORCE = "daterange(u.valid_from, u.valid_to) @> %(day)s::date"


def unit_of(row: tuple[Any, ...]) -> Unit:
    """From the values of :data:`COLUMNS`, whatever follows them."""
    bbox = Bbox(*row[WIDTH - 4 : WIDTH])
    return Unit(**dict(zip(NAMES, row, strict=False)), bbox=bbox)
