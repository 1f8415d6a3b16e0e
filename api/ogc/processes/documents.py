"""Processes and jobs as JSON documents (18-062r2; schemas processSummary, process, statusInfo). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.ogc.config import OGC_URL
from api.ogc.links import representations, titled
from geo.jobs import ACTIVE

if TYPE_CHECKING:
    from datetime import datetime

    from api.ogc.links import Link
    from api.ogc.negotiation import Language
    from api.ogc.processes.process import Description
    from geo.jobs import Job

Document = dict[str, Any]

REL = "http://www.opengis.net/def/rel/ogc/1.0/"
EXCEPTION = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"
SPEC = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/"
CONFORMANCE = tuple(
    f"{SPEC}{name}"
    for name in ("core", "ogc-process-description", "json", "html", "oas30", "job-list", "dismiss")
)
WORDS: dict[str, dict[Language, str]] = {
    "processes": {"vi": "Các xử lý", "en": "Processes"},
    "process": {"vi": "Mô tả xử lý", "en": "Description of the process"},
    "execute": {"vi": "Thực hiện", "en": "Execute"},
    "jobs": {"vi": "Các việc của tôi", "en": "My jobs"},
    "job": {"vi": "Tình trạng của việc", "en": "Status of the job"},
    "results": {"vi": "Kết quả", "en": "Results"},
    "next": {"vi": "Trang sau", "en": "Next page"},
}


def link(rel: str, href: str, word: str, language: Language, kind: str = "application/json") -> Link:
    """A link with its title in the language."""
    return titled(rel, href, WORDS[word][language], kind)


def landing_links(language: Language) -> list[Link]:
    """What the landing page says of processes."""
    return [
        link(f"{REL}processes", f"{OGC_URL}/processes", "processes", language),
        link(f"{REL}job-list", f"{OGC_URL}/jobs", "jobs", language),
    ]


def summary(process: Description, language: Language) -> Document:
    """A process in the list."""
    return {
        "id": process.id,
        "version": process.version,
        "title": getattr(process.title, language),
        "description": getattr(process.description, language),
        "jobControlOptions": [*process.modes, "dismiss"],
        "outputTransmission": ["value", "reference"],
        "links": [link("self", f"{OGC_URL}/processes/{process.id}", "process", language)],
    }


def process_list(
    processes: list[Description], language: Language, *, html: bool, following: str | None
) -> Document:
    """/processes; ``following``: the address of the next page."""
    links = representations(f"{OGC_URL}/processes", language, html=html)
    if following is not None:
        links.append(link("next", following, "next", language))
    return {"processes": [summary(process, language) for process in processes], "links": links}


def description(process: Description, language: Language, *, html: bool) -> Document:
    """/processes/{id}."""
    here = f"{OGC_URL}/processes/{process.id}"
    return {
        **summary(process, language),
        "inputs": {
            name: {
                "title": getattr(one.title, language),
                "description": getattr(one.description, language),
                "minOccurs": int(one.required),
                "maxOccurs": 1,
                "schema": one.schema,
            }
            for name, one in process.inputs.items()
        },
        "outputs": {
            name: {"title": getattr(one.title, language), "schema": one.schema}
            for name, one in process.outputs.items()
        },
        "links": [
            *representations(here, language, html=html),
            link(f"{REL}execute", f"{here}/execution", "execute", language),
            link(f"{REL}processes", f"{OGC_URL}/processes", "processes", language),
            link(f"{REL}job-list", f"{OGC_URL}/jobs?processID={process.id}", "jobs", language),
        ],
    }


def status(job: Job, language: Language, *, html: bool = False) -> Document:
    """/jobs/{id}: the schema statusInfo, with the day until which it is kept."""
    here = f"{OGC_URL}/jobs/{job.id}"
    links = representations(here, language, html=html)
    if job.status == "successful":
        links.append(link(f"{REL}results", f"{here}/results", "results", language))
    elif job.status in ACTIVE:
        links.append(link("monitor", here, "job", language))
    found: Document = {
        "jobID": str(job.id),
        "processID": job.process,
        "type": "process",
        "status": job.status,
        "message": job.message[language] if job.message else None,
        "progress": job.progress,
        "created": _moment(job.created_at),
        "started": _moment(job.started_at),
        "finished": _moment(job.finished_at),
        "updated": _moment(job.updated_at),
        "expires": _moment(job.expires_at),
        "links": links,
    }
    return {name: value for name, value in found.items() if value is not None}


def job_list(
    jobs: list[Job], language: Language, here: str, following: str | None, *, html: bool
) -> Document:
    """/jobs: those of the caller."""
    links = representations(here, language, html=html)
    if following is not None:
        links.append(link("next", following, "next", language))
    return {"jobs": [status(job, language) for job in jobs], "links": links}


def _moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds") if at is not None else None
