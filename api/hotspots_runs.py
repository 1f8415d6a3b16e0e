"""Runs that can be cited, and alarms: stored, listed, told as they are raised."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import h3
import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from api.definition import sends
from api.deps import Db, Layers, Who
from api.hotspots import GI
from api.hotspots_ask import asked, ground_of, staff_only
from api.hotspots_send import send_json
from geo.errors import InvalidInput, NotFound, TooLarge
from geo.hotspots import RESOLUTION
from geo.hotspots.alarms import read_alarms
from geo.hotspots.answer import Shown, feature_collection
from geo.hotspots.runs import METHODS, digest_of, find, name_of, result_of, store
from geo.hotspots.stats.gistar import significance
from geo.hotspots.surface import BANDWIDTHS_M, DEFAULT_BANDWIDTH_M, geotiff, surface
from geo.hotspots.tables import histories
from geo.types import parse_integer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from api.hotspots_ask import Asked
    from geo.database import Caller, Database
    from geo.hotspots.ground import Ground

router = APIRouter(tags=["hotspots"])

BODY_MAX = 4_096
KINDS = ("significance", "emerging", "density")
MEDIA = {"significance": "application/geo+json", "emerging": "application/geo+json", "density": "image/tiff"}
TEXTS = ("from", "to", "category", "channel", "ward")
NUMBERS = {"resolution": (7, 9, 8), "steps": (10, 104, 52), "step_days": (1, 31, 7),
           "bandwidth_m": (*BANDWIDTHS_M, DEFAULT_BANDWIDTH_M)}  # fmt: skip
POLL_S = 5.0
HEARTBEAT_S = 20.0
BODY = {"requestBody": {"required": True}}
SEEN = """
UPDATE hot.alarm SET seen_by = auth.subject(), seen_at = now() WHERE id = %s AND seen_by IS NULL RETURNING id
"""


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
    kind, texts, numbers = await _wish(request)
    question = await asked(request, db, layers, who, texts)
    ground = await ground_of(
        request, db, layers, who, RESOLUTION if kind == "density" else numbers["resolution"]
    )
    if not len(ground.cells):
        raise NotFound("Chưa có ranh giới xã, phường.", "There are no boundaries of wards yet.")
    wanted = question.wanted
    clearance = claims.clearance if claims else 0
    if kind == "emerging":  # reaches back as far as its steps
        from datetime import timedelta

        wanted = replace(wanted, start=wanted.end - timedelta(days=numbers["steps"] * numbers["step_days"]))
    digest = digest_of(question.facts, wanted, ground.resolution)
    parameters = {k: v for k, v in question.parameters().items() if k != "data_version"}
    parameters |= {"kind": kind, "methods": METHODS, "ground_cells": len(ground.cells), **_own(kind, numbers)}
    name = name_of(parameters, digest, clearance)
    async with db.read(who) as connection:
        known = await find(connection, name)
    if not known:
        result, n = await asyncio.to_thread(_result, kind, question, ground, numbers, parameters)
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


@router.get("/api/hotspots/alarms", summary="Cảnh báo: nơi vừa tăng bất thường")
async def alarms(
    request: Request, db: Db, who: Who,
    after: Annotated[str | None, Query(description="Chỉ cảnh báo sau số này / ids above")] = None,
) -> Response:  # fmt: skip
    """The newest fifty alarms of the daily scan."""
    last = parse_integer("after", after, 0, 2**62) if after is not None else 0
    async with db.read(staff_only(who)) as connection:
        found = await read_alarms(connection, after=last)
        row = await (await connection.execute("SELECT max(day) FROM hot.scanned")).fetchone()
    scanned = row[0].isoformat() if row and row[0] else None
    return await send_json(request, who, {"alarms": found, "scanned": scanned})


@router.get("/api/hotspots/alarms/events", summary="Cảnh báo, gửi ngay khi có", **sends("text/event-stream"))
async def alarm_events(db: Db, who: Who) -> StreamingResponse:
    """Server-sent ``event: alarm`` for every alarm from now on; first those of the last week."""
    return StreamingResponse(
        _alarm_stream(db, staff_only(who)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.post("/api/hotspots/alarms/{number}/seen", summary="Đã xem cảnh báo")
async def seen(db: Db, who: Who, number: str) -> Response:
    """Note who saw an alarm first; 404 where there is none, or somebody did already."""
    wanted = parse_integer("number", number, 1, 2**62)
    async with db.write(staff_only(who)) as connection:
        row = await (await connection.execute(SEEN, [wanted])).fetchone()
    if row is None:
        raise NotFound("Không có cảnh báo này, hoặc đã có người xem.", "No such alarm, or somebody saw it.")
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


async def _alarm_stream(db: Database, who: Caller) -> AsyncIterator[str]:
    from datetime import timedelta

    from geo.calendar import today_ict

    last, silent = 0, 0.0
    yield "retry: 5000\n\n"
    while True:
        since = today_ict() - timedelta(days=7)
        async with db.read(who) as connection:
            found = await read_alarms(connection, after=last, since=since)
        for one in reversed(found):
            last = max(last, one["id"])
            yield f"event: alarm\nid: {one['id']}\ndata: {json.dumps(one, ensure_ascii=False)}\n\n"
        silent = 0.0 if found else silent + POLL_S
        if silent >= HEARTBEAT_S:
            silent = 0.0
            yield ": alive\n\n"
        await asyncio.sleep(POLL_S)


def _result(
    kind: str, question: Asked, ground: Ground, numbers: dict[str, int], parameters: dict[str, Any]
) -> tuple[bytes, int]:
    """The bytes of a run and how many incidents went in. Runs in a thread."""
    wanted, level = question.wanted, ground.resolution
    if kind == "emerging":
        steps, days = numbers["steps"], numbers["step_days"]
        table = histories(question.facts, wanted, ground, steps=steps, step_days=days, kinds=None)
        said = replace(question, version=0).parameters() | table.said
        return table.geojson(said).encode(), int(table.said["n"])
    counts = question.facts.by_cell(wanted, level)
    length = (wanted.end - wanted.start).days
    n = int(counts.incidents.sum())
    if kind == "density":
        made = surface(
            ground.plane, counts.cells, counts.incidents.astype(np.float64),
            edge_m=float(h3.average_hexagon_edge_length(level, "m")), days=length,
            bandwidth_m=numbers["bandwidth_m"], parameters=parameters,
        )  # fmt: skip
        return geotiff(made), n
    values = ground.spread(counts.cells, counts.incidents)
    contacts = ground.spread(counts.cells, counts.contacts)
    shown = Shown(ground.cells, values, contacts, length, significance(values, ground.weights))
    return feature_collection(shown, parameters | {"significance": GI}).encode(), n


def _own(kind: str, numbers: dict[str, int]) -> dict[str, int]:
    names = {
        "significance": ("resolution",),
        "emerging": ("resolution", "steps", "step_days"),
        "density": ("bandwidth_m",),
    }[kind]
    return {name: numbers[name] for name in names}


async def _wish(request: Request) -> tuple[str, dict[str, str | None], dict[str, int]]:
    """The kind, the texts and the numbers of a run's body, checked."""
    raw = await request.body()
    if len(raw) > BODY_MAX:
        raise TooLarge("Thân yêu cầu quá dài.", "The body is too long.")
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise InvalidInput("body", raw[:60], "một đối tượng JSON", "a JSON object")
    kind = said.get("kind")
    if kind not in KINDS:
        raise InvalidInput("kind", kind, ", ".join(KINDS), ", ".join(KINDS))
    unknown = sorted(set(said) - {"kind", *TEXTS, *NUMBERS})
    if unknown:
        allowed = ", ".join(("kind", *TEXTS, *NUMBERS))
        raise InvalidInput("body", unknown[0], allowed, allowed)
    for name in TEXTS:
        if not isinstance(said.get(name), str | None):
            raise InvalidInput(name, said[name], "một chuỗi", "a text")
    numbers = {
        name: parse_integer(name, said[name], low, high) if name in said else default
        for name, (low, high, default) in NUMBERS.items()
    }
    return kind, {name: said.get(name) for name in TEXTS}, numbers


def _no_run() -> NotFound:
    return NotFound("Không có phép tính này.", "No such run.")
