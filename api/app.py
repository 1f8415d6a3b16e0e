"""The application: one worker's state, its doors and what runs beside them."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import structlog
from fastapi import FastAPI

from api import (
    at,
    basemap,
    cases,
    config,
    docs,
    errors,
    events,
    health,
    layers,
    me,
    reports,
    routing,
    search,
    signs,
    styles,
    tiles,
    units,
)
from api.definition import complete
from api.drawn import Drawn
from api.first import First
from api.foreign import Foreign
from api.hotspots.doors import HOTSPOTS
from api.imports import datasets
from api.imports import doors as imports
from api.middleware import Observed, configure_logging, content_security_policy
from api.ogc import router as ogc
from api.static import Application
from geo.catalogue import Catalogue
from geo.changes.listener import Broadcast, run_listener
from geo.changes.pump import run_pump
from geo.database import Database
from geo.database.checks import failures
from geo.errors import Unavailable
from geo.hotspots.keeper import run_hotspots
from geo.jobs.worker import run_worker
from geo.routing.undecided import run_undecided
from geo.settings import Settings
from tiles.ladder.keeper import run_keeper
from tiles.ladder.replica import Replica
from tiles.service import TileService

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi.telemetry import TelemetryConfig
    from starlette.types import ASGIApp

# In the order in which paths are tried: the busiest doors first.
DOORS = (
    tiles,
    ogc,
    health,
    config,
    docs,
    events,
    layers,
    styles,
    signs,
    basemap,
    search,
    at,
    units,
    me,
    reports,
    cases,
    routing,
    *HOTSPOTS,
    imports,
    datasets,
)
RETRY_S = 1.0
# A job runs in a process of its own, which can be killed.
JOB_COMMAND = (sys.executable, "-m", "api.ogc.processes")
# Requests are logged and measured by ourselves (api.middleware).
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
log = structlog.get_logger()


class Diaban(FastAPI):
    """FastAPI inside our own outermost layer: answers to defects carry an id and safety headers too."""

    def openapi(self) -> dict[str, Any]:
        """FastAPI's document, completed with what may go wrong; made once."""
        if self.openapi_schema is None:
            complete(super().openapi())
        return cast("dict[str, Any]", self.openapi_schema)

    def build_middleware_stack(self) -> ASGIApp:
        """Starlette's stack behind the busiest doors, open to pages of other origins, observed."""
        return Observed(Foreign(First(super().build_middleware_stack())), self.state.policy)


def create_app(settings: Settings | None = None) -> FastAPI:
    """A FastAPI application for ``settings`` (by default those of the environment)."""
    chosen = settings or Settings()
    configure_logging(chosen.log_level)
    app = Diaban(
        title="Diaban",
        lifespan=_lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        telemetry=NO_TELEMETRY,
    )
    app.state.settings = chosen
    app.state.db = Database(chosen)
    app.state.catalogue = Catalogue(app.state.db)
    app.state.broadcast = Broadcast()
    folder, most = chosen.home / "tiles", chosen.tile_replica_bytes
    app.state.replica = Replica(app.state.db, app.state.catalogue, folder, most)
    app.state.tiles = TileService(app.state.db, app.state.catalogue, replica=app.state.replica)
    app.state.broadcast.attach(app.state.tiles.purge)
    app.state.basemap = basemap.basemap_of(chosen)
    app.state.glyphs, app.state.sprites = Drawn(signs.GLYPHS_KEPT), Drawn(signs.SPRITES_KEPT)
    app.state.start_failures = ["starting"]
    errors.install(app)
    for door in DOORS:
        app.include_router(door.router)
    if chosen.dist_dir.is_dir():
        app.mount("/", Application(directory=chosen.dist_dir, html=True))
    app.state.policy = content_security_policy(chosen)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state = app.state
    await state.db.open()
    tasks = [
        asyncio.create_task(_prepare(app)),
        asyncio.create_task(run_pump(state.settings)),
        asyncio.create_task(run_keeper(state.settings)),
        asyncio.create_task(run_worker(state.settings, JOB_COMMAND)),
        asyncio.create_task(run_hotspots(state.settings)),
        asyncio.create_task(run_undecided(state.settings)),
        asyncio.create_task(run_listener(state.settings, state.catalogue, state.broadcast)),
        asyncio.create_task(state.replica.follow()),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await state.db.close()
        state.replica.close()


async def _prepare(app: FastAPI) -> None:
    """Read the catalogue and run the start-up checks as soon as the database answers."""
    while True:
        try:
            # Once: from then on the listener reads it, which purges what it acknowledges.
            if not app.state.catalogue.epochs:
                await app.state.catalogue.refresh()
            app.state.start_failures = await failures(app.state.db, app.state.catalogue.layers)
        except Unavailable:
            await asyncio.sleep(RETRY_S)
            continue
        for failure in app.state.start_failures:
            log.critical("start_check_failed", failure=failure)
        return
