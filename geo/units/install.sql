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

-- Kept by the editing transaction: a question sees units and pieces of one and the same moment.
CREATE OR REPLACE FUNCTION core.admin_part_keep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    TRUNCATE core.admin_part, core.admin_area;
    RETURN NULL;
  END IF;
  IF TG_OP IN ('UPDATE', 'DELETE') THEN
    DELETE FROM core.admin_part WHERE feature_id IN (SELECT id FROM old_rows);
    DELETE FROM core.admin_area WHERE feature_id IN (SELECT id FROM old_rows);
  END IF;
  IF TG_OP IN ('INSERT', 'UPDATE') THEN
    PERFORM core.admin_part_add(ARRAY(SELECT id FROM new_rows));
  END IF;
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
