"""Nạp, kích hoạt, hoàn tác bản ranh giới hành chính của một ngày · vintages of administrative units.

  ./diaban units stage TỆP --from 2025-07-01 --succession bảng.csv --legal-ref "NQ 202/2025/QH15"
  ./diaban units activate SỐ       có hiệu lực trong một giao dịch · made real in one transaction
  ./diaban units revert SỐ         hoàn tác đúng như cũ · undone exactly
  ./diaban units list | show SỐ    danh sách · báo cáo kiểm tra

Mã trả về 1 khi báo cáo không cho phép kích hoạt · exit code 1 when the report forbids activation.
"""

from __future__ import annotations

import argparse
import getpass
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli import connection
from cli.bootstrap.paths import Home
from cli.bootstrap.problem import Stop
from cli.bootstrap.terminal import say, step

if TYPE_CHECKING:
    from geo.vintages import Vintage

NEEDS = ("python",)
TOLERANCES = {
    "overlap_ha": (100.0, "một cặp chồng lấn, ha · one overlap"),
    "overlap_share": (1e-4, "tổng chồng lấn, phần diện tích · all overlaps, share of the ground"),
    "gap_ha": (50.0, "một khoảng trống, ha · one gap"),
    "gap_share": (1e-4, "tổng khoảng trống, phần diện tích · all gaps, share of the ground"),
    "uncovered_share": (0.005, "đất cũ không còn thuộc đơn vị nào · former ground not covered"),
    "unit_share": (0.05, "phần của một đơn vị coi là sai số vẽ · share of a unit that is drawing"),
    "repair_share": (0.001, "diện tích đổi do sửa hình · area changed by mending"),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The sub-commands and their options."""
    each = parser.add_subparsers(dest="action", metavar="stage|activate|revert|list|show", required=True)
    stage = each.add_parser("stage", help="kiểm tra và để chờ · check and let wait", allow_abbrev=False)
    stage.add_argument("file", type=Path, metavar="TỆP", help="Parquet, GeoPackage, GeoJSON")
    stage.add_argument(
        "--from", dest="valid_from", type=_day, required=True, help="ngày hiệu lực · first day"
    )
    stage.add_argument("--to", dest="valid_to", type=_day, help="ngày hết hiệu lực · first day after")
    stage.add_argument("--succession", type=Path, metavar="CSV", help="bảng chuyển đổi · old to new units")
    stage.add_argument(
        "--compare", type=Path, metavar="CSV", help="bảng thứ hai để đối chiếu · second opinion"
    )
    stage.add_argument("--legal-ref", required=True, help="văn bản pháp lý · legal act")
    scopes = "whole: tệp thay mọi đơn vị · replaces all; listed: chỉ đơn vị được nêu · only those named"
    stage.add_argument("--scope", choices=("whole", "listed"), default="whole", help=scopes)
    stage.add_argument(
        "--correct", action="store_true", help="sửa bản của chính ngày ấy · correct that very day"
    )
    stage.add_argument("--column", action="append", default=[], metavar="code=CỘT",
                       help="tên cột khác thường · a column by another name")  # fmt: skip
    stage.add_argument(
        "--report", type=Path, metavar="JSON", help="ghi báo cáo đầy đủ · write the whole report"
    )
    for name, (default, text) in TOLERANCES.items():
        option = f"--max-{name.replace('_', '-')}"
        stage.add_argument(option, dest=name, type=float, default=default, help=f"{text} ({default:g})")
    for name, text in (
        ("activate", "có hiệu lực · make real"),
        ("revert", "hoàn tác · undo"),
        ("show", "báo cáo · report"),
    ):
        one = each.add_parser(name, help=text, allow_abbrev=False)
        one.add_argument("vintage", type=int, metavar="SỐ")
    each.add_parser("list", help="danh sách · list", allow_abbrev=False)


def check(options: argparse.Namespace) -> None:
    """What can be told to be wrong before anything is prepared."""
    if options.action != "stage":
        return
    for file in (options.file, options.succession, options.compare):
        if file is not None and not file.is_file():
            raise Stop(f"Không có tệp {file}.", f"There is no file {file}.")
    if any("=" not in pair for pair in options.column):
        raise Stop("--column có dạng code=TÊN_CỘT.", "--column has the form code=COLUMN.")
    if options.valid_to is not None and options.valid_to <= options.valid_from:
        raise Stop("--to phải sau --from.", "--to must be after --from.")
    # Entering the product changes the folder; the person's paths are theirs.
    for name in ("file", "succession", "compare", "report"):
        if getattr(options, name) is not None:
            setattr(options, name, getattr(options, name).resolve())


def run(options: argparse.Namespace) -> int:
    """One of the sub-commands."""
    check(options)
    connection.enter(Home.current())
    return {"stage": _stage, "activate": _activate, "revert": _revert, "list": _list, "show": _show}[
        options.action
    ](options)


def _stage(options: argparse.Namespace) -> int:
    from geo.settings import Settings
    from geo.vintages import Files, Request, Tolerances, lines, stage

    tolerances = Tolerances(**{name: getattr(options, name) for name in TOLERANCES})
    request = Request(
        options.valid_from, options.legal_ref, options.valid_to, options.scope, options.correct, tolerances
    )
    columns = dict(pair.split("=", 1) for pair in options.column)
    files = Files(options.file, columns, options.succession, options.compare)
    with step("Kiểm tra bản ranh giới", "Checking the vintage") as progress:
        staged = stage(Settings(), files, request, getpass.getuser(), progress)
    print("\n".join(lines(staged.report)))
    if options.report is not None:
        options.report.write_text(json.dumps(staged.report, ensure_ascii=False, indent=1), encoding="utf-8")
    if staged.vintage_id is None:
        say("Không lưu gì; sửa tệp rồi stage lại.", "Nothing was stored; correct the file, stage again.")
        return 1
    number = staged.vintage_id
    if not staged.report["possible"]:
        say(
            f"Bản số {number} còn chờ nhưng không kích hoạt được; sửa theo các dòng → rồi stage lại.",
            f"Vintage {number} waits and cannot be activated; do what the lines → say, then stage again.",
        )
        return 1
    say(
        f"Bản số {number} đang chờ. Xem phản ánh sẽ chuyển đi đâu: ./diaban reroute --vintage {number};"
        f" cho có hiệu lực: ./diaban units activate {number}",
        f"Vintage {number} waits. See where open cases would go, then activate it",
    )
    return 0


def _activate(options: argparse.Namespace) -> int:
    from geo.settings import Settings
    from geo.vintages import activate, vintage

    settings = Settings()
    with step(f"Kích hoạt bản {options.vintage}", f"Activating vintage {options.vintage}") as progress:
        activate(settings, options.vintage, getpass.getuser(), progress)
    found = vintage(settings, options.vintage)
    say(
        f"Có hiệu lực từ {found.valid_from:%d/%m/%Y}. Chuyển phản ánh đang mở: ./diaban reroute --vintage"
        f" {found.vintage_id}; hoàn tác: ./diaban units revert {found.vintage_id}",
        f"In force from {found.valid_from}. Next: move the open cases; or take it back",
    )
    return 0


def _revert(options: argparse.Namespace) -> int:
    from geo.settings import Settings
    from geo.vintages import revert

    with step(f"Hoàn tác bản {options.vintage}", f"Reverting vintage {options.vintage}"):
        revert(Settings(), options.vintage, getpass.getuser())
    return 0


def _list(_options: argparse.Namespace) -> int:
    from geo.settings import Settings
    from geo.vintages import vintages

    found = vintages(Settings())
    if not found:
        say("Chưa có bản ranh giới nào.", "There are no vintages yet.")
    for each in found:
        print(_line(each))
    return 0


def _show(options: argparse.Namespace) -> int:
    from geo.settings import Settings
    from geo.vintages import lines, vintage

    found = vintage(Settings(), options.vintage)
    print(_line(found))
    print(f"  {found.source}")
    print("\n".join(lines(found.report)))
    return 0


def _line(each: Vintage) -> str:
    states: dict[str, str] = {
        "staged": "chờ · staged",
        "active": "hiệu lực · active",
        "reverted": "hoàn tác · reverted",
    }
    end: Any = each.valid_to or "…"
    mark = "" if each.possible or each.state != "staged" else "  ✗"
    return f"{each.vintage_id:>4}  {each.valid_from} – {end}  {states[each.state]}{mark}  {each.legal_ref}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: YYYY-MM-DD") from None
