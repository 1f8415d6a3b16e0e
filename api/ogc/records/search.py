"""Searching the catalogue (20-004r1, core query parameters): read strictly, answered in memory. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import shapely

from api.ogc.records.record import folded
from geo.errors import InvalidInput
from geo.features import CRS84, parse_bbox, parse_crs, parse_datetime
from geo.types import parse_integer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from api.ogc.records.record import Record
    from geo.features import Days

PARAMETERS = (
    "f",
    "lang",
    "q",
    "bbox",
    "bbox-crs",
    "crs",
    "datetime",
    "type",
    "ids",
    "externalIds",
    "sortby",
    "limit",
    "offset",
)
KINDS = ("dataset", "service")
TEXT, MOMENT = {"type": "string"}, {"type": "string", "format": "date-time"}
SORTABLE = {"id": TEXT, "type": TEXT, "title": TEXT, "created": MOMENT, "updated": MOMENT}
LIMIT, LIMIT_MAX = 10, 1_000
MOST_TERMS = 20
OFFERED = {CRS84.uri: CRS84}


@dataclass(frozen=True, slots=True)
class Search:
    """``terms``: any of which must be found, folded. ``sort``: (property, descending)."""

    terms: tuple[str, ...] = ()
    areas: tuple[BaseGeometry, ...] = ()
    days: Days | None = None
    kinds: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    external: tuple[str, ...] = ()
    sort: tuple[tuple[str, bool], ...] = ()
    limit: int = LIMIT
    offset: int = 0


def read_search(params: Mapping[str, str]) -> Search:
    """What is asked for; ``InvalidInput`` names a wrong parameter."""
    for name in ("crs", "bbox-crs"):
        if name in params:
            parse_crs(name, params[name], OFFERED)
    if "bbox-crs" in params and "bbox" not in params:
        raise InvalidInput("bbox-crs", params["bbox-crs"], "chỉ cùng với bbox", "only together with bbox")
    return Search(
        terms=_terms(params.get("q")),
        areas=tuple(shapely.from_wkb(part) for part in parse_bbox(params["bbox"]))
        if "bbox" in params
        else (),
        days=parse_datetime(params["datetime"]) if "datetime" in params else None,
        kinds=_kinds(params.get("type")),
        ids=_list("ids", params.get("ids")),
        external=_list("externalIds", params.get("externalIds")),
        sort=_sort(params.get("sortby")),
        limit=min(parse_integer("limit", params.get("limit", LIMIT), 1, 2**31 - 1), LIMIT_MAX),
        offset=parse_integer("offset", params.get("offset", 0), 0, 10**9),
    )


def found(records: Sequence[Record], wanted: Search) -> list[Record]:
    """All that match, in the order that is asked for, else in the catalogue's own."""
    chosen = [record for record in records if _matches(record, wanted)]
    for name, descending in reversed(wanted.sort):
        chosen.sort(key=partial(_sort_key, name), reverse=descending)
    return chosen


def _matches(record: Record, wanted: Search) -> bool:
    return (
        (not wanted.terms or any(term in record.words for term in wanted.terms))
        and (not wanted.kinds or record.kind in wanted.kinds)
        and (not wanted.ids or record.id in wanted.ids)
        and (not wanted.external or any(_named(record, asked) for asked in wanted.external))
        and (not wanted.areas or _touches(record, wanted.areas))
        and _during(record, wanted.days)
    )


def _touches(record: Record, areas: tuple[BaseGeometry, ...]) -> bool:
    return record.area is not None and any(record.area.intersects(area) for area in areas)


def _during(record: Record, asked: Days | None) -> bool:
    """A record without a time of its own is of any time (17-069r4, requirement 26)."""
    if asked is None or record.days is None:
        return True
    first, last = record.days
    begins = first is None or asked.last is None or first <= asked.last
    return begins and (last is None or asked.first is None or last > asked.first)


def _named(record: Record, asked: str) -> bool:
    """``value`` or ``scheme:value``."""
    return any(asked in (value, f"{scheme}:{value}") for scheme, value in record.external)


def _terms(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    terms = tuple(" ".join(folded(part).split()) for part in text.split(","))
    if len(terms) > MOST_TERMS or not all(terms):
        said = f"1–{MOST_TERMS}"
        raise InvalidInput(
            "q", text, f"{said} cụm từ, cách nhau bằng dấu phẩy", f"{said} terms, comma-separated"
        )
    return terms


def _kinds(text: str | None) -> tuple[str, ...]:
    # A type that no record has finds nothing, as the standard wants: the list of types is open.
    return _list("type", text)


def _list(name: str, text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    parts = tuple(text.split(","))
    if not all(parts) or len(parts) > 200:
        raise InvalidInput(
            name, text, "1–200 giá trị, cách nhau bằng dấu phẩy", "1–200 values, comma-separated"
        )
    return parts


def _sort(text: str | None) -> tuple[tuple[str, bool], ...]:
    keys: dict[str, bool] = {}
    for part in text.split(",") if text is not None else ():
        # "+name" arrives as " name": in a query string the plus sign is a space.
        name = part[1:] if part[:1] in ("+", "-", " ") else part
        if name not in SORTABLE:
            raise InvalidInput("sortby", part, ", ".join(SORTABLE), ", ".join(SORTABLE))
        keys.setdefault(name, part.startswith("-"))
    return tuple(keys.items())


def _sort_key(name: str, record: Record) -> tuple[bool, str]:
    value = record.id if name == "id" else {"type": record.kind, "title": folded(record.title)}.get(name)
    if value is None:
        value = record.properties.get(name)
    return value is None, str(value or "")
