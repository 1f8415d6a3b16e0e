"""A file into a layer: first a plan that says what would happen, then, on request, all of it or nothing.

Two steps, so that nobody loads what he has not seen: :func:`plan` reads and checks and touches no database,
:func:`land` writes a plan without faults in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import shapely
from psycopg import sql

from etl.copy import analyze, become_owner, copy_rows, note_of, set_note
from etl.matching import SYSTEM_COLUMNS, match
from etl.progress import Progress, silent
from etl.reading import GROUND, read
from etl.values import Wrong, reader_of
from geo.errors import Conflict
from layers.description import Text

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geo.settings import Settings
    from layers.description import Layer


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row cannot be taken. ``row`` counts from 1 in the file's order; 0 is the file as a whole."""

    row: int
    reason: Text


@dataclass(frozen=True)
class Report:
    """What an import would do.

    ``matched`` goes from the layer's fields to the file's columns, ``ignored`` are columns without a field.
    """

    layer: str
    file: str
    rows: int
    matched: dict[str, str]
    ignored: tuple[str, ...]
    faults: tuple[Fault, ...]
    frame: gpd.GeoDataFrame = field(repr=False)

    @property
    def can_land(self) -> bool:
        """Whether there is something to load and nothing in its way."""
        return self.rows > 0 and not self.faults


def plan(
    file: Path,
    layer: Layer,
    *,
    inner_layer: str | None = None,
    epsg: int | None = None,
    valid_from: date | None = None,
    columns: dict[str, str] | None = None,
) -> Report:
    """Read a file and check every row against the layer. Nothing is written.

    ``columns`` (field → column) overrides the matching by name, ``valid_from`` dates rows of a layer that
    lives in time and whose file has no such column. Raises ``InvalidInput`` where the file cannot be read or
    its coordinate system is unknown; faults of rows are in the report.
    """
    raw = read(file, inner_layer, epsg)
    matched, ignored = match(layer, [str(c) for c in raw.columns if c != "geometry"], columns or {})
    faults = [Fault(0, reason) for reason in _missing(layer, matched, valid_from)]
    taken: dict[str, Any] = {}
    for name, column in matched.items():
        taken[name], wrong = _column(layer, name, raw[column])
        faults += wrong
    if layer.valid_time and "valid_from" not in taken and valid_from is not None:
        taken["valid_from"] = [valid_from] * len(raw)
    geometry, wrong = _geometry(layer, raw.geometry.to_numpy())
    faults += wrong
    if not len(raw):
        faults.append(Fault(0, Text(vi="Tệp không có dòng nào.", en="The file has no rows.")))
    frame = gpd.GeoDataFrame(taken, index=range(len(raw)), geometry=geometry, crs="EPSG:4326")
    ordered = tuple(sorted(faults, key=lambda fault: fault.row))
    return Report(layer.name, file.name, len(raw), matched, ignored, ordered, frame)


def land(
    settings: Settings,
    report: Report,
    layer: Layer,
    *,
    replace: bool = False,
    progress: Progress = silent,
) -> int:
    """Append a plan's rows to the layer, or put them in place of all its rows, in one transaction; how many.

    Raises ``Conflict`` for a plan with faults, and for appending to invented rows of the demonstration: the
    two could not be told apart afterwards.
    """
    if not report.can_land:
        raise Conflict(
            f"Không nạp: {len(report.faults)} lỗi trong {report.file}, xem báo cáo.",
            f"Not loaded: {len(report.faults)} faults in {report.file}, see the report.",
        )
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection, connection.transaction():
        become_owner(connection)
        frame = report.frame
        if replace:
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier("core", layer.name)))
            set_note(connection, layer.name, None)
        elif note_of(connection, layer.name) is not None:
            raise Conflict(
                "Lớp này đang chứa dữ liệu minh họa: hãy nạp thay thế, không nạp thêm.",
                "The layer holds demonstration data: replace them, do not append.",
            )
        count = copy_rows(connection, layer, frame, lambda rows: progress(rows / len(frame), layer.name))
        analyze(connection, layer)
    return count


def summary(report: Report, most: int = 20) -> list[Text]:
    """The plan in sentences for a person, at most so many faults one by one."""
    lines = [
        Text(vi=f"{report.file} → {report.layer}: {report.rows} dòng", en=f"{report.rows} rows"),
        *(Text(vi=f"{column} → {name}", en=f"{column} → {name}") for name, column in report.matched.items()),
    ]
    if report.ignored:
        names = ", ".join(report.ignored)
        lines.append(Text(vi=f"Bỏ qua các cột: {names}", en=f"Columns without a field: {names}"))
    for fault in report.faults[:most]:
        where = Text(vi=f"Dòng {fault.row}: ", en=f"Row {fault.row}: ") if fault.row else Text(vi="", en="")
        lines.append(Text(vi=where.vi + fault.reason.vi, en=where.en + fault.reason.en))
    if (more := len(report.faults) - most) and more > 0:
        lines.append(Text(vi=f"… và {more} lỗi nữa", en=f"… and {more} more"))
    return lines


def _missing(layer: Layer, matched: dict[str, str], valid_from: date | None) -> list[Text]:
    missing = [each for each in layer.fields if each.required and each.name not in matched]
    faults = [
        Text(
            vi=f"Thiếu cột bắt buộc «{each.title.vi}» ({each.name}).",
            en=f"The required column '{each.title.en}' ({each.name}) is missing.",
        )
        for each in missing
    ]
    if layer.valid_time and "valid_from" not in matched and valid_from is None:
        faults.append(
            Text(
                vi="Lớp này theo thời gian: cần cột valid_from hoặc một ngày bắt đầu hiệu lực.",
                en="This layer lives in time: a column valid_from or one date of entry into force is needed.",
            )
        )
    return faults


def _column(layer: Layer, name: str, values: pd.Series) -> tuple[list[Any], list[Fault]]:
    """A column's values as the field's type, and what cannot be taken."""
    read_one, required = reader_of(layer, name)
    taken: list[Any] = []
    faults: list[Fault] = []
    title = SYSTEM_COLUMNS[name] if name in SYSTEM_COLUMNS else layer.field(name).title
    for row, value in enumerate(values.tolist(), start=1):
        try:
            found = None if pd.isna(value) or value == "" else read_one(value)
            if found is None and required:
                raise Wrong("không được để trống", "must not be empty")
            taken.append(found)
        except Wrong as wrong:
            taken.append(None)
            faults.append(Fault(row, Text(vi=f"«{title.vi}» {wrong.vi}.", en=f"'{title.en}' {wrong.en}.")))
    return taken, faults


def _geometry(layer: Layer, geometry: NDArray[np.object_]) -> tuple[NDArray[np.object_], list[Fault]]:
    """Geometries of the layer's type (single ones become multi), and what cannot be taken."""
    single = layer.geometry.removeprefix("Multi")
    faults: list[Fault] = []
    made = geometry.copy()
    box = shapely.box(*GROUND)
    for row, each in enumerate(geometry, start=1):
        reason = _geometry_fault(each, single, layer, box)
        if reason is not None:
            faults.append(Fault(row, reason))
            made[row - 1] = None
        elif layer.geometry != single and each.geom_type == single:
            made[row - 1] = getattr(shapely, layer.geometry)([each])
    return made, faults


def _geometry_fault(
    each: BaseGeometry | None, single: str, layer: Layer, box: shapely.Polygon
) -> Text | None:
    if each is None or each.is_empty:
        return Text(vi="Không có hình học.", en="There is no geometry.")
    if each.geom_type not in (single, layer.geometry):
        return Text(
            vi=f"Hình học là {each.geom_type}, lớp cần {layer.geometry}.",
            en=f"The geometry is a {each.geom_type}; the layer wants {layer.geometry}.",
        )
    if (vertices := int(shapely.get_num_coordinates(each))) > layer.max_vertices:
        return Text(
            vi=f"{vertices} đỉnh, quá giới hạn {layer.max_vertices}.",
            en=f"{vertices} vertices, above the limit of {layer.max_vertices}.",
        )
    if not np.isfinite(shapely.bounds(each)).all() or not box.contains(each.envelope):
        return Text(
            vi="Nằm ngoài Việt Nam: kiểm tra hệ tọa độ và thứ tự trục.",
            en="Lies outside Vietnam: check the coordinate system and the order of axes.",
        )
    if not each.is_valid:
        reason = shapely.is_valid_reason(each)
        return Text(vi=f"Hình học không hợp lệ: {reason}.", en=f"The geometry is not valid: {reason}.")
    return None
