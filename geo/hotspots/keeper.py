"""Beside the application: folds counts, tells the public months that are over, scans once a day."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from geo.calendar import today_ict
from geo.database.leader import lead
from geo.hotspots.alarms import raise_alarms
from geo.hotspots.cells import cell_of
from geo.hotspots.facts import Facts
from geo.hotspots.ground import cells_of, ground_on
from geo.hotspots.load import read
from geo.hotspots.release import due, tell

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from geo.settings import Settings

    Connection = AsyncConnection[tuple[Any, ...]]

KEEPER_LOCK = 7_236_061
EVERY_S = 60.0
FIRST_S = 3.0
RETRY_S = 5.0
# Fewer lines than this are read as fast as they stand.
FOLD_FROM = 20_000
_NEWEST = "SELECT max(day) FROM hot.fact WHERE vis <= 1"
_GIVE = "SELECT hot.give_cells(%s, %s::float8[], %s::float8[], %s)"
_CODES = "SELECT DISTINCT category, channel FROM hot.fact"


async def run_hotspots(settings: Settings) -> None:
    """Work until cancelled, in one process of the deployment."""
    await asyncio.sleep(FIRST_S)
    await lead(settings, "hotspots", KEEPER_LOCK, _keep, RETRY_S)


async def _keep(connection: Connection) -> NoReturn:
    await connection.execute("SET statement_timeout = '10min'")
    while True:
        await once(connection)
        await asyncio.sleep(EVERY_S)


async def once(connection: Connection) -> None:
    """One round: what is due now."""
    await give_cells(connection)
    await connection.execute("SELECT hot.fold(%s)", [FOLD_FROM])
    await tell_months(connection)
    await scan_yesterday(connection)


async def give_cells(connection: Connection) -> int:
    """Give reports that were moved without their H3 cell the one that they lie in; how many."""
    given = 0
    while rows := await (await connection.execute("SELECT * FROM hot.without_cell()")).fetchall():
        ids, lons, lats = (list(column) for column in zip(*rows, strict=True))
        cells = [cell_of(lon, lat) for lon, lat in zip(lons, lats, strict=True)]
        row = await (await connection.execute(_GIVE, [ids, lons, lats, cells])).fetchone()
        given += row[0] if row else 0
    return given


async def tell_months(connection: Connection) -> int:
    """Tell every month that is over and was not told; how many."""
    today = today_ict()
    months = await due(connection, today)
    if not months:
        return 0
    outline = (await ground_on(connection, today, 5)).outline
    roots = (await asyncio.to_thread(cells_of, outline, 5)).tolist()
    for month in months:
        await tell(connection, month, roots)
    return len(months)


async def scan_yesterday(connection: Connection) -> list[int]:
    """Scan up to the day that ended last, once; the new alarms' ids."""
    newest = await (await connection.execute(_NEWEST)).fetchone()
    if newest is None or newest[0] is None:
        return []
    # Where reports ended earlier (a feed that is down, demonstration data) their last day is scanned.
    day = min(today_ict() - timedelta(days=1), newest[0])
    done = await connection.execute("SELECT 1 FROM hot.scanned WHERE day = %s", [day])
    if await done.fetchone():
        return []
    return await raise_alarms(connection, await facts_for_all_staff(connection), day)


async def facts_for_all_staff(connection: Connection) -> Facts:
    """The facts that every member of staff may see (clearance 1), read by the keeper's role."""
    rows = await (await connection.execute(_CODES)).fetchall()
    categories = sorted({row[0] for row in rows})
    channels = sorted({row[1] for row in rows})
    codes: dict[str, Any] = {"categories": categories, "channels": channels}
    reading = await read(connection, codes, vis=1)
    return await asyncio.to_thread(Facts.of, reading.rows, tuple(categories), tuple(channels))
