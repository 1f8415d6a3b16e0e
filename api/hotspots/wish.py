"""What is asked of a run that is to be cited: a small JSON body, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo.documents import read_json
from geo.errors import InvalidInput, TooLarge
from geo.hotspots.plane import BANDWIDTHS_M, DEFAULT_BANDWIDTH_M
from geo.types import parse_integer

if TYPE_CHECKING:
    from fastapi import Request

BODY_MAX = 4_096
# The numbers that each kind of run is made with.
OWN = {
    "significance": ("resolution",),
    "emerging": ("resolution", "steps", "step_days"),
    "density": ("bandwidth_m",),
}
TEXTS = ("from", "to", "category", "channel", "ward")
# Smallest, largest, and what is taken where nothing is said.
NUMBERS = {
    "resolution": (7, 9, 8),
    "steps": (10, 104, 52),
    "step_days": (1, 31, 7),
    "bandwidth_m": (*BANDWIDTHS_M, DEFAULT_BANDWIDTH_M),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """``kind`` of the run, ``texts`` of the question, ``numbers`` of all kinds."""

    kind: str
    texts: dict[str, str | None]
    numbers: dict[str, int]

    @property
    def own(self) -> dict[str, int]:
        """The numbers that this kind of run depends on."""
        return {name: self.numbers[name] for name in OWN[self.kind]}


async def read_wish(request: Request) -> Wish:
    """The wish in a request's body; ``InvalidInput`` names what is wrong, ``TooLarge`` above 4 KB."""
    raw = await request.body()
    if len(raw) > BODY_MAX:
        raise TooLarge("Thân yêu cầu quá dài.", "The body is too long.")
    said = _object(raw)
    kind = said.get("kind")
    if kind not in OWN:
        raise InvalidInput("kind", kind, ", ".join(OWN), ", ".join(OWN))
    known = ("kind", *TEXTS, *NUMBERS)
    if unknown := sorted(set(said) - set(known)):
        raise InvalidInput("body", unknown[0], ", ".join(known), ", ".join(known))
    for name in TEXTS:
        if not isinstance(said.get(name), str | None):
            raise InvalidInput(name, said[name], "một chuỗi", "a text")
    numbers = {
        name: parse_integer(name, said[name], low, high) if name in said else default
        for name, (low, high, default) in NUMBERS.items()
    }
    return Wish(kind, {name: said.get(name) for name in TEXTS}, numbers)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        said = read_json(raw)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise InvalidInput("body", raw[:60], "một đối tượng JSON", "a JSON object")
    return said
