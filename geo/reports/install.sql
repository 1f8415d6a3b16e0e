-- Intake of citizens' reports: what stands beside the layer's own tables. May run again on a database that has it.

-- A code opens a report to its holder: two reports never share one.
CREATE UNIQUE INDEX IF NOT EXISTS reports_code_once ON core.reports (code);

-- The two append-only records name a report by its id without a foreign key: they outlive the row they speak of.
CREATE TABLE IF NOT EXISTS core.report_event (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  report_id bigint NOT NULL,
  at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  status text NOT NULL,
  unit text,
  actor text NOT NULL
);
CREATE INDEX IF NOT EXISTS report_event_report ON core.report_event (report_id);

CREATE TABLE IF NOT EXISTS core.route_decision (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  report_id bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  as_of date NOT NULL,               -- the day, in Vietnam, whose units were asked
  unit_id text,                      -- the unit's identity; its code that day stands beside it
  unit_code text,
  confidence text NOT NULL
    CHECK (confidence IN ('inside', 'near_boundary', 'overlap', 'gap_snapped', 'outside', 'no_location')),
  accuracy_m double precision,
  candidates jsonb NOT NULL,         -- every unit considered, in order, with its distances in metres
  boundaries bigint[] NOT NULL,      -- the versions of the boundaries: ids of core.admin_units
  rule text NOT NULL,
  rule_version int NOT NULL,
  reason_vi text NOT NULL,
  reason_en text NOT NULL,
  actor text NOT NULL
);
CREATE INDEX IF NOT EXISTS route_decision_report ON core.route_decision (report_id);

-- A client's key for a request that it may send twice; only its hash is kept.
CREATE TABLE IF NOT EXISTS core.report_retry (
  key_hash bytea PRIMARY KEY,
  content_hash bytea NOT NULL,
  code text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS report_retry_at ON core.report_retry (at);

ALTER TABLE core.report_event OWNER TO diaban_owner;
ALTER TABLE core.route_decision OWNER TO diaban_owner;
ALTER TABLE core.report_retry OWNER TO diaban_owner;

-- Append-only for everyone, the owner included. (A superuser can drop the trigger; the log of DDL shows that.)
CREATE OR REPLACE FUNCTION core.refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
  RAISE insufficient_privilege USING MESSAGE = TG_TABLE_NAME || ' is append-only';
END $$;
ALTER FUNCTION core.refuse_change() OWNER TO diaban_owner;
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core.report_event
  FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core.route_decision
  FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();

-- Who sees a report sees its record; the sub-select runs under the reader's own policies.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['report_event', 'route_decision'] LOOP
    EXECUTE 'ALTER TABLE core.' || name || ' ENABLE ROW LEVEL SECURITY';
    EXECUTE 'ALTER TABLE core.' || name || ' FORCE ROW LEVEL SECURITY';
    EXECUTE 'DROP POLICY IF EXISTS ' || name || '_owner ON core.' || name;
    EXECUTE 'CREATE POLICY ' || name || '_owner ON core.' || name ||
            ' TO diaban_owner USING (true) WITH CHECK (true)';
    EXECUTE 'DROP POLICY IF EXISTS ' || name || '_read ON core.' || name;
    EXECUTE 'CREATE POLICY ' || name || '_read ON core.' || name || ' FOR SELECT TO diaban_reader, diaban_writer'
            ' USING (EXISTS (SELECT 1 FROM core.reports AS report WHERE report.id = report_id))';
    EXECUTE 'GRANT SELECT ON core.' || name || ' TO diaban_reader, diaban_writer';
  END LOOP;
END $$;

-- Public order and conduct of officials name people: such a report is never public, whichever door it came by.
CREATE OR REPLACE FUNCTION core.report_restrict() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
  NEW.visibility := greatest(NEW.visibility, 1);
  RETURN NEW;
END $$;
ALTER FUNCTION core.report_restrict() OWNER TO diaban_owner;
CREATE OR REPLACE TRIGGER report_restrict BEFORE INSERT OR UPDATE ON core.reports
  FOR EACH ROW WHEN (NEW.category IN ('ANTT', 'HC') AND NEW.visibility < 1)
  EXECUTE FUNCTION core.report_restrict();

-- The history writes itself, whichever door changes a report: intake, staff, import.
CREATE OR REPLACE FUNCTION core.report_history() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO core.report_event (report_id, at, status, unit, actor)
    SELECT id, received_at, 'received', NULL, auth.subject() FROM new_rows;
    INSERT INTO core.report_event (report_id, at, status, unit, actor)
    SELECT id, greatest(received_at, updated_at), status, unit, auth.subject() FROM new_rows
     WHERE status <> 'received';
  ELSE
    INSERT INTO core.report_event (report_id, at, status, unit, actor)
    SELECT new_rows.id, now(), new_rows.status, new_rows.unit, auth.subject()
      FROM new_rows JOIN old_rows USING (id)
     WHERE new_rows.status <> old_rows.status OR new_rows.unit IS DISTINCT FROM old_rows.unit;
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION core.report_history() OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.report_history() FROM PUBLIC;
CREATE OR REPLACE TRIGGER report_history_insert AFTER INSERT ON core.reports
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION core.report_history();
CREATE OR REPLACE TRIGGER report_history_update AFTER UPDATE ON core.reports
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION core.report_history();

-- The one way by which a report comes in from outside. An anonymous caller may hand a report in and may not read
-- one back: a policy "FOR INSERT WITH CHECK (true)" would let the writing role set any column (a closed status,
-- another ward, a public visibility), and INSERT … RETURNING needs a right to read. This function takes what a
-- citizen may say and what the router decided, and nothing else; only the writing role may call it.
-- Answers ('stored' | 'repeated' | 'key_reused' | 'no_free_code', code).
CREATE OR REPLACE FUNCTION core.submit_report(
  report jsonb, decision jsonb, codes text[], key_hash bytea, content_hash bytea
) RETURNS TABLE (outcome text, code text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
#variable_conflict use_column
DECLARE
  before core.report_retry;
  taken text;
  stored bigint;
BEGIN
  IF key_hash IS NOT NULL THEN
    -- Two requests with one key at the same time: the second waits here for the first.
    PERFORM pg_advisory_xact_lock(7236003, ('x' || encode(substr(key_hash, 1, 4), 'hex'))::bit(32)::int);
    SELECT * INTO before FROM core.report_retry AS retry WHERE retry.key_hash = submit_report.key_hash;
    IF FOUND THEN
      RETURN QUERY SELECT CASE WHEN before.content_hash = submit_report.content_hash
                          THEN 'repeated' ELSE 'key_reused' END, before.code;
      RETURN;
    END IF;
  END IF;
  FOREACH taken IN ARRAY codes LOOP
    INSERT INTO core.reports (geom, unit, code, category, status, channel, received_at, ward_code, ward_name,
                              incident_code, h3_9, text, accuracy_m)
    VALUES (ST_SetSRID(ST_MakePoint((report ->> 'lon')::float8, (report ->> 'lat')::float8), 4326),
            decision ->> 'unit_code', taken, report ->> 'category',
            CASE WHEN decision ->> 'triage' IS NULL THEN 'forwarded' ELSE 'received' END,
            report ->> 'channel', now(), decision ->> 'unit_code', decision ->> 'unit_name',
            taken, report ->> 'h3_9', report ->> 'text', (report ->> 'accuracy_m')::float8)
    ON CONFLICT (code) DO NOTHING RETURNING id INTO stored;
    EXIT WHEN stored IS NOT NULL;
  END LOOP;
  IF stored IS NULL THEN
    RETURN QUERY SELECT 'no_free_code', NULL::text;
    RETURN;
  END IF;
  IF report ->> 'contact_name' IS NOT NULL OR report ->> 'contact_phone' IS NOT NULL
     OR report ->> 'photo' IS NOT NULL THEN
    INSERT INTO private.reports (id, reporter_name, reporter_phone, photo)
    VALUES (stored, report ->> 'contact_name', report ->> 'contact_phone', report ->> 'photo');
  END IF;
  PERFORM core.store_decision(stored, decision);  -- geo/routing/install/4_decisions.sql
  IF key_hash IS NOT NULL THEN
    INSERT INTO core.report_retry (key_hash, content_hash, code)
    VALUES (submit_report.key_hash, submit_report.content_hash, taken);
  END IF;
  RETURN QUERY SELECT 'stored', taken;
END $$;
ALTER FUNCTION core.submit_report(jsonb, jsonb, text[], bytea, bytea) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.submit_report(jsonb, jsonb, text[], bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.submit_report(jsonb, jsonb, text[], bytea, bytea) TO diaban_writer;

-- What the holder of a tracking code may know. The code is the right: forty random bits. It stands in pub because
-- anonymous callers have no way into core, and answers for reports of every visibility.
CREATE OR REPLACE FUNCTION pub.report_status(tracking_code text)
RETURNS TABLE (code text, status text, category text, received_at timestamptz, ward_code text, ward_name text,
               confidence text, history jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT report.code, report.status, report.category, report.received_at, report.ward_code, report.ward_name,
         (SELECT decision.confidence FROM core.route_decision AS decision
           WHERE decision.report_id = report.id ORDER BY decision.id DESC LIMIT 1),
         (SELECT jsonb_agg(jsonb_build_object('at', event.at, 'status', event.status) ORDER BY event.seq)
            FROM core.report_event AS event WHERE event.report_id = report.id)
    FROM core.reports AS report WHERE report.code = tracking_code
$$;
ALTER FUNCTION pub.report_status(text) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION pub.report_status(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pub.report_status(text) TO diaban_public, diaban_reader, diaban_writer;
