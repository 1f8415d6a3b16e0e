"""What a sheet of hotspots says in words, out of the parameters of the answer that it shows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from geo.hotspots.sheet_views import number


@dataclass(frozen=True, slots=True)
class Words:
    """Title, what was asked, how it was made and what must be said of the data."""

    title: str
    asked: tuple[str, ...]
    made: tuple[str, ...]


def words_of(parameters: dict[str, Any], province: str, notes: tuple[str, ...]) -> Words:
    """The words of a sheet out of an answer's parameters."""
    chosen = [
        f"{label}: {', '.join(value) if isinstance(value, list) else value}"
        for name, label in (("category", "lĩnh vực"), ("channel", "kênh"), ("group", "nhóm"), ("ward", "xã"))
        if (value := parameters.get(name))
    ]
    asked = "; ".join([f"Tiếp nhận {_span(parameters['from'], parameters['to'])}", *chosen])
    told = " Số liệu công khai: mỗi vùng ít nhất 5 sự việc một tháng."
    counted = (
        "Mỗi sự việc tính một lần, ở nơi và lúc của phản ánh đầu tiên; mật độ theo diện tích thật của ô."
    )
    version = parameters.get("data_version", "đã công bố")
    made = (
        counted + (told if parameters["audience"] == "public" else ""),
        f"Phương pháp: {_method(parameters)}; phiên bản dữ liệu: {version}.",
        *notes,
    )
    return Words(f"Nơi phản ánh tập trung · {province}", (asked, _figures(parameters)), made)


def _figures(parameters: dict[str, Any]) -> str:
    n, level = parameters["n"], parameters["resolution"]
    if isinstance(n, int):
        weeks = f"{parameters['steps']} bước, mỗi bước {parameters['step_days']} ngày"
        return f"{number(float(n))} sự việc trong {weeks}; ô H3 cấp {level}"
    if "before" in n:
        span = _span(parameters["from2"], parameters["to2"])
        return f"{number(n['now'])} sự việc; kỳ trước ({span}): {number(n['before'])}; ô H3 cấp {level}"
    incidents, contacts, cells = (number(float(n[name])) for name in ("incidents", "contacts", "cells"))
    return f"{incidents} sự việc, {contacts} lượt phản ánh, {cells} ô H3 cấp {level}"


def _method(parameters: dict[str, Any]) -> str:
    if density := parameters.get("density"):
        return f"nhân Gauss {density['bandwidth_m']} m, hiệu chỉnh ở ranh giới tỉnh (Diggle 1985)"
    if "steps" in parameters:
        return "Gi* trên khối không gian–thời gian, FDR 5 %, Mann–Kendall"
    if "from2" in parameters:
        return "kiểm định nhị thức hai tỷ suất Poisson, FDR 5 %"
    if "significance" in parameters:
        return "Gi* (Ord và Getis 1995), tỷ lệ phát hiện sai Benjamini–Hochberg"
    return str(parameters["method"]["name"])


def _span(first: object, last: object) -> str:
    return f"từ {_day(str(first))} đến trước {_day(str(last))}"


def _day(text: str) -> str:
    return f"{text[8:10]}/{text[5:7]}/{text[:4]}"
