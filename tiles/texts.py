"""Texts of statements, composed once: composing one takes as long as drawing a small tile. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from geo.database import Named
from layers.derived import Derived

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from psycopg import sql

    from layers.description import Layer

_TEXTS = Derived[bytes]()


def composed_once(layer: Layer, compose: Callable[[], sql.Composed], *follows_from: Hashable) -> bytes:
    """The text of ``compose()``, which follows from the description and from ``follows_from`` alone.

    Whatever differs from tile to tile must be a placeholder. The same text each time is what lets the
    connection prepare it.
    """
    return _TEXTS.of(layer, lambda: compose().as_bytes(None), *follows_from)


@lru_cache(maxsize=1024)
def named(text: bytes) -> Named:
    """A text of which the answer is one tile, known by name on the connections that have asked it."""
    return Named(text, binary=True)
