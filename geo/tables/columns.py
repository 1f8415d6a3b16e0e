"""The tables of one layer as SQLAlchemy objects: truth, public projection, personal data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

    from layers.description import Layer, LayerField

SQL_TYPES: dict[str, type[TypeEngine[Any]]] = {
    "text": Text,
    "integer": Integer,
    "number": Double,
    "boolean": Boolean,
    "date": Date,
    "timestamp": DateTime,
}


def core_table(layer: Layer) -> Table:
    """``core.<layer>``: every row with its visibility and the unit that is responsible."""
    return Table(
        layer.name,
        MetaData(),
        _core_id(layer),
        *_geometry(layer),
        Column("visibility", SmallInteger, nullable=False, server_default=str(layer.default_visibility)),
        Column("unit", Text),
        *_valid_time(layer),
        *(_column(field) for field in layer.fields if field.visible != "private"),
        Column("search", Text, Computed(_search(layer.fields_for(staff=True)), persisted=True)),
        _now("created_at"),
        _now("updated_at"),
        CheckConstraint("visibility BETWEEN 0 AND 2", name=f"{layer.name}_visibility"),
        # Nothing invalid is ever stored: one such polygon can hold a backend for minutes in ST_AsMVTGeom.
        CheckConstraint(
            f"NOT ST_IsEmpty(geom) AND ST_NPoints(geom) <= {layer.max_vertices} AND ST_IsValid(geom)",
            name=f"{layer.name}_geom_valid",
        ),
        # The square of Web Mercator: what lies outside it has no place on any tile.
        CheckConstraint(
            "geom @ ST_MakeEnvelope(-180, -85.06, 180, 85.06, 4326)", name=f"{layer.name}_extent"
        ),
        *_valid_time_check(layer),
        schema="core",
    )


def pub_table(layer: Layer) -> Table:
    """``pub.<layer>``: public rows and public columns; kept by a trigger of the editing transaction."""
    return Table(
        layer.name,
        MetaData(),
        Column("id", BigInteger, primary_key=True, autoincrement=False),
        *_geometry(layer),
        Column("unit", Text),
        *_valid_time(layer),
        *(_column(field) for field in layer.fields_for(staff=False)),
        Column("search", Text, Computed(_search(layer.fields_for(staff=False)), persisted=True)),
        Column("updated_at", DateTime(timezone=True), nullable=False),
        schema="pub",
    )


def private_table(layer: Layer) -> Table | None:
    """``private.<layer>``: personal data of a row, or None where the layer has none."""
    if not layer.private_fields:
        return None
    metadata = MetaData()
    Table(layer.name, metadata, Column("id", BigInteger, primary_key=True), schema="core")
    return Table(
        layer.name,
        metadata,
        Column("id", ForeignKey(f"core.{layer.name}.id", ondelete="CASCADE"), primary_key=True),
        *(_column(field) for field in layer.private_fields),
        schema="private",
    )


def public_columns(layer: Layer) -> list[str]:
    """The columns that the projection copies unchanged (all but the geometry and what is computed)."""
    valid_time = ["valid_from", "valid_to"] if layer.valid_time else []
    return ["id", "unit", *valid_time, *(f.name for f in layer.fields_for(staff=False)), "updated_at"]


def _core_id(layer: Layer) -> Column[int]:
    if layer.random_ids:
        return Column("id", BigInteger, primary_key=True, server_default=text("ops.random_id()"))
    return Column("id", BigInteger, Identity(), primary_key=True)


def _geometry(layer: Layer) -> tuple[Column[Any], Column[Any]]:
    # spatial_index=False: publishing names its indexes itself and creates them where they are missing.
    mercator = Geometry(layer.geometry, srid=3857, spatial_index=False)
    return (
        Column("geom", Geometry(layer.geometry, srid=4326, spatial_index=False), nullable=False),
        Column("geom_3857", mercator, Computed("ST_Transform(geom, 3857)", persisted=True)),
    )


def _valid_time(layer: Layer) -> tuple[Column[Any], ...]:
    if not layer.valid_time:
        return ()
    return (Column("valid_from", Date, nullable=False), Column("valid_to", Date))


def _valid_time_check(layer: Layer) -> tuple[CheckConstraint, ...]:
    if not layer.valid_time:
        return ()
    return (CheckConstraint("valid_to > valid_from", name=f"{layer.name}_valid_time"),)


def _column(field: LayerField) -> Column[Any]:
    kind = SQL_TYPES[field.type]
    column_type = DateTime(timezone=True) if kind is DateTime else kind()
    return Column(field.name, column_type, nullable=not field.required)


def _now(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=text("now()"))


def _search(fields: tuple[LayerField, ...]) -> str:
    words = [f"coalesce({field.name}, '')" for field in fields if field.search and field.type == "text"]
    return f"ops.fold({' || chr(32) || '.join(words)})" if words else "NULL::text"
