"""Texts of statements: composed once, the same for all tiles of a zoom, never another description's."""

from __future__ import annotations

from datetime import date

import pytest

from geo.types import TileId
from layers.registry import load
from tiles.ladder.query import patched_query, rung_query
from tiles.query import TileQuery, counted_query, tile_query

LAYERS = load()
DAYS = date(2026, 7, 1), date(2026, 7, 2)


def drawn(name: str, x: int, day: date, zoom: int = 14, *, staff: bool = False) -> TileQuery:
    return tile_query(LAYERS[name], "core" if staff else "pub", TileId(zoom, x, x), day, staff=staff)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("staff", [False, True])
def test_one_text_for_all_tiles_of_a_zoom(name: str, staff: bool) -> None:
    first, second = (drawn(name, x, day, staff=staff) for x, day in zip((1, 2), DAYS, strict=True))
    assert first.statement is second.statement and first.parameters != second.parameters
    assert first.parameters["x"] == 1 and second.parameters["x"] == 2


def test_staff_and_the_public_and_each_zoom_have_their_own() -> None:
    texts = {
        drawn("land_use", 1, DAYS[0], zoom, staff=staff).statement
        for zoom in (15, 16)
        for staff in (False, True)
    }
    assert len(texts) == 4
    stored = [
        rung_query(LAYERS["land_use"], "merged", TileId(9, 1, 1), DAYS[0], staff=staff)
        for staff in (False, True)
    ]
    patched = [
        patched_query(LAYERS["land_use"], 12, TileId(9, 1, 1), DAYS[0], staff=staff)
        for staff in (False, True)
    ]
    counted = [
        counted_query(LAYERS["reports"], TileId(9, 1, 1), DAYS[0], staff=staff) for staff in (False, True)
    ]
    assert len({each.statement for each in (*stored, *patched, *counted)}) == 6


def test_another_description_has_another_text_and_the_first_comes_back() -> None:
    layer = LAYERS["farms"]
    other = layer.model_copy(update={"fields": layer.fields[:1]})
    tile = TileId(14, 1, 1)
    texts = [tile_query(each, "pub", tile, DAYS[0], staff=False).statement for each in (layer, other, layer)]
    assert texts[0] == texts[2] != texts[1]
    assert b'"crop"' in texts[0] and len(texts[1]) <= len(texts[0])
