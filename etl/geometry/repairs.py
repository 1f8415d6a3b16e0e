"""What was mended: each kind by name, how often, how much ground it changed, and where. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely

from etl.geometry.boxes import middles
from etl.types import SAMPLE_ROWS, Note
from etl.wording import number_vi
from layers.description import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etl.types import Geometries, Severity

# Places of one kind that the report's map shows.
PLACES = 200

TEXTS: dict[str, tuple[Severity, str, str]] = {
    "height_dropped": ("info", "bỏ cao độ hoặc giá trị đo (Z, M)", "heights or measures (Z, M) dropped"),
    "winding": ("info", "xoay lại chiều đỉnh (RFC 7946), hình không đổi", "rings turned (RFC 7946)"),
    "duplicate_vertices": ("repaired", "bỏ đỉnh lặp", "repeated vertices dropped"),
    "collection": ("repaired", "lấy phần đúng kiểu trong tập hợp hình", "parts of the right type taken"),
    "line_closed": ("repaired", "đường khép kín thành vùng", "closed lines made polygons"),
    "self_intersection": ("repaired", "vòng tự cắt", "rings that cross themselves"),
    "self_touch": ("repaired", "vòng tự chạm", "rings that touch themselves"),
    "nested": ("repaired", "phần hoặc lỗ nằm trong nhau", "nested parts or holes"),
    "hole_outside": ("repaired", "lỗ nằm ngoài vùng", "holes outside their polygon"),
    "disconnected": ("repaired", "lỗ cắt rời vùng", "holes that cut the polygon in two"),
    "too_few_points": ("repaired", "vòng quá ít đỉnh", "rings of too few points"),
    "duplicate_rings": ("repaired", "vòng lặp lại", "rings that stand twice"),
    "other": ("repaired", "hình không hợp lệ", "invalid shapes"),
    "sliver_parts": ("repaired", "bỏ mảnh vụn dưới 0,01 m²", "splinters below 0.01 m² dropped"),
    "sliver": ("info", "thửa hẹp dưới 5 cm, nên xem lại", "features narrower than 5 cm; look again"),
    "area_differs": (
        "info",
        "diện tích ghi trong tệp lệch quá 1 % so với diện tích tính trên ê-líp-xô-ít",
        "areas in the file differ by more than 1 % from those on the ellipsoid",
    ),
    "overlap": ("info", "chỗ chồng lấn với hình bên cạnh", "places where neighbours overlap"),
    "overlap_layer": (
        "info",
        "chỗ chồng lấn với đối tượng đang có của lớp mà tệp không thay",
        "places where the file overlaps features of the layer that it does not replace",
    ),
    "gap": ("info", "khe hở giữa các hình", "gaps between neighbours"),
}
# GEOS' words for what is wrong with a polygon.
REASONS = {
    "Self-intersection": "self_intersection",
    "Ring Self-intersection": "self_touch",
    "Hole lies outside shell": "hole_outside",
    "Holes are nested": "nested",
    "Nested shells": "nested",
    "Interior is disconnected": "disconnected",
    "Too few points in geometry component": "too_few_points",
    "Duplicate Rings": "duplicate_rings",
}


@dataclass
class Repair:
    """One kind: features concerned, ground changed in square metres, first rows, places (lon, lat)."""

    code: str
    count: int = 0
    area_m2: float = 0.0
    rows: list[int] = field(default_factory=list)
    places: list[tuple[float, float]] = field(default_factory=list)

    @property
    def severity(self) -> Severity:
        """``repaired`` where the shape was changed, ``info`` where it is only said."""
        return TEXTS[self.code][0]

    @property
    def text(self) -> Text:
        """What was done, in words."""
        _, vi, en = TEXTS[self.code]
        return Text(vi=vi, en=en)

    def note(self) -> Note:
        """The same as a note of the report, with the area in its words where ground changed."""
        vi, en = self.text.vi, self.text.en
        if self.area_m2 >= 0.005:
            vi += f", diện tích {number_vi(self.area_m2, 2)} m²"
            en += f", area {self.area_m2:,.2f} m²"
        place = self.places[0] if self.places else None
        return Note(
            self.code, self.severity, Text(vi=vi, en=en), self.count, tuple(self.rows[:SAMPLE_ROWS]), place
        )


@dataclass
class Tally:
    """All kinds of one file."""

    kinds: dict[str, Repair] = field(default_factory=dict)

    def add(
        self, code: str, rows: NDArray[np.int64], shapes: Geometries | None = None, area_m2: float = 0.0
    ) -> None:
        """Count features by their rows; ``shapes`` (WGS 84) say where."""
        if not len(rows):
            return
        kind = self.kinds.setdefault(code, Repair(code))
        kind.count += len(rows)
        kind.area_m2 += area_m2
        kind.rows += rows[: max(0, SAMPLE_ROWS - len(kind.rows))].tolist()
        if shapes is not None and (room := PLACES - len(kind.places)) > 0:
            at = middles(shapely.bounds(shapes[:room]))
            kind.places += [(x, y) for x, y in at[np.isfinite(at).all(axis=1)].tolist()]

    def place(self, code: str, row: int, lonlat: tuple[float, float] | None, area_m2: float) -> None:
        """Count one feature with the very place of the trouble."""
        kind = self.kinds.setdefault(code, Repair(code))
        kind.count += 1
        kind.area_m2 += area_m2
        if len(kind.rows) < SAMPLE_ROWS:
            kind.rows.append(row)
        if lonlat is not None and len(kind.places) < PLACES:
            kind.places.append(lonlat)

    def notes(self) -> list[Note]:
        """One note a kind, in the order of the table of kinds."""
        return [self.kinds[code].note() for code in TEXTS if code in self.kinds]
