"""Spatial predicates. Each goes with its ``&&``: only that may use the index under row-level security."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

import shapely
from psycopg.sql import SQL, Composed

from geo.errors import InvalidInput
from geo.features.area import parse_bbox
from geo.features.cql2.nodes import Box, Geometry, Name, wrong
from geo.features.cql2.terms import Term, arity, needs, sql
from geo.features.crs import to_degrees

if TYPE_CHECKING:
    from geo.features.cql2.nodes import Node
    from geo.features.cql2.terms import Scope

RELATIONS: dict[str, LiteralString] = {
    "s_intersects": "({0} && {1} AND ST_Intersects({0}, {1}))",
    "s_disjoint": "(NOT ({0} && {1} AND ST_Intersects({0}, {1})))",
    "s_equals": "({0} && {1} AND ST_Equals({0}, {1}))",
    "s_touches": "({0} && {1} AND ST_Touches({0}, {1}))",
    "s_crosses": "({0} && {1} AND ST_Crosses({0}, {1}))",
    "s_within": "({0} && {1} AND ST_Within({0}, {1}))",
    "s_contains": "({0} && {1} AND ST_Contains({0}, {1}))",
    "s_overlaps": "({0} && {1} AND ST_Overlaps({0}, {1}))",
}
# PostGIS relates collections of mixed types by these two only.
TAKES_COLLECTIONS = frozenset({"s_intersects", "s_disjoint"})


def relate(scope: Scope, op: str, args: tuple[Node, ...]) -> Term:
    """``S_…`` of two geometries: the layer's own, or literals in ``filter-crs``."""
    arity(op, args, 2)
    left, right = (place(scope, op, node) for node in args)
    return Term(sql(RELATIONS[op], left, right), "boolean")


def place(scope: Scope, op: str, node: Node) -> Composed:
    """A geometry in EPSG:4326, lon lat."""
    match node:
        case Name() if scope.column(node.name) is None:
            return Composed([SQL("t.geom")])
        case Box():
            return _stored(scope, _box(scope, node))
        case Geometry():
            return _stored(scope, _degrees(scope, op, node))
    raise needs(op, "geometry")


def _stored(scope: Scope, wkb: bytes) -> Composed:
    return sql("ST_GeomFromWKB({}, 4326)", scope.bind(wkb, "bytea"))


def _box(scope: Scope, node: Box) -> bytes:
    text = ",".join(repr(number) for number in node.numbers)
    try:
        shapes = [shapely.from_wkb(part) for part in parse_bbox(text, scope.crs)]
    except InvalidInput as error:
        raise wrong(f"BBOX({text})", error.allowed_vi, error.allowed_en) from None
    return bytes(shapely.to_wkb(shapely.unary_union(shapes) if len(shapes) > 1 else shapes[0]))


def _degrees(scope: Scope, op: str, node: Geometry) -> bytes:
    if node.shape.geom_type == "GeometryCollection" and op not in TAKES_COLLECTIONS:
        allowed = "S_INTERSECTS, S_DISJOINT"
        raise wrong(f"{op}(…, GEOMETRYCOLLECTION)", allowed, allowed)
    low_1, high_1, low_2, high_2 = scope.crs.limits
    first, second, first_end, second_end = node.shape.bounds
    if first < low_1 or first_end > high_1 or second < low_2 or second_end > high_2:
        span = f"{low_1:.10g} … {high_1:.10g}, {low_2:.10g} … {high_2:.10g}"
        raise wrong(node.shape.geom_type, f"toạ độ trong {span}", f"coordinates in {span}")
    shape = shapely.transform(node.shape, lambda xy: xy[:, ::-1]) if scope.crs.latitude_first else node.shape
    return bytes(shapely.to_wkb(to_degrees(shape, scope.crs)))
