"""Which vintage a merger follows: a day, or the number of one that is active or still waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from geo.errors import Conflict, NotFound

if TYPE_CHECKING:
    from geo.routing.merger.cases import Db


@dataclass(frozen=True, slots=True)
class Wanted:
    """The first day of the new units. ``staged``: the vintage's number while it is not active yet."""

    day: date
    legal_ref: str | None = None
    staged: int | None = None


def wanted_vintage(connection: Db, text: str) -> Wanted:
    """What ``--vintage`` means; ``NotFound``, or ``Conflict`` for one that was taken back."""
    if not text.isdigit():
        try:
            return Wanted(date.fromisoformat(text))
        except ValueError:
            raise NotFound(
                f"«{text}» không phải ngày YYYY-MM-DD hay số của một bản ranh giới.",
                f"'{text}' is neither a day YYYY-MM-DD nor the number of a vintage.",
            ) from None
    row = connection.execute(
        "SELECT valid_from, legal_ref, state FROM core.admin_vintage WHERE vintage_id = %s", [text]
    ).fetchone()
    if row is None:
        raise NotFound(f"Không có bản ranh giới số {text}.", f"There is no vintage number {text}.")
    day, legal_ref, state = row
    if state == "reverted":
        raise Conflict(f"Bản ranh giới {text} đã được hoàn tác.", f"The vintage {text} was reverted.")
    return Wanted(day, legal_ref, int(text) if state == "staged" else None)
