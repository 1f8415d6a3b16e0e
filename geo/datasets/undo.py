"""Undoing a dataset: the layer's rows exactly as they were, or a clear refusal. One transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg.sql import SQL, Identifier

from geo.database.errors import translated
from geo.datasets import store
from geo.datasets.journal import columns, ready
from geo.datasets.land import LOCK_TIMEOUT, STAMPED, alone, analyze
from geo.datasets.names import OWNER, PACKED, before, core, private
from geo.errors import Conflict
from layers.description import Layer

if TYPE_CHECKING:
    from geo.datasets.names import Db
    from geo.datasets.store import Dataset
    from geo.settings import Settings


def rollback(settings: Settings, number: int, actor: str) -> Dataset:
    """Take a landed dataset out of its layer again.

    Later datasets may be there, as long as nothing has changed the rows that this one wrote. Raises
    ``Conflict`` where something has (and by which datasets, or that editors did), where it has not landed or
    was undone already, ``NotFound`` for an unknown number.
    """
    with translated(), psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        with connection.transaction():
            for statement in (OWNER, LOCK_TIMEOUT, STAMPED, PACKED):
                connection.execute(statement)
            found = store.read(connection, number, lock=True)
            if found.state != "landed":
                raise Conflict(
                    f"Bộ dữ liệu {number} không ở trạng thái đã nạp ({found.state}).",
                    f"Dataset {number} has not landed (state: {found.state}).",
                )
            if found.counts.get("forgotten"):
                raise Conflict(
                    f"Bản lưu để hoàn tác bộ {number} đã được bỏ.",
                    f"What was kept for undoing dataset {number} is gone.",
                )
            alone(connection, found.layer)
            layer = _described(connection, found.layer)
            ready(connection, layer)
            _refuse_changed(connection, found)
            _restore(connection, found, layer)
            connection.execute(
                "UPDATE ops.dataset SET state = 'rolled_back', rolled_back_at = clock_timestamp(), "
                "rolled_back_by = %s WHERE id = %s",
                [actor, number],
            )
            undone = store.read(connection, number)
        analyze(connection, layer)
    return undone


def forget(settings: Settings, number: int) -> int:
    """Drop what is kept for undoing a dataset (former rows, personal data among them); how many rows.

    ``Conflict`` where it has not landed. It cannot be undone afterwards.
    """
    with translated(), psycopg.connect(settings.admin_dsn) as connection:
        connection.execute(OWNER)
        found = store.read(connection, number, lock=True)
        if found.state != "landed":
            raise Conflict(
                f"Bộ dữ liệu {number} không ở trạng thái đã nạp ({found.state}).",
                f"Dataset {number} has not landed (state: {found.state}).",
            )
        ready(connection, _described(connection, found.layer))
        query = SQL("DELETE FROM {} WHERE dataset = %s").format(before(found.layer))
        count = connection.execute(query, [number]).rowcount
        connection.execute(
            "UPDATE ops.dataset SET counts = counts || '{\"forgotten\": true}' WHERE id = %s", [number]
        )
    return count


def _described(connection: Db, name: str) -> Layer:
    row = connection.execute("SELECT description FROM ops.layer WHERE name = %s", [name]).fetchone()
    if row is None:
        raise Conflict(f"Lớp {name} không còn nữa.", f"The layer {name} is no longer there.")
    return Layer.model_validate(row[0])


def _refuse_changed(connection: Db, found: Dataset) -> None:
    """Every row that the dataset wrote must still bear its stamp, and none that it deleted be back."""
    words = {"core": core(found.layer), "before": before(found.layer)}
    bound = {"number": found.id, "stamp": found.stamp}
    written = int(found.counts.get("new", 0)) + int(found.counts.get("succeeded", 0))
    row = connection.execute(
        SQL(
            "SELECT %(written)s::bigint - (SELECT count(*) FROM {core} WHERE created_at = %(stamp)s "
            "AND updated_at = %(stamp)s), (SELECT count(*) FROM {before} AS b LEFT JOIN {core} AS c "
            "USING (id) WHERE b.dataset = %(number)s AND CASE b.op WHEN 'update' THEN "
            "c.updated_at IS DISTINCT FROM %(stamp)s ELSE c.id IS NOT NULL END)"
        ).format(**words),
        {**bound, "written": written},
    ).fetchone()
    changed = sum(int(count) for count in row) if row else 0
    if not changed:
        return
    later = connection.execute(
        SQL(
            "SELECT array_agg(DISTINCT b.dataset ORDER BY b.dataset) FROM {before} AS b WHERE "
            "b.dataset > %(number)s AND (b.created_at = %(stamp)s OR b.updated_at = %(stamp)s)"
        ).format(**words),
        bound,
    ).fetchone()
    by_others = later[0] if later and later[0] else []
    vi = f"bộ dữ liệu {', '.join(map(str, by_others))}" if by_others else "người chỉnh sửa"
    en = f"dataset {', '.join(map(str, by_others))}" if by_others else "an editor"
    raise Conflict(
        f"Không hoàn tác được: {changed} dòng của bộ dữ liệu {found.id} đã được sửa hoặc xóa sau đó bởi {vi}."
        + (" Hoàn tác các bộ ấy trước." if by_others else ""),
        f"Cannot be undone: {changed} rows of dataset {found.id} were changed or deleted since by {en}."
        + (" Undo those first." if by_others else ""),
    )


def _restore(connection: Db, found: Dataset, layer: Layer) -> None:
    own, personal = columns(layer)
    names = [*own, "geom"]
    words = {
        "core": core(layer.name),
        "before": before(layer.name),
        "names": SQL(", ").join(map(Identifier, names)),
        "values": SQL(", ").join(SQL("b.{}").format(Identifier(name)) for name in names),
        "sets": SQL(", ").join(SQL("{0} = b.{0}").format(Identifier(n)) for n in names if n != "id"),
    }
    bound: dict[str, object] = {"number": found.id, "stamp": found.stamp}
    connection.execute(
        SQL("DELETE FROM {core} WHERE created_at = %(stamp)s AND updated_at = %(stamp)s").format(**words),
        bound,
    )
    connection.execute(
        SQL(
            "UPDATE {core} AS c SET {sets} FROM {before} AS b "
            "WHERE b.dataset = %(number)s AND b.op = 'update' AND c.id = b.id"
        ).format(**words),
        bound,
    )
    connection.execute(
        SQL(
            "INSERT INTO {core} ({names}) SELECT {values} FROM {before} AS b "
            "WHERE b.dataset = %(number)s AND b.op = 'delete'"
        ).format(**words),
        bound,
    )
    if personal:
        _restore_personal(connection, layer, personal, bound)
    connection.execute(SQL("DELETE FROM {before} WHERE dataset = %(number)s").format(**words), bound)
    connection.execute(
        "UPDATE ops.layer AS l SET note = d.note_before, revision = nextval('ops.layer_revision') "
        "FROM ops.dataset AS d WHERE d.id = %s AND l.name = d.layer "
        "AND l.note IS DISTINCT FROM d.note_before",
        [found.id],
    )


def _restore_personal(connection: Db, layer: Layer, personal: list[str], bound: dict[str, object]) -> None:
    words = {
        "private": private(layer.name),
        "before": before(layer.name),
        "names": SQL(", ").join(map(Identifier, personal)),
        "values": SQL(", ").join(SQL("b.{}").format(Identifier(name)) for name in personal),
    }
    connection.execute(
        SQL(
            "DELETE FROM {private} AS p USING {before} AS b WHERE b.dataset = %(number)s AND p.id = b.id"
        ).format(**words),
        bound,
    )
    connection.execute(
        SQL(
            "INSERT INTO {private} (id, {names}) SELECT b.id, {values} FROM {before} AS b "
            "WHERE b.dataset = %(number)s AND b.had_personal"
        ).format(**words),
        bound,
    )
