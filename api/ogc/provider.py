"""A layer as a provider of pygeoapi: fields and features as the caller of the request may see them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
from pygeoapi.provider.base import BaseProvider

from api.ogc.scope import SCOPE
from geo.features import Column, columns_for, read_item, read_page

if TYPE_CHECKING:
    from api.ogc.negotiation import Language

JSON_TYPES: dict[str, dict[str, str]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
}


def json_schema(column: Column, language: Language) -> dict[str, Any]:
    """JSON Schema of one property, with its title, unit and code list."""
    schema: dict[str, Any] = {"title": getattr(column.title, language), **JSON_TYPES[column.type]}
    if column.unit:
        schema["x-ogc-unit"] = column.unit
    if column.codes:
        schema["enum"] = [code.code for code in column.codes]
    return schema


class LayerProvider(BaseProvider):  # type: ignore[misc]
    """Made by pygeoapi for each request, in a worker thread; reads on the event loop, as the caller.

    ``data`` in the definition is the layer's name. Errors of :mod:`geo.errors` pass through pygeoapi to the
    application's handlers.
    """

    def __init__(self, provider_def: dict[str, Any]) -> None:
        super().__init__(provider_def)
        self._scope = SCOPE.get()
        self._layer = self._scope.layers[self.data]
        self._fields = self.get_fields()

    def get_fields(self) -> dict[str, dict[str, Any]]:
        """Properties by name, as JSON Schema."""
        columns = columns_for(self._layer, self._scope.caller)
        return {name: json_schema(column, self._scope.language) for name, column in columns.items()}

    def query(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401
        """The page that the request asks for, as GeoJSON.

        The door has parsed the request strictly (:mod:`api.ogc.parameters`); what pygeoapi made of the same
        parameters is looser and not used.
        """
        scope = self._scope
        page = anyio.from_thread.run(read_page, scope.database, scope.caller, self._layer, scope.query)
        collection: dict[str, Any] = {
            "type": "FeatureCollection",
            "features": [json.loads(feature) for feature in page.features],
            "numberReturned": len(page.features),
        }
        if page.matched is not None:
            collection["numberMatched"] = page.matched
        return collection

    def get(self, identifier: str, **_: Any) -> dict[str, Any]:  # noqa: ANN401
        """One feature as GeoJSON; ``NotFound`` where there is none that the caller may see."""
        scope = self._scope
        text = anyio.from_thread.run(
            read_item, scope.database, scope.caller, self._layer, identifier, scope.query.crs
        )
        feature: dict[str, Any] = json.loads(text)
        return feature
