"""What came out of a job, as the caller wanted it: raw, or as a document."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import anyio
from fastapi import Response
from fastapi.responses import FileResponse

from api import deps
from api.caching import OPEN, freshness
from api.errors import STATUS, problem
from api.ogc.config import OGC_URL, PLACEHOLDER
from api.ogc.processes.documents import EXCEPTION
from geo.errors import NotFound
from geo.jobs import ACTIVE, folders

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import Request

    from geo import errors
    from geo.database import Caller
    from geo.jobs import Job

KINDS = {kind.__name__: status for kind, status in STATUS.items()}


async def results(request: Request, caller: Caller, job: Job) -> Response:
    """The results; a problem where there are none: not ready, dismissed, failed (and why)."""
    if job.status != "successful":
        return _without(job)
    wanted, outputs = job.wanted["outputs"], job.result or {}
    if job.wanted["form"] == "document":
        return _document(request, caller, job)
    if len(wanted) == 1:
        ((name, mode),) = wanted.items()
        if mode == "reference":
            headers = {"Link": f'<{_address(request, job, name)}>; rel="{name}"'}
            return Response(status_code=204, headers={**headers, **OPEN, **freshness(caller)})
        return await one(request, caller, job, name)
    return _multipart(request, caller, job, {name: outputs[name] for name in wanted})


async def one(request: Request, caller: Caller, job: Job, name: str) -> Response:
    """One output as it is: a file, or a JSON value."""
    output = (job.result or {}).get(name)
    if job.status != "successful" or output is None:
        raise NotFound("Không có kết quả này.", "There is no such result.")
    headers = {**OPEN, **freshness(caller)}
    if "file" not in output:
        return Response(_json(output.get("value")), media_type=output["media_type"], headers=headers)
    path = _path(request, job, output)
    if not await anyio.Path(path).exists():
        raise NotFound("Tệp kết quả không còn.", "The file of the result is gone.")
    return FileResponse(path, media_type=output["media_type"], filename=output["file"], headers=headers)


def _without(job: Job) -> Response:
    if job.status in ACTIVE:
        words = "Việc chưa xong, xin hỏi lại sau.", "The job is not finished. Ask again later."
        return problem(404, *words, type=f"{EXCEPTION}result-not-ready")
    if job.status == "dismissed":
        words = "Việc đã bị huỷ, không có kết quả.", "The job was dismissed: it has no result."
        return problem(410, *words, type=f"{EXCEPTION}no-such-job")
    why = job.problem or {}
    status = KINDS.get(why.get("kind", ""), 500)
    more = {key: why[key] for key in ("parameter", "value", "allowed", "allowed_en") if key in why}
    return problem(status, why.get("vi", ""), why.get("en", ""), **more)


def _document(request: Request, caller: Caller, job: Job) -> Response:
    """Values in place, files as links (a layer of millions has no place in a JSON document)."""
    chosen = job.wanted["outputs"] or dict.fromkeys(job.result or {}, "value")
    found: dict[str, Any] = {}
    for name, mode in chosen.items():
        output = (job.result or {})[name]
        if mode == "reference" or "file" in output:
            found[name] = {"href": _address(request, job, name), "type": output["media_type"]}
        else:
            found[name] = output.get("value")
    return Response(_json(found), media_type="application/json", headers={**OPEN, **freshness(caller)})


def _multipart(request: Request, caller: Caller, job: Job, outputs: dict[str, dict[str, Any]]) -> Response:
    """RFC 2387; what is wanted by reference, and every file, is an empty part that says where it is."""
    mark = uuid.uuid4().hex
    parts: list[bytes] = []
    for name, output in outputs.items():
        head = f"--{mark}\r\nContent-Type: {output['media_type']}\r\nContent-ID: <{name}>\r\n"
        if job.wanted["outputs"][name] == "reference" or "file" in output:
            parts.append(f"{head}Content-Location: {_address(request, job, name)}\r\n\r\n\r\n".encode())
        else:
            parts.append(f"{head}\r\n".encode() + _json(output.get("value")) + b"\r\n")
    body = b"".join(parts) + f"--{mark}--\r\n".encode()
    headers = {**OPEN, **freshness(caller)}
    return Response(body, media_type=f'multipart/related; boundary="{mark}"', headers=headers)


def _address(request: Request, job: Job, name: str) -> str:
    here = f"{OGC_URL}/jobs/{job.id}/results/{name}"
    return here.replace(PLACEHOLDER, deps.base_url(request))


def _path(request: Request, job: Job, output: dict[str, Any]) -> Path:
    return folders.folder(deps.settings(request), job.id, job.attempt) / str(output["file"])


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def told(error: errors.DiabanError, kind: str) -> dict[str, str]:
    """The ``type`` of an exception that the standard names, for something that is not there."""
    return {"type": f"{EXCEPTION}{kind}"} if isinstance(error, NotFound) else {}
