"""The report as one HTML page that needs nothing else: styles inside, the map of problem places as SVG."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from etl.landing.text import DIFFERENCE, MARKS
from etl.wording import number_vi

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT, EDGE = 640, 420, 16
DOTS = 400
COLOURS = {"refused": "#b3261e", "quarantined": "#b3261e", "repaired": "#b26a00", "info": "#3b6ea8"}


def page(report: dict[str, Any], outline: Sequence[Sequence[tuple[float, float]]] = ()) -> str:
    """HTML of a report; ``outline``: rings (lon, lat) drawn below the problem places, e.g. the wards."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(default=True)
    )
    environment.filters["count"] = number_vi
    return environment.get_template("page.html").render(
        report=report,
        difference=[
            (vi, en, report["difference"][name]) for name, vi, en in DIFFERENCE if report["difference"]
        ],
        marks=MARKS,
        colours=COLOURS,
        legend=_legend(report),
        map=_svg(report, outline),
        json=json.dumps(report, ensure_ascii=False),
    )


def _legend(report: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [
        (_severity_colour(report, code), _title(report, code), len(p)) for code, p in report["places"].items()
    ]


def _severity_colour(report: dict[str, Any], code: str) -> str:
    note = next((note for note in report["notes"] if note["code"] == code), None)
    return COLOURS[note["severity"] if note else "quarantined"]


def _title(report: dict[str, Any], code: str) -> str:
    for each in [*report["notes"], *report["faults"]["by_kind"]]:
        if each["code"] == code:
            return str(each["text"]["vi"])
    return code


def _svg(report: dict[str, Any], outline: Sequence[Sequence[tuple[float, float]]]) -> str:
    """North up, as wide as the data; degrees of longitude are drawn shorter, as they are here."""
    points = [tuple(place) for places in report["places"].values() for place in places[:DOTS]]
    if not points:
        return ""
    west, south, east, north = report["extent"] or (*points[0], *points[0])
    west, east = min(west, *(x for x, _ in points)), max(east, *(x for x, _ in points))
    south, north = min(south, *(y for _, y in points)), max(north, *(y for _, y in points))
    squeeze = 0.97  # cos 14°: the middle of the country
    scale = min(
        (WIDTH - 2 * EDGE) / max((east - west) * squeeze, 1e-6),
        (HEIGHT - 2 * EDGE) / max(north - south, 1e-6),
    )

    def at(x: float, y: float) -> str:
        left = EDGE + (x - west) * squeeze * scale
        return f"{left:.1f},{HEIGHT - EDGE - (y - south) * scale:.1f}"

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Bản đồ chỗ có vấn đề">']
    for ring in outline:
        parts.append(f'<polygon class="ward" points="{" ".join(at(x, y) for x, y in ring)}"/>')
    corners = ((west, south), (east, south), (east, north), (west, north))
    parts.append(f'<polygon class="extent" points="{" ".join(at(x, y) for x, y in corners)}"/>')
    for code, places in report["places"].items():
        colour = _severity_colour(report, code)
        for x, y in places[:DOTS]:
            cx, cy = at(x, y).split(",")
            title = escape(f"{_title(report, code)} ({x:.5f}, {y:.5f})")
            parts.append(f'<circle cx="{cx}" cy="{cy}" r="4" fill="{colour}"><title>{title}</title></circle>')
    return "".join([*parts, "</svg>"])
