"""The worker process in which files are parsed, and the parent's hold on it.

Readers of files are large C and C++ libraries, and the files come from anywhere: a worker has an address
space limit, no way to drivers that open other files or the network, and is killed when it stalls. The
parent sees JSON (what the file is) or an Arrow stream (its rows), never the file itself.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
import threading
import time
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa

from etl.sources.nursery import NURSERY
from etl.sources.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.sources.nursery import Child
    from etl.types import Limits

# Exit code of a worker that refused the file and said why on its last line of stderr.
REFUSED = 3
# How long a worker may take to end after its last word.
ENDING_S = 20.0
# Drivers that open other files or the network; the readers' own sniffing keeps others out as well.
_SKIP = (
    "OGR_VRT VRT GDALG WFS OAPIF HTTP CSW OGCAPI EEDA AmigoCloud Carto NGW PLSCENES Elasticsearch GTFS PGDUMP"
    " PDF MapML GeoRSS ADBC OSM LVBAG WMS WCS WMTS"
)
_STDERR_BYTES = 1 << 16


class Watchdog:
    """Kills a process that shows no progress within ``idle_s``, or is not done within ``total_s``."""

    def __init__(self, process: Child, limits: Limits) -> None:
        self._process = process
        self._idle_s = limits.idle_s
        self._end = time.monotonic() + limits.total_s
        self._due = 0.0
        self._done = threading.Event()
        self.fired = False
        self.alive()
        threading.Thread(target=self._watch, daemon=True).start()

    def alive(self) -> None:
        """Progress was seen."""
        self._due = min(time.monotonic() + self._idle_s, self._end)

    def pause(self) -> None:
        """The consumer works: a worker that waits for it is not stalled."""
        self._due = self._end

    def stop(self) -> None:
        """No more watching."""
        self._done.set()

    def _watch(self) -> None:
        while not self._done.wait(0.2):
            if time.monotonic() > self._due:
                self.fired = True
                self._process.kill()
                return


@contextmanager
def worker(job: dict[str, Any], limits: Limits) -> Iterator[tuple[IO[bytes], Watchdog]]:
    """Start a worker on a job; its stdout and its watchdog. ``Refused`` where it did not end well.

    Whatever happens, the process and its temporary folder are gone afterwards.
    """
    with tempfile.TemporaryDirectory(prefix="diaban-read-") as folder, tempfile.TemporaryFile() as said:
        process = NURSERY.worker(folder, said.fileno(), environment())
        watchdog = Watchdog(process, limits)
        finished = broken = unending = False
        try:
            with process.stdin as asked:
                asked.write(json.dumps({**job, "folder": folder}).encode())
            yield process.stdout, watchdog
            finished = True
        except (pa.ArrowException, EOFError, BrokenPipeError, json.JSONDecodeError):
            finished = broken = True  # what the worker said tells more than the broken stream
            process.stdout.close()  # nor does it wait for a reader
        finally:
            watchdog.stop()
            if process.wait(ENDING_S if finished else 0) is None:
                unending = finished
                process.kill()
            code = process.wait()
            process.stdout.close()
        # One that ended well just before it was to be killed has done its work.
        if finished and (code != 0 or broken):
            late = watchdog.fired or unending or code == -signal.SIGXCPU
            raise _reason(code, late, said, limits)


def environment() -> dict[str, str]:
    """What a worker is told: no secret of its parent, and how its libraries are to behave."""
    kept = {
        name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV") if name in os.environ
    }
    return kept | {
        "GDAL_SKIP": _SKIP.replace(" ", ","),
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "none",
        "OGR_GEOJSON_MAX_OBJ_SIZE": "200",
        "GML_SKIP_RESOLVE_ELEMS": "ALL",
        "SHAPE_RESTORE_SHX": "YES",
        "GDAL_DISABLE_READDIR_ON_OPEN": "NO",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        # No thread of an allocator in a process that forks.
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "MALLOC_ARENA_MAX": "2",
    }


def _reason(code: int | None, late: bool, said: IO[bytes], limits: Limits) -> Refused:
    """What to tell of a worker that did not end well."""
    said.seek(max(0, said.seek(0, os.SEEK_END) - _STDERR_BYTES))
    words = said.read().decode(errors="replace")
    if late:
        return Refused(
            "too_slow",
            "Tệp mất quá nhiều thời gian để đọc: đã dừng. Hãy chia nhỏ tệp.",
            "The file takes too long to read: stopped. Split it.",
        )
    if code == REFUSED:
        told = json.loads(words.strip().splitlines()[-1])
        return Refused(told["code"], told["vi"], told["en"])
    memory = (code or 0) < 0 or "MemoryError" in words or "bad_alloc" in words or "realloc" in words
    if memory:
        size = limits.memory_bytes // 2**20
        return Refused(
            "too_much_memory",
            f"Tệp cần quá nhiều bộ nhớ để đọc (giới hạn {size} MB) hoặc làm hỏng bộ đọc: đã dừng. Hãy"
            " chia nhỏ tệp, hoặc xuất sang GeoPackage.",
            f"The file takes too much memory to read (limit {size} MB) or breaks its reader: stopped. Split"
            " it, or export it to GeoPackage.",
        )
    last = next((line for line in reversed(words.splitlines()) if line.strip()), str(code))
    return Refused(
        "reader_failed",
        f"Bộ đọc tệp dừng vì lỗi: {last[:200]}. Xuất lại tệp, sang GeoPackage nếu được, rồi nạp.",
        f"The reader of the file stopped with an error: {last[:200]}. Export it again, to GeoPackage if you"
        " can.",
    )
