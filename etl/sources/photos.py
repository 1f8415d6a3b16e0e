"""Photographs that say where they were taken (EXIF): a point each, with time, heading and the file's name.

The pictures themselves are not kept, and nothing else of what they say is read: no maker's notes, no names,
no small copies. JPEG and HEIC, as telephones take them; alone or in an archive.
"""

from __future__ import annotations

import io
import logging
import math
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyproj
import shapely

from etl.sources.frames import GEOMETRY, NOTES, note
from etl.sources.refusal import Refused
from etl.types import Column, Note, SourceLayer
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TIME = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d) (\d\d:\d\d:\d\d)", re.ASCII)
READS = 50_000
# GPSHPositioningError, by the number that older readers know it by.
_ERROR = "GPS Tag 0x001F"
_OFFSET = re.compile(r"[+-]\d\d:\d\d", re.ASCII)
_COLUMNS = {"ten": pa.string(), "tep": pa.string(), "thoi_gian": pa.string(), "huong": pa.float64(),
            "sai_so": pa.float64()}  # fmt: skip
# What the reader of EXIF raises for files that are none, or broken.
_BROKEN = (EOFError, ValueError, LookupError, TypeError, ArithmeticError, AttributeError, AssertionError,
           OSError, struct.error, RuntimeError)  # fmt: skip
_KEPT = Text(
    vi="Ảnh không được lưu lại: chỉ lấy vị trí, thời gian chụp, hướng chụp, sai số và tên tệp.",
    en="The pictures are not kept: only place, time, heading, error and file name were taken.",
)
_NO_PLACE = note(
    "photo_no_position",
    "quarantined",
    "Ảnh không có tọa độ GPS (Zalo, Facebook xóa khi gửi; hoặc máy tắt định vị): cần ảnh gốc.",
    "The photo has no GPS position (messengers delete it; or positioning was off): the original is needed.",
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken from a photo: lon and lat (WGS 84), time of taking (ISO 8601), heading, error."""

    place: tuple[float, float] | None = None
    time: str | None = None
    heading_deg: float | None = None
    error_m: float | None = None


class PhotoFiles:
    """Photographs as a data set."""

    def __init__(self, files: list[Path], name: str, inner: str) -> None:
        self.inner = inner
        self._files = files
        self._name = name

    def layers(self) -> list[SourceLayer]:
        """The one layer; ``Refused`` where not one photo says where it was taken."""
        if not any(taken(each).place for each in self._files):
            raise _nowhere(self._name, len(self._files))
        return [
            SourceLayer(
                name=self._name,
                driver="EXIF",
                opener="photos",
                inner=self.inner,
                inner_layer=self._name,
                rows=len(self._files),
                geometry="Point",
                columns=tuple(Column(name, str(kind)) for name, kind in _COLUMNS.items()),
                crs_wkt=pyproj.CRS.from_epsg(4326).to_wkt(),
                notes=(Note("photos_not_kept", "info", _KEPT, len(self._files)),),
            )
        ]

    def batches(self, inner_layer: str, size: int) -> Iterator[pa.RecordBatch]:
        """A point for each photo, in the order of their names."""
        for start in range(0, len(self._files), size):
            files = self._files[start : start + size]
            found = [taken(each) for each in files]
            points = [None if each.place is None else shapely.Point(each.place).wkb for each in found]
            columns: dict[str, list[Any]] = {
                "ten": [each.stem for each in files],
                "tep": [each.name for each in files],
                "thoi_gian": [each.time for each in found],
                "huong": [each.heading_deg for each in found],
                "sai_so": [each.error_m for each in found],
            }
            notes = [None if each.place is not None else _NO_PLACE for each in found]
            arrays = [pa.array(columns[name], kind) for name, kind in _COLUMNS.items()]
            yield pa.record_batch(
                [pa.array(points, pa.binary()), pa.array(notes, pa.string()), *arrays],
                names=[GEOMETRY, NOTES, *_COLUMNS],
            )


class _Patient(io.FileIO):
    """A file that is read so many times at most: boxes that point back at themselves have no end."""

    left = READS

    def read(self, size: int | None = -1, /) -> bytes:
        """As a file's; ``ValueError`` after the last time."""
        self.left -= 1
        if self.left < 0:
            raise ValueError("no end")
        return super().read(size) or b""


def taken(file: Path) -> Taken:
    """What a photo says of itself; nothing where it cannot be read."""
    import exifread
    from exifread.core.exceptions import ExifError

    logging.getLogger("exifread").disabled = True  # its warnings would stand among a worker's answers
    try:
        with _Patient(file) as opened:
            tags = exifread.process_file(opened, details=False, extract_thumbnail=False, builtin_types=True)
        return Taken(
            _place(tags),
            _moment(tags),
            _number(tags.get("GPS GPSImgDirection"), 0, 360),
            _number(tags.get("GPS GPSHPositioningError", tags.get(_ERROR)), 0, 100_000),
        )
    except (*_BROKEN, ExifError):
        return Taken()


def _place(tags: dict[str, Any]) -> tuple[float, float] | None:
    lat = _angle(tags, "GPS GPSLatitude", "S", 90)
    lon = _angle(tags, "GPS GPSLongitude", "W", 180)
    # Where a device knew no position it writes naught.
    return None if lat is None or lon is None or (lat == 0 and lon == 0) else (lon, lat)


def _angle(tags: dict[str, Any], name: str, negative: str, most: int) -> float | None:
    parts = tags.get(name)
    if not isinstance(parts, list | tuple) or len(parts) != 3:
        return None
    angle: float = sum(float(part) / 60.0**n for n, part in enumerate(parts))
    if not math.isfinite(angle) or not 0 <= angle <= most:
        return None
    return -angle if str(tags.get(f"{name}Ref")).strip().upper() == negative else angle


def _moment(tags: dict[str, Any]) -> str | None:
    """ISO 8601; without an offset it is the place's own time."""
    found = _TIME.match(str(tags.get("EXIF DateTimeOriginal") or tags.get("Image DateTime") or ""))
    if found is None or found[1] == "0000":
        return None
    offset = str(tags.get("EXIF OffsetTimeOriginal") or "")
    known = offset if _OFFSET.fullmatch(offset) else ""
    return f"{found[1]}-{found[2]}-{found[3]}T{found[4]}{known}"


def _number(value: object, least: float, most: float) -> float | None:
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    if value is None:
        return None
    number = float(str(value))
    within: bool = math.isfinite(number) and least <= number <= most
    return round(number, 2) if within else None


def _nowhere(name: str, count: int) -> Refused:
    return Refused(
        "photos_no_position",
        f"{name}: {count} ảnh, không ảnh nào có tọa độ GPS. Ứng dụng nhắn tin (Zalo, Facebook) xóa tọa độ khi"
        " gửi: cần ảnh gốc chép từ máy. Ảnh quét bản đồ, bản vẽ: số hóa thành lớp vector rồi nạp lại.",
        f"{name}: {count} pictures, none with a GPS position. Messengers delete it: the originals are needed."
        " Scanned maps and drawings: digitise them as vectors, then load those.",
    )
