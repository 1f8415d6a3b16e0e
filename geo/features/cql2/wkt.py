"""Geometry literals of CQL2 text: WKT in tokens, as GeoJSON's nested lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.features.cql2 import literals

if TYPE_CHECKING:
    from geo.features.cql2.cursor import Cursor

TYPES = {name.upper(): name for name in (*literals.NESTING, "GeometryCollection")}


def is_geometry(cursor: Cursor) -> bool:
    """Whether a geometry literal begins here: its type is a keyword only before a bracket or ``Z``."""
    after = cursor.peek(1).keyword
    return cursor.peek().keyword in TYPES and after in ("(", "Z")


def geometry(cursor: Cursor) -> dict[str, Any]:
    """One geometry literal, in GeoJSON's form."""
    kind = TYPES[cursor.take().keyword]
    cursor.accept("Z")
    cursor.expect("(")
    if kind == "GeometryCollection":
        members = [geometry(cursor)] if is_geometry(cursor) else [_none(cursor)]
        while cursor.accept(","):
            members.append(geometry(cursor) if is_geometry(cursor) else _none(cursor))
        cursor.expect(")")
        return {"type": kind, "geometries": members}
    coordinates = _list(cursor, literals.NESTING[kind], kind)
    if kind == "Point":
        coordinates = coordinates[0]
    return {"type": kind, "coordinates": coordinates}


def _none(cursor: Cursor) -> dict[str, Any]:
    raise cursor.unexpected()


def _list(cursor: Cursor, depth: int, kind: str) -> list[Any]:
    """What follows an opening bracket, up to its closing one."""
    found = [_part(cursor, depth, kind)]
    while cursor.accept(","):
        found.append(_part(cursor, depth, kind))
    cursor.expect(")")
    return found


def _part(cursor: Cursor, depth: int, kind: str) -> list[Any]:
    if depth > 1:
        cursor.expect("(")
        return _list(cursor, depth - 1, kind)
    # MULTIPOINT is written with a bracket around each position and without.
    bracket = kind == "MultiPoint" and cursor.accept("(")
    position = [cursor.signed_number(), cursor.signed_number()]
    while cursor.peek().kind == "number" or cursor.peek().keyword in ("-", "+"):
        position.append(cursor.signed_number())
    if bracket:
        cursor.expect(")")
    return position
