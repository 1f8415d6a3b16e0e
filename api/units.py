"""``GET /api/units``: the units of a place, a code or a name, on a day."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.caching import OPEN, freshness
from api.deps import Db, Who
from geo.calendar import parse_day
from geo.errors import InvalidInput
from geo.types import LonLat
from geo.units import choose, search_radius_m, units_by_code, units_by_name, units_near

if TYPE_CHECKING:
    from datetime import date

    from geo.units import Candidate, Placement, Unit

router = APIRouter(tags=["units"])

CODE = re.compile(r"\d{5}", re.ASCII)
NAME_MAX = 80


@router.get("/api/units", summary="Đơn vị hành chính theo nơi, mã hoặc tên, tại một ngày")
async def units(
    *,
    db: Db,
    who: Who,
    lon: Annotated[str | None, Query(description="Kinh độ WGS 84, độ / longitude, degrees")] = None,
    lat: Annotated[str | None, Query(description="Vĩ độ WGS 84, độ / latitude, degrees")] = None,
    code: Annotated[str | None, Query(description="Mã 5 số / five-digit code")] = None,
    name: Annotated[str | None, Query(description="Tên, không cần dấu / name, marks may be left out")] = None,
    at: Annotated[
        str | None, Query(description="Ngày hoặc thời điểm; mặc định hôm nay / day or instant; today")
    ] = None,
) -> JSONResponse:
    """Units valid on the day of ``at`` (Asia/Ho_Chi_Minh), asked by exactly one of lon+lat, code, name.

    For a place the answer also says how sure it is (``confidence``) and which neighbours lie near.
    """
    day = parse_day("at", at)
    question = _question(lon, lat, code, name)
    async with db.read(who) as connection:
        match question:
            case LonLat():
                found = await units_near(connection, question, day, search_radius_m(None))
                body = _of_place(choose(found))
            case ("code", value):
                body = {"units": [_document(unit) for unit in await units_by_code(connection, value, day)]}
            case (_, value):
                body = {"units": [_document(unit) for unit in await units_by_name(connection, value, day)]}
    return JSONResponse({**body, "as_of": day.isoformat()}, headers={**OPEN, **freshness(who)})


def _question(
    lon: str | None, lat: str | None, code: str | None, name: str | None
) -> LonLat | tuple[str, str]:
    asked = [lon is not None or lat is not None, code is not None, name is not None]
    if sum(asked) != 1:
        shown = ", ".join(k for k, v in {"lon": lon, "lat": lat, "code": code, "name": name}.items() if v)
        raise InvalidInput(
            "lon,lat,code,name",
            shown,
            "đúng một trong: lon và lat; code; name",
            "exactly one of: lon and lat; code; name",
        )
    if code is not None:
        if not CODE.fullmatch(code):
            raise InvalidInput("code", code, "mã đơn vị gồm 5 chữ số", "a unit code of five digits")
        return ("code", code)
    if name is not None:
        if not 2 <= len(name.strip()) <= NAME_MAX or not name.isprintable():
            raise InvalidInput("name", name, f"2 đến {NAME_MAX} ký tự", f"2 to {NAME_MAX} characters")
        return ("name", name.strip())
    return LonLat.parse(lon if lon is not None else "", lat if lat is not None else "")


def _of_place(placement: Placement) -> dict[str, Any]:
    covering = [candidate for candidate in placement.candidates if candidate.covers]
    answering = covering or ([placement.chosen] if placement.chosen else [])
    return {
        "units": [_answering(candidate) for candidate in answering],
        "confidence": placement.confidence,
        "near_boundary": placement.confidence == "near_boundary",
        "neighbours": [_neighbour(other) for other in placement.candidates if other not in answering],
    }


def _answering(candidate: Candidate) -> dict[str, Any]:
    return {
        **_document(candidate.unit),
        "distance_m": round(candidate.distance_m, 2),
        "distance_to_border_m": round(candidate.border_m, 2),
    }


def _neighbour(candidate: Candidate) -> dict[str, Any]:
    unit = candidate.unit
    distance_m = round(candidate.distance_m, 2)
    return {"id": unit.unit_id, "code": unit.code, "name": unit.name, "distance_m": distance_m}


def _document(unit: Unit) -> dict[str, Any]:
    return {
        "id": unit.unit_id,
        "feature_id": unit.feature_id,
        "code": unit.code,
        "name": unit.name,
        "kind": unit.kind,
        "level": unit.level,
        "province_code": unit.province_code,
        "province_name": unit.province_name,
        "district_name": unit.district_name,
        "area_km2": unit.area_km2,
        "population": unit.population,
        "valid_from": unit.valid_from.isoformat(),
        "valid_to": _iso(unit.valid_to),
        "bbox": unit.bbox.as_tuple(),
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
