"""./diaban units: stage, list, show, activate, revert, as a person types them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cli import connection, main
from geo.errors import Conflict
from tests.geo.vintage_ground import LINKS, empty, new_rows, old_rows, write, write_links

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from geo.settings import Settings

SECRET = "only-for-tests-0123456789"


@pytest.fixture(autouse=True)
def inside(
    settings: Settings, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    empty(admin)
    monkeypatch.setattr(connection, "enter", lambda _home: None)
    monkeypatch.setenv("DIABAN_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DIABAN_SECRET", SECRET)
    monkeypatch.chdir(tmp_path)


def diaban(*words: str) -> int:
    options = main.parser().parse_args(["units", *words])
    return int(options.command.run(options))


def test_a_whole_life(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, old_rows(), "old.parquet")
    write(tmp_path, new_rows(), "new.gpkg")
    write_links(tmp_path, LINKS)
    assert diaban("stage", "old.parquet", "--from", "2024-01-01", "--legal-ref", "cũ") == 0
    number = capsys.readouterr().out.split("Bản số ")[1].split()[0]
    assert diaban("activate", number) == 0
    reform = ["--from", "2025-07-01", "--legal-ref", "NQ 202", "--report", "report.json"]
    assert diaban("stage", "new.gpkg", *reform) == 1  # without its table of succession
    said = capsys.readouterr().out
    assert "✗ Chưa thể kích hoạt · activation is refused" in said
    assert "✗ Đơn vị mất mà không có kế thừa" in said
    assert "→ thêm dòng cho đơn vị ấy vào bảng --succession" in said
    assert "còn chờ nhưng không kích hoạt được" in said
    assert not json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["possible"]
    assert diaban("stage", "new.gpkg", *reform, "--succession", "links.csv") == 0
    later = capsys.readouterr().out.split("Bản số ")[1].split()[0]
    assert diaban("activate", later) == 0
    assert diaban("revert", later) == 0
    with pytest.raises(Conflict):
        diaban("activate", later)
    assert diaban("list") == 0
    listed = capsys.readouterr().out.strip().splitlines()
    assert [line.split()[0] for line in listed][-3:] == [later, str(int(later) - 1), number]
    assert "hoàn tác · reverted" in listed[-3]
    assert diaban("show", later) == 0
    shown = capsys.readouterr().out
    assert "new.gpkg sha256:" in shown
    assert "3  đơn vị mới · new units" in shown


def test_tolerances_are_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row for row in old_rows() if row["ward_code"] != "30002"]
    for row in rows:  # a missing cell at the edge is no hole
        row["geometry"] = row["geometry"].buffer(0.00001)
    write(tmp_path, rows, "loose.parquet")
    words = ["stage", "loose.parquet", "--from", "2024-01-01", "--legal-ref", "x"]
    assert diaban(*words) == 1
    assert diaban(*words, "--max-overlap-share", "0.01") == 0
    assert "! Chồng lấn · Overlaps" in capsys.readouterr().out
