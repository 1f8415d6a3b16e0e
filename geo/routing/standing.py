"""A stored case as whoever acts on it finds it: locked, and only for those who may act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo.errors import Conflict, Forbidden, NotFound
from geo.routing.types import COORDINATOR
from geo.types import LonLat

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg import AsyncConnection

    from geo.database import Caller

    Connection = AsyncConnection[tuple[Any, ...]]

CLOSED = ("closed", "rejected", "duplicate")
_CASE = """
SELECT report.id, report.status, report.unit, report.category, ST_X(report.geom), ST_Y(report.geom),
       report.accuracy_m, report.occurred_at, latest.body, coalesce(latest.handovers, 0), report.address,
       latest.stated ->> 'said'
  FROM core.any_report AS report
  LEFT JOIN LATERAL (SELECT * FROM core.route_decision AS decision WHERE decision.report_id = report.id
                      ORDER BY decision.id DESC LIMIT 1) AS latest ON true
 WHERE report.code = %s
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A stored case as a hand-over finds it; one without a point has ``place`` None and an address.

    ``handovers``: since the operation centre last placed it. ``said``: the ward that the reporter chose.
    """

    id: int
    status: str
    unit: str | None
    category: str
    place: LonLat | None
    accuracy_m: float | None
    occurred_at: datetime | None
    body: str
    handovers: int
    address: str | None = None
    said: str | None = None


async def case_of(connection: Connection, caller: Caller, code: str) -> Case:
    """The open case of a code, for the operation centre and the unit that has it.

    Raises ``NotFound``, ``Forbidden``, ``Conflict`` for a closed one.
    """
    # One after the other. The view of both tables cannot be locked itself.
    await connection.execute("SELECT 1 FROM core.reports WHERE code = %s FOR UPDATE", [code])
    await connection.execute("SELECT pg_advisory_xact_lock(7236021, hashtext(%s))", [code])
    rows = await (await connection.execute(_CASE, [code])).fetchall()
    if not rows:
        raise NotFound("Không có phản ánh nào với mã này.", "No report has this code.")
    number, status, unit, category, lon, lat, accuracy_m, occurred_at, body, count, address, said = rows[0]
    case = Case(
        number,
        status,
        unit,
        category,
        None if lon is None else LonLat(lon, lat),
        accuracy_m,
        occurred_at,
        body or (COORDINATOR if unit is None else "ward"),
        count,
        address,
        said,
    )
    claims = caller.claims
    if claims is None or not (claims.clearance == 2 or (claims.clearance == 1 and unit in claims.units)):
        raise Forbidden(
            "Chỉ trung tâm điều hành hoặc đơn vị đang giữ phản ánh được chuyển.",
            "Only the operation centre or the unit that has the report may pass it on.",
        )
    if status in CLOSED:
        raise Conflict("Phản ánh đã đóng.", "The report is closed.")
    return case
