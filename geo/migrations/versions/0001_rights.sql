-- Schemas, roles' rights and what policies read. Roles exist already (geo/database/roles.py).

CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;

CREATE SCHEMA core AUTHORIZATION diaban_owner;     -- the truth: every row, under forced row-level security
CREATE SCHEMA pub AUTHORIZATION diaban_owner;      -- the public projection: public rows and columns only
CREATE SCHEMA private AUTHORIZATION diaban_owner;  -- personal data; read through logged functions only
CREATE SCHEMA ops AUTHORIZATION diaban_owner;      -- layers' descriptions, change log, tokens
CREATE SCHEMA auth AUTHORIZATION diaban_owner;     -- what policies read

GRANT USAGE ON SCHEMA pub, ops TO diaban_public, diaban_reader, diaban_writer, diaban_pump;
GRANT USAGE ON SCHEMA core, auth TO diaban_reader, diaban_writer;
GRANT USAGE ON SCHEMA private TO diaban_writer;

-- These answer anyone with the extent, the count and a density map of rows that a policy hides.
REVOKE EXECUTE ON FUNCTION
  public._postgis_stats(regclass, text, text),
  public._postgis_selectivity(regclass, text, public.geometry, text),
  public._postgis_join_selectivity(regclass, text, regclass, text, text),
  public._postgis_index_extent(regclass, text),
  public.ST_EstimatedExtent(text, text),
  public.ST_EstimatedExtent(text, text, text),
  public.ST_EstimatedExtent(text, text, text, boolean),
  public.ST_FindExtent(text, text),
  public.ST_FindExtent(text, text, text)
FROM PUBLIC;

-- Claims are set for one transaction. Afterwards the setting reads '', not NULL, and ''::jsonb is an error.
CREATE FUNCTION auth.claims() RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT nullif(current_setting('diaban.claims', true), '')::jsonb
$$;
CREATE FUNCTION auth.clearance() RETURNS int LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce((auth.claims() ->> 'clearance')::int, 0)
$$;
CREATE FUNCTION auth.units() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(array(SELECT jsonb_array_elements_text(auth.claims() -> 'units')), '{}')
$$;
CREATE FUNCTION auth.subject() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(auth.claims() ->> 'sub', 'anonymous')
$$;

-- Text as people search it: no marks, lower case ("ha noi" finds "Hà Nội"). unaccent() is only STABLE because
-- its dictionary could be edited; naming the dictionary and its schema makes the promise ours.
CREATE FUNCTION ops.fold(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT lower(public.unaccent('public.unaccent'::regdictionary, normalize(value, NFC)))
$$;

-- 52 random bits: an id that tells nothing of how many rows there are, and that JavaScript can hold.
CREATE FUNCTION ops.random_id() RETURNS bigint LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  -- << | & have one precedence in PostgreSQL and bind from the left: without brackets 16 ids are left.
  SELECT (('x' || encode(substr(uuid_send(gen_random_uuid()), 1, 6), 'hex'))::bit(48)::bigint << 4)
       | (get_byte(uuid_send(gen_random_uuid()), 15) & 15)
$$;

-- Every read of personal data: who, when, which row, what for. Appended only.
CREATE TABLE private.access_log (
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  subject text NOT NULL,
  layer text NOT NULL,
  feature_id bigint NOT NULL,
  purpose text NOT NULL CHECK (length(purpose) BETWEEN 5 AND 500)
);

-- Tokens of signed-in callers: only the hash is kept.
CREATE TABLE ops.token (
  hash bytea PRIMARY KEY,
  subject text NOT NULL,
  clearance smallint NOT NULL CHECK (clearance BETWEEN 0 AND 2),
  units text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE FUNCTION auth.token_claims(token_hash bytea) RETURNS TABLE (subject text, clearance smallint, units text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT subject, clearance, units FROM ops.token
   WHERE hash = token_hash AND revoked_at IS NULL AND expires_at > now()
$$;
REVOKE EXECUTE ON FUNCTION auth.token_claims(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.token_claims(bytea) TO diaban_writer;

ALTER TABLE private.access_log OWNER TO diaban_owner;
ALTER TABLE ops.token OWNER TO diaban_owner;
ALTER FUNCTION auth.token_claims(bytea) OWNER TO diaban_owner;
