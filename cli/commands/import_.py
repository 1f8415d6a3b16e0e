"""Đưa một tệp vào một lớp · take a file into a layer.

Không có --yes: chỉ xem trước: đọc ra sao, sửa gì, cách ly dòng nào, lớp sẽ đổi thế nào. Có --yes: nạp trong
một lần, tất cả hoặc không gì cả; hoàn tác bằng ./diaban rollback.
Without --yes a preview: how the file is read, what is repaired, which rows go to quarantine, what the layer
gains and loses. With --yes it lands at once, all or nothing; ./diaban rollback takes it out again.

Mã thoát · exit codes: 0 nạp được mọi dòng · every row; 4 có dòng bị cách ly · some rows in quarantine;
1 không nạp được hoặc còn câu hỏi · cannot land, or a question is open; 3 Diaban chưa chạy · not running.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli import connection
from cli.bootstrap.paths import Home
from cli.bootstrap.problem import Stop
from cli.bootstrap.terminal import say, step

if TYPE_CHECKING:
    from etl.landing import Prepared, Wanted
    from geo.settings import Settings

NEEDS = ("python",)
QUARANTINED = 4


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="tệp dữ liệu · the file")
    add("--into", required=True, metavar="LAYER", help="lớp nhận · the layer, e.g. zoning")
    add("--yes", action="store_true", help="nạp thật · do it")
    add(
        "--mode",
        choices=("update", "append", "replace"),
        default="update",
        help="update: mới và thay đổi · new and changed (mặc định · default); append: chỉ mới · new only; "
        "replace: thay toàn bộ, kết thúc dòng không còn trong tệp · all rows, those not in the file end",
    )
    add("--crs", metavar="EPSG", help="hệ tọa độ, vd 9209 hoặc 9209:yx · coordinate system")
    add("--encoding", metavar="KEY", help="bảng mã chữ, vd tcvn3, vni · encoding of texts")
    add("--inner-layer", metavar="NAME", help="lớp trong tệp nhiều lớp · layer inside the file")
    add(
        "--column", "--map", dest="column", type=_pair, action="append", default=[], metavar="FIELD=COLUMN",
        help="trường lấy từ cột nào · which column a field comes from",
    )  # fmt: skip
    add(
        "--set", dest="constant", type=_pair, action="append", default=[], metavar="FIELD=TEXT",
        help="giá trị chung của một trường · one value for all rows",
    )  # fmt: skip
    add("--scheme", metavar="KEY", help="hệ mã, vd TT27_2018 · coding scheme")
    add("--valid-from", type=_day, metavar="YYYY-MM-DD", help="hiệu lực từ · in force from")
    add(
        "--gone-from", type=_day, metavar="YYYY-MM-DD",
        help="ngày hết hiệu lực của dòng không còn trong tệp · day on which rows end that are gone",
    )  # fmt: skip
    add(
        "--units",
        metavar="CODES",
        help="chỉ các xã này · these wards only, e.g. 29869,29884",
    )
    add(
        "--max-change", type=float, default=1.0, metavar="PERCENT",
        help="sửa hình đổi quá tỉ lệ này thì cách ly · repairs beyond this share are quarantined (1)",
    )  # fmt: skip
    add("--report", type=Path, action="append", default=[], metavar="FILE", help=".json hoặc .html")
    add(
        "--quarantine",
        type=Path,
        metavar="FILE.gpkg",
        help="ghi các dòng bị cách ly · write quarantined rows",
    )
    add("--no-colour", action="store_true", help="không màu · plain text")


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
    """Show what would happen, and land it after a yes."""
    if not options.file.exists():
        raise Stop(f"Không có tệp {options.file}.", f"There is no file {options.file}.")
    for file in options.report:
        if file.suffix not in (".json", ".html"):
            raise Stop(f"--report {file}: .json hoặc .html.", f"--report {file}: .json or .html.")
    connection.enter(Home.current())
    from etl.landing import prepare
    from etl.landing.text import lines
    from geo.settings import Settings

    settings = Settings()
    with step("Đọc và kiểm tra tệp", "Reading and checking the file") as progress:
        found = prepare(settings, _wanted(options), progress)
    colour = sys.stdout.isatty() and not options.no_colour
    print("\n".join(lines(found.report, colour=colour)))
    for file in options.report:
        _write_report(file, found.report)
    landed = False
    try:
        landed = _finish(settings, options, found)
    finally:
        if not landed and found.number is not None:
            _discard(settings, options, found)
    if not found.report["can_land"]:
        return 1
    return QUARANTINED if found.report["rows"]["quarantined"] else 0


def _wanted(options: argparse.Namespace) -> Wanted:
    from etl.landing import Wanted
    from etl.types import Answers

    answers = Answers(
        inner_layer=options.inner_layer,
        crs=options.crs,
        encoding=options.encoding,
        valid_from=options.valid_from,
        scheme=options.scheme,
        columns=dict(options.column),
        constants=dict(options.constant),
    )
    units = tuple(code.strip() for code in options.units.split(",")) if options.units else None
    return Wanted(
        options.file.resolve(), options.into, getpass.getuser(), options.mode, answers, units,
        options.gone_from, options.max_change / 100,
    )  # fmt: skip


def _finish(settings: Settings, options: argparse.Namespace, found: Prepared) -> bool:
    """Land what was shown, if that is wanted and possible; whether it did."""
    if not found.report["can_land"] or found.number is None or found.plan is None:
        say("Không nạp gì.", "Nothing was loaded.")
        return False
    if not options.yes:
        say("Đây là bản xem trước; thêm --yes để nạp.", "This was a preview; add --yes to land it.")
        return False
    from geo.datasets import land

    with step("Nạp", "Landing") as progress:
        land(settings, found.number, found.plan, expected=found.difference, progress=progress)
    number = found.number
    say(f"Đã nạp: bộ dữ liệu {number}.", f"Landed as dataset {number}.")
    say(f"Hoàn tác: ./diaban rollback {number}", "to undo it")
    _write_quarantine(settings, options, found)
    return True


def _discard(settings: Settings, options: argparse.Namespace, found: Prepared) -> None:
    from etl.landing.prepare import discard

    _write_quarantine(settings, options, found)
    assert found.number is not None  # noqa: S101 - the caller asked
    discard(settings, found.number)


def _write_quarantine(settings: Settings, options: argparse.Namespace, found: Prepared) -> None:
    if options.quarantine is None or found.number is None or not found.report["rows"]["quarantined"]:
        return
    from etl.landing import export

    count = export(settings, found.number, options.quarantine)
    say(f"{count} dòng cách ly: {options.quarantine}", f"{count} rows in quarantine")


def _write_report(file: Path, report: dict[str, Any]) -> None:
    from etl.landing.page import page

    text = page(report) if file.suffix == ".html" else json.dumps(report, ensure_ascii=False, indent=1)
    file.write_text(text, encoding="utf-8")
    say(f"Báo cáo: {file}", "the report")
