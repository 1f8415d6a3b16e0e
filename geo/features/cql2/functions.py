"""Functions that a filter may call beside the standard's own; told to clients at ``/ogc/functions``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString

from psycopg.sql import SQL, Composed

from geo.errors import InvalidInput
from geo.features.cql2.nodes import PARAMETER, Name
from geo.features.cql2.spatial import place
from geo.features.cql2.terms import Term, arity, of_kind, sql
from layers.description import Text

if TYPE_CHECKING:
    from geo.features.cql2.nodes import Node
    from geo.features.cql2.terms import Kind, Scope


@dataclass(frozen=True, slots=True)
class Function:
    """What it is for, the kinds of its arguments and of its result, and its SQL."""

    description: Text
    takes: tuple[Kind, ...]
    gives: Kind
    sql: LiteralString


FUNCTIONS: dict[str, Function] = {
    "upper": Function(Text(vi="Chữ hoa", en="Upper case"), ("text",), "text", "upper({})"),
    "lower": Function(Text(vi="Chữ thường", en="Lower case"), ("text",), "text", "lower({})"),
    "char_length": Function(Text(vi="Số ký tự", en="Characters"), ("text",), "number", "char_length({})"),
    "abs": Function(Text(vi="Trị tuyệt đối", en="Absolute value"), ("number",), "number", "abs({})"),
    "round": Function(Text(vi="Làm tròn", en="Nearest whole number"), ("number",), "number", "round({})"),
    "year": Function(
        Text(vi="Năm, theo giờ Việt Nam", en="Year, on Vietnam's clock"),
        ("timestamp",),
        "number",
        "date_part('year', {}::timestamptz)",
    ),
    "area_m2": Function(
        Text(vi="Diện tích trắc địa, m²", en="Geodesic area in square metres"),
        ("geometry",),
        "number",
        "ST_Area({}::geography)",
    ),
    "length_m": Function(
        Text(vi="Chiều dài trắc địa, m", en="Geodesic length in metres"),
        ("geometry",),
        "number",
        "ST_Length({}::geography)",
    ),
    "dwithin_m": Function(
        Text(vi="Hai hình cách nhau không quá số mét", en="Whether two geometries lie within so many metres"),
        ("geometry", "geometry", "number"),
        "boolean",
        # The box of the second, widened, goes first: only && may use the index under row-level security.
        "({0} && ST_Expand({1}, {2}::float8 / 110000, {2}::float8 / 75000)"
        " AND ST_DWithin({0}::geography, {1}::geography, {2}::float8))",
    ),
}


def call(scope: Scope, op: str, args: tuple[Node, ...]) -> Term:
    """One of :data:`FUNCTIONS`; ``InvalidInput`` for a name that is none."""
    function = FUNCTIONS.get(op)
    if function is None:
        known = ", ".join(FUNCTIONS)
        raise InvalidInput(PARAMETER, op, f"các hàm {known}", f"the functions {known}")
    arity(op, args, len(function.takes))
    parts = [_argument(scope, op, node, kind) for node, kind in zip(args, function.takes, strict=True)]
    return Term(sql(function.sql, *parts), function.gives)


def _argument(scope: Scope, op: str, node: Node, kind: Kind) -> Composed:
    if kind == "geometry":
        if isinstance(node, Name) and scope.column(node.name) is None:
            return Composed([SQL("t.geom")])
        return place(scope, op, node)
    # A year can be told of a day as well.
    return of_kind(scope, op, node, *(("timestamp", "date") if kind == "timestamp" else (kind,))).sql
