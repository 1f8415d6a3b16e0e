"""Shapes of a whole file on disk, so that neighbours can be compared in memory that does not grow with it."""

from __future__ import annotations

import mmap
import tempfile
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import shapely

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from etl.types import Geometries


class Spool:
    """WKB one after another in a file without a name; boxes and row numbers in memory (44 bytes a shape)."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file = tempfile.TemporaryFile(dir=folder, prefix="diaban-import-")  # noqa: SIM115
        self._size = 0
        self._ends: list[NDArray[np.int64]] = []
        self._boxes: list[NDArray[np.float64]] = []
        self._rows: list[NDArray[np.int64]] = []
        self._counts: list[NDArray[np.int64]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, wkb: list[bytes], shapes: Geometries, rows: NDArray[np.int64]) -> None:
        """Put a batch at the end; ``OSError`` where the disk is full."""
        lengths = np.fromiter(map(len, wkb), dtype=np.int64, count=len(wkb))
        self._file.write(b"".join(wkb))
        self._ends.append(self._size + np.cumsum(lengths))
        self._size += int(lengths.sum())
        self._boxes.append(shapely.bounds(shapes))
        self._rows.append(rows)
        self._counts.append(shapely.get_num_coordinates(shapes).astype(np.int64))

    def close(self) -> Shapes:
        """No more batches: the shapes, to be read in any order."""
        self._file.flush()
        data = mmap.mmap(self._file.fileno(), 0, prot=mmap.PROT_READ) if self._size else None
        self._ends.insert(0, np.zeros(1, dtype=np.int64))
        boxes = _joined(self._boxes) if self._boxes else np.zeros((0, 4))
        if data is None:
            none = np.zeros(0, dtype=np.int64)
            return Shapes(data, _joined(self._ends), boxes, none, none)
        return Shapes(data, _joined(self._ends), boxes, _joined(self._rows), _joined(self._counts))


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """One array of many, which are let go at once: of a long file they are not all there twice."""
    whole = np.concatenate(parts)
    parts.clear()
    return whole


class Shapes:
    """What was spooled: ``boxes`` (n, 4) in degrees, ``rows`` of the file, ``counts`` of vertices."""

    def __init__(
        self,
        data: mmap.mmap | None,
        ends: NDArray[np.int64],
        boxes: NDArray[np.float64],
        rows: NDArray[np.int64],
        counts: NDArray[np.int64],
    ) -> None:
        self._data = data
        self._ends = ends
        self.boxes = boxes
        self.rows = rows
        self.counts = counts

    def __len__(self) -> int:
        return len(self.rows)

    def read(self, which: NDArray[np.int64]) -> Geometries:
        """Shapes by their place in the spool."""
        if self._data is None:
            return np.zeros(0, dtype=object)
        starts, ends = self._ends[which], self._ends[which + 1]
        wkb = [self._data[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        # What was read stays the system's to keep: else the whole file would count as memory of this process.
        self._data.madvise(mmap.MADV_DONTNEED)
        return shapely.from_wkb(np.array(wkb, dtype=object))
