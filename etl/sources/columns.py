"""Cells of a table as columns of a batch."""

from __future__ import annotations

import re
from datetime import date, datetime, time

import pyarrow as pa
import pyarrow.compute as pc

from etl.sources.frames import GEOMETRY, NOTES

_THREE = re.compile(r"^-?\d{1,3}\.\d{3}$")


def to_batch(
    shapes: list[bytes | None],
    notes: list[str | None],
    columns: dict[str, list[object]],
    numeric: frozenset[str],
) -> pa.RecordBatch:
    """A batch of places: WKB and a note (``frames.note``) or None a row, and its columns.

    ``numeric`` columns are numbers in all their cells, the others become texts.
    """
    arrays = [pa.array(shapes, pa.binary()), pa.array(notes, pa.string())]
    arrays += [_array(values, number=name in numeric) for name, values in columns.items()]
    return pa.record_batch(arrays, names=[GEOMETRY, NOTES, *columns])


def is_number(cell: object) -> bool:
    """Whether a cell is a number, or empty."""
    return cell in (None, "") or (isinstance(cell, int | float) and not isinstance(cell, bool))


def _array(values: list[object], *, number: bool) -> pa.Array:
    if number:
        floats = [None if value in (None, "") else float(str(value)) for value in values]
        return pa.array(floats, pa.float64())
    try:
        texts = pa.array(values, pa.string())  # a text table: all cells are texts already
    except pa.ArrowException:
        return pa.array([None if value in (None, "") else _text(value) for value in values], pa.string())
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _text(value: object) -> str:
    """A cell among texts; whole numbers without a fraction."""
    if isinstance(value, float):
        # A fourth decimal: "1.234" alone could be read as one thousand two hundred and thirty-four.
        return str(int(value)) if value.is_integer() else _THREE.sub(r"\g<0>0", repr(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
