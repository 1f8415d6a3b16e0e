"""``/api/reports``: hand a report in, and follow it by its code."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.caching import OPEN
from api.deps import BaseUrl, Chosen, Db, Layers, Who
from api.report_form import report_form
from geo.calendar import ICT
from geo.errors import Conflict, InvalidInput, TooMany
from geo.reports import (
    Limiter,
    NewReport,
    PhotoStore,
    Receipt,
    Retry,
    new_report,
    next_steps,
    prefix_of,
    status_of,
    submit,
)

if TYPE_CHECKING:
    from datetime import datetime

    from geo.catalogue import Catalogue
    from geo.database import Caller, Database
    from geo.settings import Settings
    from layers.description import Code

router = APIRouter(tags=["reports"])

LAYER = "reports"
RETRY_KEY_MAX = 200
# Answers to one sender are nobody else's: no cache keeps them.
NOT_KEPT = {"Cache-Control": "no-store"}
FIELDS: dict[str, dict[str, Any]] = {
    "lon": {"type": "number", "description": "Kinh độ WGS 84 / longitude"},
    "lat": {"type": "number", "description": "Vĩ độ WGS 84 / latitude"},
    "category": {"type": "string", "description": "GET /api/reports/categories"},
    "text": {"type": "string", "minLength": 10, "maxLength": 1000},
    "accuracy_m": {"type": "number", "minimum": 0, "maximum": 10000},
    "contact_name": {"type": "string", "maxLength": 120},
    "contact_phone": {"type": "string", "maxLength": 30},
}
SCHEMA = {"type": "object", "required": ["lon", "lat", "category", "text"], "properties": FIELDS}
PHOTO = {"photo": {"type": "string", "format": "binary", "description": "JPEG, PNG, WebP ≤ 10 MB"}}
REQUEST_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {"schema": {**SCHEMA, "properties": {**FIELDS, **PHOTO}}},
        "application/json": {"schema": SCHEMA},
    },
}


@router.get("/api/reports/categories", summary="Các lĩnh vực phản ánh")
async def categories(layers: Layers) -> JSONResponse:
    """The categories that a report may have, with their titles."""
    listed = [{"code": c.code, "title": c.title.model_dump()} for c in _codes(layers, "category")]
    return JSONResponse({"categories": listed}, headers=OPEN)


@router.post(
    "/api/reports",
    status_code=201,
    summary="Gửi phản ánh hiện trường",
    openapi_extra={"requestBody": REQUEST_BODY},
)
async def hand_in(
    *, request: Request, db: Db, layers: Layers, chosen: Chosen, who: Who, base: BaseUrl
) -> JSONResponse:
    """Take a report, route it to the ward that covers its place today, and answer with its code.

    With the header ``Idempotency-Key`` a repeated request gets the first one's answer (200) and stores
    nothing.
    """
    _within_limit(request, chosen)
    key = _retry_key(request)
    photos = _photos(request, chosen)
    async with report_form(request, chosen.photo_bytes_max) as form:
        report = new_report(form.values, _codes(layers, "category"))
        photo = await photos.add(form.photo) if form.photo is not None else None
        retry = Retry(key, form.content_hash) if key else None
    try:
        receipt, is_new = await _stored(db, who, replace(report, photo=photo), chosen, retry)
    except (InvalidInput, Conflict):
        await photos.remove(photo)
        raise
    if not is_new:  # the photo was kept with the first request; this copy belongs to no report
        await photos.remove(photo)
    url = f"{base}/api/reports/{receipt.code}"
    body = {**_document(receipt, layers), "url": url}
    return JSONResponse(body, 201 if is_new else 200, headers={**NOT_KEPT, "Location": url})


@router.get("/api/reports/{code}", summary="Tra cứu phản ánh theo mã")
async def follow(code: str, db: Db, layers: Layers, who: Who) -> JSONResponse:
    """Status, ward, category and history; never the text, the place or the sender."""
    async with db.read(who) as connection:
        receipt = await status_of(connection, code)
    return JSONResponse(_document(receipt, layers), headers={**NOT_KEPT, **OPEN})


async def _stored(
    db: Database, who: Caller, report: NewReport, chosen: Settings, retry: Retry | None
) -> tuple[Receipt, bool]:
    async with db.write(who) as connection:
        prefix = prefix_of(chosen.province_name)
        return await submit(connection, report, chosen.province_name, prefix, retry)


def _document(receipt: Receipt, layers: Catalogue) -> dict[str, Any]:
    ward = {"code": receipt.ward_code, "name": receipt.ward_name} if receipt.ward_code else None
    return {
        "code": receipt.code,
        "status": receipt.status,
        "status_title": _title(layers, "status", receipt.status),
        "category": receipt.category,
        "category_title": _title(layers, "category", receipt.category),
        "received_at": _iso(receipt.received_at),
        "ward": ward,
        "near_boundary": receipt.confidence not in (None, "inside"),
        "next": next_steps(receipt).model_dump(),
        "history": [
            {"at": _iso(event.at), "status": event.status, "title": _title(layers, "status", event.status)}
            for event in receipt.history
        ],
    }


def _codes(layers: Catalogue, field: str) -> tuple[Code, ...]:
    layer = layers.layer(LAYER)
    return layer.codes[layer.field(field).codes or ""]


def _title(layers: Catalogue, field: str, code: str) -> dict[str, str]:
    title = next((entry.title for entry in _codes(layers, field) if entry.code == code), None)
    return title.model_dump() if title else {"vi": code, "en": code}


def _iso(instant: datetime) -> str:
    return instant.astimezone(ICT).isoformat(timespec="seconds")


def _retry_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not (8 <= len(key) <= RETRY_KEY_MAX and key.isascii() and key.isprintable()):
        allowed = f"8–{RETRY_KEY_MAX}"
        raise InvalidInput("Idempotency-Key", key, f"{allowed} ký tự ASCII", f"{allowed} ASCII characters")
    return key


def _within_limit(request: Request, chosen: Settings) -> None:
    limiter = _once(request, "report_limiter", lambda: Limiter(chosen.reports_per_10_min))
    wait_s = cast("Limiter", limiter).wait_s(_address(request, chosen), time.monotonic())
    if wait_s:
        raise TooMany(
            f"Quá nhiều phản ánh từ cùng một nơi. Xin gửi lại sau {wait_s} giây.",
            f"Too many reports from one place. Send again in {wait_s} seconds.",
            wait_s,
        )


def _address(request: Request, chosen: Settings) -> str | None:
    if chosen.trust_proxy:
        # The last entry is our own proxy's word; those before it are whatever the client wrote.
        forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        if forwarded:
            return forwarded
    return request.client.host if request.client else None


def _photos(request: Request, chosen: Settings) -> PhotoStore:
    return cast("PhotoStore", _once(request, "report_photos", lambda: PhotoStore(chosen.media_dir)))


def _once(request: Request, name: str, make: Any) -> object:  # noqa: ANN401 - a factory of whatever is kept
    """One object a worker, made at its first use (a worker has one event loop: nobody comes between)."""
    state = request.app.state
    if not hasattr(state, name):
        setattr(state, name, make())
    return getattr(state, name)
