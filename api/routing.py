"""Routing's doors: why a case goes where it goes, the rules, the queue, replay and statistics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from api.caching import NOT_KEPT, OPEN, freshness
from api.deps import Db, Layers, Who
from api.report_words import iso
from api.rights import for_centre, for_staff, read_json
from api.routing_bodies import known_category, read_replay
from geo.calendar import parse_day, parse_instant
from geo.errors import InvalidInput
from geo.routing import Question, checked_place, decide, shown
from geo.routing.document import read_draft
from geo.routing.replay import replay
from geo.routing.rules import rule_document, save
from geo.routing.statistics import by_unit
from geo.routing.triage import queue
from geo.types import parse_integer, parse_number

router = APIRouter(tags=["routing"])

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
        category=known_category(layers, category) or "KHAC",
        received_at=parse_instant("at", at) if at is not None else datetime.now(UTC),
        accuracy_m=_accuracy(accuracy_m),
    )
    async with db.read(who) as connection:
        decision = await decide(connection, question)
    body = {"decision": shown(decision), "at": iso(question.received_at), "category": question.category}
    return JSONResponse(body, headers={**OPEN, **freshness(who)})


@router.get("/api/routing/rules", summary="Bộ quy tắc điều phối")
async def rules(
    db: Db,
    who: Who,
    version: Annotated[str | None, Query(description="Bản; mặc định bản mới nhất / newest")] = None,
) -> JSONResponse:
    """One version of the rules, by default the newest. For the operation centre."""
    for_centre(who)
    wanted = None if version is None else parse_integer("version", version, 1, 2**31 - 1)
    async with db.read(who) as connection:
        return JSONResponse(await rule_document(connection, wanted), headers=NOT_KEPT)


@router.get("/api/routing/bodies", summary="Các đơn vị xử lý có thể nhận phản ánh")
async def bodies(db: Db, who: Who) -> JSONResponse:
    """Whom a case may be handed to, by the newest rules: ``per_unit`` ones stand in every ward. For staff."""
    for_staff(who)
    async with db.read(who) as connection:
        document = await rule_document(connection)
    return JSONResponse({"bodies": document["bodies"]}, headers=NOT_KEPT)


@router.put(
    "/api/routing/rules", summary="Lưu bộ quy tắc mới", openapi_extra={"requestBody": {"required": True}}
)
async def put_rules(request: Request, db: Db, layers: Layers, who: Who) -> JSONResponse:
    """Save a whole rule set as the next version; refused with every fault in a sentence."""
    for_centre(who)
    draft = read_draft(await read_json(request))
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
    for_staff(who)
    document = await read_json(request)
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
    for_staff(who)
    count, start = parse_integer("limit", limit, 1, QUEUE_MAX), parse_integer("after", after, 0, 2**62)
    async with db.read(who) as connection:
        cases, following = await queue(connection, count, start)
    for case in cases:
        case["received_at"], case["since"] = iso(case["received_at"]), iso(case["since"])
    return JSONResponse({"cases": cases, "next": following}, headers=NOT_KEPT)


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
    for_staff(who)
    first, last = parse_day("from", begin), parse_day("to", end)
    if not 0 <= (last - first).days <= DAYS_MAX:
        raise InvalidInput("to", end, f"trong {DAYS_MAX} ngày sau from", f"within {DAYS_MAX} days after from")
    day = parse_day("vintage", vintage) if vintage is not None else None
    async with db.read(who) as connection:
        listed = await by_unit(connection, first, last + timedelta(days=1), day)
    basis = {"vintage": day.isoformat()} if day else {"as_reported": True}
    return JSONResponse({"units": listed, **basis}, headers=NOT_KEPT)


def _accuracy(value: str | None) -> float | None:
    return None if value is None else parse_number("accuracy_m", value, 0, ACCURACY_MAX_M)
