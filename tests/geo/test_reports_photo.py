"""Photos: hostile until written anew."""

from __future__ import annotations

import asyncio
import io
import struct
import zlib
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from geo.errors import InvalidInput
from geo.reports import PhotoStore, photo
from geo.reports.photo import known_kind

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a decoder takes longer than a citizen would wait."""
    monkeypatch.setattr(photo, "TIME_S", 300.0)


def encoded(
    kind: str = "JPEG", size: tuple[int, int] = (2400, 1800), mode: str = "RGB", **more: Any
) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 40).convert(mode).save(out, kind, **more)
    return out.getvalue()


def stored(folder: Path, data: bytes) -> tuple[str, Path]:
    async def run() -> tuple[str, Path]:
        photos = PhotoStore(folder)
        with TemporaryFile() as file:
            file.write(data)
            name = await photos.add(file)  # type: ignore[arg-type]
        return name, photos.path(name)

    return asyncio.run(run())


def gps_exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90°
    exif[0x010E] = "SECRET WORDS"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (10.0, 27.0, 36.0)
    return exif.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_kinds_that_are_taken(tmp_path: Path, kind: str) -> None:
    name, path = stored(tmp_path, encoded(kind))
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1600, 1200))
    assert path.stat().st_mode & 0o777 == 0o600
    assert name == f"{path.name[:2]}/{path.name}"
    assert len(path.stem) == 32


def test_place_words_and_what_hangs_behind_are_gone_and_it_stands_upright(tmp_path: Path) -> None:
    data = encoded(exif=gps_exif(), comment=b"SECRET WORDS") + b"<?php SECRET WORDS ?>" * 100
    _, path = stored(tmp_path, data)
    assert b"SECRET" not in path.read_bytes()
    assert b"Exif" not in path.read_bytes()
    with Image.open(path) as picture:
        assert picture.size == (1200, 1600)
        assert not picture.getexif()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_transparency_becomes_white(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (60, 40), (0, 0, 0, 0)).save(out, "PNG")
    _, path = stored(tmp_path, out.getvalue())
    with Image.open(path) as picture:
        assert picture.size == (60, 40)
        pixel = picture.getpixel((30, 20))
        assert isinstance(pixel, tuple)
        assert min(pixel) > 250


def bomb(side: int = 13_000) -> bytes:
    """A PNG of a few kilobytes that says it has side × side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("case", "data"),
    [
        ("empty", b""),
        ("text", b"not a picture at all" * 10),
        ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("gif", encoded("GIF", (50, 50), "P")),
        ("tiff", encoded("TIFF", (50, 50))),
        ("bmp", encoded("BMP", (50, 50))),
        ("cut off", encoded()[:3000]),
        ("only the magic bytes", b"\xff\xd8\xff\xe0" + bytes(100)),
        ("PNG with a JPEG's first bytes", b"\xff\xd8\xff" + encoded("PNG", (50, 50))),
        ("169 million pixels", bomb()),
        ("five times 26 million pixels", bomb(5_100)),
    ],
)
def test_refused_and_nothing_is_kept(tmp_path: Path, case: str, data: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        stored(tmp_path, data)
    assert caught.value.parameter == "photo"
    assert ("25" in caught.value.allowed_vi) == ("million" in case)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_decoder_that_hangs_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sleeper = tmp_path / "sleeper.py"
    sleeper.write_text("import time; time.sleep(600)")
    monkeypatch.setattr(photo, "WORKER", sleeper)
    monkeypatch.setattr(photo, "TIME_S", 0.5)
    with pytest.raises(InvalidInput):
        stored(tmp_path / "media", encoded(size=(50, 50)))


def test_removal_and_names_that_climb(tmp_path: Path) -> None:
    name, path = stored(tmp_path, encoded(size=(50, 50)))
    photos = PhotoStore(tmp_path)
    asyncio.run(photos.remove(name))
    assert not path.exists()
    asyncio.run(photos.remove(name))
    asyncio.run(photos.remove(None))
    assert photos.path("../../etc/passwd").is_relative_to(tmp_path)


def test_magic_bytes() -> None:
    assert known_kind(b"RIFF\x00\x00\x00\x00WEBP")
    assert not known_kind(b"RIFF\x00\x00\x00\x00WAVE")
    assert not known_kind(b"")
