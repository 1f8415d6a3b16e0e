"""Runs that can be cited: made once, stored with their bytes, listed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import h3
import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from api.definition import sends
from api.deps import Db, Layers, Who
from api.hotspots.ask import asked, ground_of, staff_only
from api.hotspots.send import send_json
from api.hotspots.shown import GI
from api.hotspots.wish import read_wish
from geo.errors import NotFound
from geo.hotspots import RESOLUTION
from geo.hotspots.answer import Shown, feature_collection
from geo.hotspots.runs import METHODS, digest_of, find, name_of, result_of, store
from geo.hotspots.stats.gistar import significance
from geo.hotspots.surface import geotiff, surface
from geo.hotspots.tables import histories

if TYPE_CHECKING:
    from api.hotspots.ask import Asked
    from api.hotspots.wish import Wish
    from geo.hotspots.ground import Ground

router = APIRouter(tags=["hotspots"])

MEDIA = {"significance": "application/geo+json", "emerging": "application/geo+json", "density": "image/tiff"}
BODY = {"requestBody": {"required": True}}


@router.post(
    "/api/hotspots/runs",
    summary="Chạy và lưu một phép tính để dẫn nguồn",
    status_code=201,
    openapi_extra=BODY,
)
async def make_run(request: Request, db: Db, layers: Layers, who: Who) -> Response:
    """JSON ``{"kind": "significance" | "emerging" | "density", "from", "to", …}``.

    201 with the run; the same question of the same data is one run with the same bytes.
    """
    claims = staff_only(who).claims
    wish = await read_wish(request)
    question = await asked(request, db, layers, who, wish.texts)
    level = RESOLUTION if wish.kind == "density" else wish.numbers["resolution"]
    ground = await ground_of(request, db, layers, who, level)
    if not len(ground.cells):
        raise NotFound("Chưa có ranh giới xã, phường.", "There are no boundaries of wards yet.")
    wanted = question.wanted
    clearance = claims.clearance if claims else 0
    if wish.kind == "emerging":  # reaches back as far as its steps
        reach = timedelta(days=wish.numbers["steps"] * wish.numbers["step_days"])
        wanted = replace(wanted, start=wanted.end - reach)
    digest = digest_of(question.facts, wanted, ground.resolution)
    parameters = {k: v for k, v in question.parameters().items() if k != "data_version"}
    parameters |= {"kind": wish.kind, "methods": METHODS, "ground_cells": len(ground.cells), **wish.own}
    name = name_of(parameters, digest, clearance)
    async with db.read(who) as connection:
        known = await find(connection, name)
    if not known:
        result, n = await asyncio.to_thread(_result, wish, question, ground, parameters)
        async with db.write(who) as connection:
            await store(
                connection, name, clearance=clearance, parameters=parameters, data_digest=digest, n=n,
                made_by=claims.subject if claims else "", result=result,
            )  # fmt: skip
        async with db.read(who) as connection:
            known = await find(connection, name)
    body = known[0] | {"result": f"/api/hotspots/runs/{name}/result"}
    return JSONResponse(body, 201, headers={"Cache-Control": "private, no-store"})


@router.get("/api/hotspots/runs", summary="Các phép tính đã lưu")
async def list_runs(request: Request, db: Db, who: Who) -> Response:
    """The newest fifty runs that the caller may see."""
    async with db.read(staff_only(who)) as connection:
        return await send_json(request, who, {"runs": await find(connection)})


@router.get("/api/hotspots/runs/{name}", summary="Một phép tính: tham số, n, dữ liệu")
async def run(request: Request, db: Db, who: Who, name: str) -> Response:
    """Parameters, n, the digest of the data and of the result."""
    async with db.read(staff_only(who)) as connection:
        known = await find(connection, name)
    if not known:
        raise _no_run()
    return await send_json(request, who, known[0] | {"result": f"/api/hotspots/runs/{name}/result"})


@router.get("/api/hotspots/runs/{name}/result", summary="Kết quả của một phép tính", **sends(*MEDIA.values()))
async def result(db: Db, who: Who, name: str) -> Response:
    """The stored bytes, as they were."""
    async with db.read(staff_only(who)) as connection:
        known, data = await find(connection, name), await result_of(connection, name)
    if not known or data is None:
        raise _no_run()
    media = MEDIA[known[0]["parameters"]["kind"]]
    headers = {"Cache-Control": "private, no-store", "ETag": f'"{known[0]["sha256"][:32]}"'}
    return Response(data, headers=headers, media_type=media)


def _result(wish: Wish, question: Asked, ground: Ground, parameters: dict[str, Any]) -> tuple[bytes, int]:
    """The bytes of a run and how many incidents went in. Runs in a thread."""
    wanted, level = question.wanted, ground.resolution
    if wish.kind == "emerging":
        steps, days = wish.numbers["steps"], wish.numbers["step_days"]
        table = histories(question.facts, wanted, ground, steps=steps, step_days=days, kinds=None)
        said = replace(question, version=0).parameters() | table.said
        return table.geojson(said).encode(), int(table.said["n"])
    counts = question.facts.by_cell(wanted, level)
    length = (wanted.end - wanted.start).days
    n = int(counts.incidents.sum())
    if wish.kind == "density":
        made = surface(
            ground.plane, counts.cells, counts.incidents.astype(np.float64),
            edge_m=float(h3.average_hexagon_edge_length(level, "m")), days=length,
            bandwidth_m=wish.numbers["bandwidth_m"], parameters=parameters,
        )  # fmt: skip
        return geotiff(made), n
    values = ground.spread(counts.cells, counts.incidents)
    contacts = ground.spread(counts.cells, counts.contacts)
    shown = Shown(ground.cells, values, contacts, length, significance(values, ground.weights))
    return feature_collection(shown, parameters | {"significance": GI}).encode(), n


def _no_run() -> NotFound:
    return NotFound("Không có phép tính này.", "No such run.")
