"""Where the cluster's files lie: in the home, or in /var/lib/diaban when its account cannot get there."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cli.bootstrap.postmaster import running_pid
from cli.bootstrap.process import end
from cli.bootstrap.service_user import may_enter

if TYPE_CHECKING:
    from cli.bootstrap.service_user import Account

ELSEWHERE = Path("/var/lib/diaban")
# sun_path is 108 bytes with its closing zero; PostgreSQL appends "/.s.PGSQL.<port>" to the folder.
SOCKET_PATH_MAX = 107
SOCKET_NAME_BYTES = len("/.s.PGSQL.65535.lock")
# Below the kernel's ephemeral range, so that no outgoing connection takes the port between two starts.
PORTS = range(25432, 25532)


def existing(home: Path) -> Path | None:
    """The real folder of a home's cluster, if it was made."""
    link = home / "pg"
    return link.resolve() if link.exists() else None


def create(home: Path, account: Account | None) -> Path:
    """The real folder of a home's cluster, made when absent: mode 0700, of the server's account."""
    found = existing(home)
    if found is not None:
        return found
    home.mkdir(parents=True, exist_ok=True)
    link = home / "pg"
    if account is None or may_enter(account, home):
        link.mkdir(mode=0o700)
        place = link
    else:
        place = _elsewhere(home)
        link.unlink(missing_ok=True)
        link.symlink_to(place)
    if account is not None:
        os.chown(place, account.uid, account.gid)
    return place.resolve()


def remove(home: Path) -> None:
    """Delete a home's cluster wherever it lies."""
    place = existing(home)
    if place is not None:
        shutil.rmtree(place)
    if (home / "pg").is_symlink():
        (home / "pg").unlink()


def _elsewhere(home: Path) -> Path:
    place = ELSEWHERE / hashlib.sha256(str(home).encode()).hexdigest()[:12]
    ELSEWHERE.mkdir(mode=0o755, parents=True, exist_ok=True)
    if place.exists():
        # The home was deleted by hand, its data was not: kept aside, for nobody asked to delete it.
        pid = running_pid(place / "data")
        end([pid] if pid else [], 30)
        place.rename(place.with_name(f"{place.name}.old-{time.strftime('%Y%m%d%H%M%S')}"))
    place.mkdir(mode=0o700)
    return place


def socket_folder(place: Path, account: Account | None) -> Path:
    """A folder for the server's socket whose path is short enough."""
    folder = place / "run"
    if len(os.fsencode(folder)) + SOCKET_NAME_BYTES > SOCKET_PATH_MAX:
        name = hashlib.sha256(str(place).encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"diaban-{name}"
        if len(os.fsencode(folder)) + SOCKET_NAME_BYTES > SOCKET_PATH_MAX:
            folder = Path("/tmp") / folder.name  # noqa: S108 (the only short path that is always there)
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid not in {os.geteuid(), account.uid if account else os.geteuid()}:
        raise PermissionError(13, "socket folder belongs to somebody else", str(folder))
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    return folder


def free_port(remembered: int | None, host: str = "127.0.0.1") -> int:
    """The remembered port if nobody took it, else the first free one of our range, else any."""
    for port in itertools.chain([remembered] if remembered else [], PORTS):
        if is_free(port, host):
            return port
    with socket.socket() as probe:
        probe.bind((host, 0))
        chosen: int = probe.getsockname()[1]
        return chosen


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True
