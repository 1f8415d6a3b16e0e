"""``POST /ogc/processes/{id}/execution``: at once, or as a job."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING

from api import deps
from api.caching import OPEN, freshness
from api.ogc import parameters
from api.ogc.exchange import answer, ask_for
from api.ogc.negotiation import PLAIN
from api.ogc.processes import documents
from api.ogc.processes.offered import PROCESSES
from api.ogc.processes.process import Ground
from api.ogc.processes.request import read_execute
from api.ogc.processes.results import results
from geo import jobs
from geo.errors import NotFound, TooCostly
from geo.reports.limits import prefix

if TYPE_CHECKING:
    from fastapi import Request, Response

    from api.ogc.pages import Ask
    from api.ogc.processes.process import Offered
    from api.ogc.processes.request import Execute
    from geo.database import Caller

# How long a caller may wait on the line; who needs longer asks for a job.
SYNC_S = 30.0


def asked_process(request: Request) -> Offered:
    """The process of the path; ``NotFound`` lists the known ones."""
    found = PROCESSES.get(request.path_params["process"])
    if found is None:
        known = ", ".join(PROCESSES)
        raise NotFound(f"Không có xử lý này. Các xử lý: {known}.", f"No such process. Processes: {known}.")
    return found


async def execute(request: Request) -> Response:
    """200 with the results, or 201 with ``Location`` of the job."""
    process = asked_process(request)
    params = parameters.read(request, ())
    caller = await deps.caller(request)
    ask = await ask_for(request, {**params, "f": "json"}, caller, PLAIN)
    wanted = await read_execute(request, process.description)
    process.check(wanted.inputs, Ground(caller, deps.settings(request).province_code, ask.published.layers))
    if _later(request, process):
        return await _as_job(request, ask, process, wanted)
    return await _at_once(request, ask, process, wanted)


async def _as_job(request: Request, ask: Ask, process: Offered, wanted: Execute) -> Response:
    caller, database = ask.caller, ask.door.database
    job_id = await jobs.create(database, caller, _asked(request, caller, process, wanted, kept=True))
    job = await jobs.read(database, caller, job_id)
    body = json.dumps(documents.status(job, ask.language), ensure_ascii=False).encode()
    response = answer(ask, body)
    response.status_code = 201
    response.headers["Location"] = f"{deps.base_url(request)}/ogc/jobs/{job_id}"
    if _prefers_later(request):
        response.headers["Preference-Applied"] = "respond-async"
    return response


async def _at_once(request: Request, ask: Ask, process: Offered, wanted: Execute) -> Response:
    """The job goes with the answer: nobody could find it afterwards."""
    caller, database = ask.caller, ask.door.database
    job_id = await jobs.create(database, caller, _asked(request, caller, process, wanted, kept=False))
    try:
        job = await jobs.waited(database, caller, job_id, SYNC_S)
        if job.status in jobs.ACTIVE:
            raise TooCostly(
                f"Cần hơn {SYNC_S:.0f} giây. Xin gửi lại với Prefer: respond-async.",
                f"It takes more than {SYNC_S:.0f} seconds. Send it again with Prefer: respond-async.",
            )
        response = await results(request, caller, job)
    finally:
        await jobs.discard(database, caller, job_id)
    response.headers.update({**OPEN, **freshness(caller)})
    return response


def _asked(request: Request, caller: Caller, process: Offered, wanted: Execute, *, kept: bool) -> jobs.Asked:
    return jobs.Asked(
        process=process.description.id,
        inputs=wanted.inputs,
        wanted={"outputs": wanted.outputs, "form": wanted.form},
        origin=_origin(request, caller),
        kept=kept,
    )


def _origin(request: Request, caller: Caller) -> bytes:
    """Whom the job counts for: the signed-in subject, else the household of the address; never told."""
    settings = deps.settings(request)
    if caller.claims is not None:
        name = f"subject:{caller.claims.subject}"
    else:
        name = f"address:{prefix(deps.client_address(request))}"
    return hmac.new(settings.secret.get_secret_value().encode(), name.encode(), hashlib.sha256).digest()


def _later(request: Request, process: Offered) -> bool:
    modes = process.description.modes
    if "sync-execute" not in modes:
        return True
    return "async-execute" in modes and _prefers_later(request)


def _prefers_later(request: Request) -> bool:
    """RFC 7240; preferences that are not known are ignored, as it asks."""
    given = ",".join(request.headers.getlist("prefer")).lower().split(",")
    return any(one.partition(";")[0].strip() == "respond-async" for one in given)
