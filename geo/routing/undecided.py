"""Reports that came by another door than intake get their decision: a keeper beside the application.

What a report says of its own unit stands; where it says nothing, the router places an open case as intake
would. A case that is over keeps its row and gets the record alone.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

import structlog
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from geo.database.leader import lead
from geo.routing import reasons
from geo.routing.facts import Question, rules_in_force
from geo.routing.record import record
from geo.routing.replay import decided
from geo.routing.standing import CLOSED
from geo.routing.types import IMPORT, SOURCE
from geo.types import LonLat

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from geo.routing.types import Decision
    from geo.settings import Settings

    Connection = AsyncConnection[tuple[Any, ...]]

KEEPER_LOCK = 7_236_013
FIRST_S = 5.0
EVERY_S = 30.0
RETRY_S = 5.0
# One search for many, and few in one transaction: a person who hands a case over waits for a batch at most.
FOUND_MAX = 10_000
BATCH = 100
# Rests as long as it worked, twice over: a big import must not be felt at the doors.
REST = 2.0
ACTOR = "diaban"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Undecided:
    """A row of ``ops.undecided``: a report without decision.

    ``given_*``: the unit that it has; ``by_place``: its import found that unit, no source named it.
    """

    id: int
    category: str
    status: str
    lon: float
    lat: float
    accuracy_m: float | None
    received_at: datetime
    occurred_at: datetime | None
    unit_code: str | None
    given_id: str | None
    given_name: str | None
    by_place: bool

    @property
    def is_placed_now(self) -> bool:
        """Whether somebody must still be found who acts on it: then today's units are asked."""
        return self.unit_code is None and self.status not in CLOSED

    def question(self, now: datetime) -> Question:
        """What the router is asked: as of ``now`` for a case to be placed, else as of the day it came in."""
        moment = now if self.is_placed_now else self.received_at
        event = self.occurred_at or self.received_at
        return Question(LonLat(self.lon, self.lat), self.category, moment, event, self.accuracy_m)


async def run_undecided(settings: Settings) -> None:
    """Work until cancelled, in one process of the deployment."""
    await asyncio.sleep(FIRST_S)
    await lead(settings, "undecided", KEEPER_LOCK, _keep, RETRY_S)


async def _keep(connection: Connection) -> NoReturn:
    while True:
        if stored := await decide_all(connection, REST):
            log.info("reports_decided_afterwards", reports=stored)
        await asyncio.sleep(EVERY_S)


async def decide_all(connection: Connection, rest: float = 0.0) -> int:
    """Decide on every report that has no decision, the newest first; how many.

    ``connection`` has autocommit and the keeper's role. After each batch it rests ``rest`` times as long as
    the batch took.
    """
    clock, stored = asyncio.get_running_loop().time, 0
    while found := await _undecided(connection):
        before = stored
        for start in range(0, len(found), BATCH):
            begun = clock()
            stored += await _decide(connection, found[start : start + BATCH])
            await asyncio.sleep(rest * (clock() - begun))
        if stored == before:  # all were decided by others, or are gone
            break
    return stored


async def _undecided(connection: Connection) -> list[Undecided]:
    async with connection.cursor(row_factory=class_row(Undecided)) as cursor:
        await cursor.execute("SELECT * FROM ops.undecided(%s)", [FOUND_MAX])
        return await cursor.fetchall()


async def _decide(connection: Connection, cases: list[Undecided]) -> int:
    rules, now = await rules_in_force(connection), datetime.now(UTC)
    decisions = await decided(connection, [case.question(now) for case in cases], rules)
    settled = [settle(case, decision) for case, decision in zip(cases, decisions, strict=True)]
    row = await (
        await connection.execute(
            "SELECT ops.decide_afterwards(%s, %s, %s)",
            [
                [case.id for case in cases],
                Jsonb([document for document, _ in settled]),
                [status for _, status in settled],
            ],
        )
    ).fetchone()
    return int(row[0]) if row else 0


def settle(case: Undecided, decision: Decision) -> tuple[dict[str, Any], str | None]:
    """The record to store and the state that the case gets with it; None: its row stays as it is. Pure."""
    document = record(decision, actor=ACTOR, note=reasons.AFTERWARDS.vi)
    if case.unit_code is None:
        if not case.is_placed_now or decision.triage is not None:
            return document, None
        return document, "forwarded" if case.status == "received" else case.status
    if document["unit_code"] == case.unit_code and decision.triage is None:
        return document, None
    name = case.given_name or case.unit_code
    reason = (reasons.of_import if case.by_place else reasons.of_source)(name, decision.reason)
    given: dict[str, Any] = {
        "body": "ward",
        "body_title_vi": name,
        "body_title_en": name,
        "informed": [],
        "triage": None,
        "unit_id": case.given_id,
        "unit_code": case.unit_code,
        "unit_name": case.given_name,
        "rule": IMPORT if case.by_place else SOURCE,
        "reason_vi": reason.vi,
        "reason_en": reason.en,
    }
    return document | given, None
