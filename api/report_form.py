"""The body of a report: multipart form or JSON, counted while it streams, never whole in memory."""

from __future__ import annotations

import hashlib
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from geo.errors import InvalidInput, TooLarge

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from tempfile import SpooledTemporaryFile

    from fastapi import Request
    from starlette.datastructures import FormData, UploadFile

# Text of 1,000 code points is at most 4 kB; a form's headers and boundaries need little more.
FIELDS_BYTES = 64 * 1024
PART_BYTES = 16 * 1024
FIELDS_MAX = 20
# A body that is too large is read on and thrown away up to this many times the limit: a browser that is cut
# off while it sends shows "connection reset" instead of our sentence.
DRAINED_TIMES = 6
A_FILE = ("một tệp ảnh trong multipart/form-data", "a picture file in multipart/form-data")


@dataclass(slots=True)
class Form:
    """Values by name, the photo as an open file where one was sent, and a hash over all of it."""

    values: dict[str, object] = field(default_factory=dict)
    photo: BinaryIO | None = None
    content_hash: bytes = b""


@asynccontextmanager
async def report_form(request: Request, photo_bytes_max: int) -> AsyncIterator[Form]:
    """Read the request's body; temporary files are gone when the block ends.

    Raises ``TooLarge`` beyond the limits and ``InvalidInput`` for another kind of body or a broken one.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        yield await _json(request)
    elif kind == "multipart/form-data":
        data = await _multipart(request, photo_bytes_max)
        try:
            yield _form(data, photo_bytes_max)
        finally:
            await data.close()
    else:
        allowed = "multipart/form-data, application/json"
        raise InvalidInput("Content-Type", kind, allowed, allowed)


async def _json(request: Request) -> Form:
    body = b"".join([chunk async for chunk in _counted(request, FIELDS_BYTES, _too_long())])
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise InvalidInput(
            "body",
            "…",
            "một đối tượng JSON với lon, lat, category, text",
            "a JSON object: lon, lat, category, text",
        )
    if values.pop("photo", None):
        raise InvalidInput("photo", "…", *A_FILE)
    return Form(values=values, content_hash=hashlib.sha256(body).digest())


async def _multipart(request: Request, photo_bytes_max: int) -> FormData:
    limit = photo_bytes_max + FIELDS_BYTES
    stream = _counted(request, limit, _photo_too_large(photo_bytes_max))
    parser = MultiPartParser(
        request.headers, stream, max_files=1, max_fields=FIELDS_MAX, max_part_size=PART_BYTES
    )
    try:
        return await parser.parse()
    except (MultiPartException, UnicodeDecodeError, KeyError):
        raise InvalidInput(
            "body",
            "…",
            f"biểu mẫu multipart/form-data đúng chuẩn: tối đa {FIELDS_MAX} trường, một ảnh, mỗi trường 16 kB",
            f"a well-formed multipart/form-data: at most {FIELDS_MAX} fields, one photo, 16 kB a field",
        ) from None
    except ClientDisconnect:
        raise InvalidInput("body", "…", "gửi trọn biểu mẫu", "send the whole form") from None


def _form(data: FormData, photo_bytes_max: int) -> Form:
    form = Form()
    digest = hashlib.sha256()
    for name, value in data.multi_items():
        if name in form.values or (name == "photo" and form.photo is not None):
            raise InvalidInput(name[:40], "…", "mỗi trường một lần", "each field once")
        if isinstance(value, str):
            form.values[name] = value
            digest.update(f"{len(name)}:{name}={len(value)}:{value};".encode("utf-8", "surrogatepass"))
        elif name != "photo":
            raise InvalidInput(name[:40], "…", "tệp chỉ ở trường photo", "a file only in the field photo")
        elif value.size:
            if value.size > photo_bytes_max:
                raise _photo_too_large(photo_bytes_max)
            form.photo = _file(value)
            digest.update(hashlib.file_digest(cast("Any", form.photo), "sha256").digest())
    if form.values.pop("photo", ""):
        raise InvalidInput("photo", "…", *A_FILE)
    form.content_hash = digest.digest()
    return form


def _file(upload: UploadFile) -> BinaryIO:
    spooled = cast("SpooledTemporaryFile[bytes]", upload.file)
    spooled.rollover()  # a small file is still in memory, where no other process can read it
    spooled.seek(0)
    return cast("BinaryIO", spooled)


async def _counted(request: Request, limit: int, error: TooLarge) -> AsyncGenerator[bytes, None]:
    header = request.headers.get("content-length", "")
    announced = int(header[:15]) if header.isascii() and header.isdigit() else 0
    if announced > limit * DRAINED_TIMES:
        raise error
    too_large = announced > limit
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        too_large = too_large or received > limit
        if too_large and received > limit * DRAINED_TIMES:
            break
        if not too_large:
            yield chunk
    if too_large:
        raise error


def _photo_too_large(limit: int) -> TooLarge:
    megabytes = f"{limit / 1024 / 1024:g}"
    return TooLarge(
        f"Ảnh quá lớn: tối đa {megabytes} MB. Xin chọn ảnh nhỏ hơn hoặc gửi không kèm ảnh.",
        f"The photo is too large: at most {megabytes} MB. Choose a smaller one or send none.",
    )


def _too_long() -> TooLarge:
    return TooLarge("Nội dung quá dài: tối đa 64 kB.", "The body is too long: at most 64 kB.")
