"""Why a file is not read: one exception, in words that a clerk understands."""

from __future__ import annotations

import re

from geo.errors import DiabanError, InvalidInput

_PLACES = re.compile(r"/\S*/(?=[^/\s]+)")
_HINTS = re.compile(r";? {0,3}It might help to specify.*", re.DOTALL)


class Refused(InvalidInput):
    """A file that cannot be taken; ``code`` names the reason for programs."""

    def __init__(self, code: str, vi: str, en: str) -> None:
        DiabanError.__init__(self, vi, en)
        self.code = code
        self.parameter = "file"
        self.value = code
        self.allowed_vi = vi
        self.allowed_en = en


def unreadable(name: str, detail: str) -> Refused:
    """A format's own reader gave up. Paths of this machine and a library's hints are left out."""
    detail = _HINTS.sub("", _PLACES.sub("", detail[:1_000]))
    if "not recognized as being in a supported" in detail:
        return Refused(
            "not_its_format",
            f"{name}: nội dung không phải định dạng mà đuôi tệp nói. Xuất lại từ phần mềm gốc"
            " (QGIS: Export → Save Features As), đừng đổi đuôi tệp.",
            f"{name}: what is in it is not of the format that its suffix says. Export it again from its"
            " program (QGIS: Export, Save Features As); do not rename files.",
        )
    return Refused(
        "unreadable",
        f"Không đọc được {name}: tệp hỏng hoặc không đúng định dạng ({detail[:200]}).",
        f"{name} cannot be read: it is damaged or not of its format ({detail[:200]}).",
    )


def too_many_columns(count: int | str, most: int, line: int | None = None) -> Refused:
    """More columns than any layer has fields: a wrong sign between cells, or a table on its side."""
    where, where_en = ("", "") if line is None else (f"Dòng {line}: ", f"Line {line}: ")
    return Refused(
        "too_many_columns",
        f"{where}{count} cột, quá giới hạn {most}. Xem lại dấu ngăn cột và chiều của bảng, hoặc bỏ bớt cột"
        " không cần, rồi nạp lại.",
        f"{where_en}{count} columns, above the limit of {most}. Look at the sign between columns and whether"
        " the table lies on its side, or leave columns out, then load that.",
    )


def truncated(name: str) -> Refused:
    """A file shorter than its own header says."""
    return Refused(
        "truncated",
        f"{name} bị cắt cụt: ngắn hơn kích thước ghi trong tệp. Sao chép lại từ nguồn.",
        f"{name} is truncated: shorter than it says itself. Copy it again from its source.",
    )


def protected(name: str) -> Refused:
    """A workbook or an archive behind a password."""
    return Refused(
        "encrypted",
        f"{name} có mật khẩu: mở ra, bỏ mật khẩu, lưu lại rồi nạp.",
        f"{name} is protected by a password: open it, take the password away, save it and load that.",
    )


def missing(name: str, parts: str) -> Refused:
    """A format of several files of which one is not there."""
    return Refused(
        "part_missing",
        f"{name} thiếu tệp đi kèm {parts}: hãy nén cả bộ vào một tệp .zip rồi nạp lại.",
        f"{name} lacks its companion {parts}: put the whole set into one .zip and load that.",
    )
