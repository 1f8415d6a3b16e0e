-- What the router must know of a place.

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

-- The units that are as near as any, for a place outside all of them. The nearest in the plane of degrees need not be the
-- nearest in metres, but none that is nearer lies beyond its distance.
CREATE OR REPLACE FUNCTION core.route_nearest(lon double precision, lat double precision, on_day date) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  place geometry := ST_SetSRID(ST_MakePoint(lon, lat), 4326);
  reach_m double precision;
BEGIN
  SELECT core.metres_between(place, part.geom) INTO reach_m FROM core.admin_part AS part
   WHERE part.valid @> on_day ORDER BY part.geom <-> place LIMIT 1;
  RETURN CASE WHEN reach_m < 100000 THEN core.route_units(lon, lat, on_day, reach_m + 1, NULL) ELSE '[]' END;
END $$;
ALTER FUNCTION core.route_nearest(double precision, double precision, date) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.route_nearest(double precision, double precision, date) FROM PUBLIC;

-- All that the router must know of a place, in one statement and so of one moment: no case sees two vintages.
CREATE OR REPLACE FUNCTION pub.route_facts(
  lon double precision, lat double precision, on_day date, event_day date, radius_m double precision,
  disc_wkt text, layers jsonb
) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  place geometry := ST_SetSRID(ST_MakePoint(lon, lat), 4326);
  disc geometry := CASE WHEN disc_wkt IS NOT NULL THEN ST_GeomFromText(disc_wkt, 4326) END;
  units jsonb := core.route_units(lon, lat, on_day, radius_m, disc);
  nearby jsonb := (SELECT jsonb_object_agg(asked.key, pub.layer_near(asked.key, place, asked.value::float8, on_day))
                     FROM jsonb_each_text(layers) AS asked);
BEGIN
  RETURN jsonb_build_object(
    'version', (SELECT max(version) FROM core.rule_set),
    'units', units,
    'then', CASE WHEN event_day <> on_day THEN core.route_units(lon, lat, event_day, radius_m, disc) END,
    'layers', nearby,
    -- Only a rule on such a layer may give a place outside every ward (by more than a slit) to the nearest one.
    'nearest', CASE WHEN nearby @? '$.*.distance_m ? (@ != null)' AND NOT units @? '$[*] ? (@.distance_m <= 20)'
                    THEN core.route_nearest(lon, lat, on_day) END);
END $$;
ALTER FUNCTION pub.route_facts(double precision, double precision, date, date, double precision, text, jsonb)
  OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION
  pub.route_facts(double precision, double precision, date, date, double precision, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  pub.route_facts(double precision, double precision, date, date, double precision, text, jsonb)
  TO diaban_public, diaban_reader, diaban_writer;
