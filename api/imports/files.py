"""Uploads of ``/api/imports`` on disk: one folder an import, with what was said about it."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import secrets
import shutil
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from geo.errors import InvalidInput, NotFound, TooLarge, Unavailable

if TYPE_CHECKING:
    from fastapi import Request

    from geo.settings import Settings

# The job that does the work, and the files that it leaves for the doors.
PROCESS = "import"
PREVIEW, QUARANTINE = "preview.geojson", "quarantine.gpkg"
GEOPACKAGE = "application/geopackage+sqlite3"
BYTES_MAX = 2 * 2**30
PARTS_MAX = 12
KEPT_S = 7 * 86_400
SPARE_BYTES = 512 * 2**20
# Of a data set in several files the one that is opened.
MAIN = (".shp", ".tab", ".mif")
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_NAME = re.compile(r"[^\w.() -]")


@dataclass(frozen=True, slots=True)
class Upload:
    """One import: whose, into which layer, its parts, the last job of each step, what was answered."""

    id: str
    subject: str
    layer: str
    names: tuple[str, ...] = ()
    mode: str = "update"
    step: str = "upload"
    jobs: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def main(self) -> str:
        """The file that is opened."""
        return next((n for n in self.names if n.lower().endswith(MAIN)), self.names[0] if self.names else "")


def folder(settings: Settings, identifier: str) -> Path:
    """Where an import's files lie; ``NotFound`` for what cannot be one."""
    if not _ID.fullmatch(identifier):
        raise _unknown()
    return settings.home.resolve() / "imports" / identifier


def create(settings: Settings, subject: str, layer: str) -> Upload:
    """A new import; folders of a week ago go."""
    root = settings.home.resolve() / "imports"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in root.iterdir():
        if old.stat().st_mtime < time.time() - KEPT_S:
            shutil.rmtree(old, ignore_errors=True)
    made = Upload(secrets.token_hex(16), subject, layer)
    (root / made.id / "files").mkdir(mode=0o700, parents=True)
    save(settings, made)
    return made


def save(settings: Settings, upload: Upload) -> Upload:
    """Write down what is known; all or nothing."""
    path = folder(settings, upload.id) / "import.json"
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(asdict(upload), ensure_ascii=False), encoding="utf-8")
    draft.rename(path)
    return upload


def read(settings: Settings, identifier: str, subject: str) -> Upload:
    """The import of that id; ``NotFound`` for another's as for none."""
    try:
        text = (folder(settings, identifier) / "import.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _unknown() from None
    found = Upload(**{**(document := json.loads(text)), "names": tuple(document["names"])})
    if found.subject != subject:
        raise _unknown()
    return found


def forget(settings: Settings, upload: Upload) -> None:
    """Remove an import's files."""
    shutil.rmtree(folder(settings, upload.id), ignore_errors=True)


async def receive(settings: Settings, upload: Upload, name: str, request: Request) -> Upload:
    """Stream a request's body into a part of that name; what is not whole is not kept.

    ``TooLarge`` beyond 2 GiB, ``Unavailable`` where the disk is full, ``InvalidInput`` for no name.
    """
    plain = _NAME.sub("_", Path(name.replace("\\", "/")).name)[-120:]
    if not plain.strip(". ") or plain.startswith("."):
        raise InvalidInput("name", name, "tên tệp, vd thua_dat.zip", "a file's name, e.g. parcels.zip")
    if len(upload.names) >= PARTS_MAX:
        raise InvalidInput("name", name, f"tối đa {PARTS_MAX} tệp", f"at most {PARTS_MAX} files")
    target = folder(settings, upload.id) / "files" / plain
    draft = target.with_name(plain + ".part")
    size = 0
    try:
        with await asyncio.to_thread(_opened, draft) as file:
            async for chunk in request.stream():
                size += len(chunk)
                _within(size, target.parent)
                await asyncio.to_thread(file.write, chunk)
        if not size:
            raise InvalidInput("body", "", "nội dung tệp", "the file's bytes")
        draft.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _full() from error
        raise
    finally:
        draft.unlink(missing_ok=True)
    return save(settings, replace(upload, names=(*(n for n in upload.names if n != plain), plain)))


def _opened(path: Path) -> BinaryIO:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _within(size: int, place: Path) -> None:
    if size > BYTES_MAX:
        raise TooLarge("Tệp quá lớn: tối đa 2 GiB.", "The file is too large: at most 2 GiB.")
    if shutil.disk_usage(place).free < SPARE_BYTES:
        raise _full()


def _full() -> Unavailable:
    return Unavailable("Máy chủ hết chỗ chứa tệp.", "The server has no room for the file.")


def _unknown() -> NotFound:
    return NotFound("Không có lần nạp này.", "There is no such import.")
