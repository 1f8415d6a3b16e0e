"""A parsed filter in the JSON encoding: the way back, so that every predicate can be asked in both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapely.geometry import mapping

from geo.features.cql2.literals import is_day
from geo.features.cql2.nodes import Array, Box, Call, Geometry, Instant, Interval, Name, Value

if TYPE_CHECKING:
    from geo.features.cql2.nodes import Node

SPELLED = {"isnull": "isNull", "t_finishedby": "t_finishedBy", "t_metby": "t_metBy"}


def encode(node: Node | None) -> Any:
    """CQL2 JSON of a node."""
    match node:
        case None:
            return ".."
        case Name():
            return {"property": node.name}
        case Value():
            return node.value
        case Instant():
            kind = "date" if is_day(node.value) else "timestamp"
            return {kind: node.value.isoformat()}
        case Interval():
            return {"interval": [_end(node.start), _end(node.end)]}
        case Box():
            return {"bbox": list(node.numbers)}
        case Geometry():
            return mapping(node.shape)
        case Array():
            return [encode(item) for item in node.items]
        case Call():
            return {"op": SPELLED.get(node.op, node.op), "args": [encode(item) for item in node.args]}


def _end(node: Node | None) -> Any:
    return node.value.isoformat() if isinstance(node, Instant) else encode(node)
