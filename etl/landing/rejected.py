"""Rows that do not go into the layer, as the quarantine keeps them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import shapely

from etl.geometry.boxes import middles

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from etl.types import Fault, Rows
    from geo.datasets.store import Quarantined

# A shape of more bytes than this is not worth mending by hand.
QUARANTINED_BYTES = 64 * 2**20


def rejected(batch: Rows, faults: list[Fault], bad: NDArray[np.int64]) -> Iterator[Quarantined]:
    """Rows ``bad`` of a batch with all their faults, the file's own values and their shapes."""
    of_row: dict[int, list[dict[str, str]]] = {}
    for fault in faults:
        reason = {"code": fault.code, "vi": fault.reason.vi, "en": fault.reason.en}
        of_row.setdefault(fault.row, []).append(reason)
    for at in bad.tolist():
        row = batch.first_row + at
        raw = {name: _plain(column[at].as_py()) for name, column in batch.raw.items()}
        yield row, of_row[row], raw, _wkb(batch, at)


def _wkb(batch: Rows, at: int) -> bytes | None:
    shape = batch.geometry[at]
    if shape is None or shapely.get_num_coordinates(shape) * 16 > QUARANTINED_BYTES:
        return None
    return bytes(shapely.to_wkb(shape, flavor="iso"))


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a file holds
    """A value as JSON can hold it."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def places(batch: Rows, bad: NDArray[np.int64]) -> dict[int, tuple[float, float]]:
    """Where rows lie (lon, lat), by their numbers, as far as that is known."""
    found = middles(shapely.bounds(batch.geometry[bad]))
    return {
        batch.first_row + int(at): (float(x), float(y))
        for at, (x, y) in zip(bad, found, strict=True)
        if abs(x) <= 180 and abs(y) <= 90
    }
