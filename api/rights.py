"""Who may come through a door for staff; and the JSON that comes through it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from geo.errors import Forbidden, InvalidInput, TooLarge, Unauthenticated

if TYPE_CHECKING:
    from fastapi import Request

    from geo.database import Caller

BODY_MAX = 512 * 1024


def for_staff(who: Caller) -> None:
    """``Unauthenticated`` or ``Forbidden`` for anyone but staff."""
    if not who.staff:
        raise _no_right(who, "cán bộ", "staff")


def for_centre(who: Caller) -> None:
    """``Unauthenticated`` or ``Forbidden`` for anyone but the operation centre."""
    if who.claims is None or who.claims.clearance < 2:
        raise _no_right(who, "trung tâm điều hành", "the operation centre")


async def read_json(request: Request) -> object:
    """The body of a request of at most 512 kB; ``InvalidInput`` where it is no JSON."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX:
            raise TooLarge("Nội dung quá dài: tối đa 512 kB.", "The body is too long: at most 512 kB.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInput("body", "…", "một đối tượng JSON", "a JSON object") from None


def _no_right(who: Caller, vi: str, en: str) -> Unauthenticated | Forbidden:
    kind = Unauthenticated if who.claims is None else Forbidden
    return kind(f"Chỉ dành cho {vi}.", f"Only for {en}.")
