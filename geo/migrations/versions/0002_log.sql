-- One statement writes one line a feature up to 1,000 rows touched, above that one line a 0.1 degree cell, so that
-- an import of a million rows costs a few hundred lines and still names the ground that it touched.
-- The statements for few rows are written out for each operation: PostgreSQL keeps their plans, and planning is
-- most of what an edit of one row would pay.
CREATE OR REPLACE FUNCTION ops.log_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
  few CONSTANT int := 1000;
  touched text;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    INSERT INTO ops.change_log (layer, op, vis) VALUES (TG_TABLE_NAME, 'truncate', 0);
    RETURN NULL;
  ELSIF TG_OP = 'INSERT' THEN
    IF (SELECT count(*) <= few FROM new_rows) THEN
      INSERT INTO ops.change_log (layer, op, feature_id, vis, west, south, east, north)
      SELECT TG_TABLE_NAME, 'insert', id, visibility, ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom)
        FROM new_rows;
      RETURN NULL;
    END IF;
    touched := 'SELECT id, visibility, geom FROM new_rows';
  ELSIF TG_OP = 'DELETE' THEN
    IF (SELECT count(*) <= few FROM old_rows) THEN
      INSERT INTO ops.change_log (layer, op, feature_id, vis, west, south, east, north)
      SELECT TG_TABLE_NAME, 'delete', id, visibility, ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom)
        FROM old_rows;
      RETURN NULL;
    END IF;
    touched := 'SELECT id, visibility, geom FROM old_rows';
  ELSE
    IF (SELECT count(*) <= few FROM new_rows) THEN
      INSERT INTO ops.change_log (layer, op, feature_id, vis, west, south, east, north)
      SELECT TG_TABLE_NAME, 'update', id, min(visibility),
             min(ST_XMin(geom)), min(ST_YMin(geom)), max(ST_XMax(geom)), max(ST_YMax(geom))
        FROM (SELECT id, visibility, geom FROM old_rows
              UNION ALL SELECT id, visibility, geom FROM new_rows) AS both_states
       GROUP BY id;
      RETURN NULL;
    END IF;
    touched := 'SELECT id, visibility, geom FROM old_rows UNION ALL SELECT id, visibility, geom FROM new_rows';
  END IF;
  EXECUTE format($sql$
    INSERT INTO ops.change_log (layer, op, vis, west, south, east, north)
    SELECT $1, $2, min(visibility),
           min(ST_XMin(geom)), min(ST_YMin(geom)), max(ST_XMax(geom)), max(ST_YMax(geom))
      FROM (%s) AS touched
     GROUP BY floor(ST_XMin(geom) * 10), floor(ST_YMin(geom) * 10)
  $sql$, touched) USING TG_TABLE_NAME, lower(TG_OP);
  RETURN NULL;
END $$;
ALTER FUNCTION ops.log_change() OWNER TO diaban_owner;
