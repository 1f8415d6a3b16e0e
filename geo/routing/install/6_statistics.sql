-- Reports by unit.

-- Where reports without a point count: with the unit that a person gave them to, as it was then, or on the day vintage
-- with the units in which it lives on, each with its share of the people (of the area, where nobody counted people).
-- exact: nothing was divided. feature_id NULL: nobody has it, or nothing is known of what became of its unit. plpgsql,
-- because pub.admin_succession is made after this file on a new database.
CREATE OR REPLACE FUNCTION core.told_by_unit(from_at timestamptz, to_at timestamptz, vintage date)
RETURNS TABLE (report_id bigint, feature_id bigint, share double precision, exact boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH RECURSIVE told AS (
    SELECT report.id, held.unit_id, held.as_of
      FROM core.report_unplaced AS report
      LEFT JOIN LATERAL (SELECT decision.unit_id, decision.as_of FROM core.route_decision AS decision
                          WHERE decision.report_id = report.id AND decision.unit_id IS NOT NULL
                          ORDER BY decision.id DESC LIMIT 1) AS held ON true
     WHERE report.received_at >= from_at AND report.received_at < to_at
  ), heir(origin, unit_id, share, since) AS (
    SELECT DISTINCT unit_id, unit_id, 1.0::double precision, '-infinity'::date FROM told WHERE unit_id IS NOT NULL
    UNION ALL
    SELECT heir.origin, passed.to_unit,
           heir.share * coalesce(passed.share_pop, passed.share_area,
             (SELECT 1.0 / count(*) FROM pub.admin_succession AS other
               WHERE other.from_unit = passed.from_unit AND other.effective = passed.effective
                 AND other.to_unit <> other.from_unit)),
           passed.effective
      FROM heir JOIN pub.admin_succession AS passed ON passed.from_unit = heir.unit_id
     WHERE passed.to_unit <> passed.from_unit AND passed.effective > heir.since AND passed.effective <= vintage
  ), living AS (
    SELECT heir.origin, unit.id AS feature_id, sum(heir.share) AS share
      FROM heir JOIN pub.admin_units AS unit ON unit.unit_id = heir.unit_id
     WHERE daterange(unit.valid_from, unit.valid_to) @> vintage GROUP BY heir.origin, unit.id
  )
  SELECT told.id, coalesce(living.feature_id,
           (SELECT unit.id FROM pub.admin_units AS unit WHERE vintage IS NULL AND unit.unit_id = told.unit_id
             ORDER BY daterange(unit.valid_from, unit.valid_to) @> told.as_of DESC, unit.valid_from DESC LIMIT 1)),
         coalesce(living.share, 1), coalesce(living.share, 1) > 0.999
    FROM told LEFT JOIN living ON living.origin = told.unit_id;
END $$;
ALTER FUNCTION core.told_by_unit(timestamptz, timestamptz, date) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.told_by_unit(timestamptz, timestamptz, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.told_by_unit(timestamptz, timestamptz, date) TO diaban_reader, diaban_writer;

-- Reports by unit, as reported (vintage NULL: the unit of the place on the day of the event, as it was decided) or
-- re-based to the units of another day, by point; estimated: reports without a point, divided by shares, beside the
-- others. Under the caller's own policies; nothing is rewritten.
DROP FUNCTION IF EXISTS core.reports_by_unit(timestamptz, timestamptz, date);  -- its columns have grown
CREATE FUNCTION core.reports_by_unit(from_at timestamptz, to_at timestamptz, vintage date DEFAULT NULL)
RETURNS TABLE (unit_id text, code text, name text, reports bigint, incidents bigint, estimated double precision)
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  WITH counted AS (
    SELECT coalesce(report.incident_code, report.id::text) AS incident, 1.0::double precision AS share, true AS exact,
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
     WHERE report.received_at >= from_at AND report.received_at < to_at
    UNION ALL
    SELECT report_id::text, share, exact, feature_id FROM core.told_by_unit(from_at, to_at, vintage))
  SELECT unit.unit_id, unit.code, unit.name, count(*) FILTER (WHERE exact),
         count(DISTINCT counted.incident) FILTER (WHERE exact),
         coalesce(sum(counted.share) FILTER (WHERE NOT exact), 0)
    FROM counted LEFT JOIN core.admin_units AS unit ON unit.id = counted.feature_id
   GROUP BY unit.id, unit.unit_id, unit.code, unit.name ORDER BY count(*) DESC, unit.unit_id
$$;
ALTER FUNCTION core.reports_by_unit(timestamptz, timestamptz, date) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.reports_by_unit(timestamptz, timestamptz, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.reports_by_unit(timestamptz, timestamptz, date) TO diaban_reader, diaban_writer;
