"""CQL2 text (OGC 21-065r2, annex B) by recursive descent; brackets are counted before (:mod:`scan`).

A library was looked for: cql2 0.6.0 ends the process on 1 kB of brackets, pygeofilter 0.4.0 refuses names of
one letter. The grammar is one screen; types are checked later, against the caller's queryables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.features.cql2 import literals, wkt
from geo.features.cql2.cursor import Cursor
from geo.features.cql2.nodes import Array, Call, Interval, Name, Value
from geo.features.cql2.scan import scan_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from geo.features.cql2.nodes import Node

COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
TRUTH = {"TRUE": True, "FALSE": False}
RESERVED = frozenset({"AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "DIV"})


def parse_text(text: str) -> Node:
    """A whole filter; ``InvalidInput`` names the character from which it is none."""
    scan_text(text)
    cursor = Cursor(text)
    node = _either(cursor)
    if cursor.peek().kind != "end":
        raise cursor.unexpected()
    return node


def _either(cursor: Cursor) -> Node:
    return _joined(cursor, "OR", _both)


def _both(cursor: Cursor) -> Node:
    return _joined(cursor, "AND", _negated)


def _joined(cursor: Cursor, word: str, part: Callable[[Cursor], Node]) -> Node:
    parts = [part(cursor)]
    while cursor.accept(word):
        parts.append(part(cursor))
    return parts[0] if len(parts) == 1 else Call(word.lower(), tuple(parts))


def _negated(cursor: Cursor) -> Node:
    times = 0
    while cursor.accept("NOT"):
        times += 1
    node = _predicate(cursor)
    return node if times % 2 == 0 else Call("not", (node,))


def _predicate(cursor: Cursor) -> Node:
    left = _sum(cursor)
    if cursor.peek().keyword in COMPARISONS:
        return Call(cursor.take().text, (left, _sum(cursor)))
    if cursor.accept("IS"):
        negated = cursor.accept("NOT")
        cursor.expect("NULL")
        return _maybe_not(Call("isnull", (left,)), negated)
    negated = cursor.peek(1).keyword in ("LIKE", "BETWEEN", "IN") and cursor.accept("NOT")
    if cursor.accept("LIKE"):
        return _maybe_not(Call("like", (left, _sum(cursor))), negated)
    if cursor.accept("BETWEEN"):
        low = _sum(cursor)
        cursor.expect("AND")
        return _maybe_not(Call("between", (left, low, _sum(cursor))), negated)
    if cursor.accept("IN"):
        cursor.expect("(")
        return _maybe_not(Call("in", (left, Array(_listed(cursor, _sum)))), negated)
    return left


def _maybe_not(node: Node, negated: bool) -> Node:
    return Call("not", (node,)) if negated else node


def _sum(cursor: Cursor) -> Node:
    left = _product(cursor)
    while cursor.peek().keyword in ("+", "-"):
        left = Call(cursor.take().text, (left, _product(cursor)))
    return left


def _product(cursor: Cursor) -> Node:
    left = _power(cursor)
    while cursor.peek().keyword in ("*", "/", "%", "DIV"):
        left = Call(cursor.take().text.lower(), (left, _power(cursor)))
    return left


def _power(cursor: Cursor) -> Node:
    base = _factor(cursor)
    return Call("^", (base, _factor(cursor))) if cursor.accept("^") else base


def _factor(cursor: Cursor) -> Node:
    sign = cursor.peek().keyword in ("-", "+")
    if cursor.peek().kind == "number" or (sign and cursor.peek(1).kind == "number"):
        return Value(cursor.signed_number())
    if cursor.accept("-"):
        return Call("*", (Value(-1), _primary(cursor)))
    return _primary(cursor)


def _primary(cursor: Cursor) -> Node:
    token = cursor.peek()
    if token.kind == "text":
        return Value(cursor.take().text)
    if token.kind == "quoted":
        return Name(cursor.take().text)
    if cursor.accept("("):
        node = _either(cursor)
        cursor.expect(")")
        return node
    if token.kind != "word" or token.keyword in RESERVED:
        raise cursor.unexpected()
    if token.keyword in TRUTH:
        return Value(TRUTH[cursor.take().keyword])
    if wkt.is_geometry(cursor):
        return literals.geometry(wkt.geometry(cursor))
    return _call(cursor) if cursor.peek(1).keyword == "(" else Name(cursor.take().text)


def _call(cursor: Cursor) -> Node:
    name = cursor.take().text.lower()
    cursor.expect("(")
    if name in LITERALS:
        node = LITERALS[name](cursor)
        cursor.expect(")")
        return node
    if cursor.accept(")"):
        return Call(name, ())
    return Call(name, _listed(cursor, _array if name.startswith("a_") else _argument))


def _listed(cursor: Cursor, part: Callable[[Cursor], Node]) -> tuple[Node, ...]:
    """What follows an opening bracket, up to its closing one."""
    found = [part(cursor)]
    while cursor.accept(","):
        found.append(part(cursor))
    cursor.expect(")")
    return tuple(found)


def _argument(cursor: Cursor) -> Node:
    return _either(cursor)


def _array(cursor: Cursor) -> Node:
    if not cursor.accept("("):
        return _either(cursor)
    return Array(()) if cursor.accept(")") else Array(_listed(cursor, _array))


def _interval(cursor: Cursor) -> Node:
    start = _end(cursor)
    cursor.expect(",")
    return Interval(start, _end(cursor))


def _end(cursor: Cursor) -> Node | None:
    if cursor.peek().kind == "text":
        return literals.end_of_interval(cursor.text_literal())
    return _primary(cursor)


def _box(cursor: Cursor) -> Node:
    numbers = [cursor.signed_number()]
    while cursor.accept(","):
        numbers.append(cursor.signed_number())
    return literals.box([float(value) for value in numbers])


LITERALS: dict[str, Callable[[Cursor], Node]] = {
    "date": lambda cursor: literals.day(cursor.text_literal()),
    "timestamp": lambda cursor: literals.moment(cursor.text_literal()),
    "interval": _interval,
    "bbox": _box,
}
