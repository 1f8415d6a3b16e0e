"""Array predicates. No layer has fields of many values: arrays are written out, of values and queryables."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from psycopg.sql import SQL, Composed

from geo.features.cql2.nodes import Array, wrong
from geo.features.cql2.terms import Term, arity, sql

if TYPE_CHECKING:
    from geo.features.cql2.nodes import Node
    from geo.features.cql2.terms import Kind, Scope

RELATIONS: dict[str, LiteralString] = {
    "a_equals": "({} = {})",
    "a_contains": "({} @> {})",
    "a_containedby": "({} <@ {})",
    "a_overlaps": "({} && {})",
}
TYPES: dict[Kind, LiteralString] = {
    "text": "::text[]",
    "number": "::float8[]",
    "boolean": "::boolean[]",
    "date": "::date[]",
    "timestamp": "::timestamptz[]",
}


def relate(scope: Scope, op: str, args: tuple[Node, ...]) -> Term:
    """``A_…`` of two arrays of one type; NULL is no element of any."""
    arity(op, args, 2)
    terms = [[scope.term(item) for item in _items(op, node)] for node in args]
    kinds = {term.kind for side in terms for term in side} or {"text"}
    kind = kinds.pop()
    if kinds or kind not in TYPES:
        raise wrong(op, "mảng các giá trị cùng một kiểu", "arrays of values of one type")
    left, right = (_array(side, TYPES[kind]) for side in terms)
    return Term(sql(RELATIONS[op], left, right), "boolean")


def _items(op: str, node: Node) -> tuple[Node, ...]:
    if isinstance(node, Array):
        return node.items
    raise wrong(op, "mảng, ví dụ ('a', 'b'); không lớp nào có trường mảng", "an array, e.g. ('a', 'b')")


def _array(terms: list[Term], cast: LiteralString) -> Composed:
    return SQL("ARRAY[{}]{}").format(SQL(", ").join(term.sql for term in terms), SQL(cast))
