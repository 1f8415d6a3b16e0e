"""GeoParquet 1.x (WKB), and Parquet with a WKB column that only its name makes a geometry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyproj

from etl.sources.coordinates import northing_first, number
from etl.sources.frames import plain, sliced, unique
from etl.sources.places import cell, places
from etl.sources.refusal import Refused
from etl.sources.roles import header_of
from etl.types import Column, SourceLayer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.types import Limits

_NAMES = ("geometry", "geom", "wkb_geometry", "the_geom", "shape")
_GROUP_BYTES = 1 << 30


class ParquetFile:
    """One Parquet file."""

    def __init__(self, path: Path, inner: str, limits: Limits) -> None:
        self.inner = inner
        self._path = path
        self._limits = limits
        self._file = pq.ParquetFile(path)
        self._geo = json.loads((self._file.schema_arrow.metadata or {}).get(b"geo", b"{}"))
        self._geometry = self._find()
        self._places = None if self._geometry else header_of(self._file.schema_arrow.names, "unicode")
        if self._places is not None and not self._places.located:
            self._places = None

    def layers(self) -> list[SourceLayer]:
        """The one layer."""
        schema = self._file.schema_arrow
        fields = [each for each in schema if each.name != self._geometry]
        names = unique([each.name for each in fields])
        stem = Path(self.inner or self._path).stem
        return [
            SourceLayer(
                name=stem,
                driver="Parquet",
                opener="parquet",
                inner=self.inner,
                inner_layer=stem,
                rows=self._file.metadata.num_rows,
                geometry=", ".join(self._column().get("geometry_types", [])) or "Unknown",
                columns=tuple(Column(n, str(f.type)) for n, f in zip(names, fields, strict=True)),
                crs_wkt=self._crs(),
            )
        ]

    def batches(self, inner_layer: str, size: int) -> Iterator[pa.RecordBatch]:
        """Rows by row group; one that unpacks to more than a gigabyte is refused, it must be held whole."""
        metadata = self._file.metadata
        for group in range(metadata.num_row_groups):
            if metadata.row_group(group).total_byte_size > _GROUP_BYTES:
                raise Refused(
                    "row_group",
                    "Nhóm dòng của tệp Parquet quá lớn: ghi lại với row_group_size nhỏ hơn.",
                    "A row group of the Parquet file is too large: write it with a smaller row_group_size.",
                )
        for batch in self._file.iter_batches(batch_size=min(size, self._rows_a_batch())):
            whole = plain(batch, self._geometry, self._limits)
            yield from sliced(whole if self._places is None else self._placed(whole), self._limits)

    def _placed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Rows of a table without a geometry: by its columns of coordinates, or of WKT."""
        assert self._places is not None  # noqa: S101 - the caller asked
        names = batch.schema.names
        rows = [list(row) for row in zip(*(batch.column(n).to_pylist() for n in names[2:]), strict=True)]
        head = self._places
        pairs = [(number(cell(row, head.first)), number(cell(row, head.second))) for row in rows]
        swap = northing_first([(a, b) for a, b in pairs if a is not None and b is not None]) or False
        shapes, notes = places(head, rows, None, swap=swap)
        arrays = [pa.array(shapes, pa.binary()), pa.array(notes, pa.string()), *batch.columns[2:]]
        return pa.record_batch(arrays, names=names)

    def _rows_a_batch(self) -> int:
        metadata = self._file.metadata
        total = sum(metadata.row_group(n).total_byte_size for n in range(metadata.num_row_groups))
        return max(1, int(self._limits.batch_bytes / 4 / max(total / max(metadata.num_rows, 1), 1)))

    def _find(self) -> str | None:
        schema = self._file.schema_arrow
        named = self._geo.get("primary_column")
        names = [named] if named else [each for each in schema.names if each.lower() in _NAMES]
        found: str | None = next((name for name in names if name in schema.names), None)
        if found is None:
            return None
        kind = schema.field(found).type
        if not self._geo and (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            return None  # geometries in words
        if self._column(found).get("encoding", "WKB") != "WKB" or not _is_binary(kind):
            raise Refused(
                "parquet_encoding",
                "Cột hình học của tệp Parquet không phải WKB: ghi lại bằng mã hóa WKB.",
                "The Parquet file's geometry is not WKB: write it in the WKB encoding.",
            )
        return found

    def _column(self, name: str | None = None) -> dict[str, Any]:
        found = self._geo.get("columns", {}).get(name or self._geometry, {})
        return found if isinstance(found, dict) else {}

    def _crs(self) -> str | None:
        """A missing ``crs`` is lon lat in WGS 84 by the specification, a null one is unknown."""
        column = self._column()
        if not column or ("crs" in column and column["crs"] is None):
            return None
        return str(pyproj.CRS.from_user_input(column["crs"]).to_wkt()) if "crs" in column else "EPSG:4326"


def _is_binary(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or isinstance(kind, pa.ExtensionType)
    )
