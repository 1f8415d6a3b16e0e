"""Mảnh bản đồ: lập bậc khái quát · vector tiles: plan the generalisations of a layer.

plan LAYER: đo từng mức phóng, dựng các bậc cần thiết, in bảng.
plan LAYER: measure each zoom, build the rungs that it needs, print the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli import connection
from cli.bootstrap.paths import Home
from cli.bootstrap.terminal import step

if TYPE_CHECKING:
    import argparse

    from geo.settings import Settings

NEEDS = ("python",)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    each = parser.add_subparsers(metavar="VIỆC · TASK", required=True, dest="task")
    plan = each.add_parser("plan", help="lập và dựng các bậc · plan and build the ladder")
    plan.add_argument("layer", metavar="LAYER", help="tên lớp · the layer, e.g. land_use")
    plan.add_argument("--show", action="store_true", help="chỉ in bảng đã lưu · only print what is stored")


def run(options: argparse.Namespace) -> int:
    """Do one task."""
    connection.enter(Home.current())
    from geo.settings import Settings

    settings = Settings()
    if not options.show:
        _plan(settings, options.layer)
    _show(settings, options.layer)
    return 0


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

    query = (
        "SELECT zoom, kind, source_rows, features, dropped, tiles, p95_bytes, p95_ms"
        " FROM ops.ladder WHERE layer = %s ORDER BY zoom"
    )
    table = Table(title=name)
    for heading in ("zoom", "kind", "rows", "features", "dropped", "tiles", "p95 kB", "p95 ms"):
        table.add_column(heading, justify="left" if heading == "kind" else "right")
    with psycopg.connect(settings.admin_dsn) as database:
        for zoom, kind, *counts, size, ms in database.execute(query, [name]):
            cells = [str(zoom), str(kind), *(f"{count:,}" for count in counts)]
            table.add_row(*cells, f"{size / 1000:.1f}", f"{ms:.1f}")
    Console().print(table)
