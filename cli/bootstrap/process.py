"""Running other programs: quietly into a log, and finding out which processes are ours."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cli.bootstrap.problem import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PROC = Path("/proc")


def clean_environment(**more: str) -> dict[str, str]:
    """The caller's environment without libpq's PG* variables, which would redirect our connections."""
    return {**without_libpq(os.environ), **more}


def without_libpq(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment less libpq's own variables."""
    return {name: value for name, value in environment.items() if not name.startswith("PG")}


def run_quietly(
    argv: Sequence[str | Path], log: Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Run a program with its output in ``log``; when it fails, stop with its last lines."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log.open("ab") as output:
        output.write(f"$ {' '.join(map(str, argv))}\n".encode())
        output.flush()
        done = subprocess.run(
            [str(word) for word in argv],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=cwd,
            env=env,
            check=False,
        )
    if done.returncode != 0:
        name = Path(argv[0]).name
        raise Stop(
            f"{name} báo lỗi (mã {done.returncode}), xem {log}:\n{tail(log)}",
            f"{name} failed (exit code {done.returncode}), see {log}",
        )


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log, indented for the terminal."""
    try:
        text = log.read_text("utf-8", errors="replace")[-20_000:]
    except FileNotFoundError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


def alive(pid: int) -> bool:
    """Whether a process with this id runs (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        stat = (PROC / str(pid) / "stat").read_text("utf-8", errors="replace")
    except OSError:
        return not PROC.exists()
    return stat.rpartition(")")[2].split()[0] != "Z"


def processes_in(folder: Path) -> list[int]:
    """Processes whose working directory is ``folder``: of a data directory, its server's."""
    return [pid for pid in _pids() if _points_at(PROC / str(pid) / "cwd", folder) and alive(pid)]


def processes_marked(mark: str) -> list[int]:
    """Processes that were started with ``mark`` (``NAME=value``) in their environment."""
    wanted = mark.encode()
    return [pid for pid in _pids() if wanted in _environ(pid) and alive(pid)]


def wait_until_gone(pids: Sequence[int], seconds: float) -> list[int]:
    """Wait for processes to end; those still there after ``seconds``."""
    deadline = time.monotonic() + seconds
    left = [pid for pid in pids if alive(pid)]
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [pid for pid in left if alive(pid)]
    return left


def end(pids: Sequence[int], seconds: float, first: int = signal.SIGTERM) -> None:
    """Ask processes to end, and kill those that have not after ``seconds``."""
    for sent, patience in ((first, seconds), (signal.SIGKILL, 5.0)):
        for pid in pids:
            try:
                os.kill(pid, sent)
            except ProcessLookupError:
                continue
        pids = wait_until_gone(pids, patience)
        if not pids:
            return


def _pids() -> Iterator[int]:
    if PROC.exists():
        yield from (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def _points_at(link: Path, folder: Path) -> bool:
    try:
        return os.readlink(link) == str(folder)
    except OSError:
        return False


def _environ(pid: int) -> list[bytes]:
    try:
        return (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
