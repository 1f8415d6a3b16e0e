"""Điểm nóng: đếm, công bố theo tháng, quét cảnh báo · hotspots: count, tell the public, scan for alarms.

count: đếm các phản ánh chưa được đếm, theo từng đợt, dừng giữa chừng thì chạy lại để làm tiếp.
tell: công bố các tháng đã qua; --again YYYY-MM --because LÝ DO công bố lại một tháng đã công bố.
scan: quét đến hết ngày gần nhất và lưu cảnh báo. Ứng dụng đang chạy tự làm các việc này mỗi phút.
count counts what nobody counted yet, in batches, and goes on where it was stopped; tell tells the public the
months that are over; scan scans up to the last day. A running application does all of it by itself.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Any

from cli import connection
from cli.bootstrap.paths import Home
from cli.bootstrap.problem import Stop
from cli.bootstrap.terminal import say

if TYPE_CHECKING:
    import argparse

NEEDS = ("python",)
BATCH = 20_000
LEFT = """
SELECT count(DISTINCT coalesce(incident_code, code)) FROM core.reports AS r
 WHERE NOT EXISTS (SELECT FROM hot.incident AS i WHERE i.key = coalesce(r.incident_code, r.code) COLLATE "C")
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("what", choices=("count", "tell", "scan"), help="việc cần làm · what to do")
    parser.add_argument("--again", metavar="YYYY-MM", help="công bố lại tháng này · tell this month again")
    parser.add_argument("--because", metavar="TEXT", help="lý do, được lưu · the reason, kept")


def run(options: argparse.Namespace) -> int:
    """Do one of the three."""
    if (options.again is None) != (options.because is None) or (options.again and options.what != "tell"):
        raise Stop("--again cần --because và chỉ dùng với tell.", "--again needs --because, and is for tell.")
    if options.again is not None and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", options.again):
        raise Stop(f"Không phải tháng: {options.again}.", f"Not a month: {options.again}.")
    connection.enter(Home.current())
    if options.what == "count":
        return _count()
    return asyncio.run(_tell(options.again, options.because) if options.what == "tell" else _scan())


def _count() -> int:
    import psycopg

    from geo.settings import Settings

    with psycopg.connect(Settings().admin_dsn, autocommit=True) as database:
        row = database.execute(LEFT).fetchone()
        whole, done, begun = int(row[0]) if row else 0, 0, time.monotonic()
        while True:
            counted = database.execute("SELECT hot.count_more(%s)", [BATCH]).fetchone()
            if not counted or not counted[0]:
                break
            done += counted[0]
            speed = done / max(time.monotonic() - begun, 1e-6)
            print(f"  {done:>9,} / {whole:,}  ({speed:,.0f}/s)", flush=True)
    say(f"Đã đếm {done:,} sự việc.", f"Counted {done:,} incidents.")
    return 0


async def _tell(again: str | None, because: str | None) -> int:
    from datetime import date

    from geo.hotspots.keeper import tell_months

    database = await _database()
    async with database:
        if again is not None:
            month = date.fromisoformat(f"{again}-01")
            await database.execute("DELETE FROM hot.release WHERE month = %s", [month])
        told = await tell_months(database)
        if again is not None:
            await database.execute("UPDATE hot.release SET reason = %s WHERE month = %s", [because, month])
    say(f"Đã công bố {told} tháng.", f"Told {told} months.")
    return 0


async def _scan() -> int:
    from geo.hotspots.keeper import scan_yesterday

    database = await _database()
    async with database:
        ids = await scan_yesterday(database)
    say(f"Cảnh báo mới: {len(ids)}.", f"New alarms: {len(ids)}.")
    return 0


async def _database() -> Any:  # noqa: ANN401 - psycopg is there only where the packages are
    import psycopg

    from geo.settings import Settings

    return await psycopg.AsyncConnection.connect(Settings().admin_dsn, autocommit=True)
