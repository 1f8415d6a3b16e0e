"""Units of areas, as columns' names and cells write them, into the unit of a field."""

from __future__ import annotations

import re

from etl.text import bare

SQUARE_METRES = {"m²": 1.0, "ha": 10_000.0, "km²": 1_000_000.0}
_IN_NAME = re.compile(r"(?:[^a-z]|tich|^dt|^s)(m2|m²|ha|km2|km²)[^a-z0-9]*$")
_IN_CELL = re.compile(r"(?<=\d) {0,3}(m2|m²|ha|km2|km²)\.?$", re.IGNORECASE)


def square_metres(unit: str) -> float:
    """How many a unit is, written with ``²`` or ``2``; ``KeyError`` for what is no unit of areas."""
    return SQUARE_METRES[unit.lower().replace("2", "²")]


def column_factor(column: str, unit: str | None) -> float:
    """What the numbers of a column called "Diện tích (m2)" are multiplied by in a field of hectares."""
    told = _IN_NAME.search(bare(column))
    return 1.0 if told is None or unit not in SQUARE_METRES else square_metres(told[1]) / SQUARE_METRES[unit]


def cell_factor(value: object, unit: str | None) -> float | None:
    """The same for a text that says its unit, "0,5 ha"; None where it says none."""
    if unit not in SQUARE_METRES or not isinstance(value, str):
        return None
    told = _IN_CELL.search(value.strip())
    return None if told is None else square_metres(told[1]) / SQUARE_METRES[unit]
