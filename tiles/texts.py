"""Texts of statements, composed once: composing one takes as long as drawing a small tile. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from geo.database import Named

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from psycopg import sql

    from layers.description import Layer

# By the layer's name, with the description that they were composed from: those of another take their place.
_KNOWN: dict[tuple[Hashable, ...], tuple[Layer, bytes]] = {}


def composed_once(layer: Layer, compose: Callable[[], sql.Composed], *follows_from: Hashable) -> bytes:
    """The text of ``compose()``, which follows from the description and from ``follows_from`` alone.

    Whatever differs from tile to tile must be a placeholder. The same text each time is what lets the
    connection prepare it.
    """
    key = (layer.name, *follows_from)
    known = _KNOWN.get(key)
    if known is None or known[0] is not layer:
        known = _KNOWN[key] = layer, compose().as_bytes(None)
    return known[1]


@lru_cache(maxsize=1024)
def named(text: bytes) -> Named:
    """A text of which the answer is one tile, known by name on the connections that have asked it."""
    return Named(text, binary=True)
