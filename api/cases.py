"""What staff do with one report: see its way, pass it on, place it, join it to an incident, give it parts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.caching import NOT_KEPT
from api.deps import BaseUrl, Chosen, Db, Layers, Who
from api.report_schemas import LINK_BODY, PART_BODY, READ_BODY, ROUTE_BODY, STEP_BODY
from api.report_words import codes, in_words, iso, title
from api.rights import for_staff, read_json
from api.routing_bodies import known_category, read_link, read_purpose, read_step, read_wish
from geo.errors import Conflict, InvalidInput, NotFound
from geo.reports import Home, new_report, normalise, status_of, submit
from geo.reports.family import add_child
from geo.reports.incidents import relink
from geo.reports.life import take_step
from geo.reports.reporter import reporter_of
from geo.routing import shown
from geo.routing.hands import pass_on
from geo.routing.stored import way_of

if TYPE_CHECKING:
    from geo.catalogue import Catalogue

router = APIRouter(tags=["cases"])


@router.get("/api/reports/{code}/route", summary="Đường đi của phản ánh: mọi quyết định và lý do")
async def way(code: str, db: Db, layers: Layers, who: Who) -> JSONResponse:
    """Decisions as they were stored, with candidates, distances, rule and boundaries; and the history."""
    for_staff(who)
    async with db.read(who) as connection:
        found = await way_of(connection, normalise(code) or (code if code.isprintable() else ""))
    if found is None:
        raise NotFound("Không có phản ánh nào với mã này.", "No report has this code.")
    return JSONResponse(_way(found, layers), headers=NOT_KEPT)


@router.post(
    "/api/reports/{code}/route", summary="Chuyển phản ánh cho đơn vị khác, có lý do", openapi_extra=ROUTE_BODY
)
async def route_report(
    *, code: str, request: Request, db: Db, layers: Layers, chosen: Chosen, who: Who
) -> JSONResponse:
    """Pass a case on (``body``, ``unit``), refuse it, or correct its place or category.

    ``lon`` and ``lat`` place a report that came with an address only.
    """
    for_staff(who)
    wish = read_wish(await read_json(request), lambda value: known_category(layers, value))
    async with db.write(who) as connection:
        decision = await pass_on(connection, who, normalise(code) or "", wish, chosen.province_code)
    return JSONResponse({"decision": shown(decision)}, headers=NOT_KEPT)


@router.post("/api/reports/{code}/status", summary="Ghi bước xử lý của phản ánh", openapi_extra=STEP_BODY)
async def step(code: str, request: Request, db: Db, layers: Layers, who: Who) -> JSONResponse:
    """One step in a report's life (``status``, ``reason``), as far as its state allows it."""
    for_staff(who)
    wanted, reason = read_step(await read_json(request), [each.code for each in codes(layers, "status")])
    own = normalise(code) or ""
    async with db.write(who) as connection:
        await take_step(connection, own, wanted, reason)
        receipt = await status_of(connection, own)
    return JSONResponse(in_words(receipt, layers, staff=True), headers=NOT_KEPT)


@router.post(
    "/api/reports/{code}/reporter",
    summary="Người gửi, để gọi lại; mỗi lần xem được ghi lại",
    openapi_extra=READ_BODY,
)
async def reporter(code: str, request: Request, db: Db, who: Who) -> JSONResponse:
    """Name and telephone of a report's sender. The ``reason`` goes into the log of reads of personal data."""
    for_staff(who)
    purpose = read_purpose(await read_json(request))
    async with db.write(who) as connection:
        found = await reporter_of(connection, normalise(code) or "", purpose)
    return JSONResponse({"name": found.name, "phone": found.phone, "photo": found.photo}, headers=NOT_KEPT)


@router.post(
    "/api/reports/{code}/incident", summary="Gộp vào sự việc khác, hoặc tách ra", openapi_extra=LINK_BODY
)
async def incident(code: str, request: Request, db: Db, layers: Layers, who: Who) -> JSONResponse:
    """Join a report to another's incident (``incident``: that report's code), or part it (null)."""
    for_staff(who)
    target, reason = read_link(await read_json(request))
    async with db.write(who) as connection:
        own = normalise(code) or ""
        await relink(connection, own, None if target is None else normalise(target) or "", reason)
        receipt = await status_of(connection, own)
    return JSONResponse({"incident": in_words(receipt, layers, staff=True)["incident"]}, headers=NOT_KEPT)


@router.post(
    "/api/reports/{code}/children",
    status_code=201,
    summary="Thêm phần việc con, điều phối theo vị trí và lĩnh vực riêng",
    openapi_extra=PART_BODY,
)
async def child(
    *, code: str, request: Request, db: Db, layers: Layers, chosen: Chosen, who: Who, base: BaseUrl
) -> JSONResponse:
    """A part of a report's matter, routed on its own. The report closes when all its parts are closed."""
    for_staff(who)
    values = await read_json(request)
    if not isinstance(values, dict):
        raise InvalidInput("body", "…", "một đối tượng JSON", "a JSON object")
    channels = ("direct", *(each.code for each in codes(layers, "channel")))
    report = new_report(values, codes(layers, "category"), channels)
    async with db.write(who) as connection:
        part = replace(report, part=True)
        receipt, _ = await submit(connection, part, Home(chosen.province_code, chosen.province_name))
        if not await add_child(connection, normalise(code) or "", receipt.code):
            raise Conflict(
                "Phản ánh cha không có hoặc đã đóng.", "The parent report does not exist or is closed."
            )
    url = f"{base}/api/reports/{receipt.code}"
    return JSONResponse(
        {**in_words(receipt, layers, staff=True), "url": url}, 201, {**NOT_KEPT, "Location": url}
    )


def _way(found: dict[str, Any], layers: Catalogue) -> dict[str, Any]:
    found["received_at"] = iso(found["received_at"])
    for decision in found["decisions"]:
        decision["at"] = iso(decision["at"])
    for event in found["history"]:
        event["at"] = iso(event["at"])
        event["title"] = title(layers, "status", event["status"])
    return found
