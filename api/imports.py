"""``/api/imports``: staff send a file, see how it is read, answer what it leaves open, land it, undo it.

The work is done as jobs, outside the request: the door streams files to disk, queues steps and tells how far
they are. An import belongs to whoever began it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from api import imports_files as files
from api.caching import NOT_KEPT
from api.deps import Chosen, Db, Layers, Who
from api.imports_answers import answers_of
from api.imports_files import GEOPACKAGE, PREVIEW, PROCESS, QUARANTINE
from api.rights import for_staff, read_json
from geo.errors import Conflict, Forbidden, NotFound
from geo.jobs import ACTIVE, Asked, folders, store

if TYPE_CHECKING:
    from pathlib import Path

    from geo.database import Caller, Database
    from geo.jobs import Job
    from geo.settings import Settings

router = APIRouter(tags=["imports"])

# Wards have identities in time and reports a life cycle: each is changed by its own door.
OWN_DOORS = frozenset({"admin_units", "reports"})


@router.post("/api/imports", status_code=201, summary="Gửi một tệp để nạp vào một lớp")
async def create(
    request: Request, who: Who, layers: Layers, chosen: Chosen, *, layer: str = "", name: str = ""
) -> JSONResponse:
    """Begin an import: the body is the file, ``name`` its name. 201 with its id; nothing is read yet."""
    for_staff(who)
    if layers.layer(layer).name in OWN_DOORS:
        raise Forbidden(
            "Lớp này được sửa qua nghiệp vụ riêng.", "This layer is changed through its own procedure."
        )
    upload = files.create(chosen, _subject(who), layer)
    try:
        upload = await files.receive(chosen, upload, name, request)
    except BaseException:
        files.forget(chosen, upload)
        raise
    where = f"/api/imports/{upload.id}"
    return JSONResponse(_told(upload, None), 201, headers={**NOT_KEPT, "Location": where})


@router.put("/api/imports/{identifier}/parts", summary="Thêm tệp đi kèm (.dbf, .shx, .prj …)")
async def part(
    request: Request, who: Who, chosen: Chosen, identifier: str, *, name: str = ""
) -> JSONResponse:
    """Add a file that belongs to the first one."""
    upload = await files.receive(chosen, _upload(chosen, who, identifier), name, request)
    return JSONResponse(_told(upload, None), headers=NOT_KEPT)


@router.post("/api/imports/{identifier}/read", status_code=202, summary="Đọc tệp với các câu trả lời")
async def read(request: Request, who: Who, db: Db, chosen: Chosen, identifier: str) -> JSONResponse:
    """Queue the reading: ``mode`` and ``answers`` (crs, encoding, columns …), as the report asks for them."""
    upload = _upload(chosen, who, identifier)
    mode, answers = answers_of(await read_json(request))
    former = await _last(db, who, upload)
    _refuse_busy(former)
    path = files.folder(chosen, upload.id) / "files" / upload.main
    inputs = {
        "step": "read",
        "path": str(path),
        "layer": upload.layer,
        "mode": mode,
        "answers": answers,
        "former": _waiting(upload, former),
    }
    upload = replace(upload, mode=mode, answers=answers)
    return await _queue(chosen, who, db, upload, inputs)


@router.post("/api/imports/{identifier}/land", status_code=202, summary="Nạp đúng những gì đã xem")
async def land(who: Who, db: Db, chosen: Chosen, identifier: str) -> JSONResponse:
    """Queue the landing of what was shown; where the layer has changed, a conflict is the job's problem."""
    upload = _upload(chosen, who, identifier)
    report = await _report(db, who, upload)
    _refuse_busy(await _last(db, who, upload))
    if not report["can_land"] or upload.step not in ("read", "land"):
        raise Conflict("Chưa nạp được: xem báo cáo.", "It cannot land yet: see the report.")
    inputs = {"step": "land", "dataset": report["dataset"], "expected": report["difference"]}
    return await _queue(chosen, who, db, upload, inputs)


@router.post("/api/imports/{identifier}/undo", status_code=202, summary="Hoàn tác lần nạp này")
async def undo(who: Who, db: Db, chosen: Chosen, identifier: str) -> JSONResponse:
    """Queue the undoing of what landed."""
    upload = _upload(chosen, who, identifier)
    report = await _report(db, who, upload)
    _refuse_busy(await _last(db, who, upload))
    return await _queue(chosen, who, db, upload, {"step": "undo", "dataset": report["dataset"]})


@router.get("/api/imports/{identifier}", summary="Một lần nạp: tới đâu, báo cáo")
async def state(who: Who, db: Db, chosen: Chosen, identifier: str) -> JSONResponse:
    """The last step, how far it is, its problem, and the report of the reading."""
    upload = _upload(chosen, who, identifier)
    job = await _last(db, who, upload)
    body = _told(upload, job)
    if "read" in upload.jobs:
        first = job if upload.step == "read" else await store.read(db, who, upload.jobs["read"])
        body["report"] = first.result["report"]["value"] if first and first.result else None
    return JSONResponse(body, headers=NOT_KEPT)


@router.get("/api/imports/{identifier}/preview", summary="Kết quả trên bản đồ, trước khi nạp")
async def preview(who: Who, db: Db, chosen: Chosen, identifier: str) -> FileResponse:
    """GeoJSON: what would be new, changed, gone (``what``), simplified, and the problem places."""
    path = await _output(chosen, db, who, identifier, PREVIEW)
    return FileResponse(path, media_type="application/geo+json", headers=NOT_KEPT)


@router.get("/api/imports/{identifier}/quarantine", summary="Các dòng bị cách ly, để sửa trong QGIS")
async def quarantine(who: Who, db: Db, chosen: Chosen, identifier: str) -> FileResponse:
    """GeoPackage of the rows that could not be taken, each with its reason; to be mended and sent again."""
    path = await _output(chosen, db, who, identifier, QUARANTINE)
    return FileResponse(path, media_type=GEOPACKAGE, headers=NOT_KEPT, filename="cach_ly.gpkg")


@router.get("/api/datasets", summary="Các bộ dữ liệu đã nạp")
async def datasets(
    who: Who, db: Db, layer: str | None = Query(None, description="Tên lớp / layer")
) -> JSONResponse:
    """Datasets that landed or were undone, newest first; for staff."""
    for_staff(who)
    async with db.read(who) as connection:
        rows = await (
            await connection.execute(
                "SELECT id, layer, state, mode, source_name, sha256, crs, operation, encoding, counts, "
                "actor, coalesce(stamp, created_at), rolled_back_at, rolled_back_by FROM ops.dataset "
                "WHERE state IN ('landed', 'rolled_back') AND (%s::text IS NULL OR layer = %s) "
                "ORDER BY id DESC LIMIT 100",
                [layer, layer],
            )
        ).fetchall()
    names = ("id", "layer", "state", "mode", "source_name", "sha256", "crs", "operation", "encoding",
             "counts", "actor", "at", "rolled_back_at", "rolled_back_by")  # fmt: skip
    listed = [
        {name: v.isoformat() if hasattr(v, "isoformat") else v for name, v in zip(names, row, strict=True)}
        for row in rows
    ]
    return JSONResponse({"datasets": listed}, headers=NOT_KEPT)


@router.delete("/api/imports/{identifier}", status_code=204, summary="Bỏ lần nạp này")
async def forget(who: Who, chosen: Chosen, identifier: str) -> Response:
    """Forget the files; what has landed stays."""
    files.forget(chosen, _upload(chosen, who, identifier))
    return Response(status_code=204, headers=NOT_KEPT)


async def _output(settings: Settings, db: Database, who: Caller, identifier: str, file: str) -> Path:
    """A file that the reading has left; ``NotFound`` where there is none, or none any more."""
    upload = _upload(settings, who, identifier)
    job = await store.read(db, who, upload.jobs["read"]) if "read" in upload.jobs else None
    path = None
    if job is not None and job.result and file.partition(".")[0] in job.result:
        path = folders.folder(settings, job.id, job.attempt) / file
    if path is None or not path.is_file():
        raise NotFound("Lần đọc này không có tệp ấy.", "This reading has no such file (or no more).")
    return path


def _subject(who: Caller) -> str:
    for_staff(who)
    assert who.claims is not None  # noqa: S101 - staff have claims
    return who.claims.subject


def _upload(settings: Settings, who: Caller, identifier: str) -> files.Upload:
    return files.read(settings, identifier, _subject(who))


async def _last(db: Database, who: Caller, upload: files.Upload) -> Job | None:
    identifier = upload.jobs.get(upload.step)
    return await store.read(db, who, identifier) if identifier else None


async def _report(db: Database, who: Caller, upload: files.Upload) -> dict[str, Any]:
    job = await store.read(db, who, upload.jobs["read"]) if "read" in upload.jobs else None
    report = job.result["report"]["value"] if job is not None and job.result else None
    if report is None or report.get("dataset") is None:
        raise Conflict("Tệp chưa được đọc xong.", "The file has not been read to its end.")
    return dict(report)


def _waiting(upload: files.Upload, job: Job | None) -> int | None:
    """The dataset of an earlier reading that never landed."""
    if upload.step != "read" or job is None or not job.result:
        return None
    number = job.result["report"]["value"].get("dataset")
    return int(number) if number is not None else None


def _refuse_busy(job: Job | None) -> None:
    if job is not None and job.status in ACTIVE:
        raise Conflict("Đang xử lý bước trước. Xin chờ.", "The step before is still at work. Wait for it.")


async def _queue(
    settings: Settings, who: Caller, db: Database, upload: files.Upload, inputs: dict[str, Any]
) -> JSONResponse:
    key, step = settings.secret.get_secret_value().encode(), inputs["step"]
    origin = hmac.new(key, f"subject:{upload.subject}".encode(), hashlib.sha256).digest()
    job_id = await store.create(db, who, Asked(PROCESS, inputs, {}, origin))
    now = files.save(settings, replace(upload, step=step, jobs={**upload.jobs, step: str(job_id)}))
    return JSONResponse(_told(now, await store.read(db, who, job_id)), 202, headers=NOT_KEPT)


def _told(upload: files.Upload, job: Job | None) -> dict[str, Any]:
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
