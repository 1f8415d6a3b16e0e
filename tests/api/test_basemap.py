"""The base map of our own: tiles of a PMTiles file, its bytes by ranges, and what the map is told of it."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from pmtiles.reader import Reader
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from starlette.testclient import TestClient

from api.app import create_app
from geo.types import TileId
from tests.conftest import settings_for
from tiles.basemap import Basemap, NoBasemap

if TYPE_CHECKING:
    from pathlib import Path

    from geo.settings import Settings

# So many that the file needs leaf directories.
ZOOMS = range(8)
VECTOR = gzip.compress(b"\x1a\x0a\x0a\x05roads\x78\x02\x28\x20")


def content(place: TileId) -> bytes:
    words = f"picture {place.z}/{place.x}/{place.y}".encode()
    return words.ljust(20 + zlib.crc32(words) % 500)  # lengths that a directory cannot squeeze


def number(place: TileId) -> int:
    return zxy_to_tileid(place.z, place.x, place.y)


def written(path: Path, kind: TileType, compression: Compression, vector: bytes | None = None) -> Path:
    """A PMTiles file with every tile of the zooms but those of column 1."""
    places = [TileId(z, x, y) for z in ZOOMS for x in range(2**z) for y in range(2**z) if x != 1]
    with path.open("wb") as file:
        writer: Any = Writer(file)  # type: ignore[no-untyped-call]
        for place in sorted(places, key=number):
            writer.write_tile(number(place), vector or content(place))
        header = {"tile_type": kind, "tile_compression": compression, "min_lon_e7": 1_020_000_000}
        header |= {"min_lat_e7": 65_000_000, "max_lon_e7": 1_180_000_000, "max_lat_e7": 235_000_000}
        header |= {"center_zoom": 0, "center_lon_e7": 0, "center_lat_e7": 0}
        layers = {"vector_layers": [{"id": "roads", "fields": {}}]} if vector else {}
        writer.finalize(header, {"attribution": "© Sở Xây dựng"} | layers)
    return path


@pytest.fixture(scope="module")
def raster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("base") / "base.pmtiles", TileType.PNG, Compression.NONE)


def asking(home: Path, **chosen: object) -> TestClient:
    """A client without a database behind it: the base map needs none."""
    return TestClient(create_app(settings_for("postgresql://u@127.0.0.1:1/d", "d", home, **chosen)))


def test_every_tile_is_the_files(raster: Path, tmp_path: Path) -> None:
    own = Basemap(raster)
    assert own._header["leaf_directory_length"] > 0, "one directory: this test would prove little"
    client = asking(tmp_path, basemap_file=raster)
    for place in (TileId(0, 0, 0), TileId(3, 4, 7), TileId(7, 127, 127), TileId(7, 101, 60)):
        answer = client.get(f"/basemap/{place.z}/{place.x}/{place.y}")
        assert (answer.status_code, answer.content) == (200, content(place))
        assert answer.headers["content-type"] == "image/png"
    for empty in ("7/1/5", "9/5/5"):
        assert client.get(f"/basemap/{empty}").status_code == 204
    assert client.get("/basemap/3/8/0").status_code == 400
    assert client.get("/basemap/a/8/0").status_code == 400


def test_vector_tiles_are_handed_out_packed_or_not(tmp_path: Path) -> None:
    path = written(tmp_path / "v.pmtiles", TileType.MVT, Compression.GZIP, VECTOR)
    client = asking(tmp_path, basemap_file=path)
    with client.stream("GET", "/basemap/0/0/0", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
        assert b"".join(answer.iter_raw()) == VECTOR
    plain = client.get("/basemap/0/0/0", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == gzip.decompress(VECTOR)


def test_the_file_is_read_by_ranges_as_pmtiles_readers_do(raster: Path, tmp_path: Path) -> None:
    client = asking(tmp_path, basemap_file=raster)
    asked = []

    def get_bytes(offset: int, length: int) -> bytes:
        answer = client.get("/basemap.pmtiles", headers={"Range": f"bytes={offset}-{offset + length - 1}"})
        assert answer.status_code == 206
        assert answer.headers["content-range"].startswith(f"bytes {offset}-")
        asked.append(length)
        return answer.content

    reader: Any = Reader(get_bytes)  # type: ignore[no-untyped-call]
    assert reader.get(7, 101, 60) == content(TileId(7, 101, 60))
    assert sum(asked) < raster.stat().st_size / 10
    size = raster.stat().st_size
    beyond = client.get("/basemap.pmtiles", headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    whole = client.get("/basemap.pmtiles")
    assert whole.content == raster.read_bytes()
    again = client.get("/basemap.pmtiles", headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for odd in ("lines=0-9", "bytes", "bytes=a-b"):  # RFC 9110, 14.2: not understood, so not there
        assert client.get("/basemap.pmtiles", headers={"Range": odd}).status_code == 200
    stale = client.get("/basemap.pmtiles", headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (stale.status_code, len(stale.content)) == (200, size)
    head = client.head("/basemap.pmtiles")
    assert (head.content, head.headers["content-length"]) == (b"", str(size))


def test_the_map_is_told_of_it(settings: Settings, raster: Path) -> None:
    own = settings.model_copy(update={"basemap_file": raster})
    with TestClient(create_app(own)) as client:
        said = client.get("/api/config").json()["basemap"]
    assert said["tiles"] == ["http://testserver/basemap/{z}/{x}/{y}"]
    assert (said["kind"], said["minzoom"], said["maxzoom"]) == ("raster", 0, 7)
    assert said["attribution"] == "© Sở Xây dựng"
    assert said["bounds"] == [102.0, 6.5, 118.0, 23.5]


@pytest.mark.parametrize("data", [b"", b"PMTiles\x02", b"<html>", b"PMTiles\x03", bytes(200)])
def test_a_file_that_is_none_leaves_the_map_without(
    settings: Settings, tmp_path: Path, data: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "base.pmtiles"
    path.write_bytes(data)
    with pytest.raises(NoBasemap, match=r"base\.pmtiles"):
        Basemap(path)
    client = asking(tmp_path, basemap_file=path)
    assert client.get("/basemap/0/0/0").status_code == 404
    assert "DIABAN_BASEMAP_FILE" in capsys.readouterr().out
    with pytest.raises(NoBasemap):
        Basemap(tmp_path / "missing.pmtiles")
