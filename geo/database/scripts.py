"""Running a file of SQL statements as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection


def run_script(connection: Connection, sql: str) -> None:
    """Run several statements in the connection's transaction; no parameters, so that % means itself."""
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - an open connection has its driver
    with driver.cursor() as cursor:
        cursor.execute(sql)
