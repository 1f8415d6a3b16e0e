"""What the database knows of a place, in one statement, so that a case sees one vintage."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from geo.calendar import date_of
from geo.routing.disc import disc_wkt, has_disc
from geo.routing.document import read_rule_set
from geo.routing.route import route
from geo.routing.types import Near
from geo.types import Bbox
from geo.units import Candidate, Unit, search_radius_m

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from psycopg import AsyncConnection

    from geo.routing.types import Decision, RuleSet
    from geo.types import LonLat

    Connection = AsyncConnection[tuple[Any, ...]]

_FACTS = (
    "SELECT pub.route_facts(%(lon)s, %(lat)s, %(on_day)s, %(event_day)s, %(radius_m)s, %(disc)s, %(layers)s)"
)
_RULES = "SELECT pub.routing_rules(%s)"
# A version never changes, so one that was read is known for good. A worker sees few versions in its life.
_KNOWN: dict[tuple[str, int], RuleSet] = {}
_KNOWN_MAX = 64
# Rules may be saved while a question is on its way: then it is asked again with the new ones.
TRIES = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What :func:`geo.routing.route` needs beside the case itself."""

    version: int
    candidates: tuple[Candidate, ...]
    event_candidates: tuple[Candidate, ...] | None = None
    shares: Mapping[int, float] = field(default_factory=dict)
    nearby: Mapping[str, Near] = field(default_factory=dict)
    nearest: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A case as the router is asked about it; ``said``: the ward that the reporter chose."""

    place: LonLat | None
    category: str
    received_at: datetime
    occurred_at: datetime | None = None
    accuracy_m: float | None = None
    said: str | None = None

    def parameters(self, rules: RuleSet) -> dict[str, Any]:
        """The parameters of ``pub.route_facts``."""
        place = self.place
        return {
            "lon": place.lon if place else None,
            "lat": place.lat if place else None,
            "on_day": date_of(self.received_at),
            "event_day": date_of(self.occurred_at or self.received_at),
            "radius_m": search_radius_m(self.accuracy_m),
            "disc": disc_wkt(place, self.accuracy_m or 0.0) if place and has_disc(self.accuracy_m) else None,
            "layers": Jsonb(layers_of(rules)),
        }

    def answered(self, facts: Facts, rules: RuleSet) -> Decision:
        """The router's decision on this case."""
        return route(
            self.place,
            self.accuracy_m,
            self.category,
            self.occurred_at,
            self.received_at,
            rules,
            facts.candidates,
            event_candidates=facts.event_candidates,
            shares=facts.shares,
            nearby=facts.nearby,
            nearest=facts.nearest,
            said=self.said,
        )


def layers_of(rules: RuleSet) -> dict[str, float]:
    """The layers that the rules ask for, each with the farthest reach in metres."""
    reach: dict[str, float] = {}
    for rule in rules.rules:
        if rule.layer is not None:
            reach[rule.layer] = max(rule.within_m, reach.get(rule.layer, 0.0))
    return reach


async def decide(connection: Connection, question: Question, rules: RuleSet | None = None) -> Decision:
    """The decision on a case by ``rules``, or by those in force."""
    chosen = rules or await rules_in_force(connection)
    for _ in range(TRIES):
        cursor = await connection.execute(_FACTS, question.parameters(chosen), prepare=True)
        facts = read_facts((await cursor.fetchall())[0][0])
        if rules is not None or facts.version == chosen.version:
            break
        chosen = await rules_in_force(connection, facts.version)
    return question.answered(facts, chosen)


async def rules_in_force(connection: Connection, version: int | None = None) -> RuleSet:
    """The rules of a version, or the newest that this worker knows; ``KeyError`` for an unknown version."""
    database = connection.info.dbname
    known = max((number for name, number in _KNOWN if name == database), default=None)
    wanted = version if version is not None else known
    if wanted is not None and (database, wanted) in _KNOWN:
        return _KNOWN[database, wanted]
    cursor = await connection.execute(_RULES, [wanted])
    document = (await cursor.fetchall() or [(None,)])[0][0]
    if document is None:
        raise KeyError(version)
    return remember(database, read_rule_set(document))


def remember(database: str, rules: RuleSet) -> RuleSet:
    """Keep a version for the worker's life."""
    if len(_KNOWN) >= _KNOWN_MAX:
        _KNOWN.clear()
    _KNOWN[database, rules.version] = rules
    return rules


def read_facts(document: dict[str, Any]) -> Facts:
    """The answer of ``pub.route_facts``."""
    then = document["then"]
    rows = document["units"] + (then or [])
    return Facts(
        version=document["version"],
        candidates=tuple(map(_candidate, document["units"])),
        event_candidates=None if then is None else tuple(map(_candidate, then)),
        shares={row["feature_id"]: row["share"] for row in rows if row["share"] is not None},
        nearby={name: Near(**near) for name, near in (document["layers"] or {}).items()},
        nearest=tuple(map(_candidate, document["nearest"] or ())),
    )


def _candidate(row: dict[str, Any]) -> Candidate:
    unit = Unit(
        feature_id=row["feature_id"],
        unit_id=row["unit_id"],
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        level=row["level"],
        province_code=row["province_code"],
        province_name=row["province_name"],
        district_name=row["district_name"],
        area_km2=row["area_km2"],
        population=row["population"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        bbox=Bbox(*row["bbox"]),
    )
    return Candidate(unit, row["distance_m"], row["border_m"], row["area_m2"])
