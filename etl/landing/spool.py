"""Shapes of a whole file on disk, so that neighbours can be compared in memory that does not grow with it."""

from __future__ import annotations

import mmap
import tempfile
from typing import IO, TYPE_CHECKING, Self

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from etl.types import Geometries

    Ints = NDArray[np.int64]

# Of a shape: where its WKB begins and how long it is, vertices, row of the file, box in degrees.
INDEX = np.dtype([("at", "i8"), ("size", "i8"), ("count", "i8"), ("row", "i8"), ("box", "f8", 4)])
A_CHUNK = 1_000_000


class Spool:
    """WKB one after another in a file without a name, and in another one what is known of each."""

    def __init__(self, folder: Path | None = None) -> None:
        self._data = tempfile.TemporaryFile(dir=folder, prefix="diaban-import-")  # noqa: SIM115
        self._index = tempfile.TemporaryFile(dir=folder, prefix="diaban-import-")  # noqa: SIM115
        self._size = self._shapes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._data.close()
        self._index.close()

    def add(self, wkb: list[bytes], shapes: Geometries, rows: Ints) -> None:
        """Put a batch at the end; ``OSError`` where the disk is full."""
        known = np.empty(len(wkb), dtype=INDEX)
        known["size"] = np.fromiter(map(len, wkb), dtype=np.int64, count=len(wkb))
        known["at"] = self._size + np.cumsum(known["size"]) - known["size"]
        known["count"] = shapely.get_num_coordinates(shapes)
        known["row"] = rows
        known["box"] = shapely.bounds(shapes)
        self._data.write(b"".join(wkb))
        self._index.write(known.tobytes())
        self._size += int(known["size"].sum())
        self._shapes += len(wkb)

    def close(self) -> Spooled | None:
        """All shapes, to be read in any order, also after the spool is gone; None where there are none."""
        if not self._shapes:
            return None
        return Spooled(_mapped(self._data), _mapped(self._index), self._shapes)


class Spooled:
    """All that was spooled, in the order of the file."""

    def __init__(self, data: mmap.mmap, index: mmap.mmap, number: int) -> None:
        self._data = data
        self._index = index
        self._number = number

    def __len__(self) -> int:
        return self._number

    def chunks(self) -> Iterator[NDArray[np.void]]:
        """What is known of the shapes (``INDEX``), ``A_CHUNK`` of them at a time."""
        for start in range(0, self._number, A_CHUNK):
            number = min(A_CHUNK, self._number - start)
            yield np.frombuffer(self._index, INDEX, number, start * INDEX.itemsize).copy()
            _forget(self._index)

    def shapes(self, known: NDArray[np.void]) -> Shapes:
        """Those of which that is known."""
        return Shapes(self._data, known)


class Shapes:
    """Some of what was spooled: ``boxes`` (n, 4) in degrees, ``rows`` of the file, ``counts`` of vertices."""

    def __init__(self, data: mmap.mmap, known: NDArray[np.void]) -> None:
        self._data = data
        self._starts, self._ends = known["at"].copy(), known["at"] + known["size"]
        self.boxes: NDArray[np.float64] = known["box"].copy()
        self.rows: Ints = known["row"].copy()
        self.counts: Ints = known["count"].copy()

    def __len__(self) -> int:
        return len(self.rows)

    def read(self, which: Ints) -> Geometries:
        """Shapes by their place among these."""
        places = zip(self._starts[which].tolist(), self._ends[which].tolist(), strict=True)
        wkb = [self._data[start:end] for start, end in places]
        _forget(self._data)
        return shapely.from_wkb(np.array(wkb, dtype=object))


def _mapped(file: IO[bytes]) -> mmap.mmap:
    file.flush()
    return mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)


def _forget(mapped: mmap.mmap) -> None:
    """What was read stays the system's to keep: else the whole file would count as memory of this process."""
    mapped.madvise(mmap.MADV_DONTNEED)
