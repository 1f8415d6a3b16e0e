-- Routing: bodies, rules, facts, decisions, triage, hand-overs, mergers, statistics. May run again on
-- a database that has it already. Longer than a file should be because a room installs from one file; the sections
-- stand on their own. It runs before geo/units/install.sql on a new database, so what reads core.admin_part is plpgsql.

--------------------------------------------------------------------------------------------------------------- units
-- The version of the unit that answers for a place on a day, by the order of geo.units.choose; NULL outside.
CREATE OR REPLACE FUNCTION pub.unit_at(place public.geometry, on_day date) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  found bigint;
BEGIN
  SELECT unit.id INTO found
    FROM (SELECT DISTINCT part.feature_id FROM core.admin_part AS part
           WHERE part.geom && ST_Expand(place, 1e-9) AND part.valid @> on_day
             AND ST_DWithin(part.geom, place, 1e-9)) AS near
    JOIN core.admin_area AS area ON area.feature_id = near.feature_id
    JOIN core.admin_units AS unit ON unit.id = near.feature_id
   ORDER BY round(area.area_m2), unit.unit_id COLLATE "C", unit.id LIMIT 1;
  IF found IS NULL THEN
    SELECT unit.id INTO found
      FROM pub.units_near(ST_X(place), ST_Y(place), on_day, 20) AS near
      JOIN core.admin_units AS unit ON unit.id = near.feature_id
     ORDER BY round(near.distance_m::numeric, 3), round(near.area_m2), unit.unit_id COLLATE "C", unit.id LIMIT 1;
  END IF;
  RETURN found;
END $$;
ALTER FUNCTION pub.unit_at(public.geometry, date) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION pub.unit_at(public.geometry, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pub.unit_at(public.geometry, date) TO diaban_public, diaban_reader, diaban_writer;

------------------------------------------------------------------------------------------------------ bodies and rules
CREATE TABLE IF NOT EXISTS core.body (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9_-]{1,60}$'),
  kind text NOT NULL CHECK (kind IN ('ward', 'department', 'company', 'police', 'desk')),
  title_vi text NOT NULL,
  title_en text NOT NULL,
  per_unit boolean NOT NULL DEFAULT false   -- one stands in every ward
);
INSERT INTO core.body (id, kind, title_vi, title_en, per_unit) VALUES
  ('ward', 'ward', 'UBND', 'People''s Committee', true),
  ('ward-police', 'police', 'Công an', 'Police', true),
  ('coordinator', 'desk', 'Trung tâm điều hành của tỉnh', 'The province''s operation centre', false)
ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS core.rule_set (
  version int PRIMARY KEY,
  saved_at timestamptz NOT NULL DEFAULT now(),
  author text NOT NULL,
  note text NOT NULL DEFAULT '',
  overlap text NOT NULL DEFAULT 'smaller' CHECK (overlap IN ('smaller', 'triage'))
);
CREATE TABLE IF NOT EXISTS core.route_rule (
  version int NOT NULL REFERENCES core.rule_set,
  id text NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9_-]{1,60}$'),
  priority int NOT NULL CHECK (priority BETWEEN 1 AND 10000),   -- the smaller is asked first
  body text NOT NULL REFERENCES core.body,
  categories text[] CHECK (cardinality(categories) > 0),
  units text[] CHECK (cardinality(units) > 0),                  -- identities, never codes
  layer text,
  within_m double precision NOT NULL DEFAULT 0 CHECK (within_m BETWEEN 0 AND 1000),
  road_classes text[] CHECK (cardinality(road_classes) > 0),
  weekdays int[] CHECK (cardinality(weekdays) > 0 AND weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7]),
  hour_from time,
  hour_to time,
  valid_from date,
  valid_to date,
  outside boolean NOT NULL DEFAULT false,
  PRIMARY KEY (version, id),
  CHECK ((hour_from IS NULL) = (hour_to IS NULL) AND hour_from <> hour_to),
  CHECK (valid_from < valid_to),
  CHECK (layer IS NOT NULL OR (road_classes IS NULL AND within_m = 0)),
  CHECK (NOT outside OR units IS NULL)
);
CREATE INDEX IF NOT EXISTS route_rule_units ON core.route_rule USING gin (units);
-- The first version has no rule: the ward is the default.
INSERT INTO core.rule_set (version, author, note) VALUES (1, 'system', 'UBND xã, phường · the ward')
ON CONFLICT DO NOTHING;
ALTER TABLE core.body OWNER TO diaban_owner;
ALTER TABLE core.rule_set OWNER TO diaban_owner;
ALTER TABLE core.route_rule OWNER TO diaban_owner;
GRANT SELECT ON core.body, core.rule_set, core.route_rule TO diaban_reader, diaban_writer;
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core.rule_set
  FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON core.route_rule
  FOR EACH STATEMENT EXECUTE FUNCTION core.refuse_change();

-- One version of the rules as a document. In pub: anyone may ask why a case went where it did.
CREATE OR REPLACE FUNCTION pub.routing_rules(wanted int DEFAULT NULL) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT jsonb_build_object(
    'version', chosen.version, 'saved_at', chosen.saved_at, 'note', chosen.note, 'overlap', chosen.overlap,
    'bodies', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'kind', kind, 'per_unit', per_unit,
                 'title', jsonb_build_object('vi', title_vi, 'en', title_en)) ORDER BY id), '[]') FROM core.body),
    'rules', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                 'id', id, 'priority', priority, 'body', body, 'categories', categories, 'units', units,
                 'layer', layer, 'within_m', within_m, 'road_classes', road_classes, 'weekdays', weekdays,
                 'hours', CASE WHEN hour_from IS NOT NULL
                          THEN jsonb_build_array(to_char(hour_from, 'HH24:MI'), to_char(hour_to, 'HH24:MI')) END,
                 'valid_from', valid_from, 'valid_to', valid_to, 'outside', outside) ORDER BY priority, id), '[]')
               FROM core.route_rule AS rule WHERE rule.version = chosen.version))
    FROM core.rule_set AS chosen
   WHERE chosen.version = coalesce(wanted, (SELECT max(version) FROM core.rule_set))
$$;
ALTER FUNCTION pub.routing_rules(int) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION pub.routing_rules(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pub.routing_rules(int) TO diaban_public, diaban_reader, diaban_writer;

CREATE OR REPLACE FUNCTION core.hour_spans(hour_from time, hour_to time) RETURNS int4multirange
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
  SELECT CASE
    WHEN hour_from IS NULL THEN int4multirange(int4range(0, 86400))
    WHEN hour_from < hour_to THEN
      int4multirange(int4range(extract(epoch FROM hour_from)::int, extract(epoch FROM hour_to)::int))
    ELSE int4multirange(int4range(extract(epoch FROM hour_from)::int, 86400),
                        int4range(0, extract(epoch FROM hour_to)::int))
  END
$$;

-- Rules of a version that name a unit beyond its life; asked on saving, and when a unit ends.
CREATE OR REPLACE FUNCTION core.rules_of_dissolved(wanted int DEFAULT NULL)
RETURNS TABLE (rule_id text, unit_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT rule.id, named.unit_id
    FROM core.route_rule AS rule, unnest(rule.units) AS named(unit_id),
         LATERAL (SELECT (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day) AS today,
         LATERAL (SELECT greatest(today.day, rule.valid_from) AS day) AS begin
   WHERE rule.version = coalesce(wanted, (SELECT max(version) FROM core.rule_set))
     AND (rule.valid_to IS NULL OR rule.valid_to > begin.day)
     AND NOT coalesce((SELECT range_agg(daterange(unit.valid_from, unit.valid_to)) FROM core.admin_units AS unit
                        WHERE unit.unit_id = named.unit_id) @> daterange(begin.day, rule.valid_to), false)
$$;
ALTER FUNCTION core.rules_of_dissolved(int) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.rules_of_dissolved(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.rules_of_dissolved(int) TO diaban_reader, diaban_writer;

-- The database's own word on a rule set, whoever wrote it; geo.routing.faults says the same with more words.
CREATE OR REPLACE FUNCTION core.rule_faults(wanted int) RETURNS TABLE (rule_id text, fault text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  WITH rule AS (SELECT * FROM core.route_rule WHERE version = wanted)
  SELECT one.id, 'has the priority of ' || other.id || ' and both may match one case'
    FROM rule AS one JOIN rule AS other ON one.id < other.id AND one.priority = other.priority
   WHERE one.outside = other.outside
     AND coalesce(one.categories && other.categories, true) AND coalesce(one.units && other.units, true)
     AND coalesce(one.weekdays && other.weekdays, true)
     AND core.hour_spans(one.hour_from, one.hour_to) && core.hour_spans(other.hour_from, other.hour_to)
     AND daterange(one.valid_from, one.valid_to) && daterange(other.valid_from, other.valid_to)
  UNION ALL
  SELECT rule.id, 'names a category that does not exist' FROM rule
   WHERE NOT rule.categories <@ ARRAY(SELECT jsonb_path_query(description, '$.codes.categories[*].code') #>> '{}'
                                        FROM ops.layer WHERE name = 'reports')
  UNION ALL
  SELECT rule.id, 'names a layer that does not exist' FROM rule
   WHERE rule.layer IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ops.layer WHERE name = rule.layer)
  UNION ALL
  SELECT rule_id, 'names the unit ' || unit_id || ' beyond its life' FROM core.rules_of_dissolved(wanted)
$$;
ALTER FUNCTION core.rule_faults(int) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.rule_faults(int) FROM PUBLIC;

-- Saves a rule set as the next version, for the operation centre only. NULL: someone saved since ``based_on``.
CREATE OR REPLACE FUNCTION core.save_rules(draft jsonb, based_on int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  made int;
  broken text;
BEGIN
  IF auth.clearance() < 2 THEN
    RAISE insufficient_privilege USING MESSAGE = 'only the operation centre saves rules';
  END IF;
  PERFORM pg_advisory_xact_lock(7236011);  -- one saver at a time
  SELECT max(version) + 1 INTO made FROM core.rule_set;
  IF based_on IS NOT NULL AND based_on <> made - 1 THEN
    RETURN NULL;
  END IF;
  INSERT INTO core.body (id, kind, title_vi, title_en, per_unit)
  SELECT item ->> 'id', item ->> 'kind', item #>> '{title,vi}', item #>> '{title,en}',
         (item ->> 'per_unit')::boolean FROM jsonb_array_elements(draft -> 'bodies') AS item
  ON CONFLICT (id) DO UPDATE SET title_vi = excluded.title_vi, title_en = excluded.title_en;
  INSERT INTO core.rule_set (version, author, note, overlap)
  VALUES (made, auth.subject(), draft ->> 'note', draft ->> 'overlap');
  INSERT INTO core.route_rule (version, id, priority, body, categories, units, layer, within_m, road_classes, weekdays,
                               hour_from, hour_to, valid_from, valid_to, outside)
  SELECT made, item.id, item.priority, item.body, item.categories, item.units, item.layer, item.within_m,
         item.road_classes, item.weekdays, item.hours[1], item.hours[2], item.valid_from, item.valid_to, item.outside
    FROM jsonb_to_recordset(draft -> 'rules') AS item(
         id text, priority int, body text, categories text[], units text[], layer text, within_m double precision,
         road_classes text[], weekdays int[], hours time[], valid_from date, valid_to date, outside boolean);
  SELECT string_agg(rule_id || ' ' || fault, '; ') INTO broken FROM core.rule_faults(made);
  IF broken IS NOT NULL THEN
    RAISE check_violation USING MESSAGE = broken;
  END IF;
  RETURN made;
END $$;
ALTER FUNCTION core.save_rules(jsonb, int) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.save_rules(jsonb, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.save_rules(jsonb, int) TO diaban_writer;

-- A unit does not end under a rule that goes on naming it: the vintage is refused until the rule has an end.
-- Deferred, because a unit that is only renamed ends and begins again within the transaction.
CREATE OR REPLACE FUNCTION core.unit_kept_for_rules() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  broken text;
BEGIN
  IF EXISTS (SELECT 1 FROM core.route_rule WHERE units @> ARRAY[OLD.unit_id]
                AND version = (SELECT max(version) FROM core.rule_set)) THEN
    SELECT string_agg(rule_id || ' names the unit ' || unit_id || ' beyond its life', '; ') INTO broken
      FROM core.rules_of_dissolved() WHERE unit_id = OLD.unit_id;
    IF broken IS NOT NULL THEN
      RAISE check_violation USING MESSAGE = broken;
    END IF;
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION core.unit_kept_for_rules() OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.unit_kept_for_rules() FROM PUBLIC;
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'core.admin_units'::regclass AND tgname = 'unit_kept_update') THEN
    CREATE CONSTRAINT TRIGGER unit_kept_update AFTER UPDATE ON core.admin_units DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW WHEN (OLD.valid_to IS DISTINCT FROM NEW.valid_to OR OLD.unit_id <> NEW.unit_id)
      EXECUTE FUNCTION core.unit_kept_for_rules();
    CREATE CONSTRAINT TRIGGER unit_kept_delete AFTER DELETE ON core.admin_units DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION core.unit_kept_for_rules();
  END IF;
END $$;

---------------------------------------------------------------------------------------------------- facts at a place
-- The nearest feature of a published layer within reach, and the nearest of each road class. Public rows only: what a
-- rule depends on, anyone may see. What goes wrong is an answer, for a rule must never be skipped in silence.
CREATE OR REPLACE FUNCTION pub.layer_near(
  layer_name text, place public.geometry, within_m double precision, on_day date
) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  described jsonb := (SELECT description FROM ops.layer WHERE name = layer_name);
  reach double precision := within_m / (110500 * cos(radians(ST_Y(place)))) + 1e-9;
  answer jsonb;
BEGIN
  IF described IS NULL THEN
    RETURN jsonb_build_object('error', format('%s: ?', layer_name));
  END IF;
  EXECUTE format(
    'SELECT jsonb_build_object(''distance_m'', min(metres), ''road_classes'',
              coalesce(jsonb_object_agg(class, metres) FILTER (WHERE class IS NOT NULL), ''{}''))
       FROM (SELECT %s AS class, min(core.metres_between($1, geom)) AS metres FROM pub.%I
              WHERE geom && ST_Expand($1, $2) AND ST_DWithin(geom, $1, $2) AND %s GROUP BY 1) AS near',
    CASE WHEN described @? '$.fields[*] ? (@.name == "road_class" && @.visible == "public")'
         THEN 'road_class' ELSE 'NULL::text' END,
    layer_name,
    CASE WHEN (described ->> 'valid_time')::boolean
         THEN '(valid_from IS NULL OR valid_from <= $3) AND (valid_to IS NULL OR valid_to > $3)' ELSE 'true' END)
  INTO answer USING place, reach, on_day;
  RETURN answer;
EXCEPTION WHEN undefined_table OR undefined_column OR datatype_mismatch THEN
  RETURN jsonb_build_object('error', format('%s: %s', layer_name, SQLERRM));
END $$;
ALTER FUNCTION pub.layer_near(text, public.geometry, double precision, date) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION pub.layer_near(text, public.geometry, double precision, date) FROM PUBLIC;

CREATE OR REPLACE FUNCTION core.route_units(
  lon double precision, lat double precision, on_day date, radius_m double precision, disc public.geometry
) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(
      'feature_id', u.id, 'unit_id', u.unit_id, 'code', u.code, 'name', u.name, 'kind', u.kind, 'level', u.level,
      'province_code', u.province_code, 'province_name', u.province_name, 'district_name', u.district_name,
      'area_km2', u.area_km2, 'population', u.population, 'valid_from', u.valid_from, 'valid_to', u.valid_to,
      'bbox', ARRAY[ST_XMin(box.b), ST_YMin(box.b), ST_XMax(box.b), ST_YMax(box.b)],
      'distance_m', near.distance_m, 'border_m', near.border_m, 'area_m2', near.area_m2,
      'share', (SELECT sum(ST_Area(ST_Intersection(part.geom, disc))) / ST_Area(disc) FROM core.admin_part AS part
                 WHERE disc IS NOT NULL AND part.feature_id = u.id AND part.geom && disc))), '[]')
    FROM pub.units_near(lon, lat, on_day, radius_m) AS near
    JOIN core.admin_units AS u ON u.id = near.feature_id,
         -- The box of the pieces' index would not be exact; the geometry's own is in its header.
         LATERAL (SELECT Box2D(u.geom) AS b) AS box);
END $$;
ALTER FUNCTION core.route_units(double precision, double precision, date, double precision, public.geometry)
  OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.route_units(double precision, double precision, date, double precision, public.geometry)
  FROM PUBLIC;

-- All that the router must know of a place, in one statement and so of one moment: no case sees two vintages.
CREATE OR REPLACE FUNCTION pub.route_facts(
  lon double precision, lat double precision, on_day date, event_day date, radius_m double precision,
  disc_wkt text, layers jsonb
) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  place geometry := ST_SetSRID(ST_MakePoint(lon, lat), 4326);
  disc geometry := CASE WHEN disc_wkt IS NOT NULL THEN ST_GeomFromText(disc_wkt, 4326) END;
BEGIN
  RETURN jsonb_build_object(
    'version', (SELECT max(version) FROM core.rule_set),
    'units', core.route_units(lon, lat, on_day, radius_m, disc),
    'then', CASE WHEN event_day <> on_day THEN core.route_units(lon, lat, event_day, radius_m, disc) END,
    'layers', (SELECT jsonb_object_agg(asked.key, pub.layer_near(asked.key, place, asked.value::double precision, on_day))
                 FROM jsonb_each_text(layers) AS asked));
END $$;
ALTER FUNCTION pub.route_facts(double precision, double precision, date, date, double precision, text, jsonb)
  OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION
  pub.route_facts(double precision, double precision, date, date, double precision, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  pub.route_facts(double precision, double precision, date, date, double precision, text, jsonb)
  TO diaban_public, diaban_reader, diaban_writer;

------------------------------------------------------------------------------------------------------------ decisions
-- kind: intake | handover | refusal | correction | merger | revert. handovers: how often people have passed the case
-- on since the operation centre last placed it. note: a person's reason.
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
  ADD COLUMN IF NOT EXISTS run bigint;
CREATE INDEX IF NOT EXISTS route_decision_triage ON core.route_decision (id) WHERE triage IS NOT NULL;
CREATE INDEX IF NOT EXISTS route_decision_latest ON core.route_decision (report_id, id DESC);

CREATE OR REPLACE FUNCTION core.store_decision(report bigint, decision jsonb) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  INSERT INTO core.route_decision (
    report_id, as_of, unit_id, unit_code, confidence, accuracy_m, candidates, boundaries, rule, rule_version,
    reason_vi, reason_en, actor, kind, body, body_title_vi, body_title_en, informed, triage, statistics_as_of,
    statistics_unit_id, statistics_unit_code, handovers, note, run)
  SELECT report, item.as_of, item.unit_id, item.unit_code, item.confidence, item.accuracy_m, decision -> 'candidates',
         item.boundaries, item.rule, item.rule_version, item.reason_vi, item.reason_en,
         coalesce(item.actor, auth.subject()), coalesce(item.kind, 'intake'), coalesce(item.body, 'ward'),
         item.body_title_vi, item.body_title_en, coalesce(item.informed, '{}'), item.triage, item.statistics_as_of,
         item.statistics_unit_id, item.statistics_unit_code, coalesce(item.handovers, 0), item.note, item.run
    FROM jsonb_to_record(decision) AS item(
      as_of date, unit_id text, unit_code text, confidence text, accuracy_m double precision, boundaries bigint[],
      rule text, rule_version int, reason_vi text, reason_en text, actor text, kind text, body text,
      body_title_vi text, body_title_en text, informed text[], triage text, statistics_as_of date,
      statistics_unit_id text, statistics_unit_code text, handovers int, note text, run bigint)
  RETURNING id
$$;
ALTER FUNCTION core.store_decision(bigint, jsonb) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.store_decision(bigint, jsonb) FROM PUBLIC;

-- Gives a case to another body: the row, the decision and exactly one event, whatever of the row changes. Rights are
-- asked by the callers below.
CREATE OR REPLACE FUNCTION core.place_case(report bigint, decision jsonb, new_status text, move jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  before core.reports;
  chosen text := decision ->> 'unit_code';
  kept_ward boolean := decision ->> 'triage' IS NOT NULL;  -- until someone decides, the sender sees the former ward
BEGIN
  SELECT * INTO STRICT before FROM core.reports WHERE id = report FOR UPDATE;
  UPDATE core.reports SET
      unit = chosen, status = new_status,
      ward_code = CASE WHEN kept_ward THEN ward_code ELSE chosen END,
      ward_name = CASE WHEN kept_ward THEN ward_name ELSE decision ->> 'unit_name' END,
      category = coalesce(move ->> 'category', category), h3_9 = coalesce(move ->> 'h3_9', h3_9),
      geom = CASE WHEN move ? 'lon' THEN ST_SetSRID(ST_MakePoint((move ->> 'lon')::float8, (move ->> 'lat')::float8), 4326)
             ELSE geom END
    WHERE id = report;
  IF before.unit IS NOT DISTINCT FROM chosen AND before.status = new_status THEN
    -- The history's trigger sees units and states only; a code that was given to another unit looks unchanged.
    INSERT INTO core.report_event (report_id, at, status, unit, actor)
    VALUES (report, now(), new_status, chosen, coalesce(decision ->> 'actor', auth.subject()));
  END IF;
  RETURN core.store_decision(report, decision);
END $$;
ALTER FUNCTION core.place_case(bigint, jsonb, text, jsonb) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.place_case(bigint, jsonb, text, jsonb) FROM PUBLIC;

-- The door of staff: the operation centre, or the unit that has the case.
CREATE OR REPLACE FUNCTION core.hand_over(report bigint, decision jsonb, new_status text, move jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM core.reports WHERE id = report AND (
       auth.clearance() = 2 OR (auth.clearance() = 1 AND unit = ANY (auth.units())))) THEN
    RAISE insufficient_privilege USING MESSAGE = 'no right to this case';
  END IF;
  RETURN core.place_case(report, decision - 'actor', new_status, move);
END $$;
ALTER FUNCTION core.hand_over(bigint, jsonb, text, jsonb) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.hand_over(bigint, jsonb, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.hand_over(bigint, jsonb, text, jsonb) TO diaban_writer;

-- A case is open until nobody has to do anything about it. The reader's own policies hold in these views.
CREATE OR REPLACE VIEW core.current_route WITH (security_invoker = true) AS
  SELECT DISTINCT ON (report_id) * FROM core.route_decision ORDER BY report_id, id DESC;
CREATE OR REPLACE VIEW core.triage WITH (security_invoker = true) AS
  SELECT report.id AS report_id, report.code, report.category, report.status, report.received_at,
         ST_X(report.geom) AS lon, ST_Y(report.geom) AS lat, report.accuracy_m, report.text,
         decision.id AS decision_id, decision.at AS since, decision.kind, decision.triage, decision.confidence,
         decision.reason_vi, decision.reason_en, decision.note, decision.candidates
    FROM core.reports AS report
    JOIN LATERAL (SELECT * FROM core.route_decision AS latest WHERE latest.report_id = report.id
                   ORDER BY latest.id DESC LIMIT 1) AS decision ON decision.triage IS NOT NULL
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

----------------------------------------------------------------------------------------------------------- the merger
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

-- Applies the next cases of a plan; how many of them. Each is done once, and only if nobody acted on it since.
CREATE OR REPLACE FUNCTION core.reroute_apply(wanted bigint, batch int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  item record;
  report core.reports;
  latest bigint;
  done int := 0;
  made bigint;
BEGIN
  FOR item IN SELECT * FROM core.reroute_item WHERE run = wanted AND outcome <> 'unchanged'
                 AND applied_at IS NULL AND skipped IS NULL ORDER BY report_id LIMIT batch FOR UPDATE SKIP LOCKED LOOP
    done := done + 1;
    SELECT * INTO report FROM core.reports WHERE id = item.report_id FOR UPDATE;
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
  report core.reports;
  done int := 0;
BEGIN
  FOR item IN SELECT * FROM core.reroute_item WHERE run = wanted AND applied_at IS NOT NULL
                 AND reverted_at IS NULL AND skipped IS NULL ORDER BY report_id LIMIT batch FOR UPDATE SKIP LOCKED LOOP
    done := done + 1;
    SELECT * INTO report FROM core.reports WHERE id = item.report_id FOR UPDATE;
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

-- One digest for each body and one message for each reporter of a run that is applied; may run again.
CREATE OR REPLACE FUNCTION core.reroute_messages(wanted bigint) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  WITH moved AS (
    SELECT report.code, item.outcome, item.from_unit, decision.*,
           decision.body || coalesce(':' || CASE WHEN body.per_unit THEN decision.unit_id END, '') AS inbox
      FROM core.reroute_item AS item JOIN core.route_decision AS decision ON decision.id = item.applied_as
      JOIN core.reports AS report ON report.id = item.report_id JOIN core.body AS body ON body.id = decision.body
     WHERE item.run = wanted AND item.reverted_at IS NULL
  ), messages AS (
    SELECT 'digest' AS kind, inbox AS recipient, jsonb_build_object(
             'body_vi', min(body_title_vi), 'body_en', min(body_title_en), 'cases', count(*),
             'codes', jsonb_agg(code ORDER BY code)) AS payload FROM moved GROUP BY inbox
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

----------------------------------------------------------------------------------------------------------- statistics
-- Reports by unit, as reported (vintage NULL: the unit of the place on the day of the event, as it was decided) or
-- re-based to the units of another day, by point. Under the caller's own policies; nothing is rewritten.
CREATE OR REPLACE FUNCTION core.reports_by_unit(from_at timestamptz, to_at timestamptz, vintage date DEFAULT NULL)
RETURNS TABLE (unit_id text, code text, name text, reports bigint, incidents bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  WITH counted AS (
    SELECT report.incident_code, report.id,
           CASE WHEN vintage IS NULL THEN coalesce(
             (SELECT unit.id FROM core.admin_units AS unit WHERE unit.unit_id = first.statistics_unit_id
                 AND daterange(unit.valid_from, unit.valid_to) @> first.statistics_as_of ORDER BY unit.id LIMIT 1),
             pub.unit_at(report.geom, (coalesce(report.occurred_at, report.received_at)
                                       AT TIME ZONE 'Asia/Ho_Chi_Minh')::date))
           ELSE pub.unit_at(report.geom, vintage) END AS feature_id
      FROM core.reports AS report
      LEFT JOIN LATERAL (SELECT decision.statistics_unit_id, decision.statistics_as_of
                           FROM core.route_decision AS decision WHERE decision.report_id = report.id
                          ORDER BY decision.id LIMIT 1) AS first ON true
     WHERE report.received_at >= from_at AND report.received_at < to_at)
  SELECT unit.unit_id, unit.code, unit.name, count(*),
         count(DISTINCT coalesce(counted.incident_code, counted.id::text))
    FROM counted LEFT JOIN core.admin_units AS unit ON unit.id = counted.feature_id
   GROUP BY unit.id, unit.unit_id, unit.code, unit.name ORDER BY count(*) DESC, unit.unit_id
$$;
ALTER FUNCTION core.reports_by_unit(timestamptz, timestamptz, date) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.reports_by_unit(timestamptz, timestamptz, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.reports_by_unit(timestamptz, timestamptz, date) TO diaban_reader, diaban_writer;
