"""What HTTP says about keeping and comparing answers (RFC 9110 and 9111). Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geo.database import Caller

# Anyone's map may draw what is public: answers depend on a token that a foreign page does not have.
OPEN = {"Access-Control-Allow-Origin": "*"}
# Answers to one sender, or to staff, are nobody else's: no cache keeps them.
NOT_KEPT = {"Cache-Control": "no-store"}


def freshness(caller: Caller) -> dict[str, str]:
    """Anonymous answers may be kept but are asked about each time; others are never kept."""
    keep = "private, no-store" if caller.claims else "public, max-age=0, must-revalidate"
    return {"Cache-Control": keep}


def accepts_gzip(header: str) -> bool:
    """Whether ``Accept-Encoding`` takes gzip: named or by ``*``, and not with weight 0."""
    return chosen_coding(header, ("gzip",)) is not None


@lru_cache(maxsize=512)
def chosen_coding[C: str](header: str, offered: tuple[C, ...]) -> C | None:
    """Of the codings offered, best first, the one that ``Accept-Encoding`` weighs most (RFC 9110, 12.5.3).

    None where it takes none of them. ``*`` stands for the last of those offered, the one that every client
    knows that says so.
    """
    weights = dict(_weighted(part) for part in header.lower().split(",") if part.strip())
    if "x-gzip" in weights:
        weights.setdefault("gzip", weights["x-gzip"])
    if "*" in weights:
        weights.setdefault(offered[-1], weights["*"])
    best = max(offered, key=lambda coding: weights.get(coding, 0.0))
    return best if weights.get(best, 0.0) > 0 else None


def _weighted(part: str) -> tuple[str, float]:
    name, _, parameters = part.partition(";")
    weight = parameters.strip().removeprefix("q=")
    try:
        return name.strip(), float(weight) if weight else 1.0
    except ValueError:
        return name.strip(), 0.0


def matches(header: str, etag: str) -> bool:
    """Whether ``If-None-Match`` holds ``etag``, by weak comparison as RFC 9110, 13.1.2 asks."""
    candidates = [part.strip().removeprefix("W/") for part in header.split(",")]
    return etag in candidates or candidates == ["*"]
