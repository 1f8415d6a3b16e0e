"""Chuyển phản ánh đang mở sau khi sắp xếp đơn vị · move open cases after a merger of units.

  ./diaban reroute --vintage 2025-07-01          lập kế hoạch, không đổi gì · plan, change nothing
  ./diaban reroute --vintage SỐ --list           từng phản ánh; bản còn chờ cũng được · a staged one too
  ./diaban reroute --vintage 2025-07-01 --apply  thực hiện; bị ngắt thì gõ lại để làm tiếp · do it, go on
  ./diaban reroute --revert SỐ                   hoàn lại một lần chuyển · take a run back

Kế hoạch theo vị trí của từng phản ánh, không theo mã đơn vị. Phản ánh đã đóng không bao giờ bị sửa.
Cases are planned by their point, never by a unit's code. Closed cases are never touched.
"""

from __future__ import annotations

import getpass
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from cli import connection
from cli.bootstrap.paths import Home
from cli.bootstrap.problem import Stop
from cli.bootstrap.terminal import say, step

if TYPE_CHECKING:
    import argparse

    from geo.routing.merger import Line, Wanted
    from geo.settings import Settings

    Db = Any  # psycopg is imported when a command runs

NEEDS = ("python",)
WAYS_SHOWN = 15
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
    parser.add_argument("--vintage", metavar="NGÀY|SỐ", help="ngày hoặc số bản ranh giới · day or vintage")
    parser.add_argument("--apply", action="store_true", help="thực hiện · do it")
    parser.add_argument("--revert", type=int, metavar="SỐ", help="hoàn lại lần này · take this run back")
    parser.add_argument("--list", action="store_true", help="in từng phản ánh · print every case")
    parser.add_argument("--actor", default=getpass.getuser(), help="tên người thực hiện · who does it")


def run(options: argparse.Namespace) -> int:
    """Plan, apply or revert."""
    if (options.vintage is None) == (options.revert is None):
        raise Stop("Cần đúng một trong --vintage, --revert.", "Exactly one of --vintage, --revert is needed.")
    connection.enter(Home.current())
    import psycopg

    from geo.routing import merger
    from geo.settings import Settings

    settings = Settings()
    with psycopg.connect(settings.admin_dsn, autocommit=True) as database:
        if options.revert is not None:
            return _revert(database, options)
        wanted = merger.wanted_vintage(database, options.vintage)
        if wanted.staged is not None:
            return _rehearse(settings, wanted, options)
        number = merger.unfinished(database, wanted.day) if options.apply else None
        if number is None:
            number = _plan(database, wanted, options)
        if not options.apply:
            say("Chưa thay đổi gì. Thêm --apply để thực hiện.", "Nothing was changed. Add --apply to do it.")
            return 0
        with step(f"Thực hiện lần chuyển {number}", f"Applying run {number}") as progress:
            counts = merger.apply(database, number, progress)
        _print(counts)
        say(
            f"Hoàn lại được bằng: ./diaban reroute --revert {number}",
            f"To take it back: ./diaban reroute --revert {number}",
        )
    return 0


def _rehearse(settings: Settings, wanted: Wanted, options: argparse.Namespace) -> int:
    """The plan under units that still wait: they are made real in a transaction that is taken back."""
    from geo.vintages import supposed

    if options.apply:
        first = f"./diaban units activate {wanted.staged}"
        raise Stop(
            f"Bản ranh giới {wanted.staged} còn chờ. Kích hoạt trước: {first}",
            f"Vintage {wanted.staged} waits. Activate it first: {first}",
        )
    with ExitStack() as trial:
        with step(f"Thử bản ranh giới {wanted.staged}", f"Trying vintage {wanted.staged}") as progress:
            database = trial.enter_context(supposed(settings, wanted.staged or 0, options.actor, progress))
        _plan(database, wanted, options, kept=False)
    say(
        f"Chỉ là thử: bản {wanted.staged} vẫn còn chờ, không lưu gì.",
        f"A rehearsal only: vintage {wanted.staged} still waits, nothing was stored.",
    )
    return 0


def _plan(database: Db, wanted: Wanted, options: argparse.Namespace, *, kept: bool = True) -> int:
    from geo.routing import merger

    lines: list[Line] = []
    with step("Lập kế hoạch", "Planning") as progress:
        number, counts = merger.plan(
            database, wanted.day, options.actor, wanted.legal_ref, tell=lines.append, progress=progress
        )
    day = f"{wanted.day:%d/%m/%Y}"
    if kept:
        say(f"Kế hoạch {number} cho ngày {day}:", f"Plan {number} for {wanted.day.isoformat()}:")
    else:
        say(f"Kế hoạch cho ngày {day}:", f"Plan for {wanted.day.isoformat()}:")
    _print(counts)
    if options.list:
        for line in lines:
            print(f"  {line.code}  {OUTCOMES[line.planned.outcome][0]}: {line.planned.reason.vi}")
    else:
        _print_ways(lines)
    return number


def _revert(database: Db, options: argparse.Namespace) -> int:
    from geo.routing import merger

    with step(f"Hoàn lại lần chuyển {options.revert}", f"Taking back run {options.revert}") as progress:
        counts = merger.revert(database, options.revert, options.actor, progress)
    _print(counts)
    return 0


def _print(counts: Counter[str]) -> None:
    if not counts:
        say("Không có phản ánh nào đang mở.", "There are no open cases.")
    for name, (vi, en) in OUTCOMES.items():
        if counts[name]:
            print(f"  {counts[name]:>7,}  {vi} · {en}")


def _print_ways(lines: list[Line]) -> None:
    """From which unit to which, the most cases first."""
    ways = Counter(
        (line.former or "—", line.planned.decision.body_title.vi)
        for line in lines
        if line.planned.outcome != "unchanged"
    )
    for (former, now), count in ways.most_common(WAYS_SHOWN):
        print(f"  {count:>7,}  {former} → {now}")
    if len(ways) > WAYS_SHOWN:
        rest = sum(ways.values()) - sum(count for _, count in ways.most_common(WAYS_SHOWN))
        print(f"  {rest:>7,}  … {len(ways) - WAYS_SHOWN} hướng khác (--list) · other ways")
