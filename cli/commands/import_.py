"""Đưa một tệp vào một lớp · take a file into a layer.

Không có --yes: chỉ xem trước, nhận gì, từ chối dòng nào, vì sao. Có --yes: đưa vào cả tệp hoặc không gì cả.
Without --yes a preview: what would be taken, which rows not, and why. With --yes the whole file or nothing.
Formats: GeoPackage, GeoJSON, Shapefile, KML, MapInfo, GeoParquet, CSV with coordinates, what GDAL reads.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cli import connection
from cli.bootstrap.paths import Home
from cli.bootstrap.problem import Stop
from cli.bootstrap.terminal import say, step

if TYPE_CHECKING:
    from layers.description import Layer

NEEDS = ("python",)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("file", type=Path, metavar="FILE", help="tệp dữ liệu · the file")
    parser.add_argument("--into", required=True, metavar="LAYER", help="lớp nhận · the layer, e.g. zoning")
    parser.add_argument("--yes", action="store_true", help="đưa vào thật · do it")
    parser.add_argument("--replace", action="store_true", help="thay toàn bộ lớp · in place of all its rows")
    parser.add_argument(
        "--epsg", type=int, help="hệ tọa độ nếu tệp không ghi · coordinate system, if not said"
    )
    parser.add_argument(
        "--inner-layer", metavar="NAME", help="lớp trong tệp nhiều lớp · layer inside the file"
    )
    parser.add_argument(
        "--valid-from",
        type=_day,
        metavar="YYYY-MM-DD",
        help="hiệu lực từ · in force from, if not in the file",
    )
    parser.add_argument(
        "--column",
        type=_pair,
        action="append",
        default=[],
        metavar="FIELD=COLUMN",
        help="trường lấy từ cột nào · which column a field comes from",
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("YYYY-MM-DD") from None


def _pair(text: str) -> tuple[str, str]:
    field, mark, column = text.partition("=")
    if not (field and mark and column):
        raise argparse.ArgumentTypeError("FIELD=COLUMN")
    return field, column


def run(options: argparse.Namespace) -> int:
    """Show the plan, and land it after a yes; 1 where rows are in the way."""
    file = options.file.resolve()
    if not file.exists():
        raise Stop(f"Không có tệp {file}.", f"There is no file {file}.")
    connection.enter(Home.current())
    from etl import importing
    from geo.settings import Settings

    settings = Settings()
    layer = _layer(options.into, settings.layers_dirs)
    with step("Đọc và kiểm tra tệp", "Reading and checking the file"):
        report = importing.plan(
            file,
            layer,
            inner_layer=options.inner_layer,
            epsg=options.epsg,
            valid_from=options.valid_from,
            columns=dict(options.column),
        )
    for line in importing.summary(report):
        print(f"  {line.vi}" if line.vi == line.en else f"  {line.vi} · {line.en}")
    if not report.can_land:
        return 1
    if not options.yes:
        say("Đây là bản xem trước; thêm --yes để đưa vào.", "This was a preview; add --yes to take it in.")
        return 0
    with step("Đưa vào", "Taking in") as progress:
        count = importing.land(settings, report, layer, replace=options.replace, progress=progress)
    say(f"Đã đưa {count} dòng vào {layer.name}.", f"{count} rows are in {layer.name}.")
    return 0


def _layer(name: str, folders: list[Path]) -> Layer:
    from layers.registry import BUILT_IN, load

    described = load((BUILT_IN, *folders))
    if name not in described:
        known = ", ".join(described)
        raise Stop(
            f"Không có lớp {name}. Hiện có: {known}.", f"There is no layer {name}. There are: {known}."
        )
    return described[name]
