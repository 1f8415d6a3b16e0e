-- Reports that came by another door than intake (imports, the operation centre's own system through OGC API, the
-- demonstration) and have no decision yet. A keeper asks the router about them: every report has a decision.

-- The newest first: people wait for those. given_*: the unit that bore the report's own code on the day it came in.
CREATE OR REPLACE FUNCTION ops.undecided(most int) RETURNS TABLE (
  id bigint, category text, status text, lon double precision, lat double precision, accuracy_m double precision,
  received_at timestamptz, occurred_at timestamptz, unit_code text, given_id text, given_name text
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT report.id, report.category, report.status, ST_X(report.geom), ST_Y(report.geom), report.accuracy_m,
         report.received_at, report.occurred_at, report.unit, given.unit_id, given.name
    FROM (SELECT * FROM core.reports AS each
           WHERE NOT EXISTS (SELECT 1 FROM core.route_decision AS decision WHERE decision.report_id = each.id)
           ORDER BY each.received_at DESC LIMIT most) AS report
    LEFT JOIN LATERAL (
      SELECT unit.unit_id, unit.name FROM core.admin_units AS unit
       WHERE unit.code = report.unit AND daterange(unit.valid_from, unit.valid_to)
             @> (report.received_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
       ORDER BY unit.id LIMIT 1) AS given ON true
$$;
ALTER FUNCTION ops.undecided(int) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION ops.undecided(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.undecided(int) TO diaban_pump;

-- Stores the decisions, a state beside each (NULL: the row stays as it is), and says how many. A report that a person
-- placed in the meantime, or that is gone, is passed over.
CREATE OR REPLACE FUNCTION ops.decide_afterwards(numbers bigint[], decisions jsonb, states text[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  stored int := 0;
  n int;
BEGIN
  FOR n IN 1 .. cardinality(numbers) LOOP
    PERFORM 1 FROM core.reports WHERE id = numbers[n] FOR UPDATE;
    CONTINUE WHEN NOT FOUND OR EXISTS (SELECT 1 FROM core.route_decision WHERE report_id = numbers[n]);
    IF states[n] IS NULL THEN
      PERFORM core.store_decision(numbers[n], decisions -> (n - 1));
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
