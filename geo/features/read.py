"""Features out of the database, as the caller: a page, one item, a layer's extent."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from geo.database import Caller
from geo.errors import InvalidInput, NotFound
from geo.features.columns import columns_for
from geo.features.crs import CRS84, Crs
from geo.features.cursor import Cursor, write_cursor
from geo.features.query import COUNT_LIMIT, FeatureQuery
from geo.features.sql import (
    Numbers,
    count_statement,
    cursor_values,
    extent_statement,
    filter_values,
    one_item,
    page_statement,
    plain_page,
    shape_of,
)
from layers.derived import Derived

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from psycopg import AsyncCursor
    from psycopg.pq.abc import PGresult

    from geo.database import Database
    from geo.features.query import Filter
    from geo.features.sql import Shape
    from layers.description import Layer

MAX_ID = 2**63 - 1
# Of the pages of which a connection keeps the plan: few, for it knows few statements.
USUAL_LIMITS = frozenset((10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000))


@dataclass(frozen=True, slots=True)
class Page:
    """``features``: GeoJSON objects. ``matched`` is exact, or None above ``COUNT_LIMIT``."""

    # Bytes as the database sent them: to make text of half a megabyte and bytes again is most of what a
    # large page costs here.
    features: tuple[bytes, ...]
    matched: int | None
    more: bool
    # Where the page ends, if more follow (:mod:`geo.features.cursor`).
    next: str | None = None
    end: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Extent:
    """Of the public rows: (west, south, east, north) in degrees, None where empty, and valid time."""

    bbox: tuple[float, float, float, float] | None
    first_day: date | None = None
    last_day: date | None = None


async def read_page(
    database: Database, caller: Caller, layer: Layer, query: FeatureQuery, *, count: bool = True
) -> Page:
    """One page of a layer; without ``count``, ``matched`` is given only where the page tells it.

    Raises ``TooCostly`` or ``Unavailable``, and ``InvalidInput`` for a filter that cannot be worked out.
    """
    properties = query.properties if query.properties is not None else tuple(columns_for(layer, caller))
    shape = shape_of(caller.schema, layer.name, properties, query, numbers(layer))
    with worked_out(query.filter):
        features, end, matched = await _rows(database, caller, query, shape, count=count)
    exact = matched if matched is not None and matched <= COUNT_LIMIT else None
    if end is None:
        return Page(features, exact, more=False)
    return Page(features, exact, True, write_cursor(query.sort, end.keys, end.id), end)


async def _rows(
    database: Database, caller: Caller, query: FeatureQuery, shape: Shape, *, count: bool
) -> tuple[tuple[bytes, ...], Cursor | None, int | None]:
    """The features; where they end, if more follow; how many match, if told."""
    values = filter_values(query.filter)
    # A kept plan knows no values, and so not how few features a box has.
    prepare = query.filter.empty
    features: tuple[bytes, ...] = ()
    end: Cursor | None = None
    matched: int | None = None
    async with database.read(caller) as connection:
        if not query.count_only:
            # One more than asked for tells whether a next page exists.
            bound = {**values, "limit": query.limit + 1, "offset": query.offset}
            bound |= cursor_values(query.cursor)
            if query.filter.empty and not query.sort:
                usual = query.limit in USUAL_LIMITS and not query.offset
                found = await connection.ask(plain_page(shape, query.limit + 1 if usual else None), bound)
                features, end = _first_column(found, query.limit), _end(found, query.limit)
            else:
                cursor = await connection.execute(page_statement(shape), bound, prepare=prepare)
                features = _first_column(_answer(cursor), query.limit)
                end = await _sorted_end(cursor, query.limit)
        if not (end or query.count_only or query.cursor) and (features or query.offset == 0):
            matched = query.offset + len(features)
        elif count:
            cursor = await connection.execute(count_statement(shape), values, prepare=prepare)
            row = await cursor.fetchone()
            matched = row[0] if row else 0
    return features, end, matched


def _answer(cursor: AsyncCursor[tuple[Any, ...]]) -> PGresult:
    result = cursor.pgresult
    assert result is not None  # noqa: S101 (a question was asked)
    return result


def _first_column(result: PGresult, most: int) -> tuple[bytes, ...]:
    value = result.get_value
    rows = range(min(result.ntuples, most))
    return tuple([feature for row in rows if (feature := value(row, 0)) is not None])


def _end(result: PGresult, limit: int) -> Cursor | None:
    """The place of the page's last row in the order of ids, if there is one behind it."""
    if result.ntuples <= limit:
        return None
    return Cursor((), int(result.get_value(limit - 1, 1) or b""))


async def _sorted_end(cursor: AsyncCursor[tuple[Any, ...]], limit: int) -> Cursor | None:
    if cursor.rowcount <= limit:
        return None
    await cursor.scroll(limit - 1)
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 (there are more than ``limit``)
    return Cursor(row[2:], row[1])


@contextmanager
def worked_out(wanted: Filter) -> Iterator[None]:
    """What only the database sees of a filter (a power too large, say) is the asker's error."""
    try:
        yield
    except psycopg.DataError:
        if wanted.predicate is None:
            raise
        allowed = "phép tính có kết quả", "what can be calculated"
        raise InvalidInput("filter", "CQL2", *allowed) from None


async def read_item(
    database: Database, caller: Caller, layer: Layer, identifier: str, crs: Crs = CRS84
) -> bytes:
    """One feature as GeoJSON; ``NotFound`` where there is none that the caller may see."""
    digits = identifier.isascii() and identifier.isdigit() and len(identifier) <= 19
    number = int(identifier) if digits else -1
    if 0 <= number <= MAX_ID:
        names, plain = tuple(columns_for(layer, caller)), FeatureQuery(crs=crs)
        shape = shape_of(caller.schema, layer.name, names, plain, numbers(layer))
        async with database.read(caller) as connection:
            found = _first_column(await connection.ask(one_item(shape), {"id": number}), 1)
        if found:
            return found[0]
    raise NotFound(
        f"Lớp «{layer.title.vi}» không có đối tượng nào với mã này.",
        f"The layer '{layer.title.en}' has no feature of this id.",
    )


_NUMBERS = Derived[Numbers]()


def numbers(layer: Layer) -> Numbers:
    """The fields that hold numbers."""
    return _NUMBERS.of(layer, lambda: Numbers(_of_type(layer, "number"), _of_type(layer, "integer")))


def _of_type(layer: Layer, kind: str) -> frozenset[str]:
    return frozenset(field.name for field in layer.fields if field.type == kind)


async def read_extent(database: Database, layer: Layer) -> Extent:
    """The extent of the layer's public rows, whoever asks: it stands in documents that all may read."""
    async with database.read(Caller.anonymous()) as connection:
        cursor = await connection.execute(extent_statement(layer.name, valid_time=layer.valid_time))
        row = await cursor.fetchone()
    if row is None or row[0] is None:
        return Extent(None)
    return Extent((row[0], row[1], row[2], row[3]), row[4], row[5])
