"""OGC API Processes: what OGC's executable tests assert, rights and limits, files as large as they come."""

from __future__ import annotations

import csv
import io
import json
import time
from typing import TYPE_CHECKING, Any

import geopandas
import psycopg
import pyarrow.parquet
import pytest

from geo.features.table import BATCH
from tests.api.ogc_ground import SOUTH, WEST, put_rows

if TYPE_CHECKING:
    from pathlib import Path

    import httpx
    from starlette.testclient import TestClient

    from geo.settings import Settings

REL = "http://www.opengis.net/def/rel/ogc/1.0/"
EXCEPTION = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"
ECHO = "/ogc/processes/echo/execution"
EXPORT = "/ogc/processes/export/execution"
LATER = {"Prefer": "respond-async"}
JSON = {"Accept": "application/json"}
# Several batches, and a last one that is not full.
MANY = 2 * BATCH + 345


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)


@pytest.fixture(autouse=True)
def no_jobs(admin: psycopg.Connection) -> None:
    """Each test has the whole of a caller's share."""
    admin.execute("DELETE FROM ops.job")


def get(client: TestClient, path: str, **params: Any) -> dict[str, Any]:
    answer = client.get(path, params=params or None)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def done(client: TestClient, answer: httpx.Response, headers: dict[str, str] | None = None) -> str:
    """The address of a job that was accepted, when it has come to its end."""
    assert answer.status_code == 201, answer.text
    place = answer.headers["location"].removeprefix("http://testserver")
    end = time.monotonic() + 400
    while client.get(place, headers=headers).json()["status"] in ("accepted", "running"):
        assert time.monotonic() < end
        time.sleep(0.1)
    return str(place)


def exported(client: TestClient, headers: dict[str, str] | None = None, **inputs: Any) -> httpx.Response:
    place = done(client, client.post(EXPORT, json={"inputs": inputs}, headers=headers), headers)
    return client.get(f"{place}/results", headers=headers)


def test_the_list_of_processes_is_paged_and_leads_to_descriptions(client: TestClient) -> None:
    assert any(link["rel"] == f"{REL}processes" for link in get(client, "/ogc")["links"])
    first = get(client, "/ogc/processes", limit=1)
    assert len(first["processes"]) == 1
    following = next(link for link in first["links"] if link["rel"] == "next")
    (second,) = get(client, following["href"])["processes"]
    assert second["id"] != first["processes"][0]["id"]
    for one in get(client, "/ogc/processes")["processes"]:
        assert {"id", "version", "title", "jobControlOptions", "outputTransmission"} <= set(one)
        described = get(client, one["links"][0]["href"])
        assert described["inputs"] and all("schema" in put for put in described["inputs"].values())
        assert described["outputs"] and all("schema" in put for put in described["outputs"].values())
        execute = next(link for link in described["links"] if link["rel"] == f"{REL}execute")
        assert execute["href"].endswith(f"/processes/{one['id']}/execution")


def test_titles_follow_accept_language(client: TestClient) -> None:
    assert get(client, "/ogc/processes/export")["title"] == "Xuất lớp dữ liệu"
    english = client.get("/ogc/processes/export", headers={"Accept-Language": "en-GB, vi;q=0.5"})
    assert english.json()["title"] == "Export a layer" and english.headers["content-language"] == "en"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/ogc/processes/nothing", "no-such-process"),
        ("/ogc/jobs/nothing", "no-such-job"),
        ("/ogc/jobs/6f0ad06e-6d0f-4d0c-8ad5-0d5a0b3c0a11", "no-such-job"),
        ("/ogc/jobs/6f0ad06e-6d0f-4d0c-8ad5-0d5a0b3c0a11/results", "no-such-job"),
    ],
)
def test_what_is_not_there_has_the_standards_type(client: TestClient, path: str, kind: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404 and answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"{EXCEPTION}{kind}"
    # The standard's own definition of the API knows application/json alone.
    assert client.get(path, headers=JSON).headers["content-type"] == "application/json"
    assert client.post("/ogc/processes/nothing/execution", json={}).json()["type"].endswith("no-such-process")


def test_at_once_by_default_raw_and_as_a_document_and_no_job_stays(
    client: TestClient, admin: psycopg.Connection
) -> None:
    raw = client.post(ECHO, json={"inputs": {"message": "Cao Lãnh"}})
    assert raw.status_code == 200 and raw.json() == "Cao Lãnh"
    assert raw.headers["content-type"] == "application/json"
    body = {"inputs": {"message": "a"}, "outputs": {"message": {"transmissionMode": "value"}}}
    assert client.post(ECHO, json=body | {"response": "document"}).json() == {"message": "a"}
    qualified = {"inputs": {"message": {"value": "b", "mediaType": "text/plain"}}}
    assert client.post(ECHO, json=qualified).json() == "b"
    by_reference = {"inputs": {"message": {"href": "data:text/plain;base64,Y8OhdA=="}}}
    assert client.post(ECHO, json=by_reference).json() == "cát"
    assert admin.execute("SELECT count(*) FROM ops.job").fetchone() == (0,)


def test_later_if_preferred_with_status_and_results(client: TestClient) -> None:
    long = client.post(ECHO, json={"inputs": {"message": "x", "pause": 20}}, headers=LATER)
    early = client.get(f"{long.headers['location']}/results")
    assert early.status_code == 404 and early.json()["type"] == f"{EXCEPTION}result-not-ready"
    client.delete(long.headers["location"])
    answer = client.post(ECHO, json={"inputs": {"message": "x"}}, headers=LATER)
    assert answer.status_code == 201 and answer.headers["preference-applied"] == "respond-async"
    job = answer.json()
    assert {"jobID", "status", "type", "processID", "created"} <= set(job) and job["type"] == "process"
    place = answer.headers["location"]
    done(client, answer)
    status = get(client, place)
    assert status["status"] == "successful" and status["progress"] == 100
    results = next(link for link in status["links"] if link["rel"] == f"{REL}results")
    assert client.get(results["href"]).json() == "x"
    assert client.get(place).headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "message"),
        ({"inputs": {}}, "message"),
        ({"invalid-execute-request": "true"}, "body"),
        ({"inputs": {"message": 5}}, "message"),
        ({"inputs": {"message": "a", "pause": 21}}, "pause"),
        ({"inputs": {"message": "a", "pause": "1"}}, "pause"),
        ({"inputs": {"message": "a", "other": 1}}, "other"),
        ({"inputs": {"message": {"href": "http://169.254.169.254/"}}}, "message"),
        ({"inputs": {"message": {"href": "file:///etc/passwd"}}}, "message"),
        ({"inputs": {"message": "a"}, "response": "xml"}, "response"),
        ({"inputs": {"message": "a"}, "outputs": {"nothing": {}}}, "outputs"),
        (
            {"inputs": {"message": "a"}, "outputs": {"message": {"transmissionMode": "x"}}},
            "outputs.message",
        ),
        ({"inputs": []}, "inputs"),
        ([], "body"),
    ],
)
def test_a_wrong_request_is_400_and_names_the_input(client: TestClient, body: Any, named: str) -> None:
    answer = client.post(ECHO, json=body, headers=JSON)
    assert answer.status_code == 400, answer.text
    assert answer.json()["parameter"] == named and answer.json()["allowed"]


def test_hostile_bodies_are_refused(client: TestClient) -> None:
    kind = {"Content-Type": "application/json"}
    assert client.post(ECHO, content=b"[" * 100_000, headers=kind).status_code == 400
    assert client.post(ECHO, content=b'{"inputs":' * 50_000, headers=kind).status_code == 400
    assert client.post(ECHO, content=b" " * (1024**2 + 1), headers=kind).status_code == 413
    assert client.post(ECHO, content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 400
    for value in (r'"\ud800"', r'"a\u0000"', "NaN", "1e999", "9" * 400):
        # What JSON's grammar lets through, or Python's reader, and no database keeps.
        for body in (
            f'{{"inputs":{{"message":{value}}}}}',
            f'{{"inputs":{{"message":"a","pause":{value}}}}}',
        ):
            assert client.post(ECHO, content=body, headers=kind).status_code == 400, body
    assert client.post(ECHO, content=r'{"inputs":{"\ud800":1}}', headers=kind).status_code == 400
    filters = {"collection": "cameras", "filter": "(" * 1_000 + "1=1" + ")" * 1_000}
    refused = client.post(EXPORT, json={"inputs": filters})
    assert refused.status_code == 400 and refused.json()["parameter"] == "filter"


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        ({"collection": "nothing"}, "collection"),
        ({"collection": "cameras", "format": "shp"}, "format"),
        ({"collection": "cameras", "filter": "stream_url IS NULL"}, "filter"),
        ({"collection": "cameras", "properties": ["stream_url"]}, "properties"),
        ({"collection": "cameras", "bbox": {"bbox": [1, 2, 3]}}, "bbox.bbox"),
        ({"collection": "cameras", "bbox": {"bbox": [1, 95, 3, 96]}}, "bbox"),
        ({"collection": "cameras", "datetime": "hôm qua"}, "datetime"),
        ({"collection": "cameras", "crs": "EPSG:1"}, "crs"),
        (
            {
                "collection": "cameras",
                "format": "geojson",
                "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
            },
            "crs",
        ),
    ],
)
def test_a_wrong_export_is_refused_before_it_is_queued(
    client: TestClient, admin: psycopg.Connection, inputs: dict[str, Any], named: str
) -> None:
    answer = client.post(EXPORT, json={"inputs": inputs})
    assert answer.status_code == 400, answer.text
    assert answer.json()["parameter"] == named
    assert admin.execute("SELECT count(*) FROM ops.job").fetchone() == (0,)


@pytest.mark.parametrize("form", ["geojson", "geojsonseq", "csv", "fgb", "parquet", "gpkg"])
def test_a_layer_in_every_format_has_the_public_rows_and_fields(
    client: TestClient, tmp_path: Path, form: str
) -> None:
    answer = exported(client, collection="cameras", format=form)
    assert answer.status_code == 200, answer.text
    assert b"rtsp" not in answer.content and "kín".encode() not in answer.content
    if form == "csv":
        assert answer.content.startswith(b"\xef\xbb\xbf")
        found = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert len(found) == 25 and "stream_url" not in found[0]
        return
    if form == "geojsonseq":
        found = [json.loads(line) for line in answer.text.split("\x1e")[1:]]
        assert len(found) == 25
        return
    path = tmp_path / f"out.{form}"
    path.write_bytes(answer.content)
    frame = geopandas.read_parquet(path) if form == "parquet" else geopandas.read_file(path)
    assert len(frame) == 25 and "stream_url" not in frame.columns
    assert frame.geometry.x.min() == pytest.approx(WEST) and frame.geometry.y.min() == pytest.approx(SOUTH)
    if form == "parquet":
        assert json.loads(pyarrow.parquet.read_schema(path).metadata[b"geo"])["version"] == "1.1.0"


def test_an_export_asks_what_items_ask(client: TestClient) -> None:
    found = exported(
        client,
        collection="cameras",
        format="geojson",
        filter="heading_deg >= 5",
        bbox={"bbox": [WEST, SOUTH, WEST + 0.0105, SOUTH + 0.0105]},
        properties=["name", "heading_deg"],
        sortby=["-heading_deg"],
    ).json()
    assert [one["properties"]["heading_deg"] for one in found["features"]] == [10, 9, 8, 7, 6, 5]
    assert set(found["features"][0]["properties"]) == {"name", "heading_deg"}
    units = exported(client, collection="admin_units", format="geojson", datetime="2020-01-01").json()
    assert [one["properties"]["name"] for one in units["features"]] == ["Phường 1"]


def test_rights_at_run_time_are_those_of_the_caller(
    client: TestClient, staff: dict[str, str], operator: dict[str, str]
) -> None:
    counts = {}
    for name, headers in (("public", {}), ("staff", staff), ("operator", operator)):
        answer = exported(client, headers, collection="cameras", format="geojson")
        features = answer.json()["features"]
        counts[name] = (len(features), "stream_url" in features[0]["properties"])
    assert counts == {"public": (25, False), "staff": (26, True), "operator": (27, True)}


def test_a_job_is_there_for_who_started_it_and_for_nobody_else(
    client: TestClient, staff: dict[str, str], operator: dict[str, str]
) -> None:
    place = done(
        client, client.post(ECHO, json={"inputs": {"message": "riêng"}}, headers={**LATER, **staff}), staff
    )
    assert client.get(f"{place}/results", headers=staff).json() == "riêng"
    for other in ({}, operator):
        for path in (place, f"{place}/results", f"{place}/results/message"):
            answer = client.get(path, headers=other)
            assert answer.status_code == 404 and "riêng" not in answer.text
        assert client.delete(place, headers=other).status_code == 404
    mine = client.get("/ogc/jobs", headers=staff).json()["jobs"]
    assert [f"/ogc/jobs/{one['jobID']}" for one in mine] == [place]
    assert client.get("/ogc/jobs", headers=operator).json()["jobs"] == []
    # Who is anonymous finds a job by its address alone.
    public = done(client, client.post(ECHO, json={"inputs": {"message": "chung"}}, headers=LATER))
    assert client.get("/ogc/jobs").json()["jobs"] == []
    assert client.get(f"{public}/results").json() == "chung"


def test_the_list_is_filtered_and_paged(client: TestClient, staff: dict[str, str]) -> None:
    for message in ("1", "2"):
        done(
            client,
            client.post(ECHO, json={"inputs": {"message": message}}, headers={**LATER, **staff}),
            staff,
        )

    def listed(**params: Any) -> list[str]:
        answer = client.get("/ogc/jobs", params=params, headers=staff)
        assert answer.status_code == 200, answer.text
        return [one["jobID"] for one in answer.json()["jobs"]]

    both = listed()
    assert len(both) == 2 and listed(limit=1) == both[:1] and listed(limit=1, offset=1) == both[1:]
    assert listed(processID="echo", status="successful,failed", type="process") == both
    assert listed(status="running") == [] and listed(processID="export") == []
    assert listed(datetime="2020-01-01/..") == both and listed(datetime="../2020-01-01") == []
    assert listed(minDuration=1000) == [] and listed(maxDuration=1000) == both
    for name, value in {
        "status": "done",
        "type": "task",
        "datetime": "x",
        "minDuration": "-1",
        "bbox": "1",
    }.items():
        wrong = client.get("/ogc/jobs", params={name: value}, headers=staff)
        assert wrong.status_code == 400 and wrong.json()["parameter"] == name


def test_work_of_other_doors_is_not_told_of(
    client: TestClient, admin: psycopg.Connection, staff: dict[str, str]
) -> None:
    row = admin.execute(
        """INSERT INTO ops.job (process, inputs, wanted, claims, origin, status) VALUES
           ('import', '{}', '{}', '{"sub": "staff@test", "clearance": 1, "units": []}', 'x', 'successful')
           RETURNING id"""
    ).fetchone()
    assert row is not None
    for path in (f"/ogc/jobs/{row[0]}", f"/ogc/jobs/{row[0]}/results", f"/ogc/jobs/{row[0]}/results/report"):
        assert client.get(path, headers=staff).status_code == 404
    assert client.delete(f"/ogc/jobs/{row[0]}", headers=staff).status_code == 404
    for params in ({}, {"processID": "import"}):
        assert client.get("/ogc/jobs", params=params, headers=staff).json()["jobs"] == []
    assert admin.execute("SELECT status FROM ops.job WHERE id = %s", [row[0]]).fetchone() == ("successful",)


def test_a_job_is_dismissed(client: TestClient) -> None:
    answer = client.post(ECHO, json={"inputs": {"message": "x", "pause": 20}}, headers=LATER)
    place = answer.headers["location"]
    gone = client.delete(place)
    assert gone.status_code == 200 and gone.json()["status"] == "dismissed"
    assert client.get(place).json()["status"] == "dismissed"
    assert client.get(f"{place}/results").status_code == 410
    finished = done(client, client.post(ECHO, json={"inputs": {"message": "y"}}, headers=LATER))
    assert client.delete(finished).json()["status"] == "dismissed"
    assert client.get(f"{finished}/results").status_code == 410


def test_too_many_jobs_of_one_caller_are_429(client: TestClient) -> None:
    slow = {"inputs": {"message": "x", "pause": 20}}
    places = [client.post(ECHO, json=slow, headers=LATER).headers["location"] for _ in range(10)]
    refused = client.post(ECHO, json=slow, headers=LATER)
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) > 0
    for place in places:
        client.delete(place)


def test_a_document_of_an_export_points_to_its_file(client: TestClient) -> None:
    body = {"inputs": {"collection": "cameras", "format": "csv"}, "response": "document"}
    place = done(client, client.post(EXPORT, json=body))
    document = client.get(f"{place}/results").json()
    assert document["file"]["type"].startswith("text/csv")
    file = client.get(document["file"]["href"])
    assert file.status_code == 200 and "cameras.csv" in file.headers["content-disposition"]
    reference = {"inputs": {"collection": "cameras", "format": "csv"}}
    reference["outputs"] = {"file": {"transmissionMode": "reference"}}
    pointed = client.get(f"{done(client, client.post(EXPORT, json=reference))}/results")
    assert pointed.status_code == 204 and "/results/file>" in pointed.headers["link"]


def test_an_export_of_many_rows_is_whole(client: TestClient, admin: psycopg.Connection) -> None:
    admin.execute(
        "INSERT INTO core.farms (geom, name, crop, visibility) SELECT"
        " ST_SetSRID(ST_MakePoint(105 + i * 1e-5, 10), 4326), 'Vườn ' || i, 'xoai', 0"
        " FROM generate_series(1, %s) i",
        [MANY],
    )
    found = exported(client, collection="farms", format="geojson", sortby=["name"]).json()
    names = [one["properties"]["name"] for one in found["features"]]
    assert len(names) == MANY == len(set(names)) and names == sorted(names)


def test_pages_for_people(client: TestClient, staff: dict[str, str]) -> None:
    answer = client.post(ECHO, json={"inputs": {"message": "<b>"}}, headers={**LATER, **staff})
    place = done(client, answer, staff)
    for path in ("/ogc/processes", "/ogc/processes/export", "/ogc/jobs", place):
        for language in ("vi", "en"):
            page = client.get(path, params={"f": "html", "lang": language}, headers=staff)
            assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
            assert page.headers["content-language"] == language and "diaban.invalid" not in page.text


def test_the_classes_are_declared_and_the_operations_named(client: TestClient) -> None:
    declared = set(get(client, "/ogc/conformance")["conformsTo"])
    for name in ("core", "ogc-process-description", "json", "html", "oas30", "job-list", "dismiss"):
        assert f"http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/{name}" in declared
    paths = client.get("/ogc/openapi").json()["paths"]
    assert paths["/processes/{processId}/execution"]["post"]["operationId"] == "execute"
    assert set(paths["/jobs/{jobId}"]) == {"get", "delete"}
