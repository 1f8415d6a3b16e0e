"""OGC's CQL2 test data (Natural Earth) in scratch layers, read in place; never part of the product."""

from __future__ import annotations

import csv
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg
import pyogrio
import shapely
import yaml
from psycopg import sql

from geo.publish import publish_folders

if TYPE_CHECKING:
    from geo.settings import Settings

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "ogc_cql2"
ARCHIVE = FOLDER / "cql2_ats_data.zip"
EXPECTED = FOLDER / "cql2_expected_results.csv"
EXAMPLES = "cql2/standard/schema/examples"
LAYERS = {
    "ne_110m_admin_0_countries": "MultiPolygon",
    "ne_110m_populated_places_simple": "Point",
    "ne_110m_rivers_lake_centerlines": "LineString",
}
TYPES = {
    "O": "text",
    "i": "integer",
    "f": "number",
    "b": "boolean",
    "datetime64[D]": "date",
    "datetime64[ms]": "timestamp",
}
CASTS = {"integer": int, "boolean": bool}
# Names of layers' fields are small letters; "end" is a word of SQL that a layer's name cannot be.
NAMES = {"NAME": "name", "POP_EST": "pop_est", "geom": "geometry", "end": "end_at"}


def predicates() -> list[dict[str, str]]:
    """The rows of the table of expected counts; none where the data are not here."""
    if not EXPECTED.exists():
        return []
    with EXPECTED.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def renamed(predicate: str) -> str:
    """The predicate with the names that the scratch layers have."""
    return re.sub(r"\b(NAME|POP_EST|geom|end)\b", lambda match: NAMES[match[1]], predicate)


def examples() -> dict[str, str]:
    """The standard's examples by path."""
    if not ARCHIVE.exists():
        return {}
    with zipfile.ZipFile(ARCHIVE) as archive:
        names = [name for name in archive.namelist() if name.startswith(EXAMPLES) and name[-1] != "/"]
        return {name.removeprefix(EXAMPLES + "/"): archive.read(name).decode() for name in names}


def publish_and_load(settings: Settings, folder: Path) -> None:
    """Three layers, published as any other, with all their rows."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        path = Path(archive.extract("cql2/standard/data/ne110m4cql2.gpkg", folder))
    tables = {name: pyogrio.raw.read(path, layer=name) for name in LAYERS}
    for name, (meta, _, _, _) in tables.items():
        _describe(folder / "layers" / name, name, meta)
    publish_folders(settings, [folder / "layers"])
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        for name, (meta, _, geometry, columns) in tables.items():
            # Antarctica goes to the pole, which no tile of Web Mercator shows.
            drop = sql.SQL("ALTER TABLE core.{} DROP CONSTRAINT {}")
            connection.execute(drop.format(sql.Identifier(name), sql.Identifier(f"{name}_extent")))
            _insert(connection, name, meta, geometry, columns)


def _describe(folder: Path, name: str, meta: dict[str, Any]) -> None:
    folder.mkdir(parents=True)
    words = {"vi": name, "en": name}
    fields = [
        {"name": _field(field), "type": _type(dtype), "title": {"vi": field, "en": field}}
        for field, dtype in zip(meta["fields"], meta["dtypes"], strict=True)
    ]
    description = {
        "name": name,
        "title": words,
        "description": words,
        "owner": words,
        "licence": words,
        "geometry": LAYERS[name],
        "fields": fields,
    }
    (folder / "layer.yaml").write_text(yaml.safe_dump(description, allow_unicode=True), encoding="utf-8")


def _type(dtype: str) -> str:
    return TYPES.get(dtype) or TYPES[np.dtype(dtype).kind]


def _field(name: str) -> str:
    return NAMES.get(name, name.lower())


def _insert(
    connection: psycopg.Connection, table: str, meta: dict[str, Any], geometry: Any, columns: list[Any]
) -> None:
    fields = [_field(name) for name in meta["fields"]]
    types = [CASTS.get(_type(dtype)) for dtype in meta["dtypes"]]
    statement = sql.SQL("INSERT INTO core.{} (geom, {}) VALUES (ST_GeomFromWKB(%s, 4326), {})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, fields)),
        sql.SQL(", ").join([sql.Placeholder()] * len(fields)),
    )
    connection.execute("SET timezone = 'UTC'")
    for i, shape in enumerate(shapely.from_wkb(geometry)):
        multi = shapely.MultiPolygon([shape]) if shape.geom_type == "Polygon" else shape
        values = [_python(column[i], cast) for column, cast in zip(columns, types, strict=True)]
        connection.execute(statement, [shapely.to_wkb(multi), *values])


def _python(value: Any, cast: Any) -> Any:
    if value is None or (isinstance(value, np.datetime64) and np.isnat(value)):
        return None
    if isinstance(value, np.datetime64):
        return value.item()
    if isinstance(value, np.generic):
        # Numbers and truths come as NaN where they are NULL.
        value = None if value != value else value.item()
    return value if value is None or cast is None else cast(value)
