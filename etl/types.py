"""What the parts of an import hand to each other. Value types only: no I/O, nothing decided here.

The road of a file, streaming, in memory that does not grow with its length::

    open_source(path, limits)          etl.sources     what the file is, without its rows
      → survey(source, layer, …)       etl.survey      one pass: system, encoding, columns as ranked guesses
      → Reading                                        everything decided; missing while a person must answer
      → rows(reading, …)               etl.rows        second pass: rows of the layer's fields, in WGS 84
      → repair, staging, diff, landing etl.geometry, etl.landing

Nothing is chosen silently where two guesses fit: then the survey carries an :class:`Ambiguity`, and the user
answers it by an option (:class:`Answers`). Every finding that a person should hear of is a :class:`Note`;
every row that cannot be taken has a :class:`Fault`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from layers.description import Text

    # Shapely geometries or None, one a row.
    Geometries = NDArray[np.object_]

# Behind the name of a column of codes: the column of their names, as the file's own lists tell them.
MEANING = " (diễn giải)"
Severity = Literal["info", "repaired", "quarantined", "refused"]
# At most so many row numbers stand in a note as examples.
SAMPLE_ROWS = 20


@dataclass(frozen=True, slots=True)
class Note:
    """One finding, counted. ``rows`` are examples (1 is the file's first), ``place`` is lon, lat in WGS 84.

    ``refused`` concerns the file as a whole: with one such note nothing lands.
    """

    code: str
    severity: Severity
    text: Text
    count: int = 1
    rows: tuple[int, ...] = ()
    place: tuple[float, float] | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row goes to quarantine. ``row`` counts from 1 in the file's order, ``value`` is as in it."""

    row: int
    code: str
    reason: Text
    column: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Guess:
    """One reading of something that the file leaves open; ``key`` is what a user gives as the answer.

    ``score`` is a share from 0 to 1 and comparable within one question only; ``evidence`` says what it rests
    on, in words, best first.
    """

    key: str
    label: Text
    score: float
    evidence: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """A question that a person must answer before anything lands.

    ``question`` is ``crs``, ``encoding``, ``inner_layer`` or ``column:FIELD``; ``option`` is how the command
    line takes the answer (``--crs``). ``guesses`` are ranked, best first.
    """

    question: str
    text: Text
    guesses: tuple[Guess, ...]
    option: str


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
    coordinates. ``samples`` shows texts of columns before and after decoding.
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


def add_up(notes: list[Note]) -> tuple[Note, ...]:
    """Notes of one code and column as one: counts added, the first rows and the first place kept."""
    found: dict[tuple[str, str | None], Note] = {}
    for note in notes:
        key = (note.code, note.column)
        known = found.get(key)
        found[key] = note if known is None else _joined(known, note)
    return tuple(found.values())


def _joined(first: Note, second: Note) -> Note:
    return Note(
        first.code,
        first.severity,
        first.text,
        first.count + second.count,
        (*first.rows, *second.rows)[:SAMPLE_ROWS],
        first.place or second.place,
        first.column,
    )
