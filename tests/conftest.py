"""A real PostGIS for every test that asks for one.

``DIABAN_TEST_DATABASE_URL`` (an administrator's) names a server to use; otherwise a private cluster is
started in a temporary folder. Each test module gets a database of its own, copied from a migrated one.

With ``-n`` several processes share the files among them, each with a cluster of its own.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url
from starlette.testclient import TestClient

from api.app import create_app
from cli.cluster import temporary_cluster
from geo.database import Claims
from geo.hotspots import keeper as hotspots
from geo.migrations import upgrade
from geo.publish import publish_folders
from geo.routing import undecided
from geo.settings import Settings
from geo.tokens import issue
from tests.changes import caught_up, served
from tests.served import patient
from tiles.ladder import keeper as ladders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

ROOT = Path(__file__).parent.parent
SECRET = "only-for-tests-0123456789"
TEMPLATE = "diaban_template"
BROWSER = "tests/web/"
# As every other time in the field: too short for a machine that does much else.
STATEMENT_MS = 45_000
# Of the keepers that write at moments of their own choosing.
KEEPERS = (ladders.LEADER_LOCK, undecided.KEEPER_LOCK, hotspots.KEEPER_LOCK)


# How long an example takes says nothing on a machine that does much else; the rest is as hypothesis has it,
# where it runs for many (CI) and elsewhere.
hypothesis.settings.register_profile(
    "diaban",
    hypothesis.settings(),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("diaban")
patient()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Point the tests of ``tests/conformance`` at another server."""
    parser.addoption("--server", help="landing page of the OGC API that tests/conformance asks")
    parser.addoption("--process", help="process of that server that gives back its input; by default: echo")
    parser.addoption("--token", help="access token of that server, for its list of jobs")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """How ``-n`` shares the tests out: by file; and one process alone brings the browser's product up."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)

    return ByFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of several processes one begins with what takes longest in one piece: none waits for it at the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not item.nodeid.startswith(BROWSER))


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of an administrator's database on a server for this run."""
    if given := os.environ.get("DIABAN_TEST_DATABASE_URL"):
        yield given
        return
    with temporary_cluster() as cluster:
        yield cluster.admin_url


def settings_for(server: str, database: str, home: Path, **more: object) -> Settings:
    """Settings for one database of the server."""
    url = make_url(server).set(drivername="postgresql", database=database)
    text = url.render_as_string(hide_password=False)
    return Settings(database_url=text, secret=SECRET, home=home, log_level="WARNING", **more)  # type: ignore[arg-type]


def _execute(server: str, statement: str, *names: str) -> None:
    query = sql.SQL(statement).format(*(sql.Identifier(name) for name in names))  # type: ignore[arg-type]
    dsn = make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(query)


@pytest.fixture(scope="session")
def template(server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database that is migrated and has the built-in layers, to be copied."""
    name = f"{TEMPLATE}_{uuid.uuid4().hex[:8]}"
    _execute(server, "CREATE DATABASE {}", name)
    # The roles are the cluster's: their time holds in all copies.
    home = tmp_path_factory.mktemp("template")
    settings = settings_for(server, name, home, statement_timeout_ms=STATEMENT_MS)
    upgrade(settings)
    publish_folders(settings)
    return name


@contextmanager
def copied(server: str, template: str) -> Iterator[str]:
    """A fresh copy of ``template``, dropped at the end."""
    name = f"diaban_{uuid.uuid4().hex[:12]}"
    _execute(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
    try:
        yield name
    finally:
        _execute(server, "DROP DATABASE {} WITH (FORCE)", name)


@contextmanager
def keepers_aside(settings: Settings) -> Iterator[None]:
    """Keepers find that another leads: what they write comes in the middle of no test.

    The pump, and the worker of jobs, wait for what a test does and then do their work.
    ``tests/api/test_keepers.py`` sees that they work inside the application.
    """
    with closing(psycopg.connect(settings.admin_dsn, autocommit=True)) as leader:
        for lock in KEEPERS:
            leader.execute("SELECT pg_advisory_lock(%s)", [lock])
        yield


@pytest.fixture(scope="module")
def settings(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of this module's own database: migrated, layers published, no rows."""
    with copied(server, template) as name:
        found = settings_for(server, name, tmp_path_factory.mktemp("home"))
        with keepers_aside(found):
            yield found


@pytest.fixture
def admin(settings: Settings) -> Iterator[psycopg.Connection]:
    """A superuser's connection, autocommit: for putting rows and for looking behind the policies."""
    with closing(psycopg.connect(settings.admin_dsn, autocommit=True)) as connection:
        yield connection


@pytest.fixture(scope="module")
def app(settings: Settings) -> FastAPI:
    """The application on this module's database."""
    return create_app(settings)


@pytest.fixture(scope="module")
def client(app: FastAPI, settings: Settings) -> Iterator[TestClient]:
    """A client of the running application; pump and listener run beside it.

    They have passed all rows that were there before: versions of layers move by what tests write alone.
    """
    with (
        TestClient(app, raise_server_exceptions=False) as test_client,
        closing(psycopg.connect(settings.admin_dsn, autocommit=True)) as connection,
    ):
        _wait(lambda: test_client.get("/readyz").status_code == 200)
        _wait(lambda: caught_up(connection, app))
        yield test_client


@pytest.fixture(scope="module")
def staff(settings: Settings) -> dict[str, str]:
    """Headers of a member of staff (clearance 1, no unit)."""
    return {"Authorization": f"Bearer {issue(settings, Claims('staff@test', 1))}"}


@pytest.fixture(scope="module")
def operator(settings: Settings) -> dict[str, str]:
    """Headers of the operation centre (clearance 2: every row, may edit)."""
    return {"Authorization": f"Bearer {issue(settings, Claims('ioc@test', 2))}"}


@pytest.fixture(scope="module")
def live_server(settings: Settings) -> Iterator[str]:
    """The application served by Granian in a process of its own; its base URL."""
    with serving(settings) as url:
        yield url


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Serve ``settings`` on a free port of the loopback until the block ends; it knows of all rows so far."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "tests.served:create_app"]
    environment = os.environ | {
        "DIABAN_DATABASE_URL": settings.database_url,
        "DIABAN_SECRET": SECRET,
        "DIABAN_HOME": str(settings.home),
        "DIABAN_LOG_LEVEL": "WARNING",
        "DIABAN_REPORTS_PER_10_MIN": str(settings.reports_per_10_min),
    }
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"], cwd=ROOT, env=environment
    )
    url = f"http://127.0.0.1:{port}"
    try:
        # Starting takes seconds; on a machine that does much else, a minute or more.
        _wait(lambda: _answers(f"{url}/readyz"))
        with closing(psycopg.connect(settings.admin_dsn, autocommit=True)) as connection:
            _wait(lambda: served(connection, url))
        yield url
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def free_port() -> int:
    """A port of the loopback that nobody listens on.

    Below those that the kernel lends to whoever connects: until the server is there, one of the thousands of
    connections of the tests beside it would get such a port.
    """
    while True:
        port = 12_000 + secrets.randbelow(12_000)
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _wait(condition, seconds: float = 300.0) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError("the application did not become ready")
        time.sleep(0.05)


def settled(client: TestClient, check, seconds: float = 300.0) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Wait until ``check()`` holds: what was committed is served within a few beats of the pump."""
    _wait(check, seconds)
