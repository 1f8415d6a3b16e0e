"""Các bộ dữ liệu đã nạp: liệt kê, xem báo cáo, lấy dòng bị cách ly · datasets that were loaded.

Không có ACTION: liệt kê. show ID: báo cáo. quarantine ID -o FILE.gpkg: các dòng bị cách ly, để sửa
trong QGIS rồi nạp lại. forget ID: bỏ bản lưu để hoàn tác.
Without ACTION a list. show ID: the report. quarantine ID -o FILE.gpkg: the rows that could not be taken, to
be mended in QGIS and imported again. forget ID: drop what is kept for undoing (personal data in it too).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from cli import connection
from cli.bootstrap.paths import Home
from cli.bootstrap.problem import Stop
from cli.bootstrap.terminal import say

if TYPE_CHECKING:
    import argparse

    from geo.datasets import Dataset

NEEDS = ("python",)
STATES = {
    "reading": "đang đọc · reading",
    "staged": "chờ nạp · waits",
    "refused": "không nạp được · refused",
    "landed": "đã nạp · landed",
    "rolled_back": "đã hoàn tác · undone",
    "abandoned": "bỏ dở · abandoned",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("action", nargs="?", choices=("list", "show", "quarantine", "forget"), default="list")
    parser.add_argument("dataset", nargs="?", type=int, metavar="ID")
    parser.add_argument("--layer", metavar="LAYER", help="chỉ của lớp này · of this layer only")
    parser.add_argument("--json", action="store_true", help="dạng JSON · as JSON")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE.gpkg")


def run(options: argparse.Namespace) -> int:
    """List, show or export."""
    if options.action != "list" and options.dataset is None:
        raise Stop(f"datasets {options.action} ID", f"datasets {options.action} ID")
    if options.action == "quarantine" and options.output is None:
        raise Stop("datasets quarantine ID -o FILE.gpkg", "datasets quarantine ID -o FILE.gpkg")
    connection.enter(Home.current())
    from geo.settings import Settings

    settings = Settings()
    if options.action == "quarantine":
        from etl.landing import export

        count = export(settings, options.dataset, options.output)
        say(f"{count} dòng → {options.output}", f"{count} rows")
    elif options.action == "show":
        from etl.landing.text import lines
        from geo.datasets.store import report

        found = report(settings, options.dataset)
        print(json.dumps(found, ensure_ascii=False, indent=1) if options.json else "\n".join(lines(found)))
    elif options.action == "forget":
        from geo.datasets import forget

        count = forget(settings, options.dataset)
        say(
            f"Đã bỏ {count} dòng lưu của bộ {options.dataset}.",
            f"{count} kept rows are gone; no undo any more.",
        )
    else:
        _list(options)
    return 0


def _list(options: argparse.Namespace) -> None:
    from geo.datasets import datasets
    from geo.settings import Settings

    found = datasets(Settings(), options.layer)
    if options.json:
        keys = ("id", "layer", "state", "mode", "source_name", "sha256", "size_bytes", "inner_layer", "crs",
                "operation", "encoding", "counts", "actor", "created_at", "stamp", "rolled_back_at",
                "rolled_back_by")  # fmt: skip
        rows = [{key: getattr(each, key) for key in keys} for each in found]
        print(json.dumps(rows, ensure_ascii=False, indent=1, default=str))
        return
    for each in found:
        print(_line(each))


def _line(each: Dataset) -> str:
    from geo.calendar import ICT

    counts = each.counts
    told = ", ".join(
        f"{word} {counts[name]}"
        for name, word in (
            ("new", "+"),
            ("changed", "~"),
            ("succeeded", "→"),
            ("gone", "−"),
            ("quarantined", "⚠"),
        )
        if counts.get(name)
    )
    when = (each.stamp or each.created_at).astimezone(ICT).strftime("%d/%m/%Y %H:%M")
    return (
        f"{each.id:>5}  {when}  {each.layer:<12} {STATES[each.state]:<24} {each.source_name}"
        f"  {each.crs or ''}  {told}  {each.actor}"
    )
