"""What a worker knows of the ladders: which zooms have a rung, and how many rows each stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.database import Caller

if TYPE_CHECKING:
    from geo.catalogue import Catalogue
    from geo.database import Database

ANONYMOUS = Caller.anonymous()
READ = """
SELECT zoom, kind, source_rows, features, dropped, tiles, p95_bytes, p95_ms, ahead
  FROM ops.ladder JOIN ops.layer ON layer.name = ladder.layer
 WHERE layer = %s AND (kind <> 'outline' OR ladder.description = ops.ladder_basis(layer.description))
 ORDER BY zoom
"""


@dataclass(frozen=True, slots=True)
class Rung:
    """One zoom of a plan: 95th percentiles of uncompressed bytes and of milliseconds, as measured then.

    ``ahead``: its tiles are drawn before anyone asks (:mod:`tiles.ladder.ahead`).
    """

    zoom: int
    kind: str
    source_rows: int
    features: int
    dropped: int
    tiles: int
    p95_bytes: int
    p95_ms: float
    ahead: bool = False


class Ladders:
    """Plans by layer, read again when the layer's data have moved (a new ladder moves them too)."""

    def __init__(self, db: Database, catalogue: Catalogue) -> None:
        self._db = db
        self._catalogue = catalogue
        self._known: dict[str, tuple[tuple[int, int], dict[int, Rung]]] = {}

    async def of(self, layer: str) -> dict[int, Rung]:
        """The rungs of a layer by zoom; empty where it was never planned."""
        version = (self._catalogue.revision, self._catalogue.epoch(layer, ANONYMOUS))
        known = self._known.get(layer)
        if known is None or known[0] != version:
            async with self._db.read(ANONYMOUS) as connection:
                rows = await (await connection.execute(READ, [layer])).fetchall()
            known = (version, {row[0]: Rung(*row) for row in rows})
            self._known[layer] = known
        return known[1]
