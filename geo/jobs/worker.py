"""The worker: one task in the whole deployment claims jobs and runs each in a process of its own.

A process can be killed (dismissal, memory, time) without touching the server, and dies with the worker. Its
heartbeats come from it and from the worker: when both stop, whoever leads puts the job back, and the
attempt's number sees to it that only one result is ever written.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, cast

import structlog
from psycopg.types.json import Jsonb

from geo.database.leader import lead
from geo.jobs import folders, queue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from psycopg import AsyncConnection

    from geo.settings import Settings

    Connection = AsyncConnection[tuple[Any, ...]]

LEADER_LOCK = 7_236_030
ATTEMPTS_MAX = 3
NICE = 10
# Longer than any file of the largest size takes; what is still running then never ends.
WORK_S = 2 * 3_600
DIED = {
    "kind": "Died",
    "vi": f"Việc này đã dừng đột ngột {ATTEMPTS_MAX} lần (quá bộ nhớ hoặc quá thời gian).",
    "en": f"The work stopped unexpectedly {ATTEMPTS_MAX} times (out of memory or of time).",
}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between looks at the queue and between heartbeats, and after how many a silent job is dead.

    ``slots``: kept jobs at a time; one more place is for a caller who waits, so that a long export does not
    stand in the way of a short question.
    """

    poll_s: float = 0.25
    beat_s: float = 2.0
    dead_after_s: float = 15.0
    sweep_s: float = 300.0
    retry_s: float = 1.0
    slots: int = 2


@dataclass(slots=True)
class _Hands:
    """The processes that run now, by (job, attempt)."""

    at_work: dict[tuple[UUID, int], asyncio.Task[None]] = field(default_factory=dict)
    kept: set[tuple[UUID, int]] = field(default_factory=set)


async def run_worker(settings: Settings, command: Sequence[str], pace: Pace | None = None) -> None:
    """Work until cancelled, in one process of the deployment.

    ``command`` starts a process that calls :func:`geo.jobs.child.work`.
    """
    chosen = pace or Pace()
    await lead(settings, "jobs", LEADER_LOCK, partial(_keep, settings, command, chosen), chosen.retry_s)


async def _keep(settings: Settings, command: Sequence[str], pace: Pace, connection: Connection) -> NoReturn:
    hands = _Hands()
    try:
        loop = asyncio.get_running_loop()
        swept = checked = float("-inf")
        while True:
            now = loop.time()
            if now - swept > pace.sweep_s:
                await _sweep(connection, settings)
                swept = now
            if now - checked > pace.beat_s:
                await _alive(connection, hands)
                await _requeue_dead(connection, pace)
                checked = now
            await _reap(connection, settings, hands)
            while await _claim(connection, settings, command, pace, hands):
                pass
            await asyncio.sleep(pace.poll_s)
    finally:
        await _end(hands.at_work.values())


async def _claim(
    connection: Connection, settings: Settings, command: Sequence[str], pace: Pace, hands: _Hands
) -> bool:
    """Start one job if there is one and a place for it."""
    waited_for = len(hands.at_work) - len(hands.kept)
    for kept, free in ((False, waited_for < 1), (True, len(hands.kept) < pace.slots)):
        if not free:
            continue
        row = await (await connection.execute(queue.CLAIM, {"kept": kept})).fetchone()
        if row is not None:
            key = cast("tuple[UUID, int]", tuple(row))
            log.info("job_started", job=str(key[0]), attempt=key[1])
            hands.at_work[key] = asyncio.create_task(_process(settings, command, pace, key, kept=kept))
            if kept:
                hands.kept.add(key)
            return True
    return False


async def _process(
    settings: Settings, command: Sequence[str], pace: Pace, key: tuple[UUID, int], *, kept: bool
) -> None:
    order = {
        "settings": settings.model_dump(mode="json") | {"secret": settings.secret.get_secret_value()},
        "id": str(key[0]),
        "attempt": key[1],
        "beat_s": pace.beat_s,
        # Somebody waits on the line for the others: they do not stand back.
        "nice": NICE if kept else 0,
    }
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(WORK_S):
            await process.communicate(json.dumps(order).encode())
    except TimeoutError:
        log.warning("job_too_long", job=str(key[0]), attempt=key[1])
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        log.warning("job_process_ended", job=str(key[0]), attempt=key[1], code=process.returncode)


async def _alive(connection: Connection, hands: _Hands) -> None:
    if running := [key for key, task in hands.at_work.items() if not task.done()]:
        ids, attempts = zip(*running, strict=True)
        await connection.execute(queue.ALIVE, {"ids": list(ids), "attempts": list(attempts)})


async def _reap(connection: Connection, settings: Settings, hands: _Hands) -> None:
    """Let go of what has ended, and end what nobody wants any more."""
    running = [key for key, task in hands.at_work.items() if not task.done()]
    if running:
        ids, attempts = zip(*running, strict=True)
        cursor = await connection.execute(queue.LOST, {"ids": list(ids), "attempts": list(attempts)})
        await _end([hands.at_work[cast("tuple[UUID, int]", tuple(row))] for row in await cursor.fetchall()])
    for key, task in list(hands.at_work.items()):
        if not task.done():
            continue
        del hands.at_work[key]
        hands.kept.discard(key)
        # One that has finished is not running any more: this touches only what died without a word.
        values = {"id": key[0], "attempt": key[1], **_died()}
        await connection.execute(queue.GIVE_BACK, values)
        row = await (
            await connection.execute(
                "SELECT 1 FROM ops.job WHERE id = %s AND attempt = %s AND status = 'successful'", list(key)
            )
        ).fetchone()
        if row is None:
            await asyncio.to_thread(folders.forget, settings, *key)


async def _requeue_dead(connection: Connection, pace: Pace) -> None:
    cursor = await connection.execute(queue.REQUEUE_DEAD, {"dead_after_s": pace.dead_after_s, **_died()})
    for (job_id,) in await cursor.fetchall():
        log.warning("job_requeued", job=str(job_id))


async def _sweep(connection: Connection, settings: Settings) -> None:
    await connection.execute(queue.SWEEP)
    live = [(row[0], row[1]) for row in await (await connection.execute(queue.LIVE)).fetchall()]
    await asyncio.to_thread(folders.sweep, settings, live)


def _died() -> dict[str, Any]:
    text = {"vi": DIED["vi"], "en": DIED["en"]}
    return {"attempts": ATTEMPTS_MAX, "problem": Jsonb({**DIED, "text": text})}


async def _end(tasks: Any) -> None:  # noqa: ANN401 - any iterable of tasks
    chosen = list(tasks)
    for task in chosen:
        task.cancel()
    await asyncio.gather(*chosen, return_exceptions=True)
