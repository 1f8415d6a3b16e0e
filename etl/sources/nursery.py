"""Workers by fork from a process that has the readers' libraries in memory: milliseconds instead of a second.

The nursery begins with the environment that it is given and nothing else, has one thread, and reads no file
itself. Each worker has a keeper that tells how it ended, and the two are a group that dies at one signal.
The nursery ends with the process that it serves, whose end of the socket closes.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).parents[2]
_NUMBER = struct.Struct("<i")
_MESSAGE_BYTES = 1 << 16
_PROGRAM = "from etl.sources.nursery import main; main()"
# Modules that a worker needs for most files.
_COMMON = ("etl.sources.opened", "etl.sources.vector", "etl.sources.books", "pyarrow.ipc")


class Child:
    """A worker as its parent has it: the other ends of its pipes, its end, and the means to bring that on."""

    def __init__(self, pid: int, stdin: int, stdout: int, status: int) -> None:
        self._pid = pid
        self._status = status
        self._code: int | None = None
        self.stdin: IO[bytes] = os.fdopen(stdin, "wb")
        self.stdout: IO[bytes] = os.fdopen(stdout, "rb")

    def kill(self) -> None:
        """End it and whatever it started, whatever it is doing."""
        if self._code is None:
            with suppress(ProcessLookupError):
                os.killpg(self._pid, signal.SIGKILL)

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Its exit code, negative for a signal; None where it runs on after ``timeout_s``."""
        if self._code is None and select.select([self._status], [], [], timeout_s)[0]:
            told = os.read(self._status, _NUMBER.size)
            os.close(self._status)
            self._code = _NUMBER.unpack(told)[0] if told else -signal.SIGKILL
        return self._code


class Nursery:
    """The parent's side. Safe for threads; begun at the first worker, and anew after a fork or a death."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None

    def worker(self, folder: str, stderr: int, environment: dict[str, str]) -> Child:
        """A new worker, in ``folder`` as its home. ``OSError`` where no process can be had."""
        stdin, to_worker = os.pipe()
        from_worker, stdout = os.pipe()
        ended, status = os.pipe()
        theirs = [stdin, stdout, stderr, status]
        try:
            with self._lock:
                pid = self._ask(folder, theirs, environment)
        finally:
            for each in (stdin, stdout, status):
                os.close(each)
        return Child(pid, to_worker, from_worker, ended)

    @property
    def pid(self) -> int:
        """Its process; 0 where none is begun."""
        return self._process.pid if self._process is not None else 0

    def close(self) -> None:
        """End the nursery of this process; its workers run on."""
        if self._channel is not None and self._owner == os.getpid():
            self._channel.close()
            if self._process is not None:
                self._process.wait()
        self._channel = self._process = None

    def _ask(self, folder: str, theirs: list[int], environment: dict[str, str]) -> int:
        for _ in range(2):
            if self._channel is None or self._owner != os.getpid():
                self._begin(environment)
            assert self._channel is not None  # noqa: S101 - begun
            with suppress(OSError):
                socket.send_fds(self._channel, [folder.encode()], theirs)
                if told := self._channel.recv(_NUMBER.size):
                    return int(_NUMBER.unpack(told)[0])
            self.close()
        raise OSError("the nursery of workers does not start")

    def _begin(self, environment: dict[str, str]) -> None:
        mine, other = socket.socketpair()
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", _PROGRAM],
            stdin=other.fileno(),
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )
        other.close()
        self._channel, self._owner = mine, os.getpid()


NURSERY = Nursery()
atexit.register(NURSERY.close)


def main() -> None:
    """Serve: each message is a folder with the worker's stdin, stdout, stderr and the pipe for its end."""
    from importlib import import_module

    from etl.sources.worker import Without

    sys.meta_path.insert(0, Without)
    for module in _COMMON:
        import_module(module)
    signal.signal(signal.SIGCHLD, _reap)
    channel = socket.socket(fileno=os.dup(0))
    while True:
        message, theirs, _, _ = socket.recv_fds(channel, _MESSAGE_BYTES, 4)
        if len(theirs) < 4:
            return
        pid = os.fork()
        if pid == 0:
            channel.close()
            _keep(message.decode(), theirs)
        # Before the parent hears of it: a group that is not there yet cannot be killed.
        os.setpgid(pid, pid)
        for each in theirs:
            os.close(each)
        channel.send(_NUMBER.pack(pid))


def _reap(*_: object) -> None:
    """Keepers that have ended: waited for, so that what workers used is counted as their parent's."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _keep(folder: str, theirs: list[int]) -> NoReturn:
    """Begin the worker, wait for it, tell how it ended."""
    # The nursery does so too, but may come to it only after the worker has begun: that would stay outside the
    # group, and no signal would reach it.
    os.setpgid(0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    status = theirs.pop()
    pid = os.fork()
    if pid == 0:
        os.close(status)
        _work(folder, theirs)
    for each in (0, 1, *theirs):
        os.close(each)
    _, how = os.waitpid(pid, 0)
    with suppress(BrokenPipeError):
        os.write(status, _NUMBER.pack(os.waitstatus_to_exitcode(how)))
    os._exit(0)


def _work(folder: str, theirs: list[int]) -> NoReturn:
    from etl.sources import worker

    for target, given in enumerate(theirs):
        os.dup2(given, target)
        os.close(given)
    os.environ |= {"HOME": folder, "TMPDIR": folder}
    sys.exit(worker.main())
