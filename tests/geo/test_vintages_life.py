"""A vintage becomes real while questions come in, is undone, is corrected; what was known stays."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from geo.database import Caller, Database
from geo.errors import Conflict, NotFound
from geo.types import LonLat
from geo.units import heirs, history, province, units_by_code, units_near
from geo.vintages import Files, Request, activate, lines, revert, stage, vintages
from tests.geo.vintage_ground import (
    LAW,
    LINKS,
    NEW_DAY,
    OLD_DAY,
    D,
    S,
    W,
    cell,
    checks,
    empty,
    new_rows,
    row,
    stage_new,
    stage_old,
    write,
    write_links,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from geo.settings import Settings

JUNE, JULY = date(2025, 6, 30), date(2025, 7, 1)
PLACE = LonLat(W + 0.5 * D, S + 1.5 * D)


@pytest.fixture(autouse=True)
def old(settings: Settings, admin: psycopg.Connection, tmp_path: Path) -> None:
    empty(admin)
    make_real(settings, stage_old(settings, tmp_path))


def make_real(settings: Settings, staged: Any) -> int:
    assert staged.vintage_id is not None
    assert staged.report["possible"], lines(staged.report)
    activate(settings, staged.vintage_id, "tester")
    return int(staged.vintage_id)


def ask[T](settings: Settings, question: Callable[[Any], Awaitable[T]]) -> T:
    async def run() -> T:
        db = Database(settings)
        await db.open()
        try:
            async with db.read(Caller.anonymous()) as connection:
                return await question(connection)
        finally:
            await db.close()

    return asyncio.run(run())


def at(
    settings: Settings, place: LonLat, day: date, known_at: datetime | None = None
) -> list[tuple[str, str]]:
    found = ask(settings, lambda c: units_near(c, place, day, 0, known_at))
    return sorted((each.unit.code, each.unit.name) for each in found)


def picture(admin: psycopg.Connection) -> dict[str, str]:
    """A hash of every table that a vintage touches, without the times of touching and recording."""
    tables = {
        "core.admin_units": "to_jsonb(t) - 'updated_at'",
        "pub.admin_units": "to_jsonb(t) - 'updated_at'",
        "core.admin_part": "to_jsonb(t)",
        "core.admin_area": "to_jsonb(t)",
        "core.admin_name": "to_jsonb(t)",
        "core.admin_province": "to_jsonb(t)",
        "core.admin_alias": "to_jsonb(t)",
        "pub.admin_succession": "to_jsonb(t) - 'recorded_from'",
    }
    return {
        table: str(
            admin.execute(
                f"SELECT md5(coalesce(string_agg(x::text, ',' ORDER BY x::text), '')) FROM"
                f" (SELECT {what} AS x FROM {table} t) q"
            ).fetchone()
        )
        for table, what in tables.items()
    }


def test_the_day_decides_and_codes_are_reused(settings: Settings, tmp_path: Path) -> None:
    make_real(settings, stage_new(settings, tmp_path))
    assert at(settings, PLACE, JUNE) == [("30001", "Phường 15")]
    assert at(settings, PLACE, JULY) == [("30001", "Phường Sông Tiền")]
    before, after = (ask(settings, lambda c, d=day: units_by_code(c, "30001", d)) for day in (JUNE, JULY))
    assert before[0].unit_id != after[0].unit_id
    # A change of name alone is a new version of the same unit.
    named = [ask(settings, lambda c, d=day: units_by_code(c, "30003", d))[0] for day in (JUNE, JULY)]
    assert named[0].unit_id == named[1].unit_id
    assert (named[0].valid_to, named[1].valid_from) == (NEW_DAY, NEW_DAY)


def test_history_says_what_came_of_a_unit(settings: Settings, tmp_path: Path) -> None:
    make_real(settings, stage_new(settings, tmp_path))
    (divided,) = ask(settings, lambda c: units_by_code(c, "30005", JUNE))
    found = ask(settings, lambda c: history(c, divided.unit_id))
    assert found is not None
    assert [(p.code, p.name, p.kind, p.share_area, p.legal_ref) for p in found.successors] == [
        ("30004", "Xã Thủy Tân", "part", pytest.approx(0.5, abs=1e-4), LAW),
        ("30005", "Xã Mỹ Thọ", "part", pytest.approx(0.5, abs=1e-4), LAW),
    ]
    assert found.predecessors == ()
    went = ask(settings, lambda c: heirs(c, [divided.unit_id], JULY))
    assert [unit.code for unit in went[divided.unit_id]] == ["30004", "30005"]
    (renamed,) = ask(settings, lambda c: units_by_code(c, "30003", JULY))
    record = ask(settings, lambda c: history(c, renamed.unit_id))
    assert record is not None
    assert [p.kind for p in record.successors] == ["rename"]
    assert [r.name for r in record.records if r.recorded_to is None] == ["Xã Đắk R'La", "Xã Đắk R'Lấp"]
    assert record.records[0].source is not None
    assert "old.parquet sha256:" in record.records[0].source
    assert ask(settings, lambda c: history(c, "VN-00-00000-1")) is None


def test_revert_undoes_exactly(settings: Settings, tmp_path: Path, admin: psycopg.Connection) -> None:
    before = picture(admin)
    rows = new_rows()
    rows[0]["aliases"] = "Phường Bến Tàu; P. Chợ Cũ"
    number = make_real(settings, stage_new(settings, tmp_path, rows))
    during = picture(admin)
    assert during["core.admin_units"] != before["core.admin_units"]
    assert during["pub.admin_succession"] != before["pub.admin_succession"]
    assert during["core.admin_alias"] != before["core.admin_alias"]
    revert(settings, number, "tester")
    assert picture(admin) == before
    assert [each.state for each in vintages(settings)] == ["reverted", "active"]
    with pytest.raises(Conflict, match="not active"):
        revert(settings, number, "tester")
    # What was true for a while stays on record, and its identities are never given again.
    again = make_real(settings, stage_new(settings, tmp_path))
    assert again != number
    (unit,) = ask(settings, lambda c: units_by_code(c, "30001", JULY))
    assert unit.unit_id.endswith("-2")


def test_an_older_vintage_cannot_be_reverted_below_a_later_one(settings: Settings, tmp_path: Path) -> None:
    new = make_real(settings, stage_new(settings, tmp_path))
    first = vintages(settings)[-1].vintage_id
    with pytest.raises(Conflict, match="later vintage"):
        revert(settings, first, "tester")
    revert(settings, new, "tester")
    revert(settings, first, "tester")
    assert at(settings, PLACE, JUNE) == []


def test_a_row_edited_by_hand_is_not_reverted_over(
    settings: Settings, tmp_path: Path, admin: psycopg.Connection
) -> None:
    new = make_real(settings, stage_new(settings, tmp_path))
    admin.execute("UPDATE core.admin_units SET population = 5 WHERE code = '30001' AND valid_to IS NULL")
    with pytest.raises(Conflict):
        revert(settings, new, "tester")


def test_what_was_checked_must_still_be_there(
    settings: Settings, tmp_path: Path, admin: psycopg.Connection
) -> None:
    staged = stage_new(settings, tmp_path)
    admin.execute("UPDATE core.admin_units SET population = 5 WHERE code = '30001'")
    assert staged.vintage_id is not None
    with pytest.raises(Conflict, match="changed in the database"):
        activate(settings, staged.vintage_id, "tester")
    with pytest.raises(NotFound):
        activate(settings, 999_999, "tester")


def test_every_question_sees_one_vintage(
    settings: Settings, tmp_path: Path, admin: psycopg.Connection
) -> None:
    """Four callers ask for places all over while the vintage becomes real and is undone."""
    points = [(W + (0.4 + i) * D, S + (0.5 + j) * D) for i in range(3) for j in range(2)] + [
        (W + D, S + 1.5 * D)
    ]
    question = (
        "SELECT array_agg(DISTINCT u.valid_from ORDER BY u.valid_from), count(*)"
        " FROM unnest(%s::float8[], %s::float8[]) AS p(lon, lat),"
        " pub.units_near(p.lon, p.lat, '2025-07-01', 0) AS n JOIN pub.admin_units u ON u.id = n.feature_id"
    )
    seen: set[tuple[tuple[date, ...], int]] = set()
    old, new = ((OLD_DAY,), 8), ((NEW_DAY,), 7)  # on the old border lie two old units, and one new one
    stop = threading.Event()

    def keep_asking() -> None:
        with psycopg.connect(settings.role_dsn("diaban_public"), autocommit=True) as connection:
            while not stop.is_set():
                answer = connection.execute(
                    question, [[p[0] for p in points], [p[1] for p in points]]
                ).fetchone()
                assert answer is not None
                seen.add((tuple(answer[0]), answer[1]))

    def until_seen(answer: tuple[tuple[date, ...], int]) -> None:
        end = time.monotonic() + 120
        while answer not in seen:
            assert time.monotonic() < end
            time.sleep(0.01)

    callers = [threading.Thread(target=keep_asking) for _ in range(4)]
    for caller in callers:
        caller.start()
    try:
        until_seen(old)
        number = make_real(settings, stage_new(settings, tmp_path))
        until_seen(new)
        revert(settings, number, "tester")
        number = make_real(settings, stage_new(settings, tmp_path))
    finally:
        stop.set()
        for caller in callers:
            caller.join()
    assert seen == {old, new}


def test_a_correction_keeps_what_was_known(
    settings: Settings, tmp_path: Path, admin: psycopg.Connection
) -> None:
    make_real(settings, stage_new(settings, tmp_path))
    known_then = datetime.now(UTC)
    before = picture(admin)
    rows = new_rows()
    rows[0]["geometry"], rows[1]["geometry"] = cell(0, 1, 1.5, 1), cell(1.5, 1, 1.5, 1)
    rows[3]["ward_name"] = "Xã Mỹ Thọ Đông"
    corrected = stage_new(settings, tmp_path, rows, correct=True)
    assert corrected.report["figures"]["units_replace"] == 3
    assert corrected.report["figures"]["units_same"] == 1
    number = make_real(settings, corrected)
    moved = LonLat(W + 1.75 * D, S + 1.5 * D)
    assert at(settings, moved, JULY) == [("30003", "Xã Đắk R'Lấp")]
    assert at(settings, moved, JULY, known_then) == [("30001", "Phường Sông Tiền")]
    assert at(settings, moved, JULY, datetime.now(UTC)) == [("30003", "Xã Đắk R'Lấp")]
    assert at(settings, moved, JULY, datetime(2020, 1, 1, tzinfo=UTC)) == []
    revert(settings, number, "tester")
    assert picture(admin) == before
    assert at(settings, moved, JULY, known_then) == [("30001", "Phường Sông Tiền")]


def test_a_few_wards_change_and_the_others_stay(
    settings: Settings, tmp_path: Path, admin: psycopg.Connection
) -> None:
    """As on 2026-09-20: communes become wards; the file holds them alone."""
    day = date(2026, 9, 20)
    make_real(settings, stage_new(settings, tmp_path))
    before = picture(admin)
    few = write(tmp_path, [row("30005", "Phường Mỹ Thọ", cell(1.5, 0, 1.5, 1))], "few.parquet")
    links = write_links(tmp_path, [("30005", "30005")], "few.csv")
    whole = stage(settings, Files(few, {}, links), Request(day, "388/NQ"), "tester")
    assert {"vanished", "uncovered"} <= checks(whole, "error")
    staged = stage(settings, Files(few, {}, links), Request(day, "388/NQ", scope="listed"), "tester")
    assert staged.report["figures"]["succession_promotion"] == 1
    number = make_real(settings, staged)
    here = LonLat(W + 2 * D, S + 0.5 * D)
    assert at(settings, here, date(2026, 9, 19)) == [("30005", "Xã Mỹ Thọ")]
    assert at(settings, here, day) == [("30005", "Phường Mỹ Thọ")]
    assert at(settings, PLACE, day) == [("30001", "Phường Sông Tiền")]
    one, other = (ask(settings, lambda c, d=d: units_by_code(c, "30005", d))[0] for d in (JULY, day))
    assert one.unit_id == other.unit_id
    revert(settings, number, "tester")
    assert picture(admin) == before


def test_an_earlier_time_is_loaded_later(settings: Settings, tmp_path: Path) -> None:
    file = write(tmp_path, [row("30001", "Xã Xưa", cell(0, 0, 3, 2))], "ancient.parquet")
    make_real(settings, stage(settings, Files(file, {}), Request(date(2008, 1, 1), "x", OLD_DAY), "t"))
    assert at(settings, PLACE, date(2010, 1, 1)) == [("30001", "Xã Xưa")]
    assert at(settings, PLACE, JUNE) == [("30001", "Phường 15")]
    with pytest.raises(Conflict):
        stage(settings, Files(file, {}), Request(date(2005, 1, 1), "x"), "t")


def test_a_province_is_its_wards(settings: Settings, tmp_path: Path, admin: psycopg.Connection) -> None:
    make_real(settings, stage_new(settings, tmp_path))
    for day in (JUNE, JULY):
        found = ask(settings, lambda c, d=day: province(c, "82", d))
        assert found is not None
        assert found.stored
        union = admin.execute(
            "SELECT ST_Equals(ST_GeomFromGeoJSON(%s), ST_Union(geom)) FROM core.admin_units"
            " WHERE daterange(valid_from, valid_to) @> %s::date",
            [found.geometry, day],
        ).fetchone()
        assert union == (True,)
        assert found.area_km2 == pytest.approx(6 * D * 111_320 * 0.9836 * D * 110_600 / 1e6, rel=0.01)
    admin.execute(
        "UPDATE core.admin_units SET province_code = '83' WHERE code = '30005' AND valid_to IS NULL"
    )
    now, part = (ask(settings, lambda c, p=p: province(c, p, JULY)) for p in ("82", "83"))
    assert now is not None
    assert part is not None
    assert not now.stored  # an edit outside of a vintage: what was dissolved before is no longer true
    assert now.area_km2 == pytest.approx(part.area_km2 * 3, rel=0.01)
    assert ask(settings, lambda c: province(c, "82", date(1990, 1, 1))) is None


@pytest.mark.parametrize("column", ["unit_id", "code"])
def test_the_table_itself_refuses_two_at_a_time(admin: psycopg.Connection, column: str) -> None:
    own = {"unit_id": "'VN-x'", "code": "'39998'"} | {column: column}
    with pytest.raises(psycopg.errors.ExclusionViolation):
        admin.execute(
            "INSERT INTO core.admin_units (unit_id, code, name, kind, level, province_code, valid_from, geom)"
            f" SELECT {own['unit_id']}, {own['code']}, name, kind, level, province_code, '2025-01-01', geom"
            " FROM core.admin_units LIMIT 1"
        )


def test_identities_end_with_the_unit(settings: Settings, tmp_path: Path) -> None:
    old_ids = {ask(settings, lambda c, x=code: units_by_code(c, x, JUNE))[0].unit_id for code, *_ in LINKS}
    make_real(settings, stage_new(settings, tmp_path))
    codes = [each["ward_code"] for each in new_rows()]
    new_ids = {ask(settings, lambda c, x=code: units_by_code(c, x, JULY))[0].unit_id for code in codes}
    assert len(old_ids & new_ids) == 1  # the renamed one


def test_a_unit_does_not_end_under_a_rule_that_names_it(
    settings: Settings, admin: psycopg.Connection, tmp_path: Path
) -> None:
    (ending,) = ask(settings, lambda c: units_by_code(c, "30001", JUNE))
    save_rule(admin, {"id": "port", "priority": 10, "body": "coordinator", "units": [ending.unit_id]})
    staged = stage_new(settings, tmp_path)
    assert checks(staged, "first") == {"rule"}
    assert staged.report["possible"]
    said = "\n".join(lines(staged.report))
    assert "▲ Quy tắc điều phối nêu đơn vị sẽ hết hiệu lực" in said
    assert "quy tắc port: 30001 Phường 15" in said
    before = picture(admin)
    with pytest.raises(Conflict) as refused:
        activate(settings, staged.vintage_id or 0, "tester")
    assert "port: 30001 Phường 15" in refused.value.vi and "valid_to" in refused.value.en
    assert picture(admin) == before
    save_rule(admin)
    activate(settings, staged.vintage_id or 0, "tester")
    assert at(settings, PLACE, JULY) == [("30001", "Phường Sông Tiền")]


def save_rule(admin: psycopg.Connection, *rules: dict[str, Any]) -> None:
    """The next version of the routing rules, as the operation centre saves it."""
    draft = {
        "note": "",
        "overlap": "smaller",
        "bodies": [],
        "rules": [{"outside": False, "within_m": 0, **r} for r in rules],
    }
    with admin.transaction():
        admin.execute("""SELECT set_config('diaban.claims', '{"sub":"ioc","clearance":2}', true)""")
        admin.execute("SELECT core.save_rules(%s, NULL)", [json.dumps(draft)])
