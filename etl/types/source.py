"""A file as it is: its layers, its rows, and the bounds within which it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from etl.types.findings import Fault, Note

    # Shapely geometries or None, one a row.
    Geometries = NDArray[np.object_]

# Behind the name of a column of codes: the column of their names, as the file's own lists tell them.
MEANING = " (diễn giải)"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds within which a file is read. Exceeding one is a refusal that names it, never a slow death.

    ``memory_bytes`` is the address space of the worker process that parses; ``idle_s`` how long it may take
    for the next batch, ``total_s`` for a whole pass.
    """

    file_bytes: int = 8 * 2**30
    unpacked_bytes: int = 8 * 2**30
    unpack_ratio: int = 200
    members: int = 5_000
    memory_bytes: int = 2 * 2**30
    idle_s: float = 120.0
    total_s: float = 3_600.0
    columns: int = 1_000
    vertices: int = 1_000_000
    cells: int = 20_000_000
    batch_bytes: int = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the file has it; ``kind`` is the type its driver gives (Arrow's name)."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class SourceLayer:
    """One layer (sheet, class) of a file. ``crs_wkt`` is as declared, None where nothing is.

    ``rows`` is None where only a full read would tell. ``geometry`` is the driver's word (``Polygon`` …).
    ``crs_hint`` is what words of the file say of the system (a sheet's "KTT 105°45′, múi 3°"), as a choice's
    key. ``opener`` names the reader, ``inner`` the data set inside an archive and ``inner_layer`` its layer.
    ``transport`` is how bytes of texts come: ``unicode`` where the format defines its encoding, ``bytes``
    where each character of a text stands for one byte (ISO 8859-1), ``cp1252`` where the driver took them for
    Windows-1252; ``encoding`` is what the file declares. ``parts`` are the names of layers that are read one
    after another as this one: the sheets of a map, each in a file of its own.
    """

    name: str
    driver: str
    opener: str
    inner: str
    inner_layer: str
    rows: int | None
    geometry: str
    columns: tuple[Column, ...]
    crs_wkt: str | None = None
    crs_hint: str | None = None
    transport: Literal["unicode", "bytes", "cp1252"] = "unicode"
    encoding: str | None = None
    notes: tuple[Note, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be read: made by ``etl.sources.open_source``, read by ``etl.sources.batches``."""

    path: Path
    sha256: str
    size_bytes: int
    layers: tuple[SourceLayer, ...]
    notes: tuple[Note, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def driver(self) -> str:
        """The formats in it, in words."""
        return ", ".join(dict.fromkeys(each.driver for each in self.layers))

    def layer(self, name: str) -> SourceLayer:
        """The layer of that name; ``KeyError`` where there is none."""
        for each in self.layers:
            if each.name == name:
                return each
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive rows of a source, as they are: coordinates in the source's system, values untouched.

    ``first_row`` counts from 1. ``geometry`` has None for null ones; what could not be parsed is None too and
    in ``faults``. Z and M are as read; curves come linearised (and counted by the reader's notes).
    """

    first_row: int
    geometry: Geometries
    columns: Mapping[str, pa.Array]
    faults: tuple[Fault, ...] = ()
    notes: tuple[Note, ...] = ()

    def __len__(self) -> int:
        return len(self.geometry)
