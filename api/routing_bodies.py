"""The JSON bodies of routing's doors: taken, or refused with what is allowed."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo.calendar import parse_day, parse_instant
from geo.errors import InvalidInput
from geo.routing import checked_place
from geo.routing.document import read_draft
from geo.routing.hands import Wish
from geo.routing.replay import Side
from geo.routing.rules import refuse_faults, rules_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from psycopg import AsyncConnection

    from geo.catalogue import Catalogue
    from geo.routing import RuleSet

REASON_MIN, REASON_MAX = 5, 500
REPLAY_DAYS_MAX = 366


@dataclass(frozen=True, slots=True)
class Replay:
    """A checked request for a replay: reports received in ``[begin, end)``."""

    begin: datetime
    end: datetime
    category: str | None
    sides: tuple[Side, Side]


def read_link(document: object) -> tuple[str | None, str]:
    """The report to whose incident another is joined (None: parted from its own), and the reason."""
    given = _object(document, "body", ("incident", "reason"))
    if "incident" not in given:
        raise InvalidInput("incident", "", "mã phản ánh hoặc null", "a report's code, or null")
    return _text(given, "incident"), _reason(given.get("reason"))


def read_purpose(document: object) -> str:
    """Why personal data are read."""
    return _reason(_object(document, "body", ("reason",)).get("reason"))


def read_step(document: object, statuses: list[str]) -> tuple[str, str]:
    """The state that a report gets, and the reason."""
    given = _object(document, "body", ("status", "reason"))
    status = given.get("status")
    if not isinstance(status, str) or status not in statuses:
        raise InvalidInput("status", status or "", ", ".join(statuses), ", ".join(statuses))
    return status, _reason(given.get("reason"))


def read_wish(document: object, category: Callable[[object], str | None]) -> Wish:
    """What a member of staff wants with a case; ``category`` checks that value."""
    allowed = ("reason", "body", "unit", "refuse", "lon", "lat", "category")
    given = _object(document, "body", allowed)
    note = _reason(given.get("reason"))
    place = None
    if "lon" in given or "lat" in given:
        place = checked_place(given.get("lon", ""), given.get("lat", ""))
    wanted = [
        given.get("refuse") is True,
        given.get("body") is not None or given.get("unit") is not None,
        place is not None or given.get("category") is not None,
    ]
    if sum(wanted) != 1 or given.get("refuse", True) is not True:
        raise InvalidInput(
            "body",
            ", ".join(sorted(given)),
            "đúng một trong: refuse: true; body hoặc unit; lon và lat hoặc category",
            "exactly one of: refuse: true; body or unit; lon and lat, or category",
        )
    if wanted[0]:
        return Wish("refusal", note)
    if wanted[1]:
        return Wish("handover", note, body=_text(given, "body"), unit=_text(given, "unit"))
    return Wish("correction", note, place=place, category=category(given.get("category")))


def known_category(layers: Catalogue, value: object) -> str | None:
    """A category of reports, or None where none is given; ``InvalidInput`` for any other."""
    if value is None:
        return None
    reports = layers.layer("reports")
    known = [code.code for code in reports.codes[reports.field("category").codes or ""]]
    if not isinstance(value, str) or value not in known:
        raise InvalidInput("category", value, ", ".join(known), ", ".join(known))
    return value


async def read_replay(
    document: object, connection: AsyncConnection[tuple[Any, ...]], catalogue: Catalogue
) -> Replay:
    """A replay's request: ``from``, ``to``, ``category``, and for ``a`` and ``b`` rules and a day.

    ``rules`` is the number of a version or a whole draft, by default the rules in force. ``decided`` stands
    for what was really decided.
    """
    given = _object(document, "body", ("from", "to", "category", "a", "b"))
    begin = parse_instant("from", str(given.get("from", "")))
    end = parse_instant("to", str(given.get("to", "")))
    if not begin < end or (end - begin).days > REPLAY_DAYS_MAX:
        raise InvalidInput(
            "to",
            given.get("to", ""),
            f"sau from, không quá {REPLAY_DAYS_MAX} ngày",
            f"after from, at most {REPLAY_DAYS_MAX} days",
        )
    sides = [await _side(given.get(name), name, connection, catalogue) for name in ("a", "b")]
    return Replay(begin, end, _text(given, "category"), (sides[0], sides[1]))


async def _side(
    value: object, name: str, connection: AsyncConnection[tuple[Any, ...]], catalogue: Catalogue
) -> Side:
    given = _object(value if value is not None else {}, name, ("rules", "day", "decided"))
    day = parse_day(f"{name}.day", str(given["day"])) if given.get("day") is not None else None
    decided = given.get("decided", False)
    if not isinstance(decided, bool) or (decided and len(given) > 1):
        raise InvalidInput(f"{name}.decided", decided, "true, đứng một mình", "true, alone")
    rules = await _rules(given.get("rules"), f"{name}.rules", connection, catalogue)
    return Side(rules, day, decided)


async def _rules(
    value: object, path: str, connection: AsyncConnection[tuple[Any, ...]], catalogue: Catalogue
) -> RuleSet:
    if isinstance(value, dict):
        return await refuse_faults(connection, read_draft(value), catalogue)
    if value is None:
        row = await (await connection.execute("SELECT max(version) FROM core.rule_set")).fetchone()
        value = row[0] if row else 1
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < 2**31:
        raise InvalidInput(
            path, value, "số phiên bản hoặc một bộ quy tắc", "the number of a version, or a rule set"
        )
    return await rules_of(connection, value)


def _reason(value: object) -> str:
    words = unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else ""
    clean = not any(unicodedata.category(char)[0] == "C" for char in words.replace("\n", " "))
    if not REASON_MIN <= len(words) <= REASON_MAX or not clean:
        raise InvalidInput(
            "reason",
            value if value is not None else "",
            f"lý do, {REASON_MIN} đến {REASON_MAX} ký tự",
            f"a reason of {REASON_MIN} to {REASON_MAX} characters",
        )
    return words


def _text(given: dict[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > 60 or not value.isprintable()):
        raise InvalidInput(name, value, "văn bản, tối đa 60 ký tự", "text of at most 60 characters")
    return value


def _object(value: object, path: str, keys: tuple[str, ...]) -> dict[str, Any]:
    listed = ", ".join(keys)
    if not isinstance(value, dict) or set(value) - set(keys):
        shown = ", ".join(sorted(set(value) - set(keys))) if isinstance(value, dict) else value
        raise InvalidInput(path, shown, f"đối tượng JSON với: {listed}", f"a JSON object with: {listed}")
    return value
