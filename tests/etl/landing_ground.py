"""Datasets staged by hand: rows of a layer as an import would bring them."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import shapely

from geo.datasets import Difference, Plan, land, match, stage, store
from geo.datasets.names import OWNER
from geo.datasets.types import Origin
from geo.tables.types import column_types
from layers.registry import load

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from geo.settings import Settings

LAYERS = load()
X, Y = 105.6, 10.4
Row = dict[str, Any]


def square(x: float, y: float, size: float = 1.0) -> shapely.MultiPolygon:
    """A square in units of 0.001°."""
    west, south = X + x * 1e-3, Y + y * 1e-3
    return shapely.MultiPolygon([shapely.box(west, south, west + size * 1e-3, south + size * 1e-3)])


def parcel(number: int, x: float, y: float = 0, **more: Any) -> Row:
    row = {
        "unit": "29869", "sheet_number": 1, "parcel_number": number, "parcel": f"1/{number}", "code": "LUC",
        "scheme": "TT27_2018", "area_m2": 12_000.0, "geom": square(x, y),
    }  # fmt: skip
    return row | more


def staged(
    settings: Settings, layer: str, rows: list[Row], mode: str = "update", **more: Any
) -> tuple[int, Plan]:
    """Rows in a staged table, as a reader leaves them; its number and the plan of its landing."""
    described = LAYERS[layer]
    columns = tuple(name for name in rows[0] if name != "geom")
    plan = Plan(described, mode, columns, **more)  # type: ignore[arg-type]
    with closing(psycopg.connect(settings.admin_dsn, autocommit=True)) as connection:
        origin = Origin("made.gpkg", "0" * 64, 1, "tester")
        number = store.begin(connection, layer, plan.mode, origin)
        stage.create(connection, number, described, columns)
        with stage.filling(connection, number, columns) as copy:
            types = column_types(described)
            copy.set_types(["int8", *(PG[types[name]] for name in columns), "bytea"])
            for number_, row in enumerate(rows, 1):
                copy.write_row([number_, *(row.get(name) for name in columns), ewkb(row["geom"])])
        count = stage.finish(connection, number)
        store.save(connection, number, "staged", store.Known({"staged": count}))
    return number, plan


PG = {
    "TEXT": "text", "INTEGER": "int4", "DOUBLE PRECISION": "float8", "DATE": "date", "BOOLEAN": "bool",
    "TIMESTAMP WITH TIME ZONE": "timestamptz", "BIGINT": "int8", "SMALLINT": "int2",
}  # fmt: skip


def ewkb(shape: BaseGeometry) -> bytes:
    return bytes(shapely.to_wkb(shapely.set_srid(shape, 4326), include_srid=True))


def landed(
    settings: Settings, layer: str, rows: list[Row], mode: str = "update", **more: Any
) -> tuple[int, Difference]:
    number, plan = staged(settings, layer, rows, mode, **more)
    return number, land(settings, number, plan)


def compared(settings: Settings, number: int, plan: Plan) -> Difference:
    """The difference as a preview shows it: nothing is changed."""
    with psycopg.connect(settings.admin_dsn) as connection:
        connection.execute(OWNER)
        return match(connection, number, plan)
