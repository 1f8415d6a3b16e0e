-- The catalogue of layers and the change log that gives every layer its version.

CREATE SEQUENCE ops.layer_revision;
CREATE TABLE ops.layer (
  name text PRIMARY KEY,
  description jsonb NOT NULL,
  note jsonb,                      -- what is said of the data loaded at present, e.g. that they are a demonstration
  revision bigint NOT NULL DEFAULT nextval('ops.layer_revision'),
  published_at timestamptz NOT NULL DEFAULT now()
);

-- Written by the editing transaction. No NOTIFY there: it takes one cluster-wide lock until after the flush
-- and caps all commits at one per flush. The pump reads this log and notifies once.
CREATE TABLE ops.change_log (
  seq bigint GENERATED ALWAYS AS IDENTITY,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  layer text NOT NULL,
  op text NOT NULL CHECK (op IN ('insert', 'update', 'delete', 'truncate')),
  feature_id bigint,               -- NULL: several features, or all of the layer
  vis smallint NOT NULL,           -- the most visible class that the change touches
  west double precision, south double precision, east double precision, north double precision
);
CREATE INDEX change_log_cursor ON ops.change_log (xid, seq);

-- Kept by the pump. public_epoch moves only with changes of public rows: a private edit shows to nobody else.
CREATE TABLE ops.layer_state (
  layer text PRIMARY KEY,
  epoch bigint NOT NULL DEFAULT 1,
  public_epoch bigint NOT NULL DEFAULT 1
);
CREATE TABLE ops.pump_cursor (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  xid xid8 NOT NULL,
  seq bigint NOT NULL
);
INSERT INTO ops.pump_cursor (xid, seq) VALUES ('0', 0);

-- One statement writes one line a feature up to 1,000 rows touched, above that one line a 0.1 degree cell, so that
-- an import of a million rows costs a few hundred lines and still names the ground that it touched.
CREATE FUNCTION ops.log_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
  touched text;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    INSERT INTO ops.change_log (layer, op, vis) VALUES (TG_TABLE_NAME, 'truncate', 0);
    RETURN NULL;
  END IF;
  touched := CASE TG_OP
    WHEN 'INSERT' THEN 'SELECT id, visibility, geom FROM new_rows'
    WHEN 'DELETE' THEN 'SELECT id, visibility, geom FROM old_rows'
    ELSE 'SELECT id, visibility, geom FROM old_rows UNION ALL SELECT id, visibility, geom FROM new_rows'
  END;
  EXECUTE format($sql$
    WITH touched AS (%s), size AS (SELECT count(*) > 1000 AS many FROM touched)
    INSERT INTO ops.change_log (layer, op, feature_id, vis, west, south, east, north)
    SELECT $1, $2, CASE WHEN many THEN NULL ELSE id END, min(visibility),
           min(ST_XMin(geom)), min(ST_YMin(geom)), max(ST_XMax(geom)), max(ST_YMax(geom))
      FROM touched, size
     GROUP BY many, CASE WHEN many THEN NULL ELSE id END,
              CASE WHEN many THEN floor(ST_XMin(geom) * 10) END, CASE WHEN many THEN floor(ST_YMin(geom) * 10) END
  $sql$, touched) USING TG_TABLE_NAME, lower(TG_OP);
  RETURN NULL;
END $$;
ALTER FUNCTION ops.log_change() OWNER TO diaban_owner;

DO $$
DECLARE item text;
BEGIN
  FOREACH item IN ARRAY ARRAY['layer', 'change_log', 'layer_state', 'pump_cursor'] LOOP
    EXECUTE format('ALTER TABLE ops.%I OWNER TO diaban_owner', item);
  END LOOP;
END $$;
ALTER SEQUENCE ops.layer_revision OWNER TO diaban_owner;

GRANT SELECT ON ops.layer, ops.layer_state, ops.layer_revision TO diaban_public, diaban_reader, diaban_writer;
GRANT SELECT, DELETE ON ops.change_log TO diaban_pump;
GRANT SELECT, INSERT, UPDATE ON ops.layer_state, ops.pump_cursor TO diaban_pump;
GRANT SELECT ON ops.layer TO diaban_pump;

CREATE FUNCTION ops.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := clock_timestamp();
  RETURN NEW;
END $$;
