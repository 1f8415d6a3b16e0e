"""Mend polygons, as a script in a process of its own: WKB in, WKB out, each after its length.

A shape that cannot be mended answers with length 0. A shape that takes more than its time ends the process:
an alarm that nobody handles also ends a library that is deep in C. Memory is limited for the whole process.
"""

from __future__ import annotations

import resource
import signal
import struct
import sys
from typing import BinaryIO

MEMORY_BYTES = 2 * 1024**3
SECONDS_A_SHAPE = 30
LENGTH = struct.Struct("<I")


def main(source: BinaryIO, target: BinaryIO) -> None:
    """Mend until standard input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    import shapely

    while head := source.read(LENGTH.size):
        wkb = source.read(LENGTH.unpack(head)[0])
        signal.alarm(SECONDS_A_SHAPE)
        # "structure" keeps what the rings enclose; the default method turns doubled loops inside out.
        mended = shapely.make_valid(shapely.from_wkb(wkb), method="structure", keep_collapsed=False)
        signal.alarm(0)
        parts = shapely.get_parts(mended)
        polygons = [part for part in parts if part.geom_type == "Polygon" and not part.is_empty]
        answer = shapely.to_wkb(shapely.MultiPolygon(polygons)) if polygons else b""
        target.write(LENGTH.pack(len(answer)) + answer)
        target.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
