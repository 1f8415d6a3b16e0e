"""Archives: the live bytes, readable by others, resumed where they were stopped."""

from __future__ import annotations

import asyncio
import gzip
import sqlite3
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any

import mapbox_vector_tile
import psycopg
import pyogrio
import pytest
from pmtiles.reader import MmapSource, Reader, all_tiles

from geo.catalogue import Catalogue
from geo.database import Caller, Database
from geo.types import TileId
from tiles.archive import export
from tiles.service import TileService

if TYPE_CHECKING:
    from pathlib import Path

    from geo.settings import Settings

DAY = date(2026, 7, 1)
CROP = """
INSERT INTO core.crop_areas (geom, area_name, crop, market, area_ha, status, valid_from, visibility)
SELECT ST_Multi(ST_MakeEnvelope(105.6 + i * 0.01, 10.4, 105.606 + i * 0.01, 10.405, 4326)), 'Vùng ' || i,
       'mango', 'NZ', 30, 'suspended', '2025-01-01', CASE WHEN i = 3 THEN 1 ELSE 0 END
  FROM generate_series(0, 3) AS i
"""
NAMES = ["crop_areas"]


@pytest.fixture(scope="module")
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        connection.execute("TRUNCATE core.crop_areas CASCADE")
        connection.execute(CROP)


def run(settings: Settings, file: Path, stop_after: int | None = None) -> dict[TileId, bytes]:
    """Export, and the live tile of every place in the file."""

    async def go() -> dict[TileId, bytes]:
        database = Database(settings)
        await database.open()
        try:
            catalogue = Catalogue(database)
            await catalogue.refresh()
            layers = [catalogue.layer(name) for name in NAMES]
            service = TileService(database, catalogue, cache_bytes=0)
            told: list[float] = []

            def tell(share: float, _: str) -> None:
                told.append(share)
                if stop_after is not None and len(told) > stop_after:
                    raise KeyboardInterrupt

            count = await export(service, catalogue, layers, file, on=DAY, tell=tell)
            assert told == sorted(told) and told[-1] == 1.0
            found = dict.fromkeys(places(file), b"")
            assert len(found) == count > 0
            for place in found:
                found[place] = (await service.tile(layers, place, DAY, Caller.anonymous())).gzip()
            return found
        finally:
            await database.close()

    return asyncio.run(go())


def places(file: Path) -> list[TileId]:
    return list(stored(file))


def stored(file: Path) -> dict[TileId, bytes]:
    if file.suffix == ".pmtiles":
        with file.open("rb") as source:
            return {TileId(*place): data for place, data in all_tiles(MmapSource(source))}
    with closing(sqlite3.connect(file)) as database:
        found: list[Any] = database.execute("SELECT * FROM tiles").fetchall()
    return {TileId(z, x, 2**z - 1 - row): data for z, x, row, data in found}


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("suffix", [".mbtiles", ".pmtiles"])
def test_the_bytes_are_the_live_ones(settings: Settings, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"crops{suffix}"
    live = run(settings, file)
    assert stored(file) == live
    assert {place.z for place in live} == set(range(7, 16))
    names = set()
    for data in live.values():
        layers = mapbox_vector_tile.decode(gzip.decompress(data))
        names |= {
            each["properties"]["area_name"] for each in layers.get("crop_areas", {}).get("features", [])
        }
    assert names == {"Vùng 0", "Vùng 1", "Vùng 2"}  # the restricted one is not for an archive
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.usefixtures("rows")
def test_the_bytes_do_not_follow_the_order_of_rows_on_disk(settings: Settings, tmp_path: Path) -> None:
    before = run(settings, tmp_path / "before.mbtiles")
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        # A row that is written again lies behind the others.
        connection.execute("UPDATE core.crop_areas SET area_ha = 31 WHERE area_name = 'Vùng 0'")
        connection.execute("UPDATE core.crop_areas SET area_ha = 30 WHERE area_name = 'Vùng 0'")
        (first,) = connection.execute("SELECT area_name FROM pub.crop_areas").fetchone() or ("",)
    assert first != "Vùng 0"
    assert run(settings, tmp_path / "after.mbtiles") == before


@pytest.mark.usefixtures("rows")
def test_a_stopped_export_goes_on(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "crops.mbtiles"
    with pytest.raises(KeyboardInterrupt):
        run(settings, file, stop_after=6)
    before = stored(file)
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE tiles SET tile_data = x'00'")
        database.commit()
    live = run(settings, file)
    after = stored(file)
    assert set(after) == set(live) > set(before)
    assert {place for place, data in after.items() if data == b"\0"} == set(before)  # not made again


@pytest.mark.usefixtures("rows")
def test_pmtiles_say_what_they_hold(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "crops.pmtiles"
    run(settings, file)
    with file.open("rb") as source:
        reader = Reader(MmapSource(source))
        header, words = reader.header(), reader.metadata()
    assert (header["min_zoom"], header["max_zoom"]) == (7, 15)
    assert [each["id"] for each in words["vector_layers"]] == ["crop_areas", "crop_areas_label"]
    assert header["min_lon_e7"] == 1_056_000_000


@pytest.mark.usefixtures("rows")
def test_gdal_reads_the_archive(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "crops.mbtiles"
    run(settings, file)
    assert {name for name, _ in pyogrio.list_layers(file)} == {"crop_areas", "crop_areas_label"}
    found = pyogrio.read_dataframe(file, layer="crop_areas")
    assert set(found["area_name"]) == {"Vùng 0", "Vùng 1", "Vùng 2"} and found.geometry.is_valid.all()
