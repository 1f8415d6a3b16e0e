-- Bodies that act, rule sets and their versions, what the database itself refuses of them.

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
