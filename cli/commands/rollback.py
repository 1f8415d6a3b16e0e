"""Hoàn tác một bộ dữ liệu đã nạp · take a dataset out of its layer again.

Lớp trở lại đúng như trước khi nạp. Từ chối nếu các dòng ấy đã bị sửa sau đó, và nói bởi bộ nào.
The layer is again what it was. Refused where its rows were changed since, saying by which dataset.
"""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from cli import connection
from cli.bootstrap.paths import Home
from cli.bootstrap.terminal import say, step

if TYPE_CHECKING:
    import argparse

NEEDS = ("python",)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("dataset", type=int, metavar="ID", help="số của bộ dữ liệu · see ./diaban datasets")


def run(options: argparse.Namespace) -> int:
    """Undo one dataset."""
    connection.enter(Home.current())
    from geo.datasets import rollback
    from geo.settings import Settings

    with step("Hoàn tác", "Undoing"):
        found = rollback(Settings(), options.dataset, getpass.getuser())
    say(
        f"Lớp {found.layer} như trước bộ {found.id}.",
        f"The layer {found.layer} is as before dataset {found.id}.",
    )
    return 0
