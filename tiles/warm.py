"""Ask a running server for the tiles that people will ask for, so that the first of them does not wait.

Every worker keeps tiles of its own and the kernel chooses the worker, so all tiles are asked for in rounds,
each on a connection of its own, until a round is answered from what the workers keep.
"""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tiles.ground import Box, Ground
from tiles.tilejson import WORLD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

CLIENTS = 4
TILES_MAX = 100_000
TIMEOUT_S = 60.0
# Of what browsers of today take.
HEADERS = {"Accept-Encoding": "zstd, gzip", "Connection": "close"}
HIT = "diaban; hit"


class CannotWarm(Exception):
    """The server does not answer as it should; the text says what it said."""


@dataclass(frozen=True, slots=True)
class Warmed:
    """How many tiles there are, how many rounds it took, and how many answers of the last were not kept."""

    tiles: int
    rounds: int
    missed: int


def warm(
    url: str, layers: Sequence[str], to_zoom: int, rounds_max: int, tell: Callable[[float, str], None]
) -> Warmed:
    """Warm ``layers``, each from its first zoom to ``to_zoom``. Raises :class:`CannotWarm`."""
    found = (path for layer in layers for path in _paths(url, layer, to_zoom))
    paths = list(islice(found, TILES_MAX + 1))
    if len(paths) > TILES_MAX:
        raise CannotWarm(f"> {TILES_MAX} tiles: --to {to_zoom} → --to {to_zoom - 1}")
    missed, rounds = len(paths), 0
    while missed and rounds < rounds_max:
        rounds += 1
        with ThreadPoolExecutor(CLIENTS) as pool:
            missed = 0
            for number, hit in enumerate(pool.map(lambda path: _is_hit(url, path), paths)):
                missed += not hit
                tell((number + 1) / len(paths), f"lượt · round {rounds}: {number + 1} / {len(paths)}")
    return Warmed(len(paths), rounds, missed)


def layers_of(url: str) -> list[str]:
    """The names of all layers that anyone may see. Raises :class:`CannotWarm`."""
    status, body, _ = _get(url, "/api/layers")
    if status != 200:
        raise CannotWarm(f"/api/layers: {status} {_reason(body)}")
    return [layer["name"] for layer in json.loads(body)["layers"]]


def _paths(url: str, layer: str, to_zoom: int) -> Iterator[str]:
    status, body, _ = _get(url, f"/tiles/{layer}.json")
    if status != 200:
        raise CannotWarm(f"/tiles/{layer}.json: {status} {_reason(body)}")
    document = json.loads(body)
    if document["bounds"] == list(WORLD):  # of a layer without rows
        return
    ground = Ground.of(Box(*document["bounds"]))
    for zoom in range(document["minzoom"], min(document["maxzoom"], to_zoom) + 1):
        columns, rows = ground.at(zoom)
        yield from (f"/tiles/{layer}/{zoom}/{x}/{y}.mvt" for x in columns for y in rows)


def _is_hit(url: str, path: str) -> bool:
    status, body, kept = _get(url, path)
    if status not in (200, 204):
        raise CannotWarm(f"{path}: {status} {_reason(body)}")
    return kept == HIT


def _get(url: str, path: str) -> tuple[int, bytes, str]:
    place = urlsplit(url)
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    connection = kind(place.netloc, timeout=TIMEOUT_S)
    try:
        connection.request("GET", place.path.rstrip("/") + path, headers=HEADERS)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers.get("Cache-Status", "")
    except (OSError, http.client.HTTPException) as error:
        raise CannotWarm(f"{url}: {error}") from error
    finally:
        connection.close()


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body).get("detail", ""))
    except (ValueError, AttributeError):
        return ""
