"""Units by name, their histories and provinces at the door; the layer's own doors show the units of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mapbox_vector_tile
import psycopg
import pytest

from geo.vintages import activate
from tests.geo.vintage_ground import LAW, D, S, W, cell, empty, row, stage_new, stage_old

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from geo.settings import Settings

BEFORE, AFTER = "2025-06-30", "2025-07-01"


@pytest.fixture(scope="module", autouse=True)
def two_eras(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("eras")
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        empty(connection)
        for staged in (stage_old, stage_new):
            number = staged(settings, folder).vintage_id
            assert number is not None
            activate(settings, number, "tester")
        # A ward of the same name in another province.
        elsewhere = row("80001", "Phường 15", cell(10, 10))
        connection.execute(
            "INSERT INTO core.admin_units (unit_id, code, name, kind, level, province_code, province_name,"
            " district_name, valid_from, valid_to, geom) VALUES ('VN-x', '80001', 'Phường 15', 'phuong', 3,"
            " '80',"
            " 'Tỉnh Tây Ninh', 'Thành phố Tân An', '2024-01-01', '2025-07-01',"
            " ST_Multi(ST_GeomFromText(%s, 4326)))",
            [elsewhere["geometry"].wkt],
        )
        connection.execute("INSERT INTO core.admin_alias (unit_id, name) SELECT unit_id, 'Xã Cầu Quay' FROM"
                           " core.admin_units WHERE code = '30004' AND valid_to IS NULL")  # fmt: skip


def ask(client: TestClient, **params: Any) -> dict[str, Any]:
    answer = client.get("/api/units", params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize(
    ("name", "province", "at", "codes"),
    [
        ("P. 15, Q. Tân Bình", None, BEFORE, ["30001"]),
        ("p.15 q. tan binh", None, BEFORE, ["30001"]),
        ("Phường 15", None, BEFORE, ["30001", "80001"]),  # two provinces: both, never a guess
        ("Phường 15", "Đồng Tháp", BEFORE, ["30001"]),
        ("Phường 15", "80", BEFORE, ["80001"]),
        ("Phường 15", "Tây Ninh", BEFORE, ["80001"]),
        ("P. 15, TP. Tân An", None, BEFORE, ["80001"]),
        ("P. 15, Tỉnh Đồng Tháp", None, BEFORE, ["30001"]),
        ("xã hoà bình", None, BEFORE, []),  # there is a ward of that name, no commune
        ("phường hoà bình", None, BEFORE, ["30002"]),
        ("thuy tan", None, AFTER, ["30004"]),
        ("Thuỷ Tân", None, AFTER, ["30004"]),
        ("Dak R La", None, BEFORE, ["30003"]),
        ("ĐẮK R’LA", None, BEFORE, ["30003"]),
        ("Đắk R'La", None, AFTER, ["30003"]),  # its name until June: the same unit
        ("Xa Dung", None, BEFORE, ["30005"]),  # the name begins like the word for a commune
        ("TT. Mỹ Thọ, H. Cao Lãnh", None, BEFORE, ["30006"]),
        ("X. Mỹ Thọ", None, AFTER, ["30005"]),
        ("cầu quay", None, AFTER, ["30004"]),  # another name that people use
        ("tho", None, AFTER, ["30005"]),
        ("%", None, AFTER, None),
        ("__", None, AFTER, []),
    ],
)
def test_names(client: TestClient, name: str, province: str | None, at: str, codes: list[str] | None) -> None:
    params = {"name": name, "at": at} | ({"province": province} if province else {})
    if codes is None:
        assert client.get("/api/units", params=params).status_code == 400
        return
    assert sorted(unit["code"] for unit in ask(client, **params)["units"]) == codes


def test_a_name_of_another_time_says_where_it_went(client: TestClient) -> None:
    body = ask(client, name="P. 15, Q. Tân Bình", at=AFTER)
    assert body["units"] == []
    (former,) = body["other_times"]
    assert (former["code"], former["valid_to"]) == ("30001", AFTER)
    assert [(unit["code"], unit["name"]) for unit in former["now"]] == [("30001", "Phường Sông Tiền")]
    divided = ask(client, name="xã Xa Dung", at=AFTER)["other_times"][0]
    assert [unit["code"] for unit in divided["now"]] == ["30004", "30005"]


def test_marks_decide_the_order(client: TestClient) -> None:
    assert ask(client, name="Mỹ Thọ", at=BEFORE)["units"][0]["name"] == "Thị trấn Mỹ Thọ"


def test_history(client: TestClient) -> None:
    (unit,) = ask(client, code="30005", at=BEFORE)["units"]
    answer = client.get(f"/api/units/{unit['id']}/history")
    assert answer.status_code == 200
    body = answer.json()
    assert [version["name"] for version in body["versions"]] == ["Xã Xa Dung"]
    assert body["versions"][0]["valid_to"] == AFTER
    # Before the reform was loaded nobody knew that the unit would end.
    assert [record["valid_to"] for record in body["former_records"]] == [None]
    assert [(p["unit"]["code"], p["kind"]) for p in body["successors"]] == [
        ("30004", "part"),
        ("30005", "part"),
    ]
    first = body["successors"][0]
    assert first["legal_ref"] == LAW
    assert first["share_area"] == pytest.approx(0.5, abs=1e-3)
    assert (
        first["words"]["vi"]
        == f"Vào Xã Thủy Tân (30004): nhập một phần, 50 % diện tích, từ 01/07/2025 ({LAW})."
    )
    assert first["words"]["en"].startswith(
        "Into Xã Thủy Tân (30004): merged in part, 50% of its area, on 1 Jul 2025"
    )
    (after,) = ask(client, code="30001", at=AFTER)["units"]
    came = client.get(f"/api/units/{after['id']}/history").json()["predecessors"]
    assert [p["unit"]["name"] for p in came] == ["Phường 15", "Phường Hòa Bình"]
    assert "recorded_by" not in answer.text
    assert "tester" not in answer.text


@pytest.mark.parametrize(
    ("unit_id", "status"), [("VN-no", 404), ("x" * 41, 400), ("%00", 400), ("' OR 1=1", 404)]
)
def test_history_of_nothing(client: TestClient, unit_id: str, status: int) -> None:
    answer = client.get(f"/api/units/{unit_id}/history")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_known_at(client: TestClient) -> None:
    place = {"lon": W + D / 2, "lat": S + 1.5 * D, "at": AFTER}
    assert ask(client, **place, known_at="2001-01-01")["units"] == []
    assert [unit["code"] for unit in ask(client, **place, known_at="2099-01-01")["units"]] == ["30001"]
    assert client.get("/api/units", params={**place, "known_at": "soon"}).status_code == 400


def test_province(client: TestClient) -> None:
    answer = client.get("/api/provinces/82", params={"at": AFTER})
    assert answer.status_code == 200
    body = answer.json()
    assert body["geometry"]["type"] == "MultiPolygon"
    assert body["properties"]["valid_from"] == AFTER
    assert client.get("/api/provinces/82", params={"at": AFTER, "detail_m": 500}).status_code == 200
    assert client.get("/api/provinces/99").status_code == 404
    for wrong in ({"code": "8"}, {"code": "82", "detail_m": -1}, {"code": "82", "at": "x"}):
        code = wrong.pop("code")
        assert client.get(f"/api/provinces/{code}", params=wrong).status_code == 400


NAMES = {BEFORE: {"Phường 15", "Phường Hòa Bình", "Xã Đắk R'La",
                   "Xã Thủy Tân", "Xã Xa Dung", "Thị trấn Mỹ Thọ"},
         AFTER: {"Phường Sông Tiền", "Xã Đắk R'Lấp", "Xã Thủy Tân", "Xã Mỹ Thọ"}}  # fmt: skip
BOX = f"{W - 0.01},{S - 0.01},{W + 3 * D + 0.01},{S + 2 * D + 0.01}"


@pytest.mark.parametrize("day", [BEFORE, AFTER])
def test_ogc_items_of_a_day(client: TestClient, day: str) -> None:
    params = {"datetime": day, "bbox": BOX, "limit": 100, "f": "json"}
    answer = client.get("/ogc/collections/admin_units/items", params=params)
    assert answer.status_code == 200, answer.text
    assert {feature["properties"]["name"] for feature in answer.json()["features"]} == NAMES[day]


@pytest.mark.parametrize("day", [BEFORE, AFTER])
def test_tiles_of_a_day(client: TestClient, day: str) -> None:
    answer = client.get("/tiles/admin_units/9/406/241.mvt", params={"datetime": day})
    assert answer.status_code == 200
    features = mapbox_vector_tile.decode(answer.content)["admin_units"]["features"]
    assert {feature["properties"]["name"] for feature in features} >= NAMES[day]
    assert not {feature["properties"]["name"] for feature in features} & (
        NAMES[AFTER if day == BEFORE else BEFORE] - NAMES[day]
    )
    assert (
        f"datetime={day}"
        in client.get("/tiles/admin_units.json", params={"datetime": day}).json()["tiles"][0]
    )


@pytest.mark.parametrize(("day", "name"), [(BEFORE, "Phường 15"), (AFTER, "Phường Sông Tiền")])
def test_everything_at_a_place_of_a_day(client: TestClient, day: str, name: str) -> None:
    params = {"lon": W + D / 2, "lat": S + 1.5 * D, "at": day, "layers": "admin_units"}
    (layer,) = client.get("/api/at", params=params).json()["results"]
    assert [feature["title"] for feature in layer["features"]] == [name]
