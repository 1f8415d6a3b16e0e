"""Runs of a merger in the database: applied in batches that may stop anywhere, taken back.

Everything here works on an administrator's connection (the command's), not on a door's.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from geo.calendar import date_of
from geo.errors import Conflict, NotFound
from geo.routing.merger.cases import BATCH, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.routing.merger.cases import Db, Progress

RUN_LOCK = 7_236_012


def apply(connection: Db, run: int, progress: Progress = lambda _share: None) -> Counter[str]:
    """Apply what is left of a run, a transaction a batch; the last sends its messages. What came of it.

    ``Conflict`` before the day of the merger: nobody may be given a case who is not there yet.
    """
    with _alone(connection):
        day, reverted = _state(connection, run)
        if reverted is not None:
            raise Conflict(f"Lần chuyển {run} đã bị hoàn lại.", f"Run {run} was reverted.")
        if day > date_of(datetime.now(UTC)):
            raise Conflict(
                f"Ranh giới mới có hiệu lực từ {day:%d/%m/%Y}; đến ngày ấy mới chuyển được.",
                f"The new units begin on {day.isoformat()}; cases can be moved from that day on.",
            )
        _repeat(connection, "SELECT core.reroute_apply(%s, %s)", [run, BATCH], run, progress)
    return _counts(connection, run)


def revert(connection: Db, run: int, actor: str, progress: Progress = lambda _share: None) -> Counter[str]:
    """Take back what a run has applied, a transaction a batch; cases that moved on since stay."""
    with _alone(connection):
        _state(connection, run)
        _repeat(connection, "SELECT core.reroute_revert(%s, %s, %s)", [run, BATCH, actor], run, progress)
    return _counts(connection, run)


def unfinished(connection: Db, day: date) -> int | None:
    """The run for a day that was begun and not finished, to go on with."""
    found: int | None = value_of(
        connection,
        "SELECT max(run.id) FROM core.reroute_run AS run WHERE vintage = %s AND applied_at IS NULL"
        " AND reverted_at IS NULL AND EXISTS (SELECT 1 FROM core.reroute_item AS item"
        " WHERE item.run = run.id AND item.applied_at IS NOT NULL)",
        day,
    )
    return found


@contextmanager
def _alone(connection: Db) -> Iterator[None]:
    if not value_of(connection, "SELECT pg_try_advisory_lock(%s)", RUN_LOCK):
        raise Conflict("Một lần chuyển khác đang chạy.", "Another run is at work.")
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [RUN_LOCK])


def _state(connection: Db, run: int) -> tuple[date, datetime | None]:
    row = connection.execute(
        "SELECT vintage, reverted_at FROM core.reroute_run WHERE id = %s", [run]
    ).fetchone()
    if row is None:
        raise NotFound(f"Không có lần chuyển số {run}.", f"There is no run number {run}.")
    return row[0], row[1]


def _repeat(connection: Db, step: str, arguments: list[object], run: int, progress: Progress) -> None:
    """A transaction a batch, until a batch is empty."""
    total = max(1, value_of(connection, "SELECT count(*) FROM core.reroute_item WHERE run = %s", run))
    done = 0
    while True:
        with connection.transaction():
            some = int(value_of(connection, step, *arguments))
        if not some:
            return
        done += some
        progress(min(1.0, done / total))


def _counts(connection: Db, run: int) -> Counter[str]:
    rows = connection.execute(
        "SELECT CASE WHEN skipped IS NOT NULL THEN 'skipped' WHEN reverted_at IS NOT NULL THEN 'reverted'"
        " WHEN applied_at IS NOT NULL THEN outcome WHEN outcome = 'unchanged' THEN outcome ELSE 'left' END,"
        " count(*) FROM core.reroute_item WHERE run = %s GROUP BY 1",
        [run],
    )
    return Counter(dict(rows.fetchall()))
