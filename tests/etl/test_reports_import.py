"""A list of reports without units: the router places what is open, and a second list changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from etl.landing import Prepared, Wanted, prepare
from geo.datasets import Difference, land, rollback
from geo.errors import Conflict
from geo.routing.undecided import decide_all
from tests.changes import as_pump
from tests.geo.units_ground import settle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from geo.settings import Settings

HEAD = "Mã phản ánh;Lĩnh vực;Nội dung;Thời gian tiếp nhận;Nguồn;Trạng thái;Phường/xã;Vĩ độ;Kinh độ"
# P-1 new and in A, P-2 on its way and in B, P-3 over before the wards of today, P-4 nobody's.
ROWS = [
    "P-1;Giao thông;Ổ gà;15/03/2026 08:30;Zalo;Mới tiếp nhận;P. An Hòa (cũ);10,51;105,61",
    "P-2;Giao thông;Ổ gà;16/03/2026 08:30;Zalo;Đang xử lý;;10,51;105,63",
    "P-3;Giao thông;Ổ gà;16/03/2025 08:30;Zalo;Đã đóng;;10,51;105,61",
    "P-4;Giao thông;Ổ gà;16/03/2026 08:30;Zalo;Mới tiếp nhận;;10,51;105,70",
]


@pytest.fixture(autouse=True)
def ground(admin: psycopg.Connection) -> Iterator[None]:
    settle(admin)
    yield
    for table in ("core.reports", "core.admin_units", "ops.dataset"):
        admin.execute(f"DELETE FROM {table}")


def listed(settings: Settings, folder: Path, rows: list[str], **more: Any) -> Prepared:
    file = folder / "1022.csv"
    file.write_text("\n".join([HEAD, *rows]), encoding="utf-8-sig")
    done = prepare(settings, Wanted(file, "reports", "tester", **more))
    assert done.number is not None and done.plan is not None, done.report["questions"]
    return done


def landed(settings: Settings, done: Prepared) -> int:
    assert done.number is not None and done.plan is not None
    land(settings, done.number, done.plan)
    return done.number


def decided(settings: Settings) -> int:
    return as_pump(settings, decide_all)


def rows(admin: psycopg.Connection) -> dict[str, tuple[Any, ...]]:
    found = admin.execute("SELECT code, status, unit, ward_name FROM core.reports ORDER BY code").fetchall()
    return {code: tuple(rest) for code, *rest in found}


def test_the_router_places_what_is_open_and_the_same_list_again_changes_nothing(
    settings: Settings, admin: psycopg.Connection, tmp_path: Path
) -> None:
    first = listed(settings, tmp_path, ROWS)
    notes = {note["code"]: note["count"] for note in first.report["notes"]}
    assert notes["left_to_router"] == 3 and "no_unit" not in notes
    number = landed(settings, first)
    assert {code: row[1] for code, row in rows(admin).items()} == {
        "P-1": None, "P-2": None, "P-3": "30001", "P-4": None,
    }  # fmt: skip
    assert decided(settings) == 4
    assert rows(admin) == {
        "P-1": ("forwarded", "30001", "Phường An Hòa"),
        "P-2": ("in_progress", "30002", "Xã Bình Minh"),
        "P-3": ("closed", "30001", "Phường An Hòa"),
        "P-4": ("received", None, None),
    }
    said = admin.execute(
        "SELECT code, rule, reason_vi FROM core.route_decision JOIN core.reports AS r ON r.id = report_id"
        " ORDER BY code"
    ).fetchall()
    assert [row[1] for row in said] == ["ward-default", "ward-default", "import", "ward-default"]
    assert "không ghi đơn vị" in said[2][2] and "Thị trấn Cũ" in said[2][2]
    again = listed(settings, tmp_path, ROWS)
    assert again.difference == Difference(same=4)
    # What the router worked out is no change by a person: the import can still be undone.
    rollback(settings, number, "tester")
    assert rows(admin) == {}


def test_a_later_list_brings_news_and_calls_no_case_back(
    settings: Settings, admin: psycopg.Connection, tmp_path: Path
) -> None:
    number = landed(settings, listed(settings, tmp_path, ROWS))
    decided(settings)
    news = [
        ROWS[0].replace("Ổ gà", "Ổ gà sâu"),
        ROWS[1].replace("Đang xử lý", "Đã xử lý"),
        *ROWS[2:],
    ]
    later = listed(settings, tmp_path, news)
    assert later.difference == Difference(changed=2, same=2, fields={"text": 1, "status": 1})
    landed(settings, later)
    assert rows(admin)["P-1"] == ("forwarded", "30001", "Phường An Hòa")
    assert rows(admin)["P-2"] == ("resolved", "30002", "Xã Bình Minh")
    with pytest.raises(Conflict):
        rollback(settings, number, "tester")


def test_units_that_the_file_names_are_its_word(
    settings: Settings, admin: psycopg.Connection, tmp_path: Path
) -> None:
    file = tmp_path / "1022.csv"
    named = [HEAD + ";Mã đơn vị phụ trách", ROWS[0] + ";30003", ROWS[1] + ";30002"]
    file.write_text("\n".join(named), encoding="utf-8-sig")
    done = prepare(settings, Wanted(file, "reports", "tester"))
    landed(settings, done)
    decided(settings)
    assert {code: row[1] for code, row in rows(admin).items()} == {"P-1": "30003", "P-2": "30002"}
    said = admin.execute(
        "SELECT rule, unit_code FROM core.route_decision JOIN core.reports AS r ON r.id = report_id"
        " ORDER BY unit_code"
    ).fetchall()
    assert said == [("ward-default", "30002"), ("source", "30003")]


def test_who_writes_for_one_ward_gets_its_reports_only(settings: Settings, tmp_path: Path) -> None:
    """By place and at once: what the router might give to another unit is not his to bring."""
    done = listed(settings, tmp_path, ROWS[:1], units=("30001",))
    assert done.plan is not None and done.number is not None
    assert land(settings, done.number, done.plan) == Difference(new=1)


def test_units_that_nobody_bears_are_told(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "camera.csv"
    rows = ["Tên;Loại;Trạng thái;Mã đơn vị phụ trách;Vĩ độ;Kinh độ"]
    rows += [
        f"Cam {n};Giao thông;Đang hoạt động;{code};10,51;105,6{n}" for n, code in enumerate(["30001", "1"])
    ]
    file.write_text("\n".join(rows), encoding="utf-8")
    done = prepare(settings, Wanted(file, "cameras", "tester"))
    (told,) = [note for note in done.report["notes"] if note["code"] == "unit_unknown"]
    assert told["count"] == 1 and "00001" in told["text"]["vi"]
