"""``/api/at``: everything that the layers say of one place, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from psycopg import sql

from api.deps import Db, Layers, Who
from geo.calendar import parse_day
from geo.in_force import in_force
from geo.types import LonLat, parse_number
from geo.words import both, feature_title, rows

if TYPE_CHECKING:
    from datetime import date

    from psycopg import AsyncConnection

    from geo.database import Caller
    from layers.description import Layer

MAX_TOLERANCE_M = 500
MAX_FEATURES = 50
# The shortest degrees of WGS 84, so that the box never misses what the exact test would find.
METRES_A_DEGREE = 110_500.0

router = APIRouter(prefix="/api", tags=["map"])


@router.get("/at")
async def at_place(
    *,
    db: Db,
    catalogue: Layers,
    caller: Who,
    lon: str = "",
    lat: str = "",
    tolerance_m: str = "10",
    layers: str | None = None,
    at: str | None = None,
) -> dict[str, Any]:
    """Features at ``lon``, ``lat`` (degrees, WGS 84) that the caller may see, by layer in drawing order.

    Areas are those that hold the point; points and lines those within ``tolerance_m`` (0–500 m, geodesic),
    nearest first. At most 50 a layer, ``more`` says whether there were others. ``at``: the day (today by
    default, on Vietnam's calendar) on which rows with valid time are in force. Values are written in words.
    """
    place = LonLat.parse(lon, lat)
    tolerance = parse_number("tolerance_m", tolerance_m, 0, MAX_TOLERANCE_M)
    day = parse_day("at", at)
    chosen = (
        catalogue.layers.values()
        if layers is None
        else map(catalogue.layer, dict.fromkeys(layers.split(",")))
    )
    wanted = list(chosen)
    results = []
    async with db.read(caller) as connection:
        for layer in wanted:
            found = await _features(connection, layer, caller, bindings(place, tolerance, day))
            if found:
                note = catalogue.note(layer.name) or layer.approximate
                results.append(
                    {
                        "layer": layer.name,
                        "layer_title": both(layer.title),
                        "approximate": both(note) if note else None,
                        "features": found[:MAX_FEATURES],
                        "more": len(found) > MAX_FEATURES,
                    }
                )
    return {"results": results, "as_of": day.isoformat()}


async def _features(
    connection: AsyncConnection[tuple[Any, ...]], layer: Layer, caller: Caller, values: dict[str, Any]
) -> list[dict[str, Any]]:
    fields = layer.fields_for(staff=caller.staff)
    validity = ["valid_from", "valid_to"] if layer.valid_time else []
    names = ["id", *(field.name for field in fields), *validity]
    cursor = await connection.execute(statement(layer, caller.schema, names), values)
    found = [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]
    return [
        {"id": each["id"], "title": feature_title(layer, each), "rows": rows(layer, fields, each)}
        for each in found
    ]


def statement(layer: Layer, schema: str, names: list[str]) -> sql.Composed:
    """The rows of ``schema.layer`` at a place: columns ``names``, nearest first; bound: :func:`bindings`."""
    # The box comes first: under row-level security only the leakproof && may use the index.
    place = sql.SQL("ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)")
    tests: list[sql.Composable] = [
        sql.SQL("geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)")
    ]
    if layer.geometry.endswith("Polygon"):
        tests.append(sql.SQL("ST_Intersects(geom, {})").format(place))
    else:
        tests.append(sql.SQL("ST_DWithin(geom::geography, {}::geography, %(tolerance)s)").format(place))
    if layer.valid_time:
        tests.append(in_force("day"))
    return sql.SQL(
        "SELECT {names} FROM {table} WHERE {tests} ORDER BY geom <-> {place}, id LIMIT {limit}"
    ).format(
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
        table=sql.Identifier(schema, layer.name),
        tests=sql.SQL(" AND ").join(tests),
        place=place,
        limit=sql.Literal(MAX_FEATURES + 1),
    )


def bindings(place: LonLat, tolerance_m: float, day: date) -> dict[str, Any]:
    """The values that :func:`statement` binds."""
    # Beyond 89 degrees the box is as wide as it gets there; the platform's ground lies at 8 to 24.
    shrink = max(math.cos(math.radians(abs(place.lat) + tolerance_m / METRES_A_DEGREE)), 0.01)
    high = tolerance_m / METRES_A_DEGREE
    wide = high / shrink
    return {
        "lon": place.lon,
        "lat": place.lat,
        "west": place.lon - wide,
        "south": place.lat - high,
        "east": place.lon + wide,
        "north": place.lat + high,
        "tolerance": tolerance_m,
        "day": day,
    }
