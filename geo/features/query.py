"""A question for features, as values: checked, without a word of SQL or HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.features.crs import CRS84, Crs

if TYPE_CHECKING:
    from geo.features.columns import Value
    from geo.features.cql2 import Predicate
    from geo.features.cursor import Cursor
    from geo.features.interval import Days

DEFAULT_LIMIT = 10
MAX_LIMIT = 10_000
# Up to this many matches are counted; OGC's tests compare the count with the pages up to the same number.
COUNT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Filter:
    """Which features. ``areas``: WKB shapes, EPSG:4326 lon lat, any of which must be touched.

    ``during`` selects by valid time, on layers that have it. ``equals``: property name and value.
    ``predicate``: a CQL2 filter.
    """

    areas: tuple[bytes, ...] = ()
    during: Days | None = None
    equals: tuple[tuple[str, Value], ...] = ()
    predicate: Predicate | None = None

    @property
    def empty(self) -> bool:
        """Whether everything matches."""
        return not (self.areas or self.during or self.equals or self.predicate)


@dataclass(frozen=True, slots=True)
class FeatureQuery:
    """One page, from ``offset`` or after ``cursor``.

    ``sort`` is (property, descending); ``properties`` None means all that the caller may see.
    """

    filter: Filter = Filter()
    limit: int = DEFAULT_LIMIT
    offset: int = 0
    cursor: Cursor | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    properties: tuple[str, ...] | None = None
    geometry: bool = True
    crs: Crs = CRS84
    count_only: bool = False
