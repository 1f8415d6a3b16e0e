"""Why a file is not read: one exception, in words that a clerk understands."""

from __future__ import annotations

from geo.errors import DiabanError, InvalidInput


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
    """A format's own reader gave up."""
    return Refused(
        "unreadable",
        f"Không đọc được {name}: tệp hỏng hoặc không đúng định dạng ({detail[:200]}).",
        f"{name} cannot be read: it is damaged or not of its format ({detail[:200]}).",
    )


def truncated(name: str) -> Refused:
    """A file shorter than its own header says."""
    return Refused(
        "truncated",
        f"{name} bị cắt cụt: ngắn hơn kích thước ghi trong tệp. Sao chép lại từ nguồn.",
        f"{name} is truncated: shorter than it says itself. Copy it again from its source.",
    )


def missing(name: str, parts: str) -> Refused:
    """A format of several files of which one is not there."""
    return Refused(
        "part_missing",
        f"{name} thiếu tệp đi kèm {parts}: hãy nén cả bộ vào một tệp .zip rồi nạp lại.",
        f"{name} lacks its companion {parts}: put the whole set into one .zip and load that.",
    )
