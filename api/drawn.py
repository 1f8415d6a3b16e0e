"""What is dear to draw and asked for by everyone, drawn once a worker and one after the other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tiles.admission import Admission

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

# Who asks while others are drawn waits; the last of a full queue for about so long.
QUEUE, WAIT_S = 32, 10.0


class Drawn[T]:
    """The last ``most`` things drawn, by key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[Hashable, T] = {}
        # One at a time: drawing holds a core, which requests need.
        self._admission = Admission(1, QUEUE, WAIT_S)

    async def get(self, key: Hashable, draw: Callable[[], T]) -> T:
        """What ``draw`` makes in a thread. ``Unavailable`` where too many wait, and what it raises."""
        if key not in self._kept:
            async with self._admission.admitted():
                if key not in self._kept:  # whoever waited finds what the one before drew
                    self._keep(key, await asyncio.to_thread(draw))
        return self._kept[key]

    def _keep(self, key: Hashable, made: T) -> None:
        self._kept[key] = made
        while len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
