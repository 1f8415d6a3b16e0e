-- Reports that came by another door than intake (imports, the operation centre's own system through OGC API, the
-- demonstration) and have no decision yet. A keeper asks the router about them: every report has a decision.

-- The newest first: people wait for those. given_*: the unit that bears the report's own code, on the day it came in or
-- today (a source may have brought its codes up to date); where two do, the one that has the place. by_place: no source
-- named it, its import gave it the ward of its place (a dataset gives its rows its stamp).
DROP FUNCTION IF EXISTS ops.undecided(int);
CREATE FUNCTION ops.undecided(most int) RETURNS TABLE (
  id bigint, category text, status text, lon double precision, lat double precision, accuracy_m double precision,
  received_at timestamptz, occurred_at timestamptz, unit_code text, given_id text, given_name text, by_place boolean
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT report.id, report.category, report.status, ST_X(report.geom), ST_Y(report.geom), report.accuracy_m,
         report.received_at, report.occurred_at, report.unit, given.unit_id, given.name,
         report.unit IS NOT NULL AND EXISTS (SELECT 1 FROM ops.dataset AS source
           WHERE source.layer = 'reports' AND source.stamp = report.created_at
             AND source.options #> '{plan,for_new}' ? 'unit')
    FROM (SELECT * FROM core.reports AS each
           WHERE NOT EXISTS (SELECT 1 FROM core.route_decision AS decision WHERE decision.report_id = each.id)
           ORDER BY each.received_at DESC LIMIT most) AS report
    LEFT JOIN LATERAL (
      SELECT unit.unit_id, unit.name
        FROM core.admin_units AS unit,
             LATERAL (SELECT daterange(unit.valid_from, unit.valid_to) AS days,
                             (report.received_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS then,
                             (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS today) AS each
       WHERE unit.code = report.unit AND (each.days @> each.then OR each.days @> each.today)
       ORDER BY ST_Intersects(unit.geom, report.geom) DESC, each.days @> each.then DESC, unit.id LIMIT 1) AS given ON true
$$;
ALTER FUNCTION ops.undecided(int) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION ops.undecided(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.undecided(int) TO diaban_pump;

-- Stores the decisions, a state beside each (NULL: the row stays as it is), and says how many. A report that a person
-- placed in the meantime, or that is gone, is passed over; one that somebody is changing now waits for the next round
-- and holds up no other. What is worked out of a row leaves it the stamp of its import, which can still be undone.
CREATE OR REPLACE FUNCTION ops.decide_afterwards(numbers bigint[], decisions jsonb, states text[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET diaban.stamped = 'on' AS $$
DECLARE
  stored int := 0;
  n int;
BEGIN
  FOR n IN 1 .. cardinality(numbers) LOOP
    PERFORM 1 FROM core.reports WHERE id = numbers[n] FOR UPDATE SKIP LOCKED;
    CONTINUE WHEN NOT FOUND OR EXISTS (SELECT 1 FROM core.route_decision WHERE report_id = numbers[n]);
    IF states[n] IS NULL THEN
      PERFORM core.store_decision(numbers[n], decisions -> (n - 1));
      -- A list that names no ward, placed by an import: its unit is the ward that the map and the counts show.
      UPDATE core.reports SET ward_code = unit, ward_name = decisions -> (n - 1) ->> 'unit_name'
       WHERE id = numbers[n] AND ward_code IS NULL AND unit = decisions -> (n - 1) ->> 'unit_code';
    ELSE
      PERFORM core.place_case(numbers[n], decisions -> (n - 1), states[n], NULL);
    END IF;
    stored := stored + 1;
  END LOOP;
  RETURN stored;
END $$;
ALTER FUNCTION ops.decide_afterwards(bigint[], jsonb, text[]) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION ops.decide_afterwards(bigint[], jsonb, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.decide_afterwards(bigint[], jsonb, text[]) TO diaban_pump;

GRANT EXECUTE ON FUNCTION pub.routing_rules(int),
  pub.route_facts(double precision, double precision, date, date, double precision, text, jsonb) TO diaban_pump;
