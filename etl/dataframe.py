"""A whole vector file as a GeoDataFrame in WGS 84: boundaries are checked as a set and not row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from etl.georef import geometries_to_wgs84, understand
from etl.sources import batches, open_source
from etl.text import Decoder, judge
from geo.errors import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

    from etl.types import Batch, CrsChoice, SourceLayer


def read_dataframe(file: Path, where: tuple[str, str] | None = None) -> gpd.GeoDataFrame:
    """The rows of a file of one layer in EPSG:4326, two-dimensional, texts in NFC.

    ``where`` (column, value) keeps the rows of one value where the file has that column. ``InvalidInput`` for
    files that cannot be read, several layers, and a system that is not declared.
    """
    source = open_source(file)
    if len(source.layers) > 1:
        names = ", ".join(each.name for each in source.layers)
        raise InvalidInput(
            "file", file.name, f"tệp có một lớp (đang có: {names})", f"one layer (it has {names})"
        )
    layer = source.layers[0]
    system = understand(layer.crs_wkt).system
    if system is None:
        raise InvalidInput(
            "file", file.name, "tệp khai báo hệ tọa độ", "a file that declares its coordinate system"
        )
    parts = [_frame(batch, system, where) for batch in batches(source, layer.name)]
    if not parts:
        return gpd.GeoDataFrame(geometry=[], crs=4326)
    return _decoded(gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=4326), layer)


def _frame(batch: Batch, system: CrsChoice, where: tuple[str, str] | None) -> gpd.GeoDataFrame:
    table = pa.table(dict(batch.columns))
    shapes = batch.geometry
    if where is not None and where[0] in table.column_names:
        kept = pc.fill_null(pc.equal(pc.cast(table[where[0]], pa.string()), where[1]), False)
        table, shapes = table.filter(kept), shapes[kept.to_numpy()]
    placed = geometries_to_wgs84(shapely.force_2d(shapes), system)
    return gpd.GeoDataFrame(table.to_pandas(), geometry=placed, crs=4326)


def _decoded(frame: gpd.GeoDataFrame, layer: SourceLayer) -> gpd.GeoDataFrame:
    columns = {
        name: [text for text in frame[name].dropna().unique().tolist() if isinstance(text, str)]
        for name in frame.columns
        if name != "geometry"
    }
    texts = {name: found for name, found in columns.items() if found}
    judged = judge(texts, layer.transport, declared=layer.encoding)
    for name in texts:
        decoder = Decoder(judged.keys[name], layer.transport, also=judged.present)
        frame[name] = [decoder(each) if isinstance(each, str) else each for each in frame[name].tolist()]
    return frame
