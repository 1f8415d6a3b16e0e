"""Lookup of units in PostGIS: places on borders, cuts, gaps, and days around 1 July 2025."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from geo.calendar import parse_day
from geo.database import Caller, Database
from geo.types import LonLat
from geo.units import choose, extent, search_radius_m, units_by_code, units_by_name, units_near
from tests.geo.units_ground import GAP_DEG, INSERT, box, settle

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import psycopg

    from geo.settings import Settings
    from geo.units import Placement

NOW = date(2026, 11, 21)


@pytest.fixture
def ground(admin: psycopg.Connection) -> psycopg.Connection:
    settle(admin)
    return admin


def ask[T](settings: Settings, question: Callable[[Any], Awaitable[T]]) -> T:
    """As an anonymous caller: no right to core."""

    async def run() -> T:
        db = Database(settings)
        await db.open()
        try:
            async with db.read(Caller.anonymous()) as connection:
                return await question(connection)
        finally:
            await db.close()

    return asyncio.run(run())


def place(
    settings: Settings, lon: float, lat: float, day: date = NOW, accuracy_m: float | None = None
) -> Placement:
    async def question(connection: Any) -> Placement:
        found = await units_near(connection, LonLat(lon, lat), day, search_radius_m(accuracy_m))
        return choose(found, accuracy_m)

    return ask(settings, question)


def summary(placement: Placement) -> tuple[str | None, str, list[str]]:
    return (
        placement.chosen.unit.unit_id if placement.chosen else None,
        placement.confidence,
        [candidate.unit.unit_id for candidate in placement.candidates],
    )


@pytest.mark.usefixtures("ground")
@pytest.mark.parametrize(
    ("case", "lon", "lat", "expected"),
    [
        ("inside", 105.61, 10.51, ("vn-a", "inside", ["vn-a"])),
        # A and B are of one size, so the identity decides; C is larger.
        ("edge of A and B", 105.62, 10.51, ("vn-a", "near_boundary", ["vn-a", "vn-b"])),
        ("tripoint", 105.62, 10.50, ("vn-a", "near_boundary", ["vn-a", "vn-b", "vn-c"])),
        ("edge of A and C", 105.611234567, 10.50, ("vn-a", "near_boundary", ["vn-a", "vn-c"])),
        ("outer border", 105.60, 10.51, ("vn-a", "near_boundary", ["vn-a"])),
        ("corner", 105.60, 10.52, ("vn-a", "near_boundary", ["vn-a"])),
        ("10 m from the border", 105.62 + 10 / 109_430, 10.51, ("vn-b", "near_boundary", ["vn-b", "vn-a"])),
        ("16 m from the border", 105.62 + 16 / 109_430, 10.51, ("vn-b", "inside", ["vn-b", "vn-a"])),
        ("in the gap, nearer to B", 105.64 + GAP_DEG / 3, 10.51, ("vn-b", "gap_snapped", ["vn-b", "vn-d"])),
        ("in the gap, nearer to D", 105.64 + GAP_DEG / 1.5, 10.51, ("vn-d", "gap_snapped", ["vn-d", "vn-b"])),
        ("19 m outside", 105.60 - 19 / 109_430, 10.51, ("vn-a", "gap_snapped", ["vn-a"])),
        ("21 m outside", 105.60 - 21 / 109_430, 10.51, (None, "outside", [])),
        ("in the sea", 106.90, 10.20, (None, "outside", [])),
        ("null island", 0, 0, (None, "outside", [])),
        ("pole", 105.61, 90, (None, "outside", [])),
    ],
)  # fmt: skip
def test_places(
    settings: Settings, case: str, lon: float, lat: float, expected: tuple[str | None, str, list[str]]
) -> None:
    found = summary(place(settings, lon, lat))
    if case.startswith("16 m"):  # A is listed within 20 m, B holds the place
        assert found[:2] == expected[:2]
    else:
        assert found == expected
    assert summary(place(settings, lon, lat)) == found


def test_cuts_are_no_borders(settings: Settings, ground: psycopg.Connection) -> None:
    """Every vertex of a cut inside ward C lies in C alone, once, and not near a border for the cut's sake."""
    pieces = ground.execute(
        "SELECT count(*) FROM core.admin_part p JOIN core.admin_units u ON u.id = p.feature_id"
        " WHERE u.unit_id = 'vn-c'"
    ).fetchone()
    assert pieces is not None
    assert pieces[0] > 4
    vertices = ground.execute(
        "SELECT DISTINCT ST_X(v.geom), ST_Y(v.geom) FROM core.admin_part p"
        " JOIN core.admin_units u ON u.id = p.feature_id, LATERAL ST_DumpPoints(p.geom) v"
        " WHERE u.unit_id = 'vn-c' AND ST_Y(v.geom) BETWEEN 10.4802 AND 10.4998"
        " AND ST_X(v.geom) BETWEEN 105.6002 AND 105.6398 LIMIT 20"
    ).fetchall()
    on_cuts = [*vertices, (105.6123, 10.49), (105.62, 10.49), (105.63, 10.4951)]
    for lon, lat in on_cuts:
        assert summary(place(settings, lon, lat)) == ("vn-c", "inside", ["vn-c"])


@pytest.mark.usefixtures("ground")
def test_points_of_the_shared_border_fall_between_no_two_wards(settings: Settings) -> None:
    """C's border is cut at other places than A's: rounding must not open a slit of the last bit."""

    async def question(connection: Any) -> list[int]:
        lons = [105.60 + 0.02 * i / 97 for i in range(1, 97)]
        return [len(await units_near(connection, LonLat(lon, 10.50), NOW)) for lon in lons]

    assert set(ask(settings, question)) == {2}


@pytest.mark.usefixtures("ground")
@pytest.mark.parametrize(
    ("moment", "unit"),
    [
        ("2025-06-30", "vn-old"),
        ("2025-07-01", "vn-b"),
        ("2025-06-30T16:59:59Z", "vn-old"),
        ("2025-06-30T17:00:00Z", "vn-b"),
        ("2025-06-30T23:59:59+07:00", "vn-old"),
        ("2026-11-21", "vn-b"),
        ("2008-01-01", "vn-old"),
        ("2007-12-31", None),
    ],
)
def test_the_day_decides(settings: Settings, moment: str, unit: str | None) -> None:
    day = parse_day("at", moment)
    assert summary(place(settings, 105.63, 10.51, day))[0] == unit

    async def question(connection: Any) -> list[str]:
        return [found.unit_id for found in await units_by_code(connection, "30002", day)]

    assert ask(settings, question) == ([unit] if unit else [])


def test_overlap_in_the_source(settings: Settings, ground: psycopg.Connection) -> None:
    over = box(105.605, 10.505, 105.635, 10.515)
    ground.execute(INSERT, ("vn-e", "30005", "Xã E", "xa", "2025-07-01", None, over))
    chosen, confidence, candidates = summary(place(settings, 105.61, 10.51))
    assert (chosen, confidence, candidates) == ("vn-e", "overlap", ["vn-e", "vn-a"])  # E is smaller


@pytest.mark.usefixtures("ground")
def test_accuracy_lists_the_neighbours(settings: Settings) -> None:
    placement = place(settings, 105.6192, 10.51, accuracy_m=200)
    assert summary(placement) == ("vn-a", "near_boundary", ["vn-a", "vn-b"])
    assert placement.candidates[1].distance_m == pytest.approx(0.0008 * 109_475, rel=2e-3)
    assert placement.candidates[0].border_m == pytest.approx(placement.candidates[1].distance_m, abs=0.01)


def test_pieces_follow_every_edit(ground: psycopg.Connection) -> None:
    def pieces(unit_id: str) -> tuple[int, float]:
        row = ground.execute(
            "SELECT count(*), coalesce(sum(ST_Area(p.geom)), 0) FROM core.admin_part p"
            " WHERE feature_id IN (SELECT id FROM core.admin_units WHERE unit_id = %s)",
            [unit_id],
        ).fetchone()
        assert row is not None
        return (row[0], round(row[1], 9))

    assert pieces("vn-a") == (1, 0.0004)
    ground.execute(
        "UPDATE core.admin_units SET geom = ST_Multi(ST_GeomFromText(%s, 4326)) WHERE unit_id = 'vn-a'",
        [box(105.60, 10.50, 105.61, 10.52)],
    )
    assert pieces("vn-a") == (1, 0.0002)
    ground.execute("UPDATE core.admin_units SET valid_to = '2026-01-01' WHERE unit_id = 'vn-a'")
    valid = ground.execute(
        "SELECT valid::text FROM core.admin_part p JOIN core.admin_units u ON u.id = p.feature_id"
        " WHERE unit_id = 'vn-a'"
    ).fetchone()
    assert valid == ("[2025-07-01,2026-01-01)",)
    ground.execute("UPDATE core.admin_units SET visibility = 1 WHERE unit_id = 'vn-a'")
    assert pieces("vn-a") == (0, 0)
    with ground.transaction() as transaction:
        ground.execute("TRUNCATE core.admin_units CASCADE")
        assert ground.execute("SELECT count(*) FROM core.admin_part").fetchone() == (0,)
        raise_rollback(transaction)
    ground.execute("DELETE FROM core.admin_units")
    left = ground.execute(
        "SELECT (SELECT count(*) FROM core.admin_part), (SELECT count(*) FROM core.admin_area)"
    ).fetchone()
    assert left == (0, 0)


def raise_rollback(transaction: psycopg.Transaction) -> None:
    import psycopg

    raise psycopg.Rollback(transaction)


@pytest.mark.usefixtures("ground")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("binh minh", ["vn-b"]),
        ("BÌNH", ["vn-b", "vn-d"]),
        ("doc binh kieu", ["vn-d"]),
        ("30003", ["vn-c"]),
        ("%", []),
        ("_", []),
        ("' OR 1=1 --", []),
        ("\\", []),
    ],
)
def test_names_without_marks(settings: Settings, name: str, expected: list[str]) -> None:
    async def question(connection: Any) -> list[str]:
        return [unit.unit_id for unit in await units_by_name(connection, name, NOW)]

    assert ask(settings, question) == expected


@pytest.mark.usefixtures("ground")
def test_extent_of_a_day(settings: Settings) -> None:
    box_now = ask(settings, lambda connection: extent(connection, NOW))
    assert box_now is not None
    assert box_now.as_tuple() == pytest.approx((105.60, 10.48, 105.66, 10.52))
    assert ask(settings, lambda connection: extent(connection, date(1990, 1, 1))) is None


def test_anonymous_callers_have_no_other_way_to_core(settings: Settings) -> None:
    from geo.errors import Forbidden

    with pytest.raises(Forbidden):
        ask(settings, lambda connection: connection.execute("SELECT * FROM core.admin_part"))
