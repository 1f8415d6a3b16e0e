-- What each epoch of a layer touched, in degrees (NULL: all of it); vis is the most visible class concerned.
-- Workers purge by it. Kept for an hour: who was away for longer throws the layer's tiles away.
CREATE TABLE IF NOT EXISTS ops.moved (
  layer text NOT NULL,
  epoch bigint NOT NULL,
  vis smallint NOT NULL,
  west double precision, south double precision, east double precision, north double precision,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- The finest zoom that it concerns; NULL: all. Rungs that are built anew concern no zoom drawn from rows.
ALTER TABLE ops.moved ADD COLUMN IF NOT EXISTS up_to smallint;
CREATE INDEX IF NOT EXISTS moved_epoch ON ops.moved (layer, epoch);
ALTER TABLE ops.moved OWNER TO diaban_owner;
GRANT SELECT ON ops.moved TO diaban_reader;
GRANT SELECT, INSERT, DELETE ON ops.moved TO diaban_pump;

-- The ladder of a layer: generalisations for the zooms at which its rows are too many to draw, and which of
-- them an edit has made stale. Filled by tiles/ladder from pub alone, so that nothing restricted can be in it.
-- May run again on a database that has it already.

-- One line a zoom: what the planner measured. kind: 'exact' (rows as they are), 'merged' (areas of one class),
-- 'outline' (every row, borders simplified together), 'counted' (points, counted by cell).
CREATE TABLE IF NOT EXISTS ops.ladder (
  layer text NOT NULL,
  zoom smallint NOT NULL,
  kind text NOT NULL,
  source_rows bigint NOT NULL,     -- rows of the layer when it was planned: the plan is redone when they grow
  features int NOT NULL DEFAULT 0, -- of the rung
  dropped int NOT NULL DEFAULT 0,  -- rows that no feature of the rung stands for
  tiles int NOT NULL DEFAULT 0,    -- measured, the fullest ones among them
  p95_bytes int NOT NULL DEFAULT 0,
  p95_ms real NOT NULL DEFAULT 0,
  planned_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (layer, zoom)
);
ALTER TABLE ops.ladder DROP CONSTRAINT IF EXISTS ladder_kind_check;
ALTER TABLE ops.ladder ADD CONSTRAINT ladder_kind_check
  CHECK (kind IN ('exact', 'merged', 'outline', 'counted'));
-- Of what the plan follows from in the layer's description: another one is a plan to be made anew. The number
-- in it is of the way that ladders are built.
ALTER TABLE ops.ladder ADD COLUMN IF NOT EXISTS description text NOT NULL DEFAULT '';

CREATE OR REPLACE FUNCTION ops.ladder_basis(description jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT md5(jsonb_build_array(3, description->'geometry', description->'fields', description->'legend',
    description->'label', description->'tiles', description->'valid_time', description->'public_grid_deg',
    jsonb_path_query_array(description, '$.style[*] ? (@.type == "symbol").minzoom'))::text)
$$;

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

-- Tiles drawn ahead of the first who asks: whole MVT layers of public rows at the zooms where rows are drawn
-- as they are, or their outlines. Served where a line is fresh, its `holds` has the day and its
-- `basis` (what the drawing follows from beside the rows) is today's; else the tile is drawn from the rows.
ALTER TABLE ops.ladder ADD COLUMN IF NOT EXISTS ahead boolean NOT NULL DEFAULT false;
CREATE TABLE IF NOT EXISTS ops.tile_ahead (
  layer text NOT NULL,
  zoom smallint NOT NULL,
  x int NOT NULL,
  y int NOT NULL,
  stale boolean NOT NULL DEFAULT true,
  marks bigint NOT NULL DEFAULT 0, -- as in rung_cell
  marked_at timestamptz NOT NULL DEFAULT '-infinity', -- ground that is being edited is left to the rows
  holds daterange NOT NULL DEFAULT 'empty',
  basis text NOT NULL DEFAULT '',
  raw_length int NOT NULL DEFAULT 0,
  crc bigint NOT NULL DEFAULT 0,   -- of the gzip coding
  gzip bytea, zstd bytea,          -- blocks, see tiles/encoding.py
  PRIMARY KEY (layer, zoom, x, y)
);
ALTER TABLE ops.tile_ahead ADD COLUMN IF NOT EXISTS gzip_digest text NOT NULL DEFAULT '';
ALTER TABLE ops.tile_ahead ADD COLUMN IF NOT EXISTS zstd_digest text NOT NULL DEFAULT '';
ALTER TABLE ops.tile_ahead ALTER gzip SET STORAGE EXTERNAL, ALTER zstd SET STORAGE EXTERNAL;
CREATE INDEX IF NOT EXISTS tile_ahead_stale ON ops.tile_ahead (layer) WHERE stale;
-- A longitude and a latitude as shares of Web Mercator's world, from the west and from the north.
CREATE OR REPLACE FUNCTION ops.mercator_x(lon double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT (lon + 180) / 360 $$;
CREATE OR REPLACE FUNCTION ops.mercator_y(lat double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT 0.5 - ln(tan(pi() / 4 + radians(greatest(-85.0511, least(85.0511, lat))) / 2)) / (2 * pi())
$$;

-- Points, counted by cell and class at each level (tiles/points.py); x and y are columns and rows of 2^level.
CREATE TABLE IF NOT EXISTS ops.point_count (
  layer text NOT NULL,
  level smallint NOT NULL,
  x int NOT NULL,
  y int NOT NULL,
  class text NOT NULL,
  n bigint NOT NULL,
  id bigint NOT NULL,              -- of the points, xor: where n is 1 it is the point's
  sum_x bigint NOT NULL, sum_y bigint NOT NULL, -- of places on a grid of 2^30
  PRIMARY KEY (layer, level, x, y, class)
) WITH (fillfactor = 80);
-- A tile has 8 by 8 cells.
CREATE INDEX IF NOT EXISTS point_count_tile ON ops.point_count (layer, level, (x >> 3), (y >> 3));
CREATE INDEX IF NOT EXISTS point_count_gone ON ops.point_count (layer) WHERE n = 0;
-- What edits have changed since: written in their transaction, appended only, so that no two of them wait for
-- one another. Whoever reads both tables in one statement reads what is committed, merged or not.
CREATE TABLE IF NOT EXISTS ops.point_delta (
  layer text NOT NULL,
  px int NOT NULL,
  py int NOT NULL,
  class text NOT NULL,
  n smallint NOT NULL,
  id bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS point_delta_place ON ops.point_delta (layer, px, py);
-- Of layers with valid time: counts are those of the days in `holds`, on which no row comes into force or goes
-- out of it; what an edit changes bears its row's period, and who reads takes what is in force on the day.
ALTER TABLE ops.ladder ADD COLUMN IF NOT EXISTS holds daterange NOT NULL DEFAULT '(,)';
ALTER TABLE ops.point_delta ADD COLUMN IF NOT EXISTS valid_from date, ADD COLUMN IF NOT EXISTS valid_to date;

CREATE OR REPLACE FUNCTION ops.grid(m double precision) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT greatest(0, least(1073741823, floor((m + 20037508.342789244) * (1073741824 / 40075016.685578488))))::int
$$;

DO $$
DECLARE item text;
BEGIN
  FOREACH item IN ARRAY ARRAY['ladder', 'rung_cell', 'rung', 'tile_ahead', 'point_count', 'point_delta'] LOOP
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

-- On the public projection's tables of points; the arguments are the column of the class ('' without one) and
-- whether rows have valid time.
CREATE OR REPLACE FUNCTION ops.count_points() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public AS $$
DECLARE
  class text := CASE TG_ARGV[0] WHEN '' THEN quote_literal('') ELSE format('coalesce(%I::text, %L)', TG_ARGV[0], '') END;
  period text := CASE TG_ARGV[1] WHEN 'true' THEN ', valid_from, valid_to' ELSE '' END;
  put text := format('INSERT INTO ops.point_delta (layer, px, py, class, n, id%s) SELECT %L, '
    'ops.grid(ST_X(geom_3857)), ops.grid(-ST_Y(geom_3857)), %s, $1, id%s FROM ',
    period, TG_TABLE_NAME, class, period);
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM ops.point_count WHERE layer = TG_TABLE_NAME;
    DELETE FROM ops.point_delta WHERE layer = TG_TABLE_NAME;
  END IF;
  IF TG_OP IN ('UPDATE', 'DELETE') THEN EXECUTE put || 'old_rows' USING -1; END IF;
  IF TG_OP IN ('INSERT', 'UPDATE') THEN EXECUTE put || 'new_rows' USING 1; END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION ops.count_points() OWNER TO diaban_owner;

DO $$
DECLARE layer record; event text; rows text;
BEGIN
  FOR layer IN
    SELECT name, description->>'valid_time' AS periods, (SELECT field->>'name' FROM jsonb_array_elements(description->'fields') AS field
                   WHERE field->>'name' = description->'legend'->>'field' AND field->>'visible' = 'public') AS class
      FROM ops.layer
     WHERE description->>'geometry' = 'Point'
  LOOP
    EXECUTE format('GRANT SELECT ON pub.%I TO diaban_pump', layer.name);
    FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete', 'truncate'] LOOP
      rows := CASE event
        WHEN 'insert' THEN 'REFERENCING NEW TABLE AS new_rows'
        WHEN 'update' THEN 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
        WHEN 'delete' THEN 'REFERENCING OLD TABLE AS old_rows' ELSE '' END;
      EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER %s ON pub.%I %s FOR EACH STATEMENT '
        'EXECUTE FUNCTION ops.count_points(%L, %L)', layer.name || '_count_' || event, event, layer.name, rows,
        coalesce(layer.class, ''), layer.periods);
    END LOOP;
  END LOOP;
END $$;
