"""``/api/reports``: hand a report in, and follow it by its code."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.caching import NOT_KEPT, OPEN
from api.deps import BaseUrl, Chosen, Db, Layers, Who, client_address
from api.report_form import report_form
from api.report_schemas import REPORT_BODY
from api.report_words import codes, in_words
from geo.errors import Conflict, InvalidInput, TooMany
from geo.reports import (
    Home,
    Limiter,
    NewReport,
    PhotoStore,
    Receipt,
    Retry,
    new_report,
    status_of,
    submit,
)

if TYPE_CHECKING:
    from geo.catalogue import Catalogue
    from geo.database import Caller, Database
    from geo.settings import Settings

router = APIRouter(tags=["reports"])

RETRY_KEY_MAX = 200


@router.get("/api/reports/categories", summary="Các lĩnh vực phản ánh")
async def categories(layers: Layers) -> JSONResponse:
    """The categories that a report may have, with their titles."""
    listed = [{"code": c.code, "title": c.title.model_dump()} for c in codes(layers, "category")]
    return JSONResponse({"categories": listed}, headers=OPEN)


@router.post(
    "/api/reports",
    status_code=201,
    summary="Gửi phản ánh hiện trường",
    openapi_extra=REPORT_BODY,
)
async def hand_in(
    *, request: Request, db: Db, layers: Layers, chosen: Chosen, who: Who, base: BaseUrl
) -> JSONResponse:
    """Take a report, route it to the ward that covers its place today, and answer with its code.

    With an ``address`` and no position it waits until a person has placed it.

    With the header ``Idempotency-Key`` a repeated request gets the first one's answer (200) and stores
    nothing.
    """
    if not who.staff:  # an operator takes down everybody's
        _within_limit(request, chosen)
    key = _retry_key(request)
    photos = _photos(request, chosen)
    async with report_form(request, chosen.photo_bytes_max) as form:
        report = new_report(form.values, codes(layers, "category"), _channels(layers, who))
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
    body = {**in_words(receipt, layers, staff=who.staff), "url": url}
    return JSONResponse(body, 201 if is_new else 200, headers={**NOT_KEPT, "Location": url})


@router.get("/api/reports/{code}", summary="Tra cứu phản ánh theo mã")
async def follow(code: str, db: Db, layers: Layers, who: Who) -> JSONResponse:
    """Status, ward, category and history; never the text, the place or the sender."""
    async with db.read(who) as connection:
        receipt = await status_of(connection, code)
    return JSONResponse(in_words(receipt, layers, staff=who.staff), headers={**NOT_KEPT, **OPEN})


async def _stored(
    db: Database, who: Caller, report: NewReport, chosen: Settings, retry: Retry | None
) -> tuple[Receipt, bool]:
    async with db.write(who) as connection:
        return await submit(connection, report, Home(chosen.province_code, chosen.province_name), retry)


def _channels(layers: Catalogue, who: Caller) -> tuple[str, ...]:
    """Citizens send by themselves; staff say by which way a report reached them."""
    known = tuple(each.code for each in codes(layers, "channel"))
    return ("web", *known) if who.staff else ("web", "app")


def _retry_key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not (8 <= len(key) <= RETRY_KEY_MAX and key.isascii() and key.isprintable()):
        allowed = f"8–{RETRY_KEY_MAX}"
        raise InvalidInput("Idempotency-Key", key, f"{allowed} ký tự ASCII", f"{allowed} ASCII characters")
    return key


def _within_limit(request: Request, chosen: Settings) -> None:
    limiter = _once(request, "report_limiter", lambda: Limiter(chosen.reports_per_10_min))
    wait_s = cast("Limiter", limiter).wait_s(client_address(request), time.monotonic())
    if wait_s:
        raise TooMany(
            f"Quá nhiều phản ánh từ cùng một nơi. Xin gửi lại sau {wait_s} giây.",
            f"Too many reports from one place. Send again in {wait_s} seconds.",
            wait_s,
        )


def _photos(request: Request, chosen: Settings) -> PhotoStore:
    return cast("PhotoStore", _once(request, "report_photos", lambda: PhotoStore(chosen.media_dir)))


def _once(request: Request, name: str, make: Any) -> object:  # noqa: ANN401 - a factory of whatever is kept
    """One object a worker, made at its first use (a worker has one event loop: nobody comes between)."""
    state = request.app.state
    if not hasattr(state, name):
        setattr(state, name, make())
    return getattr(state, name)
