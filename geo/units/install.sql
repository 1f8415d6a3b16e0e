-- Lookup of administrative units by place and day. May run again on a database that has it already.
-- Everything belongs to diaban_owner; the functions stand in pub, for the units are public in whole and
-- anonymous callers have no way into core.

-- core.admin_part: the units cut into pieces of at most 64 vertices. A ward has thousands of vertices; asking
-- its pieces is 1.5 times as fast in bulk and far steadier. Cuts are not borders: an answer is a unit, never a piece.
CREATE TABLE IF NOT EXISTS core.admin_part (
  feature_id bigint NOT NULL,
  valid daterange NOT NULL,
  geom public.geometry(Polygon, 4326) NOT NULL
);
CREATE INDEX IF NOT EXISTS admin_part_place ON core.admin_part USING gist (geom, valid);
CREATE INDEX IF NOT EXISTS admin_part_feature ON core.admin_part (feature_id);
ALTER TABLE core.admin_part OWNER TO diaban_owner;

-- Geodesic area of a unit, the first tie-break; taken once, not at each question.
CREATE TABLE IF NOT EXISTS core.admin_area (
  feature_id bigint PRIMARY KEY,
  area_m2 double precision NOT NULL
);
ALTER TABLE core.admin_area OWNER TO diaban_owner;

CREATE OR REPLACE FUNCTION core.admin_part_add(features bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  INSERT INTO core.admin_part (feature_id, valid, geom)
  SELECT unit.id, daterange(unit.valid_from, unit.valid_to), piece.geom
    FROM core.admin_units AS unit, LATERAL ST_Subdivide(unit.geom, 64) AS cut(geom),
         LATERAL (SELECT (ST_Dump(ST_CollectionExtract(cut.geom, 3))).geom) AS piece
   WHERE unit.id = ANY (features) AND unit.visibility = 0;
  INSERT INTO core.admin_area (feature_id, area_m2)
  SELECT id, ST_Area(geom::geography) FROM core.admin_units WHERE id = ANY (features) AND visibility = 0;
$$;
ALTER FUNCTION core.admin_part_add(bigint[]) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.admin_part_add(bigint[]) FROM PUBLIC;

-- Kept by the editing transaction: a question sees units and pieces of one and the same moment. A unit that only ends
-- or begins on another day keeps its pieces. diaban.pieces = 'brought': who inserts brings pieces and areas along.
CREATE OR REPLACE FUNCTION core.admin_part_keep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  redrawn bigint[];
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    TRUNCATE core.admin_part, core.admin_area;
    RETURN NULL;
  ELSIF TG_OP = 'DELETE' THEN
    DELETE FROM core.admin_part WHERE feature_id IN (SELECT id FROM old_rows);
    DELETE FROM core.admin_area WHERE feature_id IN (SELECT id FROM old_rows);
    RETURN NULL;
  ELSIF TG_OP = 'INSERT' THEN
    IF coalesce(current_setting('diaban.pieces', true), '') <> 'brought' THEN
      PERFORM core.admin_part_add(ARRAY(SELECT id FROM new_rows));
    END IF;
    RETURN NULL;
  END IF;
  redrawn := ARRAY(SELECT made.id FROM new_rows AS made JOIN old_rows AS was USING (id)
                    WHERE was.visibility <> made.visibility OR NOT ST_OrderingEquals(was.geom, made.geom));
  DELETE FROM core.admin_part WHERE feature_id = ANY (redrawn);
  DELETE FROM core.admin_area WHERE feature_id = ANY (redrawn);
  UPDATE core.admin_part AS part SET valid = daterange(made.valid_from, made.valid_to)
    FROM new_rows AS made JOIN old_rows AS was USING (id)
   WHERE part.feature_id = made.id AND made.id <> ALL (redrawn)
     AND (was.valid_from, was.valid_to) IS DISTINCT FROM (made.valid_from, made.valid_to);
  PERFORM core.admin_part_add(redrawn);
  RETURN NULL;
END $$;
ALTER FUNCTION core.admin_part_keep() OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.admin_part_keep() FROM PUBLIC;

CREATE OR REPLACE TRIGGER admin_part_insert AFTER INSERT ON core.admin_units
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION core.admin_part_keep();
CREATE OR REPLACE TRIGGER admin_part_update AFTER UPDATE ON core.admin_units
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION core.admin_part_keep();
CREATE OR REPLACE TRIGGER admin_part_delete AFTER DELETE ON core.admin_units
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION core.admin_part_keep();
CREATE OR REPLACE TRIGGER admin_part_truncate AFTER TRUNCATE ON core.admin_units
  FOR EACH STATEMENT EXECUTE FUNCTION core.admin_part_keep();

-- Units that were there before this file ran for the first time.
DO $$ BEGIN
  PERFORM core.admin_part_add(ARRAY(
    SELECT id FROM core.admin_units AS unit
     WHERE NOT EXISTS (SELECT 1 FROM core.admin_area AS area WHERE area.feature_id = unit.id)));
END $$;

-- Metres from a point to a geometry. The nearest point is found in the plane (degrees, longitudes shortened by the
-- latitude's cosine), the distance to it on the ellipsoid. Not geography throughout: there an edge of 10 km is a
-- geodesic and lies up to half a metre from the straight line that the polygons, their cuts and ST_Covers mean.
CREATE OR REPLACE FUNCTION core.metres_between(place public.geometry, other public.geometry)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public AS $$
  SELECT ST_Distance(place::geography, ST_SetSRID(ST_MakePoint(ST_X(near) / shrink, ST_Y(near)), 4326)::geography)
    FROM (SELECT shrink, ST_ClosestPoint(ST_Scale(other, shrink, 1), ST_Scale(place, shrink, 1)) AS near
            FROM (SELECT cos(radians(ST_Y(place))) AS shrink) AS latitude) AS plane
$$;
ALTER FUNCTION core.metres_between(public.geometry, public.geometry) OWNER TO diaban_owner;

-- Units valid on a day that cover a place (distance_m = 0, border included) or lie within radius_m of it.
-- On the border means within 1e-9 degrees (0.1 mm): cutting moves a border by the last bit of a coordinate, and a
-- place exactly on the border of two units must not fall between them.
CREATE OR REPLACE FUNCTION pub.units_near(
  lon double precision, lat double precision, on_day date, radius_m double precision
) RETURNS TABLE (feature_id bigint, distance_m double precision, border_m double precision, area_m2 double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  on_border CONSTANT double precision := 1e-9;
  place geometry := ST_SetSRID(ST_MakePoint(lon, lat), 4326);
  -- The degrees that hold radius_m in either direction; a degree of latitude is at least 110,574 m.
  reach double precision := radius_m / (110500 * cos(radians(lat))) + on_border;
BEGIN
  IF NOT (abs(lat) <= 80 AND abs(lon) <= 180 AND radius_m BETWEEN 0 AND 100000) THEN
    RETURN;  -- polar regions, NaN and infinities: no unit there
  END IF;
  RETURN QUERY
    WITH near AS (
      SELECT part.feature_id, min(ST_Distance(part.geom, place)) AS degrees,
             min(core.metres_between(place, part.geom)) AS metres
        FROM core.admin_part AS part
       WHERE part.geom && ST_Expand(place, reach) AND part.valid @> on_day
         AND ST_DWithin(part.geom, place, reach)
       GROUP BY part.feature_id
    )
    SELECT near.feature_id, CASE WHEN near.degrees <= on_border THEN 0 ELSE near.metres END,
           core.metres_between(place, ST_Boundary(unit.geom)), area.area_m2
      FROM near JOIN core.admin_units AS unit ON unit.id = near.feature_id
           JOIN core.admin_area AS area ON area.feature_id = near.feature_id
     WHERE near.degrees <= on_border OR near.metres <= radius_m;
END $$;
ALTER FUNCTION pub.units_near(double precision, double precision, date, double precision) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION pub.units_near(double precision, double precision, date, double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pub.units_near(double precision, double precision, date, double precision)
  TO diaban_public, diaban_reader, diaban_writer;

-- Units through time: two times, valid (what the law says, in days) and recorded (when we learned it).

-- One version of a unit at a time; one unit per code and level at a time. Deferrable: a correction may swap codes.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'admin_units_one_version') THEN
    ALTER TABLE core.admin_units
      ADD CONSTRAINT admin_units_one_version
        EXCLUDE USING gist (unit_id WITH =, daterange(valid_from, valid_to) WITH &&) DEFERRABLE,
      ADD CONSTRAINT admin_units_one_code
        EXCLUDE USING gist (code WITH =, level WITH =, daterange(valid_from, valid_to) WITH &&) DEFERRABLE;
  END IF;
END $$;

-- What was recorded of each version, from when to when, by whom, from which file. geom is NULL while the shape is
-- that of the next record of the version, or of the version itself: shapes are stored once.
CREATE TABLE IF NOT EXISTS core.admin_record (
  record_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  feature_id bigint NOT NULL,
  recorded tstzrange NOT NULL,
  recorded_by text NOT NULL,
  source text,
  vintage_id int,
  unit_id text NOT NULL, code text NOT NULL, name text NOT NULL, kind text NOT NULL, level int NOT NULL,
  province_code text NOT NULL, province_name text, district_name text, area_km2 double precision, population int,
  valid daterange NOT NULL,
  geom public.geometry(MultiPolygon, 4326),
  CONSTRAINT admin_record_one EXCLUDE USING gist (feature_id WITH =, recorded WITH &&)
);
CREATE INDEX IF NOT EXISTS admin_record_place ON core.admin_record USING gist (geom) WHERE geom IS NOT NULL;
CREATE INDEX IF NOT EXISTS admin_record_unit ON core.admin_record (unit_id);

-- An identity, once given, is never given to another unit, whatever becomes of its rows.
CREATE TABLE IF NOT EXISTS core.admin_identity (
  unit_id text PRIMARY KEY,
  given_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS core.admin_succession (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  from_unit text NOT NULL,
  to_unit text NOT NULL,
  effective date NOT NULL,
  kind text NOT NULL CHECK (kind IN ('rename', 'whole', 'part', 'boundary_shift', 'promotion')),
  share_area double precision CHECK (share_area BETWEEN 0 AND 1),
  share_pop double precision CHECK (share_pop BETWEEN 0 AND 1),
  legal_ref text NOT NULL,
  source text,
  vintage_id int,
  recorded tstzrange NOT NULL DEFAULT tstzrange(clock_timestamp(), NULL),
  closed_by int,                     -- the vintage that took it back
  CONSTRAINT admin_succession_one
    EXCLUDE USING gist (from_unit WITH =, to_unit WITH =, effective WITH =, recorded WITH &&)
);
CREATE INDEX IF NOT EXISTS admin_succession_from ON core.admin_succession (from_unit);
CREATE INDEX IF NOT EXISTS admin_succession_to ON core.admin_succession (to_unit);

-- Names as people search them. spaced: no marks, lower case, apostrophes gone, other signs one blank, numbers without
-- leading zeros; compact: the same without blanks, for equality ("Đắk R'La", "dak r la", "Phường 01").
CREATE OR REPLACE FUNCTION core.name_spaced(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT btrim(regexp_replace(regexp_replace(
    translate(ops.fold(value), '''’‘`´', ''), '[^a-z0-9]+', ' ', 'g'), '\m0+(\d)', '\1', 'g'))
$$;
CREATE OR REPLACE FUNCTION core.name_compact(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT replace(core.name_spaced(value), ' ', '')
$$;
-- Without the word for the kind of unit: "Phường 15" is 15, "Quận Tân Bình" is Tân Bình.
CREATE OR REPLACE FUNCTION core.name_bare(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT regexp_replace(core.name_spaced(value),
    '^(phuong|xa|thi tran|dac khu|quan|huyen|thi xa|thanh pho|tinh) (?=.)', '')
$$;

-- Other names that people use of a unit. Names of its own versions need no line here.
CREATE TABLE IF NOT EXISTS core.admin_alias (
  unit_id text NOT NULL,
  name text NOT NULL,
  spaced text NOT NULL GENERATED ALWAYS AS (core.name_spaced(name)) STORED,
  bare text NOT NULL GENERATED ALWAYS AS (replace(core.name_bare(name), ' ', '')) STORED,
  vintage_id int,
  PRIMARY KEY (unit_id, name)
);

CREATE TABLE IF NOT EXISTS core.admin_name (
  feature_id bigint PRIMARY KEY,
  unit_id text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  spaced text NOT NULL,              -- of the name with its kind
  bare text NOT NULL,                -- compact, without the kind
  contexts text[] NOT NULL           -- district and province, compact, with and without their kinds
);
CREATE INDEX IF NOT EXISTS admin_name_bare ON core.admin_name (bare);
CREATE INDEX IF NOT EXISTS admin_name_unit ON core.admin_name (unit_id);
CREATE INDEX IF NOT EXISTS admin_name_words ON core.admin_name USING gin (spaced public.gin_trgm_ops);

-- Provinces are their wards, dissolved; never an outline of their own. Made at activation; an edit of units outside of
-- one drops what it makes untrue, and pub.province then dissolves at the question.
CREATE TABLE IF NOT EXISTS core.admin_province (
  province_code text NOT NULL,
  province_name text,
  valid daterange NOT NULL,
  area_km2 double precision NOT NULL,
  vintage_id int,
  geom public.geometry(MultiPolygon, 4326) NOT NULL,
  CONSTRAINT admin_province_one EXCLUDE USING gist (province_code WITH =, valid WITH &&) DEFERRABLE
);

-- Kept by the editing transaction, like the pieces. The settings diaban.recorded_by, diaban.source and diaban.vintage
-- of the transaction say who, from which file, by which vintage.
CREATE OR REPLACE FUNCTION core.admin_record_open(features bigint[], moment timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  INSERT INTO core.admin_record (feature_id, recorded, recorded_by, source, vintage_id, unit_id, code, name, kind, level,
                                 province_code, province_name, district_name, area_km2, population, valid)
  SELECT id, tstzrange(moment, NULL),
         coalesce(nullif(current_setting('diaban.recorded_by', true), ''), nullif(auth.subject(), 'anonymous'),
                  session_user::text),
         nullif(current_setting('diaban.source', true), ''), nullif(current_setting('diaban.vintage', true), '')::int,
         unit_id, code, name, kind, level, province_code, province_name, district_name, area_km2, population,
         daterange(valid_from, valid_to)
    FROM core.admin_units WHERE id = ANY (features);
  INSERT INTO core.admin_identity (unit_id)
  SELECT DISTINCT unit_id FROM core.admin_units WHERE id = ANY (features) ON CONFLICT DO NOTHING;
$$;
CREATE OR REPLACE FUNCTION core.admin_name_add(features bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  INSERT INTO core.admin_name (feature_id, unit_id, kind, name, spaced, bare, contexts)
  SELECT id, unit_id, kind, name, core.name_spaced(name), replace(core.name_bare(name), ' ', ''),
         array_remove(ARRAY[core.name_compact(district_name), replace(core.name_bare(district_name), ' ', ''),
                            core.name_compact(province_name), replace(core.name_bare(province_name), ' ', '')], NULL)
    FROM core.admin_units WHERE id = ANY (features) AND visibility = 0;
$$;
-- What is left of a version's identity when its row goes: where and what it was, until when we believed it.
CREATE OR REPLACE FUNCTION core.admin_record_keep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  moment timestamptz := clock_timestamp();
  changed bigint[];
  renamed bigint[];
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    UPDATE core.admin_record AS record SET recorded = tstzrange(lower(recorded), moment), geom = unit.geom
      FROM core.admin_units AS unit WHERE unit.id = record.feature_id AND upper_inf(recorded);
    TRUNCATE core.admin_name, core.admin_province;
    RETURN NULL;
  ELSIF TG_OP = 'INSERT' THEN
    changed := ARRAY(SELECT id FROM new_rows);
  ELSIF TG_OP = 'DELETE' THEN
    UPDATE core.admin_record AS record SET recorded = tstzrange(lower(recorded), moment), geom = gone.geom
      FROM old_rows AS gone WHERE gone.id = record.feature_id AND upper_inf(recorded);
    DELETE FROM core.admin_name WHERE feature_id IN (SELECT id FROM old_rows);
  ELSE
    -- An edit that changes nothing of what is recorded (the public's view of it, say) is no new record.
    changed := ARRAY(
      SELECT made.id FROM new_rows AS made JOIN old_rows AS was USING (id)
       WHERE (was.unit_id, was.code, was.name, was.kind, was.level, was.province_code, was.province_name,
              was.district_name, was.area_km2, was.population, was.valid_from, was.valid_to)
             IS DISTINCT FROM
             (made.unit_id, made.code, made.name, made.kind, made.level, made.province_code, made.province_name,
              made.district_name, made.area_km2, made.population, made.valid_from, made.valid_to)
             OR NOT ST_OrderingEquals(was.geom, made.geom));
    UPDATE core.admin_record AS record SET recorded = tstzrange(lower(recorded), moment),
           geom = CASE WHEN ST_OrderingEquals(was.geom, made.geom) THEN NULL ELSE was.geom END
      FROM old_rows AS was JOIN new_rows AS made USING (id)
     WHERE was.id = record.feature_id AND upper_inf(recorded) AND was.id = ANY (changed);
    renamed := ARRAY(
      SELECT made.id FROM new_rows AS made JOIN old_rows AS was USING (id)
       WHERE (was.unit_id, was.kind, was.name, was.district_name, was.province_name, was.visibility) IS DISTINCT FROM
             (made.unit_id, made.kind, made.name, made.district_name, made.province_name, made.visibility));
    DELETE FROM core.admin_name WHERE feature_id = ANY (renamed);
    PERFORM core.admin_name_add(renamed);
  END IF;
  IF TG_OP = 'INSERT' THEN
    PERFORM core.admin_name_add(changed);
  END IF;
  PERFORM core.admin_record_open(changed, moment);
  IF coalesce(current_setting('diaban.vintage', true), '') = '' THEN
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
      DELETE FROM core.admin_province AS province USING old_rows AS was
       WHERE province.province_code = was.province_code AND province.valid && daterange(was.valid_from, was.valid_to);
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
      DELETE FROM core.admin_province AS province USING new_rows AS made
       WHERE province.province_code = made.province_code AND province.valid && daterange(made.valid_from, made.valid_to);
    END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER admin_record_insert AFTER INSERT ON core.admin_units
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION core.admin_record_keep();
CREATE OR REPLACE TRIGGER admin_record_update AFTER UPDATE ON core.admin_units
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION core.admin_record_keep();
CREATE OR REPLACE TRIGGER admin_record_delete AFTER DELETE ON core.admin_units
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION core.admin_record_keep();
CREATE OR REPLACE TRIGGER admin_record_truncate BEFORE TRUNCATE ON core.admin_units
  FOR EACH STATEMENT EXECUTE FUNCTION core.admin_record_keep();

-- Units that were there before this file ran for the first time.
DO $$
DECLARE unknown bigint[] := ARRAY(
  SELECT id FROM core.admin_units AS unit
   WHERE NOT EXISTS (SELECT 1 FROM core.admin_record AS record WHERE record.feature_id = unit.id));
BEGIN
  PERFORM core.admin_record_open(unknown, now()), core.admin_name_add(unknown);
END $$;

-- Units as they were believed to be at an instant: valid on a day, by what was recorded then, within radius_m of a
-- place. Every shape that a version ever had lies in one of the two indexed tables.
CREATE OR REPLACE FUNCTION pub.units_known(
  lon double precision, lat double precision, on_day date, known_at timestamptz, radius_m double precision
) RETURNS TABLE (record_id bigint, geom public.geometry, distance_m double precision, border_m double precision,
                 area_m2 double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  place geometry := ST_SetSRID(ST_MakePoint(lon, lat), 4326);
  reach double precision := radius_m / (110500 * cos(radians(lat))) + 1e-9;
BEGIN
  IF NOT (abs(lat) <= 80 AND abs(lon) <= 180 AND radius_m BETWEEN 0 AND 100000) THEN
    RETURN;
  END IF;
  RETURN QUERY
    WITH there AS (
      SELECT unit.id FROM core.admin_units AS unit WHERE unit.geom && ST_Expand(place, reach) AND unit.visibility = 0
      UNION
      SELECT r.feature_id FROM core.admin_record AS r WHERE r.geom && ST_Expand(place, reach)
    ), known AS (
      SELECT r.record_id, core.admin_shape(r) AS geom
        FROM there JOIN core.admin_record AS r ON r.feature_id = there.id
       WHERE r.recorded @> known_at AND r.valid @> on_day
    )
    SELECT known.record_id, known.geom,
           CASE WHEN ST_DWithin(known.geom, place, 1e-9) THEN 0 ELSE core.metres_between(place, known.geom) END,
           core.metres_between(place, ST_Boundary(known.geom)), ST_Area(known.geom::geography)
      FROM known
     WHERE ST_DWithin(known.geom, place, 1e-9)
        OR (ST_DWithin(known.geom, place, reach) AND core.metres_between(place, known.geom) <= radius_m);
END $$;
CREATE OR REPLACE FUNCTION core.admin_shape(record core.admin_record) RETURNS public.geometry
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
  SELECT coalesce(record.geom,
    (SELECT later.geom FROM core.admin_record AS later
      WHERE later.feature_id = record.feature_id AND later.geom IS NOT NULL
        AND lower(later.recorded) > lower(record.recorded)
      ORDER BY lower(later.recorded) LIMIT 1),
    (SELECT unit.geom FROM core.admin_units AS unit WHERE unit.id = record.feature_id))
$$;

-- A province on a day: what is stored of it, else its wards dissolved now.
CREATE OR REPLACE FUNCTION pub.province(code text, on_day date)
RETURNS TABLE (province_code text, province_name text, valid_from date, valid_to date, area_km2 double precision,
               stored boolean, geom public.geometry)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  RETURN QUERY
    SELECT p.province_code, p.province_name, lower(p.valid), upper(p.valid), p.area_km2, true, p.geom
      FROM core.admin_province AS p WHERE p.province_code = province.code AND p.valid @> on_day;
  IF NOT FOUND THEN
    RETURN QUERY
      SELECT u.province_code, max(u.province_name), max(u.valid_from), min(u.valid_to),
             ST_Area(ST_Union(u.geom)::geography) / 1e6, false, ST_Multi(ST_Union(u.geom))
        FROM core.admin_units AS u
       WHERE u.province_code = province.code AND daterange(u.valid_from, u.valid_to) @> on_day AND u.visibility = 0
       GROUP BY u.province_code;
  END IF;
END $$;

-- What an identity was called on a day, else at the time that lies nearest: {id, code, name}; NULL for none.
CREATE OR REPLACE FUNCTION pub.unit_called(identity text, on_day date) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT CASE WHEN identity IS NOT NULL THEN coalesce(
    (SELECT jsonb_build_object('id', identity, 'code', record.code, 'name', record.name)
       FROM core.admin_record AS record WHERE record.unit_id = identity
      ORDER BY coalesce(record.valid @> on_day, false) DESC, abs(lower(record.valid) - on_day),
               lower(record.recorded) DESC LIMIT 1),
    jsonb_build_object('id', identity, 'code', NULL, 'name', NULL)) END
$$;

-- The doors' views: all of it is public, nothing of it is a person's but recorded_by, which stays here.
CREATE OR REPLACE VIEW pub.admin_succession AS
  SELECT from_unit, to_unit, effective, kind, share_area, share_pop, legal_ref, source, lower(recorded) AS recorded_from
    FROM core.admin_succession WHERE upper_inf(recorded);
CREATE OR REPLACE VIEW pub.admin_record AS
  SELECT record_id, feature_id, lower(recorded) AS recorded_from, upper(recorded) AS recorded_to, source, unit_id, code,
         name, kind, level, province_code, province_name, district_name, area_km2, population,
         lower(valid) AS valid_from, upper(valid) AS valid_to, vintage_id
    FROM core.admin_record;
CREATE OR REPLACE VIEW pub.admin_name AS
  SELECT unit_id, kind, name, spaced, bare, contexts FROM core.admin_name
  UNION ALL
  SELECT alias.unit_id, own.kind, alias.name, alias.spaced, alias.bare, own.contexts
    FROM core.admin_alias AS alias JOIN core.admin_name AS own USING (unit_id);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['core.admin_record', 'core.admin_identity', 'core.admin_succession', 'core.admin_alias',
      'core.admin_name', 'core.admin_province', 'pub.admin_succession', 'pub.admin_record', 'pub.admin_name'] LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO diaban_owner', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['core.name_spaced(text)', 'core.name_compact(text)', 'core.name_bare(text)',
      'core.admin_record_open(bigint[], timestamptz)', 'core.admin_name_add(bigint[])', 'core.admin_record_keep()',
      'core.admin_shape(core.admin_record)', 'pub.province(text, date)', 'pub.unit_called(text, date)',
      'pub.units_known(double precision, double precision, date, timestamptz, double precision)'] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO diaban_owner', name);
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', name);
  END LOOP;
END $$;
GRANT SELECT ON pub.admin_succession, pub.admin_record, pub.admin_name TO diaban_public, diaban_reader, diaban_writer;
GRANT EXECUTE ON FUNCTION pub.province(text, date), pub.unit_called(text, date),
  pub.units_known(double precision, double precision, date, timestamptz, double precision)
  TO diaban_public, diaban_reader, diaban_writer;
