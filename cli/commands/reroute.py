"""Chuyển phản ánh đang mở sau khi sắp xếp đơn vị · move open cases after a merger of units.

Không có --apply: chỉ lập kế hoạch và in ra. Kế hoạch theo vị trí của từng phản ánh, không theo mã đơn vị.
--apply thực hiện theo từng đợt, dừng giữa chừng thì chạy lại để làm tiếp; --revert hoàn lại một lần chuyển.
Without --apply: only plans and prints. Cases are planned by their point, never by a unit's code. --apply
works in batches and goes on where it was stopped; --revert takes a run back. Closed cases are never
touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli import connection
from cli.bootstrap.paths import Home
from cli.bootstrap.problem import Stop
from cli.bootstrap.terminal import say

if TYPE_CHECKING:
    import argparse
    from collections import Counter

NEEDS = ("python",)
OUTCOMES = {
    "automatic": ("tự động", "automatic"),
    "person": ("chờ người quyết định", "to a person"),
    "unchanged": ("không đổi", "unchanged"),
    "skipped": ("đã có người xử lý sau khi lập kế hoạch", "acted on since, left alone"),
    "reverted": ("đã hoàn lại", "reverted"),
    "left": ("chưa làm", "not done yet"),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--vintage", metavar="DATE_OR_ID", help="ngày hoặc số kỳ ranh giới · day or vintage")
    parser.add_argument("--apply", action="store_true", help="thực hiện · do it")
    parser.add_argument("--revert", type=int, metavar="RUN", help="hoàn lại lần này · take this run back")
    parser.add_argument("--list", action="store_true", help="in từng phản ánh · print every case")
    parser.add_argument("--actor", default="reroute", help="tên người thực hiện · who does it")


def run(options: argparse.Namespace) -> int:
    """Plan, apply or revert."""
    if (options.vintage is None) == (options.revert is None):
        raise Stop("Cần đúng một trong --vintage, --revert.", "Exactly one of --vintage, --revert is needed.")
    connection.enter(Home.current())
    import psycopg

    from geo.routing import merger
    from geo.settings import Settings

    with psycopg.connect(Settings().admin_dsn, autocommit=True) as database:
        if options.revert is not None:
            counts = merger.revert(database, options.revert, options.actor)
            say(f"Đã hoàn lại lần chuyển {options.revert}.", f"Run {options.revert} is reverted.")
            _print(counts)
            return 0
        day, legal_ref = merger.day_of_vintage(database, options.vintage)
        number = merger.unfinished(database, day) if options.apply else None
        if number is None:
            tell = _line if options.list else None
            number, counts = merger.plan(database, day, options.actor, legal_ref, tell)
            say(f"Kế hoạch {number} cho ngày {day:%d/%m/%Y}:", f"Plan {number} for {day.isoformat()}:")
            _print(counts)
        if options.apply:
            counts = merger.apply(database, number)
            say(f"Đã thực hiện lần chuyển {number}.", f"Run {number} is applied.")
            _print(counts)
        else:
            say("Chưa thay đổi gì. Thêm --apply để thực hiện.", "Nothing was changed. Add --apply to do it.")
    return 0


def _line(line: object) -> None:
    from geo.routing.merger.run import Line

    if isinstance(line, Line):
        vi, _ = OUTCOMES[line.planned.outcome]
        print(f"  {line.code}  {vi}: {line.planned.reason.vi}")


def _print(counts: Counter[str]) -> None:
    for name, (vi, en) in OUTCOMES.items():
        if counts[name]:
            print(f"  {counts[name]:>7}  {vi} · {en}")
