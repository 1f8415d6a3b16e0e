"""Which coordinate systems a deployment offers: those of the country and the zones of its province's data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from geo.crs import ZONES, customary
from geo.crs.customary import CUSTOMARY
from geo.features import KNOWN, offered_crs
from tests.api.ogc_ground import SOUTH, WEST, put_rows
from tests.conftest import settled

if TYPE_CHECKING:
    import psycopg

    from geo.settings import Settings

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EVERYWHERE = [CRS84, *(f"{EPSG}{code}" for code in (4326, 3857, 3405, 3406))]


def test_every_province_has_zones_that_are_pinned() -> None:
    assert len(CUSTOMARY) == 34
    for code in CUSTOMARY:
        zones = customary((code,))
        assert zones and zones <= set(ZONES)
        assert list(offered_crs(code)) == EVERYWHERE + [f"{EPSG}{epsg}" for epsg in sorted(zones)]
        assert set(offered_crs(code)) <= set(KNOWN)
    assert list(offered_crs("00")) == EVERYWHERE


@pytest.mark.parametrize(("province", "zones"), [("82", [5897, 9210]), ("48", [5899]), ("00", [])])
def test_the_list_follows_the_province(
    settings: Settings, admin: psycopg.Connection, province: str, zones: list[int]
) -> None:
    if admin.execute("SELECT count(*) FROM core.cameras").fetchone() == (0,):
        put_rows(admin)
    wanted = EVERYWHERE + [f"{EPSG}{code}" for code in zones]
    with TestClient(create_app(settings.model_copy(update={"province_code": province}))) as client:
        settled(client, lambda: client.get("/ogc/collections/cameras").status_code == 200)
        assert client.get("/ogc/collections/cameras").json()["crs"] == wanted
        assert client.get("/ogc/collections").json()["collections"][0]["crs"] == wanted
        parameters = client.get("/ogc/openapi").json()["components"]["parameters"]
        for name in ("crs", "bbox-crs", "filter-crs"):
            assert parameters[name]["schema"]["enum"] == wanted
        items = "/ogc/collections/cameras/items"
        for uri in wanted:
            assert client.get(items, params={"crs": uri, "limit": 1}).status_code == 200
        box = {"bbox": f"{WEST},{SOUTH},{WEST + 1},{SOUTH + 1}"}
        for code in {5897, 9210, 5899, 9218, 32648} - set(zones):
            uri = f"{EPSG}{code}"
            for name, more in (("crs", {}), ("bbox-crs", box), ("filter-crs", {"filter": "id > 0"})):
                refused = client.get(items, params={name: uri, **more})
                assert refused.status_code == 400, (name, code)
                assert refused.json()["parameter"] == name
            assert client.get(f"{items}/1", params={"crs": uri}).status_code == 400
