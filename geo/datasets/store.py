"""The record of datasets, and the rows that could not be taken."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from geo.database.errors import translated
from geo.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
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


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a dataset by now: counts (added to those that are there), report, plan of landing."""

    counts: dict[str, Any]
    report: dict[str, Any] | None = None
    plan: dict[str, Any] | None = None


def save(connection: Db, number: int, state: State, known: Known) -> None:
    """A new state, and what is known by then."""
    connection.execute(
        "UPDATE ops.dataset SET state = %s, counts = counts || %s, report = coalesce(%s, report), "
        "options = options || %s WHERE id = %s",
        [
            state,
            Jsonb(known.counts),
            None if known.report is None else Jsonb(known.report),
            Jsonb({"plan": known.plan} if known.plan else {}),
            number,
        ],
    )


def forget(connection: Db, number: int) -> None:
    """Take a dataset that never landed off the record."""
    connection.execute("DELETE FROM ops.dataset WHERE id = %s AND state IN ('reading', 'staged', 'refused')",
                       [number])  # fmt: skip


QUARANTINE = "COPY staging.quarantine (dataset, row_no, kind, faults, raw, wkb) FROM STDIN"
# Row number, faults, the file's own values, WKB (WGS 84).
Quarantined = tuple[int, list[dict[str, str]], dict[str, Any], bytes | None]


@contextmanager
def setting_aside(connection: Db, number: int) -> Iterator[Callable[[Sequence[Quarantined]], None]]:
    """Keep rows that could not be taken, batch by batch; all of them or, where the block fails, none."""
    with connection.transaction(), connection.cursor().copy(QUARANTINE) as copy:

        def aside(rows: Sequence[Quarantined]) -> None:
            for row_no, faults, raw, wkb in rows:
                copy.write_row((number, row_no, "file", _json(faults), _json(raw), wkb))

        yield aside


def _json(value: object) -> str:
    # PostgreSQL's jsonb has no place for NUL.
    return json.dumps(value, ensure_ascii=False).replace("\\u0000", "�")


# A column of the values that rows in quarantine hold: whole numbers that fit into 64 bits, numbers, or text.
Held = Literal["integer", "number", "text"]
HELD = """
SELECT key, CASE
  WHEN bool_and(value::text ~ '^-?[0-9]{1,18}$') FILTER (WHERE value <> 'null') THEN 'integer'
  WHEN bool_and(jsonb_typeof(value) = 'number') FILTER (WHERE value <> 'null') THEN 'number'
  ELSE 'text' END
  FROM staging.quarantine, jsonb_each(raw) WHERE dataset = %s AND kind = %s
 GROUP BY key ORDER BY octet_length(key), key COLLATE "C"
"""
ROWS_A_BATCH, BYTES_A_BATCH = 5_000, 64 * 2**20
ROWS_A_FETCH = 20  # a shape may be of 64 MB


@dataclass(frozen=True)
class Quarantine:
    """A dataset's rows in quarantine, to be read in memory that does not grow with them."""

    connection: Db
    number: int

    def columns(self, kind: str) -> dict[str, Held]:
        """Names and types of the values that its rows of a kind hold."""
        rows = self.connection.execute(HELD, [self.number, kind]).fetchall()
        return dict(cast("list[tuple[str, Held]]", rows))

    def batches(self, kind: str) -> Iterator[list[Quarantined]]:
        """Its rows of a kind in the file's order."""
        with self.connection.cursor("quarantine") as cursor:
            cursor.itersize = ROWS_A_FETCH
            cursor.execute(
                "SELECT row_no, faults, raw, wkb FROM staging.quarantine WHERE dataset = %s AND kind = %s "
                "ORDER BY row_no",
                [self.number, kind],
            )
            batch: list[Quarantined] = []
            size = 0
            for row in cast("Iterator[Quarantined]", cursor):
                batch.append(row)
                size += len(row[3] or b"")
                if len(batch) == ROWS_A_BATCH or size > BYTES_A_BATCH:
                    yield batch
                    batch, size = [], 0
            if batch:
                yield batch


@contextmanager
def quarantined(settings: Settings, number: int) -> Iterator[Quarantine]:
    """Open a dataset's quarantine, in one transaction."""
    with translated(), psycopg.connect(settings.admin_dsn) as connection:
        yield Quarantine(connection, number)
