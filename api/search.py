"""``/api/search``: places and features by their words, without regard to marks and case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from psycopg import sql

from api.deps import Db, Layers, Who
from geo.calendar import parse_day
from geo.errors import InvalidInput
from geo.in_force import in_force
from geo.types import parse_integer
from geo.words import both, feature_title, subtitle

if TYPE_CHECKING:
    from datetime import date

    from psycopg import AsyncConnection

    from geo.database import Caller
    from layers.description import Layer, LayerField

MAX_QUERY = 100
MAX_LIMIT = 50
DEFAULT_LIMIT = 10

router = APIRouter(prefix="/api", tags=["map"])


@router.get("/search")
async def search(  # noqa: PLR0917 - FastAPI passes them by name
    db: Db,
    catalogue: Layers,
    caller: Who,
    q: str | None = None,
    limit: str = str(DEFAULT_LIMIT),
    at: str | None = None,
) -> dict[str, Any]:
    """Features that hold every word of ``q`` (1–100 characters): in the layers' order, best match first.

    "cao lanh" finds "Cao Lãnh". Of layers with valid time only rows in force on the day ``at`` (today where
    none is given). ``bbox`` is west, south, east, north in degrees.
    """
    text = _parse_query(q)
    rows_wanted = parse_integer("limit", limit, 1, MAX_LIMIT)
    day = parse_day("at", at)
    found: list[dict[str, Any]] = []
    async with db.read(caller) as connection:
        row = await (await connection.execute("SELECT ops.fold(%s)", [text])).fetchone()
        folded = " ".join(str(row[0]).split()) if row else ""
        for layer in catalogue.layers.values():
            if len(found) < rows_wanted and _searched(layer, caller):
                found += await _matches(
                    connection, layer, caller, bindings(folded, rows_wanted - len(found), day)
                )
    return {"results": found, "as_of": day.isoformat()}


def _parse_query(q: str | None) -> str:
    text = " ".join((q or "").split())
    if not 1 <= len(text) <= MAX_QUERY or "\x00" in text:
        raise InvalidInput("q", q or "", f"1 … {MAX_QUERY} ký tự", f"1 … {MAX_QUERY} characters")
    return text


def _searched(layer: Layer, caller: Caller) -> bool:
    return any(field.search for field in layer.fields_for(staff=caller.staff))


async def _matches(
    connection: AsyncConnection[tuple[Any, ...]], layer: Layer, caller: Caller, values: dict[str, Any]
) -> list[dict[str, Any]]:
    fields = tuple(
        field
        for field in layer.fields_for(staff=caller.staff)
        if field.search or field.codes or field.name == layer.label
    )
    names = ["id", *(field.name for field in fields)]
    # A kept plan does not know how rare the words are, and so not whether the trigram index pays.
    words = sum(name.startswith("word_") for name in values)
    cursor = await connection.execute(statement(layer, caller.schema, names, words), values, prepare=False)
    return [_result(layer, fields, names, row) for row in await cursor.fetchall()]


def _result(
    layer: Layer, fields: tuple[LayerField, ...], names: list[str], row: tuple[Any, ...]
) -> dict[str, Any]:
    values = dict(zip(names, row, strict=False))
    title = feature_title(layer, values)
    return {
        "layer": layer.name,
        "layer_title": both(layer.title),
        "id": values["id"],
        "title": title if isinstance(title, str) else title["vi"],
        "subtitle": subtitle(layer, fields, values),
        "bbox": list(row[len(names) :]),
    }


def statement(layer: Layer, schema: str, names: list[str], words: int) -> sql.Composed:
    """Best first: begins with the words, whole words, beginnings of words, anywhere; then the shortest."""
    tests = [sql.SQL("search LIKE {}").format(sql.Placeholder(f"word_{i}")) for i in range(words)]
    if layer.valid_time:
        tests.append(in_force("day"))
    return sql.SQL(
        "SELECT {columns}, ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom)"
        " FROM {table} WHERE {tests} ORDER BY CASE WHEN search LIKE %(begins)s THEN 0"
        " WHEN ' ' || search || ' ' LIKE %(whole)s THEN 1 WHEN ' ' || search LIKE %(starts)s THEN 2"
        " ELSE 3 END, length(search), search, id LIMIT %(limit)s"
    ).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, names)),
        table=sql.Identifier(schema, layer.name),
        tests=sql.SQL(" AND ").join(tests),
    )


def bindings(folded: str, limit: int, day: date) -> dict[str, Any]:
    """The values that :func:`statement` binds; signs of patterns mean themselves."""
    escaped = folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values: dict[str, Any] = {f"word_{i}": f"%{word}%" for i, word in enumerate(escaped.split())}
    return values | {
        "begins": f"{escaped}%",
        "whole": f"% {escaped} %",
        "starts": f"% {escaped}%",
        "day": day,
        "limit": limit,
    }
