"""Staff pass a case on: by hand, by refusing it, or by correcting its place and category."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from psycopg.types.json import Jsonb

from geo.errors import InvalidInput
from geo.hotspots.cells import cell_of
from geo.routing.facts import Question, decide, rules_in_force
from geo.routing.record import record
from geo.routing.standing import case_of
from geo.routing.told import decide_told
from geo.routing.types import COORDINATOR
from geo.units import Candidate, units_by_code
from layers.description import Text

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from geo.database import Caller
    from geo.routing.standing import Case
    from geo.routing.types import Decision, RuleSet, Triage
    from geo.types import LonLat
    from geo.units import Unit

    Connection = AsyncConnection[tuple[Any, ...]]

# The third time that a case is passed on it goes to the operation centre: nobody plays it to and fro.
HANDS_MAX = 3
Kind = Literal["handover", "refusal", "correction"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a member of staff wants: a body and unit (a code), a refusal, or another place or category."""

    kind: Kind
    note: str
    body: str | None = None
    unit: str | None = None
    place: LonLat | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Hands:
    """Where a wish leads: to the coordinator or not, and the counter afterwards."""

    to_coordinator: bool
    handovers: int
    triage: Triage | None


def hands(case: Case, kind: Kind, *, centre: bool) -> Hands:
    """What follows from the case's way so far. Pure.

    The operation centre, having the case, places it for good and the count begins anew; a refusal goes back
    to it; of all others the third goes to it.
    """
    if kind == "correction":
        return Hands(to_coordinator=False, handovers=case.handovers, triage=None)
    if centre and case.body == COORDINATOR and kind == "handover":
        return Hands(to_coordinator=False, handovers=0, triage=None)
    count = case.handovers + 1
    if kind == "refusal":
        return Hands(to_coordinator=True, handovers=count, triage="refused")
    if count >= HANDS_MAX:
        return Hands(to_coordinator=True, handovers=count, triage="handovers")
    return Hands(to_coordinator=False, handovers=count, triage=None)


async def pass_on(
    connection: Connection, caller: Caller, code: str, wish: Wish, province_code: str
) -> Decision:
    """Carry a wish out: one decision, one event. ``connection``: one writing transaction of ``caller``.

    A correction of the place of a report that came without one makes it an ordinary report.

    Raises ``NotFound``, ``Forbidden`` (not the operation centre and not the unit that has the case),
    ``Conflict`` for a closed case, ``InvalidInput`` for a body or unit that does not exist.
    """
    case = await case_of(connection, caller, code)
    centre = caller.claims is not None and caller.claims.clearance == 2
    way = hands(case, wish.kind, centre=centre)
    now = datetime.now(UTC)
    category = wish.category or case.category
    accuracy_m = None if wish.place is not None else case.accuracy_m
    # Where a person has set the place, the reporter's word on it has done its work.
    said = case.said if wish.place is None else None
    asked = Question(wish.place or case.place, category, now, case.occurred_at, accuracy_m, said)
    rules = await rules_in_force(connection, (await _newest(connection)))
    if asked.place is None:
        decision = await decide_told(connection, asked, case.address or "", province_code)
    else:
        decision = await decide(connection, asked)
    if wish.kind != "correction":
        decision = await _placed(connection, decision, wish, way, rules)
    status = _status(case.status, wish.kind, decision)
    move = None
    if wish.kind == "correction":
        move = Jsonb({"category": category, **_position(asked.place)})
    document = record(decision, kind=wish.kind, handovers=way.handovers, note=wish.note)
    await connection.execute(
        "SELECT core.hand_over(%s, %s, %s, %s)", [case.id, Jsonb(document), status, move]
    )
    return decision


def _position(place: LonLat | None) -> dict[str, Any]:
    if place is None:
        return {}
    return {"lon": place.lon, "lat": place.lat, "h3_9": cell_of(place.lon, place.lat)}


async def _placed(
    connection: Connection, decision: Decision, wish: Wish, way: Hands, rules: RuleSet
) -> Decision:
    desk = rules.body(COORDINATOR)
    by_person = Text(vi=f"Người xử lý chuyển: {wish.note}", en=f"Passed on by a person: {wish.note}")
    if way.to_coordinator or wish.body == COORDINATOR:
        if way.triage == "handovers":
            by_person = Text(
                vi=f"Lần chuyển thứ {way.handovers}: về trung tâm điều hành. {by_person.vi}",
                en=f"Hand-over number {way.handovers}: to the operation centre. {by_person.en}",
            )
        return replace(
            decision, body=desk, unit=None, triage=way.triage or "handovers", reason=by_person, rule="person"
        )
    try:
        body = rules.body(wish.body or "ward")
    except KeyError:
        known = ", ".join(sorted({*rules.bodies, "ward", COORDINATOR}))
        raise InvalidInput("body", wish.body, known, known) from None
    unit = decision.unit or (decision.candidates[0] if decision.candidates else None)
    if wish.unit is not None:
        named = await _unit(connection, wish.unit, decision)
        known_one = next((each for each in decision.candidates if each.unit.unit_id == named.unit_id), None)
        # A ward that lies farther off than the router looked: its distances are not known.
        unit = known_one or Candidate(named, math.nan, math.nan, (named.area_km2 or 0.0) * 1e6)
    if unit is None and body.per_unit:
        raise InvalidInput("unit", "", "mã 5 số của xã, phường", "the five-digit code of a ward")
    return replace(decision, body=body, unit=unit, triage=None, reason=by_person, rule="person")


async def _unit(connection: Connection, code: str, decision: Decision) -> Unit:
    found = await units_by_code(connection, code, decision.as_of)
    if len(found) != 1:
        raise InvalidInput(
            "unit",
            code,
            f"mã 5 số của một xã, phường có vào {decision.as_of:%d/%m/%Y}",
            f"the five-digit code of a ward that exists on {decision.as_of.isoformat()}",
        )
    return found[0]


async def _newest(connection: Connection) -> int:
    rows = await (await connection.execute("SELECT max(version) FROM core.rule_set")).fetchall()
    return int(rows[0][0])


def _status(status: str, kind: Kind, decision: Decision) -> str:
    if kind == "refusal":
        return "returned"
    if decision.triage is not None:
        return "received"
    return "forwarded" if kind == "handover" or status in ("received", "returned") else status
