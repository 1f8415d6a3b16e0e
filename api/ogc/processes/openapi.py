"""Operations of processes and jobs in the OpenAPI document (18-062r2)."""

from __future__ import annotations

from typing import Any, get_args

from api.ogc.processes.offered import PROCESSES
from api.ogc.schemas import PROBLEM_TYPE, PROBLEMS, json_answer, list_of, object_of, ref
from geo.jobs import Status

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
MOMENT: Json = {"type": "string", "format": "date-time"}
LINKS: Json = list_of(ref("schemas", "Link"))
SUMMARY: Json = {
    "id": TEXT,
    "version": TEXT,
    "title": TEXT,
    "description": TEXT,
    "jobControlOptions": list_of({"type": "string", "enum": ["sync-execute", "async-execute", "dismiss"]}),
    "outputTransmission": list_of({"type": "string", "enum": ["value", "reference"]}),
    "links": LINKS,
}
SCHEMAS: Json = {
    "ProcessSummary": object_of(["id", "version"], **SUMMARY),
    "ProcessList": object_of(
        ["processes", "links"], processes=list_of(ref("schemas", "ProcessSummary")), links=LINKS
    ),
    "Process": object_of(["id", "version"], **SUMMARY, inputs={"type": "object"}, outputs={"type": "object"}),
    "Execute": object_of(
        [],
        inputs={"type": "object", "additionalProperties": True},
        outputs={"type": "object", "additionalProperties": {"type": "object"}},
        response={"type": "string", "enum": ["raw", "document"], "default": "raw"},
    ),
    "StatusInfo": object_of(
        ["jobID", "status", "type"],
        processID=TEXT,
        type={"type": "string", "enum": ["process"]},
        jobID=TEXT,
        status={"type": "string", "enum": list(get_args(Status))},
        message=TEXT,
        progress={"type": "integer", "minimum": 0, "maximum": 100},
        created=MOMENT,
        started=MOMENT,
        finished=MOMENT,
        updated=MOMENT,
        expires=MOMENT,
        links=LINKS,
    ),
    "JobList": object_of(["jobs", "links"], jobs=list_of(ref("schemas", "StatusInfo")), links=LINKS),
}
ANY: Json = {"*/*": {"schema": {}}}


def _problem(text: str) -> Json:
    return {"description": text, "content": {PROBLEM_TYPE: {"schema": ref("schemas", "Problem")}}}


RESULTS: Json = {
    "200": {"description": "Kết quả (results)", "content": ANY},
    "204": {"description": "Kết quả ở địa chỉ trong tiêu đề Link (results at the address in Link)"},
    **PROBLEMS,
}
MORE: Json = {
    "409": _problem("Xung đột (conflict)"),
    "410": _problem("Việc đã huỷ (dismissed)"),
    "413": _problem("Quá lớn (too large)"),
    "429": _problem("Quá nhiều việc (too many jobs)"),
    "500": _problem("Việc thất bại do máy chủ (the job failed in the server)"),
    "403": _problem("Không có quyền (no right)"),
}
PAGED = ("jobLimit", "jobOffset", "fPlain", "lang")
FILTERS = ("jobType", "jobProcess", "jobStatus", "jobTime", "minDuration", "maxDuration")


def add_processes(document: Json, _: object) -> None:
    """Put the operations and their components into ``document``."""
    document["components"]["schemas"] |= SCHEMAS
    document["components"]["parameters"] |= _parameters()
    one, job = ("processId",), ("jobId",)
    document["paths"] |= {
        "/processes": {"get": _get("getProcesses", "Các xử lý (processes)", "ProcessList", PAGED)},
        "/processes/{processId}": {
            "get": _get("getProcessDescription", "Mô tả (description)", "Process", (*one, "fPlain", "lang"))
        },
        "/processes/{processId}/execution": {"post": _execute(one)},
        "/jobs": {"get": _get("getJobs", "Các việc của tôi (my jobs)", "JobList", (*PAGED, *FILTERS))},
        "/jobs/{jobId}": {
            "get": _get("getStatus", "Tình trạng (status)", "StatusInfo", (*job, "fPlain", "lang")),
            "delete": _get("dismiss", "Huỷ (dismiss)", "StatusInfo", (*job, "fPlain", "lang")),
        },
        "/jobs/{jobId}/results": {"get": _results("getResult", (*job, "lang"))},
        "/jobs/{jobId}/results/{outputId}": {"get": _results("getOutput", (*job, "outputId", "lang"))},
    }


def _operation(operation_id: str, summary: str, names: tuple[str, ...], responses: Json) -> Json:
    return {
        "summary": summary,
        "description": summary,
        "tags": ["processes"],
        "operationId": operation_id,
        "parameters": [ref("parameters", name) for name in names],
        "responses": responses,
    }


def _get(operation_id: str, summary: str, schema: str, names: tuple[str, ...]) -> Json:
    answers = {"200": json_answer(summary, ref("schemas", schema)), **PROBLEMS}
    return _operation(operation_id, summary, names, answers)


def _results(operation_id: str, names: tuple[str, ...]) -> Json:
    return _operation(operation_id, "Kết quả (results)", names, {**RESULTS, **MORE})


def _execute(names: tuple[str, ...]) -> Json:
    created = json_answer("Đã nhận việc (job accepted)", ref("schemas", "StatusInfo"))
    created["headers"] = {"Location": {"schema": TEXT}, "Preference-Applied": {"schema": TEXT}}
    operation = _operation(
        "execute", "Thực hiện (execute)", (*names, "prefer"), {**RESULTS, "201": created, **MORE}
    )
    content = {"application/json": {"schema": ref("schemas", "Execute")}}
    return {**operation, "requestBody": {"required": True, "content": content}}


def _parameters() -> Json:
    def one(name: str, place: str, schema: Json, text: str) -> Json:
        plain = {"style": "form", "explode": False} if place == "query" else {}
        required = place == "path"
        return {
            "name": name,
            "in": place,
            "required": required,
            "description": text,
            "schema": schema,
            **plain,
        }

    seconds: Json = {"type": "integer", "minimum": 0, "maximum": 10**8}
    statuses = list_of({"type": "string", "enum": list(get_args(Status))})
    limit: Json = {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10}
    offset: Json = {"type": "integer", "minimum": 0, "maximum": 10**9, "default": 0}
    return {
        "processId": one("processId", "path", {"type": "string", "enum": list(PROCESSES)}, "Xử lý (process)"),
        "jobId": one("jobId", "path", {"type": "string", "format": "uuid"}, "Việc (job)"),
        "outputId": one("outputId", "path", TEXT, "Đầu ra (output)"),
        "prefer": one("Prefer", "header", TEXT, "respond-async: làm sau, trả về 201 (as a job)"),
        "jobLimit": one("limit", "query", limit, "Một trang có bao nhiêu (a page's length)"),
        "jobOffset": one("offset", "query", offset, "Bỏ qua bao nhiêu (how many to pass over)"),
        "jobType": one("type", "query", list_of({"type": "string", "enum": ["process"]}), "Type"),
        "jobProcess": one("processID", "query", list_of(TEXT), "Xử lý (processes)"),
        "jobStatus": one("status", "query", statuses, "Tình trạng (states)"),
        "jobTime": one("datetime", "query", TEXT, "Tạo lúc: ngày hoặc khoảng a/b (created: day or interval)"),
        "minDuration": one("minDuration", "query", seconds, "Giây, ít nhất (seconds, at least)"),
        "maxDuration": one("maxDuration", "query", seconds, "Giây, nhiều nhất (seconds, at most)"),
    }
