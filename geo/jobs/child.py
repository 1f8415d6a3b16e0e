"""The process of one job: it reads its order from standard input, beats while it works, writes one result."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import threading
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from geo import errors
from geo.database import Caller, Claims, Database
from geo.jobs import folders, queue
from geo.jobs.types import Task
from geo.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from geo.jobs.types import Output, Process
    from layers.description import Text

MEMORY_BYTES = 4 * 1024**3
CPU_S = 3_600
RESULT_KEPT_FOR = "24 hours"
# Without a heartbeat for so long another attempt may have begun: this one ends itself.
SILENT_S = 12.0
ORPHANED, NOT_OURS, SILENT = 3, 4, 5


@dataclass(slots=True)
class _Said:
    progress: int | None = None
    message: dict[str, str] | None = None

    def tell(self, progress: int | None, text: Text) -> None:
        self.progress, self.message = progress, {"vi": text.vi, "en": text.en}


@dataclass(frozen=True, slots=True)
class _Order:
    settings: Settings
    id: UUID
    attempt: int
    beat_s: float

    @property
    def key(self) -> dict[str, Any]:
        return {"id": self.id, "attempt": self.attempt}

    @property
    def folder(self) -> Path:
        return folders.folder(self.settings, self.id, self.attempt)


def work(processes: Mapping[str, Process]) -> int:
    """Do the job that standard input names; the exit code. A defect is recorded and raised."""
    said, order = json.loads(sys.stdin.read()), _Said()
    _limit(said["nice"])
    told = _Order(
        Settings.model_validate(said["settings"]), UUID(said["id"]), said["attempt"], said["beat_s"]
    )
    with _connected(told.settings) as connection:
        row = connection.execute(queue.LOAD, told.key).fetchone()
        if row is None:
            return NOT_OURS
        threading.Thread(target=_beat, args=(told, order, os.getppid()), daemon=True).start()
        name, inputs, claims = row
        try:
            outputs = asyncio.run(_run(processes[name], told, inputs, claims, order))
        except errors.DiabanError as error:
            _finish(connection, told, "failed", problem=_problem(error))
            return 0
        except BaseException:
            # A defect of ours: who asked learns that much, the log has the rest.
            _finish(connection, told, "failed", problem=_defect())
            raise
        _finish(connection, told, "successful", outputs)
    return 0


async def _run(
    process: Process, order: _Order, inputs: dict[str, Any], claims: dict[str, Any] | None, said: _Said
) -> dict[str, Output]:
    caller = Caller.anonymous()
    if claims is not None:
        caller = Caller(Claims(claims["sub"], claims["clearance"], tuple(claims["units"])))
    order.folder.mkdir(parents=True, exist_ok=True)
    database = Database(order.settings.model_copy(update={"pool_max": 2}))
    await database.open()
    try:
        return await process.run(Task(inputs, caller, database, order.settings, order.folder, said.tell))
    finally:
        await database.close()


def _finish(
    connection: psycopg.Connection[tuple[Any, ...]],
    order: _Order,
    status: str,
    outputs: Mapping[str, Output] | None = None,
    problem: dict[str, Any] | None = None,
) -> None:
    result = {name: _stored(order, output) for name, output in outputs.items()} if outputs else None
    values = {
        **order.key,
        "status": status,
        "result": Jsonb(result) if result is not None else None,
        "problem": Jsonb(problem) if problem else None,
        "message": Jsonb(problem["text"]) if problem else None,
        "kept_for": RESULT_KEPT_FOR,
    }
    if connection.execute(queue.FINISH, values).rowcount != 1 or status != "successful":
        folders.forget(order.settings, order.id, order.attempt)


def _stored(order: _Order, output: Output) -> dict[str, Any]:
    stored = {key: value for key, value in asdict(output).items() if value is not None}
    if output.file is not None:
        stored["bytes"] = (order.folder / output.file).stat().st_size
    return stored


def _problem(error: errors.DiabanError) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": type(error).__name__, "vi": error.vi, "en": error.en}
    if isinstance(error, errors.InvalidInput):
        found |= {
            "parameter": error.parameter,
            "value": error.value,
            "allowed": error.allowed_vi,
            "allowed_en": error.allowed_en,
        }
    return {**found, "text": {"vi": error.vi, "en": error.en}}


def _defect() -> dict[str, Any]:
    vi, en = "Máy chủ gặp lỗi. Lỗi đã được ghi lại.", "The server failed. The failure was recorded."
    return {"kind": "Defect", "vi": vi, "en": en, "text": {"vi": vi, "en": en}}


def _beat(order: _Order, said: _Said, parent: int) -> None:
    """Say that we live, and end at once where the worker has died or the job is not ours any more."""
    last = time.monotonic()
    while True:
        time.sleep(order.beat_s)
        if os.getppid() != parent:
            os._exit(ORPHANED)
        try:
            with _connected(order.settings) as connection:
                while True:
                    message = Jsonb(said.message) if said.message else None
                    values = {**order.key, "progress": said.progress, "message": message}
                    if connection.execute(queue.BEAT, values).rowcount != 1:
                        os._exit(NOT_OURS)
                    last = time.monotonic()
                    time.sleep(order.beat_s)
                    if os.getppid() != parent:
                        os._exit(ORPHANED)
        except psycopg.Error:
            if time.monotonic() - last > SILENT_S:
                os._exit(SILENT)


def _connected(settings: Settings) -> closing[psycopg.Connection[tuple[Any, ...]]]:
    return closing(
        psycopg.connect(settings.role_dsn("diaban_pump"), autocommit=True, application_name="diaban-job")
    )


def _limit(nice: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    os.nice(nice)
