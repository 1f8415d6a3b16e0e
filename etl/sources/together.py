"""Layers of one form as one: a zip with a file a map sheet, a workbook with a sheet a commune."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from etl.types import Batch, SourceLayer

# The name under which all alike layers are read, and the column that says which of them a row is from.
ALL, FROM = "*", "_layer"


def together(layers: tuple[SourceLayer, ...]) -> tuple[SourceLayer, ...]:
    """The largest set of layers of one form as one layer more; nothing where no two are alike."""
    groups: dict[object, list[SourceLayer]] = {}
    for each in layers:
        if each.columns and each.rows != 0:
            groups.setdefault(_form(each), []).append(each)
    largest = max(groups.values(), key=len, default=[])
    if len(largest) < 2 or any(each.name == ALL for each in layers):
        return ()
    counts = [each.rows for each in largest]
    rows = None if None in counts else sum(each or 0 for each in counts)
    notes = tuple(dict.fromkeys(note for each in largest for note in each.notes))
    parts = tuple(each.name for each in largest)
    return (replace(largest[0], name=ALL, inner="", inner_layer=ALL, rows=rows, notes=notes, parts=parts),)


def marked(batch: Batch, name: str) -> Batch:
    """A batch whose rows say which layer they are from."""
    return replace(batch, columns={**batch.columns, FROM: pa.array([name] * len(batch), pa.string())})


def _form(layer: SourceLayer) -> object:
    """What two layers must have in common to be read as one; a TAB beside its MIF is the same data twice."""
    kind = layer.geometry.replace("Multi", "").replace(" Z", "")
    names = tuple(sorted(column.name for column in layer.columns))
    system = (layer.crs_wkt, layer.crs_hint, layer.transport, layer.encoding)
    return (layer.opener, layer.driver, Path(layer.inner).suffix.lower(), kind, names, system)
