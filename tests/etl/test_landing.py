"""A file's whole way: read, repaired, set aside, staged, landed, undone; what a kill leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import psycopg
import pytest
import shapely

from etl.landing import Prepared, Wanted, export, prepare
from etl.landing.page import page
from etl.landing.prepare import discard
from etl.landing.text import lines
from geo.datasets import Difference, datasets, land, rollback
from geo.errors import InvalidInput, NotFound
from tests.etl.landing_ground import X, Y, landed, parcel, square

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def empty(admin: psycopg.Connection) -> Iterator[None]:
    yield
    for table in ("land_use", "crop_areas", "admin_units"):
        admin.execute(f"TRUNCATE core.{table} CASCADE")
    admin.execute("DELETE FROM ops.dataset")


def saved(rows: list[dict[str, Any]], file: Path) -> Path:
    shapes = [row["geom"] for row in rows]
    columns = {name: [row.get(name) for row in rows] for name in rows[0] if name != "geom"}
    gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326").to_file(file)
    return file


def prepared(settings: Settings, file: Path, layer: str = "land_use", **more: Any) -> Prepared:
    return prepare(settings, Wanted(file, layer, "tester", **more))


def test_a_file_with_good_and_bad_rows(settings: Settings, admin: psycopg.Connection, tmp_path: Path) -> None:
    bow = shapely.Polygon([(X, Y), (X + 1e-3, Y + 1e-3), (X + 1e-3, Y), (X, Y + 1e-3)])
    rows = [
        parcel(1, 0),
        parcel(2, 1, code="XXX"),
        parcel(3, 2, geom=bow),
        parcel(4, 3, area_m2=99.0),
        parcel(5, 4, geom=None),
    ]
    done = prepared(settings, saved(rows, tmp_path / "thửa.gpkg"))
    report = done.report
    assert report["can_land"] and done.difference == Difference(new=2)
    assert report["rows"] == {"file": 5, "read": 5, "taken": 2, "quarantined": 3}
    assert {kind["code"] for kind in report["faults"]["by_kind"]} >= {
        "repair_changes_area",
        "geometry_missing",
    }
    assert [fault["row"] for fault in report["faults"]["first"]] == [2, 3, 5]
    notes = {note["code"]: note for note in report["notes"]}
    assert notes["area_differs"]["rows"] == (4,) or notes["area_differs"]["rows"] == [4]
    assert report["places"]["repair_changes_area"] == [(pytest.approx(X + 5e-4), pytest.approx(Y + 5e-4))]
    text = "\n".join(lines(report))
    assert "Cách ly 3 dòng" in text and "XXX" in text and "2 mới" in text
    html = page(report)
    assert "<circle" in html and "http" not in html.replace("http://www.w3.org", "")
    assert admin.execute("SELECT count(*) FROM core.land_use").fetchone() == (0,)
    assert done.number is not None and done.plan is not None
    land(settings, done.number, done.plan, expected=done.difference)
    assert admin.execute("SELECT parcel_number FROM core.land_use ORDER BY 1").fetchall() == [(1,), (4,)]
    (record,) = datasets(settings)
    assert record.state == "landed" and record.counts["new"] == 2 and record.counts["quarantined"] == 3
    assert (record.source_name, len(record.sha256), record.actor) == ("thửa.gpkg", 64, "tester")


def test_a_replacing_file_with_bad_rows_ends_nothing(settings: Settings, tmp_path: Path) -> None:
    """The bad row may be the new state of a parcel that the layer has: it must not lose the old one."""
    landed(settings, "land_use", [parcel(1, 0), parcel(2, 1)])
    file = saved([parcel(1, 0), parcel(2, 1, geom=None)], tmp_path / "r.gpkg")
    done = prepared(settings, file, mode="replace")
    assert not done.report["can_land"]
    assert "replace_with_quarantine" in {note["code"] for note in done.report["notes"]}
    assert prepared(settings, file).report["can_land"]


def test_that_a_layer_holds_a_demonstration_is_said_before_landing(
    settings: Settings, admin: psycopg.Connection, tmp_path: Path
) -> None:
    landed(settings, "land_use", [parcel(1, 0)])
    note = '{"vi": "Dữ liệu mô phỏng.", "en": "Invented."}'
    admin.execute("UPDATE ops.layer SET note = %s::jsonb WHERE name = 'land_use'", [note])
    try:
        file = saved([parcel(2, 1)], tmp_path / "d.gpkg")
        mixed, whole = prepared(settings, file), prepared(settings, file, mode="replace")
    finally:
        admin.execute("UPDATE ops.layer SET note = NULL WHERE name = 'land_use'")
    assert not mixed.report["can_land"]
    assert [n["severity"] for n in mixed.report["notes"] if n["code"] == "demonstration_mixed"] == ["refused"]
    assert whole.report["can_land"]


HOTLINE = """\
STT;Mã phản ánh;Lĩnh vực;Nội dung;Địa điểm;Thời gian tiếp nhận;Nguồn;Trạng thái;Người phản ánh;Điện thoại;Vĩ độ;Kinh độ
1;PA-0001;Giao thông;Ổ gà trước cổng chợ;Chợ Cao Lãnh;15/03/2026 08:30;Tổng đài 1022;Đang xử lý;Trần Thị B;0912345678;10,4601;105,6321
2;PA-0002;Rác thải sinh hoạt;Rác chưa thu gom;Khóm 2;16/03/2026 17:05;Zalo;Đã xử lý;Lê Văn C;0987654321;10,4622;105,6355
"""  # noqa: E501 (as the hotline writes it)


def test_a_list_of_a_hotline_becomes_reports(
    settings: Settings, admin: psycopg.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "1022.csv"
    file.write_text(HOTLINE, encoding="utf-8-sig")
    done = prepared(settings, file, "reports")
    assert done.report["can_land"], [done.report["questions"], done.report["notes"]]
    assert done.number is not None and done.plan is not None
    try:
        land(settings, done.number, done.plan)
        query = "SELECT code, category, status, channel, h3_9, text FROM core.reports ORDER BY code"
        assert admin.execute(query).fetchall() == [
            ("PA-0001", "GT", "in_progress", "phone", "", "Ổ gà trước cổng chợ"),
            ("PA-0002", "MT", "resolved", "zalo", "", "Rác chưa thu gom"),
        ]
        # What nobody can know who sends a list, the keeper works out.
        assert admin.execute("SELECT count(*) FROM hot.without_cell()").fetchone() == (2,)
        names = "SELECT reporter_name FROM private.reports ORDER BY reporter_name"
        assert admin.execute(names).fetchall() == [("Lê Văn C",), ("Trần Thị B",)]
    finally:
        rollback(settings, done.number, "tester")


def test_quarantine_goes_out_is_mended_and_comes_in(
    settings: Settings, admin: psycopg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geo.datasets.store.ROWS_A_BATCH", 2)  # three rows: more than one batch
    bow = shapely.Polygon([(X, Y), (X + 1e-3, Y + 1e-3), (X + 1e-3, Y), (X, Y + 1e-3)])
    rows = [parcel(1, 0), parcel(2, 1, code="XXX"), parcel(3, 2, geom=bow), parcel(4, 3, geom=None)]
    first = prepared(settings, saved(rows, tmp_path / "a.geojson"))
    assert first.number is not None and first.plan is not None
    land(settings, first.number, first.plan)
    out = tmp_path / "cách ly.gpkg"
    assert export(settings, first.number, out) == 3
    frame = gpd.read_file(out)
    assert frame["diaban_row"].tolist() == [2, 3, 4] and "danh mục mã" in frame["diaban_reason"][0]
    assert frame.geometry[1].equals_exact(bow) and frame.geometry[2] is None
    assert frame["parcel_number"].tolist() == [2, 3, 4] and frame["area_m2"].dtype == float
    # What a person does in QGIS.
    frame.loc[0, "code"] = "CLN"
    frame["geometry"] = [frame.geometry[0], square(2, 0), square(3, 0)]
    frame.to_file(tmp_path / "mended.gpkg")
    second = prepared(settings, tmp_path / "mended.gpkg")
    assert second.difference == Difference(new=3, kept=1) and not second.report["rows"]["quarantined"]
    assert second.number is not None and second.plan is not None
    land(settings, second.number, second.plan)
    found = admin.execute("SELECT parcel_number, code FROM core.land_use ORDER BY 1").fetchall()
    assert found == [(1, "LUC"), (2, "CLN"), (3, "LUC"), (4, "LUC")]
    rollback(settings, second.number, "tester")
    assert admin.execute("SELECT count(*) FROM core.land_use").fetchone() == (1,)
    with pytest.raises(NotFound, match="quarantine"):
        export(settings, second.number, out)


def test_rows_that_conflict_go_out_under_the_fields_names(settings: Settings, tmp_path: Path) -> None:
    landed(settings, "land_use", [parcel(1, 0)])
    done = prepared(settings, saved([parcel(1, 0, code="CLN")], tmp_path / "a.gpkg"), mode="append")
    assert done.number is not None and done.plan is not None
    land(settings, done.number, done.plan)
    export(settings, done.number, tmp_path / "q.gpkg")
    frame = gpd.read_file(tmp_path / "q.gpkg", layer="quarantine_layer")
    assert frame["code"].tolist() == ["CLN"] and "append" in frame["diaban_reason"][0]


def test_neighbours_that_overlap_or_leave_gaps_are_told(settings: Settings, tmp_path: Path) -> None:
    def cell(number: int, west: float, east: float, south: float = 0, north: float = 1) -> dict[str, Any]:
        box = shapely.box(X + west * 1e-3, Y + south * 1e-3, X + east * 1e-3, Y + north * 1e-3)
        return parcel(number, 0, geom=box)

    rows = [
        cell(1, 0, 1), cell(2, 0.9, 2), cell(3, 2, 3), cell(4, 3, 4), cell(4, 3, 4, 2, 3),
        cell(5, 10, 11), cell(6, 11.005, 12), cell(7, 10, 12, 1, 2), cell(8, 10, 12, -1, 0), cell(9, 10, 11),
    ]  # fmt: skip
    done = prepared(settings, saved(rows, tmp_path / "c.gpkg"))
    notes = {note["code"]: note for note in done.report["notes"]}
    assert notes["overlap"]["count"] == 2  # 1 with 2, and 5 with its twin 9
    assert notes["gap"]["count"] == 1
    assert done.report["places"]["gap"][0] == (pytest.approx(X + 11.0025e-3), pytest.approx(Y + 5e-4))
    assert done.report["can_land"]  # told, not refused: which of two is right only the surveyor knows


def test_overlaps_with_what_the_layer_keeps_are_told(settings: Settings, tmp_path: Path) -> None:
    landed(settings, "land_use", [parcel(1, 0), parcel(2, 1), parcel(3, 5)])
    # 1 comes changed and larger, into 2 that stays; 9 is new, on the half of 3; 8 only touches.
    rows = [
        parcel(1, 0, geom=square(0, 0, 1.1)),
        parcel(9, 5, geom=square(5.5, 0)),
        parcel(8, 6.5, geom=square(6.5, 0)),
    ]
    file = saved(rows, tmp_path / "p.gpkg")
    note = next(n for n in prepared(settings, file).report["notes"] if n["code"] == "overlap_layer")
    assert note["count"] == 2 and sorted(note["rows"]) == [1, 2]
    assert note["severity"] == "info" and note["place"] is not None
    # Where the file takes the place of all, nothing is left to overlap with.
    codes = {n["code"] for n in prepared(settings, file, mode="replace").report["notes"]}
    assert "overlap_layer" not in codes


def test_the_ward_is_found_by_place(settings: Settings, admin: psycopg.Connection, tmp_path: Path) -> None:
    wards = [
        {
            "unit_id": f"VN-82-{code}-2025",
            "code": code,
            "name": f"Phường {code}",
            "kind": "phuong",
            "level": 3,
            "province_code": "82",
            "valid_from": date(2025, 7, 1),
            "geom": square(x, 0, 10),
        }
        for code, x in (("29869", 0), ("29884", 10))
    ]
    landed(settings, "admin_units", wards)
    rows = [parcel(1, 1), parcel(1, 12), parcel(2, 30)]
    for row in rows:
        del row["unit"]
    file = saved(rows, tmp_path / "p.gpkg")
    done = prepared(settings, file)
    assert done.number is not None and done.plan is not None and done.plan.for_new == ("unit",)
    land(settings, done.number, done.plan)
    query = "SELECT unit, parcel_number FROM core.land_use ORDER BY parcel_number, unit"
    assert admin.execute(query).fetchall() == [("29869", 1), ("29884", 1), (None, 2)]
    assert next(n for n in done.report["notes"] if n["code"] == "no_unit")["count"] == 1
    # A person's word on who is responsible is not taken back by the next file.
    admin.execute("UPDATE core.land_use SET unit = '29884' WHERE parcel_number = 2")
    again = prepared(settings, file)
    assert again.difference is not None and again.difference.changed == 0


def test_a_file_that_cannot_land_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    line = shapely.LineString([(X, Y), (X + 1e-3, Y)])
    bad = prepared(settings, saved([parcel(1, 0, geom=line)], tmp_path / "bad.gpkg"))
    assert not bad.report["can_land"] and bad.number is not None
    discard(settings, bad.number)
    rows = [{"name": "x", "geom": square(0, 0)}]
    assert prepared(settings, saved(rows, tmp_path / "none.gpkg")).number is None
    with pytest.raises(NotFound, match="no layer"):
        prepared(settings, tmp_path / "bad.gpkg", "nothing")
    (tmp_path / "words.gpkg").write_text("không phải dữ liệu")
    with pytest.raises(InvalidInput):
        prepared(settings, tmp_path / "words.gpkg")
    assert datasets(settings) == []


SCRIPT = """
import sys
from pathlib import Path
from etl.landing import Wanted, prepare, stream
from geo.datasets import land
from geo.settings import Settings

# Several batches and statements of few rows: what is killed between them is the same.
stream.ROWS_A_BATCH = 500
sys.modules["geo.datasets.write"].ROWS_A_STATEMENT = 600

def said(word):
    print(word, flush=True)
    sys.stdin.readline()  # for whoever kills at this moment

def told(share, word=""):
    said(f"{share:.3f}")

settings = Settings()
done = prepare(settings, Wanted(Path(sys.argv[1]), "land_use", "killed", "replace"), told)
said("staged")
land(settings, done.number, done.plan, progress=told)
"""


@pytest.mark.parametrize("moment", ["read 0", "read 0.2", "staged", "land 0", "land 0.4", "land 1"])
def test_a_kill_at_any_moment_leaves_the_layer_as_it_was(
    settings: Settings, admin: psycopg.Connection, tmp_path: Path, moment: str
) -> None:
    landed(settings, "land_use", [parcel(1, 0), parcel(2, 1)])
    before = admin.execute("SELECT c.*::text FROM core.land_use AS c ORDER BY id").fetchall()
    file = saved([parcel(i, i % 300, i // 300) for i in range(1_500)], tmp_path / "many.fgb")
    environment = os.environ | {
        "DIABAN_DATABASE_URL": settings.database_url,
        "DIABAN_SECRET": settings.secret.get_secret_value(),
        "DIABAN_HOME": str(settings.home),
        "PYTHONPATH": str(ROOT),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    assert process.stdin is not None and process.stdout is not None
    reached, step, (wanted, _, share) = False, "read", moment.partition(" ")
    for line in process.stdout:
        told = line.strip()
        if told == "staged":
            step = "land"
        if told == moment or (told != "staged" and step == wanted and float(told) >= float(share)):
            reached = True
            os.kill(process.pid, signal.SIGKILL)
            break
        process.stdin.write("go on\n")
        process.stdin.flush()
    process.wait(120)
    process.stdin.close()
    process.stdout.close()
    assert reached and process.returncode == -signal.SIGKILL
    _until(lambda: not _busy(admin))
    assert admin.execute("SELECT c.*::text FROM core.land_use AS c ORDER BY id").fetchall() == before
    with psycopg.connect(settings.role_dsn("diaban_public")) as public:
        assert public.execute("SELECT count(*) FROM land_use").fetchone() == (2,)
    # The next import sweeps up and goes through.
    done = prepared(settings, saved([parcel(1, 0, code="CLN")], tmp_path / "next.gpkg"))
    assert done.difference == Difference(changed=1, kept=1, fields={"code": 1})
    left = admin.execute("SELECT id FROM ops.dataset WHERE state = 'reading'").fetchall()
    tables = admin.execute(
        "SELECT relname FROM pg_class WHERE relname LIKE 'dataset\\_%' AND relkind = 'r'"
    ).fetchall()
    assert left == [] and len(tables) <= 1 + (moment == "staged" or moment.startswith("land"))


def _busy(admin: psycopg.Connection) -> bool:
    row = admin.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() "
        "AND state <> 'idle'"
    ).fetchone()
    return bool(row and row[0])


def _until(condition: Any, seconds: float = 400) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_memory_of_a_sweep_in_use(settings: Settings, admin: psycopg.Connection) -> None:
    """A dataset that somebody is reading at this moment is nobody else's to sweep."""
    from geo.datasets import stage, store
    from geo.datasets.types import Origin

    with closing(psycopg.connect(settings.admin_dsn, autocommit=True)) as connection:
        number = store.begin(connection, "land_use", "update", Origin("a", "0" * 64, 1, "x"))
        with stage.reading(connection, number):
            assert stage.sweep(admin) == 0
        assert stage.sweep(admin) == 1
    assert datasets(settings)[0].state == "abandoned"
