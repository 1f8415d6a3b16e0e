"""What matched rows mean: whether the layer says the same, a change, a new version or a conflict; counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.sql import SQL, Composed, Identifier

from geo.datasets.names import core, in_units, matched, private, staged
from geo.datasets.types import Difference

if TYPE_CHECKING:
    from geo.datasets.names import Db
    from geo.datasets.types import Plan

# s: the layer has it just so; u: written over; v: a new version; x: stands in the way of a later version, or
# of an append; d: the file has it twice, word for word.
SAME, CHANGED, VERSION, CONFLICT, DUPLICATE = "s", "u", "v", "x", "d"
# About a millimetre: what is nearer is the rounding of another program.
SNAP_DEG = 1e-8


def judge(number: int, plan: Plan) -> Composed:
    """What each matched row means: nothing, a change, a new version, or a conflict."""
    changed = CONFLICT if plan.mode == "append" else CHANGED
    version = CONFLICT if plan.mode == "append" else VERSION
    later: Composed = SQL("false").format()
    if plan.versions:
        later = SQL("c.valid_from < s.valid_from").format()
    return SQL(
        "UPDATE {match} AS m SET action = CASE WHEN {same} THEN 's' WHEN {later} THEN {version} "
        "ELSE {changed} END FROM {source} WHERE s.row_no = m.row_no AND c.id = m.target AND m.action IS NULL"
    ).format(
        match=matched(number),
        same=same_row(plan),
        later=later,
        version=version,
        changed=changed,
        source=source(number, plan),
    )


def source(number: int, plan: Plan) -> Composed:
    """Staged rows (s), the layer's (c) and its personal data (p), to be joined by the caller's WHERE."""
    base = SQL("{} AS s, {} AS c").format(staged(number), core(plan.layer.name))
    if not plan.private:
        return base
    return SQL("{}{} LEFT JOIN {} AS p ON p.id = c.id").format(
        SQL("{} AS s, ").format(staged(number)),
        SQL("{} AS c").format(core(plan.layer.name)),
        private(plan.layer.name),
    )


def different(plan: Plan) -> dict[str, Composed]:
    """For each column that the file brings: whether it differs."""
    # A version that began earlier and is still in force says the same as the file.
    skipped = {"valid_from", "valid_to"} if plan.versions else set()
    found = {
        name: SQL("{} IS DISTINCT FROM c.{}").format(said(plan, name), Identifier(name))
        for name in plan.compared
        if name not in skipped
    }
    found |= {name: SQL("s.{0} IS DISTINCT FROM p.{0}").format(Identifier(name)) for name in plan.private}
    if plan.versions and "valid_to" in plan.columns:
        found["valid_to"] = SQL("s.valid_to IS DISTINCT FROM c.valid_to").format()
    found["geometry"] = SQL(
        "NOT (s.geom = c.geom OR (s.geom && c.geom AND ST_NPoints(s.geom) = ST_NPoints(c.geom) "
        "AND ST_SnapToGrid(s.geom, {snap}) = ST_SnapToGrid(c.geom, {snap})))"
    ).format(snap=SNAP_DEG)
    return found


def said(plan: Plan, name: str) -> Composed:
    """What the file (s) says of a row (c) that the layer has: that it has just begun is no news of it."""
    initial = next((each.initial for each in plan.layer.fields if each.name == name), None)
    if initial is None:
        return SQL("s.{}").format(Identifier(name))
    return SQL("CASE WHEN s.{0} = {1} THEN c.{0} ELSE s.{0} END").format(Identifier(name), initial)


def same_row(plan: Plan) -> Composed:
    """Whether the layer says exactly what the file says."""
    return SQL("NOT ({})").format(SQL(" OR ").join(different(plan).values()))


def duplicates(number: int, plan: Plan) -> Composed:
    """Rows that the file has twice, word for word: one of them is enough."""
    return SQL(
        "WITH again AS (SELECT row_no, row_number() OVER (PARTITION BY {columns} ORDER BY row_no) AS nth "
        " FROM {staged} AS s WHERE s.geom IN (SELECT geom FROM {staged} GROUP BY geom HAVING count(*) > 1)), "
        "gone AS (DELETE FROM {match} WHERE row_no IN (SELECT row_no FROM again WHERE nth > 1)) "
        "INSERT INTO {match} SELECT row_no, NULL, 'd' FROM again WHERE nth > 1"
    ).format(
        columns=SQL(", ").join(Identifier("s", name) for name in (*plan.columns, "geom")),
        staged=staged(number),
        match=matched(number),
    )


def count(connection: Db, number: int, plan: Plan) -> Difference:
    """How many rows of each kind there are, and of the layer's those that the file does not have."""
    rows = connection.execute(
        SQL("SELECT action::text, count(*) FROM {} GROUP BY action").format(matched(number))
    ).fetchall()
    by_action = {str(action): int(count) for action, count in rows}
    total = _one(connection, SQL("SELECT count(*) FROM {}").format(staged(number)))
    ended = _one(connection, SQL("SELECT count(*) FROM {} AS c WHERE {}").format(
        core(plan.layer.name), gone(number, plan)))  # fmt: skip
    return Difference(
        new=total - sum(by_action.values()),
        changed=by_action.get(CHANGED, 0),
        succeeded=by_action.get(VERSION, 0),
        same=by_action.get(SAME, 0),
        gone=ended if plan.mode == "replace" else 0,
        kept=0 if plan.mode == "replace" else ended,
        duplicate=by_action.get(DUPLICATE, 0),
        conflicting=by_action.get(CONFLICT, 0),
        fields=_fields(connection, number, plan) if by_action else {},
    )


def gone(number: int, plan: Plan) -> Composed:
    """Rows (c) of the layer that the file does not have; of a layer in time, those in force on the day."""
    condition = SQL("{scope} AND NOT EXISTS (SELECT FROM {match} AS m WHERE m.target = c.id)").format(
        scope=in_units(plan), match=matched(number)
    )
    if not plan.layer.valid_time or plan.gone_from is None:
        return condition
    return SQL("{} AND (c.valid_to IS NULL OR c.valid_to > {})").format(condition, plan.gone_from)


def _fields(connection: Db, number: int, plan: Plan) -> dict[str, int]:
    tests = different(plan)
    row = connection.execute(
        SQL(
            "SELECT {sums} FROM {match} AS m, {source} WHERE m.row_no = s.row_no AND m.target = c.id "
            "AND m.action IN ('u', 'v', 'x')"
        ).format(
            sums=SQL(", ").join(SQL("count(*) FILTER (WHERE {})").format(test) for test in tests.values()),
            match=matched(number),
            source=source(number, plan),
        )
    ).fetchone()
    return {name: int(count) for name, count in zip(tests, row or (), strict=False) if count}


def _one(connection: Db, query: Composed) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
