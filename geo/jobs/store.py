"""Jobs as their callers see them, under row-level security: created within limits, read, dismissed."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from geo.errors import NotFound, TooMany, Unavailable
from geo.jobs.types import ACTIVE, Job

if TYPE_CHECKING:
    from datetime import datetime

    from geo.database import Caller, Database
    from geo.jobs.types import Asked, Status

# Two creations must not both take the last place.
LIMIT_LOCK = 7_236_031
WAITING_MAX = 200
ACTIVE_MAX = 10
KEPT_MAX = 100
# Files of results, of one caller and of all.
OWN_BYTES_MAX = 10 * 1024**3
BYTES_MAX = 50 * 1024**3
RETRY_AFTER_S = 30
DISMISSED_KEPT = "1 hour"
COLUMNS = sql.SQL(", ").join(sql.Identifier(field.name) for field in fields(Job))
INSERT = """INSERT INTO ops.job (process, inputs, wanted, claims, origin, kept)
VALUES (%s, %s, %s, %s, %s, %s) RETURNING id"""
DISMISS = sql.SQL("""UPDATE ops.job SET status = 'dismissed', updated_at = now(), result = NULL,
  finished_at = coalesce(finished_at, now()), expires_at = least(expires_at, now() + %s::interval),
  message = %s
 WHERE id = %s AND kept AND expires_at > now() AND status <> 'dismissed' RETURNING {}""").format(COLUMNS)
DISMISSED = {"vi": "Đã huỷ theo yêu cầu.", "en": "Dismissed on request."}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which of the caller's jobs: of these processes and states, created in [since, until], this long.

    Durations in seconds, from the start to the end (or to now).
    """

    processes: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    min_s: int | None = None
    max_s: int | None = None


async def create(database: Database, caller: Caller, asked: Asked) -> UUID:
    """Queue a job. ``TooMany`` beyond the caller's own limits, ``Unavailable`` beyond the deployment's."""
    claims = Jsonb(json.loads(caller.claims.as_setting())) if caller.claims else None
    async with database.write(caller) as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", [LIMIT_LOCK])
        load = await (await connection.execute("SELECT * FROM ops.job_load(%s)", [asked.origin])).fetchone()
        assert load is not None  # noqa: S101 - an aggregate has its row
        _within_limits(*load)
        cursor = await connection.execute(
            INSERT,
            [asked.process, Jsonb(asked.inputs), Jsonb(asked.wanted), claims, asked.origin, asked.kept],
        )
        row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - RETURNING of one row
    return UUID(str(row[0]))


def _within_limits(waiting: int, own_active: int, own_kept: int, own_bytes: int, in_all: int) -> None:
    if own_active >= ACTIVE_MAX:
        raise TooMany(
            f"Mỗi người chỉ có {ACTIVE_MAX} việc cùng lúc. Xin chờ một việc xong.",
            f"One caller may have {ACTIVE_MAX} jobs at a time. Wait for one to finish.",
            RETRY_AFTER_S,
        )
    if own_kept >= KEPT_MAX or own_bytes >= OWN_BYTES_MAX:
        raise TooMany(
            f"Đang giữ {own_kept} kết quả, {own_bytes >> 20} MiB. Xin xoá bớt hoặc chờ hết hạn.",
            f"{own_kept} results are kept, {own_bytes >> 20} MiB. Delete some or wait until they expire.",
            RETRY_AFTER_S,
        )
    if waiting >= WAITING_MAX or in_all >= BYTES_MAX:
        raise Unavailable("Hàng đợi đã đầy. Xin thử lại sau.", "The queue is full. Try again later.")


async def read(database: Database, caller: Caller, job_id: str | UUID) -> Job:
    """The job of that id, :class:`geo.errors.NotFound` for another one, an expired one, another's."""
    try:
        known = job_id if isinstance(job_id, UUID) else UUID(job_id)
    except ValueError:
        raise _unknown() from None
    query = sql.SQL("SELECT {} FROM ops.job WHERE id = %s AND expires_at > now()").format(COLUMNS)
    async with database.write(caller) as connection:
        row = await (await connection.execute(query, [known])).fetchone()
    if row is None:
        raise _unknown()
    return Job(*row)


async def listed(
    database: Database, caller: Caller, wanted: Filter, limit: int, offset: int
) -> tuple[list[Job], bool]:
    """The caller's jobs, newest first, and whether more follow. Anonymous callers have none listed."""
    if caller.claims is None:
        return [], False
    tests: list[sql.Composable] = [sql.SQL("claims IS NOT NULL AND kept AND expires_at > now()")]
    values: dict[str, Any] = {"limit": limit + 1, "offset": offset}
    for name, test, value in (
        ("processes", "process = ANY (%(processes)s)", list(wanted.processes) or None),
        ("statuses", "status = ANY (%(statuses)s)", list(wanted.statuses) or None),
        ("since", "created_at >= %(since)s", wanted.since),
        ("until", "created_at <= %(until)s", wanted.until),
        (
            "min_s",
            "coalesce(finished_at, now()) - started_at >= make_interval(secs => %(min_s)s)",
            wanted.min_s,
        ),
        (
            "max_s",
            "coalesce(finished_at, now()) - started_at <= make_interval(secs => %(max_s)s)",
            wanted.max_s,
        ),
    ):
        if value is not None:
            tests.append(sql.SQL(test))
            values[name] = value
    query = sql.SQL(
        "SELECT {} FROM ops.job WHERE {} ORDER BY created_at DESC, id LIMIT %(limit)s OFFSET %(offset)s"
    ).format(COLUMNS, sql.SQL(" AND ").join(tests))
    async with database.write(caller) as connection:
        rows = await (await connection.execute(query, values)).fetchall()
    return [Job(*row) for row in rows[:limit]], len(rows) > limit


async def dismiss(database: Database, caller: Caller, job_id: str) -> Job:
    """End a job and forget its result; the worker kills its process. ``NotFound`` as :func:`read`."""
    job = await read(database, caller, job_id)
    async with database.write(caller) as connection:
        cursor = await connection.execute(DISMISS, [DISMISSED_KEPT, Jsonb(DISMISSED), job.id])
        row = await cursor.fetchone()
    return Job(*row) if row else job


async def waited(database: Database, caller: Caller, job_id: UUID, seconds: float) -> Job:
    """The job when it is finished, or as it is after ``seconds``."""
    until, pause_s = time.monotonic() + seconds, 0.05
    while True:
        job = await read(database, caller, job_id)
        if job.status not in ACTIVE or time.monotonic() > until:
            return job
        await asyncio.sleep(pause_s)
        pause_s = min(0.25, pause_s * 1.3)


async def discard(database: Database, caller: Caller, job_id: UUID) -> None:
    """Forget a job for which nobody waits any more; a running one is killed."""
    async with database.write(caller) as connection:
        await connection.execute("DELETE FROM ops.job WHERE id = %s AND NOT kept", [job_id])


def _unknown() -> NotFound:
    return NotFound(
        "Không có việc này, hoặc kết quả đã hết hạn.", "There is no such job, or its result has expired."
    )
