"""What open maps are told of where a layer moved: no more than the caller may know."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from api.events import _bbox
from geo.changes.moved import EVERYTHING, Moved, Touched
from geo.database import Caller, Claims
from layers.registry import load

if TYPE_CHECKING:
    from geo.catalogue import Catalogue

CATALOGUE = cast("Catalogue", SimpleNamespace(layers=load()))
PUBLIC, STAFF = Caller.anonymous(), Caller(Claims("s", 1))
OPEN = Touched(0, (105.1, 10.1, 105.2, 10.2))
CLOSED = Touched(1, (106.0, 11.0, 106.1, 11.1))
CIRCLE = Touched(2, (107.0, 12.0, 107.1, 12.1))


@pytest.mark.parametrize(
    ("touched", "caller", "expected"),
    [
        ((OPEN,), PUBLIC, (105.1, 10.1, 105.2, 10.2)),
        ((OPEN, CLOSED), PUBLIC, (105.1, 10.1, 105.2, 10.2)),
        ((OPEN, CLOSED, CIRCLE), STAFF, (105.1, 10.1, 106.1, 11.1)),
        ((CLOSED,), PUBLIC, None),
        ((OPEN, EVERYTHING), PUBLIC, None),
    ],
)
def test_the_box(touched: tuple[Touched, ...], caller: Caller, expected: Any) -> None:
    assert _bbox(Moved("zoning", touched), CATALOGUE, caller) == expected


@pytest.mark.parametrize("shift", [0.00012, 0.00049, -0.0003, -0.00049])
def test_a_report_is_told_to_the_public_no_nearer_than_its_public_copy(shift: float) -> None:
    """Four places in the four quarters of one public place are told alike."""
    lon, lat = 105.632 + shift, 10.456 - shift
    moved = Moved("reports", (Touched(0, (lon, lat, lon, lat)),))
    told = _bbox(moved, CATALOGUE, PUBLIC)
    assert told == pytest.approx((105.631, 10.455, 105.633, 10.457))
    assert _bbox(Moved("reports", (Touched(0, (lon, lat, lon, lat)),)), CATALOGUE, STAFF) == (
        lon,
        lat,
        lon,
        lat,
    )
