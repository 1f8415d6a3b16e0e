"""Batches of any driver into one form: geometry as WKB that GEOS reads, valid UTF-8, plain types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from etl.sources.curves import is_curved, straight
from etl.wording import number_vi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.types import Limits

GEOMETRY, NOTES = "__geometry__", "__notes__"
_NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
_TIMES = (pa.types.is_date, pa.types.is_timestamp)


def note(code: str, severity: str, vi: str, en: str) -> str:
    """One finding about a row, as it goes over the pipe. ``quarantined`` makes it a fault of the row."""
    return json.dumps([{"code": code, "severity": severity, "vi": vi, "en": en}], ensure_ascii=False)


_CURVED = note(
    "curves", "repaired", "Cung tròn được thay bằng đoạn thẳng.", "Arcs were made straight segments."
)
UNREADABLE = (
    "Hình học hỏng, không đọc được: vẽ lại hình này hoặc xuất lại tệp.",
    "The geometry is damaged and cannot be read: draw it again, or export the file again.",
)
_BROKEN = note("geometry_unreadable", "quarantined", *UNREADABLE)


def plain(
    batch: pa.RecordBatch, geometry: str | None, limits: Limits, *, raw: bool = False
) -> pa.RecordBatch:
    """A batch with ``__geometry__`` and ``__notes__`` first. ``raw``: texts are bytes without an encoding."""
    arrays: list[pa.Array] = []
    names: list[str] = []
    if geometry is not None and geometry in batch.schema.names:
        arrays += checked(batch.column(geometry), limits)
    else:
        arrays += [pa.nulls(len(batch), pa.binary()), pa.nulls(len(batch), pa.string())]
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if name == geometry:
            continue
        value = _value(column, raw)
        if value is not None:
            arrays.append(value)
            names.append(name)
    return pa.record_batch(arrays, names=[GEOMETRY, NOTES, *unique(names)])


def checked(column: pa.Array, limits: Limits) -> list[pa.Array]:
    """WKB with curves straightened, and notes; what is too large or broken is null with a note."""
    column = _storage(column).cast(pa.large_binary())
    sizes = pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
    heads = _type_codes(column, sizes)
    odd = np.flatnonzero((sizes > limits.vertices * 16) | is_curved(heads) | ((sizes > 0) & (sizes < 5)))
    if not len(odd):
        return [column.cast(pa.binary()), pa.nulls(len(column), pa.string())]
    values = column.to_pylist()
    notes: list[str | None] = [None] * len(column)
    for row in odd.tolist():
        values[row], notes[row] = _odd(values[row], limits)
    return [pa.array(values, pa.binary()), pa.array(notes, pa.string())]


def _odd(wkb: bytes, limits: Limits) -> tuple[bytes | None, str]:
    if len(wkb) > limits.vertices * 16:
        return None, note(
            "too_many_vertices",
            "quarantined",
            f"Khoảng {number_vi(len(wkb) // 16)} đỉnh, quá giới hạn {number_vi(limits.vertices)}: tách"
            " hình hoặc giảm bớt đỉnh.",
            f"About {len(wkb) // 16:,} vertices, above the limit of {limits.vertices:,}: split or simplify"
            " the shape.",
        )
    try:
        return straight(wkb), _CURVED
    except (ValueError, IndexError, RecursionError):
        return None, _BROKEN


def _type_codes(column: pa.Array, sizes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Geometry type of each WKB without parsing it: bytes 1–4 in the byte order of byte 0."""
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int64)[column.offset : column.offset + len(column)]
    data = column.buffers()[2]
    codes = np.zeros(len(column), dtype=np.uint32)
    if data is None:
        return codes
    everything = np.frombuffer(data, dtype=np.uint8)
    there = np.flatnonzero(sizes >= 5)
    heads = everything[offsets[there][:, None] + np.arange(5)].astype(np.uint32)
    little = heads[:, 1] | heads[:, 2] << 8 | heads[:, 3] << 16 | heads[:, 4] << 24
    big = heads[:, 4] | heads[:, 3] << 8 | heads[:, 2] << 16 | heads[:, 1] << 24
    codes[there] = np.where(heads[:, 0] == 1, little, big)
    return codes


def _storage(column: pa.Array) -> pa.Array:
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def _value(column: pa.Array, raw: bool) -> pa.Array | None:
    """A column in one of few types; None for those that no field can come from."""
    column = _storage(column)
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if any(check(kind) for check in (*_NUMBERS, *_TIMES)):
        return column
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return texts(column, raw)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_null(kind):
        return None
    if pa.types.is_nested(kind):
        dumped = [
            None if each is None else json.dumps(each, default=str, ensure_ascii=False)
            for each in column.to_pylist()
        ]
        return pa.array(dumped, pa.string())
    return pa.array([None if each is None else str(each) for each in column.to_pylist()], pa.string())


def texts(column: pa.Array, raw: bool) -> pa.Array:
    """Valid UTF-8. Bytes without a known encoding become one character each (ISO 8859-1)."""
    if not raw:
        try:
            column.validate(full=True)
            return column.cast(pa.string())
        except pa.ArrowInvalid:
            pass
    values = column.cast(pa.large_string()).view(pa.large_binary()).to_pylist()
    return pa.array([None if each is None else _text(each, raw) for each in values], pa.string())


def _text(found: bytes, raw: bool) -> str:
    if raw:
        return found.decode("latin-1")
    try:
        return found.decode("utf-8")
    except UnicodeDecodeError:
        return (
            found.decode("cp1252", errors="replace")
            if not any(b in found for b in _HOLES)
            else found.decode("latin-1")
        )


_HOLES = (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d")


def unique(names: list[str]) -> list[str]:
    """Column names without repetition, blanks or NUL."""
    out: list[str] = []
    for n, name in enumerate(names, start=1):
        clean = name.replace("\x00", "").strip() or f"column_{n}"
        made, again = clean, 2
        while made in out or made in (GEOMETRY, NOTES):
            made, again = f"{clean}_{again}", again + 1
        out.append(made)
    return out


def sliced(batch: pa.RecordBatch, limits: Limits) -> Iterator[pa.RecordBatch]:
    """A batch in pieces of bounded size."""
    pieces = min(len(batch), batch.nbytes // limits.batch_bytes + 1) or 1
    step = -(-len(batch) // pieces) or 1
    for start in range(0, max(len(batch), 1), step):
        yield batch.slice(start, step)
