-- The unit that answers for a place, as statistics ask it. It runs before geo/units on a new database, so what reads core.admin_part
-- is plpgsql. Every file here may run again on a database that has it already.

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
