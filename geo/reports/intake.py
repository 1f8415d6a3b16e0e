"""A report comes in, is routed and stored, in one transaction; and what its code's holder may read of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from geo.errors import Conflict, InvalidInput, NotFound, Unavailable
from geo.hotspots.cells import cell_of
from geo.reports.codes import new_code, normalise, prefix_of
from geo.reports.types import Event, Incident, NewReport, Receipt, Retry
from geo.routing import Question, decide, record
from geo.routing.accept import may_come_in
from geo.routing.told import decide_told
from geo.units import extent

if TYPE_CHECKING:
    from datetime import date

    from psycopg import AsyncConnection

    from geo.routing import Decision
    from geo.types import LonLat

    Connection = AsyncConnection[tuple[Any, ...]]

# Two codes of forty bits meeting is improbable at once and impossible so many times in a row.
CODES_TRIED = 5
_SUBMIT = "SELECT outcome, code FROM core.submit_report(%s, %s, %s, %s, %s)"
_STATUS = "SELECT * FROM pub.report_status(%s)"


@dataclass(frozen=True, slots=True)
class Home:
    """The province whose reports these are: its two-digit code and its name."""

    code: str
    name: str


async def submit(
    connection: Connection, report: NewReport, home: Home, retry: Retry | None = None
) -> tuple[Receipt, bool]:
    """Route ``report`` by the rules of today and store it; whether it is new.

    A report without a position waits for a person, with the wards that its address names. ``connection`` is
    one transaction of the writing role. With ``retry`` a repeated request gives the first one's receipt back.
    Raises ``InvalidInput`` for a place that is nobody's, ``Conflict`` where a key comes again with another
    content.
    """
    decision = await _decided(connection, report, home)
    if report.position is not None and not may_come_in(decision, report.channel):
        raise await _outside(connection, report.position, home.name, decision.as_of)
    prefix = prefix_of(home.name)
    codes = [new_code(prefix) for _ in range(CODES_TRIED)]
    key_hash = hashlib.sha256(retry.key.encode()).digest() if retry else None
    cursor = await connection.execute(
        _SUBMIT,
        [
            Jsonb(_document(report)),
            Jsonb(record(decision)),
            codes,
            key_hash,
            retry.content_hash if retry else None,
        ],
    )
    row = await cursor.fetchone()
    outcome, code = row if row is not None else ("no_free_code", None)
    if outcome == "key_reused":
        raise Conflict(
            "Khoá Idempotency-Key này đã dùng cho một phản ánh khác.",
            "This Idempotency-Key was used for another report.",
        )
    if code is None:
        raise Unavailable("Chưa cấp được mã phản ánh. Xin gửi lại.", "No code was free. Send it again.")
    return await status_of(connection, code), outcome == "stored"


async def status_of(connection: Connection, typed: str) -> Receipt:
    """What may be known by a tracking code; one ``NotFound`` for unknown codes and for what is no code."""
    # What is no code is asked for all the same: the time to answer tells nothing.
    cursor = await connection.execute(_STATUS, [normalise(typed) or ""])
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(
            "Không có phản ánh nào với mã này. Xin kiểm tra lại mã, ví dụ DT-7K3M-9QXF.",
            "No report has this code. Check it; a code looks like DT-7K3M-9QXF.",
        )
    code, status, category, received_at, ward_code, ward_name, confidence, history, located, incident = row
    return Receipt(
        code,
        status,
        category,
        received_at,
        ward_code,
        ward_name,
        confidence,
        tuple(Event(datetime.fromisoformat(event["at"]), event["status"]) for event in history or []),
        located,
        Incident(**incident) if incident else None,
    )


async def _decided(connection: Connection, report: NewReport, home: Home) -> Decision:
    now = datetime.now(UTC)
    asked = Question(report.position, report.category, now, None, report.accuracy_m, report.chosen_ward)
    if report.position is None:
        return await decide_told(connection, asked, report.address or "", home.code)
    return await decide(connection, asked)


async def _outside(connection: Connection, position: LonLat, province: str, day: date) -> InvalidInput:
    box = await extent(connection, day)
    place = f"{position.lon:g}, {position.lat:g}"
    if box is None:
        return InvalidInput("lon,lat", place, f"một nơi trong {province}", f"a place within {province}")
    west, south, east, north = (f"{value:.2f}" for value in box.as_tuple())
    return InvalidInput(
        "lon,lat",
        place,
        f"một nơi trong các xã, phường của {province}: kinh độ {west}–{east}, vĩ độ {south}–{north}",
        f"a place in the wards of {province}: longitude {west}–{east}, latitude {south}–{north}",
    )


def _document(report: NewReport) -> dict[str, Any]:
    position = report.position
    return {
        "lon": position.lon if position else None,
        "lat": position.lat if position else None,
        "h3_9": cell_of(position.lon, position.lat) if position else None,
        "address": report.address,
        "category": report.category,
        "channel": report.channel,
        "part": report.part,
        "text": report.text,
        "accuracy_m": report.accuracy_m,
        "contact_name": report.contact_name,
        "contact_phone": report.contact_phone,
        "photo": report.photo,
    }
