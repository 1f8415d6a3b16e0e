"""Reading and saving rule sets. Saving is the operation centre's alone."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from geo.calendar import today_ict
from geo.errors import Conflict, NotFound
from geo.routing.document import write_body, write_rule
from geo.routing.facts import rules_in_force
from geo.routing.faults import World, faults

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from geo.catalogue import Catalogue
    from geo.routing.document import Draft
    from geo.routing.types import RuleSet

    Connection = AsyncConnection[tuple[Any, ...]]

FAULTS_SHOWN = 10
_UNITS = """
SELECT unit_id, range_agg(daterange(valid_from, valid_to)) FROM core.admin_units
 WHERE unit_id = ANY (%s) GROUP BY unit_id
"""


async def rule_document(connection: Connection, version: int | None = None) -> dict[str, Any]:
    """A version of the rules as JSON, by default the newest; ``NotFound`` where there is none."""
    cursor = await connection.execute("SELECT pub.routing_rules(%s)", [version])
    rows = await cursor.fetchall()
    if not rows or rows[0][0] is None:
        raise NotFound(
            f"Không có bản quy tắc {version}.", f"There is no version {version} of the routing rules."
        )
    document: dict[str, Any] = rows[0][0]
    return document


async def rules_of(connection: Connection, version: int) -> RuleSet:
    """The rules of a version; ``NotFound`` where there is none."""
    try:
        return await rules_in_force(connection, version)
    except KeyError:
        await rule_document(connection, version)
        raise


async def save(connection: Connection, draft: Draft, catalogue: Catalogue) -> int:
    """Save a draft as the next version and say its number.

    ``connection`` is a transaction of the writing role with the caller's claims. Raises ``Conflict`` with
    every fault in a sentence, or where someone saved another version since ``draft.based_on``;
    ``Forbidden`` for anyone but the operation centre.
    """
    await refuse_faults(connection, draft, catalogue)
    document = {
        "note": draft.note,
        "overlap": draft.rules.overlap,
        "bodies": [write_body(body) for body in draft.rules.bodies.values()],
        "rules": [write_rule(rule) for rule in draft.rules.rules],
    }
    cursor = await connection.execute("SELECT core.save_rules(%s, %s)", [Jsonb(document), draft.based_on])
    rows = await cursor.fetchall()
    version: int | None = rows[0][0]
    if version is None:
        raise Conflict(
            f"Có bản quy tắc mới hơn bản {draft.based_on}. Xin đọc lại rồi sửa.",
            f"There are newer rules than version {draft.based_on}. Read them again, then edit.",
        )
    return version


async def refuse_faults(connection: Connection, draft: Draft, catalogue: Catalogue) -> RuleSet:
    """The draft with all bodies known to the province; ``Conflict`` that names its faults."""
    known = await rules_in_force(connection)
    whole = type(draft.rules)(
        known.version, draft.rules.rules, {**known.bodies, **draft.rules.bodies}, draft.rules.overlap
    )
    for name, body in draft.rules.bodies.items():
        former = known.bodies.get(name)
        if former is not None and (former.kind, former.per_unit) != (body.kind, body.per_unit):
            raise Conflict(
                f"Đơn vị xử lý «{name}» đã có với loại khác; xin đặt mã khác.",
                f"The body '{name}' is there with another kind; choose another id.",
            )
    found = faults(whole, await world(connection, whole, catalogue))
    if found:
        shown = found[:FAULTS_SHOWN]
        raise Conflict(
            "Bộ quy tắc không được lưu. " + " ".join(fault.vi for fault in shown),
            "The rules were not saved. " + " ".join(fault.en for fault in shown),
        )
    return whole


async def world(connection: Connection, rules: RuleSet, catalogue: Catalogue) -> World:
    """What the rules may speak of today."""
    named = sorted(set[str]().union(*(rule.units or () for rule in rules.rules)))
    cursor = await connection.execute(_UNITS, [named])
    units = {
        name: tuple((each.lower or date.min, each.upper) for each in stretches)
        for name, stretches in await cursor.fetchall()
    }
    reports = catalogue.layer("reports")
    codes = reports.codes[reports.field("category").codes or ""]
    layers: dict[str, frozenset[str] | None] = {}
    for name, layer in catalogue.layers.items():
        field = next((f for f in layer.fields if f.name == "road_class" and f.visible == "public"), None)
        listed = layer.codes.get(field.codes or "", ()) if field else ()
        layers[name] = frozenset(code.code for code in listed) if field else None
    return World(today_ict(), frozenset(code.code for code in codes), layers, units)
