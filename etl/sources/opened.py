"""A data set and its reader, inside the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from etl.sources.archives import unpack
from etl.sources.refusal import Refused
from etl.sources.sniff import PHOTOS, kind
from etl.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from etl.types import Limits, SourceLayer


class Opened(Protocol):
    """What every reader can do. ``inner`` is the data set's path inside an archive, else empty."""

    inner: str

    def layers(self) -> list[SourceLayer]:
        """The layers, without their rows."""
        ...

    def batches(self, inner_layer: str, size: int) -> Iterator[pa.RecordBatch]:
        """Rows: ``__geometry__`` (WKB), ``__notes__`` (JSON or null), and the layer's columns."""
        ...


def open_data_sets(path: Path, folder: Path, limits: Limits) -> tuple[list[Opened], list[Refused]]:
    """The file's data sets, and why others in it are none; an archive is unpacked into ``folder`` first.

    ``Refused`` where not one can be opened.
    """
    what = kind(path)
    if what != "zip":
        return [_open(path, "", folder, limits)], []
    base = folder / "unpacked"
    base.mkdir()
    found = unpack(path, base, limits)
    if not found and (photos := _photos(base)):
        from etl.sources.photos import PhotoFiles

        return [PhotoFiles(photos, path.stem, "")], []
    if not found:
        raise _nothing(path, base)
    opened, refusals = [], []
    for each in found:
        try:
            opened.append(_open(each, str(each.relative_to(base)), folder, limits))
        except Refused as refused:
            refusals.append(refused)
    if not opened:
        raise refusals[0]
    return opened, refusals


def _photos(base: Path) -> list[Path]:
    """The photographs of an archive that holds nothing else to read."""
    files = sorted(each for each in base.rglob("*") if each.is_file() and each.suffix.lower() in PHOTOS)
    return [each for each in files if kind(each) == "photos" and not each.name.startswith("._")]


def _nothing(path: Path, base: Path) -> Refused:
    """An archive without data: what its files are instead, and what to do with them."""
    files = sorted(each for each in base.rglob("*") if each.is_file())
    for each in files[:50]:
        try:
            kind(each)
        except Refused as refused:
            if refused.code.startswith(("convert_", "part_missing")):
                return refused
    shown = listed([each.relative_to(base) for each in files])
    wanted = ".shp, .gpkg, .gdb, .tab, .dgn, .dxf, .kml, .geojson, .xlsx, .csv"
    return Refused(
        "nothing_inside",
        f"{path.name} không chứa tệp dữ liệu nào đọc được (bên trong: {shown or 'rỗng'}). Cần một trong các"
        f" kiểu: {wanted}.",
        f"{path.name} holds no data that can be read (inside: {shown or 'nothing'}). Wanted: {wanted}.",
    )


def _open(path: Path, inner: str, folder: Path, limits: Limits) -> Opened:  # noqa: PLR0911
    """The reader of one data set; imports are late, each is a heavy library."""
    match kind(path):
        case "vector" if path.suffix.lower() == ".kml":
            from etl.sources.kml import KmlFile

            return KmlFile(path, inner, limits)
        case "vector":
            from etl.sources.vector import VectorFile

            return VectorFile(path, inner, folder, limits)
        case "parquet":
            from etl.sources.parquet import ParquetFile

            return ParquetFile(path, inner, limits)
        case "csv":
            from etl.sources.books import TextFile
            from etl.sources.cells import CsvCells

            return TextFile(path, inner, CsvCells(path, limits))
        case "photos":
            from etl.sources.photos import PhotoFiles

            return PhotoFiles([path], path.stem, inner)
        case "fieldbook":
            from etl.sources.books import TextFile
            from etl.sources.fieldbook import FieldbookCells

            return TextFile(path, inner, FieldbookCells(path, limits))
        case "sheet":
            from etl.sources.books import SheetFile

            return SheetFile(path, inner, limits)
    raise Refused(
        "nested",
        f"{path.name}: tệp nén nằm quá sâu trong tệp nén. Giải nén ra rồi nén lại dữ liệu vào một tệp .zip.",
        f"{path.name}: an archive too deep in archives. Unpack it and pack its data as one .zip.",
    )
