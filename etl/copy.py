"""Rows into a layer's tables by COPY. The triggers of the tables keep projection, change log and the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    from psycopg import Connection

    from layers.description import Layer

    Database = Connection[tuple[Any, ...]]

# Triggers run once a statement and hold its rows in memory; progress moves by as much.
ROWS_A_STATEMENT = 5_000
SYSTEM = ("id", "visibility", "unit", "valid_from", "valid_to", "created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a frame go into which table."""

    core: list[str]
    private: list[str]

    @classmethod
    def of(cls, layer: Layer, frame: gpd.GeoDataFrame) -> Columns:
        """``ValueError`` for a column that the layer does not have."""
        private = [field.name for field in layer.private_fields if field.name in frame]
        known = {*SYSTEM, *(field.name for field in layer.fields), frame.geometry.name}
        if unknown := set(frame.columns) - known:
            raise ValueError(f"{layer.name}: no such columns: {', '.join(sorted(unknown))}")
        core = [c for c in frame.columns if c not in private and c != frame.geometry.name]
        return cls(core, private)


def copy_rows(
    connection: Database,
    layer: Layer,
    frame: gpd.GeoDataFrame,
    done: Callable[[int], None] = lambda rows: None,
) -> int:
    """Append a frame (EPSG:4326) to a layer, personal data to its own table; how many rows.

    Part of the caller's transaction, with the role of ``geo.datasets.names.OWNER``. ``done`` hears how many
    rows are in. Ids are given out here where the layer has private fields and the frame brings none.
    ``ValueError`` for a column that the layer does not have.
    """
    if layer.private_fields and "id" not in frame:
        frame = frame.assign(id=_new_ids(connection, layer, len(frame)))
    columns = Columns.of(layer, frame)
    for start in range(0, len(frame), ROWS_A_STATEMENT):
        part = frame.iloc[start : start + ROWS_A_STATEMENT]
        hexes = shapely.to_wkb(shapely.set_srid(part.geometry.to_numpy(), 4326), hex=True, include_srid=True)
        _copy(
            connection, "core", layer, [*columns.core, "geom"], [*_values(part, columns.core), hexes.tolist()]
        )
        if columns.private:
            known = part[part[columns.private].notna().any(axis=1)]
            names = ["id", *columns.private]
            _copy(connection, "private", layer, names, _values(known, names))
        done(start + len(part))
    return len(frame)


def set_note(connection: Database, layer: str, note: str | None) -> None:
    """What the catalogue says beside the layer's data (JSON with ``vi`` and ``en``), or nothing any more."""
    connection.execute(
        "UPDATE ops.layer SET note = %s::jsonb, revision = nextval('ops.layer_revision') "
        "WHERE name = %s AND note IS DISTINCT FROM %s::jsonb",
        [note, layer, note],
    )


def _copy(
    connection: Database, schema: str, layer: Layer, names: list[str], columns: list[list[Any]]
) -> None:
    """By way of a temporary table: PostgreSQL refuses COPY into a table under row-level security."""
    words = {
        "table": sql.Identifier(schema, layer.name),
        "names": sql.SQL(", ").join(map(sql.Identifier, names)),
    }
    connection.execute(
        sql.SQL(
            "CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS SELECT {names} FROM {table} WITH NO DATA"
        ).format(**words)
    )
    with connection.cursor().copy("COPY pg_temp.incoming FROM STDIN") as copy:
        for row in zip(*columns, strict=True):
            copy.write_row(row)
    connection.execute(
        sql.SQL("INSERT INTO {table} ({names}) SELECT {names} FROM pg_temp.incoming").format(**words)
    )
    connection.execute("DROP TABLE pg_temp.incoming")


def _values(frame: pd.DataFrame, names: list[str]) -> list[list[Any]]:
    return [_plain(frame[name]) for name in names]


def _plain(column: pd.Series) -> list[Any]:
    """Python values with None for what is missing; whole floats of columns with gaps stay floats."""
    missing = column.isna().to_numpy()
    if pd.api.types.is_datetime64_any_dtype(column):
        # Formatting with a time zone is a hundred times slower than this.
        utc = column.dt.tz_convert("UTC").dt.tz_localize(None) if column.dt.tz else column
        texts = np.datetime_as_string(utc.to_numpy(dtype="datetime64[us]"))
        values = np.char.add(texts, "+00" if column.dt.tz else "").astype(object)
    elif pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = _numbers(column)
    else:
        values = column.to_numpy(dtype=object)
    if missing.any():
        values = values.astype(object)
        values[missing] = None
    return values.tolist()  # type: ignore[no-any-return]


def _numbers(column: pd.Series) -> np.ndarray[Any, Any]:
    values = column.to_numpy(dtype=float, na_value=np.nan) if column.hasnans else column.to_numpy()
    # 120.0 of an integer field with gaps must read 120: COPY takes no fraction for an integer column.
    if values.dtype.kind == "f" and np.all((values % 1 == 0) | np.isnan(values)):
        return np.array([None if np.isnan(v) else int(v) for v in values], dtype=object)
    return values.astype(object)


def _new_ids(connection: Database, layer: Layer, count: int) -> list[int]:
    source = (
        sql.SQL("ops.random_id()")
        if layer.random_ids
        else sql.SQL("nextval(pg_get_serial_sequence({}, 'id'))").format(sql.Literal(f"core.{layer.name}"))
    )
    query = sql.SQL("SELECT {} FROM generate_series(1, %s)").format(source)
    return [row[0] for row in connection.execute(query, [count]).fetchall()]
