"""Features as GeoJSON bytes: what SQL made, framed by a few members, without being parsed again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from api.ogc.exchange import placed

if TYPE_CHECKING:
    from api.ogc.links import Link
    from api.ogc.pages import Ask
    from geo.features import FeatureQuery, Page


def collection_json(
    ask: Ask, page: Page, query: FeatureQuery, asked_limit: str | None, links: list[Link]
) -> bytes:
    """A FeatureCollection with the server's address in its links.

    ``numberMatched`` stands only where it is exact.
    """
    members = collection_members(page, query, asked_limit, links)
    # A page's links are a dozen texts: the standard library takes ten times as long over them.
    head = placed(to_json(members), ask)[:-1] + b',"features":['
    if not page.features:
        return head + b"]}"
    # Joined once with what stands around them: a copy of a large page costs as much as a small page.
    parts = list(page.features)
    parts[0] = head + parts[0]
    parts[-1] += b"]}"
    return b",".join(parts)


def item_json(feature: bytes, links: list[Link]) -> bytes:
    """A Feature with its links."""
    return feature[:-1] + b',"links":' + to_json(links) + b"}"


def collection_members(
    page: Page, query: FeatureQuery, asked_limit: str | None, links: list[Link]
) -> dict[str, Any]:
    """All members of a FeatureCollection but ``features``."""
    members: dict[str, Any] = {
        "type": "FeatureCollection",
        "timeStamp": datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
        "numberReturned": len(page.features),
        "links": links,
    }
    if page.matched is not None:
        members["numberMatched"] = page.matched
    if asked_limit is not None and int(asked_limit) > query.limit:
        # The standard lets a server lower a limit; saying so saves a client from taking the page for all.
        members["limitApplied"] = query.limit
    return members
