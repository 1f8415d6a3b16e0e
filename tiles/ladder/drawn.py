"""What was drawn ahead, as one worker has it: from its own copy, else from the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiles.cache import PUBLIC
from tiles.ladder.ahead import basis
from tiles.ladder.gathered import ANY_DAY, Line

if TYPE_CHECKING:
    from geo.changes.moved import Touched
    from layers.description import Layer
    from tiles.cache import TileKey
    from tiles.encoding import EncodedTile
    from tiles.ground import Ground
    from tiles.ladder.gathered import Gathered
    from tiles.ladder.replica import Replica


class DrawnAhead:
    """Public tiles without a filter; of any others it has none."""

    def __init__(self, gathered: Gathered, replica: Replica | None) -> None:
        self._gathered = gathered
        self._replica = replica

    def held(self, layer: Layer, key: TileKey) -> EncodedTile | None:
        """The tile if it is in the copy: no waiting."""
        if self._replica is None or not _is_public(key):
            return None
        return self._replica.held(self._line(layer, key))

    async def read(self, layer: Layer, key: TileKey) -> EncodedTile | None:
        """The tile from the database; None where it was not drawn, or is not fresh. Raises geo.errors."""
        return await self._gathered.tile(self._line(layer, key)) if _is_public(key) else None

    def purge(self, layer: str, touched: Touched, ground: Ground | None) -> None:
        """Forget what a change concerns."""
        if self._replica is not None and touched.vis == 0:
            self._replica.purge(layer, ground, touched.up_to)

    def _line(self, layer: Layer, key: TileKey) -> Line:
        return Line(layer.name, key.tile, key.on or ANY_DAY, basis(layer), key.coding)


def _is_public(key: TileKey) -> bool:
    return key.policy_class == PUBLIC and key.predicate is None
