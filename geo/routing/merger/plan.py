"""What a merger does to one open case: automatic, to a person, or unchanged, with the reason. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from geo.routing.types import COORDINATOR
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Collection

    from geo.routing.types import Decision, RuleSet

Outcome = Literal["automatic", "person", "unchanged"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an open case stands: body, ward (identity and name; None where nobody has it), why it waits."""

    body: str
    unit_id: str | None
    unit_name: str | None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """The outcome for one case; ``decision`` is what will be stored when it is applied."""

    outcome: Outcome
    reason: Text
    decision: Decision


def plan_case(standing: Standing, decision: Decision, successors: Collection[str], rules: RuleSet) -> Planned:
    """Compare where a case stands with what the router says of its point on the day of the merger.

    ``successors``: identities of the units that the law names after ``standing.unit_id``, empty where no
    table is there. Only a place clearly inside one unit goes by itself.
    """
    new = decision.unit
    if standing.waits:
        return Planned(
            "unchanged", _text("Đã chờ người quyết định.", "It waits for a person already."), decision
        )
    if standing.body == decision.body.id and new is not None and new.unit.unit_id == standing.unit_id:
        name = new.unit.name
        return Planned("unchanged", _text(f"Vẫn thuộc {name}.", f"It stays with {name}."), decision)
    former = standing.unit_name or "?"
    if new is not None and decision.confidence == "inside" and decision.triage is None:
        name = new.unit.name
        if not successors or new.unit.unit_id in successors or new.unit.unit_id == standing.unit_id:
            how = _how(successors)
            reason = _text(
                f"Từ {former} sang {name}: {how.vi} {decision.reason.vi}",
                f"From {former} to {name}: {how.en} {decision.reason.en}",
            )
            return Planned("automatic", reason, replace(decision, reason=reason))
        why = _text(
            f"{name} không phải đơn vị kế thừa {former} theo bảng pháp lý.",
            f"{name} is no successor of {former} in the legal table.",
        )
    else:
        why = decision.reason
    return _to_person(why, former, decision, rules)


def _to_person(why: Text, former: str, decision: Decision, rules: RuleSet) -> Planned:
    reason = _text(
        f"Cần người quyết định sau khi sắp xếp {former}. {why.vi}",
        f"A person must decide after the merger of {former}. {why.en}",
    )
    desk = rules.body(COORDINATOR)
    waiting = replace(decision, body=desk, unit=None, triage="merger", reason=reason)
    return Planned("person", reason, waiting)


def _how(successors: Collection[str]) -> Text:
    match len(successors):
        case 0:
            return _text("theo vị trí.", "by its point.")
        case 1:
            return _text("nhập toàn bộ.", "merged as a whole.")
    return _text("đơn vị cũ bị chia, theo vị trí.", "the former unit was split, by its point.")


def _text(vi: str, en: str) -> Text:
    return Text(vi=vi, en=en)
