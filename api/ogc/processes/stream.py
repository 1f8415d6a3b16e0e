"""The text formats of an export, written page after page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from api.ogc.files import csv_head, csv_lines
from geo.errors import TooLarge
from geo.features import columns_for, read_batch, read_page
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from geo.features import FeatureQuery, Page
    from geo.jobs import Task
    from layers.description import Layer

PAGE = 2_000
MAX_FILE_BYTES = 2 * 1024**3


def too_large() -> TooLarge:
    """Beyond the bound of a file."""
    return TooLarge("Tệp vượt quá 2 GiB. Xin thu hẹp bộ lọc.", "The file exceeds 2 GiB. Narrow the filter.")


async def write_csv(task: Task, layer: Layer, query: FeatureQuery, path: Path) -> None:
    """CSV with Excel in mind (UTF-8 BOM), coordinates in two columns or as WKT."""
    known = columns_for(layer, task.caller)
    columns = [known[name] for name in query.properties or ()]

    async def parts() -> AsyncIterator[bytes]:
        yield csv_head(layer, columns)
        rest: FeatureQuery | None = query
        done = 0
        while rest is not None:
            batch = await read_batch(task.database, task.caller, layer, rest)
            yield csv_lines(layer, query.crs, batch.rows)
            done += len(batch.rows)
            _tell(task, done)
            rest = batch.rest

    await _write(path, parts())


async def write_geojson(task: Task, layer: Layer, query: FeatureQuery, path: Path) -> None:
    """One FeatureCollection (RFC 7946)."""

    async def parts() -> AsyncIterator[bytes]:
        yield f'{{"type":"FeatureCollection","name":"{layer.name}","features":['.encode()
        comma = b""
        async for page in _pages(task, layer, query):
            if page.features:
                yield comma + b",\n".join(page.features)
                comma = b",\n"
        yield b"]}\n"

    await _write(path, parts())


async def write_sequence(task: Task, layer: Layer, query: FeatureQuery, path: Path) -> None:
    """RFC 8142: a record separator before each feature and a line feed behind it."""

    async def parts() -> AsyncIterator[bytes]:
        async for page in _pages(task, layer, query):
            yield b"".join(b"\x1e%b\n" % feature for feature in page.features)

    await _write(path, parts())


async def _pages(task: Task, layer: Layer, query: FeatureQuery) -> AsyncIterator[Page]:
    rest, done = replace(query, limit=PAGE), 0
    while True:
        page = await read_page(task.database, task.caller, layer, rest, count=False)
        yield page
        done += len(page.features)
        _tell(task, done)
        if page.end is None:
            return
        rest = replace(rest, cursor=page.end, offset=0)


async def _write(path: Path, parts: AsyncIterator[bytes]) -> None:
    size = 0
    async with await anyio.open_file(path, "wb") as file:
        async for part in parts:
            size += len(part)
            if size > MAX_FILE_BYTES:
                raise too_large()
            await file.write(part)


def _tell(task: Task, done: int) -> None:
    task.tell(None, Text(vi=f"Đã ghi {done} đối tượng", en=f"{done} features written"))
