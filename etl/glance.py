"""What a survey keeps of a file of any length: counts, an extent, bounded samples of shapes and values."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from etl.attributes import personal
from etl.attributes.numbers import decimal_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.attributes.numbers import Decimal
    from etl.text import Decoder
    from etl.types import Batch, Geometries, Note

# Distinct values kept of a column, and shapes kept for finding the coordinate system.
VALUES = 500
SHAPES = 2_000
# Of heavy shapes fewer are kept.
VERTICES = 400_000
# One of more vertices is kept only where there is no lighter one.
HEAVY = 50_000


class Glance:
    """Fed batch by batch. The sample of shapes is drawn evenly over the whole file, the same in every run."""

    def __init__(self) -> None:
        self.rows = 0
        self.extent: tuple[float, float, float, float] | None = None
        self.geometry_types: Counter[str] = Counter()
        self.notes: list[Note] = []
        self._values: dict[str, dict[object, None]] = {}
        self._shapes: Geometries = np.empty(0, dtype=object)
        self._keys = np.empty(0)
        self._rng = np.random.default_rng(2026)

    def take(self, batch: Batch) -> None:
        """Look at a batch."""
        self.rows += len(batch)
        self.notes += batch.notes
        there = batch.geometry[~shapely.is_missing(batch.geometry)]
        for code, count in zip(*np.unique(shapely.get_type_id(there), return_counts=True), strict=True):
            self.geometry_types[_TYPES[int(code)]] += int(count)
        self.geometry_types["null"] += len(batch) - len(there)
        self._widen(there)
        self._draw(there[~shapely.is_empty(there)])
        for name, column in batch.columns.items():
            self._sample(name, column)

    def shapes(self) -> Geometries:
        """The sample of shapes, in the file's numbers."""
        return self._shapes

    def texts(self) -> dict[str, list[str]]:
        """Distinct texts by column, as read."""
        found = {name: [v for v in kept if isinstance(v, str)] for name, kept in self._values.items()}
        return {name: texts for name, texts in found.items() if texts}

    def values(self, decoders: Mapping[str, Decoder]) -> dict[str, list[object]]:
        """Distinct values by column, texts decoded."""
        return {
            name: [decoders[name](v) if isinstance(v, str) and name in decoders else v for v in kept]
            for name, kept in self._values.items()
        }

    def personal(self, samples: Mapping[str, list[object]]) -> dict[str, str]:
        """Columns with personal data and what kind."""
        found = {}
        for name, values in samples.items():
            texts = [str(value) for value in values if isinstance(value, str)]
            kind = personal.by_name(name) or personal.by_values(texts)
            if kind is not None:
                found[name] = kind
        return found

    def decimals(self) -> dict[str, Decimal]:
        """The decimal sign of columns of text that has one."""
        signs = {name: decimal_of(texts) for name, texts in self.texts().items()}
        return {name: sign for name, sign in signs.items() if sign is not None}

    def _widen(self, shapes: Geometries) -> None:
        if not len(shapes):
            return
        bounds = shapely.total_bounds(shapes)
        if not np.isfinite(bounds).all():
            return
        west, south, east, north = map(float, bounds)
        if self.extent is not None:
            west, south = min(west, self.extent[0]), min(south, self.extent[1])
            east, north = max(east, self.extent[2]), max(north, self.extent[3])
        self.extent = west, south, east, north

    def _draw(self, shapes: Geometries) -> None:
        """The shapes with the largest random keys of all seen so far."""
        keys = self._rng.random(len(shapes))
        every, all_keys = np.concatenate([self._shapes, shapes]), np.concatenate([self._keys, keys])
        best = np.argsort(-all_keys)[:SHAPES]
        counts = shapely.get_num_coordinates(every[best])
        small = counts <= HEAVY
        light = small & (np.cumsum(np.where(small, counts, 0)) <= VERTICES)
        light[:1] |= not light.any()
        self._shapes, self._keys = every[best[light]], all_keys[best[light]]

    def _sample(self, name: str, column: pa.Array) -> None:
        kept = self._values.setdefault(name, {})
        if len(kept) >= VALUES:
            return
        for value in pc.unique(column.slice(0, 10 * VALUES)).to_pylist():
            if value is not None and len(kept) < VALUES:
                kept[value] = None


_TYPES = (
    "Point", "LineString", "LinearRing", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
    "GeometryCollection",
)  # fmt: skip
