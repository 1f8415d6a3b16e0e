"""Items as files: every row that the caller may see, readable by the programs that people have."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import geopandas
import psycopg
import pyogrio
import pytest
import shapely

from api.ogc.files import csv_lines
from geo.features import CRS84, KNOWN
from geo.features.crs import EPSG
from layers.registry import load
from tests.api.ogc_ground import SOUTH, WEST, put_rows

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from geo.settings import Settings

CAMERAS = "/ogc/collections/cameras/items"
UNITS = "/ogc/collections/admin_units/items"
TYPES = {
    "csv": "text/csv",
    "geojsonseq": "application/geo+json-seq",
    "fgb": "application/flatgeobuf",
    "gpkg": "application/geopackage+sqlite3",
    "parquet": "application/vnd.apache.parquet",
}
MANY = 4_500


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)
        connection.execute(
            "INSERT INTO core.farms (geom, name, crop, area_ha) SELECT"
            " ST_SetSRID(ST_MakePoint(105 + i * 1e-5, 10), 4326), 'Vườn ' || i, 'xoai', i / 7.0"
            " FROM generate_series(1, %s) i",
            [MANY],
        )
        connection.execute("UPDATE core.cameras SET name = '=1+1' WHERE name = 'Camera 07'")


def read(content: bytes, fmt: str, folder: Path) -> geopandas.GeoDataFrame:
    path = folder / f"out.{fmt}"
    path.write_bytes(content)
    return geopandas.read_parquet(path) if fmt == "parquet" else pyogrio.read_dataframe(path)


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize("fmt", ["fgb", "gpkg", "parquet"])
def test_a_file_holds_every_public_row_and_field(client: TestClient, fmt: str, tmp_path: Path) -> None:
    answer = client.get(CAMERAS, params={"f": fmt})
    assert answer.headers["content-type"] == TYPES[fmt]
    assert f'filename="cameras.{fmt}"' in answer.headers["content-disposition"]
    frame = read(answer.content, fmt, tmp_path)
    assert len(frame) == 25 and "stream_url" not in frame.columns and "heading_deg" in frame.columns
    assert frame.crs is not None and frame.crs.is_geographic
    first = frame.set_index("name").loc["Camera 00"]
    assert (first.geometry.x, first.geometry.y) == pytest.approx((WEST, SOUTH))


@pytest.mark.parametrize("fmt", ["fgb", "gpkg", "parquet"])
def test_a_file_has_the_easting_first_in_every_system(client: TestClient, fmt: str, tmp_path: Path) -> None:
    for code in (4326, 3857, 3405):
        uri = f"http://www.opengis.net/def/crs/EPSG/0/{code}"
        answer = client.get(CAMERAS, params={"f": fmt, "crs": uri})
        assert answer.status_code == 200
        frame = read(answer.content, fmt, tmp_path).to_crs(4326).set_index("name")
        first = frame.loc["Camera 00"].geometry
        assert (first.x, first.y) == pytest.approx((WEST, SOUTH), abs=1e-4), code


@pytest.mark.parametrize("fmt", list(TYPES))
def test_more_rows_than_a_batch_and_a_filter(client: TestClient, fmt: str, tmp_path: Path) -> None:
    def count(**params: object) -> int:
        answer = client.get(
            "/ogc/collections/farms/items",
            params=params,  # type: ignore[arg-type]
            headers={"Accept": TYPES[fmt]},
        )
        assert answer.status_code == 200, answer.text
        if fmt == "csv":
            return len({row["id"] for row in table(answer.content)})
        if fmt == "geojsonseq":
            lines = answer.content.decode().split("\x1e")[1:]
            return len({json.loads(line)["id"] for line in lines})
        return len(read(answer.content, fmt, tmp_path))

    assert count() == MANY
    assert count(limit=2100) == 2100
    assert count(filter="area_ha < 1", sortby="-area_ha") == 6
    assert count(filter="area_ha < 0") == 0


def test_csv_opens_in_excel(client: TestClient) -> None:
    answer = client.get(CAMERAS, params={"f": "csv", "sortby": "name"})
    assert answer.content.startswith(b"\xef\xbb\xbfid,name,")
    lines = table(answer.content)
    assert len(lines) == 25 and float(lines[1]["x"]) == pytest.approx(WEST)
    # A name that a spreadsheet would reckon with stays a text.
    assert "'=1+1" in {line["name"] for line in lines}
    units = table(client.get(UNITS, params={"f": "csv"}).content)
    assert units[0]["wkt"].startswith("MULTIPOLYGON") and "Phường Cao Lãnh <mới>" in {
        u["name"] for u in units
    }


def test_csv_has_the_decimals_of_geojson() -> None:
    # What calculating left in the last bit is nobody's coordinate.
    layers = load()
    corner, metres = shapely.Point(106.35300000000001, 10.1234567899), KNOWN[f"{EPSG}3405"]
    area = shapely.MultiPolygon([shapely.box(105.60000000000001, -1e-12, 105.7, 10.4)])
    lines = csv_lines(layers["cameras"], CRS84, [(1, corner.wkb), (2, shapely.Point(5, 1.5).wkb)])
    assert lines == b"1,106.353,10.1234568\r\n2,5.0,1.5\r\n"
    assert csv_lines(layers["cameras"], metres, [(1, corner.wkb)]) == b"1,106.353,10.123\r\n"
    rings = b"105.7 0, 105.7 10.4, 105.6 10.4, 105.6 0, 105.7 0"
    assert csv_lines(layers["land_use"], CRS84, [(1, area.wkb)]) == b'1,"MULTIPOLYGON (((%b)))"\r\n' % rings
    assert csv_lines(layers["cameras"], CRS84, []) == b""


def test_files_in_metres_and_chosen_properties(client: TestClient, tmp_path: Path) -> None:
    crs = "http://www.opengis.net/def/crs/EPSG/0/3857"
    answer = client.get(CAMERAS, params={"f": "parquet", "crs": crs, "properties": "name"})
    frame = read(answer.content, "parquet", tmp_path)
    assert frame.crs.to_epsg() == 3857 and set(frame.columns) == {"id", "name", "geometry"}
    assert frame.geometry.x.min() == pytest.approx(WEST * 111319.4908, abs=1)


@pytest.mark.parametrize("fmt", list(TYPES))
def test_files_follow_rights_and_refuse_what_is_wrong(
    client: TestClient, staff: dict[str, str], fmt: str, tmp_path: Path
) -> None:
    assert client.get(CAMERAS, params={"f": fmt, "properties": "stream_url"}).status_code == 400
    assert client.get(CAMERAS, params={"f": fmt, "filter": "stream_url = 'x'"}).status_code == 400
    assert client.get(CAMERAS, params={"f": fmt, "filter": "10 ^ 400 > heading_deg"}).status_code == 400
    answer = client.get(CAMERAS, params={"f": fmt}, headers=staff)
    assert answer.headers["cache-control"] == "private, no-store"
    assert b"rtsp://secret/3" in answer.content or fmt == "parquet"
    if fmt == "parquet":
        assert len(read(answer.content, fmt, tmp_path)) == 26
    assert b"rtsp" not in client.get(CAMERAS, params={"f": fmt}).content


def test_a_page_names_its_files(client: TestClient) -> None:
    links = client.get(CAMERAS, params={"limit": 2}).json()["links"]
    offered = {link["type"].partition(";")[0] for link in links if link["rel"] == "alternate"}
    assert offered >= set(TYPES.values())


@pytest.mark.parametrize("fmt", ["fgb", "gpkg", "parquet"])
@pytest.mark.parametrize("code", [3405, 3406, 3857])
def test_files_in_every_system_name_it(client: TestClient, fmt: str, code: int, tmp_path: Path) -> None:
    system = f"http://www.opengis.net/def/crs/EPSG/0/{code}"
    answer = client.get(CAMERAS, params={"f": fmt, "crs": system, "limit": 3})
    assert answer.status_code == 200 and answer.headers["content-crs"] == f"<{system}>"
    frame = read(answer.content, fmt, tmp_path)
    assert frame.crs.to_epsg() == code
    degrees = frame.geometry.to_crs(4326).iloc[0]
    # The file's reader may take another operation from VN-2000 than the server.
    assert (degrees.x, degrees.y) == pytest.approx((WEST, SOUTH), abs=3e-3)
