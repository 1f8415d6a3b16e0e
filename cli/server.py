"""The application's process: Granian in the background, found again and ended also after a crash."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from cli.bootstrap import cluster_place
from cli.bootstrap.paths import REPO
from cli.bootstrap.problem import Stop
from cli.bootstrap.process import alive, end, processes_marked, tail
from cli.connection import environment

if TYPE_CHECKING:
    from pathlib import Path

    from cli.bootstrap.paths import Home

MARK = "DIABAN_RUN"
# Workers keep their figures here, side by side: /metrics then speaks of all of them.
METRICS = "PROMETHEUS_MULTIPROC_DIR"
WORKER_FAILED = b"Unexpected exit from worker"
LOG_MAX_BYTES = 10_000_000
READY_TIMEOUT_S = 120
STOP_TIMEOUT_S = 15


class Server:
    """The one application process (and its workers) of a home."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.log = home.log / "app.log"

    @property
    def url(self) -> str:
        """Where it serves, or served last."""
        state = self._state()
        return url_of(state.get("host", "127.0.0.1"), state.get("port", 8000))

    def is_running(self) -> bool:
        """Whether its main process lives."""
        pid = self._state().get("pid")
        return (
            isinstance(pid, int) and alive(pid) and (pid in self._processes() or not os.path.isdir("/proc"))
        )

    def exists(self) -> bool:
        """Whether it, or a worker that outlived it, lives."""
        return self.is_running() or bool(self._processes())

    def is_ready(self) -> bool:
        """Whether it answers that it can serve."""
        return _status(f"{self.url}/readyz") == 200

    def command(self, host: str, port: int, workers: int) -> list[str]:
        """Granian's command line."""
        options = ["--interface", "asgi", "--factory", "--host", host, "--port", str(port)]
        options += ["--workers", str(workers), "--no-ws", "--log-level", "warning"]
        # An open event stream would otherwise keep a worker from ending.
        options += ["--respawn-failed-workers", "--workers-kill-timeout", "5"]
        return [sys.executable, "-m", "granian", *options, "api.app:create_app"]

    def start(
        self, host: str, port: int, workers: int, *, background: bool = True
    ) -> subprocess.Popen[bytes]:
        """Start it and return when it is ready; in the foreground it keeps this terminal."""
        self.stop()
        refuse_used_port(host, port)
        if self.log.exists() and self.log.stat().st_size > LOG_MAX_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        mark = secrets.token_hex(8)
        with self.log.open("ab") as log:
            begin = log.tell()
            process = subprocess.Popen(
                self.command(host, port, workers),
                cwd=REPO,
                env={**environment(self.home), MARK: mark, METRICS: str(self._fresh_metrics())},
                stdin=subprocess.DEVNULL,
                stdout=log if background else None,
                stderr=subprocess.STDOUT if background else None,
                start_new_session=True,
            )
        self.home.remember(app={"pid": process.pid, "mark": mark, "host": host, "port": port})
        self._wait(process, begin)
        return process

    def stop(self) -> bool:
        """End it and every worker that outlived it; whether anything ran."""
        pid = self._state().get("pid")
        main = [pid] if isinstance(pid, int) and self.is_running() else []
        end(main, STOP_TIMEOUT_S)
        left = self._processes()
        end(left, 2)
        return bool(main or left)

    def _wait(self, process: subprocess.Popen[bytes], begin: int) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        ended = False
        while time.monotonic() < deadline and not ended:
            if self.is_ready():
                return
            time.sleep(0.1)
            ended = process.poll() is not None or self._workers_fail(begin)
        reason = "dừng ngay sau khi khởi động" if ended else f"chưa sẵn sàng sau {READY_TIMEOUT_S} giây"
        self.stop()
        raise Stop(
            f"Ứng dụng {reason}, xem {self.log}:\n{tail(self.log)}",
            f"The application did not become ready, see {self.log}",
        )

    def _workers_fail(self, begin: int) -> bool:
        """Granian starts a failed worker again for ever; two failures at the start mean that none lives."""
        with self.log.open("rb") as log:
            log.seek(begin)
            return log.read().count(WORKER_FAILED) >= 2

    def _processes(self) -> list[int]:
        mark = self._state().get("mark")
        return processes_marked(f"{MARK}={mark}") if mark else []

    def _fresh_metrics(self) -> Path:
        folder = self.home.root / "metrics"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def _state(self) -> dict[str, Any]:
        state = self.home.state().get("app")
        return state if isinstance(state, dict) else {}


def refuse_used_port(host: str, port: int) -> None:
    """Stop with a sentence when another program listens there."""
    if not cluster_place.is_free(port, host):
        raise Stop(
            f"Cổng {port} trên {host} đang bị dùng, hãy gõ: ./diaban up --port {port + 1}",
            f"Port {port} on {host} is in use, type: ./diaban up --port {port + 1}",
        )


def url_of(host: str, port: int) -> str:
    """The address to type into a browser on this machine."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


def _status(url: str) -> int | None:
    # A proxy of the environment has no business between us and our own process.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None
