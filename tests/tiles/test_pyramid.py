"""A whole pyramid as clients get it: every tile keeps the specification, no shape crosses itself.

The layers have what breaks tilers: slivers, needles, touching rings, holes, shapes smaller than a unit of the
tile, shapes over many tiles.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg
import pyogrio
import pytest
import shapely
from mapbox_vector_tile.Mapbox import vector_tile_pb2
from pmtiles.reader import MmapSource, all_tiles

from cli.commands import tiles as command
from geo.catalogue import Catalogue
from geo.database import Database
from tiles.archive import export
from tiles.archive_check import NoArchive, archive_faults, archive_tiles
from tiles.mvt_geometry import CLOSE_PATH, commands_of
from tiles.service import TileService
from tiles.warm import CannotWarm, layers_of, warm

if TYPE_CHECKING:
    from pathlib import Path

    from geo.settings import Settings

DAY = date(2026, 7, 1)
LAYERS = ["crop_areas", "farms"]
CROPS = """
INSERT INTO core.crop_areas (geom, area_name, crop, market, area_ha, status, valid_from)
SELECT ST_Multi(ST_MakeValid(shape)), 'Vùng ' || row_number() OVER (), 'mango', 'NZ', 30, 'active',
       '2025-01-01'
  FROM (
    SELECT ST_Translate(ST_MakeEnvelope(105.6, 10.4, 105.601, 10.401, 4326), i * 0.0011, j * 0.0011)
      FROM generate_series(0, 11) AS i, generate_series(0, 11) AS j
    UNION ALL SELECT ST_MakeEnvelope(105.62, 10.42, 105.7200001, 10.4200001, 4326) -- a needle of a centimetre
    UNION ALL SELECT ST_Difference(ST_MakeEnvelope(105.55, 10.3, 105.95, 10.39, 4326),
                                   ST_Buffer(ST_Point(105.7, 10.35, 4326), 0.02, 16)) -- large, with a hole
    UNION ALL SELECT ST_Difference(ST_MakeEnvelope(105.5, 10.5, 105.6, 10.6, 4326),
                             'SRID=4326; POLYGON((105.5 10.55, 105.55 10.53, 105.55 10.57, 105.5 10.55))')
    UNION ALL SELECT ST_Buffer(
             'SRID=4326; LINESTRING(105.6 10.45, 105.62 10.46, 105.6 10.462, 105.625 10.47)'::geometry,
             0.00003, 'endcap=flat join=mitre') -- a canal as narrow as a path
    UNION ALL SELECT ST_Buffer(ST_Point(105.65, 10.46, 4326), 0.00001)
  ) AS made (shape)
"""
FARMS = """
INSERT INTO core.farms (geom, name, crop, area_ha)
SELECT ST_Point(105.6 + (i % 30) * 0.004, 10.4 + (i / 30) * 0.004, 4326), 'Hộ ' || i, 'mango', 2
  FROM generate_series(0, 599) AS i
"""


@pytest.fixture(scope="module")
def archive(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every public tile of the two layers in one file."""
    file = tmp_path_factory.mktemp("pyramid") / "all.pmtiles"
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        connection.execute("TRUNCATE core.crop_areas, core.farms CASCADE")
        connection.execute(CROPS)
        connection.execute(FARMS)

    async def go() -> None:
        database = Database(settings)
        await database.open()
        try:
            catalogue = Catalogue(database)
            await catalogue.refresh()
            layers = [catalogue.layer(name) for name in LAYERS]
            service = TileService(database, catalogue, cache_bytes=0)
            await export(service, catalogue, layers, file, on=DAY, tell=lambda *_: None)
        finally:
            await database.close()

    asyncio.run(go())
    return file


def test_every_tile_keeps_the_specification(archive: Path) -> None:
    checked = dict(archive_faults(archive))
    assert len(checked) > 300
    assert {place.z for place in checked} >= set(range(8, 16))
    assert [(place, faults) for place, faults in checked.items() if faults] == []


def rings(feature: Any) -> list[list[tuple[int, int]]]:
    """The rings of a polygon in units of the tile."""
    x = y = 0
    found: list[list[tuple[int, int]]] = [[]]
    for command_ in commands_of(feature.geometry):
        for dx, dy in command_.steps:
            x, y = x + dx, y + dy
            found[-1].append((x, y))
        if command_.kind == CLOSE_PATH:
            found.append([])
    return found[:-1]


def test_no_shape_crosses_itself_after_rounding(archive: Path) -> None:
    kinds: Counter[int] = Counter()
    for place, data in archive_tiles(archive):
        tile: Any = vector_tile_pb2.tile()
        tile.ParseFromString(gzip.decompress(data))
        for layer in tile.layers:
            assert layer.extent == 4096
            for feature in layer.features:
                kinds[feature.type] += 1
                if feature.type != 3:
                    continue
                for ring in rings(feature):
                    shape = shapely.Polygon(ring)
                    assert shape.is_valid, (place, shapely.is_valid_reason(shape))
                    west, south, east, north = shape.bounds
                    assert min(west, south) >= -64 and max(east, north) <= 4096 + 64, place
    assert kinds[3] > 1_000 and kinds[1] > 1_000


def test_gdal_reads_tiles_of_every_zoom(archive: Path) -> None:
    with archive.open("rb") as file:
        places = sorted(place for place, _ in all_tiles(MmapSource(file)))  # type: ignore[no-untyped-call]
    for zoom in (8, 11, 15):
        found = pyogrio.read_dataframe(archive, layer="crop_areas", ZOOM_LEVEL=zoom)
        assert len(found) and found.geometry.is_valid.all(), zoom
    assert len(places) == len(set(places))


def test_an_archive_is_checked_by_the_command(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command._check(archive) == 0
    assert "0 with faults" in capsys.readouterr().out
    for name, data in (
        ("a.pmtiles", b"<html>"),
        ("b.mbtiles", b"no database"),
        ("c.pmtiles", b"PMTiles\x03"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(NoArchive, match=name):
            list(archive_faults(tmp_path / name))


def test_a_warmed_server_has_every_tile(
    live_server: str, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert archive.is_file()  # the rows are there
    assert set(layers_of(live_server)) >= set(LAYERS)
    told: list[float] = []
    found = warm(live_server, LAYERS, 11, 6, lambda share, _: told.append(share))
    assert found.tiles > 5 and found.missed == 0 and 2 <= found.rounds <= 6
    assert told[-1] == 1
    again = warm(live_server, LAYERS, 11, 6, lambda *_: None)
    assert (again.rounds, again.missed) == (1, 0)
    assert (
        warm(live_server, ["zoning"], 12, 6, lambda *_: None).tiles == 0
    )  # without rows, not the whole world
    with pytest.raises(CannotWarm, match="404"):
        warm(live_server, ["nothing"], 11, 1, lambda *_: None)
    monkeypatch.setattr("tiles.warm.TILES_MAX", 3)
    with pytest.raises(CannotWarm, match=r"> 3 tiles: --to 11 → --to 10"):
        warm(live_server, LAYERS, 11, 6, lambda *_: None)
    with pytest.raises(CannotWarm, match="127"):
        layers_of("http://127.0.0.1:1")
