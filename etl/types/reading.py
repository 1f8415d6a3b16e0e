"""How a file is read into a layer: what the user said, what was decided, and the rows that come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import pyarrow as pa

    from etl.types.findings import Ambiguity, Fault, Guess, Note
    from etl.types.source import Geometries, Source


@dataclass(frozen=True, slots=True)
class Answers:
    """What the user has said. Empty: nothing.

    ``crs`` is an EPSG code or a :class:`CrsChoice` key (``9209``, ``9209:yx``, ``4326:yx``); ``columns`` goes
    from field to column; ``encoding`` is for all columns.
    """

    inner_layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    valid_from: date | None = None
    scheme: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CrsChoice:
    """A coordinate system as it is applied. ``key`` is ``EPSG`` or ``EPSG:yx`` (the northing comes first).

    ``operation`` is what is kept with the dataset, e.g. ``urn:ogc:def:coordinateOperation:EPSG::6960``.
    ``wkt`` is set only where no EPSG code fits (a VN-2000 system with parameters of its own).
    """

    key: str
    epsg: int | None
    swapped: bool
    name: str
    operation: str
    wkt: str | None = None


@dataclass(frozen=True)
class Ground:
    """The tenant's wards: where its data must lie and how its places are called. Polygons in WGS 84.

    ``provinces`` are the two-digit codes of the provinces that the wards belong to.
    """

    wards: Geometries
    names: tuple[str, ...]
    provinces: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """Everything decided about one layer of a source and the layer that it goes into.

    ``columns`` goes from field (or system column: unit, valid_from, valid_to) to file column; ``constants``
    gives fields without a column one text for all rows. ``encodings`` goes from column to encoding, for
    columns of text (``tcvn3:title``: with the column's habit of capitals), ``also`` are encodings of single
    cells, ``decimals`` the decimal sign of columns of numbers written as text. ``personal`` are columns
    with personal data: they may go into private fields, else nowhere. ``scheme`` is the coding scheme of
    the values of a coded field.
    """

    source: Source
    inner_layer: str
    layer: str
    crs: CrsChoice
    columns: Mapping[str, str]
    ignored: tuple[str, ...]
    encodings: Mapping[str, str] = field(default_factory=dict)
    also: tuple[Any, ...] = ()
    decimals: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)
    scheme: str | None = None
    valid_from: date | None = None
    constants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Survey:
    """What one pass over the file found.

    ``reading`` is None while a question is open or something is refused. ``crs`` and ``encodings`` are all
    candidates that were weighed, best first, for the report. ``extent`` is west, south, east, north in source
    coordinates. ``samples`` shows texts of columns before and after decoding; none of personal columns.
    """

    source: Source
    inner_layer: str
    rows: int
    extent: tuple[float, float, float, float] | None
    geometry_types: Mapping[str, int]
    crs: tuple[Guess, ...]
    encodings: tuple[Guess, ...]
    columns: Mapping[str, tuple[Guess, ...]]
    reading: Reading | None
    ambiguities: tuple[Ambiguity, ...] = ()
    notes: tuple[Note, ...] = ()
    samples: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Rows:
    """Consecutive rows as the layer wants them, before geometry is checked and repaired.

    ``geometry`` is in WGS 84, lon lat; Z, M and the geometry type are as in the file. ``values`` has one list
    of Python values a field (and system column), as long as ``geometry``; a row with a fault has None where
    its value could not be taken and goes to quarantine. ``raw`` is the file's own columns, texts decoded, for
    the quarantine; columns in ``Reading.personal`` are in it and are to be kept as personal data.
    """

    first_row: int
    geometry: Geometries
    values: Mapping[str, list[Any]]
    raw: Mapping[str, pa.Array]
    faults: tuple[Fault, ...] = ()
    notes: tuple[Note, ...] = ()

    def __len__(self) -> int:
        return len(self.geometry)
