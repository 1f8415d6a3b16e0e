"""What ``./diaban tiles`` refuses before anything long begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cli.bootstrap.problem import Stop
from cli.commands import tiles
from cli.main import parser

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("place", ["no folder/land.pmtiles", "land.zip"])
def test_an_archive_that_cannot_be_written_is_told_first(tmp_path: Path, place: str) -> None:
    file = tmp_path / place
    options = parser().parse_args(["tiles", "export", "land_use", "-o", str(file)])
    with pytest.raises(Stop, match=str(file.parent.name) if file.suffix == ".pmtiles" else "mbtiles"):
        tiles.check(options)
    assert list(tmp_path.iterdir()) == []
