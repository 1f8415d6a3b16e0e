"""One state of the catalogue as an API of pygeoapi, and the door's way from one state to the next."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
from pygeoapi import l10n
from pygeoapi.api import API

from api.ogc.admission import Admission
from api.ogc.config import build_config
from api.ogc.openapi import build_openapi
from api.ogc.scope import SCOPE, Scope
from geo.database import Caller
from geo.errors import TooCostly
from geo.features import Crowds, Extent, Known, count_rows, offered_crs, read_extent, read_milestones

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.catalogue import Catalogue
    from geo.database import Database
    from geo.settings import Settings
    from layers.description import Layer

# Extents are read again this long after the data moved: scanning a large layer for each edit would be dear.
EXTENT_AGE_S = 60.0
ANONYMOUS = Caller.anonymous()


@dataclass(frozen=True, slots=True)
class Published:
    """Replaced whole when a layer is published or changed. ``pages`` keeps what was rendered from it."""

    revision: int
    epochs: dict[str, int]
    built_at: float
    layers: dict[str, Layer]
    extents: dict[str, Extent]
    api: API
    pages: dict[tuple[Any, ...], bytes] = field(default_factory=dict)


class Door:
    """A worker's ``/ogc``: the database, the catalogue, and the API built from its present state."""

    def __init__(self, settings: Settings, database: Database, catalogue: Catalogue) -> None:
        self.settings = settings
        self.database = database
        self.catalogue = catalogue
        self.crowds = Crowds()
        self.totals = Known(count_rows)
        self.milestones = Known(read_milestones)
        self.admission = Admission(settings.pool_max)
        self._published: Published | None = None
        self._lock = asyncio.Lock()

    async def published(self) -> Published:
        """The API of the present catalogue; built here if it changed. Costs about a microsecond otherwise."""
        known = self._published
        if known is not None and known.revision == self.catalogue.revision and not self._aged(known):
            return known
        if known is not None and known.revision == self.catalogue.revision and self._lock.locked():
            # Only extents are old, and someone reads them already.
            return known
        async with self._lock:
            known = self._published
            if known is None or known.revision != self.catalogue.revision or self._aged(known):
                self._published = await self._build()
            assert self._published is not None  # noqa: S101 - just built
            return self._published

    def _aged(self, known: Published) -> bool:
        return time.monotonic() - known.built_at > EXTENT_AGE_S and known.epochs != self._epochs()

    def _epochs(self) -> dict[str, int]:
        return {name: self.catalogue.epoch(name, ANONYMOUS) for name in self.catalogue.layers}

    async def _build(self) -> Published:
        revision, layers, epochs = self.catalogue.revision, self.catalogue.layers, self._epochs()
        extents = {name: await self._extent(layer, epochs[name]) for name, layer in layers.items()}
        token = SCOPE.set(Scope(self.database, ANONYMOUS, layers))
        try:
            api = await anyio.to_thread.run_sync(self._make, layers, extents)
        finally:
            SCOPE.reset(token)
        return Published(revision, epochs, time.monotonic(), layers, extents, api)

    async def _extent(self, layer: Layer, epoch: int) -> Extent:
        known = self._published
        before = known.extents.get(layer.name) if known else None
        if known and before and known.epochs[layer.name] == epoch and known.layers[layer.name] == layer:
            return before
        try:
            return await read_extent(self.database, layer)
        except TooCostly:
            # A layer too large to be measured in time is no reason to serve none.
            return before or Extent(None)

    def _make(self, layers: dict[str, Layer], extents: dict[str, Extent]) -> API:
        notes = {name: note for name in layers if (note := self.catalogue.note(name))}
        config = build_config(layers, extents, notes, self.settings)
        openapi = build_openapi(config, layers, offered_crs(self.settings.province_code))
        # pygeoapi keeps the first configuration that it translated for ever, for the whole process.
        l10n._cfg_cache.clear()
        with _root_logger_kept():
            return API(config, openapi)


@contextmanager
def _root_logger_kept() -> Iterator[None]:
    # pygeoapi calls logging.basicConfig when an API is made; the application has its own log. Its warnings
    # are about parameters that are absent and words that are no locale.
    root = logging.getLogger()
    logging.getLogger("pygeoapi").setLevel(logging.ERROR)
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
