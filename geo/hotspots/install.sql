-- Hotspots: what is counted of reports, what of it the public was told, stored runs and alarms. May run again.

CREATE SCHEMA IF NOT EXISTS hot AUTHORIZATION diaban_owner;
GRANT USAGE ON SCHEMA hot TO diaban_public, diaban_reader, diaban_writer, diaban_pump;

-- The cell of resolution 9 told where a report was made, finer than the grid of the public copy.
ALTER TABLE pub.reports DROP COLUMN IF EXISTS h3_9;

-------------------------------------------------------------------------------------------------------------- counts
-- One line adds to (or takes from) a count; the sum of all lines is the count. Written by the editing transaction
-- and never updated, so that no two editors wait for the same line. Folded now and then: folded lines have xid 0.
-- A caller with clearance v sees the sum over vis <= v: an incident adds 1 at the most visible class that shows it.
-- Where that class shows another first report than a higher one does, the higher class takes 1 from there again.
CREATE TABLE IF NOT EXISTS hot.fact (
  cell bigint NOT NULL,            -- H3 resolution 9; 0: none could be read
  category text NOT NULL,
  channel text NOT NULL,
  ward text NOT NULL,              -- code of the ward on the day of the report; '': none
  day date NOT NULL,               -- of receipt, in Vietnam
  hour smallint NOT NULL,
  vis smallint NOT NULL,
  incidents int NOT NULL,          -- matters, however many reported each: where and when the first report of it is
  contacts int NOT NULL,           -- reports
  xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX IF NOT EXISTS fact_fresh ON hot.fact (xid) WHERE xid <> '0'::xid8;

-- An incident that has a line here is counted. Locking the line makes editors of one incident wait for each other,
-- and nobody else.
CREATE TABLE IF NOT EXISTS hot.incident (
  key text COLLATE "C" PRIMARY KEY,
  edits int NOT NULL DEFAULT 1
);

-- Moves when lines are folded: who kept the former lines in memory reads all of them anew.
CREATE TABLE IF NOT EXISTS hot.state (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  generation bigint NOT NULL
);
INSERT INTO hot.state (generation) VALUES (1) ON CONFLICT DO NOTHING;

CREATE INDEX IF NOT EXISTS reports_incident_key ON core.reports ((coalesce(incident_code, code)) COLLATE "C");

CREATE INDEX IF NOT EXISTS reports_cell ON core.reports (h3_9 COLLATE "C");

CREATE OR REPLACE FUNCTION hot.cell_of(h3 text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN h3 ~ '^8[0-9a-f]{14}$' THEN ('x0' || h3)::bit(64)::bigint ELSE 0 END
$$;

-- The lines that a set of reports makes: the rule of counting, in one place. `state` is the set, with a sign.
-- A report is the first of its incident for the classes from its own up to that of an earlier report.
DO $make$
DECLARE
  columns constant text := $c$ coalesce(r.incident_code, r.code) COLLATE "C" AS key, r.id, r.code, r.received_at,
           r.visibility, r.h3_9, r.category, r.channel, r.ward_code $c$;
  lines constant text := $l$, turned AS (
      SELECT *, coalesce(min(visibility) OVER (PARTITION BY sign, key
                                               ORDER BY received_at, code COLLATE "C", id
                                               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 3) AS earlier
        FROM state
    ), lines AS (
      SELECT *, visibility AS vis, sign * (visibility < earlier)::int AS incidents, sign AS contacts FROM turned
      UNION ALL
      SELECT *, earlier, -sign, 0 FROM turned WHERE visibility < earlier AND earlier <= 2
    )
    INSERT INTO hot.fact (cell, category, channel, ward, day, hour, vis, incidents, contacts)
    SELECT hot.cell_of(h3_9), category, channel, coalesce(ward_code, ''), local::date, extract(hour FROM local),
           vis, sum(incidents), sum(contacts)
      FROM lines, LATERAL (SELECT received_at AT TIME ZONE 'Asia/Ho_Chi_Minh' AS local) AS calendar
     GROUP BY 1, 2, 3, 4, 5, 6, 7
    HAVING sum(incidents) <> 0 OR sum(contacts) <> 0 $l$;
  -- What is there now of the incidents touched, less what was there before the statement.
  now_there constant text := $n$ SELECT 1 AS sign, %1$s FROM core.reports AS r
       JOIN unnest(keys) AS t (key) ON coalesce(r.incident_code, r.code) COLLATE "C" = t.key $n$;
  untouched constant text := $u$ UNION ALL SELECT -1, %1$s FROM core.reports AS r
       JOIN unnest(known) AS t (key) ON coalesce(r.incident_code, r.code) COLLATE "C" = t.key
      WHERE NOT EXISTS (SELECT FROM new_rows AS n WHERE n.id = r.id) $u$;
  all_there constant text := $a$ UNION ALL SELECT -1, %1$s FROM core.reports AS r
       JOIN unnest(known) AS t (key) ON coalesce(r.incident_code, r.code) COLLATE "C" = t.key $a$;
  gone constant text := $g$ UNION ALL SELECT -1, %1$s FROM old_rows AS r
       JOIN unnest(known) AS t (key) ON coalesce(r.incident_code, r.code) COLLATE "C" = t.key $g$;
  keys_of constant jsonb := jsonb_build_object(
    'insert', 'SELECT coalesce(incident_code, code) FROM new_rows',
    'delete', 'SELECT coalesce(incident_code, code) FROM old_rows',
    -- Most edits change a status: nothing that is counted.
    'update', $k$ SELECT unnest(ARRAY[coalesce(o.incident_code, o.code), coalesce(n.incident_code, n.code)])
                    FROM old_rows AS o JOIN new_rows AS n USING (id)
                   WHERE (o.incident_code, o.code, o.h3_9, o.category, o.channel, o.ward_code, o.received_at,
                          o.visibility) IS DISTINCT FROM
                         (n.incident_code, n.code, n.h3_9, n.category, n.channel, n.ward_code, n.received_at,
                          n.visibility) $k$);
  states constant jsonb := jsonb_build_object(
    'insert', now_there || untouched, 'delete', now_there || all_there || gone,
    'update', now_there || untouched || gone);
  event text;
BEGIN
  FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
    EXECUTE format($f$
      CREATE OR REPLACE FUNCTION hot.count_%1$s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
      SET search_path = pg_catalog, public AS $body$
      DECLARE
        keys text[];
        known text[];
      BEGIN
        -- In their order, so that two statements never wait for each other. What the next statement reads was
        -- committed by whoever held these lines before.
        WITH touched AS MATERIALIZED (
          SELECT DISTINCT key COLLATE "C" AS key FROM (%2$s) AS named (key)
        ), locked AS (
          INSERT INTO hot.incident AS incident (key) SELECT key FROM touched ORDER BY key
          ON CONFLICT (key) DO UPDATE SET edits = incident.edits + 1
          RETURNING key, edits > 1 AS counted
        )
        SELECT array_agg(key), array_agg(key) FILTER (WHERE counted) INTO keys, known FROM locked;
        IF keys IS NOT NULL THEN
          WITH state AS (%3$s) %4$s;
        END IF;
        RETURN NULL;
      END $body$ $f$, event, keys_of ->> event, format(states ->> event, columns), lines);
    EXECUTE format('ALTER FUNCTION hot.count_%s() OWNER TO diaban_owner', event);
    EXECUTE format('REVOKE EXECUTE ON FUNCTION hot.count_%s() FROM PUBLIC', event);
  END LOOP;

  -- Reports that nobody counted yet (there before this was installed): a batch of them, online and resumable.
  EXECUTE format($f$
    CREATE OR REPLACE FUNCTION hot.count_more(batch int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public AS $body$
    DECLARE
      keys text[];
    BEGIN
      WITH missing AS (
        SELECT DISTINCT coalesce(r.incident_code, r.code) COLLATE "C" AS key FROM core.reports AS r
         WHERE NOT EXISTS (SELECT FROM hot.incident AS i
                            WHERE i.key = coalesce(r.incident_code, r.code) COLLATE "C") LIMIT batch
      ), locked AS (
        INSERT INTO hot.incident (key) SELECT key FROM missing ORDER BY key ON CONFLICT DO NOTHING RETURNING key
      ) SELECT array_agg(key) INTO keys FROM locked;
      IF keys IS NULL THEN RETURN 0; END IF;
      WITH state AS (%1$s) %2$s;
      RETURN cardinality(keys);
    END $body$ $f$, format(now_there, columns), lines);
END $make$;
ALTER FUNCTION hot.count_more(int) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION hot.count_more(int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION hot.count_none() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
BEGIN
  TRUNCATE hot.fact, hot.incident;
  UPDATE hot.state SET generation = generation + 1;
  RETURN NULL;
END $$;
ALTER FUNCTION hot.count_none() OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION hot.count_none() FROM PUBLIC;

-- A report that is moved without its cell (an editor at /ogc knows no H3) has none until the keeper says which.
CREATE OR REPLACE FUNCTION hot.moved() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  NEW.h3_9 := '';
  RETURN NEW;
END $$;
ALTER FUNCTION hot.moved() OWNER TO diaban_owner;
CREATE OR REPLACE TRIGGER hot_moved BEFORE UPDATE ON core.reports
  FOR EACH ROW WHEN (OLD.geom IS DISTINCT FROM NEW.geom AND OLD.h3_9 = NEW.h3_9)
  EXECUTE FUNCTION hot.moved();
CREATE INDEX IF NOT EXISTS reports_without_cell ON core.reports (id) WHERE h3_9 = '';
CREATE OR REPLACE FUNCTION hot.without_cell() RETURNS TABLE (id bigint, lon float8, lat float8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT id, ST_X(geom), ST_Y(geom) FROM core.reports WHERE h3_9 = '' ORDER BY id LIMIT 1000
$$;
-- The row keeps its stamp: nobody has changed it, and the import that brought it can still be undone.
CREATE OR REPLACE FUNCTION hot.give_cells(ids bigint[], lons float8[], lats float8[], cells text[]) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public SET diaban.stamped = 'on' AS $$
  WITH given AS (
    UPDATE core.reports AS report SET h3_9 = cell
      FROM unnest(ids, lons, lats, cells) AS found (id, lon, lat, cell)
     -- Unless it was moved again in between.
     WHERE report.id = found.id AND h3_9 = '' AND ST_X(geom) = lon AND ST_Y(geom) = lat RETURNING 1
  ) SELECT count(*)::int FROM given
$$;
ALTER FUNCTION hot.without_cell() OWNER TO diaban_owner;
ALTER FUNCTION hot.give_cells(bigint[], float8[], float8[], text[]) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION hot.without_cell() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION hot.give_cells(bigint[], float8[], float8[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hot.without_cell(), hot.give_cells(bigint[], float8[], float8[], text[]) TO diaban_pump;

CREATE OR REPLACE TRIGGER hot_count_insert AFTER INSERT ON core.reports
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION hot.count_insert();
CREATE OR REPLACE TRIGGER hot_count_update AFTER UPDATE ON core.reports
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION hot.count_update();
CREATE OR REPLACE TRIGGER hot_count_delete AFTER DELETE ON core.reports
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION hot.count_delete();
CREATE OR REPLACE TRIGGER hot_count_truncate AFTER TRUNCATE ON core.reports
  FOR EACH STATEMENT EXECUTE FUNCTION hot.count_none();

-- Sums lines of one count into one. Writers go on adding; readers see either all of the former lines or the sum.
CREATE OR REPLACE FUNCTION hot.fold(at_least int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
DECLARE
  lines int;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7236060) THEN RETURN 0; END IF;
  SELECT count(*) INTO lines FROM hot.fact WHERE xid <> '0'::xid8;
  IF lines < at_least OR lines < (SELECT reltuples FROM pg_class WHERE oid = 'hot.fact'::regclass) / 20 THEN
    RETURN 0;
  END IF;
  WITH former AS (
    DELETE FROM hot.fact RETURNING *
  )
  INSERT INTO hot.fact (cell, category, channel, ward, day, hour, vis, incidents, contacts, xid)
  SELECT cell, category, channel, ward, day, hour, vis, sum(incidents), sum(contacts), '0'::xid8 FROM former
   GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(incidents) <> 0 OR sum(contacts) <> 0;
  UPDATE hot.state SET generation = generation + 1;
  RETURN lines;
END $$;
ALTER FUNCTION hot.fold(int) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION hot.fold(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hot.fold(int) TO diaban_pump;

------------------------------------------------------------------------------------------- what the public was told
-- A month is told once, when it is over, and stays as told: two tellings of one month would tell who came between.
CREATE TABLE IF NOT EXISTS hot.release (
  month date PRIMARY KEY CHECK (extract(day FROM month) = 1),
  k int NOT NULL,
  incidents int NOT NULL,          -- told
  contacts int NOT NULL,
  withheld boolean NOT NULL,       -- fewer than k in the whole month: nothing is told of it
  told_at timestamptz NOT NULL DEFAULT now(),
  reason text                      -- why an operator told it again
);
CREATE TABLE IF NOT EXISTS hot.atom (
  month date NOT NULL REFERENCES hot.release ON DELETE CASCADE,
  number int NOT NULL,
  grp text NOT NULL,               -- group of categories; 'mixed': of several
  resolution smallint NOT NULL,    -- of cells
  cells bigint[] NOT NULL,         -- together one area; empty: the province
  incidents int NOT NULL,
  contacts int NOT NULL,
  PRIMARY KEY (month, number)
);

--------------------------------------------------------------------------------------------------- runs and alarms
-- What was computed can be cited: parameters, n, data version and the bytes, under the digest of what went in.
CREATE TABLE IF NOT EXISTS hot.run (
  id text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{32}$'),
  clearance smallint NOT NULL,
  parameters jsonb NOT NULL,
  data_digest text NOT NULL,
  n bigint NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now(),
  made_by text NOT NULL,
  result bytea NOT NULL
);
CREATE TABLE IF NOT EXISTS hot.alarm (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  day date NOT NULL,               -- the last day that was scanned
  clearance smallint NOT NULL,
  category text NOT NULL,          -- '': all
  rank smallint NOT NULL,
  cells bigint[] NOT NULL,
  resolution smallint NOT NULL,
  lon double precision NOT NULL, lat double precision NOT NULL, radius_m double precision NOT NULL,
  first_day date NOT NULL,
  observed int NOT NULL,
  expected double precision NOT NULL,
  statistic double precision NOT NULL,
  p double precision NOT NULL,
  recurrence_days double precision NOT NULL,
  parameters jsonb NOT NULL,
  raised_at timestamptz NOT NULL DEFAULT now(),
  seen_by text, seen_at timestamptz,
  UNIQUE (day, clearance, category, rank)
);
CREATE TABLE IF NOT EXISTS hot.scanned (
  day date PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  seconds real NOT NULL,
  n int NOT NULL
);

-------------------------------------------------------------------------------------------------------------- rights
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['fact', 'incident', 'state', 'release', 'atom', 'run', 'alarm', 'scanned'] LOOP
    EXECUTE format('ALTER TABLE hot.%I OWNER TO diaban_owner', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['fact', 'run', 'alarm'] LOOP
    EXECUTE format('ALTER TABLE hot.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('DROP POLICY IF EXISTS %I_keeper ON hot.%I', name, name);
    EXECUTE format('CREATE POLICY %I_keeper ON hot.%I TO diaban_pump USING (true) WITH CHECK (true)', name, name);
    EXECUTE format('DROP POLICY IF EXISTS %I_read ON hot.%I', name, name);
  END LOOP;
END $$;
-- Staff read what their clearance shows; a right to single rows of own units does not reach into counts.
CREATE POLICY fact_read ON hot.fact FOR SELECT TO diaban_reader, diaban_writer
  USING ((SELECT auth.clearance()) >= 1 AND vis <= (SELECT auth.clearance()));
CREATE POLICY run_read ON hot.run FOR SELECT TO diaban_reader, diaban_writer
  USING ((SELECT auth.clearance()) >= 1 AND clearance <= (SELECT auth.clearance()));
CREATE POLICY alarm_read ON hot.alarm FOR SELECT TO diaban_reader, diaban_writer
  USING ((SELECT auth.clearance()) >= 1 AND clearance <= (SELECT auth.clearance()));
DROP POLICY IF EXISTS run_store ON hot.run;
CREATE POLICY run_store ON hot.run FOR INSERT TO diaban_writer
  WITH CHECK ((SELECT auth.clearance()) >= 1 AND clearance = (SELECT auth.clearance()));
DROP POLICY IF EXISTS alarm_seen ON hot.alarm;
CREATE POLICY alarm_seen ON hot.alarm FOR UPDATE TO diaban_writer
  USING ((SELECT auth.clearance()) >= 1 AND clearance <= (SELECT auth.clearance()));
GRANT SELECT ON hot.fact, hot.state, hot.run, hot.alarm, hot.scanned TO diaban_reader, diaban_writer, diaban_pump;
GRANT INSERT ON hot.run TO diaban_writer;
GRANT UPDATE (seen_by, seen_at) ON hot.alarm TO diaban_writer;
GRANT SELECT ON hot.release, hot.atom TO diaban_public, diaban_reader, diaban_writer, diaban_pump;
GRANT INSERT, DELETE ON hot.release, hot.atom TO diaban_pump;
GRANT INSERT ON hot.alarm, hot.scanned TO diaban_pump;

-- A small ground is counted at once; on a large one `./diaban hotspots count` does it with progress.
DO $$
BEGIN
  IF (SELECT count(*) FROM (SELECT FROM core.reports LIMIT 200001) AS counted) <= 200000 THEN
    WHILE hot.count_more(50000) > 0 LOOP NULL; END LOOP;
  END IF;
END $$;
