"""What pygeoapi's plug-ins need to know of a request and cannot be handed: pygeoapi makes them itself."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from geo.features import FeatureQuery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.ogc.negotiation import Language
    from geo.database import Caller, Database
    from layers.description import Layer


@dataclass(frozen=True, slots=True)
class Scope:
    """Who asks, in which language, for which page. Worker threads inherit it with the context."""

    database: Database
    caller: Caller
    layers: Mapping[str, Layer]
    language: Language = "vi"
    query: FeatureQuery = field(default_factory=FeatureQuery)


SCOPE: ContextVar[Scope] = ContextVar("diaban_ogc_scope")
