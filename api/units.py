"""``/api/units``: units of a place, a code or a name on a day; a unit's history; a province's ground."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api import unit_words
from api.caching import OPEN, freshness
from api.deps import Chosen, Db, Who
from geo import units as core
from geo.calendar import parse_day, parse_instant
from geo.errors import InvalidInput, NotFound
from geo.types import LonLat, parse_number

if TYPE_CHECKING:
    from datetime import date, datetime

    from psycopg import AsyncConnection

    from geo.database import Caller

    Connection = AsyncConnection[tuple[Any, ...]]

router = APIRouter(tags=["units"])

CODE = re.compile(r"\d{5}", re.ASCII)
PROVINCE = re.compile(r"\d{2}", re.ASCII)
NAME_MAX = 80
ADDRESS_MAX = 300
ACCURACY_MAX_M = 10_000
IDENTITY_MAX = 40
DETAIL_MAX_M = 5_000


@router.get("/api/units", summary="Đơn vị hành chính theo nơi, mã hoặc tên, tại một ngày")
async def units(
    *,
    db: Db,
    chosen: Chosen,
    who: Who,
    lon: Annotated[str | None, Query(description="Kinh độ WGS 84, độ / longitude, degrees")] = None,
    lat: Annotated[str | None, Query(description="Vĩ độ WGS 84, độ / latitude, degrees")] = None,
    accuracy_m: Annotated[
        str | None, Query(description="Độ chính xác, mét, khi hỏi theo nơi / accuracy, metres, with a place")
    ] = None,
    code: Annotated[str | None, Query(description="Mã 5 số / five-digit code")] = None,
    name: Annotated[
        str | None,
        Query(description="Tên, không cần dấu: «P. 15, Q. Tân Bình» / name, marks may be left out"),
    ] = None,
    address: Annotated[
        str | None,
        Query(description="Địa chỉ, cũ hoặc mới: «12 Lê Lợi, P. 15, Q. Tân Bình, TP.HCM» / an address"),
    ] = None,
    province: Annotated[
        str | None, Query(description="Mã hoặc tên tỉnh, khi hỏi theo tên, địa chỉ / with name, address")
    ] = None,
    at: Annotated[
        str | None, Query(description="Ngày hoặc thời điểm; mặc định hôm nay / day or instant; today")
    ] = None,
    known_at: Annotated[
        str | None, Query(description="Theo dữ liệu đã ghi nhận lúc ấy, khi hỏi theo nơi / as recorded then")
    ] = None,
) -> JSONResponse:
    """Units valid on the day of ``at`` (Asia/Ho_Chi_Minh), asked by one of lon+lat, code, name, address.

    For a place the answer also says how sure it is (``confidence``) and which neighbours lie near; with
    ``known_at`` it is what was recorded at that instant. For a name all units of it are listed; where none
    bears it that day, ``other_times`` lists those that did or will, with the units in which they live on.
    An address is read by names of any time: ``one`` unit lives on from it, several are to be chosen from
    (``ask``), or ``none`` is known; without district or province it is taken to lie in this province.
    """
    day = parse_day("at", at)
    known = None if known_at is None else parse_instant("known_at", known_at)
    accuracy = None if accuracy_m is None else parse_number("accuracy_m", accuracy_m, 0, ACCURACY_MAX_M)
    question = _question(lon, lat, code, name, address)
    about = _text("province", province, 1)
    async with db.read(who) as connection:
        match question:
            case LonLat():
                radius_m = core.search_radius_m(accuracy)
                found = await core.units_near(connection, question, day, radius_m, known)
                body = unit_words.of_place(core.choose(found, accuracy))
            case ("code", value):
                listed = await core.units_by_code(connection, value, day)
                body = {"units": [unit_words.document(unit) for unit in listed]}
            case ("name", value):
                body = await _named(connection, value, day, about)
            case (_, value):
                body = await _addressed(connection, value, day, about, chosen.province_code)
    return _answer(who, {**body, "as_of": day.isoformat()}, known)


@router.get("/api/units/{unit_id}/history", summary="Một đơn vị qua thời gian: tên, mã, ranh giới, kế thừa")
async def unit_history(db: Db, who: Who, unit_id: str) -> JSONResponse:
    """Versions of an identity, what it came from and what became of it, with kind, shares and legal act."""
    asked = _text("unit_id", unit_id, 1, IDENTITY_MAX)
    async with db.read(who) as connection:
        found = await core.history(connection, asked)
    if found is None:
        raise NotFound("Không có đơn vị nào mang định danh này.", "No unit has this identity.")
    return _answer(who, {"id": asked, **unit_words.history(found)})


@router.get("/api/provinces/{code}", summary="Ranh giới tỉnh tại một ngày: hợp của các xã, phường")
async def province_ground(
    db: Db, who: Who, code: str, at: str | None = None, detail_m: str = "0"
) -> JSONResponse:
    """A province on a day as a GeoJSON feature: its wards dissolved, simplified by ``detail_m`` (0–5,000)."""
    day = parse_day("at", at)
    detail = parse_number("detail_m", detail_m, 0, DETAIL_MAX_M)
    if not PROVINCE.fullmatch(code):
        raise InvalidInput("code", code, "mã tỉnh gồm 2 chữ số", "a province code of two digits")
    async with db.read(who) as connection:
        found = await core.province(connection, code, day, detail)
    if found is None:
        raise NotFound("Không có tỉnh nào mang mã này vào ngày ấy.", "No province has this code on that day.")
    properties = {
        "code": found.code,
        "name": found.name,
        "area_km2": round(found.area_km2, 3),
        "valid_from": found.valid_from.isoformat(),
        "valid_to": unit_words.iso(found.valid_to),
        "as_of": day.isoformat(),
    }
    body = {"type": "Feature", "id": code, "geometry": json.loads(found.geometry), "properties": properties}
    return JSONResponse(body, headers={**OPEN, **freshness(who)}, media_type="application/geo+json")


async def _named(connection: Connection, name: str, day: date, province: str) -> dict[str, Any]:
    found = await core.units_by_name(connection, name, day, province=province)
    body: dict[str, Any] = {"units": [unit_words.document(unit) for unit in found]}
    if not found:
        others = (await core.units_elsewhen(connection, name, day, province))[:20]
        living = await core.heirs(connection, [unit.unit_id for unit in others], day)
        body["other_times"] = [
            {**unit_words.document(unit), "now": list(map(unit_words.short, living.get(unit.unit_id, ())))}
            for unit in others
        ]
    return body


async def _addressed(
    connection: Connection, address: str, day: date, province: str, home: str
) -> dict[str, Any]:
    if province and not PROVINCE.fullmatch(province):
        # A province by its name is said as an address says it.
        address, province = f"{address}, {province}", ""
    found = await core.units_by_address(connection, address, day, province=province or None, home=home)
    return {
        "answer": found.answer,
        "units": [unit_words.document(unit) for unit in found.units],
        "through": [
            {"unit": unit_words.document(unit), "now": list(map(unit_words.short, heirs))}
            for unit, heirs in found.through
        ],
    }


def _question(
    lon: str | None, lat: str | None, code: str | None, name: str | None, address: str | None
) -> LonLat | tuple[str, str]:
    given = {"lon,lat": lon if lon is not None else lat, "code": code, "name": name, "address": address}
    if sum(value is not None for value in given.values()) != 1:
        raise InvalidInput(
            "lon,lat,code,name,address",
            ", ".join(key for key, value in given.items() if value is not None),
            "đúng một trong: lon và lat; code; name; address",
            "exactly one of: lon and lat; code; name; address",
        )
    if address is not None:
        return ("address", _text("address", address, 2, ADDRESS_MAX))
    if code is not None:
        if not CODE.fullmatch(code):
            raise InvalidInput("code", code, "mã đơn vị gồm 5 chữ số", "a unit code of five digits")
        return ("code", code)
    if name is not None:
        return ("name", _text("name", name, 2))
    return LonLat.parse(lon if lon is not None else "", lat if lat is not None else "")


def _text(parameter: str, value: str | None, least: int, most: int = NAME_MAX) -> str:
    text = (value or "").strip()
    if value is not None and (not least <= len(text) <= most or not text.isprintable()):
        raise InvalidInput(parameter, text, f"{least} đến {most} ký tự", f"{least} to {most} characters")
    return text


def _answer(who: Caller, body: dict[str, Any], known: datetime | None = None) -> JSONResponse:
    if known is not None:
        body["known_at"] = known.isoformat()
    return JSONResponse(body, headers={**OPEN, **freshness(who)})
