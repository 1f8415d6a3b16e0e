"""What a landing is told and what it answers. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from layers.description import Layer

Mode = Literal["update", "append", "replace"]
State = Literal["reading", "staged", "refused", "landed", "rolled_back", "abandoned"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a dataset comes from: name, SHA-256 and size of the file, which part of it, who loads it."""

    name: str
    sha256: str
    size_bytes: int
    actor: str
    inner_layer: str = ""
    crs: str | None = None
    operation: str | None = None
    encoding: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a staged table goes into its layer.

    ``columns`` are the fields and system columns that the file brings, the rest of a known row stays as it
    is. ``for_new``: columns that were found out (the unit by the wards' polygons, the area by measuring) or
    that others go on with (the ward of a report that was routed): given to new rows only, they never overrule
    what a person or the router wrote.
    ``mode``: ``update`` brings new and changed rows, ``append`` new ones only, ``replace`` also ends rows
    that the file does not have, on ``gone_from`` where the layer lives in time. ``units``: only rows of these
    units may change or end.
    """

    layer: Layer
    mode: Mode
    columns: tuple[str, ...]
    for_new: tuple[str, ...] = ()
    gone_from: date | None = None
    units: tuple[str, ...] | None = None

    def document(self) -> dict[str, Any]:
        """As JSON, without the layer's description."""
        return {
            "mode": self.mode,
            "columns": list(self.columns),
            "for_new": list(self.for_new),
            "gone_from": self.gone_from.isoformat() if self.gone_from else None,
            "units": list(self.units) if self.units is not None else None,
        }

    @classmethod
    def of(cls, layer: Layer, document: dict[str, Any]) -> Plan:
        """A plan again from its document."""
        day, units = document["gone_from"], document["units"]
        return cls(
            layer,
            document["mode"],
            tuple(document["columns"]),
            tuple(document["for_new"]),
            date.fromisoformat(day) if day else None,
            tuple(units) if units is not None else None,
        )

    @property
    def core(self) -> tuple[str, ...]:
        """Columns of ``core.<layer>`` that the file brings."""
        private = {each.name for each in self.layer.private_fields}
        return tuple(name for name in self.columns if name not in private)

    @property
    def private(self) -> tuple[str, ...]:
        """Columns of ``private.<layer>`` that the file brings."""
        private = {each.name for each in self.layer.private_fields}
        return tuple(name for name in self.columns if name in private)

    @property
    def identity(self) -> tuple[str, ...]:
        """The part of the layer's identity that the file brings; none where only unit or day is left."""
        found = tuple(name for name in self.layer.identity if name in self.columns)
        return found if set(found) - {"unit", "valid_from"} else ()

    @property
    def compared(self) -> tuple[str, ...]:
        """Columns by which a row counts as changed, and that a changed row is given."""
        return tuple(name for name in self.core if name not in self.for_new)

    @property
    def versions(self) -> bool:
        """Whether a changed row ends and another begins (the layer lives in time, by its identity)."""
        return self.layer.valid_time and "valid_from" not in self.layer.identity


@dataclass(frozen=True, slots=True)
class Difference:
    """What a landing does, in rows of the staged table; ``gone`` are rows of the layer.

    ``changed`` rows are written over, ``succeeded`` ones end and a new version begins; ``kept`` stand in the
    layer and not in the file, and stay. ``fields`` counts the changes of each column.
    """

    new: int = 0
    changed: int = 0
    succeeded: int = 0
    same: int = 0
    gone: int = 0
    kept: int = 0
    duplicate: int = 0
    conflicting: int = 0
    fields: dict[str, int] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def writes(self) -> int:
        """How many rows a landing would write."""
        return self.new + self.changed + self.succeeded + self.gone
