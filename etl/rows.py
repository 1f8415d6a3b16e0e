"""The second pass: rows of a file as rows of a layer, in WGS 84, each value read or its row faulted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from etl.attributes.convert import Converter
from etl.attributes.numbers import span
from etl.attributes.values import WORDS, reader_of
from etl.attributes.wrong import Wrong
from etl.georef import geometries_to_wgs84
from etl.rings import areas_of
from etl.sources import batches
from etl.text import Decoder, words
from etl.types import Rows
from geo.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from etl.types import Batch, Fault, Ground, Note, Reading
    from layers.description import Layer

RANGE = ("_min", "_max")


def rows(reading: Reading, layer: Layer, size: int = 20_000, ground: Ground | None = None) -> Iterator[Rows]:
    """The rows of a decided reading, streaming; ``ground`` has the names that restore lost letters.

    Last comes one without rows, with what was mended over the whole pass. ``Refused`` where the file cannot
    be read to its end, ``InvalidInput`` for a constant that its field does not take.
    """
    mapper = Mapper(reading, layer, ground)
    for batch in batches(reading.source, reading.inner_layer, size):
        yield mapper.rows(batch)
    last = mapper.notes()
    if last:
        yield Rows(1, np.empty(0, dtype=object), {}, {}, (), tuple(last))


class Mapper:
    """Batches of one reading into rows of its layer."""

    def __init__(self, reading: Reading, layer: Layer, ground: Ground | None = None) -> None:
        self._reading = reading
        self._layer = layer
        source = reading.source.layer(reading.inner_layer)
        known = frozenset(word.lower() for name in (ground.names if ground else ()) for word in words(name))
        self._decoders = {
            column: Decoder(key, source.transport, known, reading.also)
            for column, key in reading.encodings.items()
        }
        self._converters = [
            Converter(layer, name, column, self._decoders.get(column), reading.decimals.get(column))
            for name, column in reading.columns.items()
        ]
        self._constants = constants(layer, reading)
        self._driver = source.driver
        self._areas = layer.geometry.endswith("Polygon")

    def rows(self, batch: Batch) -> Rows:
        """One batch."""
        faults: list[Fault] = list(batch.faults)
        notes: list[Note] = []  # the reader's own were told by the survey
        values: dict[str, list[Any]] = {}
        for convert in self._converters:
            values[convert.name], wrong = convert(batch.columns[convert.column], batch.first_row)
            faults += wrong
            notes += convert.periods(batch.columns[convert.column], batch.first_row)
            notes += convert.serials(batch.columns[convert.column], batch.first_row)
            kept = convert.name + WORDS
            if convert.several and kept not in self._reading.columns:
                values[kept], told = convert.words(batch.columns[convert.column], batch.first_row)
                notes += told
        for name, value in self._constants.items():
            values[name] = [value] * len(batch)
        self._derive(values, len(batch))
        shapes = batch.geometry
        if self._areas:
            shapes, told = areas_of(shapes, self._driver)
            notes += told
        shapes = geometries_to_wgs84(shapes, self._reading.crs)
        return Rows(batch.first_row, shapes, values, self._raw(batch), tuple(faults), tuple(notes))

    def notes(self) -> list[Note]:
        """What the decoders mended over the whole pass."""
        used = set(self._reading.columns.values())
        return [
            n for column, decoder in self._decoders.items() if column in used for n in decoder.notes(column)
        ]

    def _derive(self, values: dict[str, list[Any]], count: int) -> None:
        for field in self._layer.fields:
            if field.derive is not None and field.name not in values:
                made = _derived(field.derive, values, count)
                if made is not None:
                    values[field.name] = made
        self._ranges(values)

    def _ranges(self, values: dict[str, list[Any]]) -> None:
        """Bounds beside the kept text: ``density`` 40–60 fills ``density_min`` and ``density_max``."""
        names = {field.name for field in self._layer.fields}
        for name in [name for name in values if all(name + end in names for end in RANGE)]:
            spans = [span(value) if isinstance(value, str) else None for value in values[name]]
            values.setdefault(name + "_min", [each.low if each else None for each in spans])
            values.setdefault(name + "_max", [each.high if each else None for each in spans])

    def _raw(self, batch: Batch) -> Mapping[str, pa.Array]:
        """The file's own columns, texts decoded, lazily: only the quarantine reads them."""
        return _Decoded(batch.columns, self._decoders)


class _Decoded(dict[str, pa.Array]):
    """Columns whose texts are decoded when a column is asked for."""

    def __init__(self, columns: Mapping[str, pa.Array], decoders: Mapping[str, Decoder]) -> None:
        super().__init__(columns)
        self._left = {name: decoders[name] for name in columns if name in decoders}

    def __getitem__(self, name: str) -> pa.Array:
        decoder = self._left.pop(name, None)
        if decoder is not None:
            column = super().__getitem__(name)
            if pa.types.is_string(column.type):
                texts = [None if each is None else decoder(each) for each in column.to_pylist()]
                self[name] = pa.array(texts, pa.string())
        return super().__getitem__(name)

    def items(self) -> Any:  # noqa: ANN401 - as dict's, decoded
        """Decoded columns by name."""
        return [(name, self[name]) for name in self]


def constants(layer: Layer, reading: Reading) -> dict[str, Any]:
    """Fields that have one value in all rows. ``InvalidInput`` for one that its field does not take."""
    said = dict(reading.constants)
    if reading.scheme is not None:
        said.setdefault("scheme", reading.scheme)
    made = {}
    for name, text in said.items():
        if name in reading.columns:
            continue
        try:
            made[name] = reader_of(layer, name)[0](text)
        except KeyError:
            names = ", ".join(each.name for each in layer.fields)
            raise InvalidInput("set", name, names, names) from None
        except Wrong as wrong:
            raise InvalidInput("set", f"{name}={text}", *wrong.allowed) from None
    return made


def _derived(rule: str, values: Mapping[str, list[Any]], count: int) -> list[Any] | None:
    """Texts made of other fields of the row; None in rows where one of them is missing."""
    named = [part.partition("}")[0] for part in rule.split("{")[1:]]
    if not named:
        return [rule] * count
    if any(name not in values for name in named):
        return None
    every = zip(*(values[name] for name in named), strict=True)
    return [None if None in row else rule.format(**dict(zip(named, row, strict=True))) for row in every]
