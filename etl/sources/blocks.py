"""Blocks of a DXF drawing whose attributes are filled in: a parcel's number, use and area beside a symbol.

Draughtsmen insert one block (``THUA``, ``CAMERA``) at every place and fill in its attributes (``SOTHUA``,
``LOAIDAT``); GDAL draws a block's lines and writes its attributes as loose texts without their names, or, not
drawing it, gives the names. Both are read: the drawing for its lines, the insertions for what they say.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyogrio
import shapely

from etl.sources.columns import to_batch

if TYPE_CHECKING:
    from pathlib import Path

    from etl.sources.drawing import Drawn, Geometries

ATTRIBUTES, BLOCK = "BlockAttributes", "Block"
_ELEMENTS = "entities"


class Blocks(NamedTuple):
    """Insertions with attributes: places, layers, names of their blocks, handles, and values by tag."""

    points: Geometries
    layers: list[str]
    names: list[str]
    handles: frozenset[str]
    values: list[dict[str, str]]

    @property
    def tags(self) -> list[str]:
        """The names of all attributes, in their order."""
        return list(dict.fromkeys(tag for each in self.values for tag in each))


def read(path: Path) -> Blocks:
    """Insertions of which an attribute is filled in."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        meta, table = pyogrio.read_arrow(
            path, layer=_ELEMENTS, where="BlockName IS NOT NULL", INLINE_BLOCKS="FALSE"
        )
    if ATTRIBUTES not in table.column_names:
        return Blocks(np.empty(0, dtype=object), [], [], frozenset(), [])
    values = [_pairs(each or []) for each in table.column(ATTRIBUTES).to_pylist()]
    filled = [at for at, each in enumerate(values) if each]
    kept = table.take(pa.array(filled, pa.int64()))
    wkb = kept.column(meta["geometry_name"] or "wkb_geometry").to_numpy()
    handles = frozenset(str(each) for each in kept.column("EntityHandle").to_pylist())
    return Blocks(
        shapely.force_2d(shapely.from_wkb(wkb, on_invalid="ignore")),
        [str(each or "") for each in kept.column("Layer").to_pylist()],
        [str(each or "") for each in kept.column("BlockName").to_pylist()],
        handles,
        [values[at] for at in filled],
    )


def _pairs(told: list[str]) -> dict[str, str]:
    """``["SOTHUA 12", "LOAIDAT LUC"]`` by tag; empty ones say nothing."""
    parts = (each.partition(" ") for each in told)
    return {tag: value.strip() for tag, _, value in parts if value.strip()}


def apart(drawing: Drawn, blocks: Blocks) -> Drawn:
    """The drawing without the blocks' symbols and the loose texts of their attributes.

    Lines of blocks stay where nothing else is an outline: then the block itself is the parcel.
    """
    loose = np.array(["AcDbAttribute" in each for each in drawing.classes], dtype=bool)
    symbol = np.array([each in blocks.handles for each in drawing.handles], dtype=bool)
    kinds = shapely.get_type_id(drawing.shapes)
    outlines = (
        np.isin(kinds, (shapely.GeometryType.LINESTRING, shapely.GeometryType.POLYGON)) & ~symbol & ~loose
    )
    keep = ~loose & ~symbol if outlines.any() else ~loose
    return drawing.only(np.flatnonzero(keep).tolist())


def places(blocks: Blocks) -> pa.RecordBatch:
    """A point an insertion: its layer, its block and a column a tag."""
    columns: dict[str, list[object]] = {"Layer": list(blocks.layers), BLOCK: list(blocks.names)}
    for tag in blocks.tags:
        columns[tag if tag not in columns else f"{tag}_2"] = [each.get(tag) for each in blocks.values]
    wkb: list[bytes | None] = [bytes(each) for each in shapely.to_wkb(blocks.points)]
    return to_batch(wkb, [None] * len(wkb), columns, frozenset())
