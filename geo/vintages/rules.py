"""Routing rules that name units which a staged vintage ends. SQL only.

The database refuses to end such a unit (``core.rules_of_dissolved``); here it is known before anybody tries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from geo.vintages.store import Db

_NAMING = """
SELECT DISTINCT rule.id, unit.code, unit.name
  FROM core.route_rule AS rule
  JOIN core.admin_units AS unit ON unit.unit_id = ANY (rule.units) AND unit.id = ANY (%(ending)s)
 WHERE rule.version = (SELECT max(version) FROM core.rule_set)
   AND (rule.valid_to IS NULL OR rule.valid_to > %(day)s)
 ORDER BY 1, 2
"""
# Ended, and not gone on with as a version of the same unit.
_ENDING = """
SELECT vintage.valid_from, array_agg(ending.feature_id)
  FROM core.admin_vintage AS vintage JOIN core.staged_end AS ending USING (vintage_id)
  JOIN core.admin_units AS unit ON unit.id = ending.feature_id
 WHERE vintage.vintage_id = %s AND vintage.state = 'staged'
   AND NOT EXISTS (SELECT 1 FROM core.staged_unit AS staged
                    WHERE staged.vintage_id = vintage.vintage_id AND staged.unit_id = unit.unit_id)
 GROUP BY vintage.valid_from
"""


@dataclass(frozen=True, slots=True)
class Naming:
    """One rule and the unit that it goes on naming."""

    rule_id: str
    code: str
    name: str


def rules_naming(connection: Db, ending: Collection[int], day: date) -> list[Naming]:
    """Rules in force that name one of the versions ``ending`` (feature ids) on ``day`` or later."""
    found = connection.execute(_NAMING, {"ending": list(ending), "day": day})
    return [Naming(*row) for row in found.fetchall()]


def rules_of_ending(connection: Db, vintage_id: int) -> list[Naming]:
    """The same for a vintage that waits."""
    row = connection.execute(_ENDING, [vintage_id]).fetchone()
    return rules_naming(connection, row[1], row[0]) if row else []
