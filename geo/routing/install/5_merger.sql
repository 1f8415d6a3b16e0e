-- Runs of a merger, and the messages that follow from them.

CREATE TABLE IF NOT EXISTS core.reroute_run (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  vintage date NOT NULL,
  legal_ref text,
  rule_version int NOT NULL,
  planned_at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  applied_at timestamptz,
  reverted_at timestamptz
);
CREATE TABLE IF NOT EXISTS core.reroute_item (
  run bigint NOT NULL REFERENCES core.reroute_run,
  report_id bigint NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('automatic', 'person', 'unchanged')),
  reason_vi text NOT NULL,
  reason_en text NOT NULL,
  from_decision bigint,               -- the decision that the plan was made on
  from_body text, from_unit text,     -- body id, code of the unit
  from_unit_id text,                  -- its identity: the code alone may be another unit's by now
  decision jsonb NOT NULL,
  previous jsonb,                     -- the row's routing as it was, for reverting
  applied_as bigint,                  -- the decision that was made
  applied_at timestamptz,
  reverted_at timestamptz,
  skipped text,                       -- why it was not applied or not reverted: someone acted in between
  PRIMARY KEY (run, report_id)
);
-- Messages that wait for whoever sends them: one digest a body, one message a reporter, for each run.
CREATE TABLE IF NOT EXISTS core.outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  run bigint REFERENCES core.reroute_run,
  kind text NOT NULL CHECK (kind IN ('digest', 'reporter')),
  recipient text NOT NULL,            -- a body (with its unit's identity) or a report's code; never a person's number
  payload jsonb NOT NULL,
  sent_at timestamptz,
  cancelled_at timestamptz,
  UNIQUE (run, kind, recipient)
);
ALTER TABLE core.reroute_item ADD COLUMN IF NOT EXISTS from_unit_id text;
ALTER TABLE core.reroute_run OWNER TO diaban_owner;
ALTER TABLE core.reroute_item OWNER TO diaban_owner;
ALTER TABLE core.outbox OWNER TO diaban_owner;

-- A report, placed or not, that nobody else changes until the transaction ends; its id is NULL where there is none.
CREATE OR REPLACE FUNCTION core.report_locked(wanted bigint) RETURNS core.any_report
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  found core.any_report;
BEGIN
  PERFORM 1 FROM core.reports WHERE id = wanted FOR UPDATE;
  PERFORM 1 FROM core.report_unplaced WHERE id = wanted FOR UPDATE;
  SELECT * INTO found FROM core.any_report WHERE id = wanted;
  RETURN found;
END $$;
ALTER FUNCTION core.report_locked(bigint) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.report_locked(bigint) FROM PUBLIC;

-- Applies the next cases of a plan; how many of them. Each is done once, and only if nobody acted on it since.
CREATE OR REPLACE FUNCTION core.reroute_apply(wanted bigint, batch int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  item record;
  report core.any_report;
  latest bigint;
  done int := 0;
  made bigint;
BEGIN
  FOR item IN SELECT * FROM core.reroute_item WHERE run = wanted AND outcome <> 'unchanged'
                 AND applied_at IS NULL AND skipped IS NULL ORDER BY report_id LIMIT batch FOR UPDATE SKIP LOCKED LOOP
    done := done + 1;
    report := core.report_locked(item.report_id);
    SELECT max(id) INTO latest FROM core.route_decision WHERE report_id = item.report_id;
    IF report.id IS NULL OR report.status IN ('closed', 'rejected', 'duplicate')
       OR latest IS DISTINCT FROM item.from_decision OR report.unit IS DISTINCT FROM item.from_unit THEN
      UPDATE core.reroute_item SET skipped = 'changed since the plan' WHERE run = wanted AND report_id = item.report_id;
      CONTINUE;
    END IF;
    made := core.place_case(item.report_id, item.decision || jsonb_build_object('run', wanted), report.status, NULL);
    UPDATE core.reroute_item SET applied_at = now(), applied_as = made, previous = jsonb_build_object(
        'unit', report.unit, 'ward_code', report.ward_code, 'ward_name', report.ward_name)
      WHERE run = wanted AND report_id = item.report_id;
  END LOOP;
  IF done = 0 THEN
    -- With the mark, so that a run that is marked has its messages whatever died in between.
    PERFORM core.reroute_messages(wanted);
    UPDATE core.reroute_run SET applied_at = now() WHERE id = wanted AND applied_at IS NULL;
  END IF;
  RETURN done;
END $$;
ALTER FUNCTION core.reroute_apply(bigint, int) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.reroute_apply(bigint, int) FROM PUBLIC;

-- Undoes the next cases of a run; how many. A case on which someone acted since stays as it is.
CREATE OR REPLACE FUNCTION core.reroute_revert(wanted bigint, batch int, who text) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  item record;
  latest core.route_decision;
  report core.any_report;
  done int := 0;
BEGIN
  FOR item IN SELECT * FROM core.reroute_item WHERE run = wanted AND applied_at IS NOT NULL
                 AND reverted_at IS NULL AND skipped IS NULL ORDER BY report_id LIMIT batch FOR UPDATE SKIP LOCKED LOOP
    done := done + 1;
    report := core.report_locked(item.report_id);
    SELECT * INTO latest FROM core.route_decision WHERE report_id = item.report_id ORDER BY id DESC LIMIT 1;
    IF report.id IS NULL OR report.status IN ('closed', 'rejected', 'duplicate') OR latest.id <> item.applied_as THEN
      UPDATE core.reroute_item SET skipped = 'changed since it was applied'
       WHERE run = wanted AND report_id = item.report_id;
      CONTINUE;
    END IF;
    PERFORM core.place_case(item.report_id,
      coalesce((SELECT to_jsonb(former) FROM core.route_decision AS former WHERE id = item.from_decision),
               item.decision || '{"triage": null, "unit_id": null, "body": "ward", "informed": []}')
      || jsonb_build_object('kind', 'revert', 'actor', who, 'run', wanted, 'unit_id', item.from_unit_id,
                            'unit_code', item.previous -> 'unit',
                            'unit_name', item.previous -> 'ward_name', 'note', 'reroute ' || wanted || ' reverted'),
      report.status, NULL);
    UPDATE core.reports SET ward_code = item.previous ->> 'ward_code', ward_name = item.previous ->> 'ward_name'
     WHERE id = item.report_id;
    UPDATE core.report_unplaced SET ward_code = item.previous ->> 'ward_code', ward_name = item.previous ->> 'ward_name'
     WHERE id = item.report_id;
    UPDATE core.reroute_item SET reverted_at = now() WHERE run = wanted AND report_id = item.report_id;
  END LOOP;
  IF done = 0 THEN
    UPDATE core.reroute_run SET reverted_at = now() WHERE id = wanted AND reverted_at IS NULL;
    UPDATE core.outbox SET cancelled_at = now() WHERE run = wanted AND sent_at IS NULL AND cancelled_at IS NULL;
  END IF;
  RETURN done;
END $$;
ALTER FUNCTION core.reroute_revert(bigint, int, text) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.reroute_revert(bigint, int, text) FROM PUBLIC;

-- One digest for each body and one message for each reporter of a run that is applied; may run again. A unit that
-- follows one whose cases a person must decide is told of them in the same digest ("waiting").
CREATE OR REPLACE FUNCTION core.reroute_messages(wanted bigint) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  WITH moved AS (
    SELECT report.code, decision.*,
           decision.body || coalesce(':' || CASE WHEN body.per_unit THEN decision.unit_id END, '') AS inbox
      FROM core.reroute_item AS item JOIN core.route_decision AS decision ON decision.id = item.applied_as
      JOIN core.any_report AS report ON report.id = item.report_id JOIN core.body AS body ON body.id = decision.body
     WHERE item.run = wanted AND item.reverted_at IS NULL
  ), mail AS (
    SELECT inbox, body_title_vi AS title_vi, body_title_en AS title_en, code, false AS waits FROM moved
    UNION ALL
    SELECT 'ward:' || heir.unit_id, unit.name, unit.name, code, true
      FROM moved, unnest(informed) AS heir(unit_id),
           LATERAL (SELECT name FROM core.admin_units WHERE unit_id = heir.unit_id ORDER BY valid_from DESC LIMIT 1) AS unit
     WHERE triage IS NOT NULL
  ), messages AS (
    SELECT 'digest' AS kind, inbox AS recipient, jsonb_build_object(
             'body_vi', min(title_vi), 'body_en', min(title_en), 'cases', count(*) FILTER (WHERE NOT waits),
             'codes', coalesce(jsonb_agg(code ORDER BY code) FILTER (WHERE NOT waits), '[]'),
             'waiting', coalesce(jsonb_agg(code ORDER BY code) FILTER (WHERE waits), '[]')) AS payload
      FROM mail GROUP BY inbox
    UNION ALL
    SELECT 'reporter', code, jsonb_build_object('body_vi', body_title_vi, 'body_en', body_title_en,
             'reason_vi', reason_vi, 'reason_en', reason_en, 'waits_for_a_person', triage IS NOT NULL) FROM moved
  ), put AS (
    INSERT INTO core.outbox (run, kind, recipient, payload) SELECT wanted, kind, recipient, payload FROM messages
    ON CONFLICT (run, kind, recipient) DO UPDATE SET payload = excluded.payload
      WHERE outbox.sent_at IS NULL AND outbox.cancelled_at IS NULL
    RETURNING 1)
  SELECT count(*)::int FROM put
$$;
ALTER FUNCTION core.reroute_messages(bigint) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.reroute_messages(bigint) FROM PUBLIC;
