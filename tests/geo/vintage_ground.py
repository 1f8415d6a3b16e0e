"""Two eras of one small province, as files: what is true of them can be seen by eye. Not a test itself.

    until 2025-06-30              from 2025-07-01
    +-------+-------+-------+     +---------------+-------+
    | 30001 | 30002 | 30003 |     |     30001     | 30003 |    30001 bears the code of one of the two that it
    +-------+-------+-------+     +-----------+---+-------+    was made of; 30003 only has another name;
    | 30004 | 30005 | 30006 |     |   30004   |   30005   |    30005 was divided between 30004 and 30005.
    +-------+-------+-------+     +-----------+-----------+

An old unit is 0.02 degrees wide and high; the south-western corner lies at 105.60, 10.40.
"""

from __future__ import annotations

import csv
from datetime import date
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely

from geo.vintages import Files, Request, Staged, Tolerances, stage

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from geo.settings import Settings

W, S, D = 105.60, 10.40, 0.02
OLD_DAY, NEW_DAY = date(2024, 1, 1), date(2025, 7, 1)
LAW = "NQ 202/2025/QH15"


def cell(x: float, y: float, wide: float = 1, high: float = 1) -> shapely.Polygon:
    """Columns from the west, rows from the south, in units of D; vertices at halves, so that edges match."""
    west, south = round(W + x * D, 7), round(S + y * D, 7)
    east, north = round(W + (x + wide) * D, 7), round(S + (y + high) * D, 7)
    return shapely.segmentize(shapely.box(west, south, east, north), D / 2 * 1.0000001)


def row(code: str, name: str, shape: shapely.Polygon, **more: Any) -> dict[str, Any]:
    return {
        "ward_code": code,
        "ward_name": name,
        "province_code": "82",
        "province_name": "Tỉnh Đồng Tháp",
        "geometry": shape,
        **more,
    }


def old_rows() -> list[dict[str, Any]]:
    district = {"district_name": "Quận Tân Bình"}
    return [
        row("30001", "Phường 15", cell(0, 1), **district),
        row("30002", "Phường Hòa Bình", cell(1, 1), **district),
        row("30003", "Xã Đắk R'La", cell(2, 1), **district),
        row("30004", "Xã Thủy Tân", cell(0, 0), **district),
        row("30005", "Xã Xa Dung", cell(1, 0), **district),
        row("30006", "Thị trấn Mỹ Thọ", cell(2, 0), district_name="Huyện Cao Lãnh"),
    ]


def new_rows() -> list[dict[str, Any]]:
    return [
        row("30001", "Phường Sông Tiền", cell(0, 1, 2, 1)),
        row("30003", "Xã Đắk R'Lấp", cell(2, 1)),
        row("30004", "Xã Thủy Tân", cell(0, 0, 1.5, 1)),
        row("30005", "Xã Mỹ Thọ", cell(1.5, 0, 1.5, 1)),
    ]


LINKS = [
    ("30001", "30001", "Nhập toàn bộ"),
    ("30002", "30001", "Nhập toàn bộ"),
    ("30003", "30003", "Giữ nguyên"),
    ("30004", "30004", "Nhập toàn bộ"),
    ("30005", "30004", "Nhập một phần"),
    ("30005", "30005", "Nhập một phần"),
    ("30006", "30005", "Nhập toàn bộ"),
]


def write(
    folder: Path, rows: list[dict[str, Any]], name: str = "units.parquet", crs: str | None = "EPSG:4326"
) -> Path:
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=crs)
    file = folder / name
    if file.suffix == ".parquet":
        frame.to_parquet(file)
    else:
        frame.to_file(file)
    return file


def write_links(folder: Path, links: list[tuple[str, ...]], name: str = "links.csv") -> Path:
    file = folder / name
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["old_ward_code", "new_ward_code", "note"][: len(links[0])])
        writer.writerows(links)
    return file


def stage_old(settings: Settings, folder: Path) -> Staged:
    return stage(
        settings, Files(write(folder, old_rows(), "old.parquet"), {}), Request(OLD_DAY, "cũ"), "tester"
    )


def stage_new(
    settings: Settings,
    folder: Path,
    rows: list[dict[str, Any]] | None = None,
    links: list[tuple[str, ...]] | None = None,
    **more: Any,
) -> Staged:
    chosen = LINKS if links is None else links
    succession = write_links(folder, chosen) if chosen else None
    files = Files(write(folder, new_rows() if rows is None else rows, "new.parquet"), {}, succession)
    return stage(settings, files, Request(NEW_DAY, LAW, tolerances=Tolerances(), **more), "tester")


def empty(connection: psycopg.Connection) -> None:
    """No unit, no vintage, no record: as after the migration."""
    connection.execute(
        "TRUNCATE core.admin_units, core.admin_record, core.admin_identity, core.admin_succession,"
        " core.admin_alias,"
        " core.admin_vintage, core.vintage_undo, core.staged_unit, core.staged_end, core.staged_succession,"
        " core.staged_province CASCADE"
    )
    connection.execute("TRUNCATE core.admin_record, core.admin_identity")


def checks(staged: Staged, severity: str | None = None) -> set[str]:
    return {
        group["check"]
        for group in staged.report["groups"]
        if severity is None or group["severity"] == severity
    }
