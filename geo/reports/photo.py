"""Photos of reports: checked, decoded and written anew in a killable process, kept under random names.

Nothing here is served to anyone; staff get at a photo through the row's personal data, whose reads are
logged.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from pathlib import Path
from typing import BinaryIO

from geo.errors import InvalidInput, Unavailable
from geo.reports.photo_worker import TOO_MANY_PIXELS

PIXELS_MAX = 25_000_000
SIDE_MAX = 1_600
# A whole photo of 25 megapixels takes about 1 s; whatever takes longer than this is no photo.
TIME_S = 15.0
# Decoding takes a core and up to a gigabyte; more requests than this wait, and not for long.
AT_ONCE = 2
WAIT_S = 20.0
WORKER = Path(__file__).with_name("photo_worker.py")
_UNREADABLE = (
    "ảnh JPEG, PNG hoặc WebP đọc được, nguyên vẹn",
    "a readable, whole JPEG, PNG or WebP picture",
)


class PhotoStore:
    """Photos below ``folder``, as JPEG of at most 1,600 pixels a side; the original is never kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def add(self, photo: BinaryIO) -> str:
        """Store a photo anew; its random name. ``photo`` is a file with a descriptor, read from its start.

        Raises ``InvalidInput`` for what is no picture or has too many pixels, ``Unavailable`` when too many
        photos wait. Returns after the file is safely on disk.
        """
        if not known_kind(await asyncio.to_thread(_first_bytes, photo)):
            raise InvalidInput("photo", "…", *_UNREADABLE)
        try:
            async with asyncio.timeout(WAIT_S):
                await self._slots.acquire()
        except TimeoutError:
            raise Unavailable("Đang xử lý nhiều ảnh. Xin gửi lại.", "Too many photos. Try again.") from None
        try:
            picture = await _converted(photo)
        finally:
            self._slots.release()
        name = secrets.token_hex(16) + ".jpg"
        await asyncio.to_thread(_write, self.path(name), picture)
        return f"{name[:2]}/{name}"

    async def remove(self, name: str | None) -> None:
        """Forget a photo whose report was not stored after all; None is no photo."""
        if name is not None:
            await asyncio.to_thread(self.path(name).unlink, missing_ok=True)

    def path(self, name: str) -> Path:
        """Where a photo of that name lies."""
        plain = Path(name).name
        return self._folder / "reports" / plain[:2] / plain


def known_kind(first: bytes) -> bool:
    """Whether the first twelve bytes are those of a JPEG, PNG or WebP; a name or a header proves nothing."""
    return first.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (
        first[:4] == b"RIFF" and first[8:12] == b"WEBP"
    )


def _first_bytes(photo: BinaryIO) -> bytes:
    photo.flush()
    return os.pread(photo.fileno(), 12, 0)


async def _converted(photo: BinaryIO) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(WORKER), str(PIXELS_MAX), str(SIDE_MAX),
        stdin=photo, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={}, cwd="/",
    )  # fmt: skip
    try:
        async with asyncio.timeout(TIME_S):
            picture, _ = await process.communicate()
    except TimeoutError:
        picture = b""
    finally:
        if process.returncode is None:  # also where the request itself was given up
            process.kill()
            await process.wait()
    if process.returncode == TOO_MANY_PIXELS:
        million = PIXELS_MAX // 1_000_000
        raise InvalidInput(
            "photo", "…", f"ảnh không quá {million} triệu điểm ảnh", f"at most {million} million pixels"
        )
    if process.returncode != 0 or not picture:
        raise InvalidInput("photo", "…", *_UNREADABLE)
    return picture


def _write(path: Path, picture: bytes) -> None:
    """All or nothing, and on disk before the report that names it is acknowledged."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(picture)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
