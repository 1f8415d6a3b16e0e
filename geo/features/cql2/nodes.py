"""A filter as values: what CQL2 text and CQL2 JSON (OGC 21-065r2) both say, without names being known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from shapely.geometry.base import BaseGeometry

    type Node = Name | Value | Instant | Interval | Box | Geometry | Array | Call

PARAMETER = "filter"


@dataclass(frozen=True, slots=True)
class Name:
    """A queryable."""

    name: str


@dataclass(frozen=True, slots=True)
class Value:
    """A literal text, number or truth."""

    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Instant:
    """A day, or a moment with its offset."""

    value: date | datetime


@dataclass(frozen=True, slots=True)
class Interval:
    """Both ends included; None is open. Ends are instants or expressions that give one."""

    start: Node | None
    end: Node | None


@dataclass(frozen=True, slots=True)
class Box:
    """``BBOX``: 4 or 6 numbers in the axis order of ``filter-crs``."""

    numbers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Geometry:
    """A shape in the axis order of ``filter-crs``, two-dimensional."""

    shape: BaseGeometry


@dataclass(frozen=True, slots=True)
class Array:
    """A list of values."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or function with its arguments; ``op`` as CQL2 JSON names it, in lower case."""

    op: str
    args: tuple[Node, ...]


def walk(node: Node) -> Iterator[int]:
    """How deep each part lies within ``node``, itself at 0; however deep, without recursion."""
    waiting: list[tuple[Node | None, int]] = [(node, 0)]
    while waiting:
        part, level = waiting.pop()
        children: tuple[Node | None, ...] = ()
        match part:
            case None:
                continue
            case Call():
                children = part.args
            case Array():
                children = part.items
            case Interval():
                children = (part.start, part.end)
        yield level
        waiting += [(child, level + 1) for child in children]


def wrong(found: object, vi: str, en: str) -> InvalidInput:
    """The one error of a filter: what was found, and what is allowed in its place."""
    return InvalidInput(PARAMETER, found, vi, en)
