"""Names of types that are written down, against the tables that SQLAlchemy makes."""

from __future__ import annotations

import pytest
from sqlalchemy.dialects import postgresql

from geo.tables.columns import SQL_TYPES, core_table, private_table
from geo.tables.types import column_types
from layers.description import Layer
from layers.registry import load

TEXT = {"vi": "x", "en": "x"}
FIELDS = [
    {"name": f"{visible}_{kind}", "type": kind, "title": TEXT, "visible": visible}
    for kind in SQL_TYPES
    for visible in ("public", "staff", "private")
]
MADE = {"name": "made", "title": TEXT, "description": TEXT, "owner": TEXT, "licence": TEXT}
EVERY = Layer.model_validate({**MADE, "geometry": "Point", "valid_time": True, "fields": FIELDS})


@pytest.mark.parametrize("layer", [EVERY, *load().values()], ids=lambda layer: layer.name)
def test_types_are_those_of_the_tables(layer: Layer) -> None:
    tables = [table for table in (core_table(layer), private_table(layer)) if table is not None]
    made = {
        column.name: column.type.compile(postgresql.dialect())  # type: ignore[no-untyped-call]
        for table in tables
        for column in table.columns
        if not column.name.startswith("geom")
    }
    assert column_types(layer) == made
