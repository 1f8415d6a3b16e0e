"""``/api/imports``: staff send a file, see how it is read, answer what it leaves open, land it, undo it.

The work is done as jobs, outside the request: the door streams files to disk, queues steps and tells how far
they are. An import belongs to whoever began it.
"""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from api.caching import NOT_KEPT
from api.deps import Chosen, Db, Layers, Who
from api.imports import files
from api.imports.answers import answers_of
from api.imports.files import GEOPACKAGE, PREVIEW, QUARANTINE
from api.imports.state import (
    last_job,
    output,
    queue,
    refuse_busy,
    report_of,
    subject,
    told,
    upload_of,
    waiting,
)
from api.rights import for_staff, read_json
from geo.errors import Conflict, Forbidden
from geo.jobs import store

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
    upload = files.create(chosen, subject(who), layer)
    try:
        upload = await files.receive(chosen, upload, name, request)
    except BaseException:
        files.forget(chosen, upload)
        raise
    where = f"/api/imports/{upload.id}"
    return JSONResponse(told(upload, None), 201, headers={**NOT_KEPT, "Location": where})


@router.put("/api/imports/{identifier}/parts", summary="Thêm tệp đi kèm (.dbf, .shx, .prj …)")
async def part(
    request: Request, who: Who, chosen: Chosen, identifier: str, *, name: str = ""
) -> JSONResponse:
    """Add a file that belongs to the first one."""
    upload = await files.receive(chosen, upload_of(chosen, who, identifier), name, request)
    return JSONResponse(told(upload, None), headers=NOT_KEPT)


@router.post("/api/imports/{identifier}/read", status_code=202, summary="Đọc tệp với các câu trả lời")
async def read(request: Request, who: Who, db: Db, chosen: Chosen, identifier: str) -> JSONResponse:
    """Queue the reading: ``mode`` and ``answers`` (crs, encoding, columns …), as the report asks for them."""
    upload = upload_of(chosen, who, identifier)
    mode, answers = answers_of(await read_json(request))
    former = await last_job(db, who, upload)
    refuse_busy(former)
    path = files.folder(chosen, upload.id) / "files" / upload.main
    inputs = {
        "step": "read",
        "path": str(path),
        "layer": upload.layer,
        "mode": mode,
        "answers": answers,
        "former": waiting(upload, former),
    }
    upload = replace(upload, mode=mode, answers=answers)
    return await queue(chosen, who, db, upload, inputs)


@router.post("/api/imports/{identifier}/land", status_code=202, summary="Nạp đúng những gì đã xem")
async def land(who: Who, db: Db, chosen: Chosen, identifier: str) -> JSONResponse:
    """Queue the landing of what was shown; where the layer has changed, a conflict is the job's problem."""
    upload = upload_of(chosen, who, identifier)
    report = await report_of(db, who, upload)
    if not report["can_land"] or upload.step not in ("read", "land"):
        raise Conflict("Chưa nạp được: xem báo cáo.", "It cannot land yet: see the report.")
    inputs = {"step": "land", "dataset": report["dataset"], "expected": report["difference"]}
    return await queue(chosen, who, db, upload, inputs)


@router.post("/api/imports/{identifier}/undo", status_code=202, summary="Hoàn tác lần nạp này")
async def undo(who: Who, db: Db, chosen: Chosen, identifier: str) -> JSONResponse:
    """Queue the undoing of what landed."""
    upload = upload_of(chosen, who, identifier)
    report = await report_of(db, who, upload)
    return await queue(chosen, who, db, upload, {"step": "undo", "dataset": report["dataset"]})


@router.get("/api/imports/{identifier}", summary="Một lần nạp: tới đâu, báo cáo")
async def state(who: Who, db: Db, chosen: Chosen, identifier: str) -> JSONResponse:
    """The last step, how far it is, its problem, and the report of the reading."""
    upload = upload_of(chosen, who, identifier)
    job = await last_job(db, who, upload)
    body = told(upload, job)
    if "read" in upload.jobs:
        first = job if upload.step == "read" else await store.read(db, who, upload.jobs["read"])
        body["report"] = first.result["report"]["value"] if first and first.result else None
    return JSONResponse(body, headers=NOT_KEPT)


@router.get("/api/imports/{identifier}/preview", summary="Kết quả trên bản đồ, trước khi nạp")
async def preview(who: Who, db: Db, chosen: Chosen, identifier: str) -> FileResponse:
    """GeoJSON: what would be new, changed, gone (``what``), simplified, and the problem places."""
    path = await output(chosen, db, who, identifier, PREVIEW)
    return FileResponse(path, media_type="application/geo+json", headers=NOT_KEPT)


@router.get("/api/imports/{identifier}/quarantine", summary="Các dòng bị cách ly, để sửa trong QGIS")
async def quarantine(who: Who, db: Db, chosen: Chosen, identifier: str) -> FileResponse:
    """GeoPackage of the rows that could not be taken, each with its reason; to be mended and sent again."""
    path = await output(chosen, db, who, identifier, QUARANTINE)
    return FileResponse(path, media_type=GEOPACKAGE, headers=NOT_KEPT, filename="cach_ly.gpkg")


@router.delete("/api/imports/{identifier}", status_code=204, summary="Bỏ lần nạp này")
async def forget(who: Who, chosen: Chosen, identifier: str) -> Response:
    """Forget the files; what has landed stays."""
    files.forget(chosen, upload_of(chosen, who, identifier))
    return Response(status_code=204, headers=NOT_KEPT)
