"""Rows of features into file formats. Each takes batches and keeps one of them in memory."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import CRS

from geo.errors import DiabanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from geo.features import Column, Crs
    from layers.description import Layer

    type Rows = Iterable[list[tuple[Any, ...]]]
    type Writer = Callable[[str, Layer, list[Column], Crs, Rows], None]

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "geojsonseq": "application/geo+json-seq",
    "fgb": "application/flatgeobuf",
    "gpkg": "application/geopackage+sqlite3",
    "parquet": "application/vnd.apache.parquet",
}
# Excel reads UTF-8 only behind this mark.
BOM = b"\xef\xbb\xbf"
# A cell that begins so is a formula to a spreadsheet; what citizens write must stay text.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
ARROW: dict[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int32(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def csv_head(layer: Layer, columns: list[Column]) -> bytes:
    """The mark and the line of names: points have two columns of coordinates, other shapes one of WKT."""
    places = ["x", "y"] if layer.geometry == "Point" else ["wkt"]
    return BOM + _csv([["id", *(column.name for column in columns), *places]])


def csv_lines(layer: Layer, crs: Crs, rows: list[tuple[Any, ...]]) -> bytes:
    """Lines of a batch, ended by CR LF (RFC 4180); coordinates with the decimals that GeoJSON gives them.

    What is stored was often calculated, and then its shortest digits are 106.35300000000001.
    """
    # Adding 0 makes 0 of -0.
    shapes = shapely.transform(
        shapely.from_wkb([row[-1] for row in rows]), lambda pairs: np.round(pairs, crs.decimals) + 0.0
    )
    points = layer.geometry == "Point"
    places = [[shape.x, shape.y] for shape in shapes] if points else [[shape.wkt] for shape in shapes]
    lines = [[row[0], *map(_cell, row[1:-1]), *place] for row, place in zip(rows, places, strict=True)]
    return _csv(lines)


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date | datetime) else value


def _csv(lines: list[list[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()


def write_parquet(path: str, layer: Layer, columns: list[Column], crs: Crs, rows: Rows) -> None:
    """GeoParquet 1.1: WKB, a row group a batch; coordinates in x, y order whatever the CRS's axes are."""
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {
                "encoding": "WKB",
                "geometry_types": [layer.geometry],
                "crs": json.loads(_crs(crs).to_json()),
            }
        },
    }
    schema = _schema(columns).with_metadata({b"geo": json.dumps(geo).encode()})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in rows:
            writer.write_batch(_batch(batch, schema))


def write_ogr(driver: str) -> Writer:
    """A writer through GDAL's ``driver``, fed by an Arrow stream."""

    def write(path: str, layer: Layer, columns: list[Column], crs: Crs, rows: Rows) -> None:
        import pyogrio  # brings pandas with it: a second of a core that no other form needs

        schema = _schema(columns)
        failed: list[DiabanError] = []

        def batches() -> Iterator[pa.RecordBatch]:
            try:
                for batch in rows:
                    yield _batch(batch, schema)
            except DiabanError as error:
                # Between Arrow and GDAL an error loses its type and its words.
                failed.append(error)
                raise

        try:
            pyogrio.write_arrow(
                pa.RecordBatchReader.from_batches(schema, batches()),
                path,
                driver=driver,
                layer=layer.name,
                geometry_name="geometry",
                geometry_type=layer.geometry,
                crs=_crs(crs).to_wkt(),
            )
        except RuntimeError as error:
            raise failed[0] if failed else error from None

    return write


WRITERS: dict[str, Writer] = {
    "parquet": write_parquet,
    "fgb": write_ogr("FlatGeobuf"),
    "gpkg": write_ogr("GPKG"),
}


def _crs(crs: Crs) -> CRS:
    # The SRID is PostGIS' own for systems whose transformation is pinned there; programs know EPSG's code.
    return CRS.from_user_input("OGC:CRS84" if crs.geographic else int(crs.uri.rpartition("/")[2]))


def _schema(columns: list[Column]) -> pa.Schema:
    fields = [pa.field(column.name, ARROW[column.type]) for column in columns]
    return pa.schema([pa.field("id", pa.int64()), *fields, pa.field("geometry", pa.binary())])


def _batch(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    values = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(values, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
