"""The swap: a staged dataset becomes part of its layer, in one transaction that is all or nothing.

Readers see the former state until it commits. Editors of the layer wait a moment and are told to try again;
another landing is refused at once. Every row that is written over, ended or deleted is kept as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import errors as pg
from psycopg.sql import SQL, Identifier

from geo.database.errors import translated
from geo.datasets import match as matching
from geo.datasets import store, write
from geo.datasets.journal import ready
from geo.datasets.names import LANDING_LOCK, OWNER, PACKED, core, matched, staged
from geo.errors import Conflict, Forbidden
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from geo.datasets.names import Db
    from geo.datasets.types import Difference, Plan
    from geo.settings import Settings
    from layers.description import Layer

    Progress = Callable[[float, str], None]

MIXED = Text(
    vi="Lớp này đang chứa dữ liệu minh họa: hãy nạp thay thế toàn bộ (--mode replace).",
    en="The layer holds demonstration data: replace all of them (--mode replace), do not mix.",
)
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '10s'"
STAMPED = "SELECT set_config('diaban.stamped', 'on', true)"
MEMORY = "SET LOCAL work_mem = '128MB'"


def land(
    settings: Settings,
    number: int,
    plan: Plan,
    *,
    expected: Difference | None = None,
    progress: Progress = lambda _share, _word: None,
) -> Difference:
    """Swap a staged dataset in; what it changed.

    Raises ``Conflict`` where another landing runs, the layer is gone, the staged rows are gone, the layer has
    changed since ``expected`` was shown, or rows of a demonstration would be mixed with real ones;
    ``Forbidden`` where rows lie outside ``plan.units``; ``Unavailable`` where the disk is full.
    """
    with translated(), psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        with connection.transaction():
            found = _swap(connection, number, plan, expected=expected, progress=progress)
        analyze(connection, plan.layer)
    return found


def _swap(
    connection: Db, number: int, plan: Plan, *, expected: Difference | None, progress: Progress
) -> Difference:
    for statement in (OWNER, LOCK_TIMEOUT, MEMORY, STAMPED, PACKED):
        connection.execute(statement)
    alone(connection, plan.layer.name)
    _check_staged(connection, number)
    progress(0.0, "đối chiếu · matching")
    difference = matching.match(connection, number, plan)
    if expected is not None and expected != difference:
        raise Conflict(
            "Lớp đã thay đổi từ khi xem trước. Xin xem lại thay đổi rồi nạp.",
            "The layer has changed since the preview. Look at the changes again, then land.",
        )
    _check_units(connection, number, plan)
    note = _note(connection, plan, difference)
    ready(connection, plan.layer)
    stamp = _stamp(connection)
    write.end(connection, number, plan, stamp, difference)
    write.overwrite(connection, number, plan, stamp)
    write.insert(connection, number, plan, stamp, progress)
    write.refuse_conflicting(connection, number, plan)
    connection.execute(
        "UPDATE ops.dataset SET state = 'landed', stamp = %s, note_before = %s::jsonb, counts = counts || "
        "jsonb_build_object('new', %s::bigint, 'changed', %s::bigint, 'succeeded', %s::bigint, 'same', "
        "%s::bigint, 'gone', %s::bigint, 'duplicate', %s::bigint, 'conflicting', %s::bigint) WHERE id = %s",
        [stamp, note, difference.new, difference.changed, difference.succeeded, difference.same,
         difference.gone, difference.duplicate, difference.conflicting, number],
    )  # fmt: skip
    connection.execute(SQL("DROP TABLE {}, {}").format(staged(number), matched(number)))
    progress(1.0, "ghi · committing")
    return difference


def alone(connection: Db, layer: str) -> None:
    """Be the only one who lands in or undoes a layer, and the only one who writes in it, until the commit."""
    got = connection.execute(
        "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [LANDING_LOCK, layer]
    ).fetchone()
    if not (got and got[0]):
        raise Conflict(
            f"Đang có người khác nạp vào lớp {layer}. Xin thử lại sau.",
            f"Someone else is loading into the layer {layer}. Try again later.",
        )
    try:
        connection.execute(SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(core(layer)))
    except pg.UndefinedTable:
        raise Conflict(f"Lớp {layer} không còn nữa.", f"The layer {layer} is no longer there.") from None
    except pg.LockNotAvailable:
        raise Conflict(
            f"Lớp {layer} đang được sửa lâu. Xin thử lại sau.",
            f"The layer {layer} has been under edit for long. Try again later.",
        ) from None


def _check_staged(connection: Db, number: int) -> None:
    found = store.read(connection, number, lock=True)
    if found.state != "staged":
        raise Conflict(
            f"Bộ dữ liệu {number} không chờ nạp (trạng thái: {found.state}).",
            f"Dataset {number} does not wait for landing (state: {found.state}).",
        )
    there = connection.execute("SELECT to_regclass(%s)", [f"staging.dataset_{number}"]).fetchone()
    count = None
    if there and there[0]:
        count = connection.execute(SQL("SELECT count(*) FROM {}").format(staged(number))).fetchone()
    if count is None or count[0] != found.counts.get("staged"):
        raise Conflict(
            "Dữ liệu chờ nạp đã mất (máy chủ dữ liệu vừa khởi động lại). Xin đọc lại tệp.",
            "The staged rows are gone (the database was restarted). Read the file again.",
        )


def _check_units(connection: Db, number: int, plan: Plan) -> None:
    """Who may write for some units only must not bring rows of others."""
    if plan.units is None:
        return
    column = SQL("s.unit") if "unit" in plan.columns else SQL("NULL::text")
    row = connection.execute(
        SQL(
            "SELECT count(*) FROM {} AS s WHERE NOT coalesce({} = ANY ({}), false) AND NOT EXISTS "
            "(SELECT FROM {} AS m WHERE m.row_no = s.row_no AND m.action IN ('s', 'd'))"
        ).format(staged(number), column, list(plan.units), matched(number))
    ).fetchone()
    if row and row[0]:
        raise Forbidden(
            f"{row[0]} dòng không thuộc đơn vị của bạn ({', '.join(plan.units)}).",
            f"{row[0]} rows are not of your units ({', '.join(plan.units)}).",
        )


def mixes(plan: Plan) -> bool:
    """Whether rows that a layer has would stay beside those of the plan: not where they are invented."""
    return plan.mode != "replace" or plan.units is not None


def _note(connection: Db, plan: Plan, difference: Difference) -> str | None:
    """What the catalogue says beside the data; taken off where all of them are replaced."""
    row = connection.execute("SELECT note::text FROM ops.layer WHERE name = %s", [plan.layer.name]).fetchone()
    if row is None:
        raise Conflict(
            f"Lớp {plan.layer.name} không còn nữa.", f"The layer {plan.layer.name} is no longer there."
        )
    note: str | None = row[0]
    if note is None or not difference.writes:
        return note
    if mixes(plan):
        raise Conflict(MIXED.vi, MIXED.en)
    connection.execute(
        "UPDATE ops.layer SET note = NULL, revision = nextval('ops.layer_revision') WHERE name = %s",
        [plan.layer.name],
    )
    return note


def _stamp(connection: Db) -> datetime:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None  # noqa: S101
    return row[0]  # type: ignore[no-any-return]


def analyze(connection: Db, layer: Layer) -> None:
    """Fresh statistics of a layer's tables for the planner."""
    with connection.transaction():
        connection.execute(OWNER)
        for schema in ("core", "pub", *(["private"] if layer.private_fields else [])):
            connection.execute(SQL("ANALYZE {}").format(Identifier(schema, layer.name)))
