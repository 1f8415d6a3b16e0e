"""Comparisons, LIKE, BETWEEN, IN, arithmetic, and texts without case or marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from psycopg.sql import SQL, Composed

from geo.features.cql2.nodes import Array, wrong
from geo.features.cql2.terms import Term, arity, needs, of_kind, sql

if TYPE_CHECKING:
    from collections.abc import Callable

    from geo.features.cql2.nodes import Node
    from geo.features.cql2.terms import Scope

MAX_LISTED = 500
MOMENTS = frozenset({"date", "timestamp"})
COMPARISONS: dict[str, LiteralString] = {
    "=": "({} = {})",
    "<>": "({} <> {})",
    "<": "({} < {})",
    "<=": "({} <= {})",
    ">": "({} > {})",
    ">=": "({} >= {})",
}
# Division is that of numbers, never PostgreSQL's of integers; by zero it gives NULL, which matches nothing.
ARITHMETIC: dict[str, LiteralString] = {
    "+": "({}::float8 + {}::float8)",
    "-": "({}::float8 - {}::float8)",
    "*": "({}::float8 * {}::float8)",
    "/": "({}::float8 / nullif({}::float8, 0))",
    "div": "trunc({}::float8 / nullif({}::float8, 0))",
    "%": "mod({}::numeric, nullif({}::numeric, 0))::float8",
    "^": "power({}::float8, {}::float8)",
}
# Marks go before case: with them some capitals have no single small letter. Literals are NFC already.
FOLDS: dict[str, LiteralString] = {
    "casei": "lower(normalize({}, NFC))",
    "accenti": "public.unaccent(normalize({}, NFC))",
}


def compare(scope: Scope, op: str, args: tuple[Node, ...]) -> Term:
    """``=`` and its like. Texts are ordered by code point, so that every server orders alike."""
    arity(op, args, 2)
    left, right = _alike(scope, op, args)
    if left.kind == "geometry":
        raise needs(op, "text", "number", "boolean", "date", "timestamp")
    ordered = left.kind == "text" and op not in ("=", "<>")
    first = sql('{} COLLATE "C"', left.sql) if ordered else left.sql
    return Term(sql(COMPARISONS[op], first, right.sql), "boolean")


def like(scope: Scope, op: str, args: tuple[Node, ...]) -> Term:
    """``LIKE`` with ``%`` and ``_``; a backslash takes them as they are."""
    arity(op, args, 2)
    left, right = (of_kind(scope, op, node, "text") for node in args)
    return Term(sql("({} LIKE {})", left.sql, right.sql), "boolean")


def between(scope: Scope, op: str, args: tuple[Node, ...]) -> Term:
    """``BETWEEN``, both ends included."""
    arity(op, args, 3)
    value, low, high = _alike(scope, op, args)
    if value.kind in ("geometry", "boolean"):
        raise needs(op, "number", "text", "date", "timestamp")
    return Term(sql("({} BETWEEN {} AND {})", value.sql, low.sql, high.sql), "boolean")


def listed(scope: Scope, op: str, args: tuple[Node, ...]) -> Term:
    """``IN`` a list of values of one type."""
    arity(op, args, 2)
    values = args[1]
    if not isinstance(values, Array) or not 1 <= len(values.items) <= MAX_LISTED:
        raise wrong(op, f"IN có từ 1 đến {MAX_LISTED} giá trị", f"IN has 1 to {MAX_LISTED} values")
    value, *choices = _alike(scope, op, (args[0], *values.items))
    if value.kind == "geometry":
        raise needs(op, "text", "number", "boolean", "date", "timestamp")
    return Term(sql("({} IN ({}))", value.sql, SQL(", ").join(term.sql for term in choices)), "boolean")


def calculate(scope: Scope, op: str, args: tuple[Node, ...]) -> Term:
    """Arithmetic on numbers."""
    arity(op, args, 2)
    left, right = (of_kind(scope, op, node, "number") for node in args)
    return Term(sql(ARITHMETIC[op], left.sql, right.sql), "number")


def fold(scope: Scope, op: str, args: tuple[Node, ...]) -> Term:
    """``CASEI`` and ``ACCENTI``."""
    arity(op, args, 1)
    return Term(sql(FOLDS[op], of_kind(scope, op, args[0], "text").sql), "text")


def _alike(scope: Scope, op: str, nodes: tuple[Node, ...]) -> list[Term]:
    """Terms of one kind; a day beside an instant is its midnight in Vietnam."""
    terms = [scope.term(node) for node in nodes]
    kinds = {term.kind for term in terms}
    if len(kinds) == 1:
        return terms
    if kinds <= MOMENTS:
        return [Term(_instant(term), "timestamp") for term in terms]
    raise needs(op, terms[0].kind)


def _instant(term: Term) -> Composed:
    # The session's time zone is Vietnam's, by its role.
    return sql("{}::timestamptz", term.sql)


SCALARS: dict[str, Callable[[Scope, str, tuple[Node, ...]], Term]] = {
    **dict.fromkeys(COMPARISONS, compare),
    **dict.fromkeys(ARITHMETIC, calculate),
    **dict.fromkeys(FOLDS, fold),
    "like": like,
    "between": between,
    "in": listed,
}
