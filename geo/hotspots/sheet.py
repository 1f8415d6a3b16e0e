"""The map of hotspots as a sheet of paper: A4 across, vector, with legend, figures and how it was made."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from geo.hotspots.cells import ring
from geo.hotspots.picture import png_box

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from fpdf import FPDF

    from geo.hotspots.ground import Ground
    from geo.hotspots.sheet_views import Drawn
    from geo.hotspots.sheet_words import Words
    from geo.hotspots.surface import Surface

# Millimetres on A4 across: the map's box, and where the column beside it begins.
LEFT, TOP, WIDE, HIGH = 10.0, 30.0, 195.0, 158.0
COLUMN = 211.0
INK, DIM, BORDER = (28, 35, 41), (86, 97, 107), (123, 135, 145)
COLUMN_ENDS = 287.0
PIXELS_PER_MM = 6  # of the density: 0.17 mm, finer than its 100 m on paper


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


def sheet(drawn: Drawn, ground: Ground, words: Words, fonts: Path, end: datetime) -> bytes:
    """The PDF. ``end``: the end of the period, taken as its date so that equal sheets are equal bytes."""
    from fpdf import FPDF  # a third of a second of every start, for what is asked for now and then

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
        if drawn.surface is not None:
            _surface(pdf, drawn.surface, ground, frame)
        _cells(pdf, drawn, frame)
        _wards(pdf, ground, frame)
    _scale(pdf, frame)
    _table(pdf, drawn, _legend(pdf, drawn))
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


def _cells(pdf: FPDF, drawn: Drawn, frame: _Frame) -> None:
    for cell, color in drawn.fills:
        pdf.set_fill_color(color)
        pdf.polygon([frame.place(lon, lat) for lon, lat in ring(cell)[:-1]], style="F")


def _surface(pdf: FPDF, surface: Surface, ground: Ground, frame: _Frame) -> None:
    west, south, east, north = ground.outline.bounds
    x, y = frame.place(west, north)
    right, bottom = frame.place(east, south)
    size = round((right - x) * PIXELS_PER_MM), round((bottom - y) * PIXELS_PER_MM)
    picture = png_box(surface, (west, south, east, north), *size)
    pdf.image(io.BytesIO(picture), x, y, right - x, bottom - y)


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


def _legend(pdf: FPDF, drawn: Drawn) -> float:
    """Where the legend ends, millimetres from the top."""
    title, rows = drawn.legend
    pdf.set_text_color(*INK)
    pdf.set_font("Pro", "B", 10)
    pdf.text(COLUMN, TOP + 3, title)
    pdf.set_font("Pro", "", 9)
    for line, (color, text) in enumerate(rows):
        y = TOP + 6 + 5 * line
        pdf.set_fill_color(color)
        pdf.set_draw_color(*BORDER)
        pdf.set_line_width(0.1)
        pdf.rect(COLUMN, y, 7, 4, style="DF")
        pdf.text(COLUMN + 9, y + 3.1, text)
    return TOP + 6 + 5 * len(rows)


def _table(pdf: FPDF, drawn: Drawn, top: float) -> None:
    y = top + 8
    pdf.set_font("Pro", "B", 10)
    pdf.text(COLUMN, y, drawn.title)
    pdf.set_font("Pro", "", 8)
    lines = (drawn.head, *drawn.rows)
    widths = [max(pdf.get_string_width(line[i]) for line in lines) for i in range(len(drawn.head))]
    gap = (COLUMN_ENDS - COLUMN - sum(widths)) / max(len(widths) - 1, 1)
    for number, line in enumerate(lines):
        at = y + 5 + 4.4 * number
        if at > TOP + HIGH:
            break
        # The first column stands on its left edge, figures and words beside it on their right.
        pdf.text(COLUMN, at, line[0])
        end = COLUMN + widths[0]
        for width, text in zip(widths[1:], line[1:], strict=True):
            end += gap + width
            pdf.text(end - pdf.get_string_width(text), at, text)


def _foot(pdf: FPDF, words: Words) -> None:
    pdf.set_font("Pro", "", 7.5)
    pdf.set_text_color(*DIM)
    for line, text in enumerate(words.made):
        pdf.text(LEFT, 194 + 3.8 * line, text)
