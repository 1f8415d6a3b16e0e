"""The routes of processes and jobs below /ogc."""

from __future__ import annotations

import json
from functools import wraps
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from api import deps
from api.errors import MEDIA_TYPE, problem_of
from api.ogc import parameters
from api.ogc.config import OGC_URL
from api.ogc.exchange import answer, ask_for
from api.ogc.negotiation import PLAIN
from api.ogc.pages import html
from api.ogc.processes import documents, results
from api.ogc.processes import filter as jobs_filter
from api.ogc.processes.execution import asked_process, execute
from api.ogc.processes.offered import PROCESSES
from geo import jobs
from geo.errors import DiabanError, NotFound
from geo.types import parse_integer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import Request, Response

    from api.ogc.pages import Ask
    from geo.database import Caller, Database
    from geo.jobs import Job

    Endpoint = Callable[[Request], Awaitable[Response]]

LIMIT, LIMIT_MAX = 10, 1_000
PAGED = ("f", "lang", "limit", "offset")


def as_exception(kind: str | None = None) -> Callable[[Endpoint], Endpoint]:
    """Errors of the endpoint with the standard's exception types.

    Who accepts ``application/json`` and not ``application/problem+json`` gets the same document as the
    former: the standard's own definition of the API knows no other.
    """

    def decorated(endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        async def told(request: Request) -> Response:
            try:
                response = await endpoint(request)
            except DiabanError as error:
                response = problem_of(error, **(results.told(error, kind) if kind else {}))
            accept = request.headers.get("accept", "")
            if (
                response.media_type == MEDIA_TYPE
                and MEDIA_TYPE not in accept
                and "application/json" in accept
            ):
                response.headers["Content-Type"] = "application/json"
            return response

        return told

    return decorated


@as_exception()
async def process_list(request: Request) -> Response:
    """GET /ogc/processes."""
    ask, limit, offset, _ = await _paged(request)
    found = [one.description for one in PROCESSES.values()]
    following = None
    if offset + limit < len(found):
        following = f"{OGC_URL}/processes?{urlencode({'limit': limit, 'offset': offset + limit})}"
    page = found[offset : offset + limit]
    document = documents.process_list(page, ask.language, html=ask.fmt == "html", following=following)
    return await _page(request, ask, document, "processes")


@as_exception("no-such-process")
async def process(request: Request) -> Response:
    """GET /ogc/processes/{process}."""
    found = asked_process(request)
    ask = await _ask(request)
    document = documents.description(found.description, ask.language, html=ask.fmt == "html")
    return await _page(request, ask, document, "process")


@as_exception()
async def job_list(request: Request) -> Response:
    """GET /ogc/jobs: the caller's own; an anonymous caller finds a job by its address alone."""
    ask, limit, offset, params = await _paged(request, jobs_filter.NAMES)
    wanted = jobs_filter.job_filter(params)
    found, more = await jobs.listed(ask.door.database, ask.caller, wanted, limit, offset)
    kept = {name: params[name] for name in jobs_filter.NAMES if name in params}
    here = f"{OGC_URL}/jobs" + (f"?{urlencode(kept)}" if kept else "")
    following = None
    if more:
        following = f"{OGC_URL}/jobs?{urlencode({**kept, 'limit': limit, 'offset': offset + limit})}"
    document = documents.job_list(found, ask.language, here, following, html=ask.fmt == "html")
    return await _page(request, ask, document, "jobs")


@as_exception("no-such-job")
async def job(request: Request) -> Response:
    """GET /ogc/jobs/{job}."""
    ask = await _ask(request)
    found = await asked_job(ask.door.database, ask.caller, request)
    document = documents.status(found, ask.language, html=ask.fmt == "html")
    return _unkept(await _page(request, ask, document, "job"))


@as_exception("no-such-job")
async def job_results(request: Request) -> Response:
    """GET /ogc/jobs/{job}/results."""
    parameters.read(request, ("lang",))
    caller = await deps.caller(request)
    found = await asked_job(deps.db(request), caller, request)
    return _unkept(await results.results(request, caller, found))


@as_exception("no-such-job")
async def job_output(request: Request) -> Response:
    """GET /ogc/jobs/{job}/results/{output}: what a result document points to."""
    parameters.read(request, ("lang",))
    caller = await deps.caller(request)
    found = await asked_job(deps.db(request), caller, request)
    return _unkept(await results.one(request, caller, found, request.path_params["output"]))


@as_exception("no-such-job")
async def dismiss(request: Request) -> Response:
    """DELETE /ogc/jobs/{job}: end it and forget its result."""
    ask = await _ask(request)
    known = await asked_job(ask.door.database, ask.caller, request)
    found = await jobs.dismiss(ask.door.database, ask.caller, str(known.id))
    return _unkept(await _page(request, ask, documents.status(found, ask.language), "job"))


async def asked_job(database: Database, caller: Caller, request: Request) -> Job:
    """The job of the path, ``NotFound`` also for work of other doors: it is not told of here."""
    found = await jobs.read(database, caller, request.path_params["job"])
    if found.process not in PROCESSES:
        raise NotFound(
            "Không có việc này, hoặc kết quả đã hết hạn.", "There is no such job, or its result has expired."
        )
    return found


async def _ask(request: Request) -> Ask:
    params = parameters.read(request, parameters.PAGE)
    return await ask_for(request, params, await deps.caller(request), PLAIN)


async def _paged(request: Request, more: tuple[str, ...] = ()) -> tuple[Ask, int, int, dict[str, str]]:
    params = parameters.read(request, (*PAGED, *more))
    limit = min(parse_integer("limit", params.get("limit", LIMIT), 1, 2**31 - 1), LIMIT_MAX)
    offset = parse_integer("offset", params.get("offset", 0), 0, 10**9)
    return await ask_for(request, params, await deps.caller(request), PLAIN), limit, offset, params


async def _page(request: Request, ask: Ask, document: documents.Document, template: str) -> Response:
    if ask.fmt == "html":
        return answer(ask, await html(ask, f"processes/{template}.html", document))
    return answer(ask, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())


def _unkept(response: Response) -> Response:
    """A job changes by itself, and its address is a secret of whoever started it."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


ROUTES: dict[str, Endpoint] = {
    "/ogc/processes": process_list,
    "/ogc/processes/{process}": process,
    "/ogc/jobs": job_list,
    "/ogc/jobs/{job}": job,
    "/ogc/jobs/{job}/results": job_results,
    "/ogc/jobs/{job}/results/{output}": job_output,
}
ACTIONS: dict[tuple[str, str], Endpoint] = {
    ("POST", "/ogc/processes/{process}/execution"): as_exception("no-such-process")(execute),
    ("DELETE", "/ogc/jobs/{job}"): dismiss,
}
