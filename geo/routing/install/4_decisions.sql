-- Decisions as they are kept, who has a case now, the queue.

-- kind: intake | handover | refusal | correction | merger | revert. handovers: how often people have passed the case
-- on since the operation centre last placed it. note: a person's reason. stated: the ward that the reporter chose when
-- asked near a border, as {said, unit_id, code, name, followed}.
ALTER TABLE core.route_decision
  ADD COLUMN IF NOT EXISTS kind text NOT NULL DEFAULT 'intake',
  ADD COLUMN IF NOT EXISTS body text NOT NULL DEFAULT 'ward',
  ADD COLUMN IF NOT EXISTS body_title_vi text,
  ADD COLUMN IF NOT EXISTS body_title_en text,
  ADD COLUMN IF NOT EXISTS informed text[] NOT NULL DEFAULT '{}',
  ADD COLUMN IF NOT EXISTS triage text,
  ADD COLUMN IF NOT EXISTS statistics_as_of date,
  ADD COLUMN IF NOT EXISTS statistics_unit_id text,
  ADD COLUMN IF NOT EXISTS statistics_unit_code text,
  ADD COLUMN IF NOT EXISTS handovers int NOT NULL DEFAULT 0,
  ADD COLUMN IF NOT EXISTS note text,
  ADD COLUMN IF NOT EXISTS run bigint,
  ADD COLUMN IF NOT EXISTS stated jsonb;
CREATE INDEX IF NOT EXISTS route_decision_triage ON core.route_decision (id) WHERE triage IS NOT NULL;
CREATE INDEX IF NOT EXISTS route_decision_latest ON core.route_decision (report_id, id DESC);

CREATE OR REPLACE FUNCTION core.store_decision(report bigint, decision jsonb) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  INSERT INTO core.route_decision (
    report_id, as_of, unit_id, unit_code, confidence, accuracy_m, candidates, boundaries, rule, rule_version,
    reason_vi, reason_en, actor, kind, body, body_title_vi, body_title_en, informed, triage, statistics_as_of,
    statistics_unit_id, statistics_unit_code, handovers, note, run, stated)
  SELECT report, item.as_of, item.unit_id, item.unit_code, item.confidence, item.accuracy_m, decision -> 'candidates',
         item.boundaries, item.rule, item.rule_version, item.reason_vi, item.reason_en,
         coalesce(item.actor, auth.subject()), coalesce(item.kind, 'intake'), coalesce(item.body, 'ward'),
         item.body_title_vi, item.body_title_en, coalesce(item.informed, '{}'), item.triage, item.statistics_as_of,
         item.statistics_unit_id, item.statistics_unit_code, coalesce(item.handovers, 0), item.note, item.run,
         nullif(decision -> 'stated', 'null')
    FROM jsonb_to_record(decision) AS item(
      as_of date, unit_id text, unit_code text, confidence text, accuracy_m double precision, boundaries bigint[],
      rule text, rule_version int, reason_vi text, reason_en text, actor text, kind text, body text,
      body_title_vi text, body_title_en text, informed text[], triage text, statistics_as_of date,
      statistics_unit_id text, statistics_unit_code text, handovers int, note text, run bigint)
  RETURNING id
$$;
ALTER FUNCTION core.store_decision(bigint, jsonb) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.store_decision(bigint, jsonb) FROM PUBLIC;

-- A report that had no point gets one: it becomes a row of the layer with its id, code, time of receipt and history.
CREATE OR REPLACE FUNCTION core.move_unplaced(report bigint, move jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  person private.report_unplaced;
  place geometry := ST_SetSRID(ST_MakePoint((move ->> 'lon')::float8, (move ->> 'lat')::float8), 4326);
  own core.report_unplaced;
  matter text;
BEGIN
  SELECT * INTO own FROM core.report_unplaced WHERE id = report;
  SELECT * INTO person FROM private.report_unplaced WHERE id = report;
  IF NOT EXISTS (SELECT 1 FROM core.report_child WHERE child = report) THEN
    matter := core.incident_at(place, coalesce(move ->> 'category', own.category), own.channel, person.reporter_phone,
                               own.received_at);
  END IF;
  INSERT INTO core.reports (id, geom, unit, code, category, status, channel, received_at, occurred_at, ward_code,
                            ward_name, incident_code, h3_9, text, address)
  VALUES (own.id, place, own.unit, own.code, own.category, own.status, own.channel, own.received_at, own.occurred_at,
          own.ward_code, own.ward_name, coalesce(matter, own.code), move ->> 'h3_9', own.text, own.address);
  IF person.id IS NOT NULL THEN
    INSERT INTO private.reports (id, reporter_name, reporter_phone, photo)
    VALUES (person.id, person.reporter_name, person.reporter_phone, person.photo);
  END IF;
  IF matter IS NOT NULL THEN
    INSERT INTO core.incident_link (report_id, from_code, to_code) VALUES (report, own.code, matter);
  END IF;
  DELETE FROM core.report_unplaced WHERE id = report;
END $$;
ALTER FUNCTION core.move_unplaced(bigint, jsonb) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.move_unplaced(bigint, jsonb) FROM PUBLIC;

-- Gives a case to another body: the row, the decision and exactly one event, whatever of the row changes. Rights are
-- asked by the callers below.
CREATE OR REPLACE FUNCTION core.place_case(report bigint, decision jsonb, new_status text, move jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  before_unit text;
  before_status text;
  chosen text := decision ->> 'unit_code';
  kept_ward boolean := decision ->> 'triage' IS NOT NULL;  -- until someone decides, the sender sees the former ward
BEGIN
  SELECT unit, status INTO before_unit, before_status FROM core.report_unplaced WHERE id = report FOR UPDATE;
  IF FOUND AND move ? 'lon' THEN
    PERFORM core.move_unplaced(report, move);
  ELSIF FOUND THEN
    UPDATE core.report_unplaced SET
        unit = chosen, status = new_status, updated_at = now(),
        ward_code = CASE WHEN kept_ward THEN ward_code ELSE chosen END,
        ward_name = CASE WHEN kept_ward THEN ward_name ELSE decision ->> 'unit_name' END,
        category = coalesce(move ->> 'category', category)
      WHERE id = report;
  ELSE
    SELECT unit, status INTO STRICT before_unit, before_status FROM core.reports WHERE id = report FOR UPDATE;
  END IF;
  UPDATE core.reports SET
      unit = chosen, status = new_status,
      ward_code = CASE WHEN kept_ward THEN ward_code ELSE chosen END,
      ward_name = CASE WHEN kept_ward THEN ward_name ELSE decision ->> 'unit_name' END,
      category = coalesce(move ->> 'category', category), h3_9 = coalesce(move ->> 'h3_9', h3_9),
      geom = CASE WHEN move ? 'lon' THEN ST_SetSRID(ST_MakePoint((move ->> 'lon')::float8, (move ->> 'lat')::float8), 4326)
             ELSE geom END
    WHERE id = report;
  IF before_unit IS NOT DISTINCT FROM chosen AND before_status = new_status THEN
    -- The history's trigger sees units and states only; a code that was given to another unit looks unchanged.
    INSERT INTO core.report_event (report_id, at, status, unit, actor)
    VALUES (report, now(), new_status, chosen, coalesce(decision ->> 'actor', auth.subject()));
  END IF;
  RETURN core.store_decision(report, decision);
END $$;
ALTER FUNCTION core.place_case(bigint, jsonb, text, jsonb) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.place_case(bigint, jsonb, text, jsonb) FROM PUBLIC;

-- The reports of one matter that stood with the first one go with it, each with a decision of its own: what the router
-- knew of its place stays.
CREATE OR REPLACE FUNCTION core.place_others(first core.reports, decision jsonb, new_status text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  other bigint;
BEGIN
  FOR other IN SELECT id FROM core.reports
                WHERE incident_code = first.code AND first.incident_code = first.code AND id <> first.id
                  AND unit IS NOT DISTINCT FROM first.unit AND status = first.status ORDER BY id FOR UPDATE LOOP
    PERFORM core.place_case(other, decision || coalesce(
      (SELECT jsonb_build_object('candidates', candidates, 'boundaries', boundaries, 'accuracy_m', accuracy_m,
                'confidence', confidence, 'statistics_as_of', statistics_as_of, 'stated', stated,
                'statistics_unit_id', statistics_unit_id, 'statistics_unit_code', statistics_unit_code)
         FROM core.route_decision WHERE report_id = other ORDER BY id DESC LIMIT 1), '{}'), new_status, NULL);
  END LOOP;
END $$;
ALTER FUNCTION core.place_others(core.reports, jsonb, text) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.place_others(core.reports, jsonb, text) FROM PUBLIC;

-- The door of staff: the operation centre, or the unit that has the case.
CREATE OR REPLACE FUNCTION core.hand_over(report bigint, decision jsonb, new_status text, move jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  before core.reports;
  made bigint;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM core.any_report WHERE id = report AND (
       auth.clearance() = 2 OR (auth.clearance() = 1 AND unit = ANY (auth.units())))) THEN
    RAISE insufficient_privilege USING MESSAGE = 'no right to this case';
  END IF;
  SELECT * INTO before FROM core.reports WHERE id = report;
  made := core.place_case(report, decision - 'actor', new_status, move);
  IF move IS NULL AND before.id IS NOT NULL THEN
    PERFORM core.place_others(before, decision - 'actor', new_status);
  END IF;
  RETURN made;
END $$;
ALTER FUNCTION core.hand_over(bigint, jsonb, text, jsonb) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.hand_over(bigint, jsonb, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.hand_over(bigint, jsonb, text, jsonb) TO diaban_writer;

-- A case is open until nobody has to do anything about it. The reader's own policies hold in these views.
CREATE OR REPLACE VIEW core.current_route WITH (security_invoker = true) AS
  SELECT DISTINCT ON (report_id) * FROM core.route_decision ORDER BY report_id, id DESC;
DROP VIEW IF EXISTS core.triage;  -- its columns have changed in order
CREATE VIEW core.triage WITH (security_invoker = true) AS
  SELECT report.id AS report_id, report.code, report.category, report.status, report.received_at,
         ST_X(report.geom) AS lon, ST_Y(report.geom) AS lat, report.accuracy_m, report.address, report.text,
         decision.id AS decision_id, decision.at AS since, decision.kind, decision.triage, decision.confidence,
         decision.body, coalesce(decision.body_title_vi, body.title_vi) AS body_vi,
         coalesce(decision.body_title_en, body.title_en) AS body_en, decision.unit_id, decision.unit_code,
         decision.rule, decision.rule_version, decision.reason_vi, decision.reason_en, decision.note, decision.stated,
         decision.candidates
    FROM core.any_report AS report
    JOIN LATERAL (SELECT * FROM core.route_decision AS latest WHERE latest.report_id = report.id
                   ORDER BY latest.id DESC LIMIT 1) AS decision ON decision.triage IS NOT NULL
    LEFT JOIN core.body AS body ON body.id = decision.body
   WHERE report.status NOT IN ('closed', 'rejected', 'duplicate');
-- How long each body had a case: until the next decision, whoever refused it.
CREATE OR REPLACE VIEW core.holding_time WITH (security_invoker = true) AS
  SELECT report_id, id AS decision_id, body, unit_id, at AS since,
         lead(at) OVER each_report AS until, lead(kind) OVER each_report AS ended_by
    FROM core.route_decision WINDOW each_report AS (PARTITION BY report_id ORDER BY id);
ALTER VIEW core.current_route OWNER TO diaban_owner;
ALTER VIEW core.triage OWNER TO diaban_owner;
ALTER VIEW core.holding_time OWNER TO diaban_owner;
GRANT SELECT ON core.current_route, core.triage, core.holding_time TO diaban_reader, diaban_writer;
