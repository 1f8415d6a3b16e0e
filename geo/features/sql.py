"""Statements that return finished GeoJSON. Names are composed as identifiers, values always bound.

A spatial test is always ``geom && shape AND ST_Intersects(geom, shape)``: under row-level security only the
leakproof ``&&`` may use the index (measured: 0.9 ms against 260–1,150 ms for ``ST_Intersects`` alone).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from psycopg.sql import SQL, Composed, Identifier, Literal

from geo.database import Named
from geo.features.geojson import feature
from geo.features.query import COUNT_LIMIT

if TYPE_CHECKING:
    from geo.features.crs import Crs
    from geo.features.cursor import Cursor
    from geo.features.query import FeatureQuery, Filter


PLACE = b"LIMIT %(limit)s OFFSET %(offset)s"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The properties that are numbers: with decimals, of which whole ones are written 5.0, and without."""

    decimals: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a question decides its text; the values are bound. Hashable, so that texts are kept."""

    schema: str
    table: str
    properties: tuple[str, ...]
    crs: Crs
    geometry: bool = True
    areas: int = 0
    equals: tuple[str, ...] = ()
    first_day: bool = False
    last_day: bool = False
    predicate: str | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    # For each key of the sort, whether the row to go on after has a value; None: from the beginning.
    after: tuple[bool, ...] | None = None
    # Columns with their types and the geometry as WKB, instead of GeoJSON.
    table_form: bool = False
    numbers: Numbers = Numbers()


@lru_cache(maxsize=512)
def page_statement(shape: Shape) -> bytes:
    """Rows of a GeoJSON feature, its id and the values of the sort's keys.

    Bound: :func:`filter_values`, :func:`cursor_values`, ``limit``, ``offset``.
    """
    keys = SQL("").join(SQL(", t.{}").format(Identifier(name)) for name, _ in shape.sort)
    order = SQL(", ").join(
        [
            *(
                SQL("t.{} {} NULLS LAST").format(Identifier(name), SQL("DESC") if descending else SQL("ASC"))
                for name, descending in shape.sort
            ),
            # Pages need a total order.
            SQL("t.id"),
        ]
    )
    return _text(
        # The inner question first: PostgreSQL would also write the features that an offset passes over.
        SQL(
            "SELECT {feature}, t.id{keys} FROM (SELECT t.* FROM {table} t{where} ORDER BY {order}"
            " {place}) t ORDER BY {order}"
        ).format(
            place=SQL(PLACE.decode()),
            feature=feature(shape),
            keys=keys,
            table=_table(shape),
            where=_where(shape, _after(shape)),
            order=order,
        )
    )


@lru_cache(maxsize=512)
def plain_page(shape: Shape, limit: int | None = None) -> Named:
    """:func:`page_statement` of a layer without filter and sort; bound: ``limit``, ``offset``, ``after``.

    With ``limit`` written into it, and from the first row: then PostgreSQL keeps a plan. Without knowing the
    numbers it takes a tenth of the table for the page, finds that dear and plans each time (0.09 ms).
    """
    text = page_statement(shape)
    return Named(text if limit is None else text.replace(PLACE, b"LIMIT %d" % limit))


@lru_cache(maxsize=512)
def count_statement(shape: Shape) -> bytes:
    """One row: how many match, at most ``COUNT_LIMIT`` + 1."""
    return _text(
        SQL("SELECT count(*) FROM (SELECT 1 FROM {table} t{where} LIMIT {limit}) c").format(
            table=_table(shape), where=_where(shape), limit=Literal(COUNT_LIMIT + 1)
        )
    )


@lru_cache(maxsize=512)
def total_statement(schema: str, table: str) -> bytes:
    """One row: how many rows the caller may see."""
    return _text(SQL("SELECT count(*) FROM {}").format(Identifier(schema, table)))


@lru_cache(maxsize=512)
def milestones_statement(schema: str, table: str) -> bytes:
    """The id of every row whose number, in the order of ids, is a multiple of the bound ``mile``."""
    return _text(
        SQL(
            "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM {}) numbered"
            " WHERE mod(number, %(mile)s) = 0 ORDER BY id"
        ).format(Identifier(schema, table))
    )


@lru_cache(maxsize=512)
def item_statement(shape: Shape) -> bytes:
    """At most one row of one text, the GeoJSON feature; bound: ``id``."""
    return _text(
        SQL("SELECT {feature} FROM {table} t WHERE t.id = %(id)s").format(
            feature=feature(shape), table=_table(shape)
        )
    )


@lru_cache(maxsize=512)
def one_item(shape: Shape) -> Named:
    """:func:`item_statement`."""
    return Named(item_statement(shape))


def extent_statement(table: str, *, valid_time: bool) -> bytes:
    """One row: west, south, east, north, first day, last day of the public projection (NULL where empty)."""
    # An open end of any row leaves the layer's end open.
    days = "min(t.valid_from), nullif(max(coalesce(t.valid_to, 'infinity')), 'infinity')"
    return _text(
        SQL(
            "SELECT ST_XMin(e.box), ST_YMin(e.box), ST_XMax(e.box), ST_YMax(e.box), e.first, e.last"
            " FROM (SELECT ST_Extent(t.geom) AS box, {days} FROM {table} t) e(box, first, last)"
        ).format(days=SQL(days if valid_time else "NULL::date, NULL::date"), table=Identifier("pub", table))
    )


def shape_of(
    schema: str,
    table: str,
    properties: tuple[str, ...],
    query: FeatureQuery,
    numbers: Numbers = Numbers(),
) -> Shape:
    """The shape of a question to one table."""
    during = query.filter.during
    return Shape(
        schema=schema,
        table=table,
        properties=properties,
        crs=query.crs,
        geometry=query.geometry,
        areas=len(query.filter.areas),
        equals=tuple(name for name, _ in query.filter.equals),
        first_day=during is not None and during.first is not None,
        last_day=during is not None and during.last is not None,
        predicate=query.filter.predicate.sql if query.filter.predicate else None,
        sort=query.sort,
        after=tuple(key is not None for key in query.cursor.keys) if query.cursor else None,
        numbers=numbers,
    )


def filter_values(wanted: Filter) -> dict[str, Any]:
    """The values that the texts of :func:`page_statement` and :func:`count_statement` bind."""
    values: dict[str, Any] = {f"area_{i}": area for i, area in enumerate(wanted.areas)}
    values |= {f"equal_{i}": value for i, (_, value) in enumerate(wanted.equals)}
    if wanted.during is not None:
        values |= {"first_day": wanted.during.first, "last_day": wanted.during.last}
    if wanted.predicate is not None:
        values |= wanted.predicate.values
    return values


def cursor_values(cursor: Cursor | None) -> dict[str, Any]:
    """The values of the row to go on after."""
    if cursor is None:
        return {}
    return {f"key_{i}": key for i, key in enumerate(cursor.keys)} | {"after": cursor.id}


def _after(shape: Shape) -> list[Composed]:
    """Rows behind the cursor's in the page's order: NULLS LAST either way, then the id."""
    if shape.after is None:
        return []
    ways: list[Composed] = []
    same: list[Composed] = []
    for i, ((name, descending), valued) in enumerate(zip(shape.sort, shape.after, strict=True)):
        column, value = SQL("t.{}").format(Identifier(name)), SQL("%({})s").format(SQL(f"key_{i}"))
        if valued:
            beyond = SQL("({} {} {} OR {} IS NULL)").format(
                column, SQL("<") if descending else SQL(">"), value, column
            )
            ways.append(SQL(" AND ").join([*same, beyond]))
            same.append(SQL("{} = {}").format(column, value))
        else:
            same.append(SQL("{} IS NULL").format(column))
    ways.append(SQL(" AND ").join([*same, Composed([SQL("t.id > %(after)s")])]))
    return [SQL("({})").format(SQL(" OR ").join(ways))]


def _table(shape: Shape) -> Identifier:
    return Identifier(shape.schema, shape.table)


def _where(shape: Shape, more: list[Composed] | None = None) -> Composed:
    tests: list[Composed] = [
        SQL("t.{} = %({})s").format(Identifier(name), SQL(f"equal_{i}"))
        for i, name in enumerate(shape.equals)
    ]
    # Valid time is half-open, [valid_from, valid_to), NULL being open.
    if shape.last_day:
        tests.append(Composed([SQL("(t.valid_from IS NULL OR t.valid_from <= %(last_day)s)")]))
    if shape.first_day:
        tests.append(Composed([SQL("(t.valid_to IS NULL OR t.valid_to > %(first_day)s)")]))
    if shape.areas:
        touched = [
            SQL(
                "(t.geom && ST_GeomFromWKB(%({name})s, 4326)"
                " AND ST_Intersects(t.geom, ST_GeomFromWKB(%({name})s, 4326)))"
            ).format(name=SQL(f"area_{i}"))
            for i in range(shape.areas)
        ]
        tests.append(SQL("({})").format(SQL(" OR ").join(touched)))
    if shape.predicate is not None:
        # Composed by geo.features.cql2 of constants, quoted names and placeholders.
        tests.append(Composed([SQL(shape.predicate)]))
    tests += more or []
    return SQL(" WHERE {}").format(SQL(" AND ").join(tests)) if tests else Composed([])


def _text(statement: Composed) -> bytes:
    return statement.as_string(None).encode()
