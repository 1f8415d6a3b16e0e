"""Routing's doors: why a case goes where it goes, the rules, the queue, hand-overs, replay and statistics."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from api.caching import OPEN, freshness
from api.deps import Db, Layers, Who
from api.routing_bodies import read_replay, read_wish
from geo.calendar import ICT, parse_day, parse_instant
from geo.errors import Forbidden, InvalidInput, TooLarge, Unauthenticated
from geo.reports import normalise
from geo.routing import Question, checked_place, decide, shown
from geo.routing.document import read_draft
from geo.routing.hands import pass_on
from geo.routing.replay import replay
from geo.routing.rules import rule_document, save
from geo.routing.statistics import by_unit
from geo.routing.triage import queue
from geo.types import parse_integer, parse_number

if TYPE_CHECKING:
    from geo.catalogue import Catalogue
    from geo.database import Caller

router = APIRouter(tags=["routing"])

NOT_KEPT = {"Cache-Control": "no-store"}
BODY_MAX = 512 * 1024
ACCURACY_MAX_M = 10_000
QUEUE_MAX = 200
DAYS_MAX = 400


@router.get("/api/routing/explain", summary="Ai xử lý phản ánh ở nơi này, và vì sao")
async def explain(
    *,
    db: Db,
    layers: Layers,
    who: Who,
    lon: Annotated[str, Query(description="Kinh độ WGS 84 / longitude")] = "",
    lat: Annotated[str, Query(description="Vĩ độ WGS 84 / latitude")] = "",
    category: Annotated[str, Query(description="GET /api/reports/categories")] = "KHAC",
    at: Annotated[
        str | None, Query(description="Thời điểm tiếp nhận; mặc định bây giờ / receipt; now")
    ] = None,
    accuracy_m: Annotated[str | None, Query(description="Độ chính xác, mét / accuracy, metres")] = None,
) -> JSONResponse:
    """The decision that a case of this place, category and moment of receipt gets; nothing is stored."""
    question = Question(
        place=checked_place(lon, lat),
        category=_category(layers, category) or "KHAC",
        received_at=parse_instant("at", at) if at is not None else datetime.now(UTC),
        accuracy_m=_accuracy(accuracy_m),
    )
    async with db.read(who) as connection:
        decision = await decide(connection, question)
    body = {"decision": shown(decision), "at": _iso(question.received_at), "category": question.category}
    return JSONResponse(body, headers={**OPEN, **freshness(who)})


@router.get("/api/routing/rules", summary="Bộ quy tắc điều phối")
async def rules(
    db: Db,
    who: Who,
    version: Annotated[str | None, Query(description="Bản; mặc định bản mới nhất / newest")] = None,
) -> JSONResponse:
    """One version of the rules, by default the newest. For the operation centre."""
    _centre(who)
    wanted = None if version is None else parse_integer("version", version, 1, 2**31 - 1)
    async with db.read(who) as connection:
        return JSONResponse(await rule_document(connection, wanted), headers=NOT_KEPT)


@router.put(
    "/api/routing/rules", summary="Lưu bộ quy tắc mới", openapi_extra={"requestBody": {"required": True}}
)
async def put_rules(request: Request, db: Db, layers: Layers, who: Who) -> JSONResponse:
    """Save a whole rule set as the next version; refused with every fault in a sentence."""
    _centre(who)
    draft = read_draft(await _json(request))
    async with db.write(who) as connection:
        version = await save(connection, draft, layers)
    return JSONResponse({"version": version}, headers=NOT_KEPT)


@router.post(
    "/api/routing/replay",
    summary="Nếu theo quy tắc hoặc ranh giới khác thì ai nhận",
    openapi_extra={"requestBody": {"required": True}},
)
async def post_replay(request: Request, db: Db, layers: Layers, who: Who) -> JSONResponse:
    """The reports of some days routed in two ways: counts, a table and a map of what differs."""
    _staff(who)
    document = await _json(request)
    async with db.read(who) as connection:
        asked = await read_replay(document, connection, layers)
        body = await replay(connection, asked.begin, asked.end, asked.category, asked.sides)
    return JSONResponse(body, headers=NOT_KEPT)


@router.get("/api/triage", summary="Phản ánh chờ người quyết định")
async def triage(
    db: Db,
    who: Who,
    limit: Annotated[str, Query(description=f"1–{QUEUE_MAX}")] = "50",
    after: Annotated[str, Query(description="next của trang trước / of the page before")] = "0",
) -> JSONResponse:
    """What the router could not decide, the longest waiting first, as far as the caller may see it."""
    _staff(who)
    count, start = parse_integer("limit", limit, 1, QUEUE_MAX), parse_integer("after", after, 0, 2**62)
    async with db.read(who) as connection:
        cases, following = await queue(connection, count, start)
    for case in cases:
        case["received_at"], case["since"] = _iso(case["received_at"]), _iso(case["since"])
    return JSONResponse({"cases": cases, "next": following}, headers=NOT_KEPT)


@router.post(
    "/api/reports/{code}/route",
    summary="Chuyển phản ánh cho đơn vị khác, có lý do",
    openapi_extra={"requestBody": {"required": True}},
)
async def route_report(code: str, request: Request, db: Db, layers: Layers, who: Who) -> JSONResponse:
    """Pass a case on (``body``, ``unit``), refuse it, or correct its place or category."""
    _staff(who)
    wish = read_wish(await _json(request), lambda value: _category(layers, value))
    async with db.write(who) as connection:
        decision = await pass_on(connection, who, normalise(code) or "", wish)
    return JSONResponse({"decision": shown(decision)}, headers=NOT_KEPT)


@router.get(
    "/api/statistics/units", summary="Số phản ánh theo đơn vị, như đã ghi hoặc theo ranh giới ngày khác"
)
async def statistics(
    *,
    db: Db,
    who: Who,
    begin: Annotated[str, Query(alias="from", description="Từ ngày / first day")] = "",
    end: Annotated[str, Query(alias="to", description="Đến hết ngày / last day")] = "",
    vintage: Annotated[str | None, Query(description="Ranh giới của ngày / units of that day")] = None,
) -> JSONResponse:
    """Reports by unit: as reported, or re-based by point to the units of ``vintage``. For staff."""
    _staff(who)
    first, last = parse_day("from", begin), parse_day("to", end)
    if not 0 <= (last - first).days <= DAYS_MAX:
        raise InvalidInput("to", end, f"trong {DAYS_MAX} ngày sau from", f"within {DAYS_MAX} days after from")
    day = parse_day("vintage", vintage) if vintage is not None else None
    async with db.read(who) as connection:
        listed = await by_unit(connection, first, last + timedelta(days=1), day)
    basis = {"vintage": day.isoformat()} if day else {"as_reported": True}
    return JSONResponse({"units": listed, **basis}, headers=NOT_KEPT)


def _staff(who: Caller) -> None:
    if not who.staff:
        raise _no_right(who, "cán bộ", "staff")


def _centre(who: Caller) -> None:
    if who.claims is None or who.claims.clearance < 2:
        raise _no_right(who, "trung tâm điều hành", "the operation centre")


def _no_right(who: Caller, vi: str, en: str) -> Unauthenticated | Forbidden:
    kind = Unauthenticated if who.claims is None else Forbidden
    return kind(f"Chỉ dành cho {vi}.", f"Only for {en}.")


def _category(layers: Catalogue, value: object) -> str | None:
    if value is None:
        return None
    reports = layers.layer("reports")
    known = [code.code for code in reports.codes[reports.field("category").codes or ""]]
    if not isinstance(value, str) or value not in known:
        raise InvalidInput("category", value, ", ".join(known), ", ".join(known))
    return value


def _accuracy(value: str | None) -> float | None:
    return None if value is None else parse_number("accuracy_m", value, 0, ACCURACY_MAX_M)


async def _json(request: Request) -> object:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX:
            raise TooLarge("Nội dung quá dài: tối đa 512 kB.", "The body is too long: at most 512 kB.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInput("body", "…", "một đối tượng JSON", "a JSON object") from None


def _iso(instant: datetime) -> str:
    return instant.astimezone(ICT).isoformat(timespec="seconds")
