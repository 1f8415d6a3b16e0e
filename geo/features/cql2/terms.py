"""Parts of a filter as SQL with a type, and what every part may ask of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from psycopg.sql import SQL, Composed

from geo.errors import InvalidInput
from geo.features.cql2.nodes import PARAMETER

if TYPE_CHECKING:
    from typing import LiteralString

    from geo.features.columns import Column
    from geo.features.cql2.nodes import Node
    from geo.features.crs import Crs

    type Kind = Literal["text", "number", "boolean", "date", "timestamp", "geometry"]

WORDS: dict[str, tuple[str, str]] = {
    "text": ("chữ", "a text"),
    "number": ("một số", "a number"),
    "boolean": ("đúng hoặc sai", "true or false"),
    "date": ("một ngày", "a day"),
    "timestamp": ("một thời điểm", "an instant"),
    "geometry": ("một hình", "a geometry"),
}


@dataclass(frozen=True, slots=True)
class Term:
    """SQL of an expression and the type of its value."""

    sql: Composed
    kind: Kind


class Scope(Protocol):
    """One compilation: names are looked up and values bound in it."""

    crs: Crs

    def bind(self, value: object, cast: LiteralString) -> Composed:
        """A placeholder for ``value``, with its type."""

    def column(self, name: str) -> Column | None:
        """The caller's column of that name, None for the geometry; ``InvalidInput`` for an unknown one."""

    def term(self, node: Node) -> Term:
        """An expression."""


def sql(template: LiteralString, *parts: Composed) -> Composed:
    """``template`` with ``parts`` in its braces."""
    return SQL(template).format(*parts)


def needs(op: str, *kinds: str) -> InvalidInput:
    """The error where ``op`` was given something else than one of ``kinds``."""
    vietnamese = " / ".join(WORDS[kind][0] for kind in kinds)
    english = " or ".join(WORDS[kind][1] for kind in kinds)
    return InvalidInput(PARAMETER, op, f"{op.upper()} cần {vietnamese}", f"{op.upper()} takes {english}")


def of_kind(scope: Scope, op: str, node: Node, *kinds: str) -> Term:
    """The term of ``node``; ``InvalidInput`` where it is of another kind."""
    term = scope.term(node)
    if term.kind not in kinds:
        raise needs(op, *kinds)
    return term


def arity(op: str, args: tuple[Node, ...], count: int) -> None:
    """``InvalidInput`` where ``op`` has not ``count`` arguments."""
    if len(args) != count:
        vi, en = f"{op.upper()} có {count} đối số", f"{op.upper()} has {count} arguments"
        raise InvalidInput(PARAMETER, op, vi, en)
