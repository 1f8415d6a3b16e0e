"""A case that has an address in words and no point: a person places it, helped by what the address says."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from geo.routing import reasons
from geo.routing.facts import decide
from geo.routing.types import Stated
from geo.units import Candidate, units_by_address

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from geo.routing.facts import Question
    from geo.routing.types import Decision
    from geo.units import Addressed

    Connection = AsyncConnection[tuple[Any, ...]]


async def decide_told(
    connection: Connection, question: Question, address: str, province_code: str
) -> Decision:
    """The decision on a case without a place (``question.place`` None): ``no_location``, for a person.

    Its candidates are the wards of the province that the address names; no point is made up for them.
    """
    decision = await decide(connection, question)
    found = await units_by_address(connection, address, decision.as_of, province=province_code)
    return told(decision, address, found, question.said)


def told(decision: Decision, address: str, found: Addressed, said: str | None) -> Decision:
    """The decision with what the address says: candidates without distances, and the reason. Pure."""
    named = next((unit for unit in found.units if said in (unit.unit_id, unit.code)), None)
    ordered = sorted(found.units, key=lambda unit: unit is not named)
    candidates = tuple(Candidate(unit, math.nan, math.nan, (unit.area_km2 or 0.0) * 1e6) for unit in ordered)
    stated = Stated(said, named, followed=False) if said is not None else None
    return replace(
        decision, candidates=candidates, reason=reasons.of_address(address, found, stated), stated=stated
    )
