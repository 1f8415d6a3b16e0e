"""``/api/imports``: a file through the browser's doors, read, landed and undone by jobs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely

from geo.database import Claims
from geo.tokens import issue
from tests.etl.landing_ground import X, Y, parcel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg
    from starlette.testclient import TestClient

    from geo.settings import Settings

Headers = dict[str, str]


@pytest.fixture(autouse=True)
def empty(admin: psycopg.Connection) -> Iterator[None]:
    yield
    admin.execute("TRUNCATE core.land_use CASCADE")
    admin.execute("DELETE FROM ops.dataset")
    admin.execute("DELETE FROM ops.job")


def parcels(tmp_path: Path, *more: dict[str, Any], **changed: Any) -> bytes:
    rows = [parcel(1, 0, **changed), parcel(2, 1), *more]
    columns = {name: [row[name] for row in rows] for name in rows[0] if name != "geom"}
    frame = gpd.GeoDataFrame(columns, geometry=[row["geom"] for row in rows], crs="EPSG:4326")
    frame.to_file(tmp_path / "p.gpkg")
    return (tmp_path / "p.gpkg").read_bytes()


def begun(client: TestClient, headers: Headers, body: bytes, name: str = "thửa đất.gpkg") -> str:
    answer = client.post(
        "/api/imports", params={"layer": "land_use", "name": name}, content=body, headers=headers
    )
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


def done(
    client: TestClient, headers: Headers, where: str, step: str, body: dict[str, Any] | None = None
) -> Any:
    answer = client.post(f"{where}/{step}", json=body or {}, headers=headers)
    assert answer.status_code == 202, answer.text
    until = time.monotonic() + 400
    while time.monotonic() < until:
        state = client.get(where, headers=headers).json()
        if state["status"] in ("successful", "failed"):
            return state
        time.sleep(0.1)
    raise TimeoutError(state)


def test_a_file_is_read_shown_landed_and_undone(
    client: TestClient, operator: Headers, admin: psycopg.Connection, tmp_path: Path
) -> None:
    bow = shapely.Polygon([(X, Y), (X + 1e-3, Y + 1e-3), (X + 1e-3, Y), (X, Y + 1e-3)])
    where = begun(client, operator, parcels(tmp_path, parcel(3, 2, geom=bow)))
    state = done(client, operator, where, "read", {"mode": "update"})
    assert state["report"], state["problem"]
    assert state["report"]["can_land"] and state["report"]["difference"]["new"] == 2
    shown = client.get(f"{where}/preview", headers=operator).json()
    assert sorted(f["properties"]["what"] for f in shown["features"]) == ["new", "new", "problem"]
    assert admin.execute("SELECT count(*) FROM core.land_use").fetchone() == (0,)

    landed = done(client, operator, where, "land")
    assert landed["status"] == "successful" and landed["dataset"]["state"] == "landed"
    assert admin.execute("SELECT count(*) FROM core.land_use").fetchone() == (2,)
    listed = client.get("/api/datasets", params={"layer": "land_use"}, headers=operator).json()["datasets"]
    assert [each["source_name"] for each in listed] == ["thửa đất.gpkg"]
    again = done(client, operator, where, "land")
    assert again["status"] == "failed" and again["problem"]["kind"] == "Conflict"

    undone = done(client, operator, where, "undo")
    assert undone["dataset"]["state"] == "rolled_back"
    assert admin.execute("SELECT count(*) FROM core.land_use").fetchone() == (0,)
    assert client.delete(where, headers=operator).status_code == 204
    assert client.get(where, headers=operator).status_code == 404


def test_answers_change_the_reading(
    client: TestClient, operator: Headers, admin: psycopg.Connection, tmp_path: Path
) -> None:
    where = begun(client, operator, parcels(tmp_path, parcel(3, 2, code="???")))
    first = done(client, operator, where, "read")["report"]
    assert {"sheet_number", "code", "code_text"} <= {field["name"] for field in first["fields"]}
    assert "parcel_number" in first["columns"] and first["rows"]["quarantined"] == 1
    bad = client.get(f"{where}/quarantine", headers=operator)
    (tmp_path / "bad.gpkg").write_bytes(bad.content)
    assert gpd.read_file(tmp_path / "bad.gpkg").code.tolist() == ["???"]
    answers = {"constants": {"address": "Ấp 1", "code": "LUC"}, "columns": {"area_m2": ""}}
    state = done(client, operator, where, "read", {"answers": answers})
    assert state["report"]["reading"]["constants"] == {"address": "Ấp 1", "code": "LUC"}
    assert "area_m2" in state["report"]["reading"]["ignored"]
    assert state["report"]["rows"]["quarantined"] == 0
    assert client.get(f"{where}/quarantine", headers=operator).status_code == 404
    assert admin.execute("SELECT count(*) FROM ops.dataset").fetchone() == (
        1,
    )  # the first reading is forgotten


def test_the_layer_changed_since_it_was_shown(
    client: TestClient, operator: Headers, admin: psycopg.Connection, tmp_path: Path
) -> None:
    where = begun(client, operator, parcels(tmp_path))
    done(client, operator, where, "read")
    other = begun(client, operator, parcels(tmp_path, code="CLN"))
    done(client, operator, other, "read")
    assert done(client, operator, other, "land")["status"] == "successful"
    state = done(client, operator, where, "land")
    assert state["status"] == "failed" and "thay đổi" in state["problem"]["vi"]


def test_staff_of_a_ward_write_for_it_alone(
    client: TestClient, settings: Settings, admin: psycopg.Connection, tmp_path: Path
) -> None:
    ward = {"Authorization": f"Bearer {issue(settings, Claims('ward@test', 1, ('29884',)))}"}
    where = begun(client, ward, parcels(tmp_path))  # parcels of 29869
    done(client, ward, where, "read")
    state = done(client, ward, where, "land")
    assert state["status"] == "failed" and state["problem"]["kind"] == "Forbidden"
    assert admin.execute("SELECT count(*) FROM core.land_use").fetchone() == (0,)


def test_who_may_not(client: TestClient, operator: Headers, staff: Headers, tmp_path: Path) -> None:
    query = {"layer": "land_use", "name": "a.gpkg"}
    assert client.post("/api/imports", params=query, content=b"x").status_code == 401
    assert client.get("/api/datasets").status_code == 401
    where = begun(client, operator, parcels(tmp_path))
    assert client.get(where, headers=staff).status_code == 404
    # Put straight, this is a path of the application, which answers with its page.
    assert b"root:" not in client.get("/api/imports/..%2F..%2Fetc%2Fpasswd", headers=staff).content
    assert client.get(f"/api/imports/{'0' * 32}", headers=staff).status_code == 404
    for layer in ("admin_units", "reports"):
        answer = client.post("/api/imports", params={**query, "layer": layer}, content=b"x", headers=operator)
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "delete"},
        {"answers": []},
        {"answers": {"path": "/etc/passwd"}},
        {"answers": {"crs": 9209}},
        {"answers": {"columns": {"code": 1}}},
        {"answers": {"valid_from": "hôm nay"}},
        [],
    ],
)
def test_answers_that_are_none(client: TestClient, operator: Headers, tmp_path: Path, body: Any) -> None:
    where = begun(client, operator, parcels(tmp_path))
    assert client.post(f"{where}/read", json=body, headers=operator).status_code == 400


def test_uploads_are_bounded(
    client: TestClient, operator: Headers, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = {"layer": "land_use", "name": "a.gpkg"}
    monkeypatch.setattr("api.imports.files.BYTES_MAX", 10)
    assert client.post("/api/imports", params=query, content=b"x" * 11, headers=operator).status_code == 413
    assert client.post("/api/imports", params=query, content=b"", headers=operator).status_code == 400
    monkeypatch.setattr("api.imports.files.SPARE_BYTES", 2**62)
    assert client.post("/api/imports", params=query, content=b"x", headers=operator).status_code == 503
    for name in ("", ".", "..", ".bashrc", "/"):
        answer = client.post("/api/imports", params={**query, "name": name}, content=b"x", headers=operator)
        assert answer.status_code == 400, name
    left = [path for path in (settings.home / "imports").rglob("*") if path.is_file()]
    assert not [path for path in left if path.name.endswith(".part")]


def test_a_name_cannot_leave_its_folder(client: TestClient, operator: Headers, settings: Settings) -> None:
    monkey = begun(client, operator, b"x", "../../../../tmp/evil\\..\\x.gpkg")
    names = client.get(monkey, headers=operator).json()["names"]
    assert names == ["x.gpkg"]
    assert next((settings.home / "imports").rglob("x.gpkg")).read_bytes() == b"x"


def test_a_shapefile_in_its_parts(client: TestClient, operator: Headers, tmp_path: Path) -> None:
    parcels(tmp_path)
    frame = gpd.read_file(tmp_path / "p.gpkg").rename(
        columns={"sheet_number": "so_to", "parcel_number": "so_thua"}
    )
    frame.to_file(tmp_path / "s.shp")
    where = begun(client, operator, (tmp_path / "s.dbf").read_bytes(), "s.dbf")
    for suffix in ("shp", "shx", "prj", "cpg"):
        answer = client.put(
            f"{where}/parts",
            params={"name": f"s.{suffix}"},
            content=(tmp_path / f"s.{suffix}").read_bytes(),
            headers=operator,
        )
        assert answer.status_code == 200
    columns = {"sheet_number": "so_to", "parcel_number": "so_thua"}
    state = done(client, operator, where, "read", {"answers": {"columns": columns}})
    assert state["report"]["difference"]["new"] == 2, state["report"]
