"""The command stream of a vector tile's feature (specification 2.1, section 4.3), checked. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

POINT, LINE, POLYGON = 1, 2, 3
MOVE_TO, LINE_TO, CLOSE_PATH = 1, 2, 7
NAMES = {MOVE_TO: "MoveTo", LINE_TO: "LineTo", CLOSE_PATH: "ClosePath"}
# What must follow what, by geometry type; after the last comes the first again.
PATTERNS = {POINT: (MOVE_TO,), LINE: (MOVE_TO, LINE_TO), POLYGON: (MOVE_TO, LINE_TO, CLOSE_PATH)}
WINDING_SINCE = 2


class Command(NamedTuple):
    """One command: what, how many times, and the steps that it takes as (dx, dy)."""

    kind: int
    times: int
    steps: list[tuple[int, int]]


class GeometryFault(ValueError):
    """The stream cannot be read further; the text says why."""


def geometry_faults(kind: int, stream: Sequence[int], version: int) -> Iterator[str]:
    """Sentences on what is wrong with a stream of a known geometry type."""
    try:
        commands = list(commands_of(stream))
        _check_pattern(kind, commands)
    except GeometryFault as fault:
        yield str(fault)
        return
    if any(step == (0, 0) for command in commands if command.kind == LINE_TO for step in command.steps):
        yield "a line goes from a place to the same place"
    if kind == POLYGON:
        yield from _ring_faults(commands, version)


def commands_of(stream: Sequence[int]) -> Iterator[Command]:
    """The commands of a stream; raises :class:`GeometryFault` where it breaks off."""
    at = 0
    while at < len(stream):
        kind, count = stream[at] & 7, stream[at] >> 3
        if kind not in NAMES:
            raise GeometryFault(f"command {kind} does not exist")
        numbers = 0 if kind == CLOSE_PATH else 2 * count
        if at + 1 + numbers > len(stream):
            raise GeometryFault(f"{NAMES[kind]} says {count} places, and there are fewer")
        signed = [(value >> 1) ^ -(value & 1) for value in stream[at + 1 : at + 1 + numbers]]
        yield Command(kind, count, list(zip(signed[::2], signed[1::2], strict=True)))
        at += 1 + numbers


def _check_pattern(kind: int, commands: list[Command]) -> None:
    pattern = PATTERNS[kind]
    expected = pattern * (1 if kind == POINT else -(-len(commands) // len(pattern)))
    if tuple(command.kind for command in commands) != expected:
        found = " ".join(NAMES[command.kind] for command in commands[:4])
        raise GeometryFault(f"commands in an order that its type does not have: {found}")
    for command in commands:
        if command.times < 1:
            raise GeometryFault(f"{NAMES[command.kind]} without a count")
        if command.times != 1 and (command.kind == CLOSE_PATH or (command.kind == MOVE_TO and kind != POINT)):
            raise GeometryFault(f"{NAMES[command.kind]} {command.times} times at once")
        if kind == POLYGON and command.kind == LINE_TO and command.times < 2:
            raise GeometryFault("a ring of fewer than three places")


def _ring_faults(commands: list[Command], version: int) -> Iterator[str]:
    x = y = 0
    for number in range(0, len(commands), 3):
        ring = []
        for dx, dy in commands[number].steps + commands[number + 1].steps:
            x, y = x + dx, y + dy
            ring.append((x, y))
        area = _doubled_area(ring)
        if area == 0:
            yield "a ring without an area"
        elif number == 0 and area < 0 and version >= WINDING_SINCE:
            yield "the first ring is wound as a hole"


def _doubled_area(ring: list[tuple[int, int]]) -> int:
    """Twice the area by the surveyor's formula, positive for outer rings (y grows downward)."""
    following = ring[1:] + ring[:1]
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, following, strict=True))
