"""The life of a report: which step follows which. Routing alone forwards it and gives it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.errors import Conflict, Forbidden, NotFound

if TYPE_CHECKING:
    from psycopg import AsyncConnection

# From a state, the states that its unit or the operation centre may give the report.
STEPS: dict[str, tuple[str, ...]] = {
    "received": ("verifying", "rejected", "duplicate"),
    "verifying": ("needs_info", "in_progress", "resolved", "rejected", "duplicate"),
    "needs_info": ("verifying", "in_progress", "rejected", "closed"),
    "forwarded": ("verifying", "needs_info", "in_progress", "resolved", "rejected", "duplicate"),
    "in_progress": ("needs_info", "resolved"),
    "returned": ("rejected",),
    "resolved": ("closed", "in_progress"),
    # What is over is opened again when someone shows that it is not.
    "closed": ("in_progress",),
    "rejected": ("verifying",),
    "duplicate": ("verifying",),
}
_SET = "SELECT core.set_status(%s, %s, %s, %s)"


def reached_from(status: str) -> list[str]:
    """The states from which a step leads to ``status``."""
    return [before for before, after in STEPS.items() if status in after]


async def take_step(
    connection: AsyncConnection[tuple[Any, ...]], code: str, status: str, reason: str
) -> None:
    """Give a report its next state; one event, with the reason.

    Raises ``NotFound``, ``Forbidden`` (not the operation centre and not the unit that has it), ``Conflict``
    where its state does not lead there or a part of it is still open.
    """
    row = await (await connection.execute(_SET, [code, status, reached_from(status), reason])).fetchone()
    outcome = row[0] if row else None
    if outcome is None:
        raise NotFound("Không có phản ánh nào với mã này.", "No report has this code.")
    if outcome == "forbidden":
        raise Forbidden(
            "Chỉ trung tâm điều hành hoặc đơn vị đang giữ phản ánh.",
            "Only the operation centre or the unit that has the report.",
        )
    if outcome != "done":
        after = ", ".join(STEPS.get(outcome, ())) or "–"
        raise Conflict(
            f"Phản ánh đang ở bước «{outcome}»; từ đó chỉ tới: {after}.",
            f"The report is '{outcome}'; from there it goes to: {after}.",
        )
