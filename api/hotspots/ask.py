"""What is asked of hotspots, read and checked; and who may ask it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, cast

from geo.calendar import parse_moment, start_of, today_ict
from geo.errors import Forbidden, InvalidInput, Unauthenticated
from geo.hotspots.cells import RESOLUTIONS, as_text
from geo.hotspots.filters import Filter
from geo.hotspots.ground import Ground, Grounds
from geo.hotspots.groups import GROUPS
from geo.hotspots.load import Kept
from geo.types import parse_integer

if TYPE_CHECKING:
    from fastapi import Request

    from geo.catalogue import Catalogue
    from geo.database import Caller, Database
    from geo.hotspots.facts import Facts

LAYER = "reports"
WARDS = "admin_units"
DEFAULT_RESOLUTION = 8
DEFAULT_DAYS = 365
# 2000-01-01 is the day 0 of counts; a century is more than any question needs.
FIRST, LAST = date(2000, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of staff with the facts that answer it."""

    facts: Facts
    wanted: Filter
    version: int

    def parameters(self, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """What was asked, as every answer repeats it."""
        return {
            "audience": "staff",
            "from": start_of(self.wanted.start).isoformat(),
            "to": start_of(self.wanted.end).isoformat(),
            "category": list(self.wanted.categories),
            "channel": list(self.wanted.channels),
            "ward": list(self.wanted.wards),
            "cell": as_text(self.wanted.cell) if self.wanted.cell is not None else None,
            "data_version": self.version,
            **more,
        }


def staff_only(who: Caller) -> Caller:
    """The caller where he is a member of staff; 401 for the public, 403 for others."""
    if who.claims is None:
        raise Unauthenticated(
            "Cần đăng nhập. Công chúng xem số liệu theo tháng đã làm gộp ở /api/hotspots.",
            "Sign in. The public sees months, grouped, at /api/hotspots.",
        )
    if not who.staff:
        raise Forbidden("Chỉ dành cho cán bộ.", "For members of staff only.")
    return who


async def facts_of(request: Request, db: Database, layers: Catalogue, who: Caller) -> tuple[Facts, int]:
    """All counts that a member of staff may see, and their version."""
    state = request.app.state
    if not hasattr(state, "hotspot_facts"):
        state.hotspot_facts = Kept()
    kept = cast("Kept", state.hotspot_facts)
    version = layers.epoch(LAYER, staff_only(who))
    known = codes_of(layers, "category"), codes_of(layers, "channel")
    return await kept.facts(db, who, version, *known), version


async def ground_of(
    request: Request, db: Database, layers: Catalogue, who: Caller, resolution: int
) -> Ground:
    """The province of today as cells."""
    state = request.app.state
    if not hasattr(state, "hotspot_grounds"):
        state.hotspot_grounds = Grounds()
    grounds = cast("Grounds", state.hotspot_grounds)
    return await grounds.ground(db, who, layers.epoch(WARDS, who), today_ict(), resolution)


async def asked(
    request: Request, db: Database, layers: Catalogue, who: Caller, given: dict[str, str | None]
) -> Asked:
    """The question in ``given`` (from, to, category, channel, ward, cell) with the facts that answer it."""
    categories = listed("category", given.get("category"), codes_of(layers, "category"))
    channels = listed("channel", given.get("channel"), codes_of(layers, "channel"))
    start, end = day_in("from", given.get("from")), day_in("to", given.get("to"))
    wards, cell = wards_in(given.get("ward")), cell_in("cell", given.get("cell"))
    facts, version = await facts_of(request, db, layers, who)
    last = (facts.last_day or today_ict()) + timedelta(days=1)
    if end is None:
        end = last if start is None or start < last else start + timedelta(days=1)
    if start is None:
        start = end - timedelta(days=DEFAULT_DAYS)
    check_order(start, end)
    return Asked(facts, Filter(start, end, categories, channels, wards, cell), version)


def check_order(start: date, end: date) -> None:
    """``from`` before ``to``."""
    if start >= end:
        raise InvalidInput(
            "from,to", f"{start.isoformat()} / {end.isoformat()}", "from trước to", "from before to"
        )


def day_in(parameter: str, text: str | None) -> date | None:
    """A day of a request; counts know days, so an instant is taken only where a day begins in Vietnam."""
    if text is None:
        return None
    moment = parse_moment(parameter, text)
    day = moment if type(moment) is date else moment.astimezone(start_of(FIRST).tzinfo).date()  # type: ignore[attr-defined]
    if type(moment) is not date and start_of(day) != moment:
        raise InvalidInput(parameter, text, "một ngày, ví dụ 2026-07-01", "a day, e.g. 2026-07-01")
    if not FIRST <= day <= LAST:
        raise InvalidInput(parameter, text, f"{FIRST} … {LAST}", f"{FIRST} … {LAST}")
    return day


def resolution_in(text: str | None, finest: int = RESOLUTIONS[-1]) -> int:
    """An H3 resolution of a request."""
    if text is None:
        return DEFAULT_RESOLUTION
    return parse_integer("resolution", text, RESOLUTIONS[0], finest)


def cell_in(parameter: str, text: str | None) -> int | None:
    """An H3 cell of resolution 5 to 9 in hexadecimal."""
    import h3

    if text is None:
        return None
    if len(text) == 15 and h3.is_valid_cell(text) and h3.get_resolution(text) in RESOLUTIONS:
        return int(h3.str_to_int(text))
    raise InvalidInput(
        parameter, text, "ô H3 độ phân giải 5–9, 15 ký tự", "an H3 cell of resolution 5 to 9, 15 characters"
    )


def wards_in(text: str | None) -> tuple[str, ...]:
    """Ward codes of five digits, comma-separated."""
    if not text:
        return ()
    codes = text.split(",")
    if len(codes) > 200 or any(len(c) != 5 or not (c.isascii() and c.isdigit()) for c in codes):
        raise InvalidInput("ward", text, "mã xã, phường 5 chữ số", "ward codes of five digits")
    return tuple(sorted(set(codes)))


def group_in(text: str | None) -> str | None:
    """A group of categories; None for all."""
    if not text:
        return None
    if text not in GROUPS:
        shown = ", ".join(GROUPS)
        raise InvalidInput("group", text, shown, shown)
    return text


def codes_of(layers: Catalogue, field: str) -> tuple[str, ...]:
    """The codes of a field of reports, in their order."""
    layer = layers.layer(LAYER)
    return tuple(entry.code for entry in layer.codes[layer.field(field).codes or ""])


def listed(parameter: str, text: str | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """Comma-separated codes out of ``known``; none for all."""
    if text is None or text == "":
        return ()
    codes = text.split(",")
    if len(codes) > len(known) or not set(codes) <= set(known):
        shown = ", ".join(known)
        raise InvalidInput(parameter, text, shown, shown)
    return tuple(sorted(set(codes)))
