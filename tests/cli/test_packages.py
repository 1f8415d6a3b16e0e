"""What the machine lacks is installed where it may be, else named with the exact command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cli.bootstrap import apt, postgres_packages, uv, web_build
from cli.bootstrap.problem import Stop

if TYPE_CHECKING:
    from pathlib import Path

LISTED = """\
postgresql-14-postgis-3 - Geographic objects support for PostgreSQL 14
postgresql-15-postgis-3 - Geographic objects support for PostgreSQL 15
postgresql-15-postgis-3-scripts - Geographic objects support for PostgreSQL 15 -- SQL scripts
postgresql-9-postgis-3 - old
"""


def test_the_newest_offered_postgis_is_chosen_not_its_scripts() -> None:
    assert postgres_packages.newest(LISTED) == "postgresql-15-postgis-3"


@pytest.mark.parametrize("listed", ["", "postgresql-14-postgis-3 - too old\n"])
def test_a_distribution_that_is_behind_offers_none(listed: str) -> None:
    assert postgres_packages.newest(listed) is None


def test_who_is_not_root_gets_the_exact_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "available", lambda: True)
    monkeypatch.setattr(apt.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(postgres_packages, "installations", list)
    monkeypatch.setattr(postgres_packages, "offered", lambda: "postgresql-15-postgis-3")
    with pytest.raises(Stop) as stop:
        postgres_packages.prepare()
    wanted = "sudo apt-get update && sudo apt-get install -y postgresql-15-postgis-3"
    assert wanted in stop.value.vi
    assert wanted in stop.value.en


def test_data_of_a_version_that_is_not_installed_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_packages, "installations", list)
    with pytest.raises(Stop, match="PostgreSQL 16"):
        postgres_packages.choose(16)


def test_the_installed_postgres_is_found() -> None:
    newest = postgres_packages.installations()[0]
    assert newest.major >= 15
    assert (newest.bin / "initdb").exists()


def test_a_missing_venv_module_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uv, "_can_make_venv", lambda _python: False)
    monkeypatch.setattr(apt, "available", lambda: True)
    monkeypatch.setattr(apt.os, "geteuid", lambda: 1000)
    with pytest.raises(Stop, match="sudo apt-get install -y python3-venv"):
        uv._python_with_venv()


@pytest.mark.parametrize(
    ("version", "enough"),
    [("v20.19.0", True), ("v20.18.9", False), ("v22.0.0", True), ("v8.1.0", False), ("", False)],
)
def test_node_is_new_enough(version: str, enough: bool) -> None:
    assert web_build.new_enough(version) is enough


def test_the_build_depends_on_sources_only(tmp_path: Path) -> None:
    for name in (
        "package-lock.json",
        "src/main.ts",
        "node_modules/a.js",
        "dist/index.html",
        "tests/a.test.ts",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    before = web_build.fingerprint(tmp_path)
    for aside in ("node_modules/a.js", "dist/index.html", "tests/a.test.ts"):
        (tmp_path / aside).write_text("2")
    assert web_build.fingerprint(tmp_path) == before
    (tmp_path / "src/main.ts").write_text("2")
    assert web_build.fingerprint(tmp_path) != before
