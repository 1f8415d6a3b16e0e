"""The queue: what is accepted is done once, whatever dies on the way."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli.bootstrap.process import wait_until_gone
from geo import jobs
from geo.database import Caller, Claims, Database
from geo.errors import NotFound, TooMany
from geo.jobs import folders
from tests.conftest import ROOT, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from geo.jobs import Asked
    from geo.settings import Settings

ANONYMOUS = Caller.anonymous()
STAFF = Caller(Claims("staff@test", 1))
# A worker as the application starts it, faster: its own process, so that it can be killed without a word. No
# job that is at work is silent for as long as it gives: nothing is done twice because the machine is busy.
WORKER = """
import asyncio, sys
from geo.jobs.worker import Pace, run_worker
from geo.settings import Settings
pace = Pace(poll_s=0.05, beat_s=0.2, dead_after_s=60.0, retry_s=0.1)
asyncio.run(run_worker(Settings(), (sys.executable, "-m", "tests.geo.job_child"), pace))
"""


def asked(process: str, *, kept: bool = True, origin: bytes = b"", **inputs: Any) -> Asked:
    return jobs.Asked(process, inputs, {"outputs": {}, "form": "raw"}, origin or os.urandom(8), kept)


class Asking:
    """One loop and one set of pools for all questions of the file: some are asked twenty times a second."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._database: Database | None = None

    def __call__(self, settings: Settings, question: Callable[[Database], Any]) -> Any:
        async def inner() -> Any:
            if self._database is None:
                self._database = Database(settings)
                await self._database.open()
            return await question(self._database)

        return self._runner.run(inner())

    def end(self) -> None:
        if self._database is not None:
            self._runner.run(self._database.close())
        self._runner.close()


run = Asking()


@pytest.fixture(scope="module", autouse=True)
def ended(settings: Settings) -> Iterator[None]:
    yield
    run.end()


def create(settings: Settings, wanted: Asked, caller: Caller = ANONYMOUS) -> uuid.UUID:
    found: uuid.UUID = run(settings, lambda database: jobs.create(database, caller, wanted))
    return found


def read(settings: Settings, job_id: uuid.UUID, caller: Caller = ANONYMOUS) -> jobs.Job:
    found: jobs.Job = run(settings, lambda database: jobs.read(database, caller, job_id))
    return found


def start(settings: Settings) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "DIABAN_DATABASE_URL": settings.database_url,
        "DIABAN_SECRET": SECRET,
        "DIABAN_HOME": str(settings.home),
        "DIABAN_LOG_LEVEL": "ERROR",
    }
    return subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=environment)


@pytest.fixture
def worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    process = start(settings)
    yield process
    process.kill()
    process.wait(60)


def until(check: Callable[[], bool], seconds: float = 400.0) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def let_go(settings: Settings, gate: str) -> None:
    """Let jobs that are held by this gate come to their end."""
    (settings.home / gate).touch()


def marks(settings: Settings) -> list[str]:
    """What the processes of the tests have written down, one line each time one ran to its end."""
    path = settings.home / "marks.txt"
    return path.read_text().splitlines() if path.exists() else []


def test_a_job_is_done_and_leaves_its_result(settings: Settings, worker: subprocess.Popen[bytes]) -> None:
    job_id = create(settings, asked("write", text="Cao Lãnh"))
    until(lambda: read(settings, job_id).status == "successful")
    job = read(settings, job_id)
    assert (job.attempt, job.progress) == (1, 100)
    assert job.started_at and job.finished_at and job.started_at <= job.finished_at
    assert job.result == {"file": {"media_type": "text/plain", "file": "out.txt", "bytes": 9}}
    written = folders.folder(settings, job_id, job.attempt) / "out.txt"
    assert written.read_text("utf-8") == "Cao Lãnh"


def test_a_worker_killed_in_the_middle_is_survived_with_one_result(
    settings: Settings, admin: psycopg.Connection
) -> None:
    """kill -9 of the worker: its child ends too, the next worker does the job again, one result stands."""
    first = start(settings)
    job_id = create(settings, asked("held", gate="killed"))
    until(lambda: read(settings, job_id).status == "running")
    began = folders.folder(settings, job_id, 1)
    until(began.exists)
    children = [int(pid) for pid in Path(f"/proc/{first.pid}/task/{first.pid}/children").read_text().split()]
    assert children
    first.send_signal(signal.SIGKILL)
    first.wait(60)
    # The orphan of the first worker ended with it: the work comes to its end once.
    assert wait_until_gone(children, 60) == []
    assert read(settings, job_id).status == "running"
    let_go(settings, "killed")
    second = start(settings)
    try:
        assert admin.execute(
            "UPDATE ops.job SET heartbeat_at = heartbeat_at - interval '61 seconds' WHERE id = %s", [job_id]
        )
        until(lambda: read(settings, job_id).status == "successful")
    finally:
        second.kill()
        second.wait(60)
    job = read(settings, job_id)
    assert job.attempt == 2
    assert [line for line in marks(settings) if line.startswith("killed")] == ["killed 2"]
    assert read(settings, job_id) == job


def test_a_process_that_dies_is_tried_again_and_not_for_ever(
    settings: Settings, worker: subprocess.Popen[bytes]
) -> None:
    job_id = create(settings, asked("die"))
    until(lambda: read(settings, job_id).status == "failed")
    job = read(settings, job_id)
    assert job.attempt == 3
    assert job.problem is not None and job.problem["kind"] == "Died"
    assert job.message is not None and "3 lần" in job.message["vi"]
    once = create(settings, asked("die_once"))
    until(lambda: read(settings, once).status == "successful")
    assert read(settings, once).attempt == 2


def test_errors_of_ours_are_told_and_defects_are_not(
    settings: Settings, worker: subprocess.Popen[bytes]
) -> None:
    wrong, defect = create(settings, asked("refuse")), create(settings, asked("defect"))
    until(lambda: {read(settings, one).status for one in (wrong, defect)} == {"failed"})
    told = read(settings, wrong).problem
    assert told is not None and (told["kind"], told["parameter"]) == ("InvalidInput", "text")
    silent = read(settings, defect).problem
    assert silent is not None and silent["kind"] == "Defect" and "secret" not in json.dumps(silent)
    until(lambda: not folders.folder(settings, wrong, 1).exists())


def test_a_dismissed_job_is_killed_and_its_result_forgotten(
    settings: Settings, worker: subprocess.Popen[bytes]
) -> None:
    job_id = create(settings, asked("held", gate="dismissed"))
    until(lambda: folders.folder(settings, job_id, 1).exists())
    gone = run(settings, lambda database: jobs.dismiss(database, ANONYMOUS, str(job_id)))
    assert gone.status == "dismissed" and gone.finished_at is not None
    until(lambda: not folders.folder(settings, job_id, 1).exists())
    again = create(settings, asked("write", text="sau"))
    until(lambda: read(settings, again).status == "successful")
    assert read(settings, job_id).status == "dismissed"
    assert not any(line.startswith("dismissed") for line in marks(settings))


def test_no_more_than_two_kept_jobs_at_a_time_and_a_place_for_who_waits(
    settings: Settings, worker: subprocess.Popen[bytes]
) -> None:
    held = [create(settings, asked("held", gate="many")) for _ in range(4)]

    def states() -> list[str]:
        return sorted(read(settings, one).status for one in held)

    until(lambda: states().count("running") == 2)
    quick = create(settings, asked("write", kept=False, text="nhanh"))
    until(lambda: read(settings, quick).status == "successful")
    assert states() == ["accepted", "accepted", "running", "running"]
    let_go(settings, "many")
    until(lambda: set(states()) == {"successful"})
    assert all(read(settings, one).attempt == 1 for one in held)


def test_the_process_sees_what_its_caller_may_see(
    settings: Settings, worker: subprocess.Popen[bytes], admin: psycopg.Connection
) -> None:
    admin.execute(
        "INSERT INTO core.farms (geom, name, crop, visibility) SELECT"
        " ST_SetSRID(ST_MakePoint(105.6, 10.4), 4326), 'Vườn ' || v, 'xoai', v FROM generate_series(0, 2) v"
    )
    seen = {}
    for name, caller in (("public", ANONYMOUS), ("staff", STAFF), ("all", Caller(Claims("ioc", 2)))):
        job_id = create(settings, asked("farms"), caller)
        until(lambda one=job_id, who=caller: read(settings, one, who).status == "successful")
        result = read(settings, job_id, caller).result
        assert result is not None
        seen[name] = result["count"]["value"]
    assert seen == {"public": 1, "staff": 2, "all": 3}


def test_a_job_is_seen_with_the_rights_that_started_it_and_no_others(settings: Settings) -> None:
    own = create(settings, asked("write", text="x"), STAFF)
    assert read(settings, own, STAFF).status == "accepted"
    for other in (
        ANONYMOUS,
        Caller(Claims("someone@test", 1)),
        Caller(Claims("staff@test", 0)),
        Caller(Claims("staff@test", 1, ("29869",))),
    ):
        with pytest.raises(NotFound):
            read(settings, own, other)
        with pytest.raises(NotFound):
            run(settings, lambda database, who=other: jobs.dismiss(database, who, str(own)))
    public = create(settings, asked("write", text="x"))
    assert read(settings, public, STAFF).status == "accepted"
    for bad in ("", "1", "x" * 36, str(uuid.uuid4())):
        with pytest.raises(NotFound):
            run(settings, lambda database, text=bad: jobs.read(database, ANONYMOUS, text))


def test_the_list_holds_the_callers_own_jobs_alone(settings: Settings) -> None:
    caller = Caller(Claims("lister@test", 1))
    first = create(settings, asked("write", text="1"), caller)
    second = create(settings, asked("held", gate="many"), caller)
    create(settings, asked("write", kept=False, text="2"), caller)
    create(settings, asked("write", text="3"), STAFF)

    def listed(
        who: Caller, wanted: jobs.Filter, limit: int = 10, offset: int = 0
    ) -> tuple[list[uuid.UUID], bool]:
        found, more = run(settings, lambda database: jobs.listed(database, who, wanted, limit, offset))
        return [one.id for one in found], more

    assert listed(caller, jobs.Filter()) == ([second, first], False)
    assert listed(caller, jobs.Filter(), 1) == ([second], True)
    assert listed(caller, jobs.Filter(), 1, 1) == ([first], False)
    assert listed(caller, jobs.Filter(processes=("write",))) == ([first], False)
    assert listed(caller, jobs.Filter(statuses=("failed",))) == ([], False)
    assert listed(ANONYMOUS, jobs.Filter()) == ([], False)


def test_a_caller_may_have_so_many_jobs_and_no_more(settings: Settings) -> None:
    origin = b"one household"
    for _ in range(10):
        create(settings, asked("held", origin=origin, gate="many"))
    with pytest.raises(TooMany) as refused:
        create(settings, asked("held", origin=origin, gate="many"))
    assert refused.value.retry_after_s > 0
    create(settings, asked("held", origin=b"another", gate="many"))


def test_what_has_expired_is_gone_with_its_files(
    settings: Settings, worker: subprocess.Popen[bytes], admin: psycopg.Connection
) -> None:
    admin.execute("DELETE FROM ops.job WHERE status = 'accepted'")
    job_id = create(settings, asked("write", text="cũ"))
    until(lambda: read(settings, job_id).status == "successful")
    folder = folders.folder(settings, job_id, 1)
    assert folder.exists()
    admin.execute("UPDATE ops.job SET expires_at = now() - interval '1 second' WHERE id = %s", [job_id])
    with pytest.raises(NotFound):
        read(settings, job_id)
    worker.kill()
    worker.wait(60)
    # A worker sweeps when it begins to lead.
    second = start(settings)
    try:
        until(lambda: not folder.exists())
        assert admin.execute("SELECT count(*) FROM ops.job WHERE id = %s", [job_id]).fetchone() == (0,)
    finally:
        second.kill()
        second.wait(60)


def test_one_caller_with_many_jobs_does_not_keep_another_waiting(settings: Settings) -> None:
    many = [create(settings, asked("held", origin=b"many", gate="never")) for _ in range(6)]
    other = create(settings, asked("write", origin=b"one", text="x"))
    process = start(settings)
    try:
        # Of those one has begun before it, and does not end.
        until(lambda: read(settings, other).status == "successful")
        assert not {read(settings, one).status for one in many} - {"accepted", "running"}
    finally:
        process.kill()
        process.wait(60)


def test_results_beyond_a_callers_share_of_the_disk_are_429(
    settings: Settings, admin: psycopg.Connection
) -> None:
    job_id = create(settings, asked("write", origin=b"full", text="x"))
    admin.execute(
        "UPDATE ops.job SET status = 'successful', result = %s WHERE id = %s",
        [json.dumps({"file": {"file": "a", "bytes": 10 * 1024**3}}), job_id],
    )
    with pytest.raises(TooMany, match="10240 MiB"):
        create(settings, asked("write", origin=b"full", text="y"))
    create(settings, asked("write", origin=b"empty", text="y"))
    admin.execute("DELETE FROM ops.job WHERE id = %s", [job_id])
