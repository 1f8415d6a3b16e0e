"""Whether the process lives, whether it can serve, and its figures."""

from __future__ import annotations

import os

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from api.definition import sends
from geo.database import Caller
from geo.errors import DiabanError

# Where workers put their figures side by side; read by the library, set by whoever starts them.
SHARED = "PROMETHEUS_MULTIPROC_DIR"

router = APIRouter(tags=["health"])


@router.get("/healthz", response_class=PlainTextResponse)
async def healthz() -> str:
    """The process answers."""
    return "ok"


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """The database answers, layers are published and every start-up check held; 503 says what is missing."""
    missing = list(request.app.state.start_failures)
    try:
        async with request.app.state.db.read(Caller.anonymous()) as connection:
            await connection.execute("SELECT 1")
    except DiabanError as error:
        missing.append(error.en)
    if not request.app.state.catalogue.layers:
        missing.append("no layer is published")
    return JSONResponse({"ready": not missing, "missing": missing}, 503 if missing else 200)


@router.get("/metrics", **sends("text/plain"))
async def metrics() -> Response:
    """Prometheus' text format: of all workers together where they share a folder, else of this process."""
    registry = REGISTRY
    if SHARED in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
