"""The steps of a swap that write: rows that end, that change, that are new, that stand in the way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, LiteralString

from psycopg.sql import SQL, Composed, Identifier

from geo.datasets.difference import CHANGED, VERSION, gone, said
from geo.datasets.journal import keep
from geo.datasets.names import core, matched, private, staged
from geo.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from geo.datasets.names import Db
    from geo.datasets.types import Difference, Plan

    Progress = Callable[[float, str], None]

# Triggers run once a statement and hold its rows in memory; progress moves by as much.
ROWS_A_STATEMENT = 25_000
CONFLICTING: LiteralString = (
    "INSERT INTO staging.quarantine (dataset, row_no, kind, faults, raw, wkb) "
    "SELECT {number}, s.row_no, 'fields', {faults}::jsonb, to_jsonb(s) - 'geom' - 'row_no' - 'new_id', "
    "ST_AsBinary(s.geom) FROM {staged} AS s JOIN {match} AS m USING (row_no) WHERE m.action = 'x'"
)


def end(connection: Db, number: int, plan: Plan, stamp: datetime, difference: Difference) -> None:
    """Rows that are gone: deleted, or ended on the day where the layer lives in time."""
    if plan.mode != "replace" or not difference.gone:
        return
    table = core(plan.layer.name)
    which = gone(number, plan)
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


def overwrite(connection: Db, number: int, plan: Plan, stamp: datetime) -> None:
    """Changed rows get the file's values; those whose next version begins end on its first day."""
    for action, values in (
        (CHANGED, [SQL("{} = {}").format(Identifier(n), said(plan, n)) for n in (*plan.compared, "geom")]),
        (VERSION, [SQL("valid_to = s.valid_from").format()]),
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
        if plan.private and action == CHANGED:
            all_rows = SQL("{} AS s JOIN {} AS m USING (row_no)").format(staged(number), matched(number))
            connection.execute(
                _personal(plan, SQL("m.target").format(), all_rows, SQL("m.action = 'u'").format())
            )


def insert(connection: Db, number: int, plan: Plan, stamp: datetime, progress: Progress) -> None:
    """New rows and new versions, some thousand a statement."""
    row = connection.execute(SQL("SELECT min(row_no), max(row_no) FROM {}").format(staged(number))).fetchone()
    if row is None or row[0] is None:
        return
    first, last = int(row[0]), int(row[1])
    new = SQL("coalesce(m.action, 'v') = 'v'").format()
    for low in range(first, last + 1, ROWS_A_STATEMENT):
        part = _part(number, low, low + ROWS_A_STATEMENT - 1)
        connection.execute(_new_rows(plan, stamp, part, new))
        if plan.private:
            connection.execute(_personal(plan, SQL("s.new_id").format(), part, new))
        progress((low - first + ROWS_A_STATEMENT) / (last - first + ROWS_A_STATEMENT), "ghi · writing")


def _part(number: int, low: int, high: int) -> Composed:
    """Some rows (s) with their matches (m). Both are cut, or each part would read all matches again."""
    return SQL(
        "(SELECT * FROM {} WHERE row_no BETWEEN {low} AND {high}) AS s LEFT JOIN "
        "(SELECT * FROM {} WHERE row_no BETWEEN {low} AND {high}) AS m USING (row_no)"
    ).format(staged(number), matched(number), low=low, high=high)


def _new_rows(plan: Plan, stamp: datetime, part: Composed, which: Composed) -> Composed:
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
    old = SQL(" LEFT JOIN {} AS c ON c.id = m.target").format(core(plan.layer.name))
    return SQL(
        "INSERT INTO {core} ({names}) SELECT {values} FROM {part}{old} WHERE {which} ORDER BY s.row_no"
    ).format(
        core=core(plan.layer.name),
        names=SQL(", ").join(map(Identifier, names)),
        values=SQL(", ").join(values),
        part=part,
        old=old if kept else SQL(""),
        which=which,
    )


def _personal(plan: Plan, target: Composed, part: Composed, which: Composed) -> Composed:
    names = plan.private
    return SQL(
        "INSERT INTO {private} (id, {names}) SELECT {target}, {values} FROM {part} WHERE {which} AND ({any} "
        "OR EXISTS (SELECT FROM {private} AS p WHERE p.id = {target})) "
        "ON CONFLICT (id) DO UPDATE SET {updates}"
    ).format(
        private=private(plan.layer.name),
        names=SQL(", ").join(map(Identifier, names)),
        target=target,
        values=SQL(", ").join(SQL("s.{}").format(Identifier(name)) for name in names),
        part=part,
        which=which,
        any=SQL(" OR ").join(SQL("s.{} IS NOT NULL").format(Identifier(name)) for name in names),
        updates=SQL(", ").join(SQL("{0} = excluded.{0}").format(Identifier(name)) for name in names),
    )


def refuse_conflicting(connection: Db, number: int, plan: Plan) -> None:
    """Rows that stand in the way of what the layer has: to quarantine, with the reason."""
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
