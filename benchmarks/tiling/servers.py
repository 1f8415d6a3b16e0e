"""The servers of the bench of tiles: ours and its peers, each with one worker on the same database."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

from benchmarks import own

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from geo.settings import Settings

ROOT = Path(__file__).parents[2]
PORTS = {"Diaban": 8781, "Martin": 8782, "tipg": 8783}
PATHS = {
    "Diaban": "/tiles/{layer}/{z}/{x}/{y}.mvt",
    "Martin": "/{layer}/{z}/{x}/{y}",
    "tipg": "/collections/peer.{layer}/tiles/WebMercatorQuad/{z}/{x}/{y}",
}
READY = {"Diaban": "/readyz", "Martin": "/health", "tipg": "/healthz"}


def servers(
    settings: Settings, options: argparse.Namespace, folder: Path
) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """Name, command and environment of each that is there."""
    yield "Diaban", own.server(PORTS["Diaban"]), own.environment(settings)
    plain = make_url(settings.admin_dsn).set(drivername="postgresql").render_as_string(hide_password=False)
    if options.martin:
        config = folder / "martin.yaml"
        config.write_text(
            f"listen_addresses: '127.0.0.1:{PORTS['Martin']}'\nworker_processes: 1\n"
            f"cache:\n  size_mb: 1024\n"
            f"postgres:\n  connection_string: '{plain}'\n  auto_publish:\n    from_schemas: peer\n",
            encoding="utf-8",
        )
        yield "Martin", [str(options.martin), "--config", str(config)], {"RUST_LOG": "error"}
    if options.peers:
        uvicorn = [str(options.peers / "bin/python"), "-m", "uvicorn", "--log-level", "error"]
        tipg = {"DATABASE_URL": plain, "TIPG_DB_SCHEMAS": '["peer"]', "TIPG_MAX_FEATURES_PER_TILE": "1000000"}
        yield "tipg", [*uvicorn, "tipg.main:app", "--port", str(PORTS["tipg"])], tipg


@contextmanager
def serving(name: str, command: list[str], environment: dict[str, str]) -> Iterator[None]:
    """Run a server until the block ends."""
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while asyncio.run(status(name, READY[name])) != 200:
            if time.monotonic() > until or process.poll() is not None:
                raise TimeoutError(f"{name} did not start")
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(20)


async def status(name: str, path: str) -> int:
    """Of one answer; 0 where nobody listens."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORTS[name])
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readline()
        writer.close()
        return int(line.split()[1])
    except (OSError, IndexError):
        return 0


async def text_of(name: str, path: str) -> str:
    """The body of one answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", PORTS[name])
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    body = (await reader.read()).decode()
    writer.close()
    return body


async def answer(reader: asyncio.StreamReader, path: str) -> int:
    """Bytes of the body of one answer, which must be a tile or none."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
    code = int(head[0].split()[1])
    if code not in (200, 204):
        raise ValueError(f"{path}: {head[0]}")
    fields = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
    if "chunked" in fields.get("transfer-encoding", ""):
        size = 0
        while length := int((await reader.readline()).strip() or b"0", 16):
            await reader.readexactly(length + 2)
            size += length
        await reader.readline()
        return size
    size = int(fields.get("content-length", "0"))
    await reader.readexactly(size)
    return size
