-- What stands beside the layer's own tables: the two append-only records, and reports that have no point yet. Every
-- file here may run again on a database that has it already.

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
ALTER TABLE core.report_event ADD COLUMN IF NOT EXISTS note text;   -- a person's reason
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

-- Reports that have no point yet: an address in words, told to the operator of a hotline. A layer's rows have a place,
-- always; what has none waits here under its code and moves to core.reports, with its id, when a person has placed it.
CREATE TABLE IF NOT EXISTS core.report_unplaced (
  id bigint PRIMARY KEY DEFAULT ops.random_id(),
  visibility smallint NOT NULL DEFAULT 1 CHECK (visibility BETWEEN 1 AND 2),   -- an address is nobody else's
  unit text,
  code text NOT NULL UNIQUE,
  category text NOT NULL,
  status text NOT NULL,
  channel text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  occurred_at timestamptz,
  ward_code text,
  ward_name text,
  address text NOT NULL,
  text text,
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS private.report_unplaced (
  id bigint PRIMARY KEY REFERENCES core.report_unplaced ON DELETE CASCADE,
  reporter_name text,
  reporter_phone text,
  photo text
);
ALTER TABLE core.report_unplaced OWNER TO diaban_owner;
ALTER TABLE private.report_unplaced OWNER TO diaban_owner;
ALTER TABLE core.report_unplaced ENABLE ROW LEVEL SECURITY;
ALTER TABLE core.report_unplaced FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS report_unplaced_owner ON core.report_unplaced;
CREATE POLICY report_unplaced_owner ON core.report_unplaced TO diaban_owner USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS report_unplaced_read ON core.report_unplaced;
CREATE POLICY report_unplaced_read ON core.report_unplaced FOR SELECT TO diaban_reader, diaban_writer
  USING (visibility <= (SELECT auth.clearance()) OR unit = ANY ((SELECT auth.units())::text[]));
GRANT SELECT ON core.report_unplaced TO diaban_reader, diaban_writer;

-- The one way to the sender of such a report, as private.read_reports is for the others: the access log is written first.
CREATE OR REPLACE FUNCTION private.read_report_unplaced(feature bigint, purpose text) RETURNS private.report_unplaced
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE found private.report_unplaced;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM core.report_unplaced WHERE id = feature AND (
       auth.clearance() = 2 OR (auth.clearance() = 1 AND unit = ANY (auth.units())))) THEN
    RAISE insufficient_privilege USING MESSAGE = 'no right to these personal data';
  END IF;
  INSERT INTO private.access_log (subject, layer, feature_id, purpose) VALUES (auth.subject(), 'reports', feature, purpose);
  SELECT * INTO found FROM private.report_unplaced WHERE id = feature;
  RETURN found;
END $$;
ALTER FUNCTION private.read_report_unplaced(bigint, text) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION private.read_report_unplaced(bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.read_report_unplaced(bigint, text) TO diaban_writer;

-- Every report, placed or not, under the reader's own policies.
CREATE OR REPLACE VIEW core.any_report WITH (security_invoker = true) AS
  SELECT id, code, unit, category, status, channel, received_at, occurred_at, ward_code, ward_name, incident_code,
         address, text, accuracy_m, geom
    FROM core.reports
  UNION ALL
  SELECT id, code, unit, category, status, channel, received_at, occurred_at, ward_code, ward_name, NULL,
         address, text, NULL, NULL
    FROM core.report_unplaced;
ALTER VIEW core.any_report OWNER TO diaban_owner;
GRANT SELECT ON core.any_report TO diaban_reader, diaban_writer;

-- Who sees a report sees its record; the sub-select runs under the reader's own policies. Open to more records: the
-- files that follow give theirs the same.
CREATE OR REPLACE PROCEDURE core.seen_with_report(name text, key text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE core.%I OWNER TO diaban_owner', name);
  EXECUTE format('ALTER TABLE core.%I ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format('ALTER TABLE core.%I FORCE ROW LEVEL SECURITY', name);
  EXECUTE format('DROP POLICY IF EXISTS %I ON core.%I', name || '_owner', name);
  EXECUTE format('CREATE POLICY %I ON core.%I TO diaban_owner USING (true) WITH CHECK (true)', name || '_owner', name);
  EXECUTE format('DROP POLICY IF EXISTS %I ON core.%I', name || '_read', name);
  EXECUTE format('CREATE POLICY %I ON core.%I FOR SELECT TO diaban_reader, diaban_writer'
    ' USING (EXISTS (SELECT 1 FROM core.reports AS report WHERE report.id = %I)'
    ' OR EXISTS (SELECT 1 FROM core.report_unplaced AS report WHERE report.id = %I))', name || '_read', name, key, key);
  EXECUTE format('GRANT SELECT ON core.%I TO diaban_reader, diaban_writer', name);
END $$;
ALTER PROCEDURE core.seen_with_report(text, text) OWNER TO diaban_owner;
REVOKE EXECUTE ON PROCEDURE core.seen_with_report(text, text) FROM PUBLIC;
CALL core.seen_with_report('report_event', 'report_id');
CALL core.seen_with_report('route_decision', 'report_id');

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
