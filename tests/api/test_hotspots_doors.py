"""The doors beside the cells: wards, hours, emerging cells, two periods, tiles, rasters, runs, alarms."""

from __future__ import annotations

import io
import json
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import h3
import mapbox_vector_tile
import numpy as np
import psycopg
import pytest
import rasterio
from PIL import Image

from geo.hotspots import cell_of
from geo.hotspots.alarms import raise_alarms
from geo.hotspots.keeper import facts_for_all_staff, tell_months
from tests.changes import as_pump
from tests.hotspots_ground import SQL, insert

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from geo.settings import Settings

WEST, SOUTH, SIDE = 105.50, 10.40, 0.12
WARDS = [("30001", "Phường Một", 0, 40_000), ("30002", "Xã Hai", 1, 10_000)]
WARD = """
INSERT INTO core.admin_units
       (unit_id, code, name, kind, level, province_code, valid_from, population, area_km2, geom)
VALUES (%s, %s, %s, 'xa', 3, '82', '2025-07-01', %s, 170, ST_Multi(ST_MakeEnvelope(%s, %s, %s, %s, 4326)))
"""
BUSY = (105.53, 10.43)
END = date(2026, 6, 30)
YEAR = {"from": "2025-07-01", "to": "2026-07-01"}


def reports() -> list[tuple[Any, ...]]:
    """A year over both wards, a place that always reports much, and one that began in the last three days."""
    random = Random(5)
    rows: list[tuple[Any, ...]] = []

    def add(lon: float, lat: float, day: date, category: str = "GT", vis: int = 0) -> None:
        code = f"DT-{len(rows):04d}-0000"
        at = datetime.combine(day, datetime.min.time()) + timedelta(hours=random.randrange(24))
        ward = "30001" if lon < WEST + SIDE else "30002"
        rows.append(((lon, lat), vis, code, category, f"{at.isoformat()}+07:00", code, "web", ward))

    for _ in range(1500):
        place = (WEST + random.random() * 2 * SIDE, SOUTH + random.random() * SIDE)
        add(*place, END - timedelta(days=random.randrange(364)), random.choice(["GT", "MT", "CTN"]))
    for _ in range(500):
        spread = (random.gauss(BUSY[0], 0.002), random.gauss(BUSY[1], 0.002))
        add(*spread, END - timedelta(days=random.randrange(364)))
    for _ in range(25):
        spread = (random.gauss(105.68, 0.001), random.gauss(10.47, 0.001))
        add(*spread, END - timedelta(days=random.randrange(3)), "MT")
    for _ in range(30):
        add(*BUSY, END - timedelta(days=random.randrange(364)), "ANTT", 1)
    return rows


ROWS = reports()


@pytest.fixture(scope="module", autouse=True)
def ground(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as admin:
        for code, name, column, people in WARDS:
            west = WEST + column * SIDE
            admin.execute(WARD, [f"vn-{code}", code, name, people, west, SOUTH, west + SIDE, SOUTH + SIDE])
        insert(admin, ROWS)

    as_pump(settings, tell_months)


def get(client: TestClient, headers: dict[str, str], path: str, **params: str) -> dict[str, Any]:
    answer = client.get(f"/api/hotspots{path}", params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


STAFF_DOORS = (
    "/wards",
    "/hours",
    "/emerging",
    "/compare",
    f"/cells/{cell_of(*BUSY)}/reports",
    "/runs",
    "/alarms",
)


@pytest.mark.parametrize("path", [*STAFF_DOORS, "/alarms/events"])
def test_these_doors_are_for_staff(client: TestClient, path: str) -> None:
    assert client.get(f"/api/hotspots{path}").status_code == 401


def test_wards_by_people(client: TestClient, staff: dict[str, str]) -> None:
    body = get(client, staff, "/wards", **YEAR)
    first, second = sorted(body["wards"], key=lambda ward: ward["code"])
    west = [row for row in ROWS if row[0][0] < WEST + SIDE]
    assert first["contacts"] + second["contacts"] == len(ROWS)
    assert first["contacts"] == pytest.approx(len(west), abs=60)  # a cell on the border goes as a whole
    assert first["rate"] == pytest.approx(first["incidents"] / 40_000 * 1000 * 30 / 365, rel=1e-3)
    assert body["wards"][0]["code"] == "30002"  # fewer reports, far fewer people


def test_hours_are_vietnamese_and_sum_up(client: TestClient, staff: dict[str, str]) -> None:
    body = get(client, staff, "/hours", **YEAR)
    table = np.array(body["contacts"])
    assert table.shape == (7, 24)
    wanted = np.zeros((7, 24), dtype=int)
    for row in ROWS:
        at = datetime.fromisoformat(row[4])
        wanted[at.weekday(), at.hour] += 1
    assert (table == wanted).all()
    assert sum(body["days"]) == np.array(body["incidents"]).sum()
    assert len(body["days"]) == 365
    here = h3.cell_to_parent(cell_of(*BUSY), 7)
    part = get(client, staff, "/hours", **YEAR, cell=here)
    inside = [row for row in ROWS if h3.cell_to_parent(cell_of(*row[0]), 7) == here]
    assert np.array(part["contacts"]).sum() == len(inside)


def test_significance(client: TestClient, staff: dict[str, str]) -> None:
    body = get(client, staff, "", **YEAR, state="all")
    states = {f["id"]: f["properties"]["state"] for f in body["features"]}
    assert states[h3.cell_to_parent(cell_of(*BUSY), 8)] == "hot99"
    assert body["parameters"]["significance"]["cells"] == len(states)
    assert any(f["properties"]["incidents"] == 0 for f in body["features"])  # empty cells take part
    hot = get(client, staff, "", **YEAR, state="hot99,hot95")
    assert {f["id"] for f in hot["features"]} == {c for c, s in states.items() if s in ("hot99", "hot95")}


def test_emerging(client: TestClient, staff: dict[str, str]) -> None:
    body = get(client, staff, "/emerging", to="2026-07-01")
    kinds = {f["id"]: f["properties"]["kind"] for f in body["features"]}
    assert kinds[h3.cell_to_parent(cell_of(*BUSY), 8)].endswith("_hot")
    assert kinds[h3.cell_to_parent(cell_of(105.68, 10.47), 8)] in (
        "new_hot",
        "consecutive_hot",
        "sporadic_hot",
    )
    assert get(client, staff, "/emerging", to="2026-07-01", kind="new")["features"] != body["features"]
    whole = get(client, staff, "/emerging", to="2026-07-01", kind="all")
    assert len(whole["features"]) == whole["parameters"]["cells"]


def test_two_periods(client: TestClient, staff: dict[str, str]) -> None:
    asked = {"from": "2026-06-24", "to": "2026-07-01", "from2": "2026-01-01", "to2": "2026-06-24"}
    body = get(client, staff, "/compare", **asked)
    found = {f["id"]: f["properties"] for f in body["features"]}
    new = found[h3.cell_to_parent(cell_of(105.68, 10.47), 8)]
    assert new["change"] == 1
    assert new["now"] >= 10
    assert found[h3.cell_to_parent(cell_of(*BUSY), 8)]["change"] == 0
    default = get(client, staff, "/compare", **{"from": "2026-06-24", "to": "2026-07-01"})["parameters"]
    weekdays = [date.fromisoformat(default[name][:10]).weekday() for name in ("from", "from2")]
    assert weekdays[0] == weekdays[1]


def test_reports_of_a_cell_by_right(client: TestClient, staff: dict[str, str], settings: Settings) -> None:
    cell = h3.cell_to_parent(cell_of(*BUSY), 7)
    body = get(client, staff, f"/cells/{cell}/reports", **YEAR)
    assert body["more"] is True
    assert len(body["reports"]) == 200
    # By H3's hierarchy, as counts go up: a cell of resolution 9 may lie a little outside its parent.
    assert {h3.cell_to_parent(cell_of(r["lon"], r["lat"]), 7) for r in body["reports"]} == {cell}
    times = [r["received_at"] for r in body["reports"]]
    assert times == sorted(times, reverse=True)
    only = get(client, staff, f"/cells/{cell}/reports", **YEAR, category="ANTT")
    assert len(only["reports"]) == 30


def test_tiles_hold_whole_cells_and_all_of_them(client: TestClient, staff: dict[str, str]) -> None:
    for zoom, resolution in ((6, 6), (8, 7), (10, 8), (12, 9)):
        wanted = get(client, staff, "", **YEAR, resolution=str(resolution))
        values: dict[int, int] = {}
        side = 360 / 2**zoom
        for x in range(int((WEST - 0.1 + 180) / side), int((WEST + 2 * SIDE + 0.1 + 180) / side) + 1):
            for y in range(*_rows(zoom)):
                answer = client.get(f"/api/hotspots/tiles/{zoom}/{x}/{y}.mvt", params=YEAR, headers=staff)
                assert answer.status_code == 200
                layers = mapbox_vector_tile.decode(answer.content) if answer.content else {}
                for feature in layers.get("hotspots", {}).get("features", ()):
                    values[feature["id"]] = feature["properties"]["incidents"]
                    assert feature["geometry"]["type"] == "Polygon"
                    assert int(feature["properties"]["cell"], 16) == feature["id"]
        assert values == {int(f["id"], 16): f["properties"]["incidents"] for f in wanted["features"]}


def _rows(zoom: int) -> tuple[int, int]:
    rows = [int((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * 2**zoom) for lat in (10.6, 10.3)]
    return rows[0], rows[1] + 1


def test_density_is_a_geotiff_with_its_parameters(client: TestClient, staff: dict[str, str]) -> None:
    asked = {**YEAR, "bandwidth_m": "1000"}
    answer = client.get("/api/hotspots/density.tif", params=asked, headers=staff)
    again = client.get("/api/hotspots/density.tif", params=asked, headers=staff)
    assert answer.content == again.content
    with rasterio.open(io.BytesIO(answer.content)) as file:
        values = file.read(1, masked=True)
        said = json.loads(file.tags()["diaban"])
        assert file.crs.to_epsg() == 32_648
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert said["density"]["bandwidth_m"] == 1000
    # The surface holds every report: rate × days/30 × area of a raster cell (0.01 km²).
    assert float(values.sum()) * 0.01 * 365 / 30 == pytest.approx(said["density"]["n"], rel=1e-3)
    assert said["density"]["n"] == len(ROWS)
    assert said["density"]["outside"] == 0


def test_density_tiles_keep_their_colours(client: TestClient, staff: dict[str, str]) -> None:
    def colour(zoom: int, lon: float, lat: float) -> tuple[int, ...]:
        x, y = (lon / 360 + 0.5) * 2**zoom, (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * 2**zoom
        path = f"/api/hotspots/density/{zoom}/{int(x)}/{int(y)}.png"
        answer = client.get(path, params=YEAR, headers=staff)
        assert answer.headers["content-type"] == "image/png"
        picture = Image.open(io.BytesIO(answer.content)).convert("RGBA")
        assert picture.size == (256, 256)
        found = picture.getpixel((int(x % 1 * 256), int(y % 1 * 256)))
        assert isinstance(found, tuple)
        return found

    shades = [np.array(colour(zoom, *BUSY)) for zoom in (10, 12, 14)]
    assert all(np.abs(shade - shades[0]).max() <= 12 for shade in shades)
    assert shades[0][2] > 60  # towards the dark blue end
    assert colour(12, 105.40, 10.45)[3] == 0  # outside the province


def test_the_public_gets_tiles_of_months(client: TestClient) -> None:
    months = {"from": "2025-07-01", "to": "2026-06-01"}
    body = client.get("/api/hotspots", params=months).json()
    assert body["parameters"]["audience"] == "public"
    assert body["features"]
    assert client.get("/api/hotspots/tiles/11/1624/963.mvt", params=months).status_code == 200
    assert client.get("/api/hotspots/density/11/1624/963.png", params=months).status_code == 200
    assert client.get("/api/hotspots/density.tif", params=months).status_code == 200
    assert client.get("/api/hotspots/density.tif", params=YEAR | {"category": "GT"}).status_code == 400


def test_the_public_never_hears_of_restricted_reports(client: TestClient) -> None:
    """Restricted reports stand in no told month: the sums are those of the public rows."""
    told = client.get("/api/hotspots", params={"from": "2025-08-01", "to": "2026-06-01"}).json()
    rows = [r for r in ROWS if r[1] == 0 and "2025-08-01" <= r[4] < "2026-06-01"]
    assert told["parameters"]["n"]["incidents"] == pytest.approx(len(rows), abs=0.5)


def test_runs_are_kept_and_repeat_to_the_byte(client: TestClient, staff: dict[str, str]) -> None:
    for kind in ("significance", "emerging", "density"):
        made = client.post("/api/hotspots/runs", json={"kind": kind, **YEAR}, headers=staff)
        assert made.status_code == 201, made.text
        first = made.json()
        again = client.post("/api/hotspots/runs", json={"kind": kind, **YEAR}, headers=staff).json()
        assert first == again
        result = client.get(first["result"], headers=staff)
        assert len(result.content) == first["bytes"]
        assert first["n"] > 0
        assert get(client, staff, f"/runs/{first['id']}") == first
        assert client.get(first["result"]).status_code == 401
    listed = get(client, staff, "/runs")["runs"]
    assert {run["parameters"]["kind"] for run in listed} == {"significance", "emerging", "density"}


def test_a_run_made_anew_has_the_same_bytes(
    client: TestClient, staff: dict[str, str], settings: Settings
) -> None:
    bodies = []
    for _ in range(2):
        made = client.post("/api/hotspots/runs", json={"kind": "emerging", **YEAR}, headers=staff).json()
        bodies.append(client.get(made["result"], headers=staff).content)
        with psycopg.connect(settings.admin_dsn, autocommit=True) as admin:
            admin.execute("DELETE FROM hot.run")
            admin.execute("UPDATE core.reports SET status = 'closed' WHERE code = %s", [ROWS[0][2]])
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{",
        '{"kind": "magic"}',
        '{"kind": 1}',
        '{"kind": "density", "bandwidth_m": 1}',
        '{"kind": "emerging", "steps": 1e9}',
        '{"kind": "emerging", "from": 5}',
        '{"kind": "emerging", "sql": "x"}',
        "[" * 2000,
    ],
)
def test_bad_runs(client: TestClient, staff: dict[str, str], body: str) -> None:
    answer = client.post("/api/hotspots/runs", content=body, headers=staff)
    assert answer.status_code == 400, answer.text
    assert answer.json()["allowed"]


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/tiles/16/0/0.mvt", {}),
        ("/tiles/3/8/0.mvt", {}),
        ("/tiles/a/0/0.mvt", {}),
        ("/density/3/0/0.png", {"bandwidth_m": "10"}),
        ("/density/3/0/-1.png", {}),
        ("/density.tif", {"bandwidth_m": SQL}),
        ("/emerging", {"steps": "9"}),
        ("/emerging", {"step_days": "0"}),
        ("/emerging", {"kind": "warm"}),
        ("/compare", {"from2": "2026-02-01", "to2": "2026-01-01"}),
        ("/emerging", {"f": "arrow"}),
        ("", {"most": "0"}),
        ("/tiles/9/0/0.mvt", {"resolution": "10"}),
        ("", {"cell": SQL}),
        ("/sheet.pdf", {"view": "emerging", "group": "an_toan"}),
        ("/hours", {"cell": SQL}),
        ("/hours", {"cell": "8f65a6b0003ffff"}),
        ("/cells/xyz/reports", {}),
        ("/alarms", {"after": "-1"}),
    ],
)
def test_bad_input(client: TestClient, staff: dict[str, str], path: str, params: dict[str, str]) -> None:
    answer = client.get(f"/api/hotspots{path}", params=params, headers=staff)
    assert answer.status_code == 400, answer.text
    assert answer.json()["allowed"]


def test_what_began_raises_an_alarm(client: TestClient, staff: dict[str, str], settings: Settings) -> None:
    async def twice(connection: psycopg.AsyncConnection[Any]) -> tuple[list[int], list[int]]:
        facts = await facts_for_all_staff(connection)
        return await raise_alarms(connection, facts, END), await raise_alarms(connection, facts, END)

    raised, again = as_pump(settings, twice)
    assert raised and again == []  # once a day
    alarm = get(client, staff, "/alarms")["alarms"][-1]
    assert alarm["recurrence_days"] >= 100
    assert alarm["observed"] > 4 * alarm["expected"]
    assert abs(alarm["lon"] - 105.68) < 0.03 and abs(alarm["lat"] - 10.47) < 0.03
    assert date.fromisoformat(alarm["first_day"]) >= END - timedelta(days=3)
    seen = client.post(f"/api/hotspots/alarms/{alarm['id']}/seen", headers=staff)
    assert seen.status_code == 204
    assert client.post(f"/api/hotspots/alarms/{alarm['id']}/seen", headers=staff).status_code == 404
    assert get(client, staff, "/alarms")["alarms"][-1]["seen_by"] == "staff@test"


def test_the_sheet_says_what_the_screen_says(client: TestClient, staff: dict[str, str]) -> None:
    asked = {**YEAR, "category": "MT"}
    first = client.get("/api/hotspots/sheet.pdf", params=asked, headers=staff)
    assert first.status_code == 200, first.text
    assert first.headers["content-type"] == "application/pdf"
    assert first.content.startswith(b"%PDF-")
    assert first.content == client.get("/api/hotspots/sheet.pdf", params=asked, headers=staff).content
    assert first.content != client.get("/api/hotspots/sheet.pdf", params=YEAR, headers=staff).content
    marked = client.get("/api/hotspots/sheet.pdf", params={**YEAR, "view": "signal"}, headers=staff)
    assert marked.status_code == 200
    months = {"from": "2025-08-01", "to": "2026-06-01"}
    assert client.get("/api/hotspots/sheet.pdf", params=months).status_code == 200
    assert client.get("/api/hotspots/sheet.pdf", params=asked).status_code == 400


def test_the_sheet_has_every_view_of_the_screen(client: TestClient, staff: dict[str, str]) -> None:
    def sheet(**more: str) -> bytes:
        answer = client.get("/api/hotspots/sheet.pdf", params={**YEAR, **more}, headers=staff)
        assert answer.status_code == 200, answer.text
        return answer.content

    views = [sheet(view=view) for view in ("density", "heat", "signal", "emerging", "compare")]
    assert len(set(views)) == len(views)
    assert sheet() == views[0]
    assert b"/Subtype /Image" in views[1] and b"/Subtype /Image" not in views[0]
    assert sheet(view="compare", from2="2025-07-01", to2="2025-08-01") != views[4]
    wrong = client.get("/api/hotspots/sheet.pdf", params={"view": SQL}, headers=staff)
    assert (wrong.status_code, wrong.json()["parameter"]) == (400, "view")
    for view in ("emerging", "compare"):
        assert client.get("/api/hotspots/sheet.pdf", params={"view": view}).status_code == 401


def test_the_first_cells_are_the_hottest_and_n_is_of_all(client: TestClient, staff: dict[str, str]) -> None:
    whole = get(client, staff, "", **YEAR)
    first = get(client, staff, "", **YEAR, most="3")
    assert first["parameters"]["n"] == whole["parameters"]["n"]
    rates = sorted((f["properties"]["rate"] for f in whole["features"]), reverse=True)
    assert sorted((f["properties"]["rate"] for f in first["features"]), reverse=True) == rates[:3]
    hot = get(client, staff, "", **YEAR, state="all", most="1")["features"][0]["properties"]
    assert hot["state"] == "hot99"


def test_one_cell_says_what_it_says_among_all(client: TestClient, staff: dict[str, str]) -> None:
    whole = get(client, staff, "", **YEAR, state="all", resolution="7")["features"]
    wanted = max(whole, key=lambda feature: feature["properties"]["incidents"])
    alone = get(client, staff, "", **YEAR, state="all", cell=wanted["id"])["features"]
    assert alone == [wanted]


def test_tables_in_time_as_csv(client: TestClient, staff: dict[str, str]) -> None:
    for path, column in (("/emerging", "kind"), ("/compare", "change")):
        answer = client.get(f"/api/hotspots{path}", params={**YEAR, "f": "csv"}, headers=staff)
        assert answer.headers["content-type"].startswith("text/csv")
        head, *lines = answer.content.decode("utf-8-sig").splitlines()
        features = get(client, staff, path, **YEAR)["features"]
        at = head.split(",").index(column)
        said = {line.split(",")[0]: line.split(",")[at] for line in lines}
        assert said == {f["id"]: str(f["properties"][column]) for f in features} and said
