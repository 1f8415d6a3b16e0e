-- What each epoch of a layer touched, in degrees (NULL: all of it); vis is the most visible class concerned.
-- Workers purge by it. Kept for an hour: who was away for longer throws the layer's tiles away.
CREATE TABLE IF NOT EXISTS ops.moved (
  layer text NOT NULL,
  epoch bigint NOT NULL,
  vis smallint NOT NULL,
  west double precision, south double precision, east double precision, north double precision,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS moved_epoch ON ops.moved (layer, epoch);
ALTER TABLE ops.moved OWNER TO diaban_owner;
GRANT SELECT ON ops.moved TO diaban_reader;
GRANT SELECT, INSERT, DELETE ON ops.moved TO diaban_pump;

-- The ladder of a layer: generalisations for the zooms at which its rows are too many to draw, and which of
-- them an edit has made stale. Filled by tiles/ladder from pub alone, so that nothing restricted can be in it.
-- May run again on a database that has it already.

-- One line a zoom: what the planner measured. kind: 'exact' (rows as they are), 'merged' (areas of one class),
-- 'outline' (every row, borders simplified together).
CREATE TABLE IF NOT EXISTS ops.ladder (
  layer text NOT NULL,
  zoom smallint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('exact', 'merged', 'outline')),
  source_rows bigint NOT NULL,     -- rows of the layer when it was planned: the plan is redone when they grow
  features int NOT NULL DEFAULT 0, -- of the rung
  dropped int NOT NULL DEFAULT 0,  -- rows that no feature of the rung stands for
  tiles int NOT NULL DEFAULT 0,    -- measured, the fullest ones among them
  p95_bytes int NOT NULL DEFAULT 0,
  p95_ms real NOT NULL DEFAULT 0,
  planned_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (layer, zoom)
);

-- What was built: for 'merged' a line a tile, for 'outline' one line a zoom at 0/0. A tile without a line, with
-- a stale one, or asked for a day outside `holds`, is drawn from the rows themselves.
CREATE TABLE IF NOT EXISTS ops.rung_cell (
  layer text NOT NULL,
  zoom smallint NOT NULL,
  x int NOT NULL,
  y int NOT NULL,
  stale boolean NOT NULL DEFAULT true,
  marks bigint NOT NULL DEFAULT 0, -- counts edits, so that a builder sees one that came while it built
  holds daterange NOT NULL DEFAULT 'empty', -- days on which nothing here comes into force or goes out of it
  dropped int NOT NULL DEFAULT 0,
  west double precision NOT NULL, south double precision NOT NULL,
  east double precision NOT NULL, north double precision NOT NULL, -- degrees, buffer included
  PRIMARY KEY (layer, zoom, x, y)
);
CREATE INDEX IF NOT EXISTS rung_cell_stale ON ops.rung_cell (layer) WHERE stale;

CREATE TABLE IF NOT EXISTS ops.rung (
  layer text NOT NULL,
  zoom smallint NOT NULL,
  x int NOT NULL,
  y int NOT NULL,
  id bigint,                       -- of the row, where the feature is one
  valid_from date, valid_to date,
  properties jsonb NOT NULL,
  geom public.geometry(Geometry, 3857) NOT NULL,
  drawn public.geometry(MultiPolygon) -- 'merged': the same on the grid of its tile (4,096 a side, y down)
);
CREATE INDEX IF NOT EXISTS rung_cell_features ON ops.rung (layer, zoom, x, y);
CREATE INDEX IF NOT EXISTS rung_place ON ops.rung USING gist (layer, zoom, geom);

DO $$
DECLARE item text;
BEGIN
  FOREACH item IN ARRAY ARRAY['ladder', 'rung_cell', 'rung'] LOOP
    EXECUTE format('ALTER TABLE ops.%I OWNER TO diaban_owner', item);
    EXECUTE format('GRANT SELECT ON ops.%I TO diaban_public, diaban_reader', item);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ops.%I TO diaban_pump', item);
  END LOOP;
END $$;
-- The builder reads what the public reads.
GRANT USAGE ON SCHEMA pub TO diaban_pump;
GRANT INSERT ON ops.change_log TO diaban_pump;

-- A rung that was built anew changes tiles like an edit does.
ALTER TABLE ops.change_log DROP CONSTRAINT IF EXISTS change_log_op_check;
ALTER TABLE ops.change_log ADD CONSTRAINT change_log_op_check
  CHECK (op IN ('insert', 'update', 'delete', 'truncate', 'ladder'));
