"""Temporal predicates (OGC 21-065r2, 7.8), on intervals of which both ends are included."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from psycopg.sql import SQL, Composed

from geo.features.cql2.nodes import Instant, Interval, Name
from geo.features.cql2.terms import Term, arity, needs, sql

if TYPE_CHECKING:
    from geo.features.cql2.nodes import Node
    from geo.features.cql2.terms import Scope

    type Span = tuple[Composed, Composed, bool]

# 0, 1: start and end of the first; 2, 3: of the second.
RELATIONS: dict[str, LiteralString] = {
    "t_after": "({0} > {3})",
    "t_before": "({1} < {2})",
    "t_disjoint": "({0} > {3} OR {1} < {2})",
    "t_equals": "({0} = {2} AND {1} = {3})",
    "t_intersects": "({0} <= {3} AND {1} >= {2})",
    "t_contains": "({0} < {2} AND {1} > {3})",
    "t_during": "({0} > {2} AND {1} < {3})",
    "t_finishes": "({0} > {2} AND {1} = {3})",
    "t_finishedby": "({0} < {2} AND {1} = {3})",
    "t_meets": "({1} = {2})",
    "t_metby": "({0} = {3})",
    "t_overlaps": "({0} < {2} AND {1} > {2} AND {1} < {3})",
    "t_overlappedby": "({0} > {2} AND {0} < {3} AND {1} > {3})",
    "t_starts": "({0} = {2} AND {1} < {3})",
    "t_startedby": "({0} = {2} AND {1} > {3})",
}
# Valid time is half-open and NULL is open: its last day is the one before valid_to.
OPEN: dict[str, LiteralString] = {
    "valid_from": "coalesce(t.valid_from, '-infinity')",
    "valid_to": "coalesce(t.valid_to - 1, 'infinity')",
}


def relate(scope: Scope, op: str, args: tuple[Node, ...]) -> Term:
    """``T_…`` of two instants or intervals. A day beside an instant lasts from midnight to midnight."""
    arity(op, args, 2)
    first, second = (_span(scope, op, node) for node in args)
    if not (first[2] and second[2]):
        first, second = _to_instants(first), _to_instants(second)
    return Term(sql(RELATIONS[op], *first[:2], *second[:2]), "boolean")


def _span(scope: Scope, op: str, node: Node) -> Span:
    """Start, end, and whether they are days."""
    if not isinstance(node, Interval):
        end, days = _end(scope, op, node)
        return end, end, days
    start, start_days = _bound(scope, op, node.start, "'-infinity'")
    end, end_days = _bound(scope, op, node.end, "'infinity'")
    if start_days is False or end_days is False:
        if start_days:
            start = _midnight(start)
        if end_days:
            end = _last_moment(end)
        return start, end, False
    return start, end, True


def _bound(scope: Scope, op: str, node: Node | None, beyond: LiteralString) -> tuple[Composed, bool | None]:
    # None: an open end is a day beside days and an instant beside instants.
    if node is None:
        return Composed([SQL(beyond)]), None
    if isinstance(node, Name) and node.name in OPEN and scope.column(node.name) is not None:
        return Composed([SQL(OPEN[node.name])]), True
    return _end(scope, op, node)


def _end(scope: Scope, op: str, node: Node) -> tuple[Composed, bool]:
    if isinstance(node, Name | Instant):
        term = scope.term(node)
        if term.kind in ("date", "timestamp"):
            return term.sql, term.kind == "date"
    raise needs(op, "date", "timestamp")


def _to_instants(span: Span) -> Span:
    start, end, days = span
    return (_midnight(start), _last_moment(end), False) if days else span


def _midnight(day: Composed) -> Composed:
    return sql("{}::date::timestamptz", day)


def _last_moment(day: Composed) -> Composed:
    return sql("(({}::date + 1)::timestamptz - interval '1 microsecond')", day)
