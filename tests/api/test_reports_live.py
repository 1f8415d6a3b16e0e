"""Uploads through a real server and a real socket."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import psycopg

from tests.geo.units_ground import settle

if TYPE_CHECKING:
    from pathlib import Path

    from geo.settings import Settings

FORM = ["-F", "lon=105.61", "-F", "lat=10.51", "-F", "category=GT", "-F", "text=Ổ gà lớn trước cổng chợ"]


def curl(url: str, *arguments: str) -> tuple[int, str]:
    command = [
        "curl",
        "-sS",
        "-m",
        "300",
        "-o",
        "-",
        "-w",
        "\n%{http_code}",
        *arguments,
        f"{url}/api/reports",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def test_a_large_photo_gets_the_sentence_and_no_broken_connection(
    live_server: str, settings: Settings, tmp_path: Path
) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as admin:
        settle(admin)
    huge = tmp_path / "huge.jpg"
    huge.write_bytes(b"\xff\xd8\xff\xe0" + bytes(30_000_000))
    for more in ([], ["-H", "Expect:"], ["-H", "Transfer-Encoding: chunked"]):
        status, body = curl(live_server, *FORM, "-F", f"photo=@{huge};type=image/jpeg", *more)
        assert status == 413, body
        assert "10 MB" in body
    assert not [path for path in settings.media_dir.rglob("*") if path.is_file()]
    status, body = curl(live_server, *FORM)
    assert status == 201, body
