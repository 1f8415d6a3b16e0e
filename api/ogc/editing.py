"""Create, replace, update and delete (OGC 20-002, features part 4), for those with the right.

``If-Match`` is asked for: without it two editors would overwrite each other and neither would know.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi import Response

from api import deps
from api.caching import OPEN, freshness
from api.errors import problem
from api.ogc import parameters
from geo.errors import Forbidden, InvalidInput, NotFound, TooLarge, Unauthenticated
from geo.features import (
    CRS84,
    Draft,
    Overtaken,
    change_feature,
    columns_for,
    create_feature,
    offered_crs,
    parse_crs,
    read_draft,
    read_version,
    remove_feature,
)

if TYPE_CHECKING:
    from fastapi import Request

    from geo.database import Caller
    from layers.description import Layer

MAX_BODY = 2 * 1024**2
TYPES = ("application/geo+json", "application/json")
PATCH_TYPES = ("application/merge-patch+json", *TYPES)
# Wards have identities in time and reports a life cycle: each is changed by its own door.
OWN_DOORS = frozenset({"admin_units", "reports"})
TAG = re.compile(r'(W/)?"([^"]*)"')
VERSION = re.compile(r"[0-9]{1,18}")


def version_tag(version: int) -> str:
    """The strong entity tag of a feature's present state."""
    return f'"{version}"'


async def create(request: Request) -> Response:
    """POST /ogc/collections/{layer}/items: 201 with ``Location``."""
    layer, caller = await _editor(request)
    draft = await _draft(request, layer, caller, whole=True)
    database = deps.db(request)
    identifier = await create_feature(database, caller, layer, draft)
    location = f"{deps.base_url(request)}/ogc/collections/{layer.name}/items/{identifier}"
    return await _done(request, layer, caller, identifier, 201, Location=location)


async def replace(request: Request) -> Response:
    """PUT: the whole feature anew; properties left out become NULL."""
    return await _change(request, whole=True)


async def update(request: Request) -> Response:
    """PATCH: only what stands in the body (RFC 7396 on geometry and properties)."""
    return await _change(request, whole=False)


async def delete(request: Request) -> Response:
    """DELETE: 204."""
    layer, caller = await _editor(request)
    identifier = await _there(request, layer, caller)
    versions = _expected(request)
    if isinstance(versions, Response):
        return versions
    try:
        await remove_feature(deps.db(request), caller, layer, identifier, versions)
    except Overtaken as error:
        return problem(412, error.vi, error.en)
    return Response(status_code=204, headers={**OPEN, **freshness(caller)})


async def _change(request: Request, *, whole: bool) -> Response:
    layer, caller = await _editor(request)
    identifier = await _there(request, layer, caller)
    versions = _expected(request)
    if isinstance(versions, Response):
        return versions
    draft = await _draft(request, layer, caller, whole=whole)
    try:
        await change_feature(deps.db(request), caller, layer, identifier, draft, versions=versions)
    except Overtaken as error:
        return problem(412, error.vi, error.en)
    return await _done(request, layer, caller, identifier, 204)


async def _done(
    request: Request, layer: Layer, caller: Caller, identifier: int, status: int, **headers: str
) -> Response:
    version = await read_version(deps.db(request), caller, layer, identifier)
    tag = {"ETag": version_tag(version)} if version is not None else {}
    return Response(status_code=status, headers={**tag, **headers, **OPEN, **freshness(caller)})


async def _editor(request: Request) -> tuple[Layer, Caller]:
    parameters.read(request, ())
    layer = deps.catalogue(request).layer(request.path_params["layer"])
    caller = await deps.caller(request)
    if not caller.staff:
        raise Unauthenticated("Muốn sửa dữ liệu, xin gửi mã truy cập.", "To edit, send an access token.")
    if layer.name in OWN_DOORS:
        raise Forbidden(
            "Lớp này được sửa qua nghiệp vụ riêng, không qua OGC API.",
            "This layer is edited through its own procedure, not through OGC API.",
        )
    return layer, caller


async def _draft(request: Request, layer: Layer, caller: Caller, *, whole: bool) -> Draft:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    allowed = TYPES if whole else PATCH_TYPES
    if kind not in allowed:
        raise InvalidInput("Content-Type", kind, ", ".join(allowed), ", ".join(allowed))
    named = request.headers.get("content-crs")
    offered = offered_crs(deps.settings(request).province_code)
    crs = parse_crs("Content-Crs", named.strip().strip("<>"), offered) if named is not None else CRS84
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLarge("Dữ liệu vượt quá 2 MiB.", "The body exceeds 2 MiB.")
    return read_draft(body, layer, columns_for(layer, caller), whole=whole, crs=crs)


async def options(request: Request) -> Response:
    """OPTIONS: which methods an address takes, and what may be sent (20-002, 6.2)."""
    parameters.read(request, ())
    layer = deps.catalogue(request).layer(request.path_params["layer"])
    methods = ["GET", "HEAD", "OPTIONS"]
    more: dict[str, str] = {}
    if layer.name not in OWN_DOORS:
        if "id" in request.path_params:
            methods += ["PUT", "PATCH", "DELETE"]
            more = {"Accept-Patch": ", ".join(PATCH_TYPES)}
        else:
            methods += ["POST"]
            more = {"Accept-Post": ", ".join(TYPES)}
    return Response(status_code=200, headers={"Allow": ", ".join(methods), **more, **OPEN})


async def _there(request: Request, layer: Layer, caller: Caller) -> int:
    """The id of a feature that the caller may see: for another one a precondition says nothing (RFC 9110)."""
    identifier = _identifier(request)
    if await read_version(deps.db(request), caller, layer, identifier) is None:
        raise NotFound("Không có đối tượng này.", "There is no such feature.")
    return identifier


def _identifier(request: Request) -> int:
    text = request.path_params["id"]
    if text.isascii() and text.isdigit() and len(text) <= 18:
        return int(text)
    raise NotFound("Không có đối tượng này.", "There is no such feature.")


def _expected(request: Request) -> list[int] | Response | None:
    """The versions of ``If-Match``, any of which will do, None for ``*``; else the answer: 428 or 412."""
    given = ", ".join(request.headers.getlist("if-match")).strip()
    if not given:
        return problem(428, "Cần tiêu đề If-Match với ETag đã đọc.", "If-Match with the ETag read is needed.")
    if given == "*":
        return None
    # Strong comparison (RFC 9110, 13.1.1): a weak tag matches nothing. A lone number was sent without quotes.
    tags = TAG.findall(given) or [("", given)]
    found = [int(text) for weak, text in tags if not weak and VERSION.fullmatch(text)]
    return found or problem(412, "ETag không phải của đối tượng này.", "The ETag is not this feature's.")
