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
  -- Strict functions: NULL without a position.
  place geometry := ST_SetSRID(ST_MakePoint((report ->> 'lon')::float8, (report ->> 'lat')::float8), 4326);
  matter text;
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
  IF place IS NOT NULL AND NOT coalesce((report ->> 'part')::boolean, false) THEN  -- a part is no other matter's
    matter := core.incident_at(place, report ->> 'category', report ->> 'channel', report ->> 'contact_phone', now());
  END IF;
  FOREACH taken IN ARRAY codes LOOP
    CONTINUE WHEN EXISTS (SELECT 1 FROM core.any_report AS other WHERE other.code = taken);
    IF place IS NULL THEN
      INSERT INTO core.report_unplaced (code, category, status, channel, address, text)
      VALUES (taken, report ->> 'category', 'received', report ->> 'channel', report ->> 'address', report ->> 'text')
      ON CONFLICT (code) DO NOTHING RETURNING id INTO stored;
    ELSE
      INSERT INTO core.reports (geom, unit, code, category, status, channel, received_at, ward_code, ward_name,
                                incident_code, h3_9, address, text, accuracy_m)
      VALUES (place, decision ->> 'unit_code', taken, report ->> 'category',
              CASE WHEN decision ->> 'triage' IS NULL THEN 'forwarded' ELSE 'received' END,
              report ->> 'channel', now(), decision ->> 'unit_code', decision ->> 'unit_name',
              coalesce(matter, taken), report ->> 'h3_9', report ->> 'address', report ->> 'text', (report ->> 'accuracy_m')::float8)
      ON CONFLICT (code) DO NOTHING RETURNING id INTO stored;
    END IF;
    EXIT WHEN stored IS NOT NULL;
  END LOOP;
  IF stored IS NULL THEN
    RETURN QUERY SELECT 'no_free_code', NULL::text;
    RETURN;
  END IF;
  IF report ->> 'contact_name' IS NOT NULL OR report ->> 'contact_phone' IS NOT NULL
     OR report ->> 'photo' IS NOT NULL THEN
    EXECUTE format('INSERT INTO private.%I (id, reporter_name, reporter_phone, photo) VALUES ($1, $2, $3, $4)',
                   CASE WHEN place IS NULL THEN 'report_unplaced' ELSE 'reports' END)
      USING stored, report ->> 'contact_name', report ->> 'contact_phone', report ->> 'photo';
  END IF;
  PERFORM core.store_decision(stored, decision);  -- geo/routing/install/4_decisions.sql
  IF matter IS NOT NULL THEN
    INSERT INTO core.incident_link (report_id, from_code, to_code) VALUES (stored, taken, matter);
  END IF;
  IF key_hash IS NOT NULL THEN
    INSERT INTO core.report_retry (key_hash, content_hash, code)
    VALUES (submit_report.key_hash, submit_report.content_hash, taken);
  END IF;
  RETURN QUERY SELECT 'stored', taken;
END $$;
ALTER FUNCTION core.submit_report(jsonb, jsonb, text[], bytea, bytea) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.submit_report(jsonb, jsonb, text[], bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.submit_report(jsonb, jsonb, text[], bytea, bytea) TO diaban_writer;
