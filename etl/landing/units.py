"""Which unit is responsible for a row whose file does not say: the ward in which it lies.

Open reports are left to the router: it knows more rules than the place, and its record says which one it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from psycopg.sql import SQL

from etl.types import Note
from etl.units import COMMUNE_LEVEL
from etl.wording import listed
from geo.datasets.names import OWNER
from geo.datasets.names import staged as staged_table
from geo.routing.standing import CLOSED
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray
    from psycopg import Connection

    from etl.landing.stream import Staged
    from etl.types import Geometries, Rows
    from layers.description import Layer

ROUTED = "reports"
# Of a report without a unit the router says these too: no file overrules it later.
ROUTED_WARD = ("ward_code", "ward_name")

# Borders simplified by this (about 5 m) put 0.03 % of places into the neighbour and cost a quarter.
SIMPLER_DEG = 0.00005
WARDS = (
    "SELECT code, ST_AsBinary(ST_SimplifyPreserveTopology(geom, %s)) FROM core.admin_units "
    "WHERE level = %s AND visibility = 0 AND valid_from <= %s AND (valid_to IS NULL OR valid_to > %s) "
    "ORDER BY code"
)


class Wards:
    """The wards in force on a day."""

    def __init__(self, codes: NDArray[np.object_], shapes: Geometries) -> None:
        self._codes = codes
        self._shapes = shapes
        self._tree = shapely.STRtree(shapes)
        shapely.prepare(shapes)

    @classmethod
    def load(cls, connection: Connection[tuple[Any, ...]], day: date) -> Wards:
        """Read by whoever may read the units."""
        rows = connection.execute(WARDS, [SIMPLER_DEG, COMMUNE_LEVEL, day, day]).fetchall()
        codes = np.array([row[0] for row in rows], dtype=object)
        return cls(codes, shapely.from_wkb(np.array([row[1] for row in rows], dtype=object)))

    def __len__(self) -> int:
        return len(self._codes)

    def of(self, shapes: Geometries) -> NDArray[np.object_]:
        """The code of the ward that holds each shape's (WGS 84) inner point, None outside all of them."""
        found = np.full(len(shapes), None, dtype=object)
        there = np.flatnonzero(~shapely.is_missing(shapes))
        points = shapely.point_on_surface(shapes[there])
        at, ward = self._tree.query(points)
        x, y = shapely.get_x(points), shapely.get_y(points)
        # Ward by ward, because a prepared ward answers for many points at once.
        for each in np.unique(ward):
            mine = at[ward == each]
            inside = shapely.contains_xy(self._shapes[each], x[mine], y[mine])
            found[there[mine[inside]]] = self._codes[each]
        return found


@dataclass(frozen=True)
class Responsible:
    """Who answers for rows whose file names no unit. ``routed``: the router places what is still open."""

    wards: Wards
    routed: bool

    @classmethod
    def of_file(
        cls,
        connection: Connection[tuple[Any, ...]],
        layer: Layer,
        first: Rows | None,
        day: date,
        own: Sequence[str] | None,
    ) -> Responsible | None:
        """None where the file says it itself, where no ward is known, and for the units' own layer.

        ``own``: who may write for these units only gets no row that the router might give to another.
        """
        if layer.name == "admin_units" or first is None or "unit" in first.values:
            return None
        routed = layer.name == ROUTED and own is None
        found = Wards.load(connection, day)
        return cls(found, routed) if len(found) else None

    @property
    def for_new(self) -> tuple[str, ...]:
        """Columns of a file that a row of the layer keeps as it has them."""
        return ROUTED_WARD if self.routed else ()

    def say(
        self, batch: Rows, shapes: Geometries, good: NDArray[np.int64]
    ) -> tuple[list[str | None], tuple[Note, ...]]:
        """The units of the good rows of a batch (whose ``shapes`` are all the batch's), and what to tell."""
        units = self.wards.of(shapes[good])
        ours = np.ones(len(good), dtype=bool)
        if self.routed:
            states = batch.values["status"]
            ours = np.array([states[at] in CLOSED for at in good.tolist()], dtype=bool)
            units[~ours] = None
        outside = int((ours & (units == None)).sum())  # noqa: E711 - of an array
        left = int((~ours).sum())
        notes = ((_outside(outside),) if outside else ()) + ((_left(left),) if left else ())
        return units.tolist(), notes


def unknown_units(connection: Connection[tuple[Any, ...]], number: int, staged: Staged) -> tuple[Note, ...]:
    """Codes that the file names as responsible and that no unit bears, today or before."""
    if "unit" not in staged.columns or "unit" in staged.for_new:
        return ()
    with connection.transaction():
        connection.execute(OWNER)
        found = connection.execute(
            SQL(
                "SELECT s.unit, count(*) FROM {} AS s WHERE s.unit IS NOT NULL AND EXISTS (SELECT FROM "
                "core.admin_units) AND NOT EXISTS (SELECT FROM core.admin_units AS u WHERE u.code = s.unit) "
                "GROUP BY 1 ORDER BY 2 DESC, 1"
            ).format(staged_table(number))
        ).fetchall()
    if not found:
        return ()
    shown = listed([code for code, _ in found])
    text = Text(
        vi=f"dòng ghi mã đơn vị phụ trách mà hệ thống không có ({shown}): không cán bộ xã nào thấy chúng",
        en=f"rows name a responsible unit that is not known here ({shown}): no ward's staff will see them",
    )
    return (Note("unit_unknown", "info", text, sum(count for _, count in found)),)


def _outside(count: int) -> Note:
    text = Text(
        vi="dòng không nằm trong xã, phường nào: chưa có đơn vị phụ trách",
        en="rows lie in no ward: no unit is responsible for them yet",
    )
    return Note("no_unit", "info", text, count)


def _left(count: int) -> Note:
    text = Text(
        vi="phản ánh đang mở không ghi đơn vị phụ trách: nạp xong, hệ thống tự giao theo vị trí, lĩnh vực và "
        "quy tắc định tuyến, có ghi lý do",
        en="open reports name no responsible unit: once landed they are given out by place, category and the "
        "routing rules, with the reason on record",
    )
    return Note("left_to_router", "info", text, count)
