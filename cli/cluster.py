"""A private PostgreSQL cluster: made, started, stopped and found again after any crash.

It lies in one folder, listens on 127.0.0.1 only, asks for a password derived from the home's secret, and
never runs as root. Standard library only: the script ``diaban`` uses it before any package is installed, the
tests use it for clusters of their own.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli.bootstrap import cluster_place, postgres_packages, postmaster
from cli.bootstrap.paths import Home
from cli.bootstrap.problem import Stop
from cli.bootstrap.process import alive, clean_environment, end, tail, wait_until_gone
from cli.bootstrap.service_user import service_user

if TYPE_CHECKING:
    from collections.abc import Iterator

ADMIN = "diaban_admin"
DATABASE = "diaban"
STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
TEMPORARY, OWNER = "diaban-test-", "owner"
START_TIMEOUT_S = 300  # recovery after a crash replays up to max_wal_size

CONF = """\
# Written by ./diaban at every start.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = 100
shared_buffers = '256MB'
effective_cache_size = '1GB'
work_mem = '16MB'
maintenance_work_mem = '128MB'
max_wal_size = '2GB'
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u@%d '
lc_messages = 'C'
"""
# For tests only: a crash of the machine may lose everything, and several applications stand side by side.
UNDURABLE = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 200\n"


class Cluster:
    """The cluster of one home folder; ``durable=False`` trades crash safety for speed (tests)."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = Home(home.resolve())
        self.durable = durable
        self.log = self.home.log / "postgresql.log"

    @property
    def exists(self) -> bool:
        """Whether its data was ever made."""
        return self.data is not None and (self.data / "PG_VERSION").exists()

    @property
    def data(self) -> Path | None:
        """The real data directory."""
        place = cluster_place.existing(self.home.root)
        return place / "data" if place else None

    @property
    def port(self) -> int | None:
        """The port it listens on, or listened on last."""
        port = self.home.state().get("postgres_port")
        return port if isinstance(port, int) else None

    @property
    def password(self) -> str:
        """The administrator's password."""
        return hmac.new(self.home.secret().encode(), ADMIN.encode(), hashlib.sha256).hexdigest()

    @property
    def admin_url(self) -> str:
        """URL of the database for the role that owns everything; holds the password."""
        return f"postgresql://{ADMIN}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def pid(self) -> int | None:
        """Process id of the running server."""
        return postmaster.running_pid(self.data) if self.data else None

    def is_running(self) -> bool:
        """Whether the server runs."""
        return self.pid() is not None

    def start(self) -> None:
        """Make it if absent, clear what a crash left, start it, and return when it answers."""
        self.home.create()
        account = service_user()
        place = cluster_place.create(self.home.root, account)
        installed = postgres_packages.choose(_major(place / "data"))
        if self._answers(installed.bin):
            return
        if not (place / "data" / "PG_VERSION").exists():
            self._init(place, installed.bin)
        sockets = cluster_place.socket_folder(place, account)
        postmaster.clear_stale(place / "data", sockets)
        for attempt in range(3):
            port = cluster_place.free_port(self.port)
            self.home.remember(postgres_port=port)
            self._configure(place / "data", port, sockets)
            options = ["start", "-w", "-s", "-t", str(START_TIMEOUT_S), "-D", str(place / "data")]
            if self._as_server([str(installed.bin / "pg_ctl"), *options], place) == 0:
                break
            # Another start may have taken the port between our look and the server's.
            if attempt == 2 or cluster_place.is_free(port):
                raise self._failure()
        self._ensure_database(place, installed.bin)

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: ``fast`` ends sessions, ``smart`` waits for them, ``immediate`` is a crash."""
        pid = self.pid()
        if pid is None:
            return
        os.kill(pid, STOP_SIGNALS[mode])
        if wait_until_gone([pid], 60):
            os.kill(pid, signal.SIGQUIT)
            end(wait_until_gone([pid], 10), 0)

    def remove(self) -> None:
        """Stop it and delete its data."""
        self.stop("immediate")
        cluster_place.remove(self.home.root)

    def client_environment(self) -> dict[str, str]:
        """Environment for libpq's own programs (psql, pg_dump), without a password on their command line."""
        return clean_environment(
            PGHOST="127.0.0.1",
            PGPORT=str(self.port),
            PGUSER=ADMIN,
            PGPASSWORD=self.password,
            PGDATABASE=DATABASE,
        )

    def _answers(self, programs: Path) -> bool:
        """Whether the server takes connections; waits for one that is recovering, or just dying."""
        deadline = time.monotonic() + START_TIMEOUT_S
        command = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while self.is_running() and time.monotonic() < deadline:
            if subprocess.run(command, env=clean_environment(), check=False).returncode == 0:
                return True
            time.sleep(0.1)
        return False

    def _init(self, place: Path, programs: Path) -> None:
        draft = place / "data.new"
        if draft.exists():
            shutil.rmtree(draft)
        password = place / "initdb.password"
        self._write(password, self.password + "\n")
        command = [str(programs / "initdb"), "-D", str(draft), "-U", ADMIN, f"--pwfile={password}"]
        command += ["--data-checksums", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]
        if not self.durable:
            command.append("--no-sync")
        try:
            if self._as_server(command, place) != 0:
                raise self._failure()
        finally:
            password.unlink()
        settings = draft / "postgresql.conf"
        self._write(settings, settings.read_text("utf-8") + "\ninclude_if_exists 'diaban.conf'\n")
        # Only now, in one step: a first start cut short leaves no half cluster behind.
        draft.rename(place / "data")

    def _configure(self, data: Path, port: int, sockets: Path) -> None:
        text = CONF.format(port=port, sockets=sockets)
        self._write(data / "diaban.conf", text if self.durable else text + UNDURABLE)

    def _ensure_database(self, place: Path, programs: Path) -> None:
        question = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"  # noqa: S608 (a constant)
        asked = self._psql(programs, question)
        if "password authentication failed" in asked.stderr:
            self._renew_password(place, programs)
            asked = self._psql(programs, question)
        if asked.returncode == 0 and not asked.stdout.strip():
            asked = self._psql(programs, f"CREATE DATABASE {DATABASE}")
        if asked.returncode != 0:
            raise Stop(
                f"Máy chủ dữ liệu không trả lời: {asked.stderr.strip()}",
                f"The database server does not answer, see {self.log}",
            )

    def _psql(self, programs: Path, statement: str) -> subprocess.CompletedProcess[str]:
        environment = {**self.client_environment(), "PGDATABASE": "postgres", "LC_ALL": "C"}
        command = [str(programs / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def _renew_password(self, place: Path, programs: Path) -> None:
        """The secret was lost or replaced: who owns the files may set a password, in single-user mode."""
        self.stop()
        statement = f"ALTER ROLE {ADMIN} PASSWORD '{self.password}'\n"  # hexadecimal digits only
        command = [str(programs / "postgres"), "--single", "-D", str(place / "data"), "postgres"]
        if self._as_server(command, place, statement) != 0:
            raise self._failure()
        self.start()

    def _as_server(self, command: list[str], place: Path, said: str = "") -> int:
        account = service_user()
        with self.log.open("ab") as log:
            return subprocess.run(
                command,
                cwd=place,
                env=clean_environment(HOME=str(place)),
                input=said.encode(),
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
                **(account.as_subprocess() if account else {}),
            ).returncode

    def _write(self, path: Path, text: str) -> None:
        account = service_user()
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            if account is not None:
                os.fchown(file.fileno(), account.uid, account.gid)
            file.write(text)

    def _failure(self) -> Stop:
        return Stop(
            f"Máy chủ dữ liệu không chạy được, xem {self.log}:\n{tail(self.log)}",
            f"The database server did not start, see {self.log}",
        )


@contextmanager
def temporary_cluster() -> Iterator[Cluster]:
    """A running cluster for tests, gone afterwards; in a folder that the server's account can reach."""
    _sweep()
    home = Path(tempfile.mkdtemp(prefix=TEMPORARY))
    home.chmod(0o711)
    (home / OWNER).write_text(str(os.getpid()), "ascii")
    cluster = Cluster(home, durable=False)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()
        shutil.rmtree(home, ignore_errors=True)


def _sweep() -> None:
    """Remove the clusters of test runs that were killed."""
    for owner in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*/{OWNER}"):
        pid = owner.read_text("ascii")
        if pid.isdigit() and not alive(int(pid)):
            Cluster(owner.parent, durable=False).remove()
            shutil.rmtree(owner.parent, ignore_errors=True)


def _major(data: Path) -> int | None:
    try:
        found = re.match(r"\d+", (data / "PG_VERSION").read_text("ascii"))
    except FileNotFoundError:
        return None
    return int(found[0]) if found else None
