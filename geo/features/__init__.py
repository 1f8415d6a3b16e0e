"""Features of a layer, read as the caller: GeoJSON made in SQL.

Callers use :func:`read_page`, :func:`read_item`, :func:`read_extent` with a :class:`FeatureQuery`, the
parsers of its parts, and :func:`columns_for`, the one list of what a caller may know of a layer.
"""

from geo.features.area import parse_bbox
from geo.features.columns import Column, columns_for, parse_value
from geo.features.cql2 import FUNCTIONS, Predicate, parse_filter
from geo.features.crowds import Crowds
from geo.features.crs import CRS84, KNOWN, Crs, offered_crs, parse_crs
from geo.features.cursor import Cursor, read_cursor
from geo.features.draft import Draft, read_draft
from geo.features.interval import Days, parse_datetime
from geo.features.known import Known
from geo.features.query import COUNT_LIMIT, DEFAULT_LIMIT, MAX_LIMIT, FeatureQuery, Filter
from geo.features.read import Extent, Page, read_extent, read_item, read_page
from geo.features.table import Batch, read_batch
from geo.features.whole import count_rows, from_milestone, is_far, read_milestones
from geo.features.write import Overtaken, change_feature, create_feature, read_version, remove_feature

__all__ = [
    "COUNT_LIMIT",
    "CRS84",
    "DEFAULT_LIMIT",
    "FUNCTIONS",
    "KNOWN",
    "MAX_LIMIT",
    "Batch",
    "Column",
    "Crowds",
    "Crs",
    "Cursor",
    "Days",
    "Draft",
    "Extent",
    "FeatureQuery",
    "Filter",
    "Known",
    "Overtaken",
    "Page",
    "Predicate",
    "change_feature",
    "columns_for",
    "count_rows",
    "create_feature",
    "from_milestone",
    "is_far",
    "offered_crs",
    "parse_bbox",
    "parse_crs",
    "parse_datetime",
    "parse_filter",
    "parse_value",
    "read_batch",
    "read_cursor",
    "read_draft",
    "read_extent",
    "read_item",
    "read_milestones",
    "read_page",
    "read_version",
    "remove_feature",
]
