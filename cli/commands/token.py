"""Cấp hoặc thu hồi mã truy cập của cán bộ · issue or revoke a member of staff's access token.

Mã chỉ hiện một lần; dùng trong tiêu đề Authorization: Bearer …
The token is shown once; it goes into the header Authorization: Bearer …
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli import connection
from cli.bootstrap.paths import Home
from cli.bootstrap.terminal import say

if TYPE_CHECKING:
    import argparse

NEEDS = ("python",)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("subject", metavar="TÊN", help="người hoặc hệ thống · person or system")
    parser.add_argument(
        "--clearance",
        type=int,
        choices=(1, 2),
        default=1,
        help="1 cán bộ · staff; 2 trung tâm điều hành, mọi dòng · operation centre, every row",
    )
    parser.add_argument("--units", default="", help="mã phường, cách nhau bằng dấu phẩy · ward codes")
    parser.add_argument("--days", type=int, default=90, help="số ngày có hiệu lực · days of validity (90)")
    parser.add_argument("--revoke", action="store_true", help="thu hồi mọi mã của TÊN · end all its tokens")


def run(options: argparse.Namespace) -> int:
    """Issue one token, or end all of a subject's."""
    connection.enter(Home.current())
    from geo import tokens
    from geo.database import Claims
    from geo.settings import Settings

    settings = Settings()
    if options.revoke:
        ended = tokens.revoke(settings, options.subject)
        say(f"Đã thu hồi {ended} mã của {options.subject}.", f"{ended} tokens of {options.subject} ended.")
        return 0
    units = tuple(part.strip() for part in options.units.split(",") if part.strip())
    print(tokens.issue(settings, Claims(options.subject, options.clearance, units), options.days))
    return 0
