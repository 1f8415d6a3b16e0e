"""GeoParquet 1.x (WKB), and Parquet with a WKB column that only its name makes a geometry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyproj

from etl.sources.frames import plain, sliced, unique
from etl.sources.refusal import Refused
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
            yield from sliced(plain(batch, self._geometry, self._limits), self._limits)

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
