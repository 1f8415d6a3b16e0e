"""Photographs with positions: points with time and name, and nothing else of what they say."""

from __future__ import annotations

import struct
import zipfile
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from PIL.ExifTags import IFD

from etl.sources import batches, open_source
from etl.sources.photos import taken
from etl.sources.refusal import Refused

if TYPE_CHECKING:
    from pathlib import Path

LON, LAT = 105.6321, 10.4612
ARTIST, MAKE, TAKEN_AT, OFFSET, INFO = 0x013B, 0x010F, 0x9003, 0x9011, 0x8825


def sexagesimal(angle: float) -> tuple[float, float, float]:
    degrees, minutes = int(angle), int(angle % 1 * 60)
    return float(degrees), float(minutes), round((angle - degrees - minutes / 60) * 3600, 4)


def exif(lon: float | None = LON, lat: float = LAT, offset: str | None = None) -> Image.Exif:
    made = Image.Exif()
    made[ARTIST], made[MAKE] = "Nguyễn Văn A", "Phone"
    details = made.get_ifd(IFD.Exif)
    details[TAKEN_AT] = "2026:03:15 08:30:05"
    if offset is not None:
        details[OFFSET] = offset
    if lon is not None:
        place = made.get_ifd(IFD.GPSInfo)
        place |= {1: "N", 2: sexagesimal(lat), 3: "E", 4: sexagesimal(lon), 16: "T", 17: 275.5, 31: 4.5}
    return made


def jpeg(file: Path, made: Image.Exif | None = None) -> Path:
    picture = Image.new("RGB", (8, 8))
    if made is None:
        picture.save(file, "JPEG")
    else:
        picture.save(file, "JPEG", exif=made)
    return file


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content) + 8) + kind + content


def heic(made: Image.Exif) -> bytes:
    """Boxes of ISO/IEC 23008-12 with one item, the EXIF."""
    payload = struct.pack(">L", 6) + made.tobytes()
    head = box(b"ftyp", b"heic" + struct.pack(">L", 0) + b"mif1heic")
    item = box(b"infe", struct.pack(">LHH", 2 << 24, 1, 0) + b"Exif" + b"\x00")
    listed = box(b"iinf", struct.pack(">LH", 0, 1) + item)

    def meta(offset: int) -> bytes:
        place = struct.pack(">LBBHHHHLL", 0, 0x44, 0, 1, 1, 0, 1, offset, len(payload))
        return box(b"meta", struct.pack(">L", 0) + listed + box(b"iloc", place))

    return head + meta(len(head) + len(meta(0)) + 8) + box(b"mdat", payload)


def test_an_archive_of_photos_is_points_with_time_and_name(tmp_path: Path) -> None:
    jpeg(tmp_path / "IMG_1.jpg", exif())
    jpeg(tmp_path / "IMG_3 qua Zalo.JPG")
    jpeg(tmp_path / "IMG_4.jpeg", exif(lon=0.0, lat=0.0))
    (tmp_path / "IMG_2.HEIC").write_bytes(heic(exif(lon=LON + 0.001, offset="+07:00")))
    with zipfile.ZipFile(tmp_path / "ảnh.zip", "w") as archive:
        for each in sorted(tmp_path.glob("IMG*")):
            archive.write(each, f"Ảnh hiện trường/{each.name}")
        archive.writestr("__MACOSX/._IMG_1.jpg", b"\xff\xd8\xff")
        archive.writestr("ghi chú.docx", b"PK")
    source = open_source(tmp_path / "ảnh.zip")
    (layer,) = source.layers
    assert (layer.driver, layer.geometry, layer.rows) == ("EXIF", "Point", 4)
    assert [note.code for note in layer.notes] == ["photos_not_kept"]
    (batch,) = batches(source, layer.name)
    assert [None if g is None else (round(g.x, 6), round(g.y, 6)) for g in batch.geometry] == [
        (LON, LAT), (round(LON + 0.001, 6), LAT), None, None,
    ]  # fmt: skip
    assert {name: column.to_pylist()[:2] for name, column in batch.columns.items()} == {
        "ten": ["IMG_1", "IMG_2"],
        "tep": ["IMG_1.jpg", "IMG_2.HEIC"],
        "thoi_gian": ["2026-03-15T08:30:05", "2026-03-15T08:30:05+07:00"],
        "huong": [275.5, 275.5],
        "sai_so": [4.5, 4.5],
    }
    assert [(fault.row, fault.code) for fault in batch.faults] == [
        (3, "photo_no_position"), (4, "photo_no_position"),
    ]  # fmt: skip
    # Who took it and with what is nobody's business.
    assert "Nguyễn" not in str(batch.columns) and "Phone" not in str(batch.columns)


def test_one_photo_is_a_point_and_pictures_without_places_say_what_to_do(tmp_path: Path) -> None:
    source = open_source(jpeg(tmp_path / "a.jpg", exif()))
    assert (source.layers[0].name, source.layers[0].rows) == ("a", 1)
    with pytest.raises(Refused, match="originals") as refused:
        open_source(jpeg(tmp_path / "scan.jpg"))
    assert refused.value.code == "photos_no_position"


def test_broken_and_hostile_pictures_are_answered_at_once(tmp_path: Path) -> None:
    whole = heic(exif())
    # A box that is smaller than its own head points back at itself, for ever.
    backwards = whole[:24] + struct.pack(">L", 4) + b"free" + whole[24:]
    lost = jpeg(tmp_path / "a.jpg", exif()).read_bytes()
    for content in (
        whole[:60],
        backwards,
        lost[:40],
        lost[:30] + b"\xff" * 400,
        b"\xff\xd8\xff\xe1\x00\x08Exif\x00\x00",
    ):
        (tmp_path / "b.heic").write_bytes(content)
        assert taken(tmp_path / "b.heic").place is None
