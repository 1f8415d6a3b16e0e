"""Whether a case may come in at all. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geo.routing.types import Decision

# At these the sender sees the refusal and can move the pin; behind the others a person took the case down.
SELF_SERVICE = frozenset({"web", "app"})


def may_come_in(decision: Decision, channel: str) -> bool:
    """Nobody's place is refused where its sender can correct it, and queued where a person took it down."""
    return decision.triage != "outside" or channel not in SELF_SERVICE
