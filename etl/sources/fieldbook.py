"""Files of total stations that are no tables: Leica GSI-8 and GSI-16, Sokkia and Topcon SDR20 and SDR33.

Their coordinates are read, one row a point. Measured angles and distances are not: what they are worth is
known only once somebody has adjusted them.

GSI: blocks of word index (two signs, four of information), sign and 8 or 16 characters; 11 the point, 81,
82, 83 easting, northing, height, 41 and 71–79 codes and remarks; the sixth sign of a block is the unit of
its number. SDR: records 02 (station) and 08 (coordinates) of fixed width: point, northing, easting, height,
code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from etl.sources.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from etl.sources.cells import Row
    from etl.types import Limits

HEADER: Row = ["Điểm", "X", "Y", "H", "Mã"]
LINE_CHARS = 4_000
_GSI = re.compile(rb"\A\s*+\*?(?:11|41)[\d.]{4}[+-]")
_SDR = re.compile(rb"\A\s*+00[A-Z]{2}SDR", re.IGNORECASE)
_BLOCK = re.compile(r"\*?(\d\d)([\d.?]{4})([+-])([^\s]{8,16})(?:\s|$)")
# Metres of one in the last digit, by the sign of the unit: millimetres, their tenths and hundredths.
_METRES = {"0": 1e-3, "6": 1e-4, "8": 1e-5}
_POINT, _EAST, _NORTH, _HEIGHT = "11", ("81", "84"), ("82", "85"), ("83", "86")
_WORDS = ("41", "71", "72", "73", "74", "75", "76", "77", "78", "79")
# Width of the point, of a number and of the code: SDR33 and SDR20.
_SDR_WIDTHS = ((16, 16, 16), (4, 10, 16))


def is_fieldbook(head: bytes) -> bool:
    """Whether the first bytes of a file are a total station's own format."""
    return _GSI.match(head) is not None or _SDR.match(head) is not None


class FieldbookCells:
    """The coordinates of a fieldbook as rows of cells, below a header."""

    transport: Literal["unicode"] = "unicode"

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        with path.open("rb") as file:
            self.driver = "GSI" if _GSI.match(file.read(256)) else "SDR"

    def rows(self) -> Iterator[Row]:
        """``Refused`` where the file has measurements and not one coordinate."""
        found = measured = False
        yield HEADER
        with self._path.open(encoding="utf-8", errors="replace") as file:
            while line := file.readline(LINE_CHARS):
                row = gsi_row(line) if self.driver == "GSI" else sdr_row(line)
                measured = measured or bool(line.strip())
                if row is not None:
                    found = True
                    yield row
        if measured and not found:
            raise _polar(self._path.name)


def gsi_row(line: str) -> Row | None:
    """Point, northing, easting, height and code of a line; None for one without both coordinates."""
    point, told, places = "", "", {}
    for index, info, sign, word in _BLOCK.findall(line):
        if index == _POINT:
            point = word.lstrip("0") or "0"
        elif index in _WORDS:
            told = told or word.lstrip("0")
        elif index in (*_EAST, *_NORTH, *_HEIGHT) and word.isdigit() and info[3] in _METRES:
            places[index] = int(sign + word) * _METRES[info[3]]
    north, east, height = (next((places[i] for i in each if i in places), None)
                           for each in (_NORTH, _EAST, _HEIGHT))  # fmt: skip
    if north is None or east is None or not (north or east):
        return None
    return [point, f"{north:.5f}", f"{east:.5f}", None if height is None else f"{height:.4f}", told or None]


def sdr_row(line: str) -> Row | None:
    """The same of an SDR record; None for records that are no coordinates."""
    if line[:2] not in ("02", "08"):
        return None
    text = line.rstrip("\r\n")[4:]
    for point, width, code in _SDR_WIDTHS:
        cells = [text[:point], *(text[point + n * width : point + (n + 1) * width] for n in range(3))]
        north, east = _number(cells[1]), _number(cells[2])
        if north is not None and east is not None:
            start = point + 3 * width
            # A station's record goes on with the instrument's height.
            told = text[start : start + code].strip() if line[:2] == "08" else "TRAM"
            return [
                cells[0].strip(),
                cells[1].strip(),
                cells[2].strip(),
                cells[3].strip() or None,
                told or None,
            ]
    return None


def _number(text: str) -> float | None:
    try:
        return float(text) if text.strip() else None
    except ValueError:
        return None


def _polar(name: str) -> Refused:
    return Refused(
        "measured_only",
        f"{name} chỉ có số liệu đo góc, cạnh, chưa có tọa độ: tính tọa độ trong phần mềm của máy hoặc phần"
        " mềm bình sai, xuất danh sách «Điểm, X, Y, H, Mã» (.csv, .txt), thêm cột «Thửa» nếu các điểm là"
        " góc ranh, rồi nạp lại.",
        f"{name} holds measured angles and distances and no coordinates: compute them in the station's own"
        " or an adjusting program, export 'point, N, E, H, code' (.csv, .txt), add a column 'parcel' if the"
        " points are corners, then load that.",
    )
