"""A report's way so far, as it was stored, under the caller's policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    Connection = AsyncConnection[tuple[Any, ...]]

_REPORT = """
SELECT report.id, report.category, report.status, report.received_at, ST_X(report.geom), ST_Y(report.geom),
       report.accuracy_m, report.address, report.incident_code,
       (SELECT count(*) FROM core.reports AS one WHERE one.incident_code = report.incident_code),
       (SELECT parent.code FROM core.report_child AS link
          JOIN core.any_report AS parent ON parent.id = link.parent WHERE link.child = report.id),
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
                 'code', child.code, 'status', child.status, 'category', child.category)
                 ORDER BY link.at, child.code), '[]')
          FROM core.report_child AS link JOIN core.any_report AS child ON child.id = link.child
         WHERE link.parent = report.id)
  FROM core.any_report AS report WHERE report.code = %s
"""
# The boundaries as they were recorded when the decision was made, whatever was corrected since.
_DECISIONS = """
SELECT jsonb_build_object(
    'id', d.id, 'kind', d.kind,
    'body', jsonb_build_object('id', d.body, 'kind', body.kind, 'title', jsonb_build_object(
        'vi', coalesce(d.body_title_vi, body.title_vi),
        'en', coalesce(d.body_title_en, body.title_en))),
    'unit', pub.unit_called(d.unit_id, d.as_of),
    'informed', (SELECT coalesce(jsonb_agg(pub.unit_called(told, d.as_of) ORDER BY n), '[]')
                   FROM unnest(d.informed) WITH ORDINALITY AS each(told, n)),
    'confidence', d.confidence, 'triage', d.triage,
    'rule', jsonb_build_object('id', d.rule, 'version', d.rule_version),
    'reason', jsonb_build_object('vi', d.reason_vi, 'en', d.reason_en),
    'as_of', d.as_of,
    'statistics', jsonb_build_object('as_of', d.statistics_as_of,
                                     'unit', pub.unit_called(d.statistics_unit_id, d.statistics_as_of)),
    'accuracy_m', d.accuracy_m, 'stated', d.stated, 'candidates', d.candidates,
    'boundaries', (SELECT coalesce(jsonb_agg(jsonb_build_object(
           'feature_id', used.feature_id, 'unit_id', record.unit_id, 'code', record.code, 'name', record.name,
           'valid_from', record.valid_from, 'valid_to', record.valid_to,
           'recorded_from', record.recorded_from, 'vintage', record.vintage_id,
           'source', record.source) ORDER BY used.n), '[]')
         FROM unnest(d.boundaries) WITH ORDINALITY AS used(feature_id, n)
         LEFT JOIN LATERAL (SELECT * FROM pub.admin_record AS r
                             WHERE r.feature_id = used.feature_id AND r.recorded_from <= d.at
                             ORDER BY r.recorded_from DESC LIMIT 1) AS record ON true),
    'handovers', d.handovers, 'note', d.note, 'actor', d.actor, 'run', d.run), d.at
  FROM core.route_decision AS d LEFT JOIN core.body AS body ON body.id = d.body
 WHERE d.report_id = %s ORDER BY d.id
"""
_EVENTS = """
SELECT event.at, event.status, event.unit, unit.name, event.actor, event.note
  FROM core.report_event AS event
  LEFT JOIN LATERAL (SELECT name FROM pub.admin_units AS u
                      WHERE u.code = event.unit AND daterange(u.valid_from, u.valid_to)
                            @> (event.at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date LIMIT 1) AS unit ON true
 WHERE event.report_id = %s ORDER BY event.seq
"""


async def way_of(connection: Connection, code: str) -> dict[str, Any] | None:
    """All that is kept of how a report was routed; None where the caller sees no report of that code.

    Instants are ``datetime``; decisions stand in their order, the newest last and in force.
    """
    row = await (await connection.execute(_REPORT, [code])).fetchone()
    if row is None:
        return None
    (
        number,
        category,
        status,
        received_at,
        lon,
        lat,
        accuracy_m,
        address,
        incident,
        reports,
        parent,
        children,
    ) = row
    decisions = await (await connection.execute(_DECISIONS, [number])).fetchall()
    events = await (await connection.execute(_EVENTS, [number])).fetchall()
    return {
        "code": code,
        "category": category,
        "status": status,
        "received_at": received_at,
        "place": None if lon is None else {"lon": lon, "lat": lat, "accuracy_m": accuracy_m},
        "address": address,
        "incident": {"code": incident, "reports": reports} if incident else None,
        "parent": parent,
        "children": children,
        "decisions": [{**decision, "at": at} for decision, at in decisions],
        "history": [
            {
                "at": at,
                "status": step,
                "unit": {"code": unit, "name": name} if unit else None,
                "actor": actor,
                "note": note,
            }
            for at, step, unit, name, actor, note in events
        ],
    }
