"""The checker of vector tiles, on tiles made here and on the published fixtures of the specification."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from mapbox_vector_tile.Mapbox import vector_tile_pb2

from tiles.encoding import encode, join
from tiles.mvt import tile_faults

if TYPE_CHECKING:
    from collections.abc import Callable

ARCHIVE = Path(__file__).resolve().parents[3] / "shared/data/mvt_fixtures/mvt-fixtures-4.0.0-data.tar.zst"
MOVE, LINE, CLOSE = 1, 2, 7
SQUARE = [9, 0, 0, (3 << 3) | LINE, 20, 0, 0, 20, 19, 0, (1 << 3) | CLOSE]
HOLE = [9, 0, 0, (3 << 3) | LINE, 0, 20, 20, 0, 0, 19, (1 << 3) | CLOSE]
# The same bytes as fixture 003, which is invalid: an unset type cannot be told from an unknown one.
SAME_AS_003 = "016"
# Its one command promises half a milliard places and brings one.
PROMISES = "057"


def made(kind: int = 3, geometry: list[int] | None = None, tags: list[int] | None = None) -> Any:
    """A tile of one feature, as protobuf's message."""
    tile: Any = vector_tile_pb2.tile()
    layer = tile.layers.add(name="plots", version=2, extent=4096, keys=["code"])
    layer.values.add(string_value="ODT")
    layer.features.add(type=kind, geometry=SQUARE if geometry is None else geometry, tags=tags or [0, 0])
    return tile


def faults(tile: Any) -> list[str]:
    return list(tile_faults(tile.SerializePartialToString()))


def test_a_valid_tile_has_no_faults() -> None:
    assert faults(made()) == []
    assert list(tile_faults(b"")) == []


@pytest.mark.parametrize(
    ("kind", "geometry", "said"),
    [
        (3, HOLE, "wound as a hole"),
        (3, SQUARE[:-1], "order"),
        (3, [9, 0, 0, (1 << 3) | LINE, 20, 0, 15], "fewer than three places"),
        (3, [9, 0, 0, (2 << 3) | LINE, 20, 0, 20, 0, 15], "without an area"),
        (3, [*SQUARE[:-1], (2 << 3) | CLOSE], "ClosePath 2 times"),
        (2, [9, 0, 0, (1 << 3) | LINE, 0, 0], "same place"),
        (2, [9, 0, 0], "order"),
        (1, [(2 << 3) | MOVE, 0, 0], "there are fewer"),
        (1, [(1 << 29) - 7, 0, 0], "there are fewer"),
        (1, [9, 0, 0, 9, 0, 0], "order"),
        (1, [12, 0, 0], "does not exist"),
        (1, [1], "without a count"),
        (1, [], "no geometry"),
    ],
)
def test_geometry_that_breaks_a_must(kind: int, geometry: list[int], said: str) -> None:
    (fault,) = faults(made(kind, geometry))
    assert "layer 'plots': feature 0:" in fault and said in fault


@pytest.mark.parametrize(
    ("tags", "said"), [([0], "pairs"), ([1, 0], "points to no key"), ([0, 1], "points to no value")]
)
def test_tags_that_point_nowhere(tags: list[int], said: str) -> None:
    assert any(said in fault for fault in faults(made(tags=tags)))


def test_layers_that_break_a_must() -> None:
    tile = made()
    tile.layers.append(tile.layers[0])
    assert faults(tile) == ["two layers are named 'plots'"]
    changes: list[tuple[Callable[[Any], object], str]] = [
        (lambda layer: layer.ClearField("name"), "no name"),
        (lambda layer: layer.ClearField("version"), "no version"),
        (lambda layer: setattr(layer, "version", 3), "version 3"),
        (lambda layer: setattr(layer, "extent", 0), "extent is 0"),
        (lambda layer: layer.values.add(), "value 1"),
        (lambda layer: layer.features[0].ClearField("type"), "no geometry type"),
    ]
    for change, said in changes:
        tile = made()
        change(tile.layers[0])
        assert any(said in fault for fault in faults(tile)), said


@pytest.mark.parametrize("data", [b"\x1a\xff", b"<html>", b"\x08\x01", gzip.compress(b"", mtime=0)])
def test_other_bytes_are_no_tile(data: bytes) -> None:
    assert list(tile_faults(data))


def fixtures() -> dict[str, tuple[bytes, Any]]:
    """The published fixtures: bytes and description by number."""
    with (
        ARCHIVE.open("rb") as file,
        zstandard.ZstdDecompressor().stream_reader(file) as stream,
        tarfile.open(fileobj=io.BytesIO(stream.read())) as archive,
    ):
        read = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        data = {name.removeprefix("./"): file.read() for name, file in read.items() if file is not None}
    numbers = sorted(name.split("/")[1] for name in data if name.endswith("/info.json"))
    return {
        number: (data[f"fixtures/{number}/tile.mvt"], json.loads(data[f"fixtures/{number}/info.json"]))
        for number in numbers
    }


@pytest.mark.skipif(not ARCHIVE.is_file(), reason="the published MVT fixtures are not beside this checkout")
def test_the_published_fixtures() -> None:
    known = fixtures()
    assert len(known) == 74
    judged = {number: not list(tile_faults(data)) for number, (data, _) in known.items()}
    expected = {number: info["validity"]["v2"] for number, (_, info) in known.items()}
    different = {number for number in known if judged[number] != expected[number]}
    assert different == {SAME_AS_003, PROMISES}
    assert known[SAME_AS_003][0] == known["003"][0] and not expected["003"]
    for number, (data, _) in known.items():
        if judged[number]:
            assert join([encode(data), encode(b"")]).identity() == data
