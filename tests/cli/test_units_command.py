"""./diaban units: stage, list, show, activate, revert, as a person types them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cli import connection, main
from cli.bootstrap.problem import Stop
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


def reroute(*words: str) -> int:
    options = main.parser().parse_args(["reroute", *words])
    return int(options.command.run(options))


def test_a_merger_is_rehearsed_done_and_taken_back(
    tmp_path: Path, admin: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    admin.execute("DELETE FROM core.reports")
    write(tmp_path, old_rows(), "old.parquet")
    write(tmp_path, new_rows(), "new.parquet")
    write_links(tmp_path, LINKS)
    diaban("stage", "old.parquet", "--from", "2024-01-01", "--legal-ref", "cũ")
    diaban("activate", capsys.readouterr().out.split("Bản số ")[1].split()[0])
    # In Phường Hòa Bình, which goes to Phường Sông Tiền as a whole.
    admin.execute(
        "INSERT INTO core.reports (geom, code, category, status, channel, received_at, h3_9, unit, ward_code,"
        " ward_name) VALUES (ST_Point(105.63, 10.43, 4326), 'M-1', 'MT', 'forwarded', 'web',"
        " '2025-06-20T03:00:00Z', 'x', '30002', '30002', 'Phường Hòa Bình')"
    )
    stage = [
        "stage",
        "new.parquet",
        "--from",
        "2025-07-01",
        "--legal-ref",
        "NQ 202",
        "--succession",
        "links.csv",
    ]
    diaban(*stage)
    number = capsys.readouterr().out.split("Bản số ")[1].split()[0]
    assert reroute("--vintage", number) == 0
    said = capsys.readouterr().out
    assert "1  Phường Hòa Bình → UBND Phường Sông Tiền" in said
    assert "Chỉ là thử" in said
    assert admin.execute("SELECT count(*) FROM core.reroute_run").fetchone() == (0,)
    assert admin.execute(
        "SELECT state FROM core.admin_vintage WHERE vintage_id = %s", [number]
    ).fetchone() == ("staged",)
    with pytest.raises(Stop):
        reroute("--vintage", number, "--apply")
    diaban("activate", number)
    assert reroute("--vintage", number, "--apply") == 0
    said = capsys.readouterr().out
    run = said.split("Kế hoạch ")[1].split()[0]
    held = "SELECT unit, ward_name FROM core.reports WHERE code = 'M-1'"
    assert admin.execute(held).fetchone() == ("30001", "Phường Sông Tiền")
    assert reroute("--revert", run) == 0
    assert admin.execute(held).fetchone() == ("30002", "Phường Hòa Bình")
    diaban("revert", number)
    with pytest.raises(Conflict):
        reroute("--vintage", number)
    admin.execute("DELETE FROM core.reports")
