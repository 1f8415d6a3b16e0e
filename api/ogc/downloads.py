"""Items as files: CSV, GeoJSON text sequences, FlatGeobuf, GeoPackage, GeoParquet; no layer in memory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from api.caching import OPEN, freshness
from api.leaving import Stream
from api.ogc.files import TYPES, WRITERS, csv_head, csv_lines
from api.ogc.negotiation import FORMATS
from geo.errors import InvalidInput, TooLarge
from geo.features import FeatureQuery, columns_for, read_batch, read_page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from fastapi import Request, Response

    from api.ogc.pages import Ask
    from geo.features import Batch, Column
    from layers.description import Layer

BY_TYPE = {media_type.partition(";")[0]: name for name, media_type in TYPES.items()}
NAMES = {"geojsonseq": "geojsons"}
PAGE = 2_000
CHUNK = 256 * 1024
MAX_FILE_BYTES = 2 * 1024**3
# Writing files takes a thread and a disk each.
AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What goes into a file; ``limit`` None means all that match."""

    ask: Ask
    layer: Layer
    query: FeatureQuery
    limit: int | None

    @property
    def columns(self) -> list[Column]:
        """The properties, in the order of the query."""
        known = columns_for(self.layer, self.ask.caller)
        names = self.query.properties if self.query.properties is not None else tuple(known)
        return [known[name] for name in names]


def chosen_download(asked: str | None, accept: str) -> str | None:
    """The file format that ``f`` or the first of ``Accept`` names, None for one of the page formats.

    ``InvalidInput`` for another ``f``.
    """
    if asked is not None:
        if asked not in (*FORMATS, *TYPES):
            allowed = ", ".join((*FORMATS, *TYPES))
            raise InvalidInput("f", asked, allowed, allowed)
        return asked if asked in TYPES else None
    return BY_TYPE.get(accept.split(",", maxsplit=1)[0].split(";", maxsplit=1)[0].strip().lower())


async def download(request: Request, wanted: Wanted, fmt: str) -> Response:
    """The whole answer as one file. ``TooLarge`` beyond 2 GiB of a format that needs a file on disk."""
    if fmt == "csv":
        body = _csv(wanted)
    elif fmt == "geojsonseq":
        body = _sequence(wanted)
    else:
        body = _file(request, wanted, fmt)
    # What is wrong shows at the first batch, before anything was answered.
    first = await anext(body, b"")
    headers = {
        "Content-Disposition": f'attachment; filename="{wanted.layer.name}.{NAMES.get(fmt, fmt)}"',
        "Content-Crs": f"<{wanted.query.crs.uri}>",
        "Vary": "Accept, Accept-Language, Authorization",
        **OPEN,
        **freshness(wanted.ask.caller),
    }
    return Stream(_chained(first, body), headers=headers, media_type=TYPES[fmt])


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


async def _csv(wanted: Wanted) -> AsyncIterator[bytes]:
    head = csv_head(wanted.layer, wanted.columns)
    async for batch in _batches(wanted):
        yield head + csv_lines(wanted.layer, wanted.query.crs, batch.rows)
        head = b""
    if head:
        yield head


async def _sequence(wanted: Wanted) -> AsyncIterator[bytes]:
    """RFC 8142: a record separator before each feature and a line feed behind it."""
    ask, query, left = wanted.ask, wanted.query, wanted.limit
    while left is None or left > 0:
        part = replace(query, limit=PAGE if left is None else min(left, PAGE))
        async with ask.door.admission.turn(query):
            page = await read_page(ask.door.database, ask.caller, wanted.layer, part, count=False)
        yield b"".join(b"\x1e%b\n" % feature for feature in page.features)
        if page.end is None:
            return
        query = replace(query, cursor=page.end, offset=0)
        left = None if left is None else left - len(page.features)


async def _batches(wanted: Wanted) -> AsyncIterator[Batch]:
    query: FeatureQuery | None = wanted.query
    left = wanted.limit
    while query is not None and (left is None or left > 0):
        batch = await _next(wanted, query, left)
        yield batch
        query = batch.rest
        left = None if left is None else left - len(batch.rows)


async def _next(wanted: Wanted, query: FeatureQuery, left: int | None) -> Batch:
    most = PAGE if left is None else min(left, PAGE)
    async with wanted.ask.door.admission.turn(query):
        return await read_batch(wanted.ask.door.database, wanted.ask.caller, wanted.layer, query, most)


async def _file(request: Request, wanted: Wanted, fmt: str) -> AsyncIterator[bytes]:
    state = request.app.state
    if not hasattr(state, "ogc_files"):
        state.ogc_files = asyncio.Semaphore(AT_ONCE)
    async with anyio.TemporaryDirectory(prefix="diaban-") as folder:
        path = anyio.Path(folder) / f"{wanted.layer.name}.{fmt}"
        async with state.ogc_files:
            work = partial(WRITERS[fmt], str(path), wanted.layer, wanted.columns, wanted.query.crs)
            await anyio.to_thread.run_sync(lambda: work(_rows(wanted, str(path))))
        async with await anyio.open_file(path, "rb") as file:
            while chunk := await file.read(CHUNK):
                yield chunk


def _rows(wanted: Wanted, path: str) -> Iterator[list[tuple[Any, ...]]]:
    """Batches for a writer in a worker thread; read on the event loop."""
    query: FeatureQuery | None = wanted.query
    left = wanted.limit
    while query is not None and (left is None or left > 0):
        if Path(path).exists() and Path(path).stat().st_size > MAX_FILE_BYTES:
            raise TooLarge(
                "Tệp vượt quá 2 GiB. Xin thu hẹp bộ lọc.", "The file exceeds 2 GiB. Narrow the filter."
            )
        batch = anyio.from_thread.run(_next, wanted, query, left)
        yield batch.rows
        query = batch.rest
        left = None if left is None else left - len(batch.rows)
