"""Bytes in a file of this process that has no name: it is gone with the process, however that ends."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# A place: where its bytes begin and how many they are, in one number of 63 bits (a file of 512 GiB at most).
LENGTH_BITS = 24
LENGTH_MASK = (1 << LENGTH_BITS) - 1


class Blobs:
    """Written at the end, read by place, never changed; ``OSError`` where the disk is full."""

    def __init__(self, folder: Path) -> None:
        """The file lies in ``folder``, which is made: temporary folders are memory on many machines."""
        folder.mkdir(parents=True, exist_ok=True)
        # Closed with this object.
        self._file = tempfile.TemporaryFile(dir=folder, prefix="diaban-tiles-", buffering=0)  # noqa: SIM115
        self.size_bytes = 0

    def put(self, data: bytes) -> int:
        """Keep ``data`` (shorter than 16 MiB); its place, which is never smaller than its length."""
        if len(data) > LENGTH_MASK:
            raise ValueError(f"{len(data)} bytes")
        place = self.size_bytes << LENGTH_BITS | len(data)
        written = os.pwrite(self._file.fileno(), data, self.size_bytes)
        if written < len(data):
            raise OSError("short write")
        self.size_bytes += written
        return place

    def get(self, place: int) -> bytes:
        """What was kept there; ``OSError`` where the disk does not give it back."""
        data = os.pread(self._file.fileno(), place & LENGTH_MASK, place >> LENGTH_BITS)
        if len(data) != place & LENGTH_MASK:
            raise OSError("short read")
        return data

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()
