"""What ``up`` puts into the database: structure, layers, and the first rows. Runs where the packages are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from cli.bootstrap.problem import Stop
from cli.bootstrap.terminal import step
from geo.migrations import upgrade
from geo.publish import publish_folders
from geo.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def migrate() -> None:
    """Bring structure and layers to what this version describes."""
    settings = _settings()
    try:
        upgrade(settings)
        publish_folders(settings)
    except OperationalError as error:
        raise Stop(
            f"Cơ sở dữ liệu không trả lời: {error.orig}",
            "The database does not answer: check DIABAN_DATABASE_URL, or see .diaban/log/postgresql.log",
        ) from None


def is_empty() -> bool:
    """Whether no administrative unit is there yet."""
    with psycopg.connect(_settings().admin_dsn) as connection:
        row = connection.execute("SELECT EXISTS (SELECT FROM core.admin_units)").fetchone()
    return not (row and row[0])


def load_demonstration() -> None:
    """Load the demonstration province."""
    from etl import demo

    with step("Nạp tỉnh minh họa", "Loading the demonstration province") as progress:
        demo.load(_settings(), progress)


def load_wards(file: Path, province: str) -> str | None:
    """Load real ward boundaries; the province's name, where the file knows it."""
    from etl import wards

    settings = _settings()
    with step("Nạp ranh giới thật", "Loading the real boundaries") as progress:
        wards.load(settings, file, province, progress)
    with psycopg.connect(settings.admin_dsn) as connection:
        row = connection.execute("SELECT max(province_name) FROM core.admin_units").fetchone()
    return row[0] if row else None


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        reasons = "; ".join(
            f"DIABAN_{str(e['loc'][-1]).upper()}: {e['msg']}" for e in error.errors() if e["loc"]
        )
        raise Stop(
            f"Cấu hình sai, hãy sửa biến môi trường: {reasons or error}",
            f"A setting is wrong, correct the environment variable: {reasons or error}",
        ) from None
