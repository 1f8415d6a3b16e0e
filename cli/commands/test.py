"""Chạy mọi kiểm thử, kèm những gì chúng cần · run every test, with what it needs.

Có tham số thì chỉ chạy pytest với các tham số đó: ./diaban test tests/geo -k ward
With arguments pytest alone runs, with those arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.bootstrap.paths import TOOLS

if TYPE_CHECKING:
    import argparse

NEEDS = ("python", "postgres", "web", "chromium")
PASSES_ON = True


def arguments(_parser: argparse.ArgumentParser) -> None:
    """No options of its own."""


def run(options: argparse.Namespace) -> int:
    """Run the stages one after another, all of them, and close with the count."""
    from cli import stages

    chosen = stages.only_pytest(options.rest) if options.rest else stages.everything()
    return stages.run(chosen, TOOLS / "test")
