"""The map of hotspots as a sheet of paper: A4 across, vector, with legend, figures and how it was made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely
from fpdf import FPDF

from geo.hotspots.answer import STATES
from geo.hotspots.cells import as_text, ring
from geo.hotspots.surface import HIGHEST, LOWEST, RAMP

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from geo.hotspots.answer import Shown
    from geo.hotspots.ground import Ground

# Millimetres on A4 across: the map's box, and where the column beside it begins.
LEFT, TOP, WIDE, HIGH = 10.0, 30.0, 195.0, 158.0
COLUMN = 211.0
INK, DIM, BORDER = (28, 35, 41), (86, 97, 107), (123, 135, 145)
STATE_COLORS = {
    "hot99": "#b2182b", "hot95": "#ef8a62", "hot90": "#fddbc7", "cold90": "#d1e5f0", "cold95": "#67a9cf",
    "cold99": "#2166ac",
}  # fmt: skip
STATE_WORDS = {
    "hot99": "Nóng, FDR 1 %", "hot95": "Nóng, FDR 5 %", "hot90": "Nóng, FDR 10 %", "cold90": "Lạnh, FDR 10 %",
    "cold95": "Lạnh, FDR 5 %", "cold99": "Lạnh, FDR 1 %",
}  # fmt: skip
TOP_CELLS = 12


@dataclass(frozen=True, slots=True)
class Words:
    """What a sheet says in words: title, what was asked, how it was made, what must be said of the data."""

    title: str
    asked: tuple[str, ...]
    made: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Degrees to millimetres: equirectangular about the middle, true to 0.1 % within a province."""

    west: float
    north: float
    mm_per_deg: float
    narrow: float

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        x = LEFT + (lon - self.west) * self.narrow * self.mm_per_deg
        return x, TOP + (self.north - lat) * self.mm_per_deg


def sheet(shown: Shown, ground: Ground, words: Words, fonts: Path, end: datetime) -> bytes:
    """The PDF. ``end``: the end of the period, taken as its date so that equal sheets are equal bytes."""
    pdf = FPDF("landscape", "mm", "A4")
    pdf.set_creation_date(end)
    pdf.set_title(words.title)
    pdf.set_lang("vi")
    pdf.add_font("Pro", "", fonts / "BeVietnamPro-Regular.ttf")
    pdf.add_font("Pro", "B", fonts / "BeVietnamPro-SemiBold.ttf")
    pdf.set_auto_page_break(auto=False)
    pdf.add_page()
    frame = _frame(ground)
    _head(pdf, words)
    with pdf.rect_clip(LEFT, TOP, WIDE, HIGH):
        _cells(pdf, shown, frame)
        _wards(pdf, ground, frame)
    _scale(pdf, frame)
    _legend(pdf, shown)
    _table(pdf, shown)
    _foot(pdf, words)
    return bytes(pdf.output())


def _frame(ground: Ground) -> _Frame:
    west, south, east, north = ground.outline.bounds
    narrow = math.cos(math.radians((south + north) / 2))
    scale = min(WIDE / ((east - west) * narrow), HIGH / (north - south)) * 0.98
    return _Frame(west, north, scale, narrow)


def _head(pdf: FPDF, words: Words) -> None:
    pdf.set_text_color(*INK)
    pdf.set_font("Pro", "B", 16)
    pdf.text(LEFT, 16, words.title)
    pdf.set_font("Pro", "", 10)
    pdf.set_text_color(*DIM)
    for line, text in enumerate(words.asked):
        pdf.text(LEFT, 22 + 4.6 * line, text)


def _cells(pdf: FPDF, shown: Shown, frame: _Frame) -> None:
    levels = shown.significance.level.tolist() if shown.significance else [None] * len(shown.cells)
    for cell, rate, level in zip(shown.cells.tolist(), shown.rate.tolist(), levels, strict=True):
        color = _ramp(rate) if level is None else STATE_COLORS.get(STATES[level])
        if color is None:
            continue
        pdf.set_fill_color(color)
        pdf.polygon([frame.place(lon, lat) for lon, lat in ring(cell)[:-1]], style="F")


def _wards(pdf: FPDF, ground: Ground, frame: _Frame) -> None:
    pdf.set_draw_color(*BORDER)
    pdf.set_line_width(0.12)
    tolerance = 0.1 / frame.mm_per_deg
    for polygon in ground.polygons:
        for line in shapely.get_parts(shapely.simplify(polygon, tolerance).boundary):
            pdf.polyline([frame.place(lon, lat) for lon, lat in shapely.get_coordinates(line).tolist()])


def _scale(pdf: FPDF, frame: _Frame) -> None:
    km = 10
    length = km / 110.6 * frame.mm_per_deg
    y = TOP + HIGH - 3
    pdf.set_draw_color(*INK)
    pdf.set_line_width(0.4)
    pdf.line(LEFT, y, LEFT + length, y)
    pdf.set_font("Pro", "", 8)
    pdf.set_text_color(*INK)
    pdf.text(LEFT, y - 1.5, f"{km} km")


def _legend(pdf: FPDF, shown: Shown) -> None:
    pdf.set_text_color(*INK)
    pdf.set_font("Pro", "B", 10)
    if shown.significance is not None:
        pdf.text(COLUMN, TOP + 3, "So với toàn tỉnh (Gi*, FDR)")
        rows = [(STATE_COLORS[name], STATE_WORDS[name]) for name in STATE_COLORS]
    else:
        pdf.text(COLUMN, TOP + 3, "Sự việc trên km² trong 30 ngày")
        steps = [LOWEST * 10 ** (i / 2) for i in range(len(RAMP))]
        rows = [
            (color, f"{value:.1f}" if value < 1 else f"{value:.0f}")
            for color, value in zip(RAMP, steps, strict=True)
        ]
    pdf.set_font("Pro", "", 9)
    for line, (color, text) in enumerate(rows):
        y = TOP + 6 + 5 * line
        pdf.set_fill_color(color)
        pdf.set_draw_color(*BORDER)
        pdf.set_line_width(0.1)
        pdf.rect(COLUMN, y, 7, 4, style="DF")
        pdf.text(COLUMN + 9, y + 3.1, text.replace(".", ","))


def _table(pdf: FPDF, shown: Shown) -> None:
    y = TOP + 50
    pdf.set_font("Pro", "B", 10)
    pdf.text(COLUMN, y, "Các ô nhiều nhất")
    rates = shown.rate
    order = sorted(range(len(shown.cells)), key=lambda i: (-rates[i], int(shown.cells[i])))[:TOP_CELLS]
    pdf.set_font("Pro", "", 8)
    columns = (COLUMN, COLUMN + 34, COLUMN + 52, COLUMN + 68)
    for x, text in zip(columns, ("Ô H3", "Sự việc", "Lượt", "Trên km²"), strict=True):
        pdf.text(x, y + 5, text)
    for line, i in enumerate(order):
        texts = (
            as_text(int(shown.cells[i])),
            _number(float(shown.incidents[i])),
            _number(float(shown.contacts[i])),
            _number(float(rates[i])),
        )
        for x, text in zip(columns, texts, strict=True):
            pdf.text(x, y + 9.5 + 4.4 * line, text)


def _foot(pdf: FPDF, words: Words) -> None:
    pdf.set_font("Pro", "", 7.5)
    pdf.set_text_color(*DIM)
    for line, text in enumerate(words.made):
        pdf.text(LEFT, 194 + 3.8 * line, text)


def _ramp(rate: float) -> str | None:
    """The colour of a rate on the fixed ramp; None where the scale has not begun."""
    if rate < LOWEST / 3:
        return None
    place = math.log10(max(rate, LOWEST) / LOWEST) / math.log10(HIGHEST / LOWEST) * (len(RAMP) - 1)
    low = min(int(place), len(RAMP) - 2)
    part = min(place - low, 1.0)
    pair = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in RAMP[low : low + 2]]
    mixed = [round(a + (b - a) * part) for a, b in zip(*pair, strict=True)]
    return "#" + "".join(f"{value:02x}" for value in mixed)


def _number(value: float) -> str:
    """A number as Vietnamese writes it, at most one decimal."""
    text = f"{value:,.0f}" if value >= 100 or value.is_integer() else f"{value:,.1f}"
    return text.translate(str.maketrans(",.", ".,"))


def words_of(parameters: dict[str, Any], province: str, notes: tuple[str, ...]) -> Words:
    """The words of a sheet out of an answer's parameters."""
    first, last = (str(parameters[name])[:10] for name in ("from", "to"))
    n = parameters["n"]
    chosen = [
        f"{label}: {', '.join(value) if isinstance(value, list) else value}"
        for name, label in (("category", "lĩnh vực"), ("channel", "kênh"), ("group", "nhóm"), ("ward", "xã"))
        if (value := parameters.get(name))
    ]
    figures = (_number(float(n[name])) for name in ("incidents", "contacts", "cells"))
    asked = (
        "; ".join([f"Tiếp nhận từ {_day(first)} đến trước {_day(last)}", *chosen]),
        "{} sự việc, {} lượt phản ánh, {} ô H3 cấp {}".format(*figures, parameters["resolution"]),
    )
    told = " Số liệu công khai: mỗi vùng ít nhất 5 sự việc một tháng."
    counted = (
        "Mỗi sự việc tính một lần, ở nơi và lúc của phản ánh đầu tiên; mật độ theo diện tích thật của ô."
    )
    version = parameters.get("data_version", "đã công bố")
    made = (
        counted + (told if parameters["audience"] == "public" else ""),
        f"Phương pháp: {parameters['method']['name']}; phiên bản dữ liệu: {version}.",
        *notes,
    )
    return Words(f"Nơi phản ánh tập trung · {province}", asked, made)


def _day(text: str) -> str:
    return f"{text[8:10]}/{text[5:7]}/{text[:4]}"
