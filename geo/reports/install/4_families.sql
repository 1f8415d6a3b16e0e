-- Parts of a matter: a report's children, each routed by its own place and category. The parent closes when all of them
-- are closed; a parent that is refused takes its open children with it.

CREATE TABLE IF NOT EXISTS core.report_child (
  child bigint PRIMARY KEY,
  parent bigint NOT NULL CHECK (parent <> child),
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL DEFAULT auth.subject()
);
CREATE INDEX IF NOT EXISTS report_child_parent ON core.report_child (parent);
CALL core.seen_with_report('report_child', 'child');

-- Makes a report the child of another; the caller must have the parent. NULL: there is no such parent, or it is closed.
CREATE OR REPLACE FUNCTION core.add_child(parent_code text, child_code text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  parent_id bigint;
BEGIN
  -- Locked: it does not close meanwhile.
  PERFORM 1 FROM core.reports WHERE code = parent_code FOR NO KEY UPDATE;
  PERFORM 1 FROM core.report_unplaced WHERE code = parent_code FOR NO KEY UPDATE;
  SELECT id INTO parent_id FROM core.any_report
   WHERE code = parent_code AND status NOT IN ('closed', 'rejected', 'duplicate');
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM core.any_report WHERE id = parent_id AND (
       auth.clearance() = 2 OR (auth.clearance() = 1 AND unit = ANY (auth.units())))) THEN
    RAISE insufficient_privilege USING MESSAGE = 'no right to this case';
  END IF;
  INSERT INTO core.report_child (child, parent) SELECT id, parent_id FROM core.any_report WHERE code = child_code;
  RETURN true;
END $$;
ALTER FUNCTION core.add_child(text, text) OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.add_child(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.add_child(text, text) TO diaban_writer;

-- DI001 and DI002 are said in words by geo.database.errors.
CREATE OR REPLACE FUNCTION core.family_holds() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
DECLARE
  done text[] := ARRAY['closed', 'rejected', 'duplicate'];
BEGIN
  IF NEW.status IN ('resolved', 'closed') AND EXISTS (
       SELECT 1 FROM core.report_child AS link JOIN core.any_report AS child ON child.id = link.child
        WHERE link.parent = NEW.id AND child.status <> ALL (done)
          AND NOT (NEW.status = 'resolved' AND child.status = 'resolved')) THEN
    RAISE SQLSTATE 'DI001' USING MESSAGE = 'a part of this report is still open';
  END IF;
  IF OLD.status = ANY (done) AND NEW.status <> ALL (done) THEN
    PERFORM 1 FROM core.reports WHERE id = (SELECT parent FROM core.report_child WHERE child = NEW.id) FOR SHARE;
    IF EXISTS (SELECT 1 FROM core.report_child AS link JOIN core.any_report AS parent ON parent.id = link.parent
                WHERE link.child = NEW.id AND parent.status = ANY (done)) THEN
      RAISE SQLSTATE 'DI002' USING MESSAGE = 'the report of which this is a part is closed';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION core.family_ends() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
DECLARE
  ended bigint[] := ARRAY(SELECT link.child FROM new_rows AS made JOIN old_rows AS was USING (id)
                            JOIN core.report_child AS link ON link.parent = made.id
                           WHERE made.status = 'rejected' AND was.status <> 'rejected');
BEGIN
  IF cardinality(ended) > 0 THEN
    UPDATE core.reports SET status = 'rejected'
     WHERE id = ANY (ended) AND status NOT IN ('closed', 'rejected', 'duplicate');
    UPDATE core.report_unplaced SET status = 'rejected', updated_at = now()
     WHERE id = ANY (ended) AND status NOT IN ('closed', 'rejected', 'duplicate');
  END IF;
  RETURN NULL;
END $$;
ALTER FUNCTION core.family_holds() OWNER TO diaban_owner;
ALTER FUNCTION core.family_ends() OWNER TO diaban_owner;
REVOKE EXECUTE ON FUNCTION core.family_holds(), core.family_ends() FROM PUBLIC;
DO $$
DECLARE target text;
BEGIN
  FOREACH target IN ARRAY ARRAY['reports', 'report_unplaced'] LOOP
    EXECUTE 'CREATE OR REPLACE TRIGGER report_family_holds BEFORE UPDATE OF status ON core.' || target ||
            ' FOR EACH ROW WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION core.family_holds()';
    EXECUTE 'CREATE OR REPLACE TRIGGER report_family_ends AFTER UPDATE ON core.' || target ||
            ' REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
            ' FOR EACH STATEMENT EXECUTE FUNCTION core.family_ends()';
  END LOOP;
END $$;
