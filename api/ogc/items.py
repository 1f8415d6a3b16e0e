"""Features as GeoJSON bytes: what SQL made, framed by a few members, without being parsed again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from api.ogc.links import Link
    from geo.features import FeatureQuery, Page


def collection_text(page: Page, query: FeatureQuery, asked_limit: str | None, links: list[Link]) -> str:
    """A FeatureCollection; ``numberMatched`` stands only where it is exact."""
    head = collection_members(page, query, asked_limit, links)
    return f'{_dumps(head)[:-1]},"features":[{",".join(page.features)}]}}'


def item_text(feature: str, links: list[Link]) -> str:
    """A Feature with its links."""
    return f'{feature[:-1]},"links":{_dumps(links)}}}'


def collection_members(
    page: Page, query: FeatureQuery, asked_limit: str | None, links: list[Link]
) -> dict[str, Any]:
    """All members of a FeatureCollection but ``features``."""
    members: dict[str, Any] = {
        "type": "FeatureCollection",
        "timeStamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "numberReturned": len(page.features),
        "links": links,
    }
    if page.matched is not None:
        members["numberMatched"] = page.matched
    if asked_limit is not None and int(asked_limit) > query.limit:
        # The standard lets a server lower a limit; saying so saves a client from taking the page for all.
        members["limitApplied"] = query.limit
    return members


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
