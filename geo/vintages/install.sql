-- Vintages: units of a day that wait until they are made real. May run again on a database that has it already.
-- They wait in tables of their own, which no door reads and no role may read.

CREATE TABLE IF NOT EXISTS core.admin_vintage (
  vintage_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  state text NOT NULL DEFAULT 'staged' CHECK (state IN ('staged', 'active', 'reverted')),
  valid_from date NOT NULL,
  valid_to date CHECK (valid_to > valid_from),
  legal_ref text NOT NULL,
  source text NOT NULL,               -- names and SHA-256 of the files
  options jsonb NOT NULL,             -- scope and tolerances under which it was checked
  report jsonb NOT NULL,
  possible boolean NOT NULL,          -- whether the report lets it be activated
  fingerprint text NOT NULL,          -- of the units that it was checked against
  staged_at timestamptz NOT NULL DEFAULT now(), staged_by text NOT NULL,
  activated_at timestamptz, activated_by text,
  reverted_at timestamptz, reverted_by text
);

-- A vintage that waits. action: new (its identity too), version (the unit goes on), replace (a record was wrong).
CREATE TABLE IF NOT EXISTS core.staged_unit (
  vintage_id int NOT NULL REFERENCES core.admin_vintage ON DELETE CASCADE,
  unit_id text NOT NULL,
  action text NOT NULL CHECK (action IN ('new', 'version', 'replace')),
  feature_id bigint,                 -- the version that is replaced
  code text NOT NULL, name text NOT NULL, kind text NOT NULL, level int NOT NULL,
  province_code text NOT NULL, province_name text, district_name text, area_km2 double precision, population int,
  aliases text[] NOT NULL DEFAULT '{}',
  geom public.geometry(MultiPolygon, 4326) NOT NULL,
  PRIMARY KEY (vintage_id, unit_id)
);
ALTER TABLE core.staged_unit ADD COLUMN IF NOT EXISTS area_m2 double precision;
-- Their pieces, cut while nobody waits: cutting 3,300 wards takes the database minutes.
CREATE TABLE IF NOT EXISTS core.staged_part (
  vintage_id int NOT NULL REFERENCES core.admin_vintage ON DELETE CASCADE,
  unit_id text NOT NULL,
  geom public.geometry(Polygon, 4326) NOT NULL
);
CREATE INDEX IF NOT EXISTS staged_part_unit ON core.staged_part (vintage_id, unit_id);
-- Versions that end when it becomes real: closed at its first day, or removed where they never should have been.
CREATE TABLE IF NOT EXISTS core.staged_end (
  vintage_id int NOT NULL REFERENCES core.admin_vintage ON DELETE CASCADE,
  feature_id bigint NOT NULL,
  action text NOT NULL CHECK (action IN ('close', 'remove')),
  PRIMARY KEY (vintage_id, feature_id)
);
CREATE TABLE IF NOT EXISTS core.staged_succession (
  vintage_id int NOT NULL REFERENCES core.admin_vintage ON DELETE CASCADE,
  from_unit text NOT NULL, to_unit text NOT NULL, kind text NOT NULL,
  share_area double precision, share_pop double precision,
  PRIMARY KEY (vintage_id, from_unit, to_unit)
);
CREATE TABLE IF NOT EXISTS core.staged_province (
  vintage_id int NOT NULL REFERENCES core.admin_vintage ON DELETE CASCADE,
  province_code text NOT NULL,
  province_name text,
  area_km2 double precision NOT NULL,
  geom public.geometry(MultiPolygon, 4326),  -- NULL: no ward of this province is left
  PRIMARY KEY (vintage_id, province_code)
);
-- What an activation changed, so that it can be undone exactly. former: the row as it was, NULL for a new one.
CREATE TABLE IF NOT EXISTS core.vintage_undo (
  vintage_id int NOT NULL REFERENCES core.admin_vintage,
  what text NOT NULL CHECK (what IN ('unit', 'province')),
  key text NOT NULL,
  former jsonb,
  geom public.geometry(MultiPolygon, 4326),
  PRIMARY KEY (vintage_id, what, key)
);


-- What a vintage was checked against: units in force the day before, and later ones.
CREATE OR REPLACE FUNCTION core.units_fingerprint(day date) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT md5(coalesce(string_agg(concat_ws('|', id, valid_from - date '2000-01-01', valid_to - date '2000-01-01',
                                           extract(epoch FROM updated_at)), ',' ORDER BY id), ''))
    FROM core.admin_units WHERE valid_to IS NULL OR valid_to >= day
$$;

-- How far an activation is, for whoever waits: a share and a word.
CREATE OR REPLACE FUNCTION core.vintage_tell(share text, word text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE NOTICE USING MESSAGE = share || ' ' || word, HINT = 'diaban.progress';
END $$;

CREATE OR REPLACE FUNCTION core.vintage_begin(vintage core.admin_vintage, actor text, source text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  PERFORM set_config('diaban.vintage', vintage.vintage_id::text, true), set_config('diaban.recorded_by', actor, true),
          set_config('diaban.source', source, true);
  SET CONSTRAINTS core.admin_units_one_version, core.admin_units_one_code, core.admin_province_one DEFERRED;
END $$;

-- Rows as they are before a vintage changes them; shapes only of those that it overwrites or removes.
CREATE OR REPLACE FUNCTION core.vintage_remember(wanted int, features bigint[], shapes boolean) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, public AS $$
  INSERT INTO core.vintage_undo (vintage_id, what, key, former, geom)
  SELECT wanted, 'unit', id::text,
         jsonb_build_object('visibility', visibility, 'unit', unit, 'valid_from', valid_from, 'valid_to', valid_to,
           'unit_id', unit_id, 'code', code, 'name', name, 'kind', kind, 'level', level,
           'province_code', province_code, 'province_name', province_name, 'district_name', district_name,
           'area_km2', area_km2, 'population', population, 'created_at', created_at),
         CASE WHEN shapes THEN geom END
    FROM core.admin_units WHERE id = ANY (features)
$$;

CREATE OR REPLACE FUNCTION core.vintage_units(v core.admin_vintage) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
  closing bigint[] := ARRAY(SELECT feature_id FROM core.staged_end WHERE vintage_id = v.vintage_id AND action = 'close');
  removed bigint[] := ARRAY(SELECT feature_id FROM core.staged_end WHERE vintage_id = v.vintage_id AND action = 'remove');
  replaced bigint[] := ARRAY(SELECT feature_id FROM core.staged_unit
                              WHERE vintage_id = v.vintage_id AND action = 'replace');
BEGIN
  PERFORM core.vintage_tell('0.02', 'kết thúc đơn vị cũ · former units end');
  PERFORM core.vintage_remember(v.vintage_id, closing, false),
          core.vintage_remember(v.vintage_id, removed || replaced, true);
  UPDATE core.admin_units SET valid_to = v.valid_from WHERE id = ANY (closing);
  DELETE FROM core.admin_units WHERE id = ANY (removed);
  UPDATE core.admin_units AS unit
     SET code = s.code, name = s.name, kind = s.kind, level = s.level, province_code = s.province_code,
         province_name = s.province_name, district_name = s.district_name, area_km2 = s.area_km2,
         population = s.population, unit = s.code, geom = s.geom
    FROM core.staged_unit AS s
   WHERE s.vintage_id = v.vintage_id AND s.action = 'replace' AND unit.id = s.feature_id;
  PERFORM core.vintage_tell('0.15', 'thêm đơn vị mới · new units'), set_config('diaban.pieces', 'brought', true);
  WITH added AS (
    INSERT INTO core.admin_units (unit_id, code, name, kind, level, province_code, province_name, district_name,
                                  area_km2, population, unit, valid_from, valid_to, geom)
    SELECT unit_id, code, name, kind, level, province_code, province_name, district_name, area_km2, population, code,
           v.valid_from, v.valid_to, geom
      FROM core.staged_unit WHERE vintage_id = v.vintage_id AND action <> 'replace' ORDER BY code
    RETURNING id
  )
  INSERT INTO core.vintage_undo (vintage_id, what, key) SELECT v.vintage_id, 'unit', id::text FROM added;
  PERFORM core.vintage_tell('0.6', 'mảnh để tra cứu · pieces for lookup'), set_config('diaban.pieces', '', true);
  PERFORM core.vintage_pieces(v);
END $$;

-- The pieces and areas of the units that were just added; cut now where they were staged without.
CREATE OR REPLACE FUNCTION core.vintage_pieces(v core.admin_vintage) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
  added bigint[] := ARRAY(SELECT key::bigint FROM core.vintage_undo
                           WHERE vintage_id = v.vintage_id AND what = 'unit' AND former IS NULL);
BEGIN
  INSERT INTO core.admin_area (feature_id, area_m2)
  SELECT unit.id, staged.area_m2 FROM core.admin_units AS unit JOIN core.staged_unit AS staged USING (unit_id)
   WHERE unit.id = ANY (added) AND staged.vintage_id = v.vintage_id AND staged.area_m2 IS NOT NULL;
  INSERT INTO core.admin_part (feature_id, valid, geom)
  SELECT unit.id, daterange(v.valid_from, v.valid_to), part.geom
    FROM core.admin_units AS unit JOIN core.staged_part AS part USING (unit_id)
   WHERE unit.id = ANY (added) AND part.vintage_id = v.vintage_id;
  PERFORM core.admin_part_add(ARRAY(
    SELECT id FROM unnest(added) AS id WHERE NOT EXISTS (SELECT 1 FROM core.admin_area WHERE feature_id = id)));
END $$;

CREATE OR REPLACE FUNCTION core.vintage_successions(v core.admin_vintage) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE moment timestamptz := clock_timestamp();
BEGIN
  -- A correction brings its own table for the day that it corrects.
  UPDATE core.admin_succession AS old SET recorded = tstzrange(lower(recorded), moment), closed_by = v.vintage_id
   WHERE effective = v.valid_from AND upper_inf(recorded)
     AND EXISTS (SELECT 1 FROM core.staged_succession AS s
                  WHERE s.vintage_id = v.vintage_id AND (s.from_unit = old.from_unit OR s.to_unit = old.to_unit));
  INSERT INTO core.admin_succession (from_unit, to_unit, effective, kind, share_area, share_pop, legal_ref, source,
                                     vintage_id, recorded)
  SELECT from_unit, to_unit, v.valid_from, kind, share_area, share_pop, v.legal_ref, v.source, v.vintage_id,
         tstzrange(moment, NULL)
    FROM core.staged_succession WHERE vintage_id = v.vintage_id;
  INSERT INTO core.admin_alias (unit_id, name, vintage_id)
  SELECT unit_id, alias, v.vintage_id FROM core.staged_unit, unnest(aliases) AS alias WHERE vintage_id = v.vintage_id
  ON CONFLICT DO NOTHING;
END $$;

CREATE OR REPLACE FUNCTION core.vintage_provinces(v core.admin_vintage) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  INSERT INTO core.vintage_undo (vintage_id, what, key, former, geom)
  SELECT v.vintage_id, 'province', p.province_code || lower(p.valid),
         jsonb_build_object('province_code', p.province_code, 'province_name', p.province_name, 'valid', p.valid,
                            'area_km2', p.area_km2, 'vintage_id', p.vintage_id), p.geom
    FROM core.admin_province AS p JOIN core.staged_province AS s USING (province_code)
   WHERE s.vintage_id = v.vintage_id AND p.valid && daterange(v.valid_from, v.valid_to);
  DELETE FROM core.admin_province AS p USING core.staged_province AS s
   WHERE s.vintage_id = v.vintage_id AND p.province_code = s.province_code AND lower(p.valid) >= v.valid_from
     AND p.valid && daterange(v.valid_from, v.valid_to);
  UPDATE core.admin_province AS p SET valid = daterange(lower(p.valid), v.valid_from) FROM core.staged_province AS s
   WHERE s.vintage_id = v.vintage_id AND p.province_code = s.province_code AND p.valid @> v.valid_from;
  INSERT INTO core.admin_province (province_code, province_name, valid, area_km2, vintage_id, geom)
  SELECT province_code, province_name, daterange(v.valid_from, v.valid_to), area_km2, v.vintage_id, geom
    FROM core.staged_province WHERE vintage_id = v.vintage_id AND geom IS NOT NULL;
END $$;

-- Make a vintage real; 'done', or why not: 'unknown', 'not_staged', 'not_possible', 'outdated'.
-- One transaction: questions see the units before it or after it, never a mixture. They are not held up meanwhile.
CREATE OR REPLACE FUNCTION core.activate_vintage(wanted int, actor text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE v core.admin_vintage;
BEGIN
  LOCK TABLE core.admin_units IN SHARE ROW EXCLUSIVE MODE;  -- no other edit of units; reading goes on
  SELECT * INTO v FROM core.admin_vintage WHERE vintage_id = wanted FOR UPDATE;
  IF v.vintage_id IS NULL THEN RETURN 'unknown'; END IF;
  IF v.state <> 'staged' THEN RETURN 'not_staged'; END IF;
  IF NOT v.possible THEN RETURN 'not_possible'; END IF;
  IF v.fingerprint <> core.units_fingerprint(v.valid_from) THEN RETURN 'outdated'; END IF;
  PERFORM core.vintage_begin(v, actor, v.source);
  PERFORM core.vintage_units(v);
  PERFORM core.vintage_tell('0.85', 'kế thừa, tỉnh · successions, provinces');
  PERFORM core.vintage_successions(v);
  PERFORM core.vintage_provinces(v);
  DELETE FROM core.staged_part WHERE vintage_id = wanted;
  DELETE FROM core.staged_unit WHERE vintage_id = wanted;
  DELETE FROM core.staged_end WHERE vintage_id = wanted;
  DELETE FROM core.staged_succession WHERE vintage_id = wanted;
  DELETE FROM core.staged_province WHERE vintage_id = wanted;
  UPDATE core.admin_vintage SET state = 'active', activated_at = now(), activated_by = actor WHERE vintage_id = wanted;
  SET CONSTRAINTS ALL IMMEDIATE;
  RETURN 'done';
END $$;

-- Whether somebody changed since what a vintage changed; a later vintage that was reverted did not.
CREATE OR REPLACE FUNCTION core.vintage_overtaken(wanted int) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT EXISTS (
    SELECT 1 FROM core.vintage_undo AS undo
      LEFT JOIN core.admin_record AS record ON record.feature_id = undo.key::bigint AND upper_inf(record.recorded)
      LEFT JOIN core.admin_vintage AS later ON later.vintage_id = record.vintage_id
     WHERE undo.vintage_id = wanted AND undo.what = 'unit'
       AND NOT (CASE WHEN record.feature_id IS NULL THEN undo.former IS NOT NULL AND undo.geom IS NOT NULL
                     ELSE later.vintage_id IS NOT DISTINCT FROM wanted OR coalesce(later.state = 'reverted', false) END))
$$;

-- Undo an activation: rows as they were, identities and former records kept. 'done', 'unknown', 'not_active', 'overtaken'.
CREATE OR REPLACE FUNCTION core.revert_vintage(wanted int, actor text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
  v core.admin_vintage;
  moment timestamptz := clock_timestamp();
BEGIN
  LOCK TABLE core.admin_units IN SHARE ROW EXCLUSIVE MODE;
  SELECT * INTO v FROM core.admin_vintage WHERE vintage_id = wanted FOR UPDATE;
  IF v.vintage_id IS NULL THEN RETURN 'unknown'; END IF;
  IF v.state <> 'active' THEN RETURN 'not_active'; END IF;
  IF core.vintage_overtaken(wanted) THEN RETURN 'overtaken'; END IF;
  PERFORM core.vintage_begin(v, actor, 'revert: ' || v.source);
  DELETE FROM core.admin_units WHERE id IN
    (SELECT key::bigint FROM core.vintage_undo WHERE vintage_id = wanted AND what = 'unit' AND former IS NULL);
  UPDATE core.admin_units AS unit
     SET valid_from = f.valid_from, valid_to = f.valid_to, code = f.code, name = f.name, kind = f.kind, level = f.level,
         province_code = f.province_code, province_name = f.province_name, district_name = f.district_name,
         area_km2 = f.area_km2, population = f.population, unit = f.unit, geom = coalesce(undo.geom, unit.geom)
    FROM core.vintage_undo AS undo, jsonb_populate_record(NULL::core.admin_units, undo.former) AS f
   WHERE undo.vintage_id = wanted AND undo.what = 'unit' AND undo.former IS NOT NULL AND unit.id = undo.key::bigint;
  INSERT INTO core.admin_units (id, visibility, unit, valid_from, valid_to, unit_id, code, name, kind, level,
                                province_code, province_name, district_name, area_km2, population, created_at, geom)
  SELECT undo.key::bigint, f.visibility, f.unit, f.valid_from, f.valid_to, f.unit_id, f.code, f.name, f.kind, f.level,
         f.province_code, f.province_name, f.district_name, f.area_km2, f.population, f.created_at, undo.geom
    FROM core.vintage_undo AS undo, jsonb_populate_record(NULL::core.admin_units, undo.former) AS f
   WHERE undo.vintage_id = wanted AND undo.what = 'unit' AND undo.former IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM core.admin_units AS unit WHERE unit.id = undo.key::bigint);
  UPDATE core.admin_succession SET recorded = tstzrange(lower(recorded), moment), closed_by = wanted
   WHERE vintage_id = wanted AND upper_inf(recorded);
  -- What a correction took back holds again, recorded anew: that it did not hold for a while stays on record.
  INSERT INTO core.admin_succession (from_unit, to_unit, effective, kind, share_area, share_pop, legal_ref, source,
                                     vintage_id, recorded)
  SELECT from_unit, to_unit, effective, kind, share_area, share_pop, legal_ref, source, vintage_id,
         tstzrange(moment, NULL)
    FROM core.admin_succession WHERE closed_by = wanted AND vintage_id IS DISTINCT FROM wanted;
  DELETE FROM core.admin_alias WHERE vintage_id = wanted;
  DELETE FROM core.admin_province WHERE vintage_id = wanted;
  DELETE FROM core.admin_province AS p USING core.vintage_undo AS undo
   WHERE undo.vintage_id = wanted AND undo.what = 'province' AND p.province_code = undo.former ->> 'province_code'
     AND p.valid && (undo.former ->> 'valid')::daterange;
  INSERT INTO core.admin_province (province_code, province_name, valid, area_km2, vintage_id, geom)
  SELECT former ->> 'province_code', former ->> 'province_name', (former ->> 'valid')::daterange,
         (former ->> 'area_km2')::float8, (former ->> 'vintage_id')::int, geom
    FROM core.vintage_undo WHERE vintage_id = wanted AND what = 'province';
  DELETE FROM core.vintage_undo WHERE vintage_id = wanted;
  UPDATE core.admin_vintage SET state = 'reverted', reverted_at = now(), reverted_by = actor WHERE vintage_id = wanted;
  SET CONSTRAINTS ALL IMMEDIATE;
  RETURN 'done';
END $$;

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['admin_vintage', 'staged_unit', 'staged_part', 'staged_end', 'staged_succession', 'staged_province',
      'vintage_undo'] LOOP
    EXECUTE format('ALTER TABLE core.%I OWNER TO diaban_owner', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['units_fingerprint(date)', 'vintage_begin(core.admin_vintage, text, text)',
      'vintage_remember(int, bigint[], boolean)', 'vintage_units(core.admin_vintage)',
      'vintage_pieces(core.admin_vintage)', 'vintage_tell(text, text)',
      'vintage_successions(core.admin_vintage)', 'vintage_provinces(core.admin_vintage)', 'activate_vintage(int, text)',
      'vintage_overtaken(int)', 'revert_vintage(int, text)'] LOOP
    EXECUTE format('ALTER FUNCTION core.%s OWNER TO diaban_owner', name);
    EXECUTE format('REVOKE EXECUTE ON FUNCTION core.%s FROM PUBLIC', name);
  END LOOP;
END $$;
