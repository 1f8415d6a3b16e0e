"""The one database address becomes each role's, whatever form it was given in."""

from __future__ import annotations

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import ValidationError

from geo.settings import Settings

SECRET = "only-for-this-test-0123"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("postgresql://a:b%40c@h:5/db?sslmode=disable", {"host": "h", "port": "5", "sslmode": "disable"}),
        ("postgresql+psycopg://a@h/db", {"host": "h"}),
        ("postgresql:///db", {}),
        ("postgresql://a@/db?host=/run/pg", {"host": "/run/pg"}),
    ],
)
def test_a_role_logs_in_at_the_same_place(given: str, kept: dict[str, str]) -> None:
    settings = Settings(database_url=given, secret=SECRET)  # type: ignore[arg-type]
    own = {"user": "diaban_pump", "password": settings.role_password("diaban_pump"), "dbname": "db"}
    assert conninfo_to_dict(settings.role_dsn("diaban_pump")) == own | kept
    assert conninfo_to_dict(settings.admin_dsn)["dbname"] == "db"
    assert settings.admin_url == settings.admin_dsn.replace("postgresql:", "postgresql+psycopg:")


@pytest.mark.parametrize("given", ["", "db", "host=h dbname=db", "mysql://h/db"])
def test_what_is_no_address_of_postgresql_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="postgresql://user"):
        Settings(database_url=given, secret=SECRET)  # type: ignore[arg-type]
