"""The router gives one answer in PostGIS and in memory: at random places, on edges, on vertices, in gaps."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import pytest

from geo.calendar import date_of
from tests.geo.routing_ground import NOW, by_postgis, ground, in_memory, question
from tests.geo.units_ground import GAP_DEG, box, settle

if TYPE_CHECKING:
    import psycopg

    from geo.routing import Decision, Question
    from geo.settings import Settings

OVERLAPPING = [
    ("vn-x", "30011", "Xã Ích", box(105.70, 10.50, 105.72, 10.52)),
    ("vn-y", "30012", "Xã Yên", box(105.71, 10.50, 105.73, 10.52)),
    ("vn-z", "30013", "Xã Zệt", box(105.71, 10.51, 105.74, 10.53)),
    ("vn-s", "30014", "Xã Sông", "POLYGON((105.74 10.53, 105.7613 10.5371, 105.7577 10.5513, 105.74 10.53))"),
]
ADD = (
    "INSERT INTO core.admin_units (unit_id, code, name, kind, level, province_code, valid_from, geom)"
    " VALUES (%s, %s, %s, 'xa', 3, '82', '2025-07-01', ST_Multi(ST_GeomFromText(%s, 4326)))"
)


@pytest.fixture
def units(admin: psycopg.Connection) -> None:
    settle(admin)
    for row in OVERLAPPING:
        admin.execute(ADD, row)


def places(count: int) -> list[Question]:
    pick = random.Random(20250701)
    xs = [105.60, 105.62, 105.64, 105.64 + GAP_DEG, 105.66, 105.70, 105.71, 105.72, 105.73, 105.74]
    ys = [10.48, 10.50, 10.51, 10.52, 10.53]
    accuracies = [None, 5.0, 15.0, 40.0, 200.0, 1500.0]

    def accuracy() -> float | None:
        return pick.choice(accuracies)

    anywhere = [
        question(pick.uniform(105.59, 105.77), pick.uniform(10.47, 10.56), accuracy_m=accuracy())
        for _ in range(count)
    ]
    vertices = [question(x, y, accuracy_m=accuracy()) for x in xs for y in ys]
    edges = [
        question(pick.choice(xs), pick.uniform(10.48, 10.53), accuracy_m=accuracy()) for _ in range(count)
    ]
    edges += [
        question(pick.uniform(105.6, 105.74), pick.choice(ys), accuracy_m=accuracy()) for _ in range(count)
    ]
    near = [
        question(
            pick.choice(xs) + pick.gauss(0, 3e-4),
            pick.choice(ys) + pick.gauss(0, 3e-4),
            accuracy_m=accuracy(),
        )
        for _ in range(count)
    ]
    slanted = [
        question(105.74 + t * 0.0213, 10.53 + t * 0.0071, accuracy_m=accuracy())
        for t in (pick.random() for _ in range(count))
    ]
    return anywhere + vertices + edges + near + slanted


def said(decision: Decision) -> tuple[object, ...]:
    return (
        decision.body.id,
        decision.unit.unit.unit_id if decision.unit else None,
        decision.confidence,
        decision.triage,
        [each.unit.unit_id for each in decision.candidates],
    )


@pytest.mark.usefixtures("units")
def test_postgis_and_memory_agree(settings: Settings, admin: psycopg.Connection) -> None:
    asked = places(120)
    memory = ground(admin, date_of(NOW))
    stored = by_postgis(settings, *asked)
    seen = set()
    for each, first in zip(asked, stored, strict=True):
        second = in_memory(memory, each)
        assert said(first) == said(second), each
        seen.add(first.confidence)
        for one, other in zip(first.candidates, second.candidates, strict=True):
            assert math.isclose(one.border_m, other.border_m, rel_tol=1e-6, abs_tol=1e-3), each
            assert math.isclose(one.distance_m, other.distance_m, rel_tol=1e-6, abs_tol=1e-3), each
            assert math.isclose(one.area_m2, other.area_m2, rel_tol=1e-6)
    assert seen == {"inside", "near_boundary", "overlap", "gap_snapped", "outside"}
