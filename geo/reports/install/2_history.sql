-- The history writes itself, whichever door changes a report: intake, staff, import.
CREATE OR REPLACE FUNCTION core.report_history() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- A report that gets its place only now has a history already; core.place_case goes on with it.
    INSERT INTO core.report_event (report_id, at, status, unit, actor)
    SELECT id, stage.at, stage.status, stage.unit, auth.subject()
      FROM new_rows, LATERAL (VALUES
        (1, received_at, 'received', NULL), (2, greatest(received_at, updated_at), status, unit)) AS stage(n, at, status, unit)
     WHERE (n = 1 OR new_rows.status <> 'received')
       AND NOT EXISTS (SELECT 1 FROM core.report_event AS event WHERE event.report_id = new_rows.id)
     ORDER BY id, n;
  ELSE
    INSERT INTO core.report_event (report_id, at, status, unit, actor, note)
    SELECT new_rows.id, now(), new_rows.status, new_rows.unit, auth.subject(),
           nullif(current_setting('diaban.note', true), '')
      FROM new_rows JOIN old_rows USING (id)
     WHERE new_rows.status <> old_rows.status OR new_rows.unit IS DISTINCT FROM old_rows.unit;
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION core.report_history() OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.report_history() FROM PUBLIC;
DO $$
DECLARE target text;
BEGIN
  FOREACH target IN ARRAY ARRAY['reports', 'report_unplaced'] LOOP
    EXECUTE 'CREATE OR REPLACE TRIGGER report_history_insert AFTER INSERT ON core.' || target ||
            ' REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION core.report_history()';
    EXECUTE 'CREATE OR REPLACE TRIGGER report_history_update AFTER UPDATE ON core.' || target ||
            ' REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
            ' FOR EACH STATEMENT EXECUTE FUNCTION core.report_history()';
  END LOOP;
END $$;

-- A step in the life of a report, for the operation centre and the unit that has it. The steps that there are stand in
-- geo.reports.life, which names the states from which this one is reached. 'done', 'forbidden', or the state in which
-- the report is; NULL for no report of that code.
CREATE OR REPLACE FUNCTION core.set_status(own_code text, new_status text, reached_from text[], why text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  target text;
  found_unit text;
  found_status text;
BEGIN
  FOREACH target IN ARRAY ARRAY['reports', 'report_unplaced'] LOOP
    EXECUTE format('SELECT unit, status FROM core.%I WHERE code = $1 FOR UPDATE', target)
      INTO found_unit, found_status USING own_code;
    CONTINUE WHEN found_status IS NULL;
    IF NOT (auth.clearance() = 2 OR (auth.clearance() = 1 AND coalesce(found_unit = ANY (auth.units()), false))) THEN
      RETURN 'forbidden';
    ELSIF found_status <> ALL (reached_from) THEN
      RETURN found_status;
    END IF;
    PERFORM set_config('diaban.note', why, true);
    EXECUTE format('UPDATE core.%I SET status = $1, updated_at = now() WHERE code = $2', target) USING new_status, own_code;
    PERFORM set_config('diaban.note', '', true);
    RETURN 'done';
  END LOOP;
  RETURN NULL;
END $$;
ALTER FUNCTION core.set_status(text, text, text[], text) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.set_status(text, text, text[], text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.set_status(text, text, text[], text) TO diaban_writer;
