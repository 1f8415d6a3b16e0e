"""Pages for people show their items on a map: each mark lies where its item is and leads to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg
import pytest
import shapely

from api.ogc.page_map import MARGIN, SIDE, SIDE_MARGIN, WIDTH, item_map, page_map
from geo.features.crs import KNOWN
from tests.api.ogc_ground import put_rows

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from geo.settings import Settings

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = KNOWN["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]


def feature(identifier: int, kind: str, coordinates: object) -> dict[str, object]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"id": identifier, "geometry": geometry, "properties": {"name": f"Số {identifier}"}}


def test_marks_lie_where_their_items_are_north_up() -> None:
    square = [[[105.0, 10.0], [105.2, 10.0], [105.2, 10.1], [105.0, 10.1], [105.0, 10.0]]]
    found = page_map([feature(1, "Polygon", square), feature(2, "Point", [105.1, 10.1])], CRS84, "name")
    assert found is not None and found["bounds"] == [105.0, 10.0, 105.2, 10.1]
    area, point = found["marks"]
    xs, ys = zip(*pairs_of(area["path"]), strict=True)
    assert (min(xs), max(xs)) == pytest.approx((MARGIN, WIDTH - MARGIN), abs=0.1)
    assert (max(ys) - min(ys)) / (max(xs) - min(xs)) == pytest.approx(0.5 / 0.984, abs=0.005)
    # In the middle of its northern side.
    assert point["dot"] == pytest.approx((WIDTH / 2, min(ys)), abs=0.1)
    assert point["name"] == "Số 2"
    lon, lat, zoom = found["camera"]
    assert (lon, lat) == (105.1, 10.05) and 10 < zoom < 12


def test_the_same_place_in_another_system_is_the_same_map() -> None:
    degrees = page_map([feature(1, "Point", [105.6328161, 10.4589571])], CRS84, "name")
    assert degrees is not None and degrees["camera"][2] == 17
    for code, place in ((4326, [10.4589571, 105.6328161]), (5897, [569080.516, 1156685.157])):
        assert page_map([feature(1, "Point", place)], KNOWN[f"{EPSG}{code}"], "name") == degrees


def test_nothing_with_a_shape_is_no_map() -> None:
    assert page_map([], CRS84, "name") is None
    assert page_map([{"id": 1, "geometry": None, "properties": {}}], CRS84, "name") is None
    assert item_map(None, CRS84) is None


def pairs_of(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split() for pair in re.split("[ML]", path) if pair)]


@pytest.mark.parametrize("corner", [0.0002, 0.2])
def test_an_item_fills_its_square_and_is_shown_on_the_map_as_on_its_page(corner: float) -> None:
    ring = [[105.0, 10.0], [105 + corner, 10.0], [105 + corner, 10 + corner / 2], [105.0, 10.0]]
    found = item_map({"type": "Polygon", "coordinates": [ring]}, CRS84)
    assert found is not None
    xs, ys = zip(*pairs_of(found["outline"]), strict=True)
    assert (min(xs), max(xs)) == pytest.approx((SIDE_MARGIN, SIDE - SIDE_MARGIN), abs=0.1)
    assert (min(ys) + max(ys)) / 2 == pytest.approx(SIDE / 2, abs=0.1)
    whole = page_map([feature(1, "Polygon", [ring])], CRS84, "name")
    assert whole is not None and found["camera"] == whole["camera"]
    flipped = item_map(
        {"type": "Polygon", "coordinates": [[pair[::-1] for pair in ring]]}, KNOWN[f"{EPSG}4326"]
    )
    assert flipped == found


def test_a_shape_of_many_vertices_is_drawn_in_few_and_a_point_is_no_outline() -> None:
    circle = shapely.Point(105.6, 10.5).buffer(0.1, quad_segs=5_000)
    found = item_map(shapely.geometry.mapping(circle), CRS84)
    assert found is not None and 20 < len(pairs_of(found["outline"])) < 200
    dot = item_map({"type": "Point", "coordinates": [105.6, 10.5]}, CRS84)
    assert dot == {"outline": None, "camera": (105.6, 10.5, 17)}


@pytest.fixture(scope="module")
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)


@pytest.mark.usefixtures("rows")
def test_a_page_of_items_has_a_map_of_links(client: TestClient) -> None:
    path = "/ogc/collections/cameras/items"
    page = client.get(path, params={"f": "html", "limit": 7})
    svg = re.search(r"<figure.*?</figure>", page.text, re.DOTALL)
    assert svg is not None
    targets = re.findall(
        r'<a tabindex="-1" href="([^"]+/items/\d+\?[^"]+)"><title>Camera \d+</title><circle', svg[0]
    )
    assert len(targets) == 7
    item = client.get(targets[0].replace("&amp;", "&")).text
    assert "Camera 00" in item
    assert re.search(r'href="http://testserver/\?c=[\d.,]+&amp;layers=cameras&amp;sel=cameras:\d+', item)
    assert re.search(r'href="http://testserver/\?c=[\d.,]+&amp;layers=cameras', svg[0])
    assert "<figure" not in client.get(path, params={"f": "html", "skipGeometry": "true"}).text


@pytest.mark.usefixtures("rows")
def test_the_other_language_has_the_same_question(client: TestClient) -> None:
    asked = {"f": "html", "lang": "vi", "limit": "3", "filter": "name <> 'a&b'"}
    page = client.get("/ogc/collections/cameras/items", params=asked).text
    found = re.search(r'<a href="(\?[^"]+)" lang="en"', page)
    assert found is not None
    other = client.get("/ogc/collections/cameras/items" + found[1].replace("&amp;", "&"))
    assert other.status_code == 200 and '<html lang="en">' in other.text
    assert other.text.count("<circle") == 3
