"""Value types of jobs. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from geo.database import Caller, Database
    from geo.settings import Settings
    from layers.description import Text

# The words of OGC API Processes (18-062r2, table 11).
Status = Literal["accepted", "running", "successful", "failed", "dismissed"]
ACTIVE: tuple[Status, ...] = ("accepted", "running")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller wants done. ``wanted``: outputs, their form and the language, as the door reads them.

    ``origin``: whom it counts for in the limits. ``kept`` False: the caller waits for the answer.
    """

    process: str
    inputs: dict[str, Any]
    wanted: dict[str, Any]
    origin: bytes
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Job:
    """One job as its caller may see it; ``result`` holds outputs by name (:class:`Output` as a dict)."""

    id: UUID
    process: str
    status: Status
    wanted: dict[str, Any]
    progress: int | None
    message: dict[str, str] | None
    problem: dict[str, Any] | None
    result: dict[str, dict[str, Any]] | None
    attempt: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Output:
    """One output: a JSON ``value``, or the name of a ``file`` in the task's folder."""

    media_type: str
    value: Any = None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What a process gets: its inputs, the caller's own eyes on the database, a folder, a way to tell.

    ``tell(progress, text)``: percent, None where it is not known.
    """

    inputs: Mapping[str, Any]
    caller: Caller
    database: Database
    settings: Settings
    folder: Path
    tell: Callable[[int | None, Text], None]


class Process(Protocol):
    """What can be done as a job."""

    async def run(self, task: Task) -> dict[str, Output]:
        """Do it; the outputs by name. Raises :mod:`geo.errors`, which become the job's problem."""
        ...
