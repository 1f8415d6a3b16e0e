"""Mảnh bản đồ: lập bậc khái quát, xuất tệp, làm ấm · vector tiles: plan a ladder, export, check, warm.

plan LAYER: đo từng mức phóng, dựng các bậc cần thiết, in bảng.
plan LAYER: measure each zoom, build the rungs that it needs, print the table.
export LAYERS -o FILE: mọi mảnh công khai vào một tệp .pmtiles hoặc .mbtiles; chạy lại thì làm tiếp.
export LAYERS -o FILE: every public tile into one .pmtiles or .mbtiles file; a second run goes on.
check FILE: mọi mảnh trong tệp có đúng chuẩn không · whether every tile in a file keeps the specification.
warm [LAYERS]: hỏi trước các mảnh của máy chủ đang chạy · ask the running server before people do.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from cli import connection
from cli.bootstrap.paths import Home
from cli.bootstrap.problem import Stop
from cli.bootstrap.terminal import say, step
from cli.server import Server

if TYPE_CHECKING:
    import argparse

    from geo.settings import Settings

NEEDS = ("python",)
FAULTS_SHOWN = 5


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    each = parser.add_subparsers(metavar="VIỆC · TASK", required=True, dest="task")
    plan = each.add_parser("plan", help="lập và dựng các bậc · plan and build the ladder")
    plan.add_argument("layer", metavar="LAYER", help="tên lớp · the layer, e.g. land_use")
    plan.add_argument("--show", action="store_true", help="chỉ in bảng đã lưu · only print what is stored")
    export = each.add_parser("export", help="xuất ra một tệp · into one file")
    export.add_argument("layers", metavar="LAYERS", help="tên lớp, cách nhau bằng dấu phẩy · comma-separated")
    export.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help=".pmtiles, .mbtiles")
    export.add_argument("--to", type=int, default=22, metavar="ZOOM", help="tới mức phóng · last zoom")
    checked = each.add_parser("check", help="kiểm tra một tệp · check a file")
    checked.add_argument("file", type=Path, metavar="FILE", help=".pmtiles, .mbtiles")
    warmed = each.add_parser("warm", help="hỏi trước các mảnh · fill the caches")
    warmed.add_argument(
        "layers", nargs="?", metavar="LAYERS", help="mặc định mọi lớp · all layers by default"
    )
    warmed.add_argument("--to", type=int, default=12, metavar="ZOOM", help="tới mức phóng · last zoom (12)")
    warmed.add_argument("--rounds", type=int, default=12, metavar="N", help="tối đa số lượt · at most (12)")
    warmed.add_argument("--url", help="địa chỉ máy chủ · of the server; default: this home's")


def check(options: argparse.Namespace) -> None:
    """What can be told to be wrong before anything long begins."""
    if options.task == "export":
        options.output = options.output.resolve()
        if options.output.suffix not in (".pmtiles", ".mbtiles"):
            raise Stop("Tên tệp phải có đuôi .pmtiles hoặc .mbtiles.", "FILE ends in .pmtiles or .mbtiles.")
        if not options.output.parent.is_dir():
            folder = options.output.parent
            raise Stop(f"Không có thư mục {folder}.", f"There is no folder {folder}.")


def run(options: argparse.Namespace) -> int:
    """Do one task."""
    check(options)
    if options.task == "check":
        return _check(options.file)
    if options.task == "warm":
        return _warm(options)
    connection.enter(Home.current())
    from geo.settings import Settings

    settings = Settings()
    if options.task == "export":
        count = asyncio.run(_export(settings, options.layers.split(","), options.output, options.to))
        say(f"{count} mảnh trong {options.output}", f"{count} tiles")
        return 0
    if not options.show:
        _plan(settings, options.layer)
    _show(settings, options.layer)
    return 0


def _check(file: Path) -> int:
    from tiles.archive_check import NoArchive, archive_faults

    tiles = wrong = 0
    try:
        for place, faults in archive_faults(file):
            tiles += 1
            wrong += bool(faults)
            for fault in faults[:FAULTS_SHOWN] if wrong <= FAULTS_SHOWN else ():
                say(f"{place.z}/{place.x}/{place.y}: {fault}", "a fault")
    except NoArchive as error:
        raise Stop(f"Không đọc được: {error}", f"Not to be read: {error}") from error
    say(f"{tiles} mảnh, {wrong} mảnh sai", f"{tiles} tiles, {wrong} with faults")
    return 1 if wrong or not tiles else 0


def _warm(options: argparse.Namespace) -> int:
    from tiles.warm import CannotWarm, layers_of, warm

    url = options.url or Server(Home.current()).url
    try:
        layers = options.layers.split(",") if options.layers else layers_of(url)
        with step("Làm ấm", "Warming") as progress:
            found = warm(url, layers, options.to, options.rounds, progress)
    except CannotWarm as error:
        raise Stop(f"Máy chủ không trả lời: {error}", f"The server does not answer: {error}") from error
    say(
        f"{found.tiles} mảnh, {found.rounds} lượt, lượt cuối còn {found.missed} mảnh chưa có sẵn",
        f"{found.tiles} tiles, {found.rounds} rounds, {found.missed} not yet kept in the last",
    )
    return 0


async def _export(settings: Settings, names: list[str], file: Path, to_zoom: int) -> int:
    from geo.calendar import today_ict
    from geo.catalogue import Catalogue
    from geo.database import Database
    from tiles.archive import export
    from tiles.service import TileService

    database = Database(settings)
    await database.open()
    try:
        catalogue = Catalogue(database)
        await catalogue.refresh()
        layers = [catalogue.layer(name) for name in names]
        # Nothing follows the edits here: a cache would only hold what has been written already.
        service = TileService(database, catalogue, cache_bytes=0)
        with step("Xuất các mảnh", "Exporting tiles") as progress:
            return await export(
                service, catalogue, layers, file, on=today_ict(), to_zoom=to_zoom, tell=progress
            )
    finally:
        await database.close()


def _plan(settings: Settings, name: str) -> None:
    import psycopg

    from geo.calendar import today_ict
    from tiles.ladder.keeper import layer_of
    from tiles.ladder.plan import make_plan

    with psycopg.connect(settings.role_dsn("diaban_pump"), autocommit=True) as database:
        layer = layer_of(database, name)
        span = layer.tiles.max_zoom - layer.tiles.min_zoom + 1
        with step(f"Lập bậc cho lớp {name}", f"Planning the ladder of {name}") as progress:
            make_plan(
                database,
                layer,
                today_ict(),
                lambda zoom: progress((layer.tiles.max_zoom - zoom + 1) / span / 2, f"z{zoom}"),
            )


def _show(settings: Settings, name: str) -> None:
    import psycopg
    from rich.console import Console
    from rich.table import Table

    query = """
      SELECT zoom, kind, source_rows, CASE kind WHEN 'exact' THEN source_rows ELSE features END,
             dropped, tiles, drawn, of_all, p95_bytes, p95_ms
        FROM ops.ladder, LATERAL (
             SELECT count(*) FILTER (WHERE NOT stale) AS drawn, count(*) AS of_all FROM ops.tile_ahead
              WHERE tile_ahead.layer = ladder.layer AND tile_ahead.zoom = ladder.zoom) AS ahead
       WHERE layer = %s ORDER BY zoom
    """
    table = Table(title=name)
    headings = ("zoom", "kind", "rows", "features", "dropped", "tiles", "ahead", "p95 kB", "p95 ms")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "kind" else "right")
    with psycopg.connect(settings.admin_dsn) as database:
        for zoom, kind, *counts, drawn, of_all, size, ms in database.execute(query, [name]):
            cells = [str(zoom), str(kind), *(f"{count:,}" for count in counts)]
            ahead = f"{drawn:,}/{of_all:,}" if of_all else ""
            table.add_row(*cells, ahead, f"{size / 1000:.1f}", f"{ms:.1f}")
    Console().print(table)
