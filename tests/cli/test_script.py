"""The script as a user types it, in a home of its own: up, a crash of everything, up again, down."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from cli.bootstrap.process import processes_in, processes_marked, wait_until_gone
from cli.cluster import Cluster
from tests.conftest import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
QUICK = ("--no-demo", "--workers", "1", "--port")


class User:
    """Somebody who types ./diaban with a home of their own (packages are installed already)."""

    def __init__(self, home: Path) -> None:
        self.home = home
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DIABAN_")}
        self.environment = {**kept, "DIABAN_HOME": str(home), "DIABAN_PREPARED": "1"}

    def types(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one command line."""
        command = [sys.executable, str(ROOT / "diaban"), *words]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=800, check=False, cwd="/"
        )

    def processes(self) -> list[int]:
        """Everything that runs for this home."""
        cluster = Cluster(self.home)
        mark = cluster.home.state().get("app", {}).get("mark")
        application = processes_marked(f"DIABAN_RUN={mark}") if mark else []
        return [*application, *(processes_in(cluster.data) if cluster.data else [])]

    def servers(self) -> tuple[object, int | None]:
        """The application and the database, each by its first process."""
        cluster = Cluster(self.home)
        return cluster.home.state()["app"], cluster.pid()


@pytest.fixture(scope="module")
def user() -> Iterator[User]:
    """A user whose things are gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="diaban-cli-"))
    home.chmod(0o711)
    one = User(home)
    try:
        yield one
    finally:
        one.types("reset", "--yes", "--all")
        assert one.processes() == []
        shutil.rmtree(home)


@pytest.fixture(scope="module")
def port() -> str:
    """A free port."""
    return str(free_port())


def answers(port: str) -> bool:
    """Whether the application says that it is ready."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60) as answer:
        return bool(answer.status == 200)


def test_before_the_first_up(user: User) -> None:
    assert user.types("status").returncode == 3
    assert user.types("down").returncode == 0
    refused = user.types("migrate")
    assert refused.returncode == 3
    assert "./diaban up" in refused.stderr


def test_up_serves_and_says_where(user: User, port: str) -> None:
    done = user.types("up", *QUICK, port)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"http://127.0.0.1:{port}/" in done.stdout
    assert answers(port)
    status = user.types("status")
    assert status.returncode == 0
    assert re.search(r"admin_units +0 ", status.stdout)


def test_a_second_up_starts_nothing(user: User, port: str) -> None:
    """That it is quick, ``tests/web`` sees. Sessions of the database and what is drawn ahead come and go."""
    before = user.servers()
    done = user.types("up", *QUICK, port)
    assert done.returncode == 0
    assert f"http://127.0.0.1:{port}" in done.stdout
    assert user.servers() == before


def test_a_used_port_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = int(somebody.getsockname()[1])
        other = User(tmp_path).types("up", *QUICK, str(port))
    assert other.returncode == 1
    assert f"./diaban up --port {port + 1}" in other.stderr
    assert "Traceback" not in other.stderr


def test_killing_every_process_loses_nothing(user: User, port: str) -> None:
    cluster = Cluster(user.home)
    with psycopg.connect(cluster.admin_url) as connection:
        connection.execute("CREATE TABLE ops.survivor AS SELECT 42 AS answer")
    victims = user.processes()
    assert len(victims) > 5
    for pid in victims:
        with suppress(ProcessLookupError):  # a worker for a moment may have ended by itself
            os.kill(pid, signal.SIGKILL)
    assert wait_until_gone(victims, 60) == []
    assert user.types("status").returncode == 3
    done = user.types("up", *QUICK, port)
    assert done.returncode == 0, done.stdout + done.stderr
    assert answers(port)
    with psycopg.connect(cluster.admin_url) as connection:
        assert connection.execute("SELECT answer FROM ops.survivor").fetchone() == (42,)


def test_workers_that_outlived_their_parent_do_not_block(user: User, port: str) -> None:
    main = Cluster(user.home).home.state()["app"]["pid"]
    orphans = [pid for pid in user.processes() if pid != main]
    os.kill(main, signal.SIGKILL)
    assert wait_until_gone([main], 60) == []
    done = user.types("up", *QUICK, port)
    assert done.returncode == 0, done.stdout + done.stderr
    assert answers(port)
    assert orphans


def test_reset_asks_first(user: User) -> None:
    refused = user.types("reset")
    assert refused.returncode == 1
    assert "[y/N]" in refused.stdout
    assert Cluster(user.home).is_running()


def test_down_stops_everything(user: User) -> None:
    assert user.types("down").returncode == 0
    assert user.processes() == []
    assert user.types("status").returncode == 3


def test_in_the_foreground_a_signal_stops_all_in_order(user: User, port: str) -> None:
    command = [sys.executable, str(ROOT / "diaban"), "up", "--foreground", *QUICK, port]
    running = subprocess.Popen(command, env=user.environment, stdout=subprocess.PIPE, text=True, cwd="/")
    assert running.stdout is not None
    assert any("./diaban down" in line for line in running.stdout)
    assert answers(port)
    running.terminate()
    assert running.wait(120) == 0
    assert user.processes() == []


def test_an_unreachable_database_of_ones_own_is_a_sentence(tmp_path: Path, port: str) -> None:
    user = User(tmp_path)
    user.environment["DIABAN_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    done = user.types("up", *QUICK, port)
    assert done.returncode == 1
    assert "DIABAN_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_is_a_sentence(tmp_path: Path, port: str) -> None:
    user = User(tmp_path)
    user.environment |= {
        "DIABAN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "DIABAN_POOL_MAX": "many",
    }
    done = user.types("up", *QUICK, port)
    assert done.returncode == 1
    assert "DIABAN_POOL_MAX" in done.stderr
    assert "Traceback" not in done.stderr
