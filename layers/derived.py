"""What follows from a layer's description alone, made once for each description. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from layers.description import Layer


class Derived[T]:
    """By the layer's name and what else it follows from; another description's takes its place.

    Descriptions are told apart by identity: who began with one before another was published ends with it.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Hashable, ...], tuple[Layer, T]] = {}

    def of(self, layer: Layer, make: Callable[[], T], *follows_from: Hashable) -> T:
        """What ``make`` gives, which may follow from the description and from ``follows_from`` alone."""
        key = (layer.name, *follows_from)
        known = self._known.get(key)
        if known is None or known[0] is not layer:
            known = self._known[key] = layer, make()
        return known[1]
