"""The SQL that stands beside a layer's tables: indexes, change log, public projection, policies.

Every statement may run again on a database that has it already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.tables.columns import public_columns

if TYPE_CHECKING:
    from layers.description import Layer

# The database's own word for what a caller may read. The two settings are read once a statement, through an
# uncorrelated sub-select: read per row they cost three times as much.
READABLE = (
    "visibility = 0 OR visibility <= (SELECT auth.clearance()) OR unit = ANY ((SELECT auth.units())::text[])"
)
WRITABLE = (
    "(SELECT auth.clearance()) = 2"
    " OR ((SELECT auth.clearance()) = 1 AND unit = ANY ((SELECT auth.units())::text[]))"
)


def indexes(layer: Layer) -> list[str]:
    """GiST on both geometries, trigrams on the search text, dates where rows live in time."""
    wanted = {"geom": "gist (geom)", "geom_3857": "gist (geom_3857)"}
    if any(field.search for field in layer.fields):
        wanted["search"] = "gin (search public.gin_trgm_ops)"
    if layer.valid_time:
        wanted["valid"] = "btree (valid_from, valid_to)"
    if layer.label:
        wanted[layer.label] = f"btree ({layer.label})"
    for field in layer.fields_for(staff=False):
        if field.type in ("timestamp", "date") or field.name.endswith("code"):
            wanted.setdefault(field.name, f"btree ({field.name})")
    make = "CREATE INDEX IF NOT EXISTS"
    # Staff's tiles are the public ladder and, beside it, the restricted rows themselves.
    restricted = f"{make} {layer.name}_restricted_idx ON core.{layer.name} USING gist (geom_3857)"
    return [
        f"{make} {layer.name}_{name}_idx ON {schema}.{layer.name} USING {method}"
        for schema in ("core", "pub")
        for name, method in wanted.items()
    ] + [f"{restricted} WHERE visibility > 0"]


def projection(layer: Layer) -> list[str]:
    """The trigger functions that keep ``pub`` in the editing transaction, and that stamp ``updated_at``."""
    columns = ", ".join(public_columns(layer))
    geom = f"ST_SnapToGrid(geom, {layer.public_grid_deg})" if layer.public_grid_deg else "geom"
    insert = (
        f"INSERT INTO pub.{layer.name} ({columns}, geom) "
        f"SELECT {columns}, {geom} FROM new_rows WHERE visibility = 0"
    )
    delete = f"DELETE FROM pub.{layer.name} WHERE id IN (SELECT id FROM old_rows)"
    function = f"core.{layer.name}_project"
    return [
        f"""CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = pg_catalog, public AS $$
            BEGIN
              IF TG_OP = 'TRUNCATE' THEN TRUNCATE pub.{layer.name};
              ELSE
                IF TG_OP IN ('UPDATE', 'DELETE') THEN {delete}; END IF;
                IF TG_OP IN ('INSERT', 'UPDATE') THEN {insert}; END IF;
              END IF;
              RETURN NULL;
            END $$""",
        f"ALTER FUNCTION {function}() OWNER TO diaban_owner",
        *_triggers(layer, "project", f"{function}()"),
        *_triggers(layer, "log", "ops.log_change()"),
        f"""CREATE OR REPLACE TRIGGER {layer.name}_touch BEFORE UPDATE ON core.{layer.name}
            FOR EACH ROW EXECUTE FUNCTION ops.touch()""",
    ]


def _triggers(layer: Layer, name: str, function: str) -> list[str]:
    rows = {
        "insert": "REFERENCING NEW TABLE AS new_rows",
        "update": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
        "delete": "REFERENCING OLD TABLE AS old_rows",
        "truncate": "",
    }
    return [
        f"CREATE OR REPLACE TRIGGER {layer.name}_{name}_{event} AFTER {event.upper()} ON core.{layer.name} "
        f"{referencing} FOR EACH STATEMENT EXECUTE FUNCTION {function}"
        for event, referencing in rows.items()
    ]


def policies(layer: Layer) -> list[str]:
    """Row-level security, forced also on the owner; and the grants of the three roles."""
    table = f"core.{layer.name}"
    rules = {
        "owner": "FOR ALL TO diaban_owner USING (true) WITH CHECK (true)",
        "read": f"FOR SELECT TO diaban_reader, diaban_writer USING ({READABLE})",
        "insert": f"FOR INSERT TO diaban_writer WITH CHECK ({WRITABLE})",
        "update": f"FOR UPDATE TO diaban_writer USING ({WRITABLE}) WITH CHECK ({WRITABLE})",
        "delete": f"FOR DELETE TO diaban_writer USING ({WRITABLE})",
    }
    statements = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"GRANT SELECT ON {table} TO diaban_reader",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO diaban_writer",
        f"GRANT SELECT ON pub.{layer.name} TO diaban_public, diaban_reader, diaban_writer",
    ]
    if layer.geometry.endswith("Polygon"):  # the builder of ladders reads what the public reads
        statements.append(f"GRANT SELECT ON pub.{layer.name} TO diaban_pump")
    for name, rule in rules.items():
        statements += [
            f"DROP POLICY IF EXISTS {layer.name}_{name} ON {table}",
            f"CREATE POLICY {layer.name}_{name} ON {table} {rule}",
        ]
    return statements


def personal_data(layer: Layer) -> list[str]:
    """The one way to a row's personal data: a function that writes the access log before it answers."""
    if not layer.private_fields:
        return []
    function = f"private.read_{layer.name}"
    return [
        f"""CREATE OR REPLACE FUNCTION {function}(feature bigint, purpose text) RETURNS private.{layer.name}
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
            DECLARE found private.{layer.name};
            BEGIN
              IF NOT EXISTS (SELECT 1 FROM core.{layer.name} WHERE id = feature AND (
                   auth.clearance() = 2 OR (auth.clearance() = 1 AND unit = ANY (auth.units())))) THEN
                RAISE insufficient_privilege USING MESSAGE = 'no right to these personal data';
              END IF;
              INSERT INTO private.access_log (subject, layer, feature_id, purpose)
              VALUES (auth.subject(), '{layer.name}', feature, purpose);
              SELECT * INTO found FROM private.{layer.name} WHERE id = feature;
              RETURN found;
            END $$""",
        f"ALTER FUNCTION {function}(bigint, text) OWNER TO diaban_owner",
        f"REVOKE EXECUTE ON FUNCTION {function}(bigint, text) FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {function}(bigint, text) TO diaban_writer",
    ]
