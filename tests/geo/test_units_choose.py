"""The choice among candidates, without a database."""

from __future__ import annotations

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.types import Bbox
from geo.units import Candidate, Unit, choose, search_radius_m


def candidate(name: str, distance_m: float = 0, border_m: float = 500, area_m2: float = 1e6) -> Candidate:
    unit = Unit(
        feature_id=hash(name) % 1000,
        unit_id=name,
        code="30001",
        name=name,
        kind="xa",
        level=3,
        province_code="82",
        province_name=None,
        district_name=None,
        area_km2=None,
        population=None,
        valid_from=date(2025, 7, 1),
        valid_to=None,
        bbox=Bbox(0, 0, 1, 1),
    )
    return Candidate(unit, distance_m, border_m, area_m2)


def test_inside() -> None:
    placement = choose([candidate("a")])
    assert (placement.chosen and placement.chosen.unit.unit_id, placement.confidence) == ("a", "inside")


@pytest.mark.parametrize(
    ("border_m", "accuracy_m", "confidence"),
    [
        (14.99, None, "near_boundary"),
        (15.0, None, "inside"),
        (15.0, 5, "inside"),
        (100, 200, "near_boundary"),
        (100, 50, "inside"),
    ],
)
def test_the_border_is_near_within_the_accuracy(
    border_m: float, accuracy_m: float | None, confidence: str
) -> None:
    neighbour = candidate("b", distance_m=border_m)
    assert choose([candidate("a", border_m=border_m), neighbour], accuracy_m).confidence == confidence


def test_on_a_shared_border_the_smaller_unit_wins_then_the_identity() -> None:
    edge = [candidate("b", border_m=0, area_m2=2e6), candidate("a", border_m=0, area_m2=3e6)]
    assert [c.unit.unit_id for c in choose(edge).candidates] == ["b", "a"]
    assert choose(edge).confidence == "near_boundary"
    equal = [candidate(name, border_m=0) for name in ("c", "a", "b")]
    for order in itertools.permutations(equal):
        assert [c.unit.unit_id for c in choose(order).candidates] == ["a", "b", "c"]


def test_overlap_is_not_a_border() -> None:
    three = [candidate(name, border_m=300) for name in "abc"]
    assert choose(three).confidence == "overlap"


@pytest.mark.parametrize(
    ("distance_m", "confidence"), [(3, "gap_snapped"), (20, "gap_snapped"), (20.01, "outside")]
)
def test_gaps_are_bridged_up_to_20_m(distance_m: float, confidence: str) -> None:
    placement = choose([candidate("far", 40), candidate("near", distance_m)])
    assert placement.confidence == confidence
    assert (placement.chosen is None) == (confidence == "outside")
    assert placement.candidates[0].unit.unit_id == "near"


def test_nothing_near() -> None:
    assert choose([]).confidence == "outside"


def test_how_far_is_searched() -> None:
    assert search_radius_m(None) == 20
    assert search_radius_m(150) == 150
    assert search_radius_m(10_000) == 2_000


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.0, 3.0, 30.0]), st.floats(0, 1e4), st.sampled_from([1e6, 2e6])),
        max_size=6,
    ),
    st.randoms(),
    st.floats(0, 10_000),
)
def test_order_of_the_rows_never_matters(
    rows: list[tuple[float, float, float]], random: object, accuracy_m: float
) -> None:
    found = [candidate(f"u{i}", *row) for i, row in enumerate(rows)]
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert choose(found, accuracy_m) == choose(shuffled, accuracy_m)
