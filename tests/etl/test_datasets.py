"""Datasets: matched with their layer, swapped in whole, undone exactly, whatever happens in between."""

from __future__ import annotations

import threading
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import shapely

from geo.datasets import Difference, datasets, forget, land, rollback
from geo.errors import Conflict, Forbidden, Unavailable
from tests.etl.landing_ground import X, Y, compared, landed, parcel, square, staged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.settings import Settings

DAY, NEXT = date(2026, 1, 1), date(2026, 7, 1)
TABLES = {name: f"core.{name}" for name in ("land_use", "zoning", "crop_areas", "cameras")}


@pytest.fixture(autouse=True)
def empty(admin: psycopg.Connection) -> Iterator[None]:
    yield
    for table in TABLES.values():
        admin.execute(f"TRUNCATE {table} CASCADE")
    admin.execute("DELETE FROM ops.dataset")
    admin.execute("UPDATE ops.layer SET note = NULL")


def state(admin: psycopg.Connection, layer: str) -> list[tuple[Any, ...]]:
    """Everything that the layer and its projection hold, bit by bit."""
    return [
        *admin.execute(f"SELECT c.*::text FROM {TABLES[layer]} AS c ORDER BY id").fetchall(),
        *admin.execute(f"SELECT p.*::text FROM pub.{layer} AS p ORDER BY id").fetchall(),
    ]


def test_new_changed_gone_same(settings: Settings, admin: psycopg.Connection) -> None:
    first, difference = landed(settings, "land_use", [parcel(1, 0), parcel(2, 1), parcel(3, 2)])
    assert difference == Difference(new=3)
    ids = dict(admin.execute("SELECT parcel_number, id FROM core.land_use").fetchall())
    before = state(admin, "land_use")

    rows = [parcel(1, 0), parcel(2, 1, code="CLN"), parcel(4, 3)]
    number, plan = staged(settings, "land_use", rows, "replace")
    expected = Difference(new=1, changed=1, same=1, gone=1, fields={"code": 1})
    assert compared(settings, number, plan) == expected
    assert state(admin, "land_use") == before  # looking changes nothing
    assert land(settings, number, plan, expected=expected) == expected
    now = admin.execute("SELECT parcel_number, code, id FROM core.land_use ORDER BY 1").fetchall()
    assert [row[:2] for row in now] == [(1, "LUC"), (2, "CLN"), (4, "LUC")]
    assert now[1][2] == ids[2]  # who linked to the parcel still finds it
    assert admin.execute("SELECT count(*) FROM pub.land_use WHERE code = 'CLN'").fetchone() == (1,)

    assert rollback(settings, number, "tester").state == "rolled_back"
    assert state(admin, "land_use") == before
    rollback(settings, first, "tester")
    assert state(admin, "land_use") == []
    assert [each.state for each in datasets(settings)] == ["rolled_back", "rolled_back"]


def test_an_update_keeps_what_the_file_does_not_have(settings: Settings, admin: psycopg.Connection) -> None:
    landed(settings, "land_use", [parcel(1, 0, address="Ấp 1"), parcel(2, 1)])
    _, difference = landed(settings, "land_use", [parcel(1, 0, code="CLN")])
    assert difference == Difference(changed=1, kept=1, fields={"code": 1})
    assert admin.execute("SELECT address FROM core.land_use WHERE parcel_number = 1").fetchone() == ("Ấp 1",)


def test_large_shapes_are_packed_by_the_faster_method(settings: Settings, admin: psycopg.Connection) -> None:
    known = admin.execute(
        "SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression'"
    ).fetchone()
    if known is None or "lz4" not in known[0]:
        pytest.skip("this PostgreSQL was built without lz4")
    shape = shapely.MultiPolygon([shapely.segmentize(square(0, 0).geoms[0], 1e-6)])
    landed(settings, "land_use", [parcel(1, 0, geom=shape)])
    for table in ("core.land_use", "pub.land_use"):
        packed = admin.execute(
            f"SELECT pg_column_compression(geom), pg_column_compression(geom_3857) FROM {table}".encode()
        ).fetchone()
        assert packed == ("lz4", "lz4")


def test_rows_written_in_parts_meet_their_own_matches(
    settings: Settings, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geo.datasets.write.ROWS_A_STATEMENT", 2)
    landed(settings, "land_use", [parcel(n, n) for n in (2, 3, 5)])
    rows = [parcel(n, n, code="CLN" if n == 5 else "LUC") for n in range(1, 8)]
    _, difference = landed(settings, "land_use", rows)
    assert difference == Difference(new=4, changed=1, same=2, fields={"code": 1})
    found = admin.execute("SELECT parcel_number, code FROM core.land_use ORDER BY 1").fetchall()
    assert found == [(n, "CLN" if n == 5 else "LUC") for n in range(1, 8)]


def test_append_takes_new_features_only(settings: Settings, admin: psycopg.Connection) -> None:
    landed(settings, "land_use", [parcel(1, 0)])
    _number, difference = landed(settings, "land_use", [parcel(1, 0, code="CLN"), parcel(2, 1)], "append")
    assert difference == Difference(new=1, conflicting=1, fields={"code": 1})
    kept = admin.execute("SELECT row_no, faults->0->>'code', raw->>'code' FROM staging.quarantine").fetchall()
    assert kept == [(1, "conflict", "CLN")]
    assert admin.execute("SELECT code FROM core.land_use WHERE parcel_number = 1").fetchone() == ("LUC",)


def test_rounding_is_no_change(settings: Settings) -> None:
    landed(settings, "land_use", [parcel(1, 0)])
    moved = shapely.transform(square(0, 0), lambda xy: xy + 2e-10)
    assert landed(settings, "land_use", [parcel(1, 0, geom=moved)])[1] == Difference(same=1)


def test_what_stands_twice_is_taken_once_and_a_key_twice_is_told_apart_by_place(settings: Settings) -> None:
    rows = [parcel(1, 0), parcel(1, 0), parcel(7, 5), parcel(7, 9)]
    assert landed(settings, "land_use", rows)[1] == Difference(new=3, duplicate=1)
    again = [parcel(1, 0), parcel(7, 9), parcel(7, 5.2, code="CLN")]
    assert landed(settings, "land_use", again)[1] == Difference(
        same=2, changed=1, fields={"code": 1, "geometry": 1}
    )


def zone(code: str, x: float, day: date, **more: Any) -> dict[str, Any]:
    return {
        "plan_name": "Khu A", "plot_code": code, "function_code": "DAT_O", "status": "in_force",
        "valid_from": day, "geom": square(x, 0),
    } | more  # fmt: skip


def test_valid_time_is_closed_on_what_is_replaced(settings: Settings, admin: psycopg.Connection) -> None:
    landed(
        settings, "zoning", [zone("A-1", 0, DAY, density="40–60"), zone("A-2", 1, DAY), zone("A-3", 2, DAY)]
    )
    before = state(admin, "zoning")
    rows = [
        zone("A-1", 0, NEXT, floors="≤ 5"),
        zone("A-2", 1, NEXT, floors=None),
        zone("A-4", 3, NEXT, floors=None),
    ]
    number, difference = landed(settings, "zoning", rows, "replace", gone_from=NEXT)
    assert difference == Difference(new=1, succeeded=1, same=1, gone=1, fields={"floors": 1})
    query = "SELECT plot_code, valid_from, valid_to, density, floors FROM core.zoning ORDER BY 1, 2"
    assert admin.execute(query).fetchall() == [
        ("A-1", DAY, NEXT, "40–60", None),
        ("A-1", NEXT, None, "40–60", "≤ 5"),
        ("A-2", DAY, None, None, None),
        ("A-3", DAY, NEXT, None, None),
        ("A-4", NEXT, None, None, None),
    ]
    # The same file again changes nothing; a correction of the same day is written over.
    assert landed(settings, "zoning", rows, "replace", gone_from=NEXT)[1] == Difference(same=3)
    late, difference = landed(settings, "zoning", [zone("A-1", 0, NEXT, floors="≤ 7")])
    assert difference == Difference(changed=1, kept=4, fields={"floors": 1})
    # What would stand before a later version is refused.
    assert landed(settings, "zoning", [zone("A-1", 0, date(2025, 1, 1))])[1].conflicting == 1
    with pytest.raises(Conflict, match=str(late)):
        rollback(settings, number, "tester")
    rollback(settings, late, "tester")
    rollback(settings, number, "tester")
    assert state(admin, "zoning") == before


def crop(code: str | None, x: float, **more: Any) -> dict[str, Any]:
    return {
        "area_name": "Vùng", "puc_code": code, "crop": "mango", "market": "VN", "area_ha": 2.5,
        "status": "issued", "owner_name": "Nguyễn Văn A", "owner_phone": None, "valid_from": DAY,
        "geom": square(x, 0),
    } | more  # fmt: skip


def test_personal_data_go_their_own_way_and_come_back(settings: Settings, admin: psycopg.Connection) -> None:
    landed(
        settings,
        "crop_areas",
        [crop("VN-DTOR-0001", 0), crop("VN-DTOR-0002", 1, owner_name=None), crop(None, 2)],
    )
    names = "SELECT owner_name FROM private.crop_areas ORDER BY id"
    assert admin.execute(names).fetchall() == [("Nguyễn Văn A",)] * 2
    before = admin.execute("SELECT p.*::text FROM private.crop_areas AS p ORDER BY id").fetchall()
    rows = [crop("VN-DTOR-0001", 0, owner_name="Trần Thị B"), crop("VN-DTOR-0002", 1, owner_phone="0900")]
    number, difference = landed(settings, "crop_areas", rows, "replace", gone_from=DAY)
    assert difference == Difference(changed=2, gone=1, fields={"owner_name": 2, "owner_phone": 1})
    assert sorted(admin.execute("SELECT owner_name, owner_phone FROM private.crop_areas")) == [
        ("Nguyễn Văn A", "0900"),
        ("Trần Thị B", None),
    ]
    rollback(settings, number, "tester")
    assert admin.execute("SELECT p.*::text FROM private.crop_areas AS p ORDER BY id").fetchall() == before


def test_rows_without_identity_are_known_by_their_place(settings: Settings) -> None:
    def camera(name: str, x: float) -> dict[str, Any]:
        return {"name": name, "kind": "traffic", "status": "online", "geom": shapely.Point(X + x, Y)}

    landed(settings, "cameras", [camera("Chợ", 0), camera("Cầu", 0.1)])
    _, difference = landed(settings, "cameras", [camera("Chợ mới", 2e-6), camera("Bến", 0.2)], "replace")
    assert difference == Difference(new=1, changed=1, gone=1, fields={"name": 1, "geometry": 1})


def test_a_file_of_one_commune_leaves_the_others(settings: Settings, admin: psycopg.Connection) -> None:
    landed(settings, "land_use", [parcel(1, 0), parcel(1, 5, unit="29884"), parcel(2, 6, unit="29884")])
    _, difference = landed(settings, "land_use", [parcel(1, 5, unit="29884")], "replace", units=("29884",))
    assert difference == Difference(same=1, gone=1)
    assert admin.execute("SELECT count(*) FROM core.land_use WHERE unit = '29869'").fetchone() == (1,)
    with pytest.raises(Forbidden, match="29884"):
        landed(settings, "land_use", [parcel(9, 20)], units=("29884",))


def test_a_file_without_units_never_meets_the_rows_of_one(settings: Settings) -> None:
    landed(settings, "land_use", [parcel(1, 0), parcel(2, 1, unit=None)])
    rows = [parcel(1, 40), parcel(2, 1, code="CLN")]
    for row in rows:
        del row["unit"]
    assert landed(settings, "land_use", rows)[1] == Difference(new=1, changed=1, kept=1, fields={"code": 1})


def test_undoing_is_refused_after_an_edit_and_done_beside_other_datasets(
    settings: Settings, admin: psycopg.Connection
) -> None:
    first, _ = landed(settings, "land_use", [parcel(1, 0), parcel(2, 1)])
    second, _ = landed(settings, "land_use", [parcel(3, 2)])
    rollback(settings, first, "tester")  # the later one is of other rows
    assert admin.execute("SELECT parcel_number FROM core.land_use").fetchall() == [(3,)]
    admin.execute("UPDATE core.land_use SET code = 'CLN'")
    with pytest.raises(Conflict, match="editor"):
        rollback(settings, second, "tester")
    with pytest.raises(Conflict, match="rolled_back"):
        rollback(settings, first, "tester")
    admin.execute("DELETE FROM core.land_use")
    with pytest.raises(Conflict, match="editor"):
        rollback(settings, second, "tester")


def test_what_changed_since_the_preview_is_not_landed(settings: Settings, admin: psycopg.Connection) -> None:
    landed(settings, "land_use", [parcel(1, 0)])
    number, plan = staged(settings, "land_use", [parcel(1, 0, code="CLN")])
    shown = compared(settings, number, plan)
    admin.execute("DELETE FROM core.land_use")
    with pytest.raises(Conflict, match="changed since"):
        land(settings, number, plan, expected=shown)
    assert land(settings, number, plan).new == 1


def test_two_at_once(settings: Settings, admin: psycopg.Connection) -> None:
    """One lands, the other is told; an editor waits for no longer than the limit of his role."""
    one, plan = staged(settings, "land_use", [parcel(i, i) for i in range(1, 200)])
    two, other = staged(settings, "land_use", [parcel(900, 900)])
    inside, leave = threading.Event(), threading.Event()

    def pause(share: float, _word: str) -> None:
        if 0 < share < 1:
            inside.set()
            leave.wait(300)

    failed: list[BaseException] = []

    def first() -> None:
        try:
            land(settings, one, plan, progress=pause)
        except BaseException as error:  # noqa: BLE001 - shown below
            failed.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    try:
        assert inside.wait(120)
        with pytest.raises(Conflict, match="Someone else is loading"):
            land(settings, two, other)
        with (
            psycopg.connect(settings.role_dsn("diaban_writer")) as writer,
            pytest.raises(psycopg.errors.LockNotAvailable),
        ):
            writer.execute('SELECT set_config(\'diaban.claims\', \'{"sub": "e", "clearance": 2}\', true)')
            writer.execute("UPDATE core.land_use SET code = 'CLN'")
        assert admin.execute("SELECT count(*) FROM core.land_use").fetchone() == (0,)  # readers go on
    finally:
        leave.set()
        thread.join(300)
    assert not failed
    assert land(settings, two, other).new == 1
    assert admin.execute("SELECT count(*) FROM core.land_use").fetchone() == (200,)


def test_a_full_disk_half_way_leaves_the_layer_as_it_was(
    settings: Settings, admin: psycopg.Connection
) -> None:
    landed(settings, "land_use", [parcel(1, 0), parcel(2, 1)])
    before = state(admin, "land_use")
    number, plan = staged(settings, "land_use", [parcel(1, 0, code="CLN"), parcel(5, 5)], "replace")
    admin.execute(
        "CREATE FUNCTION public.full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE disk_full USING MESSAGE = 'could not extend file'; END $$"
    )
    admin.execute("CREATE TRIGGER full_disk AFTER INSERT ON core.land_use EXECUTE FUNCTION public.full()")
    try:
        with pytest.raises(Unavailable, match="disk space"):
            land(settings, number, plan)
    finally:
        admin.execute("DROP FUNCTION public.full() CASCADE")
    assert state(admin, "land_use") == before
    assert land(settings, number, plan) == Difference(new=1, changed=1, gone=1, fields={"code": 1})


def test_staged_rows_that_a_crash_emptied_do_not_land(settings: Settings, admin: psycopg.Connection) -> None:
    landed(settings, "land_use", [parcel(1, 0)])
    number, plan = staged(settings, "land_use", [parcel(2, 1)], "replace")
    admin.execute(f"TRUNCATE staging.dataset_{number}")  # what PostgreSQL does to unlogged tables
    with pytest.raises(Conflict, match="Read the file again"):
        land(settings, number, plan)
    assert admin.execute("SELECT count(*) FROM core.land_use").fetchone() == (1,)


def test_a_layer_that_went_meanwhile(settings: Settings, admin: psycopg.Connection) -> None:
    number, plan = staged(settings, "land_use", [parcel(1, 0)])
    admin.execute("ALTER TABLE core.land_use RENAME TO gone")
    try:
        with pytest.raises(Conflict, match="no longer there"):
            land(settings, number, plan)
    finally:
        admin.execute("ALTER TABLE core.gone RENAME TO land_use")
    row = admin.execute(
        "DELETE FROM ops.layer WHERE name = 'land_use' RETURNING description::text"
    ).fetchone()
    try:
        with pytest.raises(Conflict, match="no longer there"):
            land(settings, number, plan)
    finally:
        admin.execute("INSERT INTO ops.layer (name, description) VALUES ('land_use', %s)", row)


def test_real_rows_are_not_mixed_with_a_demonstration(settings: Settings, admin: psycopg.Connection) -> None:
    landed(settings, "land_use", [parcel(1, 0)])
    note = '{"vi": "Dữ liệu mô phỏng.", "en": "Invented."}'
    admin.execute("UPDATE ops.layer SET note = %s::jsonb WHERE name = 'land_use'", [note])
    with pytest.raises(Conflict, match="demonstration"):
        landed(settings, "land_use", [parcel(2, 1)])
    number, _ = landed(settings, "land_use", [parcel(2, 1)], "replace")
    kept = "SELECT note FROM ops.layer WHERE name = 'land_use'"
    assert admin.execute(kept).fetchone() == (None,)
    rollback(settings, number, "tester")
    assert admin.execute(kept).fetchone() != (None,)


def test_what_is_forgotten_cannot_be_undone(settings: Settings) -> None:
    landed(settings, "crop_areas", [crop("VN-DTOR-0001", 0)])
    number, _ = landed(settings, "crop_areas", [crop("VN-DTOR-0001", 0, owner_name="Trần Thị B")])
    assert forget(settings, number) == 1
    with pytest.raises(Conflict, match="is gone"):
        rollback(settings, number, "tester")


def test_nobody_else_reads_what_waits(settings: Settings) -> None:
    number, _ = staged(settings, "land_use", [parcel(1, 0)])
    for role in ("diaban_public", "diaban_reader", "diaban_writer", "diaban_pump"):
        with psycopg.connect(settings.role_dsn(role)) as connection:
            for table in (f"dataset_{number}", "quarantine", "before_land_use"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"SELECT * FROM staging.{table}")
                connection.rollback()
            if role in ("diaban_reader", "diaban_writer"):
                assert connection.execute("SELECT * FROM ops.dataset").fetchall() == []  # no claims, no rows
