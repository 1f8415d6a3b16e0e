"""The layers that are published, and the version of each one's data, as this worker knows them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.database import Caller
from geo.errors import NotFound
from layers.description import Layer, Text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from geo.database import Database

ANONYMOUS = Caller.anonymous()
# Of what is committed, never of the sequence that layers' revisions come from: a number is drawn while its
# transaction is still at work, and who had seen it would take the layers of before for the new ones for ever.
# Each change gives its layer a number above all others, so that the sum grows in whatever order they commit.
_REVISION = "SELECT coalesce(sum(revision), 0)::bigint FROM ops.layer"


@dataclass(frozen=True, slots=True)
class Published:
    """One state of the catalogue; replaced whole, never changed."""

    revision: int
    layers: dict[str, Layer]
    notes: dict[str, Text]


class Catalogue:
    """Layers by name in drawing order, and their epochs.

    :meth:`refresh` reads both; the changes' listener calls it when the pump has seen something.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._published = Published(0, {}, {})
        self._epochs: dict[str, tuple[int, int]] = {}
        self._lock = asyncio.Lock()

    @property
    def revision(self) -> int:
        """Grows whenever a layer is published or changed."""
        return self._published.revision

    @property
    def layers(self) -> dict[str, Layer]:
        """All layers, in drawing order."""
        return self._published.layers

    def layer(self, name: str) -> Layer:
        """The layer of that name; :class:`geo.errors.NotFound` lists the known ones."""
        try:
            return self.layers[name]
        except KeyError:
            known = ", ".join(self.layers)
            raise NotFound(
                f"Không có lớp này. Các lớp: {known}.", f"No such layer. Layers: {known}."
            ) from None

    def note(self, name: str) -> Text | None:
        """What must be said beside the data of a layer, e.g. that they are an approximation."""
        return self._published.notes.get(name)

    def notes(self, layers: Iterable[Layer]) -> list[Text]:
        """The notes of several layers, each once, in the layers' order."""
        found = (self.note(layer.name) or layer.approximate for layer in layers)
        return list(dict.fromkeys(note for note in found if note is not None))

    def epoch(self, name: str, caller: Caller) -> int:
        """The version of the layer's data that this worker has acknowledged, as the caller may know it."""
        epoch, public_epoch = self._epochs.get(name, (0, 0))
        return epoch if caller.staff else public_epoch

    @property
    def epochs(self) -> dict[str, int]:
        """The newest version of each layer's data that this worker knows of."""
        return {name: epoch for name, (epoch, _) in self._epochs.items()}

    async def refresh(self, before: Callable[[dict[str, int]], Awaitable[None]] | None = None) -> set[str]:
        """Read the catalogue and the epochs; the names of the layers whose data moved.

        ``before`` gets the epochs that were read and ends before anyone can see them here: what it throws out
        of a cache is never served under the new epoch. Where it fails, nothing is acknowledged.
        """
        async with self._lock, self._db.read(ANONYMOUS) as connection:
            rows = await (
                await connection.execute("SELECT layer, epoch, public_epoch FROM ops.layer_state")
            ).fetchall()
            epochs = {name: (epoch, public) for name, epoch, public in rows}
            moved = {name for name, state in epochs.items() if self._epochs.get(name) != state}
            revision = await (await connection.execute(_REVISION)).fetchone()
            if revision and revision[0] != self.revision:
                self._published = await self._read()
            if before is not None:
                await before({name: epoch for name, (epoch, _) in epochs.items()})
            self._epochs = epochs
        return moved

    async def _read(self) -> Published:
        async with self._db.read(ANONYMOUS) as connection:
            rows = await (
                await connection.execute("SELECT name, description, note, revision FROM ops.layer")
            ).fetchall()
        found = {name: Layer.model_validate(description) for name, description, _, _ in rows}
        ordered = dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))
        notes = {name: Text.model_validate(note) for name, _, note, _ in rows if note}
        return Published(sum(revision for _, _, _, revision in rows), ordered, notes)
