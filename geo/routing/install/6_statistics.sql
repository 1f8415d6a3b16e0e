-- Reports by unit.

-- Reports by unit, as reported (vintage NULL: the unit of the place on the day of the event, as it was decided) or
-- re-based to the units of another day, by point. Under the caller's own policies; nothing is rewritten.
CREATE OR REPLACE FUNCTION core.reports_by_unit(from_at timestamptz, to_at timestamptz, vintage date DEFAULT NULL)
RETURNS TABLE (unit_id text, code text, name text, reports bigint, incidents bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  WITH counted AS (
    SELECT report.incident_code, report.id,
           CASE WHEN vintage IS NULL THEN coalesce(
             (SELECT unit.id FROM core.admin_units AS unit WHERE unit.unit_id = first.statistics_unit_id
                 AND daterange(unit.valid_from, unit.valid_to) @> first.statistics_as_of ORDER BY unit.id LIMIT 1),
             pub.unit_at(report.geom, (coalesce(report.occurred_at, report.received_at)
                                       AT TIME ZONE 'Asia/Ho_Chi_Minh')::date))
           ELSE pub.unit_at(report.geom, vintage) END AS feature_id
      FROM core.reports AS report
      LEFT JOIN LATERAL (SELECT decision.statistics_unit_id, decision.statistics_as_of
                           FROM core.route_decision AS decision WHERE decision.report_id = report.id
                          ORDER BY decision.id LIMIT 1) AS first ON true
     WHERE report.received_at >= from_at AND report.received_at < to_at)
  SELECT unit.unit_id, unit.code, unit.name, count(*),
         count(DISTINCT coalesce(counted.incident_code, counted.id::text))
    FROM counted LEFT JOIN core.admin_units AS unit ON unit.id = counted.feature_id
   GROUP BY unit.id, unit.unit_id, unit.code, unit.name ORDER BY count(*) DESC, unit.unit_id
$$;
ALTER FUNCTION core.reports_by_unit(timestamptz, timestamptz, date) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.reports_by_unit(timestamptz, timestamptz, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.reports_by_unit(timestamptz, timestamptz, date) TO diaban_reader, diaban_writer;
