"""Answers of the hotspot doors: validators, compression, and no keeping of what depends on rights."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
from typing import TYPE_CHECKING, Any

from fastapi import Response

from api.caching import OPEN, accepts_gzip, freshness, matches

if TYPE_CHECKING:
    from fastapi import Request

    from geo.database import Caller

GZIP_FROM = 1_000


async def send(
    request: Request, who: Caller, data: bytes, media_type: str, file_name: str | None = None
) -> Response:
    """An answer with its ETag; 304 where the caller has it."""
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    headers: dict[str, str] = {
        **OPEN,
        **freshness(who),
        "ETag": etag,
        "Vary": "Accept-Encoding, Authorization",
    }
    if file_name is not None:
        headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    if matches(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    zippable = len(data) >= GZIP_FROM and not media_type.startswith(("image/", "application/pdf"))
    if zippable and accepts_gzip(request.headers.get("accept-encoding", "")):
        data = await asyncio.to_thread(gzip.compress, data, 1, mtime=0)
        headers["Content-Encoding"] = "gzip"
        headers["ETag"] = f"W/{etag}"
    return Response(data, headers=headers, media_type=media_type)


async def send_csv(request: Request, who: Caller, text: str) -> Response:
    """The same for a table; marked as UTF-8, or Excel reads Vietnamese as something else."""
    return await send(request, who, b"\xef\xbb\xbf" + text.encode(), "text/csv", "diem-nong.csv")


async def send_json(request: Request, who: Caller, body: dict[str, Any]) -> Response:
    """The same for a JSON document."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return await send(request, who, data, "application/json")
