"""The swap: a staged dataset becomes part of its layer, in one transaction that is all or nothing.

Readers see the former state until it commits. Editors of the layer wait a moment and are told to try again;
another landing is refused at once. Every row that is written over, ended or deleted is kept as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
from psycopg import errors as pg
from psycopg.sql import SQL, Composed, Identifier

from geo.database.errors import translated
from geo.datasets import match as matching
from geo.datasets import store
from geo.datasets.journal import keep, ready
from geo.datasets.names import LANDING_LOCK, OWNER, PACKED, core, matched, private, staged
from geo.errors import Conflict, Forbidden, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from geo.datasets.names import Db
    from geo.datasets.types import Difference, Plan
    from geo.settings import Settings

    Progress = Callable[[float, str], None]

# Triggers run once a statement and hold its rows in memory; progress moves by as much.
ROWS_A_STATEMENT = 25_000
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
        analyze(connection, plan.layer.name)
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
    _end(connection, number, plan, stamp, difference)
    _overwrite(connection, number, plan, stamp)
    _insert(connection, number, plan, stamp, progress)
    _refuse_conflicting(connection, number, plan)
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
    if plan.mode != "replace" or plan.units is not None:
        raise Conflict(
            "Lớp này đang chứa dữ liệu minh họa: hãy nạp thay thế toàn bộ (--mode replace).",
            "The layer holds demonstration data: replace all of them (--mode replace), do not mix.",
        )
    connection.execute(
        "UPDATE ops.layer SET note = NULL, revision = nextval('ops.layer_revision') WHERE name = %s",
        [plan.layer.name],
    )
    return note


def _stamp(connection: Db) -> datetime:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None  # noqa: S101
    return row[0]  # type: ignore[no-any-return]


def _end(connection: Db, number: int, plan: Plan, stamp: datetime, difference: Difference) -> None:
    """Rows that are gone: deleted, or ended on the day where the layer lives in time."""
    if plan.mode != "replace" or not difference.gone:
        return
    table = core(plan.layer.name)
    which = matching.gone(number, plan)
    if not plan.layer.valid_time:
        keep(connection, number, plan.layer, "delete", which)
        connection.execute(SQL("DELETE FROM {} AS c WHERE {}").format(table, which))
        return
    day = plan.gone_from
    if day is None:
        raise InvalidInput(
            "gone_from", "", "ngày các dòng cũ hết hiệu lực", "the day on which the old rows end"
        )
    # Ended rows would match the condition no more: deletion first.
    never = SQL("{} AND c.valid_from >= {}").format(which, day)
    keep(connection, number, plan.layer, "delete", never)
    connection.execute(SQL("DELETE FROM {} AS c WHERE {}").format(table, never))
    keep(connection, number, plan.layer, "update", which)
    connection.execute(
        SQL("UPDATE {} AS c SET valid_to = {}, updated_at = {} WHERE {}").format(table, day, stamp, which)
    )


def _overwrite(connection: Db, number: int, plan: Plan, stamp: datetime) -> None:
    """Changed rows get the file's values; those whose next version begins end on its first day."""
    for action, values in (
        (matching.CHANGED, [SQL("{0} = s.{0}").format(Identifier(n)) for n in (*plan.compared, "geom")]),
        (matching.VERSION, [SQL("valid_to = s.valid_from").format()]),
    ):
        which = SQL("c.id IN (SELECT target FROM {} WHERE action = {})").format(matched(number), action)
        if not keep(connection, number, plan.layer, "update", which):
            continue
        connection.execute(
            SQL(
                "UPDATE {core} AS c SET {values}, updated_at = {stamp} FROM {match} AS m JOIN {staged} AS s "
                "USING (row_no) WHERE m.target = c.id AND m.action = {action}"
            ).format(
                core=core(plan.layer.name),
                values=SQL(", ").join(values),
                stamp=stamp,
                match=matched(number),
                staged=staged(number),
                action=action,
            )
        )
        if plan.private and action == matching.CHANGED:
            connection.execute(
                _personal(number, plan, SQL("m.target").format(), SQL("m.action = 'u'").format())
            )


def _insert(connection: Db, number: int, plan: Plan, stamp: datetime, progress: Progress) -> None:
    """New rows and new versions, some thousand a statement."""
    row = connection.execute(SQL("SELECT min(row_no), max(row_no) FROM {}").format(staged(number))).fetchone()
    if row is None or row[0] is None:
        return
    first, last = int(row[0]), int(row[1])
    for low in range(first, last + 1, ROWS_A_STATEMENT):
        part = SQL("s.row_no BETWEEN {} AND {} AND coalesce(m.action, 'v') = 'v'").format(
            low, low + ROWS_A_STATEMENT - 1
        )
        connection.execute(_new_rows(number, plan, stamp, part))
        if plan.private:
            connection.execute(_personal(number, plan, SQL("s.new_id").format(), part))
        progress((low - first + ROWS_A_STATEMENT) / (last - first + ROWS_A_STATEMENT), "ghi · writing")


def _new_rows(number: int, plan: Plan, stamp: datetime, part: Composed) -> Composed:
    fields = [each.name for each in plan.layer.fields if each.visible != "private"]
    # A new version keeps what the file does not speak of.
    kept = [name for name in fields if name not in plan.core] if plan.versions else []
    if plan.versions:
        kept += ["visibility", *(["unit"] if "unit" not in plan.core else [])]
    names = [*plan.core, "geom", *kept, "created_at", "updated_at"]
    values: list[Composed] = [SQL("s.{}").format(Identifier(name)) for name in (*plan.core, "geom")]
    values += [
        SQL("c.{}").format(Identifier(name))
        if name != "visibility"
        else SQL("coalesce(c.visibility, {})").format(plan.layer.default_visibility)
        for name in kept
    ]
    values += [SQL("{0}").format(stamp), SQL("{0}").format(stamp)]
    if plan.layer.private_fields:
        names.insert(0, "id")
        values.insert(0, SQL("s.new_id").format())
    old = SQL("LEFT JOIN {} AS c ON c.id = m.target ").format(core(plan.layer.name))
    return SQL(
        "INSERT INTO {core} ({names}) SELECT {values} FROM {staged} AS s "
        "LEFT JOIN {match} AS m USING (row_no) {old}WHERE {part} ORDER BY s.row_no"
    ).format(
        core=core(plan.layer.name),
        names=SQL(", ").join(map(Identifier, names)),
        values=SQL(", ").join(values),
        staged=staged(number),
        match=matched(number),
        old=old if kept else SQL(""),
        part=part,
    )


def _personal(number: int, plan: Plan, target: Composed, which: Composed) -> Composed:
    names = plan.private
    return SQL(
        "INSERT INTO {private} (id, {names}) SELECT {target}, {values} FROM {staged} AS s "
        "LEFT JOIN {match} AS m USING (row_no) WHERE {which} AND ({any} OR EXISTS "
        "(SELECT FROM {private} AS p WHERE p.id = {target})) "
        "ON CONFLICT (id) DO UPDATE SET {updates}"
    ).format(
        private=private(plan.layer.name),
        names=SQL(", ").join(map(Identifier, names)),
        target=target,
        values=SQL(", ").join(SQL("s.{}").format(Identifier(name)) for name in names),
        staged=staged(number),
        match=matched(number),
        which=which,
        any=SQL(" OR ").join(SQL("s.{} IS NOT NULL").format(Identifier(name)) for name in names),
        updates=SQL(", ").join(SQL("{0} = excluded.{0}").format(Identifier(name)) for name in names),
    )


CONFLICTING: LiteralString = (
    "INSERT INTO staging.quarantine (dataset, row_no, kind, faults, raw, wkb) "
    "SELECT {number}, s.row_no, 'fields', {faults}::jsonb, to_jsonb(s) - 'geom' - 'row_no' - 'new_id', "
    "ST_AsBinary(s.geom) FROM {staged} AS s JOIN {match} AS m USING (row_no) WHERE m.action = 'x'"
)


def _refuse_conflicting(connection: Db, number: int, plan: Plan) -> None:
    """Rows that stand in the way of what the layer has: to quarantine, with the reason."""
    import json

    if plan.mode == "append":
        words = ("Lớp đã có đối tượng này; chế độ append chỉ nhận đối tượng mới.",
                 "The layer has this feature; append takes new ones only.")  # fmt: skip
    else:
        words = ("Lớp đã có bản có hiệu lực muộn hơn của đối tượng này.",
                 "The layer has a later version of this feature.")  # fmt: skip
    faults: list[dict[str, Any]] = [{"code": "conflict", "vi": words[0], "en": words[1]}]
    connection.execute(
        SQL(CONFLICTING).format(
            number=number,
            faults=json.dumps(faults, ensure_ascii=False),
            staged=staged(number),
            match=matched(number),
        )
    )


def analyze(connection: Db, layer: str) -> None:
    """Fresh statistics for the planner."""
    with connection.transaction():
        connection.execute(OWNER)
        for schema in ("core", "pub"):
            connection.execute(SQL("ANALYZE {}").format(Identifier(schema, layer)))
