"""Features as GeoJSON bytes: what SQL made, framed by a few members, without being parsed again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

if TYPE_CHECKING:
    from api.ogc.links import Link
    from geo.features import FeatureQuery, Page


def collection_json(
    page: Page, query: FeatureQuery, asked_limit: str | None, links: list[Link]
) -> tuple[bytes, bytes]:
    """A FeatureCollection, in two parts: what stands around the features, and they.

    ``numberMatched`` stands only where it is exact.
    """
    head = collection_members(page, query, asked_limit, links)
    # A page's links are a dozen texts: the standard library takes ten times as long over them.
    return to_json(head)[:-1] + b',"features":[', b",".join(page.features) + b"]}"


def item_json(feature: bytes, links: list[Link]) -> bytes:
    """A Feature with its links."""
    return feature[:-1] + b',"links":' + to_json(links) + b"}"


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
