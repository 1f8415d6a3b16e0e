"""Questions that are known to match more than is counted: they need not be counted again for a while.

Leaving ``numberMatched`` out is never wrong, so nothing here can become stale; an exact count is not kept.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geo.database import Caller
    from geo.features.query import Filter
    from geo.features.read import Page
    from layers.description import Layer

REMEMBER_S = 60.0
MAX_ENTRIES = 1_024

type Key = tuple[str, str, Filter]


class Crowds:
    """A worker's memory of such questions, by layer, rights and filter."""

    def __init__(self) -> None:
        self._until: dict[Key, float] = {}

    def key(self, layer: Layer, caller: Caller, wanted: Filter) -> Key:
        """The question's place in the memory."""
        return (layer.name, caller.policy_class, wanted)

    def known(self, key: Key) -> bool:
        """Whether the question was lately found to match more than ``geo.features.COUNT_LIMIT`` features."""
        return self._until.get(key, 0.0) > time.monotonic()

    def learn(self, key: Key, page: Page) -> None:
        """Remember the question if its count went beyond the bound."""
        if page.matched is None:
            while len(self._until) >= MAX_ENTRIES:
                del self._until[next(iter(self._until))]
            self._until[key] = time.monotonic() + REMEMBER_S
