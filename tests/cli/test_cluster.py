"""The private cluster, for real: who it runs as, how it is set, and that no crash costs a committed row."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from cli.bootstrap import cluster_place, postmaster
from cli.bootstrap.process import wait_until_gone
from cli.bootstrap.service_user import may_enter, service_user
from cli.cluster import Cluster
from tests.conftest import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has a second account to run as")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A durable cluster, as ``up`` makes it."""
    home = Path(tempfile.mkdtemp(prefix="diaban-cli-"))
    home.chmod(0o711)
    made = Cluster(home)
    try:
        made.start()
        yield made
    finally:
        made.remove()
        shutil.rmtree(home)


def rows(cluster: Cluster, statement: str) -> list[tuple[object, ...]]:
    """Run one statement as the administrator."""
    with psycopg.connect(cluster.admin_url, autocommit=True) as connection:
        done = connection.execute(statement)
        return done.fetchall() if done.description else []


def server_files(cluster: Cluster) -> tuple[int, Path]:
    """Process id and data directory of a running cluster."""
    pid, data = cluster.pid(), cluster.data
    assert pid is not None
    assert data is not None
    return pid, data


def test_it_never_runs_as_root(cluster: Cluster) -> None:
    pid, data = server_files(cluster)
    assert os.stat(f"/proc/{pid}").st_uid != 0
    assert data.stat().st_uid == os.stat(f"/proc/{pid}").st_uid
    assert data.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", "127.0.0.1"),
        ("password_encryption", "scram-sha-256"),
        ("jit", "off"),
        ("server_encoding", "UTF8"),
    ],
)
def test_its_settings(cluster: Cluster, setting: str, value: str) -> None:
    assert rows(cluster, f"SHOW {setting}") == [(value,)]


def test_nobody_gets_in_without_the_password(cluster: Cluster) -> None:
    _, data = server_files(cluster)
    for host in ("127.0.0.1", str(data.parent / "run")):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(
                host=host, port=cluster.port, user="diaban_admin", dbname="diaban", password="guess"
            )
    assert cluster.home.secret_file.stat().st_mode & 0o077 == 0


def test_a_second_start_changes_nothing(cluster: Cluster) -> None:
    before = cluster.pid()
    cluster.start()
    assert cluster.pid() == before


def test_kill_minus_nine_keeps_what_was_committed(cluster: Cluster) -> None:
    rows(cluster, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    pid, _ = server_files(cluster)
    os.kill(pid, signal.SIGKILL)
    cluster.start()
    assert rows(cluster, "SELECT count(*), sum(n) FROM kept") == [(1000, 500500)]


def test_a_stale_pid_file_whose_pid_was_given_to_another(cluster: Cluster) -> None:
    pid, data = server_files(cluster)
    os.kill(pid, signal.SIGKILL)
    assert wait_until_gone([pid], 60) == []
    stale = (data / "postmaster.pid").read_text().split("\n", 1)[1]
    # This test's own process is alive and is no database server.
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{stale}")
    assert not cluster.is_running()
    cluster.start()
    assert cluster.is_running()


def test_a_port_taken_meanwhile_is_given_up(cluster: Cluster) -> None:
    cluster.stop()
    before = cluster.port
    assert before is not None
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # a cluster that starts beside this test has taken it: as good a thief
            thief.bind(("127.0.0.1", before))
            thief.listen()
        cluster.start()
        assert cluster.port != before
    assert rows(cluster, "SELECT 1") == [(1,)]


def test_a_lost_secret_is_replaced(cluster: Cluster) -> None:
    cluster.home.secret_file.unlink()
    cluster.stop()
    cluster.start()
    assert rows(cluster, "SELECT 1") == [(1,)]


def test_the_callers_pg_variables_do_not_leak_in(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster.stop()
    leaks = {"PGOPTIONS": "-c fsync=off", "PGDATA": "/nowhere", "PGPORT": "1", "PGHOST": "example.invalid"}
    for name, value in leaks.items():
        monkeypatch.setenv(name, value)
    cluster.start()
    for name in leaks:
        monkeypatch.delenv(name)
    assert rows(cluster, "SHOW fsync") == [("on",)]


def test_stop_is_quick_and_repeatable(cluster: Cluster) -> None:
    pid, data = server_files(cluster)
    cluster.stop()
    cluster.stop()
    assert wait_until_gone([pid], 0) == []
    assert postmaster.running_pid(data) is None
    cluster.start()


@needs_root
def test_a_home_that_the_server_cannot_reach_gets_its_data_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = service_user()
    assert account is not None
    base = Path(tempfile.mkdtemp(prefix="diaban-cli-"))  # mode 0700, as /root is
    open_to_all = Path(tempfile.mkdtemp(prefix="diaban-cli-"))
    open_to_all.chmod(0o711)
    monkeypatch.setattr(cluster_place, "ELSEWHERE", open_to_all / "lib")
    cluster = Cluster(base / "home")
    try:
        assert not may_enter(account, base)
        cluster.start()
        assert (base / "home/pg").is_symlink()
        assert server_files(cluster)[1].is_relative_to(open_to_all)
        assert rows(cluster, "SELECT 1") == [(1,)]
        cluster.remove()
        assert not (base / "home/pg").is_symlink()
        assert list((open_to_all / "lib").iterdir()) == []
    finally:
        cluster.remove()
        shutil.rmtree(base)
        shutil.rmtree(open_to_all)


@needs_root
def test_root_is_never_the_account() -> None:
    account = service_user()
    assert account is not None
    assert pwd.getpwuid(account.uid).pw_name in {"postgres", "diaban"}


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    place = tmp_path / ("x" * 100)
    place.mkdir()
    folder = cluster_place.socket_folder(place, None)
    try:
        assert len(os.fsencode(folder / ".s.PGSQL.65535.lock")) <= 107
        assert folder.stat().st_mode & 0o077 == 0
    finally:
        folder.rmdir()


def test_the_remembered_port_is_kept_while_it_is_free() -> None:
    taken = free_port()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", taken))
        probe.listen()
        assert cluster_place.free_port(taken) != taken
    assert cluster_place.free_port(taken) == taken
