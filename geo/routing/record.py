"""Decisions as the record that is kept and as the document that is shown. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geo.routing.types import Decision, Stated
    from geo.units import Candidate


def record(decision: Decision, **more: object) -> dict[str, Any]:
    """The row of ``core.route_decision`` as JSON; ``more`` may hold kind, handovers, note, actor, run."""
    chosen = decision.unit.unit if decision.unit else None
    then = decision.statistics.unit if decision.statistics else None
    title = decision.body_title
    return {
        "as_of": decision.as_of.isoformat(),
        "body": decision.body.id,
        "body_title_vi": title.vi,
        "body_title_en": title.en,
        "informed": list(decision.informed),
        "triage": decision.triage,
        "unit_id": chosen.unit_id if chosen else None,
        "unit_code": chosen.code if chosen else None,
        "unit_name": chosen.name if chosen else None,
        "statistics_as_of": decision.statistics_as_of.isoformat(),
        "statistics_unit_id": then.unit_id if then else None,
        "statistics_unit_code": then.code if then else None,
        "confidence": decision.confidence,
        "accuracy_m": decision.accuracy_m,
        "candidates": [shown_candidate(each, decision) for each in decision.candidates],
        "boundaries": [each.unit.feature_id for each in decision.candidates],
        "rule": decision.rule,
        "rule_version": decision.rule_version,
        "reason_vi": decision.reason.vi,
        "reason_en": decision.reason.en,
        "stated": shown_statement(decision.stated),
        **more,
    }


def shown(decision: Decision) -> dict[str, Any]:
    """The decision as a door answers it."""
    chosen = decision.unit.unit if decision.unit else None
    then = decision.statistics.unit if decision.statistics else None
    return {
        "body": {
            "id": decision.body.id,
            "kind": decision.body.kind,
            "title": decision.body_title.model_dump(),
        },
        "unit": {"id": chosen.unit_id, "code": chosen.code, "name": chosen.name} if chosen else None,
        "informed": list(decision.informed),
        "confidence": decision.confidence,
        "ask_reporter": decision.ask_reporter,
        "triage": decision.triage,
        "rule": {"id": decision.rule, "version": decision.rule_version},
        "reason": decision.reason.model_dump(),
        "as_of": decision.as_of.isoformat(),
        "statistics": {
            "as_of": decision.statistics_as_of.isoformat(),
            "unit": {"id": then.unit_id, "code": then.code, "name": then.name} if then else None,
        },
        "stated": shown_statement(decision.stated),
        "boundaries": [each.unit.feature_id for each in decision.candidates],
        "candidates": [shown_candidate(each, decision) for each in decision.candidates],
        "considered": [
            {
                "rule": each.rule.id,
                "priority": each.rule.priority,
                "matched": each.why is None,
                "why_not": each.why.model_dump() if each.why else None,
            }
            for each in decision.considered
        ],
    }


def shown_candidate(candidate: Candidate, decision: Decision) -> dict[str, Any]:
    """One unit that was considered, with its distances and its share of the accuracy's disc."""
    unit = candidate.unit
    share = decision.shares.get(unit.feature_id)
    return {
        "feature_id": unit.feature_id,
        "unit_id": unit.unit_id,
        "code": unit.code,
        "name": unit.name,
        "distance_m": _metres(candidate.distance_m),
        "border_m": _metres(candidate.border_m),
        "area_m2": round(candidate.area_m2),
        **({"share": round(share, 3)} if share is not None else {}),
    }


def shown_statement(stated: Stated | None) -> dict[str, Any] | None:
    """The ward that the reporter named, and whether it was followed."""
    if stated is None:
        return None
    unit = stated.unit
    named = {"unit_id": unit.unit_id, "code": unit.code, "name": unit.name} if unit else {}
    return {"said": stated.said, "followed": stated.followed, **named}


def _metres(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 3)
