"""OGC API Processes 1 (18-062r2, annex A): list, description, execution now and later, jobs, results.

As in OGC's suite a process that gives back what it was given is executed; ``--process`` names it.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import httpx2
import jsonschema
import pytest

from tests.conformance import schemas
from tests.conformance.site import Site, rel

if TYPE_CHECKING:
    from tests.conformance.site import Json

BASE = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf"
CORE, JSON, HTML, OAS30 = (f"{BASE}/{name}" for name in ("core", "json", "html", "oas30"))
DESCRIPTION, JOB_LIST, DISMISS = (
    f"{BASE}/{name}" for name in ("ogc-process-description", "job-list", "dismiss")
)
EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
PROCESSES = "http://www.opengis.net/def/rel/ogc/1.0/processes"
RESULTS = "http://www.opengis.net/def/rel/ogc/1.0/results"
ECHOES = ("echo", "echo-process", "hello-world")
TEXT = "teststring"
PATIENCE_S = 400.0
ats = pytest.mark.ats


@pytest.fixture(scope="module")
def site(address: str, token: str | None) -> Site:
    """The server, asked by someone who is signed in where there is a token: a list of jobs is one's own."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    client = httpx2.Client(timeout=400, follow_redirects=True, headers=headers)
    return Site(address.rstrip("/"), client=client)


@pytest.fixture(autouse=True)
def _declared(site: Site) -> None:
    site.needs(CORE)


def valid(document: object, schema: schemas.Schema) -> None:
    jsonschema.validate(document, schema, format_checker=jsonschema.FormatChecker())


@pytest.fixture
def echo(site: Site, request: pytest.FixtureRequest) -> Json:
    """The description of the process that is executed."""
    names = [request.config.getoption("--process")] if request.config.getoption("--process") else ECHOES
    listed = {one["id"] for one in site.get("/processes")["processes"]}
    chosen = next((name for name in names if name in listed), None)
    if chosen is None:
        pytest.skip(f"no process of the names {', '.join(names)}")
    return site.get(f"/processes/{chosen}")


def example(schema: Json) -> Any:
    """A value that a schema allows."""
    for name in ("default", "example"):
        if name in schema:
            return schema[name]
    if schema.get("examples") or schema.get("enum"):
        return (schema.get("examples") or schema["enum"])[0]
    if ways := schema.get("oneOf") or schema.get("anyOf"):
        return example(ways[0])
    kind = schema.get("type", "string")
    if kind == "array":
        return [example(schema.get("items", {}))] * max(1, schema.get("minItems", 1))
    if kind == "object":
        return {name: example(schema["properties"][name]) for name in schema.get("required", [])}
    numbers = {"integer": schema.get("minimum", 1), "number": schema.get("minimum", 1.5), "boolean": True}
    return numbers.get(kind, TEXT)


def inputs(process: Json, *, every: bool = True) -> Json:
    """Values for the inputs: all, or the first alone."""
    wanted = list(process.get("inputs", {}).items())
    if not every:
        needed = [item for item in wanted if item[1].get("minOccurs", 1) > 0]
        wanted = needed or wanted[:1]
    return {name: example(one["schema"]) for name, one in wanted}


def execute(site: Site, process: Json, body: Json, *, later: bool = False) -> httpx2.Response:
    headers = {"Accept": "application/json"} | ({"Prefer": "respond-async"} if later else {})
    return site.client.post(site.url(f"/processes/{process['id']}/execution"), json=body, headers=headers)


def asked(process: Json, response: str | None = None, *, outputs: bool = True) -> Json:
    body: Json = {"inputs": inputs(process)}
    if outputs:
        body["outputs"] = {name: {"transmissionMode": "value"} for name in process["outputs"]}
    return body | ({"response": response} if response else {})


def does(process: Json, mode: str) -> bool:
    return mode in process.get("jobControlOptions", ["sync-execute"])


def needs_mode(process: Json, mode: str) -> None:
    if not does(process, mode):
        pytest.skip(f"{process['id']} does not offer {mode}")


def job_of(site: Site, answer: httpx2.Response) -> Json:
    """The status document of the job that an answer created."""
    assert answer.status_code == 201, f"{answer.status_code} {answer.text[:300]}"
    return site.get(site.link(answer.headers["location"]))


def finished(site: Site, job: Json) -> Json:
    """The job's status once it ended."""
    until = time.monotonic() + PATIENCE_S
    while job["status"] in ("accepted", "running"):
        assert time.monotonic() < until, f"the job is still {job['status']}"
        time.sleep(0.2)
        job = site.get(f"/jobs/{job['jobID']}")
    return job


@ats(CORE, "/conf/core/landingpage-op", "/conf/core/landingpage-success")
def test_landing_page(site: Site) -> None:
    """Requirements /req/core/landingpage-op, -success: a link to the list of processes."""
    assert rel(site.landing["links"], PROCESSES, "processes")
    assert rel(site.landing["links"], "conformance") and rel(site.landing["links"], "service-desc")


@ats(CORE, "/conf/core/conformance-success")
def test_conformance(site: Site) -> None:
    """Requirement /req/core/conformance-success: core, and a language of descriptions."""
    assert {CORE, JSON} <= site.declared


@ats(CORE, "/conf/core/process-list")
def test_process_list(site: Site) -> None:
    """Requirement /req/core/process-list."""
    assert site.get("/processes")["processes"]


@ats(CORE, "/conf/core/process-list-success", "/conf/core/process-summary-links")
def test_process_list_content(site: Site) -> None:
    """Requirements /req/core/process-list-success: the schema, and a link to each description."""
    document = site.get("/processes")
    valid(document, schemas.PROCESS_LIST)
    for one in document["processes"]:
        found = rel(one["links"], "self", "process")
        assert found and site.get(site.link(found[0]["href"]))["id"] == one["id"]


@ats(CORE, "/conf/core/pl-links")
def test_process_list_links(site: Site) -> None:
    """Requirement /req/core/pl-links: self and the other encodings."""
    links = site.get("/processes")["links"]
    assert rel(links, "self")
    if HTML in site.declared:
        assert any(link.get("type") == "text/html" for link in rel(links, "alternate"))


@ats(CORE, "/conf/core/pl-limit-definition")
def test_limit_definition(site: Site) -> None:
    """Requirement /req/core/pl-limit-definition: where the API definition has a limit, it is an integer."""
    site.needs(OAS30)
    parameters = [site.resolved(one) for one in site.definition["paths"]["/processes"]["get"]["parameters"]]
    (limit,) = [one for one in parameters if one["name"] == "limit"]
    assert limit["in"] == "query" and not limit.get("required") and limit["schema"]["type"] == "integer"


@ats(CORE, "/conf/core/pl-limit-response")
def test_limit(site: Site) -> None:
    """Requirement /req/core/pl-limit-response."""
    assert len(site.get("/processes", limit=1)["processes"]) == 1


@ats(CORE, "/conf/core/process", "/conf/core/process-success")
def test_process(site: Site) -> None:
    """Requirements /req/core/process, /req/core/process-success: every process is described."""
    for one in site.get("/processes")["processes"]:
        assert site.get(f"/processes/{one['id']}")["id"] == one["id"]


@ats(CORE, "/conf/core/process-exception-no-such-process")
def test_no_such_process(site: Site) -> None:
    """Requirement /req/core/no-such-process: 404 with the exception's type."""
    missing(site, f"/processes/invalid-process-{uuid.uuid4()}", "no-such-process")


def missing(site: Site, path: str, kind: str) -> None:
    answer = site.ask(path)
    assert answer.status_code == 404, answer.url
    valid(answer.json(), schemas.EXCEPTION)
    assert answer.json()["type"] == f"{EXCEPTIONS}/{kind}"


@ats(CORE, "/conf/core/job-creation-op", "/conf/core/job-creation-request", "/conf/core/job-creation-inputs")
def test_execute(site: Site, echo: Json) -> None:
    """Requirements /req/core/job-creation-op, -request, -inputs: done, or a job with its status."""
    answer = execute(site, echo, asked(echo), later=does(echo, "async-execute"))
    assert answer.status_code in (200, 201), answer.text[:300]
    if answer.status_code == 201:
        valid(job_of(site, answer), schemas.STATUS)


@ats(CORE, "/conf/core/job-creation-default-execution-mode")
def test_without_a_preference(site: Site, echo: Json) -> None:
    """Requirement /req/core/job-creation-default-execution-mode."""
    wanted = 200 if does(echo, "sync-execute") else 201
    assert execute(site, echo, asked(echo)).status_code == wanted


@ats(CORE, "/conf/core/job-creation-auto-execution-mode")
def test_with_a_preference(site: Site, echo: Json) -> None:
    """Requirement /req/core/job-creation-auto-execution-mode: 201 where only later is offered."""
    needs_mode(echo, "async-execute")
    allowed = (200, 201) if does(echo, "sync-execute") else (201,)
    assert execute(site, echo, asked(echo), later=True).status_code in allowed


@ats(CORE, "/conf/core/job-creation-default-outputs")
def test_without_outputs_all_are_given(site: Site, echo: Json) -> None:
    """Requirement /req/core/job-creation-default-outputs."""
    needs_mode(echo, "sync-execute")
    answer = execute(site, echo, {**asked(echo, outputs=False), "response": "document"})
    assert answer.status_code == 200, answer.text[:300]
    assert set(answer.json()) == set(echo["outputs"])


def kinds(schema: Json) -> set[str]:
    """The types that a schema allows."""
    ways = schema.get("oneOf") or schema.get("anyOf") or schema.get("allOf") or []
    return {str(schema.get("type", "any"))} | {kind for way in ways for kind in kinds(way)}


@ats(
    CORE,
    "/conf/core/job-creation-input-inline",
    "/conf/core/job-creation-input-array",
    "/conf/core/job-creation-input-inline-object",
    "/conf/core/job-creation-input-inline-mixed",
    "/conf/core/job-creation-input-inline-bbox",
    "/conf/core/job-creation-input-inline-binary",
)
def test_inputs_of_each_kind(site: Site, echo: Json) -> None:
    """Requirements /req/core/job-creation-input-*: each input alone beside those that are needed."""
    for name, one in echo["inputs"].items():
        body = {"inputs": inputs(echo, every=False) | {name: example(one["schema"])}}
        answer = execute(site, echo, body)
        assert answer.status_code in (200, 201), (name, kinds(one["schema"]), answer.text[:300])


@ats(CORE, "/conf/core/job-creation-input-validation")
def test_a_wrong_input_is_told(site: Site, echo: Json) -> None:
    """Requirement /req/core/job-creation-input-validation: 400 and which input."""
    for name, one in echo["inputs"].items():
        if not kinds(one["schema"]) & {"object", "any"}:
            body = {"inputs": inputs(echo) | {name: {"type": f"wrong/type_{uuid.uuid4()}"}}}
            answer = execute(site, echo, body)
            assert answer.status_code == 400, (name, answer.text[:300])
            valid(answer.json(), schemas.EXCEPTION)
            assert name in answer.text


@ats(CORE, "/conf/core/job-results-failed")
def test_a_body_that_is_no_request(site: Site, echo: Json) -> None:
    """Requirement /req/core/job-results-failed, as the suite asks it: an error with a document."""
    answer = execute(site, echo, {"invalid-execute-request": "true"})
    assert answer.status_code >= 400 and answer.status_code < 500
    valid(answer.json(), schemas.EXCEPTION)


@ats(CORE, "/conf/core/job-creation-sync-document")
def test_results_as_a_document(site: Site, echo: Json) -> None:
    """Requirement /req/core/job-creation-sync-document: an object with a member for each output."""
    needs_mode(echo, "sync-execute")
    answer = execute(site, echo, asked(echo, "document"))
    assert answer.status_code == 200 and set(answer.json()) == set(echo["outputs"])


@ats(
    CORE,
    "/conf/core/job-creation-sync-raw-value-one",
    "/conf/core/job-creation-sync-raw-value-multi",
    "/conf/core/job-creation-sync-raw-ref",
    "/conf/core/job-creation-sync-raw-mixed-multi",
)
def test_results_raw(site: Site, echo: Json) -> None:
    """Requirements /req/core/job-creation-sync-raw-*: what was given comes back."""
    needs_mode(echo, "sync-execute")
    body = asked(echo, "raw") | {"inputs": inputs(echo)}
    answer = execute(site, echo, body)
    assert answer.status_code in (200, 204), answer.text[:300]
    given = [value for value in body["inputs"].values() if isinstance(value, str)]
    assert not given or any(value in answer.text for value in given)


@ats(CORE, "/conf/core/job-creation-success-async", "/conf/core/job-op", "/conf/core/job-success")
def test_a_job(site: Site, echo: Json) -> None:
    """Requirements /req/core/job-creation-success-async, /req/core/job, -success: its status document."""
    needs_mode(echo, "async-execute")
    job = job_of(site, execute(site, echo, asked(echo), later=True))
    valid(job, schemas.STATUS)
    ended = finished(site, job)
    valid(ended, schemas.STATUS)
    assert ended["status"] == "successful" and ended["jobID"] == job["jobID"]


@ats(
    CORE,
    "/conf/core/job-results",
    "/conf/core/job-results-async-document",
    "/conf/core/job-results-async-raw-value-one",
    "/conf/core/job-results-async-raw-value-multi",
    "/conf/core/job-results-async-raw-ref",
    "/conf/core/job-results-async-raw-mixed-multi",
)
def test_results_of_a_job(site: Site, echo: Json) -> None:
    """Requirements /req/core/job-results*: by address and by the job's link, both response types."""
    needs_mode(echo, "async-execute")
    for kind in ("document", "raw"):
        ended = finished(site, job_of(site, execute(site, echo, asked(echo, kind), later=True)))
        answer = site.ask(f"/jobs/{ended['jobID']}/results")
        assert answer.status_code in (200, 204), answer.text[:300]
        if kind == "document":
            assert set(answer.json()) == set(echo["outputs"])
        (link, *_) = rel(ended["links"], RESULTS)
        assert site.ask(site.link(link["href"])).status_code == answer.status_code


@ats(CORE, "/conf/core/job-results-sync")
def test_a_job_of_what_was_done_at_once(site: Site, echo: Json) -> None:
    """Requirement /req/core/job-results-sync: where a Link names the monitor, it leads to a status."""
    needs_mode(echo, "sync-execute")
    answer = execute(site, echo, asked(echo))
    monitors = [link for link in answer.links.values() if link.get("rel") == "monitor"]
    if not monitors:
        pytest.skip("no job is made for what is executed at once")
    assert site.get(site.link(monitors[0]["url"]))["status"] == "successful"


@ats(CORE, "/conf/core/job-exception-no-such-job", "/conf/core/job-results-exception-no-such-job")
def test_no_such_job(site: Site) -> None:
    """Requirements /req/core/job-exception-no-such-job, -results-exception-no-such-job."""
    name = uuid.uuid4()
    missing(site, f"/jobs/{name}", "no-such-job")
    missing(site, f"/jobs/{name}/results", "no-such-job")


@ats(CORE, "/conf/core/job-results-exception-results-not-ready")
def test_results_that_are_not_ready(site: Site, echo: Json) -> None:
    """Requirement /req/core/job-results-exception/results-not-ready; the suite's echo can be told to wait."""
    needs_mode(echo, "async-execute")
    if "pause" not in echo["inputs"]:
        pytest.skip(f"{echo['id']} has no input 'pause'")
    body = {"inputs": inputs(echo) | {"pause": 20}}
    job = job_of(site, execute(site, echo, body, later=True))
    missing(site, f"/jobs/{job['jobID']}/results", "result-not-ready")
    if DISMISS in site.declared:
        site.client.delete(site.url(f"/jobs/{job['jobID']}"))


@ats(
    DESCRIPTION,
    "/conf/ogc-process-description/json-encoding",
    "/conf/ogc-process-description/inputs-def",
    "/conf/ogc-process-description/input-def",
    "/conf/ogc-process-description/input-mixed-type",
    "/conf/ogc-process-description/outputs-def",
    "/conf/ogc-process-description/output-def",
    "/conf/ogc-process-description/output-mixed-type",
)
def test_descriptions(site: Site) -> None:
    """Requirements of /req/ogc-process-description: every input and output with a schema that is one."""
    site.needs(DESCRIPTION)
    for one in site.get("/processes")["processes"]:
        process = site.get(f"/processes/{one['id']}")
        valid(process, schemas.PROCESS)
        assert process["inputs"] and process["outputs"], one["id"]
        for described in (*process["inputs"].values(), *process["outputs"].values()):
            for schema in (described["schema"], *described["schema"].get("oneOf", [])):
                jsonschema.Draft202012Validator.check_schema(schema)


@ats(JOB_LIST, "/conf/job-list/job-list-op", "/conf/job-list/job-list-success")
def test_job_list(site: Site, echo: Json) -> None:
    """Requirements /req/job-list/job-list-op, -success: the job just made is in it."""
    site.needs(JOB_LIST)
    needs_mode(echo, "async-execute")
    job = job_of(site, execute(site, echo, asked(echo), later=True))
    document = site.get("/jobs")
    valid(document, schemas.JOB_LIST)
    assert job["jobID"] in {one["jobID"] for one in document["jobs"]}


@ats(DISMISS, "/conf/dismiss/job-dismiss-op", "/conf/dismiss/job-dismiss-success")
def test_dismiss(site: Site, echo: Json) -> None:
    """Requirements /req/dismiss/job-dismiss-op, -success: 200 with the status dismissed."""
    site.needs(DISMISS)
    needs_mode(echo, "async-execute")
    job = job_of(site, execute(site, echo, asked(echo), later=True))
    answer = site.client.delete(site.url(f"/jobs/{job['jobID']}"), headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text[:300]
    valid(answer.json(), schemas.STATUS)
    assert answer.json()["status"] == "dismissed"
