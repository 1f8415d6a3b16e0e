-- Incidents: reports of one matter, by different people or channels, bear the code of the first of them. Each keeps its
-- own code, decision and sender; the matter counts once, the contacts as many times as they came.

-- How near in place and time two reports of a category, or of a group of categories, are taken for one matter. 30 m and
-- two hours, more where one cause is seen or heard from afar. Data of the province: edited in place.
CREATE TABLE IF NOT EXISTS core.incident_rule (
  category text PRIMARY KEY,
  category_group text NOT NULL,
  radius_m double precision NOT NULL DEFAULT 30 CHECK (radius_m BETWEEN 0 AND 1000),
  within interval NOT NULL DEFAULT '2 hours' CHECK (within BETWEEN '0' AND '1 day')
);
INSERT INTO core.incident_rule (category, category_group, radius_m) VALUES
  ('DVT', 'electricity', 300), ('CS', 'electricity', 50), ('CTN', 'CTN', 100), ('TO', 'TO', 100), ('PCCC', 'PCCC', 150),
  ('ATGT', 'street-order', 30), ('TTDT', 'street-order', 30), ('TT', 'TT', 150)
ON CONFLICT DO NOTHING;
ALTER TABLE core.incident_rule OWNER TO diaban_owner;
GRANT SELECT ON core.incident_rule TO diaban_reader, diaban_writer;

-- Who was joined to what and when, by the intake or by a person with a reason.
CREATE TABLE IF NOT EXISTS core.incident_link (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  report_id bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  from_code text,
  to_code text NOT NULL,
  actor text NOT NULL DEFAULT auth.subject(),
  note text                            -- NULL: by the intake
);
CREATE INDEX IF NOT EXISTS incident_link_report ON core.incident_link (report_id);
CALL core.seen_with_report('incident_link', 'report_id');
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core.incident_link
  FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();

-- The first reports of incidents, by place and time: what a new report is compared with.
CREATE INDEX IF NOT EXISTS reports_incident_place ON core.reports USING gist (geom, received_at)
  WHERE incident_code = code;

-- One after the other where two reports could be one matter: both would begin an incident. Cells are larger than any
-- radius, taken in one order, held until the end of the transaction.
CREATE OR REPLACE FUNCTION core.incident_turn(place public.geometry, category_group text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
  cell CONSTANT double precision := 0.02;
  key int;
BEGIN
  FOR key IN SELECT DISTINCT hashtext(format('%s %s %s', category_group, floor(ST_X(place) / cell + dx),
                                             floor(ST_Y(place) / cell + dy)))
               FROM unnest(ARRAY[-0.5, 0.5]) AS dx, unnest(ARRAY[-0.5, 0.5]) AS dy ORDER BY 1 LOOP
    PERFORM pg_advisory_xact_lock(7236020, key);
  END LOOP;
END $$;
ALTER FUNCTION core.incident_turn(public.geometry, text) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.incident_turn(public.geometry, text) FROM PUBLIC;

-- The code of the incident that a new report is of, NULL where it begins one. The matter must be open, its first report
-- near, one of its reports recent, and none of them by the same person on the same channel: who calls twice has two
-- matters. Asked before the row is there, so that who waits for its turn holds no row that another one wants.
CREATE OR REPLACE FUNCTION core.incident_at(
  place public.geometry, own_category text, own_channel text, phone text, received timestamptz
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  rule core.incident_rule;
  alike text[];
BEGIN
  SELECT * INTO rule FROM core.incident_rule WHERE category = own_category;
  rule.category_group := coalesce(rule.category_group, own_category);
  rule.radius_m := coalesce(rule.radius_m, 30);
  rule.within := coalesce(rule.within, '2 hours');
  alike := ARRAY(SELECT category FROM core.incident_rule WHERE category_group = rule.category_group) || own_category;
  PERFORM core.incident_turn(place, rule.category_group);
  RETURN (
    SELECT first.code
      FROM core.reports AS first
     WHERE first.incident_code = first.code AND first.category = ANY (alike)
       AND first.status NOT IN ('resolved', 'closed', 'rejected', 'duplicate')
       AND first.geom && ST_Expand(place, rule.radius_m / (110500 * cos(radians(ST_Y(place)))) + 1e-9)
       AND first.received_at BETWEEN received - interval '1 day' AND received + rule.within
       AND core.metres_between(place, first.geom) <= rule.radius_m
       AND EXISTS (SELECT 1 FROM core.reports AS one WHERE one.incident_code = first.code
                      AND one.received_at BETWEEN received - rule.within AND received + rule.within)
       AND (phone IS NULL OR NOT EXISTS (
             SELECT 1 FROM core.reports AS one JOIN private.reports AS person USING (id)
              WHERE one.incident_code = first.code AND one.channel = own_channel AND person.reporter_phone = phone))
     ORDER BY core.metres_between(place, first.geom), first.received_at, first.code COLLATE "C" LIMIT 1);
END $$;
ALTER FUNCTION core.incident_at(public.geometry, text, text, text, timestamptz) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.incident_at(public.geometry, text, text, text, timestamptz) FROM PUBLIC;

-- Staff join a report to another's incident (target: that report's code), or part it from its own (NULL). With the first
-- report of an incident all of it goes along; parted from it, the earliest of the others is the first. The incident's
-- code now, or NULL where there is no report of that code that the caller may act on.
CREATE OR REPLACE FUNCTION core.relink_incident(own_code text, target text, why text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  own core.reports;
  goal text;
  moved bigint[];
BEGIN
  PERFORM 1 FROM core.reports WHERE code IN (own_code, target) ORDER BY id FOR UPDATE;
  SELECT * INTO own FROM core.reports AS report WHERE report.code = own_code;
  IF own.id IS NULL OR NOT (auth.clearance() = 2 OR (auth.clearance() = 1 AND coalesce(own.unit = ANY (auth.units()), false)))
  THEN
    RAISE insufficient_privilege USING MESSAGE = 'no right to this case';
  END IF;
  IF target IS NULL THEN
    goal := own_code;
    IF own.incident_code = own_code THEN  -- the others go on without it
      goal := (SELECT code FROM core.reports WHERE incident_code = own_code AND id <> own.id
                ORDER BY received_at, code COLLATE "C" LIMIT 1);
      moved := ARRAY(SELECT id FROM core.reports WHERE incident_code = own_code AND id <> own.id);
    ELSE
      moved := ARRAY[own.id];
    END IF;
  ELSE
    goal := (SELECT coalesce(incident_code, code) FROM core.reports WHERE code = target);
    IF goal IS NULL THEN
      RETURN NULL;
    END IF;
    moved := ARRAY(SELECT id FROM core.reports WHERE id = own.id OR incident_code = own_code);
  END IF;
  INSERT INTO core.incident_link (report_id, from_code, to_code, note)
  SELECT id, incident_code, goal, why FROM core.reports WHERE id = ANY (moved) AND incident_code IS DISTINCT FROM goal;
  UPDATE core.reports SET incident_code = goal WHERE id = ANY (moved) AND incident_code IS DISTINCT FROM goal;
  RETURN (SELECT incident_code FROM core.reports WHERE id = own.id);
END $$;
ALTER FUNCTION core.relink_incident(text, text, text) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.relink_incident(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.relink_incident(text, text, text) TO diaban_writer;

-- What is done about a matter is done for all who reported it: reports that stand where the first one stood go with it,
-- and all open ones when it is resolved or closed. Who has a case is core.hand_over's to say; a refusal is one report's.
CREATE OR REPLACE FUNCTION core.incident_follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
DECLARE
  first record;
BEGIN
  FOR first IN SELECT made.id, made.code, made.status, was.status AS former
                 FROM new_rows AS made JOIN old_rows AS was USING (id)
                WHERE made.status <> was.status AND made.incident_code = made.code
                  AND made.status IN ('verifying', 'in_progress', 'resolved', 'closed') LOOP
    -- Asked before: an update of no row would come here again, without end.
    IF EXISTS (SELECT 1 FROM core.reports WHERE incident_code = first.code AND id <> first.id) THEN
      UPDATE core.reports SET status = first.status
       WHERE incident_code = first.code AND id <> first.id AND status <> first.status
         AND status NOT IN ('closed', 'rejected', 'duplicate')
         AND (status = first.former OR first.status IN ('resolved', 'closed'));
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
ALTER FUNCTION core.incident_follow() OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.incident_follow() FROM PUBLIC;
CREATE OR REPLACE TRIGGER report_incident_update AFTER UPDATE ON core.reports
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION core.incident_follow();
