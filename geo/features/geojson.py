"""The expression that writes a row as a GeoJSON feature, in PostgreSQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geo.features.crs import Crs
    from geo.features.sql import Shape


def feature(shape: Shape) -> Composed:
    """The columns of a feature: one of GeoJSON text, or those of a table."""
    if shape.table_form:
        columns = [SQL("t.{}").format(Identifier(name)) for name in shape.properties]
        # Files have the easting first, whatever order the system itself names (GeoPackage, GeoParquet, GDAL).
        return SQL(", ").join([*columns, SQL("ST_AsBinary({})").format(_eastings_first(shape.crs))])
    return _joined(
        [
            Literal('{"type":"Feature","id":'),
            SQL("{}::text").format(Identifier("t", "id")),
            Literal(',"geometry":'),
            SQL("coalesce({}, 'null')").format(_geometry(shape)),
            *_properties(shape),
            Literal("}}"),
        ]
    )


def _properties(shape: Shape) -> Iterator[Composable]:
    # The same text as row_to_json of them, which looks all types up again for every row.
    before = ',"properties":{'
    for name in shape.properties:
        yield Literal(f"{before}{json.dumps(name, ensure_ascii=False)}:")
        yield _value(shape, name)
        before = ","
    if not shape.properties:
        yield Literal(before)


def _value(shape: Shape, name: str) -> Composed:
    column = Identifier("t", name)
    if name in shape.numbers.whole:
        return SQL("coalesce({}::text, 'null')").format(column)
    if name in shape.numbers.decimals:
        # GDAL and QGIS take the type of a column from the first page: where that has 5 and not 5.0, they cut
        # the decimals of all others off. Above 1e15 PostgreSQL writes an exponent itself.
        return SQL(
            "CASE WHEN abs({0}) < 1e15"
            " THEN CASE WHEN {0} = trunc({0}) THEN {0}::text || '.0' ELSE {0}::text END"
            " ELSE coalesce(to_json({0})::text, 'null') END"
        ).format(column)
    return SQL("coalesce(to_json({})::text, 'null')").format(column)


def _joined(parts: Sequence[Composable]) -> Composed:
    """The parts, none of which is NULL, behind one another.

    ``concat`` would turn each, also a constant, into a C string and measure it, for every row: a tenth of the
    time of a page. As a balanced tree, for what is joined already is copied with each ``||``.
    """
    if len(parts) == 1:
        return Composed([parts[0]])
    half = len(parts) // 2
    return SQL("({} || {})").format(_joined(parts[:half]), _joined(parts[half:]))


def _geometry(shape: Shape) -> Composed:
    if not shape.geometry:
        return Composed([SQL("NULL")])
    # Option 0: no "crs" member, which RFC 7946 removed.
    return SQL("ST_AsGeoJSON({}, {}, 0)").format(_source(shape.crs), Literal(shape.crs.decimals))


def _source(crs: Crs) -> Composed:
    if crs.latitude_first:
        return Composed([SQL("ST_FlipCoordinates(t.geom)")])
    return _eastings_first(crs)


def _eastings_first(crs: Crs) -> Composed:
    if crs.geographic:
        return Composed([SQL("t.geom")])
    if crs.srid == 3857:
        return Composed([SQL("t.geom_3857")])
    return SQL("ST_Transform(t.geom, {})").format(Literal(crs.srid))
