"""Query parameters of the door, read strictly: what is unknown or malformed is 400, never ignored.

pygeoapi drops unknown parameters, takes NaN in ``bbox`` and answers without naming what is allowed; the
standard (OGC 17-069r4, 7.5) and people asking want more. So requests are parsed here, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from geo.errors import InvalidInput
from geo.features import (
    CRS84,
    DEFAULT_LIMIT,
    KNOWN,
    MAX_LIMIT,
    FeatureQuery,
    Filter,
    Predicate,
    parse_bbox,
    parse_crs,
    parse_datetime,
    parse_filter,
    parse_value,
    read_cursor,
)
from geo.types import parse_integer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from starlette.requests import Request

    from geo.features import Column, Crs, Cursor
    from geo.features.cql2 import FilterLang

PAGE = ("f", "lang")
ITEM = (*PAGE, "crs")
ITEMS = (
    *ITEM,
    "bbox",
    "bbox-crs",
    "cursor",
    "datetime",
    "filter",
    "filter-crs",
    "filter-lang",
    "limit",
    "offset",
    "properties",
    "resulttype",
    "skipGeometry",
    "sortby",
)
# Above it a limit is lowered, as the standard says; this only bounds what counts as a number.
ANY_LIMIT = 2**31 - 1
MAX_OFFSET = 10**9


def read(request: Request, allowed: Collection[str], more: Collection[str] = ()) -> dict[str, str]:
    """Each parameter once; ``InvalidInput`` for one that is in neither list or stands twice."""
    found: dict[str, str] = {}
    # As Starlette reads them, without the two dictionaries that it makes of them.
    for name, value in parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True):
        if name not in allowed and name not in more:
            names = ", ".join(dict.fromkeys((*allowed, *more)))
            raise InvalidInput(name[:80], value, f"chỉ các tham số {names}", f"only the parameters {names}")
        if name in found:
            raise InvalidInput(name, value, "mỗi tham số một lần", "each parameter once")
        found[name] = value
    return found


def feature_query(
    params: Mapping[str, str],
    columns: Mapping[str, Column],
    *,
    valid_time: bool,
    offered: Mapping[str, Crs] = KNOWN,
) -> FeatureQuery:
    """The question that checked parameters ask; ``InvalidInput`` names the one that is wrong.

    ``datetime`` on a layer without valid time matches everything (requirement 26), but must be well formed.
    ``offered``: the coordinate systems that may be named.
    """
    during = parse_datetime(params["datetime"]) if "datetime" in params else None
    sort = _sort(params.get("sortby"), columns)
    return FeatureQuery(
        filter=Filter(
            areas=_areas(params, offered),
            during=during if valid_time else None,
            equals=tuple(
                (name, parse_value(columns[name], value))
                for name, value in params.items()
                if name in columns and name not in ITEMS
            ),
            predicate=_predicate(params, columns, offered),
        ),
        limit=min(parse_integer("limit", params.get("limit", DEFAULT_LIMIT), 1, ANY_LIMIT), MAX_LIMIT),
        offset=parse_integer("offset", params.get("offset", 0), 0, MAX_OFFSET),
        cursor=_cursor(params, sort, columns),
        sort=sort,
        properties=_properties(params.get("properties"), columns),
        geometry=_choice(params, "skipGeometry", "false", ("true", "false")) == "false",
        crs=parse_crs("crs", params["crs"], offered) if "crs" in params else CRS84,
        count_only=_choice(params, "resulttype", "results", ("results", "hits")) == "hits",
    )


def _areas(params: Mapping[str, str], offered: Mapping[str, Crs]) -> tuple[bytes, ...]:
    crs = parse_crs("bbox-crs", params["bbox-crs"], offered) if "bbox-crs" in params else CRS84
    if "bbox" in params:
        return parse_bbox(params["bbox"], crs)
    if "bbox-crs" in params:
        raise InvalidInput("bbox-crs", params["bbox-crs"], "chỉ cùng với bbox", "only together with bbox")
    return ()


def _predicate(
    params: Mapping[str, str], columns: Mapping[str, Column], offered: Mapping[str, Crs]
) -> Predicate | None:
    crs = parse_crs("filter-crs", params["filter-crs"], offered) if "filter-crs" in params else CRS84
    lang = _choice(params, "filter-lang", "cql2-text", ("cql2-text", "cql2-json"))
    if "filter" in params:
        encoding: FilterLang = "cql2-json" if lang == "cql2-json" else "cql2-text"
        return parse_filter(params["filter"], encoding, columns, crs)
    if lone := next((name for name in ("filter-crs", "filter-lang") if name in params), None):
        raise InvalidInput(lone, params[lone], "chỉ cùng với filter", "only together with filter")
    return None


def _cursor(
    params: Mapping[str, str], sort: tuple[tuple[str, bool], ...], columns: Mapping[str, Column]
) -> Cursor | None:
    if "cursor" not in params:
        return None
    if "offset" in params:
        raise InvalidInput("offset", params["offset"], "không cùng với cursor", "not together with cursor")
    return read_cursor(params["cursor"], sort, columns)


def _sort(text: str | None, columns: Mapping[str, Column]) -> tuple[tuple[str, bool], ...]:
    if text is None:
        return ()
    keys: dict[str, bool] = {}
    for part in text.split(","):
        # "+name" arrives as " name": in a query string the plus sign is a space.
        name = part[1:] if part[:1] in ("+", "-", " ") else part
        if name not in columns and name != "id":
            raise _unknown_property("sortby", part, ("id", *columns))
        keys.setdefault(name, part.startswith("-"))
    return tuple(keys.items())


def _properties(text: str | None, columns: Mapping[str, Column]) -> tuple[str, ...]:
    if text is None:
        return tuple(columns)
    names = tuple(dict.fromkeys(text.split(","))) if text else ()
    for name in names:
        if name not in columns:
            raise _unknown_property("properties", name, columns)
    return names


def _unknown_property(parameter: str, name: str, known: Collection[str]) -> InvalidInput:
    # One answer for a name that does not exist and one that this caller may not know.
    return InvalidInput(parameter, name, ", ".join(known), ", ".join(known))


def _choice(params: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = params.get(name, default)
    if value not in allowed:
        raise InvalidInput(name, value, " | ".join(allowed), " | ".join(allowed))
    return value
