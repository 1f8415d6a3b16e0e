"""Invalid polygons made valid (OGC Simple Features), where that hardly changes their ground; else refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import shapely

from etl.geometry.repairs import REASONS
from etl.wording import number_vi, percent_vi
from geo.geometry.area import area_m2
from geo.geometry.repair import QUICK_VERTICES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etl.geometry.batch import ShapeBatch
    from etl.geometry.repairs import Tally
    from geo.geometry.repair import Mender

# Where GEOS says that it found the trouble: "Self-intersection[105.5 10.4]".
_PLACE = re.compile(r"\[(-?[\d.e+-]+) (-?[\d.e+-]+)")
WHY_NOT = {
    "time": ("mất quá nhiều thời gian để sửa", "takes too long to mend"),
    "memory": ("cần quá nhiều bộ nhớ để sửa", "takes too much memory to mend"),
    "nothing": ("sửa xong không còn vùng nào", "leaves no polygon when mended"),
}
_PARTS = ("thành nhiều vùng khi sửa", "falls into several polygons when mended")


def mend_all(batch: ShapeBatch, mender: Mender, tally: Tally, changed_share: float, *, several: bool) -> None:
    """Mend what is invalid; refuse what takes too long, or would change more than a share of its area.

    ``several``: the layer holds several polygons in one shape.
    """
    for at in np.flatnonzero(batch.alive & ~_valid(batch, mender)).tolist():
        _mend(batch, at, mender, tally, changed_share, several=several)


def _valid(batch: ShapeBatch, mender: Mender) -> NDArray[np.bool_]:
    """Which are valid; those of which that cannot be told in time are refused."""
    many = shapely.get_num_coordinates(batch.shapes) > QUICK_VERTICES
    valid = np.zeros(len(many), dtype=bool)
    valid[~many] = shapely.is_valid(batch.shapes[~many])
    for at in np.flatnonzero(many & batch.alive):
        known = mender.is_valid(batch.shapes[at])
        if known is None:
            batch.refuse(at, "repair_time", *_sentence(WHY_NOT["time"]))
        else:
            valid[at] = known
    return valid


def _mend(batch: ShapeBatch, at: int, mender: Mender, tally: Tally, most: float, *, several: bool) -> None:
    before = batch.shapes[at]
    found = mender.mend(before)
    if found.shape is None:
        batch.refuse(at, f"repair_{found.why}", *_sentence(WHY_NOT[found.why]))
        return
    sizes = area_m2(np.array([before, found.shape], dtype=object))
    changed = float(abs(sizes[1] - sizes[0]))
    share = changed / sizes[0] if sizes[0] > 0 else 1.0
    if share > most:
        batch.refuse(at, "repair_changes_area", *_changes(share, changed, most))
        return
    if not several and len(found.shape.geoms) > 1:
        batch.refuse(at, "geometry_type", *_sentence(_PARTS))
        return
    shape = shapely.orient_polygons(found.shape)
    batch.shapes[at] = shape if several else shape.geoms[0]
    reason = str(shapely.is_valid_reason(before))
    code = REASONS.get(reason.partition("[")[0].strip(), "other")
    tally.place(code, batch.first_row + at, _place(reason), changed)


def _changes(share: float, changed_m2: float, most: float) -> tuple[str, str]:
    vi = (
        f"Sửa hình sẽ đổi {percent_vi(min(share, 1))} diện tích"
        f" ({number_vi(changed_m2, 1)} m²), quá {percent_vi(most)}: vẽ lại ranh của hình này."
    )
    en = (
        f"Mending would change {min(share, 1):.1%} of the area ({changed_m2:,.1f} m²), more than"
        f" {most:.1%}: draw the boundary of this shape again."
    )
    return vi, en


def _sentence(words: tuple[str, str]) -> tuple[str, str]:
    return (
        f"Hình không hợp lệ: {words[0]}. Sửa trong QGIS (Fix geometries) rồi nạp lại.",
        f"The geometry is invalid: {words[1]}. Mend it in QGIS (Fix geometries), then load it again.",
    )


def _place(reason: str) -> tuple[float, float] | None:
    found = _PLACE.search(reason)
    return (float(found[1]), float(found[2])) if found else None
