"""The router: who acts on a case. Pure, total and stable; every door and the merger go through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.calendar import date_of
from geo.routing import reasons
from geo.routing.disc import placed
from geo.routing.match import Case, RuleFailed, why_not
from geo.routing.statement import tipped
from geo.routing.types import COORDINATOR, DEFAULT_RULE, WARD, Considered, Decision
from geo.units import in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from geo.routing.types import Body, Confidence, Near, Rule, RuleSet, Triage
    from geo.types import LonLat
    from geo.units import Candidate
    from layers.description import Text


def route(  # noqa: PLR0917 - a case is these seven things
    place: LonLat | None,
    accuracy_m: float | None,
    category: str,
    occurred_at: datetime | None,
    received_at: datetime,
    rules: RuleSet,
    candidates: Iterable[Candidate],
    *,
    event_candidates: Iterable[Candidate] | None = None,
    shares: Mapping[int, float] | None = None,
    nearby: Mapping[str, Near] | None = None,
    nearest: Iterable[Candidate] = (),
    said: str | None = None,
) -> Decision:
    """The decision on a case.

    ``candidates`` are the units at the place on the Vietnamese day of ``received_at``: responsibility needs a
    living unit. ``event_candidates`` are those of the day of ``occurred_at`` (by default the same), for
    statistics only. ``shares`` of the accuracy's disc by feature id, ``nearby`` by layer. Rules are asked in
    order of priority; the first that matches decides, none leaves the case to the ward. ``nearest``: units as
    near as any, for a rule that gives them what lies in their waters. ``said``: the ward (identity or code)
    that the reporter chose when asked; it tips the choice among the candidates only.
    """
    measured = placed(candidates if place is not None else (), accuracy_m, shares or {})
    placement, stated = tipped(measured, said)
    then = placement.chosen
    if event_candidates is not None:
        then = placed(event_candidates, accuracy_m, shares or {}).chosen
    confidence: Confidence = placement.confidence if place is not None else "no_location"
    chosen, near = placement.chosen, next(iter(in_order(nearest)), None)
    unit_id = chosen.unit.unit_id if chosen else None
    body, rule, reason, triage, considered = _who(
        reasons.of_place(measured, stated),
        confidence,
        Case(category, unit_id, received_at, nearby or {}, near),
        rules,
    )
    acting, candidates = chosen, placement.candidates
    if chosen is None and near is not None and triage is None and body.per_unit:
        acting, candidates = near, (near, *(each for each in candidates if each.unit != near.unit))
    return Decision(
        body=body,
        unit=acting if triage is None else None,
        candidates=candidates,
        shares=shares or {},
        confidence=confidence,
        rule=rule,
        rule_version=rules.version,
        as_of=date_of(received_at),
        statistics_as_of=date_of(occurred_at or received_at),
        statistics=then,
        accuracy_m=accuracy_m,
        reason=reason,
        triage=triage,
        considered=considered,
        stated=stated,
    )


def _who(
    place: Text, confidence: Confidence, case: Case, rules: RuleSet
) -> tuple[Body, str, Text, Triage | None, tuple[Considered, ...]]:
    desk = rules.body(COORDINATOR)
    if confidence == "no_location":
        return desk, DEFAULT_RULE, reasons.NO_LOCATION, "no_location", ()
    if confidence == "overlap" and rules.overlap == "triage":
        return desk, DEFAULT_RULE, reasons.joined(place, reasons.A_PERSON), "overlap", ()
    considered: list[Considered] = []
    for rule in rules.rules:
        body = rules.body(rule.body)
        try:
            why = why_not(rule, case, body)
        except RuleFailed as failed:
            # Never skipped: a later rule would then decide what this one was written for.
            return desk, rule.id, reasons.of_failure(rule, str(failed)), "rule_error", tuple(considered)
        considered.append(Considered(rule, why))
        if why is None:
            if case.unit_id is None and body.per_unit and case.nearest is not None:
                place = reasons.of_waters(rule, case.nearest)
            return _by_rule(rule, rules, place, tuple(considered))
    if confidence == "outside":
        return (
            desk,
            DEFAULT_RULE,
            reasons.joined(place, reasons.A_PERSON),
            "outside",
            tuple(considered),
        )
    return rules.body(WARD), DEFAULT_RULE, place, None, tuple(considered)


def _by_rule(
    rule: Rule, rules: RuleSet, place: Text, considered: tuple[Considered, ...]
) -> tuple[Body, str, Text, None, tuple[Considered, ...]]:
    body = rules.body(rule.body)
    return body, rule.id, reasons.of_rule(rule, rules.version, body, place), None, considered
