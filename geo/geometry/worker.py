"""Check and mend polygons, as a script in a process of its own: ``worker.py SECONDS MEMORY_BYTES``.

Standard input: a byte (``V`` is it valid, ``R`` mend it), the WKB's length, the WKB. Standard output: the
answer after its length: one byte 1 or 0 to ``V``, WKB to ``R``, of length 0 where nothing is left.
A shape that takes more than its time ends the process: an alarm that nobody handles also ends a library that
is deep in C. Memory is limited for the whole process.
"""

from __future__ import annotations

import resource
import signal
import struct
import sys
from typing import BinaryIO

CHECK, MEND = b"V", b"R"
LENGTH = struct.Struct("<I")


def main(source: BinaryIO, target: BinaryIO, seconds: float, memory_bytes: int) -> None:
    """Answer until standard input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    import shapely

    while task := source.read(1):
        shape_wkb = source.read(LENGTH.unpack(source.read(LENGTH.size))[0])
        signal.setitimer(signal.ITIMER_REAL, seconds)
        shape = shapely.from_wkb(shape_wkb)
        if task == CHECK:
            answer = bytes([int(shapely.is_valid(shape))])
        else:
            # "structure" keeps what the rings enclose; the default method turns doubled loops inside out.
            mended = shapely.make_valid(shape, method="structure", keep_collapsed=False)
            polygons = [
                part
                for part in shapely.get_parts(mended)
                if part.geom_type == "Polygon" and not part.is_empty
            ]
            answer = shapely.to_wkb(shapely.MultiPolygon(polygons)) if polygons else b""
        signal.setitimer(signal.ITIMER_REAL, 0)
        target.write(LENGTH.pack(len(answer)) + answer)
        target.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer, float(sys.argv[1]), int(sys.argv[2]))
