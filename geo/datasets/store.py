"""The record of datasets, and the rows that could not be taken."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from geo.database.errors import translated
from geo.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from geo.datasets.names import Db
    from geo.datasets.types import Mode, Origin, State
    from geo.settings import Settings

COLUMNS = (
    "id, layer, state, mode, source_name, sha256, size_bytes, inner_layer, crs, operation, encoding, "
    "options, counts, actor, created_at, stamp, rolled_back_at, rolled_back_by"
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """One load of a file. ``stamp`` is when it landed, to the microsecond."""

    id: int
    layer: str
    state: State
    mode: Mode
    source_name: str
    sha256: str
    size_bytes: int
    inner_layer: str
    crs: str | None
    operation: str | None
    encoding: str | None
    options: dict[str, Any]
    counts: dict[str, Any]
    actor: str
    created_at: datetime
    stamp: datetime | None
    rolled_back_at: datetime | None
    rolled_back_by: str | None


def datasets(settings: Settings, layer: str | None = None, most: int = 200) -> list[Dataset]:
    """Datasets, newest first."""
    with translated(), psycopg.connect(settings.admin_dsn) as connection:
        rows = connection.cursor(row_factory=dict_row).execute(
            f"SELECT {COLUMNS} FROM ops.dataset WHERE %s::text IS NULL OR layer = %s "  # noqa: S608 - a constant
            "ORDER BY id DESC LIMIT %s",
            [layer, layer, most],
        )
        return [Dataset(**row) for row in rows]


def dataset(settings: Settings, number: int) -> Dataset:
    """One dataset; ``NotFound`` where there is none of that number."""
    with translated(), psycopg.connect(settings.admin_dsn) as connection:
        return read(connection, number)


def read(connection: Db, number: int, *, lock: bool = False) -> Dataset:
    """One dataset in the caller's transaction, kept from others' hands where ``lock``."""
    more = " FOR UPDATE" if lock else ""
    row = (
        connection.cursor(row_factory=dict_row)
        .execute(f"SELECT {COLUMNS} FROM ops.dataset WHERE id = %s{more}", [number])  # noqa: S608 - constants
        .fetchone()
    )
    if row is None:
        raise NotFound(f"Không có bộ dữ liệu số {number}.", f"There is no dataset {number}.")
    return Dataset(**row)


def report(settings: Settings, number: int) -> dict[str, Any]:
    """The report of a dataset's reading."""
    with translated(), psycopg.connect(settings.admin_dsn) as connection:
        row = connection.execute("SELECT report FROM ops.dataset WHERE id = %s", [number]).fetchone()
    if row is None:
        raise NotFound(f"Không có bộ dữ liệu số {number}.", f"There is no dataset {number}.")
    return cast("dict[str, Any]", row[0] or {})


def begin(connection: Db, layer: str, mode: Mode, origin: Origin) -> int:
    """A new dataset in the state ``reading``; its number."""
    row = connection.execute(
        "INSERT INTO ops.dataset (layer, mode, source_name, sha256, size_bytes, inner_layer, crs, operation, "
        "encoding, options, actor) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        [
            layer,
            mode,
            origin.name,
            origin.sha256,
            origin.size_bytes,
            origin.inner_layer,
            origin.crs,
            origin.operation,
            origin.encoding,
            Jsonb(origin.options),
            origin.actor,
        ],
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert that returns nothing has raised
    return int(row[0])


def save(
    connection: Db,
    number: int,
    state: State,
    counts: dict[str, Any] | None = None,
    document: dict[str, Any] | None = None,
) -> None:
    """A new state, and what is known by then; counts are added to those that are there."""
    connection.execute(
        "UPDATE ops.dataset SET state = %s, counts = counts || %s, report = coalesce(%s, report) "
        "WHERE id = %s",
        [state, Jsonb(counts or {}), None if document is None else Jsonb(document), number],
    )


def forget(connection: Db, number: int) -> None:
    """Take a dataset that never landed off the record."""
    connection.execute("DELETE FROM ops.dataset WHERE id = %s AND state IN ('reading', 'staged', 'refused')",
                       [number])  # fmt: skip


QUARANTINE = "COPY staging.quarantine (dataset, row_no, kind, faults, raw, wkb) FROM STDIN"
Quarantined = tuple[int, list[dict[str, str]], dict[str, Any], bytes | None]


def quarantine(connection: Db, number: int, rows: Iterable[Quarantined]) -> int:
    """Keep rows that could not be taken: number, faults, the file's values, WKB (WGS 84); how many."""
    count = 0
    with connection.cursor().copy(QUARANTINE) as copy:
        for row_no, faults, raw, wkb in rows:
            # PostgreSQL's jsonb has no place for NUL.
            texts = [json.dumps(value, ensure_ascii=False).replace("\\u0000", "�") for value in (faults, raw)]
            copy.write_row((number, row_no, "file", *texts, wkb))
            count += 1
    return count


def quarantined(
    settings: Settings, number: int
) -> list[tuple[int, str, list[dict[str, str]], dict[str, Any], bytes | None]]:
    """Rows in quarantine: number, whose names the values go by, faults, values, WKB."""
    with translated(), psycopg.connect(settings.admin_dsn) as connection:
        rows = connection.execute(
            "SELECT row_no, kind, faults, raw, wkb FROM staging.quarantine WHERE dataset = %s "
            "ORDER BY row_no",
            [number],
        ).fetchall()
    return cast("list[tuple[int, str, list[dict[str, str]], dict[str, Any], bytes | None]]", rows)
