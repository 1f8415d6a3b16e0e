"""How far an import is: its files, the jobs of its steps, what they left."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastapi.responses import JSONResponse

from api.caching import NOT_KEPT
from api.imports import files
from api.imports.files import PROCESS
from api.rights import for_staff
from geo.errors import Conflict, NotFound
from geo.jobs import ACTIVE, Asked, folders, store

if TYPE_CHECKING:
    from pathlib import Path

    from geo.database import Caller, Database
    from geo.jobs import Job
    from geo.settings import Settings


async def output(settings: Settings, db: Database, who: Caller, identifier: str, file: str) -> Path:
    """A file that the reading has left; ``NotFound`` where there is none, or none any more."""
    upload = upload_of(settings, who, identifier)
    job = await store.read(db, who, upload.jobs["read"]) if "read" in upload.jobs else None
    path = None
    if job is not None and job.result and file.partition(".")[0] in job.result:
        path = folders.folder(settings, job.id, job.attempt) / file
    if path is None or not path.is_file():
        raise NotFound("Lần đọc này không có tệp ấy.", "This reading has no such file (or no more).")
    return path


def subject(who: Caller) -> str:
    """The name of a member of staff; ``Forbidden`` for others."""
    for_staff(who)
    assert who.claims is not None  # noqa: S101 - staff have claims
    return who.claims.subject


def upload_of(settings: Settings, who: Caller, identifier: str) -> files.Upload:
    """The caller's import; ``NotFound`` for another's."""
    return files.read(settings, identifier, subject(who))


async def last_job(db: Database, who: Caller, upload: files.Upload) -> Job | None:
    """The job of the last step."""
    identifier = upload.jobs.get(upload.step)
    return await store.read(db, who, identifier) if identifier else None


async def report_of(db: Database, who: Caller, upload: files.Upload) -> dict[str, Any]:
    """What the reading found; ``Conflict`` before its end, and while a step is at work."""
    job = await store.read(db, who, upload.jobs["read"]) if "read" in upload.jobs else None
    report = job.result["report"]["value"] if job is not None and job.result else None
    if report is None or report.get("dataset") is None:
        raise Conflict("Tệp chưa được đọc xong.", "The file has not been read to its end.")
    refuse_busy(await last_job(db, who, upload))
    return dict(report)


def waiting(upload: files.Upload, job: Job | None) -> int | None:
    """The dataset of an earlier reading that never landed."""
    if upload.step != "read" or job is None or not job.result:
        return None
    number = job.result["report"]["value"].get("dataset")
    return int(number) if number is not None else None


def refuse_busy(job: Job | None) -> None:
    """``Conflict`` while a step is at work."""
    if job is not None and job.status in ACTIVE:
        raise Conflict("Đang xử lý bước trước. Xin chờ.", "The step before is still at work. Wait for it.")


async def queue(
    settings: Settings, who: Caller, db: Database, upload: files.Upload, inputs: dict[str, Any]
) -> JSONResponse:
    """Queue the step of ``inputs``; 202 with the state of the import."""
    key, step = settings.secret.get_secret_value().encode(), inputs["step"]
    origin = hmac.new(key, f"subject:{upload.subject}".encode(), hashlib.sha256).digest()
    job_id = await store.create(db, who, Asked(PROCESS, inputs, {}, origin))
    now = files.save(settings, replace(upload, step=step, jobs={**upload.jobs, step: str(job_id)}))
    return JSONResponse(told(now, await store.read(db, who, job_id)), 202, headers=NOT_KEPT)


def told(upload: files.Upload, job: Job | None) -> dict[str, Any]:
    """An import as its door tells it, but for the report."""
    return {
        "id": upload.id,
        "layer": upload.layer,
        "names": list(upload.names),
        "mode": upload.mode,
        "answers": upload.answers,
        "step": upload.step,
        "status": job.status if job else "accepted",
        "progress": job.progress if job else None,
        "message": job.message if job else None,
        "problem": job.problem if job else None,
        "dataset": job.result["dataset"]["value"] if job and job.result and "dataset" in job.result else None,
    }
