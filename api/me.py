"""``/api/me``: who the server takes the caller for."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.caching import NOT_KEPT
from api.deps import Db, Who
from geo.calendar import today_ict
from geo.units import units_by_code

router = APIRouter(tags=["sign-in"])
ROLES = (
    {"id": "public", "title": {"vi": "Người dân", "en": "The public"}},
    {"id": "staff", "title": {"vi": "Cán bộ", "en": "Staff"}},
    {"id": "centre", "title": {"vi": "Trung tâm điều hành", "en": "Operation centre"}},
)


@router.get("/api/me", summary="Tôi là ai đối với hệ thống")
async def me(db: Db, who: Who) -> JSONResponse:
    """Name, role, clearance and wards of the caller's token; without one, the public. 401 for a bad token."""
    claims = who.claims
    clearance = claims.clearance if claims else 0
    units: list[dict[str, Any]] = []
    async with db.read(who) as connection:
        for code in claims.units if claims else ():
            found = await units_by_code(connection, code, today_ict())
            units.append({"code": code, "name": found[0].name if found else None})
    body = {
        "signed_in": claims is not None,
        "name": claims.subject if claims else None,
        "role": ROLES[clearance],
        "clearance": clearance,
        "units": units,
    }
    return JSONResponse(body, headers=NOT_KEPT)
