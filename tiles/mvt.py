"""Whether bytes are a vector tile by Mapbox's specification 2.1, and what is wrong if not.

Readers differ in what they forgive; a tile that keeps every MUST of the specification is read by all of them.
Source: github.com/mapbox/vector-tile-spec, 2.1, sections 4.1 to 4.4; extensions (fields from 16) are let be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet
from mapbox_vector_tile.Mapbox import vector_tile_pb2

from tiles.mvt_geometry import geometry_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = (1, 2)
EXTENSIONS_FROM = 16
UNKNOWN = 0


def tile_faults(data: bytes) -> Iterator[str]:
    """One sentence for each fault of an uncompressed tile; none for a valid one, however empty."""
    tile: Any = vector_tile_pb2.tile()
    try:
        tile.ParseFromString(data)
    except DecodeError as error:
        yield f"not a vector tile: {error}"
        return
    yield from _strange("tile", tile)
    names: set[str] = set()
    for layer in tile.layers:
        if layer.name in names:
            yield f"two layers are named {layer.name!r}"
        names.add(layer.name)
        for fault in _layer_faults(layer):
            yield f"layer {layer.name!r}: {fault}"


def _layer_faults(layer: Any) -> Iterator[str]:  # noqa: ANN401 - made by protobuf
    if not layer.name:
        yield "it has no name"
    if not layer.HasField("version"):
        yield "it says no version"
    elif layer.version not in VERSIONS:
        yield f"version {layer.version} is not 1 or 2"
    if layer.extent < 1:
        yield "its extent is 0"
    yield from _strange("layer", layer)
    for number, value in enumerate(layer.values):
        if len(value.ListFields()) != 1 or list(_strange("value", value)):
            yield f"value {number} is not of exactly one known type"
    for number, feature in enumerate(layer.features):
        for fault in _feature_faults(feature, layer):
            yield f"feature {number}: {fault}"


def _feature_faults(feature: Any, layer: Any) -> Iterator[str]:  # noqa: ANN401 - made by protobuf
    yield from _strange("feature", feature)
    if len(feature.tags) % 2:
        yield "its tags do not come in pairs"
    if any(key >= len(layer.keys) for key in feature.tags[::2]):
        yield "a tag points to no key"
    if any(value >= len(layer.values) for value in feature.tags[1::2]):
        yield "a tag points to no value"
    if not feature.HasField("type"):
        yield "it has no geometry type"
    elif not feature.geometry:
        yield "it has no geometry"
    elif feature.type != UNKNOWN:
        yield from geometry_faults(feature.type, feature.geometry, layer.version)


def _strange(what: str, message: Any) -> Iterator[str]:  # noqa: ANN401 - made by protobuf
    # A known field of a wrong wire type is read as an unknown one, and so is a type outside its enumeration.
    for field in UnknownFieldSet(message):
        if field.field_number < EXTENSIONS_FROM:
            yield f"field {field.field_number} of the {what} is unknown or of a wrong type"
