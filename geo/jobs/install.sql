-- Work that outlives a request: who asked, with which rights, how far it is, what came out.
-- May run again on a database that has it.

CREATE TABLE IF NOT EXISTS ops.job (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),   -- 122 random bits: an anonymous job is open to who knows it
  process text NOT NULL,
  inputs jsonb NOT NULL,
  wanted jsonb NOT NULL,                -- outputs asked for, their form, the language of messages
  claims jsonb,                         -- the rights under which it runs; NULL: anonymous
  origin bytea NOT NULL,                -- whom it counts for in the limits: a keyed hash, never an address
  kept boolean NOT NULL DEFAULT true,   -- false: somebody waits for it, and it goes with the answer
  status text NOT NULL DEFAULT 'accepted'
    CHECK (status IN ('accepted', 'running', 'successful', 'failed', 'dismissed')),
  progress smallint CHECK (progress BETWEEN 0 AND 100),
  message jsonb,                        -- {"vi": …, "en": …}
  problem jsonb,                        -- why it failed, as the caller is told
  result jsonb,                         -- outputs by name: a value, or a file of the attempt's folder
  attempt int NOT NULL DEFAULT 0,       -- the fence: only the last attempt may write
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  heartbeat_at timestamptz,
  expires_at timestamptz NOT NULL DEFAULT now() + interval '7 days'
);
CREATE INDEX IF NOT EXISTS job_waiting ON ops.job (kept, created_at) WHERE status = 'accepted';
CREATE INDEX IF NOT EXISTS job_running ON ops.job (heartbeat_at) WHERE status = 'running';
CREATE INDEX IF NOT EXISTS job_origin ON ops.job (origin);
CREATE INDEX IF NOT EXISTS job_expires ON ops.job (expires_at);
ALTER TABLE ops.job OWNER TO diaban_owner;

-- Whoever has exactly the rights under which it was started sees a job; who has lost one sees it no more.
-- The worker (diaban_pump) sees all.
ALTER TABLE ops.job ENABLE ROW LEVEL SECURITY;
ALTER TABLE ops.job FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own ON ops.job;
CREATE POLICY own ON ops.job FOR ALL TO diaban_writer
  USING (claims IS NULL OR claims = (SELECT auth.claims()))
  WITH CHECK (claims IS NOT DISTINCT FROM (SELECT auth.claims()) OR claims IS NULL);
DROP POLICY IF EXISTS work ON ops.job;
CREATE POLICY work ON ops.job FOR ALL TO diaban_pump USING (true) WITH CHECK (true);
DROP POLICY IF EXISTS owner ON ops.job;
CREATE POLICY owner ON ops.job FOR SELECT TO diaban_owner USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.job TO diaban_writer, diaban_pump;

-- How many wait or run, in all and for one origin; how many are kept for it; bytes of results: numbers, no rows.
DROP FUNCTION IF EXISTS ops.job_load(bytea);
CREATE FUNCTION ops.job_load(
  asked bytea, OUT waiting bigint, OUT own_active bigint, OUT own_kept bigint, OUT own_bytes bigint, OUT bytes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  WITH job AS (
    SELECT status, kept, origin = asked AS own,
           (SELECT coalesce(sum((output.value ->> 'bytes')::bigint), 0) FROM jsonb_each(result) AS output) AS bytes
      FROM ops.job WHERE expires_at > now())
  SELECT count(*) FILTER (WHERE status IN ('accepted', 'running')),
         count(*) FILTER (WHERE status IN ('accepted', 'running') AND own),
         count(*) FILTER (WHERE own AND kept),
         coalesce(sum(bytes) FILTER (WHERE own), 0)::bigint,
         coalesce(sum(bytes), 0)::bigint
    FROM job
$$;
ALTER FUNCTION ops.job_load(bytea) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION ops.job_load(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.job_load(bytea) TO diaban_writer;
