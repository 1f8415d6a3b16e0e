"""A filter against the caller's queryables: names looked up, types checked, values bound."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, LiteralString

from psycopg.sql import SQL, Composed, Identifier, Placeholder

from geo.features.cql2 import arrays, functions, spatial, temporal
from geo.features.cql2.literals import is_day
from geo.features.cql2.nodes import Call, Instant, Name, Value, walk, wrong
from geo.features.cql2.scalars import SCALARS
from geo.features.cql2.scan import MAX_LEVELS, MAX_NODES
from geo.features.cql2.terms import Term, arity, needs, of_kind, sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.features.columns import Column
    from geo.features.cql2.nodes import Node
    from geo.features.cql2.terms import Kind
    from geo.features.crs import Crs

GEOMETRY = "geometry"
KINDS: dict[str, Kind] = {
    "text": "text",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
INT8 = 2**63


@dataclass(frozen=True, slots=True)
class Predicate:
    """SQL over the table ``t`` with named placeholders, and what they stand for. Hashable."""

    sql: str
    values: tuple[tuple[str, object], ...]


def compile_filter(node: Node, columns: Mapping[str, Column], crs: Crs) -> Predicate:
    """The SQL of a filter; ``InvalidInput`` for an unknown name, a wrong type, or too many parts.

    A name that exists and that the caller may not know is answered like one that does not exist.
    """
    levels = list(islice(walk(node), MAX_NODES + 1))
    if len(levels) > MAX_NODES:
        raise wrong(MAX_NODES, f"tối đa {MAX_NODES} thành phần", f"at most {MAX_NODES} parts")
    if (deepest := max(levels)) > MAX_LEVELS:
        vi, en = f"tối đa {MAX_LEVELS} phép lồng nhau", f"at most {MAX_LEVELS} nested operations"
        raise wrong(deepest, vi, en)
    scope = _Compilation(columns, crs)
    text = of_kind(scope, "filter", node, "boolean").sql.as_string(None)
    return Predicate(text, tuple(scope.values.items()))


@dataclass(slots=True)
class _Compilation:
    columns: Mapping[str, Column]
    crs: Crs
    values: dict[str, object] = field(default_factory=dict)

    def bind(self, value: object, cast: LiteralString) -> Composed:
        name = f"cql_{len(self.values)}"
        self.values[name] = value
        return SQL("{}::{}").format(Placeholder(name), SQL(cast))

    def column(self, name: str) -> Column | None:
        if name == GEOMETRY:
            return None
        if name not in self.columns:
            known = ", ".join((GEOMETRY, *self.columns))
            raise wrong(name, known, known)
        return self.columns[name]

    def term(self, node: Node) -> Term:
        match node:
            case Name():
                return self._name(node.name)
            case Value():
                return self._value(node.value)
            case Instant():
                kind: Kind = "date" if is_day(node.value) else "timestamp"
                return Term(self.bind(node.value, "date" if kind == "date" else "timestamptz"), kind)
            case Call():
                return self._call(node.op, node.args)
        raise wrong(type(node).__name__.upper(), "một giá trị", "a value")

    def _name(self, name: str) -> Term:
        column = self.column(name)
        if column is None:
            return Term(Composed([SQL("t.geom")]), "geometry")
        return Term(sql("t.{}", Composed([Identifier(name)])), KINDS[column.type])

    def _value(self, value: str | int | float | bool) -> Term:
        if isinstance(value, str):
            return Term(self.bind(value, "text"), "text")
        if isinstance(value, bool):
            return Term(self.bind(value, "boolean"), "boolean")
        if isinstance(value, int) and -INT8 <= value < INT8:
            return Term(self.bind(value, "bigint"), "number")
        number = float(value)
        if not math.isfinite(number):
            raise wrong(value, "một số hữu hạn", "a finite number")
        return Term(self.bind(number, "float8"), "number")

    def _call(self, op: str, args: tuple[Node, ...]) -> Term:
        if op in ("and", "or", "not"):
            return self._joined(op, args)
        if op == "isnull":
            arity(op, args, 1)
            return Term(sql("({} IS NULL)", self.term(args[0]).sql), "boolean")
        for table, relate in RELATIONS:
            if op in table:
                return relate(self, op, args)
        return SCALARS[op](self, op, args) if op in SCALARS else functions.call(self, op, args)

    def _joined(self, op: str, args: tuple[Node, ...]) -> Term:
        if not args or (op == "not" and len(args) != 1):
            raise needs(op, "boolean")
        parts = [of_kind(self, op, node, "boolean").sql for node in args]
        if op == "not":
            return Term(sql("(NOT {})", parts[0]), "boolean")
        word = SQL(" OR " if op == "or" else " AND ")
        return Term(SQL("({})").format(word.join(parts)), "boolean")


RELATIONS = (
    (spatial.RELATIONS, spatial.relate),
    (temporal.RELATIONS, temporal.relate),
    (arrays.RELATIONS, arrays.relate),
)
