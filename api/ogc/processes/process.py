"""What is said of a process, and what it must be able to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from geo.jobs.types import Process
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.database import Caller
    from layers.description import Layer

Mode = Literal["sync-execute", "async-execute"]
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Input:
    """An input with its JSON Schema."""

    title: Text
    description: Text
    schema: Schema
    required: bool = False


def entry(vi: str, en: str, schema: Schema, *, required: bool = False) -> Input:
    """An input of which its title says all."""
    return Input(Text(vi=vi, en=en), Text(vi=vi, en=en), schema, required)


@dataclass(frozen=True, slots=True)
class Result:
    """An output with its JSON Schema."""

    title: Text
    schema: Schema


@dataclass(frozen=True, slots=True)
class Description:
    """A process as its page tells it. The first of ``modes`` is taken where the caller has no preference."""

    id: str
    version: str
    title: Text
    description: Text
    inputs: Mapping[str, Input]
    outputs: Mapping[str, Result]
    modes: tuple[Mode, ...] = ("sync-execute", "async-execute")


@dataclass(frozen=True, slots=True)
class Ground:
    """What inputs are checked against: who asks, in which province, and the published layers."""

    caller: Caller
    province_code: str
    layers: Mapping[str, Layer] = field(default_factory=dict)


class Offered(Process, Protocol):
    """A process that is offered: described, checked before it is queued, run."""

    @property
    def description(self) -> Description:
        """What is said of it."""
        ...

    def check(self, inputs: Mapping[str, Any], ground: Ground) -> None:
        """Whatever a schema cannot say; ``InvalidInput`` names the input."""
        ...
