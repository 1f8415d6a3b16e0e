"""Who holds a data directory: reading ``postmaster.pid``, and clearing it safely after a crash.

PostgreSQL clears a stale file itself when the process id in it is free. When the id has since been given to
another process of the same account (or is a zombie's) it refuses to start; that case is ours. The file also
guards against backends that outlived a killed server, so it goes only after every process working in the
directory has ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

from cli.bootstrap.process import PROC, alive, end, processes_in, wait_until_gone

if TYPE_CHECKING:
    from pathlib import Path

ORPHAN_PATIENCE_S = 10.0


def running_pid(data: Path) -> int | None:
    """Process id of the live server of a data directory (a real path)."""
    try:
        pid = int((data / "postmaster.pid").read_text("ascii").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    return pid if alive(pid) and _works_in(pid, data) else None


def clear_stale(data: Path, sockets: Path) -> None:
    """After a crash: wait for what the server left, then remove its pid file and its socket's lock.

    Called when no server runs there, by the holder of the home's lock.
    """
    orphans = wait_until_gone(processes_in(data), ORPHAN_PATIENCE_S)
    end(orphans, ORPHAN_PATIENCE_S, first=signal.SIGQUIT)
    if PROC.exists():
        for left in (data / "postmaster.pid", *sockets.glob(".s.PGSQL.*")):
            left.unlink(missing_ok=True)


def _works_in(pid: int, data: Path) -> bool:
    if PROC.exists():
        try:
            return os.readlink(PROC / str(pid) / "cwd") == str(data)
        except OSError:
            return False
    asked = ["ps", "-o", "command=", "-p", str(pid)]
    return "postgres" in subprocess.run(asked, capture_output=True, text=True, check=False).stdout
