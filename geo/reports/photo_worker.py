"""Decode a photo and write it anew, as a script in a process of its own: ``photo_worker.py PIXELS SIDE``.

Reads the photo from standard input, writes a JPEG to standard output. Re-encoding drops EXIF with its GPS
position, comments, thumbnails and whatever hangs behind the picture. Exit codes: 0 done, 3 too many pixels,
4 no readable picture. A process of its own because decoders are where hostile files do their work: it has no
more than 1 GB and 10 s, and its parent kills it.
"""

from __future__ import annotations

import io
import os
import resource
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

TOO_MANY_PIXELS = 3
UNREADABLE = 4
MEMORY_BYTES = 1024**3
CPU_S = 10
QUALITY = 85


def main(pixels_max: int, side_max: int) -> int:
    """Convert standard input to standard output; the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    from PIL import Image, ImageOps

    # Our own check below comes before any pixel is decoded and knows no grey zone of warnings.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(io.BufferedReader(_Positioned()), formats=("JPEG", "PNG", "WEBP")) as picture:
            width, height = picture.size
            if width * height > pixels_max:
                return TOO_MANY_PIXELS
            # A JPEG is decoded at 1/2, 1/4 or 1/8 of its size where that is enough.
            picture.draft("RGB", (side_max, side_max))
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((side_max, side_max))
            plain = _on_white(upright)
            out = io.BytesIO()
            plain.save(out, "JPEG", quality=QUALITY, optimize=True)
    except (OSError, ValueError, SyntaxError, MemoryError, EOFError, Image.DecompressionBombError):
        return UNREADABLE
    sys.stdout.buffer.write(out.getvalue())
    return 0


class _Positioned(io.RawIOBase):
    """Standard input read at places of our own: the descriptor's place in the file is the parent's too."""

    def __init__(self) -> None:
        self._size = os.fstat(0).st_size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        data = os.pread(0, len(target), self._at)
        target[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at


def _on_white(picture: Image.Image) -> Image.Image:
    from PIL import Image  # not at import: the parent, which reads this file's constants, has no use for it

    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        ground = Image.new("RGB", layered.size, "white")
        ground.paste(layered, mask=layered.getchannel("A"))
        return ground
    clean = Image.new("RGB", picture.size)  # a new image carries no metadata into the encoder
    clean.paste(picture.convert("RGB"))
    return clean


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
