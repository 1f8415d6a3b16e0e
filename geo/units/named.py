"""Units by name on a day: without marks, abbreviated, by a former name or one that people use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.units.names import bare, marked, parse
from geo.units.rows import COLUMNS, IN_FORCE, unit_of

if TYPE_CHECKING:
    from datetime import date

    from psycopg import AsyncConnection

    from geo.units.names import NameQuery
    from geo.units.types import Unit

    Connection = AsyncConnection[tuple[Any, ...]]

NAMES_MAX = 50

_PROVINCE = "(%(province)s = '' OR u.province_code = %(province)s)"
# Any name that one of the unit's versions bears or bore. The second comparison is for names that begin like
# a kind: "Xa Dung" is a commune's whole name.
_EQUAL = """u.unit_id IN (SELECT n.unit_id FROM pub.admin_name AS n WHERE n.contexts @> %(around)s::text[]
 AND (n.bare = %(compact)s OR n.bare = %(bare)s AND (%(kind)s = '' OR n.kind = %(kind)s)))"""
_HOLDING = """(u.code = %(compact)s OR u.unit_id IN (SELECT n.unit_id FROM pub.admin_name AS n
 WHERE n.contexts @> %(around)s::text[] AND n.spaced LIKE '%%' || %(spaced)s || '%%'))"""
_ORDER = "length(u.name), u.name, u.unit_id, u.id LIMIT %(limit)s"
_ON_A_DAY = f"SELECT {COLUMNS} FROM pub.admin_units AS u WHERE {IN_FORCE} AND {_PROVINCE} AND "  # noqa: S608
# The last version of each unit of that name that is not in force on the day.
_ELSEWHEN = f"""
SELECT DISTINCT ON (u.unit_id) {COLUMNS} FROM pub.admin_units AS u WHERE {_EQUAL} AND {_PROVINCE}
 AND NOT EXISTS (SELECT 1 FROM pub.admin_units AS now WHERE now.unit_id = u.unit_id
                  AND daterange(now.valid_from, now.valid_to) @> %(day)s::date)
 ORDER BY u.unit_id, u.valid_from DESC LIMIT %(limit)s
"""  # noqa: S608 - constants only


# What bears or bore the name until the day: as it was in force then, or last.
_UNTIL = f"""
SELECT DISTINCT ON (u.unit_id) {COLUMNS} FROM pub.admin_units AS u
 WHERE {_EQUAL} AND {_PROVINCE} AND u.valid_from <= %(day)s
 ORDER BY u.unit_id, u.valid_from DESC LIMIT %(limit)s
"""  # noqa: S608 - constants only


async def units_of_name(connection: Connection, query: NameQuery, day: date) -> list[Unit]:
    """Units of the very name, in force on a day or before it."""
    if not query.bare:
        return []
    cursor = await connection.execute(_UNTIL.encode(), _values(query, day, ""))
    return [unit_of(row) for row in await cursor.fetchall()]


async def units_by_name(
    connection: Connection, name: str, day: date, limit: int = 20, province: str = ""
) -> list[Unit]:
    """Units of a name on a day, best match first; all of them, for a name says nothing of which is meant.

    ``name`` may carry district and province after commas ("P. 15, Q. Tân Bình"); ``province`` is a province's
    code or name. Where units bear the very name only those are listed, else those whose name or code holds
    it.
    """
    query = parse(name)
    values = _values(query, day, province)
    if not query.bare:
        return []
    for test in (_EQUAL, _HOLDING):
        cursor = await connection.execute((_ON_A_DAY + test + " ORDER BY " + _ORDER).encode(), values)
        if found := [unit_of(row) for row in await cursor.fetchall()]:
            return sorted(found, key=lambda unit: _distance(unit, query))[: min(limit, NAMES_MAX)]
    return []


async def units_elsewhen(connection: Connection, name: str, day: date, province: str = "") -> list[Unit]:
    """Units of the very name that were there before ``day`` or come after it: their last version."""
    query = parse(name)
    if not query.bare:
        return []
    cursor = await connection.execute(_ELSEWHEN, _values(query, day, province))
    return [unit_of(row) for row in await cursor.fetchall()]


def _values(query: NameQuery, day: date, province: str) -> dict[str, Any]:
    code = province if province.isascii() and province.isdigit() else ""
    around = [*query.around, *([bare(province)] if province and not code else [])]
    return {
        "bare": query.bare,
        "compact": query.spaced.replace(" ", ""),
        "spaced": query.spaced,
        "kind": query.kind or "",
        "around": around,
        "province": code,
        "day": day,
        "limit": NAMES_MAX,
    }


def _distance(unit: Unit, query: NameQuery) -> tuple[bool, bool, int]:
    """Equal with marks first, then what begins with the words, then the shortest."""
    name, asked = marked(unit.name), query.marked
    same = name == asked or name.endswith(" " + asked)
    return (not same, not bare(unit.name).startswith(query.bare), len(unit.name))
