"""The parent's side of reading: descriptions and batches out of the worker."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import shapely

from etl.sources.frames import GEOMETRY, NOTES, UNREADABLE
from etl.sources.process import worker
from etl.sources.refusal import Refused
from etl.sources.together import marked, together
from etl.types import Batch, Column, Fault, Limits, Note, Source, SourceLayer
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from etl.types import Geometries

_BLOCK = 1 << 20
DEFAULT = Limits()


def open_source(path: Path, limits: Limits = DEFAULT) -> Source:
    """What a file holds, without its rows. ``Refused`` (a 4xx at the doors) says why it cannot be read."""
    path = path.resolve()
    if not path.exists():
        raise Refused("no_file", f"Không có tệp {path.name}.", f"There is no file {path.name}.")
    size = _size(path)
    if size > limits.file_bytes:
        raise Refused(
            "too_large",
            f"{path.name} lớn {size // 2**20} MB, quá giới hạn {limits.file_bytes // 2**20} MB: chia nhỏ"
            " tệp.",
            f"{path.name} has {size // 2**20} MB, above the limit of {limits.file_bytes // 2**20} MB: split"
            " it.",
        )
    job = {"do": "describe", "path": str(path), "limits": asdict(limits)}
    described: list[dict[str, Any]] = []
    with worker(job, limits) as (out, _):
        described = json.loads(out.read())
    layers = tuple(map(_layer, described))
    layers = tuple(each for each in layers if each.geometry != "None") or layers
    if not layers:
        raise Refused(
            "no_layers",
            f"{path.name} không có lớp dữ liệu nào: rỗng, hoặc chỉ chứa ảnh. Kiểm tra lại rồi xuất lớp cần"
            " nạp sang GeoPackage hoặc Shapefile.",
            f"{path.name} holds no layer of data: it is empty or holds pictures only. Export the layer that"
            " is meant to GeoPackage or shapefile.",
        )
    named = _named(layers)
    return Source(path, _sha256(path), size, (*named, *together(named)), (), limits)


def batches(source: Source, name: str, size: int = 20_000) -> Iterator[Batch]:
    """The rows of a layer in the order of the file, in its own coordinate system, ``size`` a batch at most.

    ``Refused`` where it cannot be read to its end, ``KeyError`` for a layer that is not there. Stopping early
    ends the worker.
    """
    layer = source.layer(name)
    row = 1
    for part in layer.parts or (name,):
        for batch in _batches(source, source.layer(part), size, row):
            yield batch if not layer.parts else marked(batch, part)
            row = batch.first_row + len(batch)


def _batches(source: Source, layer: SourceLayer, size: int, row: int) -> Iterator[Batch]:
    asked = {"inner": layer.inner, "inner_layer": layer.inner_layer}
    job = {
        "do": "read",
        "path": str(source.path),
        "limits": asdict(source.limits),
        "layer": asked,
        "size": size,
    }
    with worker(job, source.limits) as (out, watchdog):
        reader = pa.ipc.open_stream(out)
        for record in reader:
            if not len(record):
                continue
            watchdog.pause()
            yield _batch(record, row)
            watchdog.alive()
            row += len(record)


def _batch(record: pa.RecordBatch, first_row: int) -> Batch:
    column = record.column(GEOMETRY)
    geometry: Geometries = shapely.from_wkb(column.to_numpy(zero_copy_only=False), on_invalid="ignore")
    names = [name for name in record.schema.names if name not in (GEOMETRY, NOTES)]
    faults = [
        Fault(first_row + int(row), "geometry_unreadable", Text(vi=UNREADABLE[0], en=UNREADABLE[1]))
        for row in np.flatnonzero(
            shapely.is_missing(geometry) & column.is_valid().to_numpy(zero_copy_only=False)
        )
    ]
    notes: list[Note] = []
    if NOTES in record.schema.names and record.column(NOTES).null_count < len(record):
        for row, told in enumerate(record.column(NOTES).to_pylist(), start=first_row):
            for each in json.loads(told) if told else []:
                text = Text(vi=each["vi"], en=each["en"])
                if each["severity"] == "quarantined":
                    faults.append(Fault(row, each["code"], text))
                else:
                    notes.append(Note(each["code"], each["severity"], text, 1, (row,)))
    return Batch(
        first_row, geometry, {name: record.column(name) for name in names}, tuple(faults), tuple(notes)
    )


def _layer(told: dict[str, Any]) -> SourceLayer:
    columns = tuple(Column(**each) for each in told.pop("columns"))
    notes = tuple(
        Note(**{**each, "text": Text(**each["text"]), "rows": tuple(each["rows"])})
        for each in told.pop("notes")
    )
    return SourceLayer(**told, columns=columns, notes=notes)


def _named(layers: tuple[SourceLayer, ...]) -> tuple[SourceLayer, ...]:
    """Names that tell layers apart: with the data set's path where two are alike."""
    names = [each.name for each in layers]
    if len(set(names)) == len(names):
        return layers
    return tuple(replace(each, name=f"{each.inner}/{each.inner_layer}") for each in layers)


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
    return path.stat().st_size


def _sha256(path: Path) -> str:
    """Of the file; of a folder (a geodatabase) of its files in the order of their names."""
    digest = hashlib.sha256()
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    for each in files:
        if path.is_dir():
            digest.update(str(each.relative_to(path)).encode())
        with each.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()
