"""What stands in a table beside its data: totals, headings of groups, remarks, those who sign."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etl.sources.coordinates import is_short_link, number
from etl.sources.frames import note
from etl.sources.places import cell
from etl.sources.refusal import Refused
from etl.text import bare, plain
from etl.wording import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.sources.cells import Row
    from etl.sources.roles import Header

_FOOT = re.compile(
    r"^(?:(tong( cong| so)?|cong|ghi chu|nguoi (lap|ky|kiem tra|do)|thu truong|giam doc|chu tich|xac nhan"
    r"|(.{0,40}, )?ngay .* thang|don vi (do|lap)|ky( va)? (ghi|ten))\b|\*)"
)
# The number of a group's heading: I, II, A, b), 1.2
_GROUP = re.compile(r"^(?:(?:[IVX]{1,5}|[A-Z])[.)]?|\d{1,2}(?:\.\d{1,2})++\.?)")
FOOT_CELLS, GROUP_CELLS, SHOWN = 4, 2, 3
_LONG = 200


class Asides:
    """Rows of a table that are no data, counted as they come; the first of them are shown."""

    def __init__(self, header: Header) -> None:
        self._place = next(at for at in (header.first, header.both, header.wkt) if at is not None)
        self._second = header.second
        self._names = [plain(name) for name in header.names]
        self._count = 0
        self._shown: list[str] = []
        # Below the words "người lập" stand names.
        self._signed = False

    def takes(self, row: Row) -> bool:
        """Whether a row without coordinates is no data, and so is taken here. What may be data is not."""
        if self._is_header(row):
            self._count += 1
            return True
        if cell(row, self._place) not in (None, "") or number(cell(row, self._second)) is not None:
            return False
        filled = [str(each).strip() for each in row if each not in (None, "") and str(each).strip()]
        words = [bare(each[:_LONG]) for each in filled if number(each) is None]
        foot = bool(words) and len(words) <= FOOT_CELLS and any(_FOOT.match(each) for each in words)
        few = len(filled) <= GROUP_CELLS
        alone = len(filled) == 1 and bool(words) and len(self._names) > GROUP_CELLS
        few_words = few and (self._heads(row, filled) or (self._signed and bool(words)))
        if not (foot or alone or few_words):
            return False
        self._count += 1
        self._signed = self._signed or any(map(_SIGNED.match, words))
        if len(self._shown) < SHOWN:
            self._shown.append(filled[0][:40])
        return True

    def _is_header(self, row: Row) -> bool:
        """Whether a row is the header once more, as printed pages and further tables below repeat it."""
        here = cell(row, self._place)
        if not isinstance(here, str) or not here[:1].isalpha():
            return False  # most rows, and at once
        told = [plain(str(each)) if each not in (None, "") else "" for each in row]
        return told == self._names[: len(told)] and sum(map(bool, told)) > 1

    @staticmethod
    def _heads(row: Row, filled: Sequence[str]) -> bool:
        # A spreadsheet's number is a row's own: only a text (II, A, 1.2) is a group's.
        head = next((each for each in row if each not in (None, "")), None)
        return len(filled) > 1 and isinstance(head, str) and _GROUP.fullmatch(head.strip()) is not None

    def told(self) -> str | None:
        """The note of the rows that were left out since it was last asked for; None where there are none."""
        if not self._count:
            return None
        count, shown = self._count, "; ".join(self._shown)
        self._count, self._shown = 0, []
        return note(
            "foot_skipped",
            "info",
            f"{count} dòng tổng cộng, tiêu đề nhóm, ghi chú, chữ ký không phải dữ liệu: bỏ qua ({shown}).",
            f"{count} rows of totals, headings, remarks, signatures are no data: left out ({shown}).",
        )


_SIGNED = re.compile(r"nguoi (lap|ky|kiem tra|do)|thu truong|giam doc|chu tich|ky( va)? (ghi|ten)")


def quotes(lines: Sequence[int]) -> str:
    """The note of lines with a quotation mark that was not closed."""
    shown = listed(lines)
    return note(
        "quotes_mended",
        "repaired",
        f"Dấu ngoặc kép mở mà không đóng ở dòng {shown}: mỗi dòng của tệp được đọc thành một dòng dữ liệu.",
        f"Quotation marks that are not closed in line {shown}: each line of the file was read as a row.",
    )


def no_coordinates(header: Header | None, rows: Sequence[Row]) -> Refused:
    """A table that says nowhere where things are, and what its owner can do."""
    if not any(each not in (None, "") and str(each).strip() for row in rows for each in row):
        return Refused("empty", "Bảng không có dòng nào.", "The table has no rows.")
    vi = "Bảng không có cột tọa độ (X, Y; kinh độ, vĩ độ) hay cột WKT nào nhận ra được"
    en = "The table has no columns of coordinates (X, Y; longitude, latitude) nor of WKT"
    names = [plain(name) for name in header.names] if header is not None else []
    if any(is_short_link(each) for row in rows for each in row):
        vi += "; các liên kết bản đồ rút gọn (maps.app.goo.gl) không chứa tọa độ"
        en += "; shortened links to maps hold no coordinates"
    elif any(name.startswith(("diachi", "address", "vitri")) for name in names):
        vi += "; địa chỉ bằng chữ không đủ để đặt lên bản đồ"
        en += "; an address in words does not put a thing on the map"
    return Refused(
        "no_coordinates",
        f"{vi}. Thêm hai cột «Kinh độ», «Vĩ độ» (hoặc X, Y theo VN-2000), hay một cột «Tọa độ» dạng"
        " 10.4612, 105.6321 (trong Google Maps: nhấn giữ vị trí rồi chép dãy số), rồi nạp lại.",
        f"{en}. Add columns 'longitude' and 'latitude' (or X, Y in VN-2000), or one column of the form"
        " 10.4612, 105.6321 (in Google Maps: press and hold the place and copy the numbers).",
    )
