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
