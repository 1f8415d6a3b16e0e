"""Files that GDAL reads, with options that keep it from guessing, repairing or writing beside them."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyogrio

from etl.sources import beside, blocks, domains, drawing
from etl.sources.frames import plain, sliced, unique
from etl.sources.mapinfo import mapinfo
from etl.sources.markup import refuse_cut
from etl.sources.refusal import Refused, too_many_columns
from etl.sources.shapefile import Shapefile
from etl.types import MEANING, Column, SourceLayer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.text.encodings import Transport
    from etl.types import Limits, Note

# What a file may be once GDAL has looked at it.
DRIVERS = {
    "ESRI Shapefile", "GPKG", "OpenFileGDB", "GeoJSON", "GeoJSONSeq", "FlatGeobuf", "KML", "LIBKML", "GML",
    "MapInfo File", "DGN", "DXF", "SQLite", "GPX", "ESRIJSON", "TopoJSON",
}  # fmt: skip
_OPTIONS: dict[str, dict[str, str]] = {
    ".gml": {"WRITE_GFS": "NO", "DOWNLOAD_SCHEMA": "NO"},
    ".xml": {"WRITE_GFS": "NO", "DOWNLOAD_SCHEMA": "NO"},
}
# Rows a batch of shapes of unknown size starts with.
_ROWS_UNKNOWN = 2_000
_CAD = ("DGN", "DXF")
_TILES = {"zoom_level", "tile_column", "tile_row"}
_CORNERS = ("route_points", "track_points")
# What a drawing offers beside its elements: areas with their texts, and places of blocks.
LABELLED, BLOCKS = "text", "block"


class VectorFile:
    """One data set that GDAL opens."""

    def __init__(self, path: Path, inner: str, folder: Path, limits: Limits) -> None:
        self.inner = inner
        self._limits = limits
        self._options = _OPTIONS.get(path.suffix.lower(), {})
        self._encoding: str | None = None
        self._declared: str | None = None
        self._transport: Transport = "unicode"
        self._notes: list[Note] = []
        self._path = path
        match path.suffix.lower():
            case ".shp":
                shape = Shapefile(path, folder)
                self._path, self._notes, self._declared = shape.readable, shape.notes, shape.code_page
                self._encoding, self._transport = "ISO-8859-1", "bytes"
            case ".kml" | ".gml" | ".xml" | ".gpx" | ".dxf":
                refuse_cut(path)
                self._transport = "cp1252" if path.suffix.lower() == ".dxf" else "unicode"
            case ".tab" | ".mif":
                self._transport, self._declared, self._notes = mapinfo(path)
            case ".dgn":
                self._transport = "cp1252"

    def layers(self) -> list[SourceLayer]:
        """Layers with geometry; those without only where there is nothing else."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            listed = pyogrio.list_layers(self._path)
            found = [self._layer(str(name)) for name, _ in listed]
        if found and found[0].driver == "GPX":
            found = self._of_devices(found)
        if found and found[0].driver in _CAD:
            found += self._labelled(found[0])
        # A raster in a GeoPackage is listed as the table of its tiles.
        found = [each for each in found if not {column.name for column in each.columns} >= _TILES]
        with_geometry = [each for each in found if each.geometry != "None"]
        if not with_geometry:
            return found
        things = [each for each in with_geometry if not beside.is_annotation(each)] or with_geometry
        told = beside.notes(
            self._path,
            [each.inner_layer for each in found if each.geometry == "None"],
            [each.inner_layer for each in with_geometry if each not in things],
        )
        return [replace(each, notes=(*each.notes, *told)) for each in things]

    def batches(self, inner_layer: str, size: int) -> Iterator[pa.RecordBatch]:
        """Rows of a layer. Batches of heavy shapes are made small before they are read."""
        if inner_layer in (LABELLED, BLOCKS):
            yield from sliced(self._drawing()[inner_layer], self._limits)
            return
        read = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pyogrio.open_arrow(
                self._path,
                layer=inner_layer,
                encoding=self._encoding,
                batch_size=self._rows_a_batch(inner_layer, size),
                **self._options,
            ) as (meta, stream):
                geometry = meta["geometry_name"] or "wkb_geometry"
                reader = pa.RecordBatchReader.from_stream(stream)
                named = domains.names_of(self._path, inner_layer)
                for batch in reader:
                    read += len(batch)
                    whole = plain(
                        domains.as_stored(batch),
                        geometry,
                        self._limits,
                        raw=self._transport == "bytes" and not self._encoding,
                    )
                    yield from sliced(domains.with_names(whole, named), self._limits)
        self._complete(inner_layer, read)

    def _of_devices(self, found: list[SourceLayer]) -> list[SourceLayer]:
        """GPX always has five layers: those that are filled, without the corners of the lines once more."""
        kept = []
        for each in found:
            info = pyogrio.read_info(self._path, layer=each.inner_layer, force_feature_count=True)
            if info["features"] and each.inner_layer not in _CORNERS:
                kept.append(replace(each, rows=int(info["features"])))
        return kept or found[:1]

    def _drawing(self) -> dict[str, pa.RecordBatch]:
        """What a drawing's texts and blocks say of its areas and places, by the layer that offers it."""
        (name, _), *_ = pyogrio.list_layers(self._path)
        found = drawing.drawn(self.batches(str(name), _ROWS_UNKNOWN))
        said = blocks.read(self._path) if self._path.suffix.lower() == ".dxf" else None
        made = {}
        if said is not None and said.values:
            found = blocks.apart(found, said)
            made[BLOCKS] = blocks.places(said)
        if drawing.has_labels(found, said) and len(areas := drawing.areas(found, said)):
            made = {LABELLED: areas, **made}
        return made

    def _labelled(self, whole: SourceLayer) -> list[SourceLayer]:
        """A drawing with texts or blocks in its areas, as areas with those for attributes; and its blocks."""
        return [
            replace(
                whole,
                name=f"{whole.name} + {name}",
                inner_layer=name,
                rows=len(made),
                geometry="Polygon" if name == LABELLED else "Point",
                columns=tuple(Column(each, "object") for each in made.schema.names[2:]),
            )
            for name, made in self._drawing().items()
        ]

    def _layer(self, name: str) -> SourceLayer:
        info = pyogrio.read_info(self._path, layer=name, encoding=self._encoding, **self._options)
        if info["driver"] not in DRIVERS:
            raise Refused(
                "driver",
                f"Không đọc kiểu tệp {info['driver']}: xuất sang GeoPackage hoặc Shapefile rồi nạp lại.",
                f"Files of the type {info['driver']} are not read: export to GeoPackage or shapefile.",
            )
        if len(info["fields"]) > self._limits.columns:
            raise too_many_columns(len(info["fields"]), self._limits.columns)
        kinds = [str(each) for each in info["dtypes"]]
        columns = tuple(
            Column(n, k) for n, k in zip(unique([str(n) for n in info["fields"]]), kinds, strict=True)
        )
        named = domains.names_of(self._path, name)
        columns += tuple(Column(each.name + MEANING, "object") for each in columns if each.name in named)
        stem = Path(self.inner).stem if self.inner else self._path.stem
        count = int(info["features"])
        return SourceLayer(
            name=name if name == stem or not self.inner else f"{Path(self.inner).name}/{name}",
            driver=str(info["driver"]),
            opener="vector",
            inner=self.inner,
            inner_layer=name,
            rows=count if count >= 0 else None,
            geometry=str(info["geometry_type"]),
            columns=columns,
            crs_wkt=info["crs"] if info["driver"] not in _CAD else None,
            transport=self._transport,
            encoding=self._declared,
            notes=(*self._notes, *domains.notes(named)),
        )

    def _rows_a_batch(self, inner_layer: str, size: int) -> int:
        """So many rows as are likely to stay within a batch's bytes."""
        info = pyogrio.read_info(self._path, layer=inner_layer, encoding=self._encoding, **self._options)
        count = int(info["features"])
        if count <= 0:
            return min(size, _ROWS_UNKNOWN)
        weight = sum(each.stat().st_size for each in self._files()) / count
        return max(1, min(size, int(self._limits.batch_bytes / 4 / max(weight, 1))))

    def _files(self) -> list[Path]:
        return (
            [each for each in self._path.rglob("*") if each.is_file()]
            if self._path.is_dir()
            else [self._path]
        )

    def _complete(self, inner_layer: str, read: int) -> None:
        """A damaged file may end in the middle without an error: fewer rows than it says is not the file."""
        info: dict[str, Any] = pyogrio.read_info(
            self._path, layer=inner_layer, encoding=self._encoding, **self._options
        )
        if info["driver"] in ("GPKG", "FlatGeobuf", "OpenFileGDB") and 0 <= read < int(info["features"]):
            raise Refused(
                "rows_missing",
                f"Tệp ghi có {info['features']} dòng nhưng chỉ đọc được {read}: tệp hỏng. Sao chép"
                " hoặc xuất lại từ nguồn.",
                f"The file says {info['features']} rows and only {read} can be read: it is damaged. Copy it"
                " or export it again from its source.",
            )
