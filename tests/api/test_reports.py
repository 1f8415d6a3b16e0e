"""Handing reports in and following them by their code, as an anonymous citizen."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from PIL import Image

from geo.calendar import today_ict
from geo.hotspots import cell_of
from tests.conftest import settled
from tests.geo.units_ground import GAP_DEG, settle

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from geo.settings import Settings

GOOD: dict[str, Any] = {
    "lon": 105.61,
    "lat": 10.51,
    "category": "GT",
    "text": "Ổ gà lớn trước cổng chợ An Hòa",
}
MULTIPART = "multipart/form-data; boundary=x"
SQL = "'; DROP TABLE core.reports; --"


@pytest.fixture(autouse=True)
def ground(admin: psycopg.Connection) -> None:
    settle(admin)


def photo(size: tuple[int, int] = (300, 200)) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 30).convert("RGB").save(out, "JPEG", comment=b"10.51 N 105.61 E")
    return out.getvalue()


def send(client: TestClient, **changed: Any) -> dict[str, Any]:
    answer = client.post("/api/reports", data=GOOD | changed, files={"photo": ("", b"")})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def row(admin: psycopg.Connection, query: str, *values: object) -> Any:
    return admin.execute(query, values).fetchone()


def photos(settings: Settings) -> list[Any]:
    return [path for path in settings.media_dir.rglob("*") if path.is_file()]


def test_a_report_is_stored_routed_and_answered(client: TestClient, admin: psycopg.Connection) -> None:
    answer = client.post("/api/reports", json=GOOD | {"accuracy_m": 8, "contact_phone": "0912 345 678"})
    assert answer.status_code == 201
    body = answer.json()
    assert re.fullmatch(r"DT-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", body["code"])
    assert body["ward"] == {"code": "30001", "name": "Phường An Hòa"}
    assert (body["status"], body["category"]) == ("forwarded", "GT")
    assert body["category_title"]["vi"].startswith("Hạ tầng giao thông")
    assert "Phường An Hòa" in body["next"]["vi"]
    assert body["code"] in body["next"]["vi"]
    assert [event["status"] for event in body["history"]] == ["received", "forwarded"]
    assert body["url"] == answer.headers["location"] == f"http://testserver/api/reports/{body['code']}"
    assert body["received_at"].endswith("+07:00")
    stored = row(
        admin,
        "SELECT ST_X(geom), ST_Y(geom), visibility, unit, category, status, channel, ward_code, ward_name,"
        " incident_code, h3_9, text, accuracy_m FROM core.reports WHERE code = %s",
        body["code"],
    )
    assert stored == (105.61, 10.51, 0, "30001", "GT", "forwarded", "web", "30001", "Phường An Hòa",
                      body["code"], cell_of(105.61, 10.51), GOOD["text"], 8.0)  # fmt: skip


def test_the_decision_is_kept_with_its_reason(client: TestClient, admin: psycopg.Connection) -> None:
    code = send(client, lon=105.62, accuracy_m=30)["code"]
    decision = row(
        admin,
        "SELECT d.as_of, d.unit_id, d.unit_code, d.confidence, d.accuracy_m, d.candidates, d.boundaries,"
        " d.rule, d.rule_version, d.reason_vi, d.reason_en, d.actor FROM core.route_decision d"
        " JOIN core.reports r ON r.id = d.report_id WHERE r.code = %s",
        code,
    )
    (
        as_of,
        unit_id,
        unit_code,
        confidence,
        accuracy_m,
        candidates,
        boundaries,
        rule,
        version,
        vi,
        en,
        actor,
    ) = decision
    assert (as_of, unit_id, unit_code, confidence) == (today_ict(), "vn-a", "30001", "near_boundary")
    assert (accuracy_m, rule, version, actor) == (30.0, "ward-default", 1, "anonymous")
    assert [(c["unit_id"], c["distance_m"]) for c in candidates] == [("vn-a", 0), ("vn-b", 0)]
    assert len(boundaries) == 2
    assert "Xã Bình Minh" in vi
    assert "Xã Bình Minh" in en


@pytest.mark.parametrize(
    ("lon", "lat", "ward", "near"),
    [
        (105.61, 10.51, "30001", False),
        (105.62, 10.51, "30001", True),
        (105.62, 10.50, "30001", True),
        (105.64 + GAP_DEG / 1.5, 10.51, "30004", True),
        (105.6, 10.51, "30001", True),
    ],
)
def test_borders_tripoints_and_gaps(
    client: TestClient, lon: float, lat: float, ward: str, near: bool
) -> None:
    body = send(client, lon=lon, lat=lat)
    assert (body["ward"]["code"], body["near_boundary"]) == (ward, near)
    assert ("ranh giới" in body["next"]["vi"]) == near


def test_outside_every_ward_says_where_the_province_is(client: TestClient, admin: psycopg.Connection) -> None:
    before = row(admin, "SELECT count(*) FROM core.reports")
    answer = client.post("/api/reports", json=GOOD | {"lon": 108.2})
    assert answer.status_code == 400
    body = answer.json()
    assert body["parameter"] == "lon,lat"
    assert "Tỉnh Đồng Tháp" in body["detail"]
    assert "105.60–105.66" in body["allowed"]
    assert row(admin, "SELECT count(*) FROM core.reports") == before


def test_exchanged_axes(client: TestClient) -> None:
    answer = client.post("/api/reports", json=GOOD | {"lon": 10.51, "lat": 105.61})
    assert answer.status_code == 400
    assert "lon=105.61, lat=10.51" in answer.json()["detail"]


@pytest.mark.parametrize("category", ["ANTT", "HC"])
def test_sensitive_categories_are_not_public(
    client: TestClient, admin: psycopg.Connection, category: str
) -> None:
    code = send(client, category=category)["code"]
    assert row(admin, "SELECT visibility FROM core.reports WHERE code = %s", code) == (1,)
    assert row(admin, "SELECT count(*) FROM pub.reports WHERE code = %s", code) == (0,)
    # Its sender can follow it all the same.
    assert client.get(f"/api/reports/{code}").json()["category"] == category
    admin.execute("UPDATE core.reports SET visibility = 0 WHERE code = %s", [code])
    assert row(admin, "SELECT visibility FROM core.reports WHERE code = %s", code) == (1,)


def test_what_a_code_tells_and_what_not(client: TestClient, admin: psycopg.Connection) -> None:
    body = send(client, contact_name="Trần Thị B", contact_phone="0987654321")
    followed = client.get(f"/api/reports/{body['code']}")
    assert followed.status_code == 200
    assert followed.headers["cache-control"] == "no-store"
    for secret in (GOOD["text"], "Trần Thị B", "0987654321", "105.61", "10.51"):
        assert secret not in followed.text
    assert row(
        admin,
        "SELECT reporter_name, reporter_phone FROM private.reports p JOIN core.reports r USING (id)"
        " WHERE r.code = %s",
        body["code"],
    ) == ("Trần Thị B", "0987654321")


def test_codes_as_people_type_them(client: TestClient, admin: psycopg.Connection) -> None:
    code = send(client)["code"]
    admin.execute("UPDATE core.reports SET code = 'DT-0111-AB0C' WHERE code = %s", [code])
    for typed in ("DT-0111-AB0C", "dt-olil-aboc", "dt 0i1l ab0c", "DT0111AB0C"):
        assert client.get(f"/api/reports/{typed}").json()["code"] == "DT-0111-AB0C"
    admin.execute("DELETE FROM core.reports WHERE code = 'DT-0111-AB0C'")


@pytest.mark.parametrize(
    "typed", ["DT-ZZZZ-ZZZZ", "x", SQL, "%00", "DT-7K3M-9QX%27", "a" * 3000, "%F0%9F%94%A5"]
)
def test_unknown_codes_and_nonsense_look_alike(client: TestClient, typed: str) -> None:
    known = client.get("/api/reports/DT-0000-0000").json()
    answer = client.get(f"/api/reports/{typed}")
    assert answer.status_code == 404
    assert answer.json() | {"request_id": ""} == known | {"request_id": ""}


def test_history_follows_every_change(client: TestClient, admin: psycopg.Connection) -> None:
    code = send(client)["code"]
    for status in ("in_progress", "in_progress", "resolved"):
        admin.execute("UPDATE core.reports SET status = %s WHERE code = %s", [status, code])
    history = client.get(f"/api/reports/{code}").json()["history"]
    assert [event["status"] for event in history] == ["received", "forwarded", "in_progress", "resolved"]
    assert history[-1]["title"]["vi"] == "Đã xử lý, chờ đánh giá"


@pytest.mark.parametrize("table", ["report_event", "route_decision"])
def test_the_records_only_grow(client: TestClient, admin: psycopg.Connection, table: str) -> None:
    send(client)
    for statement in (
        f"DELETE FROM core.{table}",
        f"UPDATE core.{table} SET actor = 'x'",
        f"TRUNCATE core.{table}",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            admin.execute(statement)
    rights = admin.execute(
        "SELECT grantee, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_schema = 'core' AND table_name = %s AND grantee <> 'diaban_owner'",
        [table],
    ).fetchall()
    assert {right for _, right in rights} == {"SELECT"}


def test_anonymous_callers_write_through_one_function_only(client: TestClient, settings: Settings) -> None:
    send(client)
    with psycopg.connect(settings.role_dsn("diaban_writer"), autocommit=True) as writer:
        for statement in (
            """INSERT INTO core.reports (geom, code, category, status, channel, received_at, h3_9)
               VALUES (ST_Point(105.6, 10.5, 4326), 'X', 'GT', 'closed', 'web', now(), 'x')""",
            "INSERT INTO private.reports (id, reporter_name) VALUES (1, 'x')",
            "INSERT INTO core.route_decision (report_id) VALUES (1)",
            "SELECT * FROM core.report_retry",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                writer.execute(statement)
    for role in ("diaban_public", "diaban_reader"):
        with (
            psycopg.connect(settings.role_dsn(role), autocommit=True) as other,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            other.execute("SELECT core.submit_report('{}', '{}', '{}', NULL, NULL)")


def test_a_photo_is_kept_private(client: TestClient, admin: psycopg.Connection, settings: Settings) -> None:
    before = len(photos(settings))
    answer = client.post("/api/reports", data=GOOD, files={"photo": ("IMG_1.jpg", photo(), "image/jpeg")})
    assert answer.status_code == 201, answer.text
    (name,) = row(
        admin,
        "SELECT photo FROM private.reports p JOIN core.reports r USING (id) WHERE r.code = %s",
        answer.json()["code"],
    )
    assert len(photos(settings)) == before + 1
    assert b"105.61" not in (settings.media_dir / "reports" / name).read_bytes()
    assert name.split("/")[-1] not in answer.text
    assert client.get(f"/media/reports/{name}").status_code == 404


def test_photos_of_refused_reports_are_not_kept(client: TestClient, settings: Settings) -> None:
    before = len(photos(settings))
    picture = {"photo": ("a.jpg", photo(), "image/jpeg")}
    for changed in ({"lon": 108.2}, {"category": "XX"}):
        assert client.post("/api/reports", data=GOOD | changed, files=picture).status_code == 400
    not_one = client.post("/api/reports", data=GOOD, files={"photo": ("a.jpg", b"<svg/>" * 50, "image/jpeg")})
    assert (not_one.status_code, not_one.json()["parameter"]) == (400, "photo")
    assert len(photos(settings)) == before


def test_a_30_mb_photo(client: TestClient, settings: Settings) -> None:
    before = len(photos(settings))
    huge = b"\xff\xd8\xff\xe0" + bytes(30_000_000)
    answer = client.post("/api/reports", data=GOOD, files={"photo": ("a.jpg", huge, "image/jpeg")})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert "10 MB" in answer.json()["detail"]
    assert len(photos(settings)) == before


def test_a_body_that_does_not_say_its_length(client: TestClient) -> None:
    def endless() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n\xff\xd8\xff'
        for _ in range(200):
            yield bytes(100_000)

    headers = {"Content-Type": MULTIPART}
    answer = client.post("/api/reports", content=endless(), headers=headers)
    assert answer.status_code == 413


def test_the_same_request_twice_is_one_report(
    client: TestClient, admin: psycopg.Connection, settings: Settings
) -> None:
    headers = {"Idempotency-Key": "6f1c2d1e-retry"}
    picture = {"photo": ("a.jpg", photo(), "image/jpeg")}
    first = client.post("/api/reports", data=GOOD, files=picture, headers=headers)
    kept = len(photos(settings))
    again = client.post("/api/reports", data=GOOD, files=picture, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert len(photos(settings)) == kept
    other = client.post("/api/reports", json=GOOD | {"text": "Một phản ánh hoàn toàn khác"}, headers=headers)
    assert other.status_code == 409
    assert GOOD["text"] not in other.text
    assert row(admin, "SELECT count(*) FROM core.report_retry") == (1,)
    plain = [client.post("/api/reports", json=GOOD).json()["code"] for _ in range(2)]
    assert plain[0] != plain[1]


def test_one_key_from_many_at_the_same_time(client: TestClient, admin: psycopg.Connection) -> None:
    from concurrent.futures import ThreadPoolExecutor

    headers = {"Idempotency-Key": "impatient-finger"}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: client.post("/api/reports", json=GOOD, headers=headers), range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["code"] for answer in answers}) == 1


@pytest.mark.parametrize("key", ["short", "x" * 201, "khoá-không-ascii".encode(), "tab\tin the key"])
def test_keys_that_are_none(client: TestClient, key: str | bytes) -> None:
    answer = client.post("/api/reports", json=GOOD, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["parameter"]) == (400, "Idempotency-Key")


def test_a_code_that_is_taken_is_not_given_again(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from geo.reports import intake

    codes = iter(["DT-AAAA-AAAA", "DT-BBBB-BBBB", "DT-CCCC-CCCC", "DT-DDDD-DDDD", "DT-EEEE-EEEE"] * 2)
    monkeypatch.setattr(intake, "new_code", lambda _: next(codes))
    assert [send(client)["code"] for _ in range(2)] == ["DT-AAAA-AAAA", "DT-BBBB-BBBB"]
    monkeypatch.setattr(intake, "new_code", lambda _: "DT-AAAA-AAAA")
    assert client.post("/api/reports", json=GOOD).status_code == 503


def test_categories(client: TestClient) -> None:
    listed = client.get("/api/reports/categories").json()["categories"]
    assert {"code": "TO", "title": {"vi": "Tiếng ồn", "en": "Noise"}} in listed
    assert len(listed) == 23


@pytest.mark.parametrize(
    ("changed", "parameter"),
    [
        ({"lon": "nan"}, "lon"), ({"lon": SQL}, "lon"), ({"lat": "inf"}, "lat"), ({"lat": SQL}, "lat"),
        ({"lon": ""}, "lon"), ({"lat": "91"}, "lat"), ({"category": SQL}, "category"),
        ({"text": "ngắn"}, "text"),
        ({"text": "x" * 1001}, "text"), ({"text": "Ổ gà\x00 lớn trước chợ"}, "text"),
        ({"accuracy_m": "10001"}, "accuracy_m"), ({"accuracy_m": SQL}, "accuracy_m"),
        ({"contact_phone": SQL}, "contact_phone"), ({"contact_name": "a\nb"}, "contact_name"),
    ],
)  # fmt: skip
def test_bad_input_says_what_is_allowed(client: TestClient, changed: dict[str, str], parameter: str) -> None:
    multipart = client.post("/api/reports", data=GOOD | changed, files={"photo": ("", b"")})
    for found in (multipart, client.post("/api/reports", json=GOOD | changed)):
        assert found.status_code == 400, found.text
        assert found.json()["parameter"] == parameter
        assert found.json()["allowed"]


def test_a_photo_is_a_file(client: TestClient) -> None:
    as_text = {"photo": (None, "data:image/png;base64,AAAA")}
    answer = client.post("/api/reports", data=GOOD, files=as_text)
    assert (answer.status_code, answer.json()["parameter"]) == (400, "photo")
    in_json = client.post("/api/reports", json=GOOD | {"photo": "data:image/png;base64,AAAA"})
    assert (in_json.status_code, in_json.json()["parameter"]) == (400, "photo")


def test_words_that_look_like_sql_are_words(client: TestClient, admin: psycopg.Connection) -> None:
    code = send(client, text=SQL, contact_name="Robert'); DROP TABLE private.reports;--")["code"]
    assert row(admin, "SELECT text FROM core.reports WHERE code = %s", code) == (SQL,)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b'{"lon": NaN}', "application/json", 400),
        (b'{"text": "\\ud800"}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b" " * 70_000, "application/json", 413),
        (b"lon=1&lat=2", "application/x-www-form-urlencoded", 400),
        (b"<xml/>", "text/xml", 400),
        (b"", "", 400),
        (b"", "multipart/form-data", 400),
        (b"nonsense", MULTIPART, 400),
        (b'--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n', MULTIPART, 400),
        (b'--x\r\nContent-Disposition: form-data; name="lon"\r\n\r\n1', MULTIPART, 400),
        (b'--x\r\nContent-Disposition: form-data; name="lon"\r\n\r\n\xff\xfe\r\n--x--\r\n',
         MULTIPART, 400),
    ],
)  # fmt: skip
def test_broken_bodies(client: TestClient, content: bytes, kind: str, status: int) -> None:
    answer = client.post("/api/reports", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_too_many_fields_files_or_too_long_a_field(client: TestClient) -> None:
    many = {f"f{number}": "x" for number in range(30)}
    long = {"unknown": "x" * 20_000}
    for data in (many, long):
        answer = client.post("/api/reports", data=GOOD | data, files={"photo": ("", b"")})
        assert (answer.status_code, answer.json()["parameter"]) == (400, "body")
    two = [("photo", ("a.jpg", photo())), ("photo", ("b.jpg", photo()))]
    assert client.post("/api/reports", data=GOOD, files=two).status_code == 400
    elsewhere = client.post("/api/reports", data=GOOD, files={"text": ("a.txt", b"a file for a text")})
    assert elsewhere.status_code == 400
    twice = client.post("/api/reports", data=GOOD | {"lat": ["10.51", "10.52"]}, files={"photo": ("", b"")})
    assert (twice.status_code, twice.json()["parameter"]) == (400, "lat")


def test_one_address_may_not_flood(settings: Settings, admin: psycopg.Connection) -> None:
    from starlette.testclient import TestClient

    from api.app import create_app

    few = settings.model_copy(update={"reports_per_10_min": 2, "trust_proxy": True})
    with TestClient(create_app(few), raise_server_exceptions=False) as client:
        settled(client, lambda: client.get("/readyz").status_code == 200)
        here = {"X-Forwarded-For": "10.9.9.9, 203.0.113.7"}
        answers = [client.post("/api/reports", json=GOOD, headers=here) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201, 201, 429]
        assert 1 <= int(answers[2].headers["retry-after"]) <= 300
        # Whatever a client writes before our own proxy's entry does not help.
        forged = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7"}
        assert client.post("/api/reports", json=GOOD, headers=forged).status_code == 429
        assert (
            client.post("/api/reports", json=GOOD, headers={"X-Forwarded-For": "203.0.113.8"}).status_code
            == 201
        )


def test_nothing_personal_in_the_log(
    client: TestClient, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    code = send(client, contact_name="Lê Văn Bí Mật", contact_phone="0911222333")["code"]
    client.get(f"/api/reports/{code}")
    client.post("/api/reports", json=GOOD | {"contact_phone": "0911222333x", "contact_name": "Lê Văn Bí Mật"})
    out = capsys.readouterr()
    logged = out.out + out.err + caplog.text
    for secret in ("Bí Mật", "0911222333", GOOD["text"], code):
        assert secret not in logged
