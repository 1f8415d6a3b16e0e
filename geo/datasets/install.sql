-- What was loaded into the layers, and what it takes to have the former state again.
-- May run again on a database that has it already.

-- Where files wait, and what they replaced. Only the owner reads here: rows and fields of every class, and
-- personal data, lie side by side.
CREATE SCHEMA IF NOT EXISTS staging AUTHORIZATION diaban_owner;

CREATE TABLE IF NOT EXISTS ops.dataset (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  layer text NOT NULL,             -- no reference: the record outlives the layer
  state text NOT NULL DEFAULT 'reading'
    CHECK (state IN ('reading', 'staged', 'refused', 'landed', 'rolled_back', 'abandoned')),
  mode text NOT NULL CHECK (mode IN ('update', 'append', 'replace')),
  source_name text NOT NULL,
  sha256 text NOT NULL,
  size_bytes bigint NOT NULL,
  inner_layer text NOT NULL DEFAULT '',
  crs text,                        -- as it was applied, e.g. EPSG:9209
  operation text,                  -- to WGS 84, e.g. urn:ogc:def:coordinateOperation:EPSG::6960
  encoding text,
  options jsonb NOT NULL DEFAULT '{}',
  counts jsonb NOT NULL DEFAULT '{}',
  report jsonb,
  actor text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  stamp timestamptz,               -- created_at or updated_at of every row that it wrote
  note_before jsonb,               -- what the catalogue said beside the layer's data until then
  rolled_back_at timestamptz,
  rolled_back_by text
);
CREATE INDEX IF NOT EXISTS dataset_layer ON ops.dataset (layer, id);

-- Rows that could not be taken: every reason, the file's own values, the shape as it came (WGS 84). Bytes, not a
-- geometry: nothing invalid meets a function of PostGIS. personal: names of columns with personal data.
CREATE TABLE IF NOT EXISTS staging.quarantine (
  dataset bigint NOT NULL REFERENCES ops.dataset ON DELETE CASCADE,
  row_no bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('file', 'fields')), -- whose names the values go by
  faults jsonb NOT NULL,
  raw jsonb NOT NULL,
  wkb bytea,
  PRIMARY KEY (dataset, row_no)
);

ALTER TABLE ops.dataset OWNER TO diaban_owner;
ALTER TABLE staging.quarantine OWNER TO diaban_owner;

-- Staff may see what was loaded; nobody but the owner writes.
ALTER TABLE ops.dataset ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS dataset_staff ON ops.dataset;
CREATE POLICY dataset_staff ON ops.dataset FOR SELECT TO diaban_reader, diaban_writer
  USING ((SELECT auth.clearance()) >= 1);
GRANT SELECT ON ops.dataset TO diaban_reader, diaban_writer;

-- A landing gives all its rows one stamp, and an undone row its former one: only so can it be seen later
-- whether somebody has changed the row since. Nobody but the owner may bring a time of his own.
CREATE OR REPLACE FUNCTION ops.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user = 'diaban_owner' AND current_setting('diaban.stamped', true) = 'on' THEN
    RETURN NEW;
  END IF;
  NEW.updated_at := clock_timestamp();
  RETURN NEW;
END $$;
